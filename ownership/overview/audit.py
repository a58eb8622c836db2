"""What the matrix can find wrong with itself, and how each is mended. What is looked at is in `ownership.looks`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from ownership.changes.tolerance import Beyond
from ownership.models import Feed, OwnerRole, Process
from sla import terms
from sla.promise import Terms


class Kind(TextChoices):
    """In the order in which they matter."""

    NOBODY = "nobody", _("A role that nobody holds")
    LEFT = "left", _("A role of somebody who has left")
    ON_LEAVE = "on-leave", _("An owner away, and nobody stands in")
    NO_PRIMARY = "no-primary", _("No owner")
    NO_SECONDARY = "no-secondary", _("No secondary owner")
    SAME_PERSON = "same-person", _("One person is both owners")
    EVERYWHERE = "everywhere", _("One person owns more than a third")
    CUT_OFF = "cut-off", _("Promised later than another process needs it")
    LISTS = "lists", _("Two lists that differ by more than a feed may")
    UNREAD_PROMISE = "unread-promise", _("A promise that no clock can read")
    TERMS = "terms", _("Terms that nobody understands")
    SILENT = "silent", _("A feed whose silence is never noticed")
    NO_FEED = "no-feed", _("No feed")
    NEVER_MEASURED = "never-measured", _("Never measured")
    NO_LADDER = "no-ladder", _("No ladder of its own")
    UNTESTED = "untested", _("Ladder never tested")
    TEST_OLD = "test-old", _("Ladder not tested for a year")

    @property
    def mend(self) -> str:
        """How to mend it, in a sentence."""
        return str(MENDS[self])


MENDS: Mapping[Kind, Any] = {
    Kind.NOBODY: _("Say who holds the role, and who is their deputy."),
    Kind.LEFT: _("Say who holds the role now."),
    Kind.ON_LEAVE: _("Enter who stands in for these days, or give the role a deputy."),
    Kind.NO_PRIMARY: _("Name a role that answers for it."),
    Kind.NO_SECONDARY: _("Name a second role, held by somebody else."),
    Kind.SAME_PERSON: _("Give one of the two roles to somebody else."),
    Kind.EVERYWHERE: _("Give some of them to somebody else, so that one absence does not touch them all."),
    Kind.CUT_OFF: _("Promise it earlier, or agree on a later time with those who need it."),
    Kind.LISTS: _("Work off the differences by name, and compare again: the newest comparison counts."),
    Kind.UNREAD_PROMISE: _("Write the promise in terms that a clock can read, such as “daily by 4 PM” or “within 4 business hours”."),
    Kind.TERMS: _("Write them as “daily by 4 PM”, “checks at 10 AM and 3 PM” or “every 60 minutes”."),
    Kind.SILENT: _("Give the feed terms that name a time, or put a daily check beside it."),
    Kind.NO_FEED: _("Give it a feed, and let whatever runs it open the feed's ping address each time."),
    Kind.NEVER_MEASURED: _("Let a feed ping its address, or write down how long it takes today."),
    Kind.NO_LADDER: _("Give it a ladder with a rung for everybody who must hear of it."),
    Kind.UNTESTED: _("Test it: the test wakes nobody, and says who could not be reached."),
    Kind.TEST_OLD: _("Test it again: the test wakes nobody, and says who could not be reached."),
}


@dataclass(frozen=True)
class Link:
    """A page to mend it on: its route (which may not be there), and the slug or id in its address, where it has one."""

    label: str
    route: str
    which: str = ""
    query: str = ""
    setup: bool = False  # for administrators only


@dataclass(frozen=True)
class Finding:
    process: Process | None  # None: it is the whole district's
    kind: Kind
    words: str
    link: Link | None = None

    @property
    def mend(self) -> str:
        return self.kind.mend


@dataclass(frozen=True)
class Row:
    """What the audit knows of one process."""

    process: Process
    feeds: Sequence[Feed]
    roles: Sequence[OwnerRole]  # every role that its owners, stages and ladder name
    has_rungs: bool = True  # its ladder, where it has one
    beyond: Sequence[Beyond] = ()  # comparisons of two lists with more left than its feeds allow

    @property
    def active(self) -> list[Feed]:
        return [feed for feed in self.feeds if feed.active]


def understood(text: str) -> Terms | None:
    try:
        return terms.parse(text)
    except terms.NotUnderstood:
        return None


def names_a_time(text: str) -> bool:
    """Something is expected by itself, so that a silence can be noticed; an event ("within 4 hours") names no time."""
    known = understood(text)
    return known is not None and bool(known.recurring)


def by_kind(found: Iterable[Finding]) -> list[tuple[Kind, list[Finding]]]:
    out: dict[Kind, list[Finding]] = {}
    for finding in found:
        out.setdefault(finding.kind, []).append(finding)
    return [(kind, out[kind]) for kind in Kind if kind in out]


def by_process(found: Iterable[Finding]) -> dict[UUID, list[Finding]]:
    """Without those of the whole district."""
    out: dict[UUID, list[Finding]] = {}
    for finding in found:
        if finding.process is not None:
            out.setdefault(finding.process.id, []).append(finding)
    return out


def of_all(found: Iterable[Finding]) -> list[Finding]:
    """Those of the whole district."""
    return [finding for finding in found if finding.process is None]
