"""The matrix looks at itself: rows nobody can rely on, said in words with what to do."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ownership.models import Feed, OwnerRole, Process
from ownership.roles import Roster, Via
from sla import terms
from sla.promise import By, ByForNext, Terms, clock_words


class Kind(TextChoices):
    """In the order in which they matter."""

    NOBODY = "nobody", gettext_lazy("A role that nobody holds")
    LEFT = "left", gettext_lazy("A role of somebody who has left")
    NO_PRIMARY = "no-primary", gettext_lazy("No owner")
    NO_SECONDARY = "no-secondary", gettext_lazy("No secondary owner")
    SAME_PERSON = "same-person", gettext_lazy("One person is both owners")
    CUT_OFF = "cut-off", gettext_lazy("Promised later than another process needs it")
    TERMS = "terms", gettext_lazy("Terms that nobody understands")
    NO_FEED = "no-feed", gettext_lazy("No feed")
    NEVER_MEASURED = "never-measured", gettext_lazy("Never measured")
    NO_LADDER = "no-ladder", gettext_lazy("No ladder of its own")
    UNTESTED = "untested", gettext_lazy("Ladder never tested")


@dataclass(frozen=True)
class Finding:
    process: Process
    kind: Kind
    words: str


@dataclass(frozen=True)
class Row:
    """What the audit knows of one process."""

    process: Process
    feeds: Sequence[Feed]
    roles: Sequence[OwnerRole]  # every role that its owners, stages and ladder name


def findings(rows: Sequence[Row], roster: Roster) -> list[Finding]:
    """All that is wrong with these processes, in their order."""
    return [finding for row in rows for look in LOOKS for finding in look(row, rows, roster)]


def _owners(row: Row, rows: Sequence[Row], roster: Roster) -> Iterator[Finding]:
    process = row.process
    if process.primary is None:
        yield Finding(process, Kind.NO_PRIMARY, _("It has no owner. Name a role that answers for it."))
    if process.secondary is None:
        yield Finding(process, Kind.NO_SECONDARY, _("It has no secondary owner. When the primary is away, nobody is told."))
    elif process.primary and process.primary_id != process.secondary_id and _same_person(process, roster):
        yield Finding(process, Kind.SAME_PERSON, _("Primary and secondary owner are the same person today."))


def _same_person(process: Process, roster: Roster) -> bool:
    primary, secondary = roster.find(process.primary).owner, roster.find(process.secondary).owner
    return primary is not None and primary == secondary


def _roles(row: Row, rows: Sequence[Row], roster: Roster) -> Iterator[Finding]:
    for role in row.roles:
        found = roster.find(role)
        words = {"role": role.name, "person": found.owner.name if found.owner else ""}
        if not found.owner:
            yield Finding(row.process, Kind.NOBODY, _("Nobody can be found for %(role)s: an alert would pass it by.") % words)
        elif found.via is Via.ADMIN:
            yield Finding(row.process, Kind.NOBODY, _("Nobody holds the role %(role)s: an administrator is told instead.") % words)
        for person in roster.left(role):
            said = _("%(person)s has left and still stands for %(role)s: somebody else is told instead.")
            yield Finding(row.process, Kind.LEFT, said % {"role": role.name, "person": person.name})


def _feeds(row: Row, rows: Sequence[Row], roster: Roster) -> Iterator[Finding]:
    active = [feed for feed in row.feeds if feed.active]
    if not active:
        yield Finding(row.process, Kind.NO_FEED, _("It has no feed: nothing would notice that it stopped."))
    elif all(feed.state == Feed.State.NEW for feed in active):
        yield Finding(row.process, Kind.NEVER_MEASURED, _("Its feeds were never seen: nobody knows if the promise is kept."))
    for feed in active:
        if understood(feed.terms) is None:
            yield Finding(row.process, Kind.TERMS, _("The terms of “%(feed)s” are not understood: %(terms)s") % {
                "feed": feed.name, "terms": feed.terms})  # fmt: skip


def _ladder(row: Row, rows: Sequence[Row], roster: Roster) -> Iterator[Finding]:
    if row.process.ladder is None:
        yield Finding(row.process, Kind.NO_LADDER, _("It has no ladder of its own: the district's common one is climbed."))
    elif row.process.ladder.tested_at is None:
        yield Finding(row.process, Kind.UNTESTED, _("Its ladder was never tested. Test it on the page of the process."))


def _cut_offs(row: Row, rows: Sequence[Row], roster: Roster) -> Iterator[Finding]:
    """A promise that comes later in the day than the cut-off of a process it feeds."""
    mine = _latest(row.process)
    for other in rows:
        source, theirs = other.process.source, _latest(other.process)
        if mine is None or theirs is None or source is None or other is row or source.slug not in row.process.targets:
            continue
        if mine > theirs:
            words = _("It is promised by %(late)s, but “%(other)s” needs %(system)s by %(early)s.") % {
                "late": clock_words(mine), "other": other.process.name, "system": source.name, "early": clock_words(theirs),
            }  # fmt: skip
            yield Finding(row.process, Kind.CUT_OFF, words)


def _latest(process: Process) -> int | None:
    """Minute of the day by which it is promised, where it is promised by a time of day."""
    known = understood(process.terms)
    times: list[int] = []
    for clause in known.clauses if known else ():
        match clause.term:
            case By(checks=False, times=by):
                times.extend(by)
            case ByForNext(cutoff):
                times.append(cutoff)
    return max(times, default=None)


def understood(text: str) -> Terms | None:
    try:
        return terms.parse(text)
    except terms.NotUnderstood:
        return None


def by_kind(found: Iterable[Finding]) -> list[tuple[Kind, list[Finding]]]:
    out: dict[Kind, list[Finding]] = {}
    for finding in found:
        out.setdefault(finding.kind, []).append(finding)
    return [(kind, out[kind]) for kind in Kind if kind in out]


def by_process(found: Iterable[Finding]) -> dict[UUID, list[Finding]]:
    out: dict[UUID, list[Finding]] = {}
    for finding in found:
        out.setdefault(finding.process.id, []).append(finding)
    return out


LOOKS: tuple[Callable[[Row, Sequence[Row], Roster], Iterator[Finding]], ...] = (_owners, _roles, _feeds, _ladder, _cut_offs)
