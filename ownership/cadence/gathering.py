"""A checkpoint is written: read from the rows as they are now. A dozen and a half queries, however many processes there are."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q

from districts.calendar import ONE_DAY, Calendar, DayKind
from districts.models import Person
from districts.queries import calendar_of
from ownership import models as m
from ownership.cadence.figures import Body, Item, Line
from ownership.duty.roles import Roster
from ownership.feeds import counting
from ownership.ladders.climbing import WITH_OWNERS
from ownership.models import Process
from ownership.overview import standing
from ownership.overview.standing import WORST_FIRST

AHEAD = timedelta(days=7)
CONTRACTS = timedelta(days=90)
MOST = 40  # of one kind of thing


def gather(*, since: datetime, now: datetime) -> Body:
    """Of the district in scope."""
    roster = Roster(now)
    calendar = calendar_of(roster.district, now=now)
    today = calendar.local_date(now)
    open_overrides = m.Override.objects.filter(ended_at__isnull=True)
    return Body(
        since=since.isoformat(), lines=_lines(roster, since=since), holds=_holds(),
        decided=m.Hold.objects.filter(decided_at__gte=since).count(), steps=_steps(now), runs=_open_runs().count(),
        overrides=_overrides(open_overrides, today), working_around=open_overrides.count(), minutes=_minutes(since),
        unanswered=_unanswered(since), days=_days(calendar, today), leaves=_leaves(today), contracts=_contracts(today),
        training=_training(today), tested=_tested(since), untested=_untested(now),
    )  # fmt: skip


def _overrides(rows: Any, today: date) -> list[Item]:
    past = rows.filter(until__lt=today).select_related("person").order_by("until")[:MOST]
    return [Item(row.what, row.person.name, _iso(row.until), str(row.id)) for row in past]


def _lines(roster: Roster, *, since: datetime) -> list[Line]:
    processes = list(Process.objects.select_related(*WITH_OWNERS).prefetch_related("feeds").order_by("name"))
    outcomes, climbing = counting.since(since), standing.ladders()
    missing = _by_process(m.Change.objects.filter(done_at__isnull=True, waived_at__isnull=True).values("process_id"))
    lines = [
        _line(process, roster, outcomes[process.id], climbing.get(process.id, 0), missing.get(process.id, 0)) for process in processes
    ]
    worst = {str(state): place for place, state in enumerate(WORST_FIRST)}
    return sorted(lines, key=lambda line: (not line.trouble, worst.get(line.state, len(worst)), line.name))


def _line(process: Process, roster: Roster, outcomes: Mapping[str, int], climbing: int, missing: int) -> Line:
    state = standing.worst(process.feeds.all())
    owner = roster.find(process.primary).owner if process.primary else None
    return Line(process.slug, process.name, owner.name if owner else "", state, **outcomes, climbing=climbing, missing=missing)


def _by_process(rows: Any) -> dict[UUID, int]:
    return {row["process_id"]: row["n"] for row in rows.annotate(n=Count("id")).order_by()}


def _holds() -> list[Item]:
    rows = m.Hold.objects.filter(state=m.Hold.State.WAITING).select_related("feed__process", "person").order_by("at")[:MOST]
    return [Item(f"{row.feed.process.name}: {row.feed.name}", _name(row.person), row.at.isoformat(), str(row.id)) for row in rows]


def _open_runs() -> Any:
    """Playbooks at work that are of no ticket that not everybody may see."""
    return m.PlaybookRun.objects.filter(ended_at__isnull=True).exclude(ticket__sensitive=True)


def _steps(now: datetime) -> list[Item]:
    rows = m.RunStep.objects.filter(run__in=_open_runs(), done_at__isnull=True, due_at__lt=now).select_related("owner", "run")
    return [
        Item(step.title, _name(step.owner), _iso(step.due_at), str(step.run_id), step.run.title)
        for step in rows.order_by("due_at")[:MOST]
    ]


def _minutes(since: datetime) -> int:
    return sum(m.Override.objects.filter(uses__at__gte=since).values_list("uses__minutes", flat=True))


def _unanswered(since: datetime) -> list[Item]:
    rows = m.CutOffNotice.objects.filter(due_at__gte=since, cut_at__gte=since).filter(
        Q(acknowledged_at__isnull=True, check_at__isnull=True) | Q(acknowledged_at__gt=F("due_at"))
    )
    return [
        Item(row.cutoff.name, row.cutoff.vendor.name, row.cut_at.isoformat(), row.cutoff.vendor.slug)
        for row in rows.select_related("cutoff__vendor").order_by("cut_at")[:MOST]
    ]


def _days(calendar: Calendar, today: date) -> list[Item]:
    """Weekdays of the coming week that are no common school days."""
    days = [today + n * ONE_DAY for n in range(1, AHEAD.days + 1)]
    kinds = [(day, calendar.day_kind(day)) for day in days]
    return [Item(str(kind), at=day.isoformat()) for day, kind in kinds if kind not in (DayKind.SCHOOL, DayKind.WEEKEND)]


def _leaves(today: date) -> list[Item]:
    """Of those who answer for a process: away in the coming week."""
    sides = [f"{side}__{who}" for side in ("primary", "secondary") for who in ("holder", "deputy")]
    named = {who for row in Process.objects.values_list(*(f"{side}_id" for side in sides)) for who in row if who}
    rows = m.Leave.objects.filter(person__in=named, first__lte=today + AHEAD, last__gte=today).select_related("person", "cover")
    return [
        Item(row.person.name, _name(row.cover), row.first.isoformat(), extra=row.last.isoformat())
        for row in rows.order_by("first")[:MOST]
    ]


def _contracts(today: date) -> list[Item]:
    rows = m.Vendor.objects.exclude(state=m.Vendor.State.ENDED).filter(contract_until__lte=today + CONTRACTS, contract_until__gte=today)
    return [
        Item(row.name, at=row.contract_until.isoformat(), slug=row.slug)
        for row in rows.order_by("contract_until")[:MOST]
        if row.contract_until
    ]


def _training(today: date) -> list[Item]:
    month = today.replace(day=1)
    rows = m.Cover.objects.filter(planned_for__lte=month, trained_at__isnull=True).select_related("person", "teacher")
    planned = rows.order_by("planned_for")[:MOST]
    return [Item(row.slug, row.person.name, _iso(row.planned_for), row.kind, _name(row.teacher)) for row in planned]


def _tested(since: datetime) -> list[Item]:
    rows = m.LadderTest.objects.filter(at__gte=since).select_related("ladder", "by").order_by("at")[:MOST]
    return [Item(row.ladder.name, _name(row.by), row.at.isoformat(), row.ladder.slug, "passed" if row.passed else "") for row in rows]


def _untested(now: datetime) -> int:
    """Processes whose own ladder was never tested, or not for a year."""
    old = Q(ladder__tested_at__isnull=True) | Q(ladder__tested_at__lt=now - timedelta(days=365))
    return Process.objects.filter(old, ladder__isnull=False).count()


def _name(person: Person | None) -> str:
    return person.name if person else ""


def _iso(at: date | None) -> str:
    """Of a day or a moment."""
    return at.isoformat() if at else ""
