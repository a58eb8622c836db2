"""What a simulation found: who would not have noticed, who alone would have been called, and what nobody has written down."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from django.utils.translation import gettext as _

from districts.calendar import ONE_DAY
from districts.queries import calendar_of, this_district
from ownership.duty.roles import Roster
from ownership.feeds.pings import LOOKED_AHEAD, QUIET_DAYS
from ownership.ladders.climbing import rungs_of, whom
from ownership.models import Escalation, Feed, Path

UNNOTICED, SLOW, NOBODY, ALONE, UNREACHED, NO_HAND = "unnoticed", "slow", "nobody", "alone", "unreached", "no_hand"
LADDER = (NOBODY, UNREACHED)  # of the ladder itself
SLOWLY = timedelta(hours=24)
URGENT = timedelta(hours=1)  # for what people's safety or their way home depends on
FIRST = (Path.SAFETY, Path.TRAVEL)


class Wrong(Protocol):
    @property
    def feed(self) -> str: ...

    @property
    def after(self) -> int: ...


def findings(
    account: Sequence[Mapping[str, Any]], wrong: Sequence[Wrong], feeds: Mapping[str, Feed], *, starts_at: datetime,
    known: frozenset[UUID] = frozenset(),
) -> list[dict[str, Any]]:  # fmt: skip
    """Read before it is taken back. Each: {"kind", "process" (slug), "name", "feed", ...}. `known`: real ladders, from before."""
    rows = []
    for one in wrong:
        feed = feeds[one.feed]
        climbed = list(
            Escalation.objects.filter(feed_run__feed=feed, began_at__gte=starts_at)
            .exclude(id__in=known)
            .select_related("feed_run")
            .order_by("began_at")
        )
        rows += _of(feed, climbed, account, began=_counts_from(feed, starts_at + timedelta(minutes=one.after)))
    return rows


def _of(feed: Feed, climbed: Sequence[Escalation], account: Sequence[Mapping[str, Any]], *, began: datetime) -> list[dict[str, Any]]:
    process = feed.process
    plain = {"process": process.slug, "name": process.name, "feed": feed.name}
    if not climbed:
        return [{"kind": UNNOTICED, **plain}]
    rows: list[dict[str, Any]] = []
    took = climbed[0].began_at - began
    if took > (URGENT if process.path in FIRST else SLOWLY):
        rows.append({"kind": SLOW, **plain, "hours": round(took.total_seconds() / 3600, 1)})
    if _has_gap(climbed[0], Roster(began)):
        rows.append({"kind": NOBODY, **plain})
    told = [line for line in account if process.name in str(line["what"]) or feed.name in str(line["what"])]
    people = {str(line["who"]) for line in told}
    if not people:
        rows.append({"kind": UNREACHED, **plain})
    elif len(people) == 1:
        rows.append({"kind": ALONE, **plain, "who": next(iter(people))})
    if not process.fallback.strip():
        rows.append({"kind": NO_HAND, **plain})
    return rows


def _counts_from(feed: Feed, at: datetime) -> datetime:
    """On a day off nobody waits for it, unless it runs all year: from the first moment of the next day that is none."""
    calendar = calendar_of(this_district(), now=at)
    day = first = calendar.local_date(at)
    while not feed.all_year and calendar.day_kind(day) in QUIET_DAYS and day - first < LOOKED_AHEAD:
        day += ONE_DAY
    return at if day == first else calendar.at_local(day, 0)


def _has_gap(escalation: Escalation, roster: Roster) -> bool:
    """A rung of its ladder has nobody at that time."""
    return any(not whom(rung, escalation, roster).owner for rung in rungs_of(escalation.ladder_id))


def words(finding: Mapping[str, Any]) -> str:
    """A finding as a sentence."""
    said = {
        UNNOTICED: _("%(name)s: nobody would have noticed that “%(feed)s” fell silent. Its words name no time, or it is not watched."),
        SLOW: _("%(name)s: it would have taken %(hours)s hours until somebody was called."),
        NOBODY: _("%(name)s: a rung of its ladder had nobody."),
        ALONE: _("%(name)s: only %(who)s would have been called, and nobody else."),
        UNREACHED: _("%(name)s: nobody would have been told."),
        NO_HAND: _("%(name)s: nobody has written down what is done by hand meanwhile."),
    }
    return said[str(finding["kind"])] % finding


def mend(finding: Mapping[str, Any]) -> str:
    """What is to be done about it: the title of a step."""
    said = {
        UNNOTICED: _("Give “%(feed)s” of %(name)s a time at which it is expected, and watch it"),
        SLOW: _("Let “%(feed)s” of %(name)s be expected sooner, or more often"),
        NOBODY: _("Name somebody for every rung of the ladder of %(name)s"),
        ALONE: _("Name a second owner of %(name)s, and put somebody else on its ladder"),
        UNREACHED: _("See to it that the owners of %(name)s can be reached"),
        NO_HAND: _("Write down what is done by hand while %(name)s does not work"),
    }
    return said[str(finding["kind"])] % finding
