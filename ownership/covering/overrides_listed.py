"""Overrides as their pages show them: what each cost this month and in all; those that should be over on top."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import batched
from uuid import UUID

from django.db.models import F, Max, Q, QuerySet, Sum
from django.http import Http404
from django.utils.translation import gettext as _

from districts.access import Actor, Can, may
from districts.queries import this_district
from ownership.covering.overrides import hours, is_late, may_review, months_on, overrides
from ownership.duty.roles import Roster
from ownership.models import Override, OverrideUse

MOST_ENDED = 50  # on the page; the CSV has all of its period
PIECE = 500  # rows that are read at once
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Row:
    override: Override
    late: bool
    month: int  # minutes; in a period, those of the period
    total: int  # minutes
    times: int
    last: datetime | None

    @property
    def month_hours(self) -> str:
        return hours(self.month)

    @property
    def total_hours(self) -> str:
        return hours(self.total)


@dataclass(frozen=True)
class Listed:
    open: Sequence[Row]
    ended: Sequence[Row]

    @property
    def late(self) -> int:
        return sum(row.late for row in self.open)

    @property
    def month_hours(self) -> str:
        return hours(sum(row.month for row in [*self.open, *self.ended]))

    @property
    def total_hours(self) -> str:
        return hours(sum(row.total for row in [*self.open, *self.ended]))


def listed(actor: Actor, *, now: datetime) -> Listed:
    """Leads see all; others their own and those of their teams."""
    rows = overrides() if may(actor, Can.LEAD) else overrides().filter(_near(actor))
    running = sorted(_rows(rows.filter(ended_at__isnull=True), now=now), key=lambda row: (not row.late, -row.month, -row.total))
    ended = _rows(rows.filter(ended_at__isnull=False).order_by("-ended_at")[:MOST_ENDED], now=now)
    return Listed(running, ended)


def one(actor: Actor, override_id: UUID, *, now: datetime) -> Row:
    """One that they may see. Raises Http404."""
    found = _rows(overrides().filter(id=seen(actor, override_id, now=now).id), now=now)
    return found[0]


def seen(actor: Actor, override_id: UUID, *, now: datetime) -> Override:
    """Leads see any; others their own, those of their teams, and whatever they are asked about. Raises Http404."""
    found: Override | None = overrides().filter(id=override_id).first()
    if found is None:
        raise Http404
    if Override.objects.filter(_near(actor), id=override_id).exists() or may_review(actor, found, Roster(now)):
        return found
    raise Http404


def _near(actor: Actor) -> Q:
    return Q(person=actor.person) | Q(team__in=list(actor.teams))


def _rows(rows: QuerySet[Override], *, now: datetime) -> list[Row]:
    today = this_district().today(now)
    return _counted(list(rows), Period(today.replace(day=1), months_on(today.replace(day=1), 1) - ONE_DAY), today=today)


def _counted(found: Sequence[Override], period: "Period", *, today: date) -> list[Row]:
    """One question, however many they are."""
    uses = OverrideUse.objects.filter(override__in=[row.id for row in found]).values("override").order_by()
    within = Q(at__gte=period.begins, at__lt=period.ends)
    counted = uses.annotate(month=Sum("minutes", filter=within, default=0), total=Sum("minutes"), all=Sum("times"), last=Max("at"))
    of = {one["override"]: (one["month"], one["total"], one["all"], one["last"]) for one in counted}
    return [Row(row, is_late(row, today), *of.get(row.id, (0, 0, 0, None))) for row in found]


# --- taken away -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Period:
    """Days of the district's own clock, both counted."""

    first: date
    last: date

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.first, time(), this_district().zone)

    @property
    def ends(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last + ONE_DAY, time(), this_district().zone)


def usual_period(today: date) -> Period:
    """The last twelve months."""
    return Period(months_on(today, -12), today)


def in_period(period: Period, *, now: datetime) -> Iterator[Row]:
    """All that ran on some day of it, read piece by piece: those that are open first, the most overdue on top, then those that ended
    last."""
    ran = Q(ended_at__isnull=True) | Q(ended_at__gte=period.begins)
    rows = overrides().filter(ran, began_on__lte=period.last).order_by(F("ended_at").desc(nulls_first=True), "until", "id")
    today = this_district().today(now)
    for piece in batched(rows.iterator(chunk_size=PIECE), PIECE):
        yield from _counted(piece, period, today=today)


def head() -> list[str]:
    """Of the columns of `cells`."""
    return [
        _("What"), _("Why"), _("Process"), _("Who"), _("Team"), _("Minutes each time"), _("Since"), _("Until"), _("State"),
        _("Ended on"), _("Minutes in this time"), _("Minutes in all"), _("Times"),
    ]  # fmt: skip


def cells(row: Row) -> list[object]:
    one, state = row.override, _("overdue") if row.late else _("open")
    ended = one.ended_at.astimezone(this_district().zone).date().isoformat() if one.ended_at else ""
    return [
        one.what, one.why, one.process.name if one.process else "", one.person.name, one.team.name if one.team else "", one.minutes,
        one.began_on.isoformat(), one.until.isoformat(), one.get_end_display() if one.ended_at else state, ended, row.month, row.total,
        row.times,
    ]  # fmt: skip
