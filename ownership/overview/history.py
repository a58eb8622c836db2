"""Thirty days of a feed, a cell a day: what was due, and what came of it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Max, TextChoices
from django.db.models.functions import TruncDate
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ownership.models import Feed, FeedRun

DAYS = 30
Outcome = FeedRun.Outcome


class Kind(TextChoices):
    """What a day was like; of several feeds, the worst. In the order of how bad it is."""

    FAILED = "failed", gettext_lazy("Failed")
    MISSED = "missed", gettext_lazy("Did not run")
    HELD = "held", gettext_lazy("Held")
    PARTIAL = "partial", gettext_lazy("In part")
    LATE = "late", gettext_lazy("Late")
    OK = "ok", gettext_lazy("On time")
    NONE = "none", gettext_lazy("Nothing was due")


WORST_FIRST = list(Kind)


@dataclass(frozen=True)
class Cell:
    day: date
    kind: Kind

    @property
    def words(self) -> str:
        day = date_format(self.day, _("D, N j"))
        return f"{day}: {self.kind.label}"


@dataclass(frozen=True)
class Strip:
    cells: tuple[Cell, ...]

    @property
    def words(self) -> str:
        """The strip for those who do not see it."""
        by_kind: dict[Kind, list[date]] = defaultdict(list)
        for cell in self.cells:
            by_kind[cell.kind].append(cell.day)
        if set(by_kind) == {Kind.NONE}:
            return _("Nothing in the last %(days)d days") % {"days": len(self.cells)}
        parts = [_said(kind, by_kind[kind]) for kind in reversed(Kind) if kind is not Kind.NONE and by_kind[kind]]
        return _("Last %(days)d days: %(what)s") % {"days": len(self.cells), "what": "; ".join(parts)}


def _said(kind: Kind, days: Sequence[date]) -> str:
    count = ngettext("%(n)d day", "%(n)d days", len(days)) % {"n": len(days)}
    when = ", ".join(date_format(day, _("N j")) for day in days[-5:]) if kind is not Kind.OK else ""
    return f"{kind.label}: {count} ({when})" if when else f"{kind.label}: {count}"


def strips(feeds: Iterable[Feed], *, now: datetime, zone: ZoneInfo) -> dict[UUID, Strip]:
    """By feed; one query."""
    feeds = list(feeds)
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
    happened = _by_day(feeds, since=datetime.combine(days[0], datetime.min.time(), tzinfo=zone), zone=zone)
    return {
        feed.id: Strip(tuple(Cell(day, _kind(happened.get((feed.id, day), {}), feed.grace_minutes * 60)) for day in days))
        for feed in feeds
    }


def together(several: Sequence[Strip]) -> Strip:
    """One strip of several feeds: each day's worst."""
    days = zip(*(strip.cells for strip in several), strict=True)
    return Strip(tuple(min(cells, key=lambda cell: WORST_FIRST.index(cell.kind)) for cells in days))


def _by_day(feeds: Sequence[Feed], *, since: datetime, zone: ZoneInfo) -> dict[tuple[UUID, date], dict[str, int]]:
    """(feed, local date) → outcome → most seconds late."""
    runs = FeedRun.objects.filter(feed__in=[feed.id for feed in feeds], at__gte=since)
    rows: Any = runs.annotate(day=TruncDate("at", tzinfo=zone)).values("feed_id", "day", "outcome").annotate(late=Max("late_seconds"))
    out: dict[tuple[UUID, date], dict[str, int]] = defaultdict(dict)
    for row in rows.order_by():
        out[row["feed_id"], row["day"]][row["outcome"]] = row["late"] or 0
    return out


def _kind(outcomes: dict[str, int], grace_seconds: int) -> Kind:
    if Outcome.FAILED in outcomes:
        return Kind.FAILED
    ran = outcomes.get(Outcome.OK)
    if Outcome.HELD in outcomes and ran is None:
        return Kind.HELD
    if Outcome.PARTIAL in outcomes and ran is None:
        return Kind.PARTIAL
    if Outcome.MISSED in outcomes:
        return Kind.MISSED if ran is None else Kind.LATE
    if ran is None:
        return Kind.NONE
    return Kind.LATE if ran > grace_seconds else Kind.OK
