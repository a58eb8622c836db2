"""The figures of leaders' pages, from the same rows the desk works on. Cost follows what is open and what is recent."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.db.models.functions import TruncDate

from districts.models import Team
from knowledge import queries as knowledge
from knowledge.models import Answer
from ownership.models import Feed
from ownership.queries import open_escalations
from sla.models import Clock, ClockKind
from tickets.models import ChannelKind, Ticket

# Written out, as in the partial indexes `ticket_queue` and `ticket_mine`, so that the planner uses them.
LIVE = Q(status__in=["new", "open", "wait_asker", "wait_other"])
KEPT_DAYS = 7
FLOW_DAYS = 14


@dataclass
class TeamFigures:
    team: Team
    open: int = 0
    late: int = 0
    unassigned: int = 0
    opened: int = 0
    resolved: int = 0
    met: int = 0
    missed: int = 0

    @property
    def kept_percent(self) -> int | None:
        """Whole percent of promises that were kept; None where none ended or is late."""
        ended = self.met + self.missed
        return self.met * 100 // ended if ended else None

    @property
    def is_quiet(self) -> bool:
        return not (self.open or self.opened or self.resolved or self.met or self.missed)


@dataclass
class Today:
    """Everything the page shows, at one moment."""

    at: datetime
    teams: list[TeamFigures]
    channels: list[tuple[str, int]]
    flow: list[tuple[date, int, int]]
    feeds: dict[str, int] = field(default_factory=dict)
    escalations: int = 0
    first_answers: tuple[int, int] = (0, 0)
    shown: dict[str, int] = field(default_factory=dict)  # answers from articles, by what came of them

    def total(self, name: str) -> int:
        return sum(getattr(row, name) for row in self.teams)

    @property
    def open(self) -> int:
        return self.total("open")

    @property
    def late(self) -> int:
        return self.total("late")

    @property
    def unassigned(self) -> int:
        return self.total("unassigned")

    @property
    def opened(self) -> int:
        return self.total("opened")

    @property
    def resolved(self) -> int:
        return self.total("resolved")

    @property
    def kept_percent(self) -> int | None:
        return percent(self.total("met"), self.total("missed"))

    @property
    def answered_percent(self) -> int | None:
        return percent(*self.first_answers)

    @property
    def without_a_person(self) -> int:
        return self.shown.get(Answer.Outcome.SOLVED, 0)

    @property
    def shown_at_all(self) -> int:
        return sum(self.shown.values())

    @property
    def busiest_channel(self) -> tuple[str, int] | None:
        return self.channels[0] if self.channels and self.channels[0][1] else None

    @property
    def latest_team(self) -> TeamFigures | None:
        return max((row for row in self.teams if row.late), key=lambda row: row.late, default=None)


def percent(met: int, missed: int) -> int | None:
    return met * 100 // (met + missed) if met + missed else None


def today(*, now: datetime, zone: ZoneInfo) -> Today:
    """Eleven statements, whatever the district's size."""
    midnight = start_of_day(now, zone)
    teams = {team.id: TeamFigures(team) for team in Team.objects.order_by("name")}
    _live(teams, now)
    channels = _opened(teams, midnight, now)
    _resolved(teams, midnight)
    first_answers = _promises(teams, now)
    return Today(
        at=now,
        teams=sorted((row for row in teams.values() if not row.is_quiet), key=lambda r: (-r.late, -r.open, r.team.name)),
        channels=channels,
        flow=_flow(midnight, zone),
        feeds=dict(Feed.objects.filter(active=True).values_list("state").annotate(Count("id")).order_by()),
        escalations=open_escalations().count(),
        first_answers=first_answers,
        shown=knowledge.outcomes(since=now - timedelta(days=KEPT_DAYS)),
    )


def start_of_day(now: datetime, zone: ZoneInfo) -> datetime:
    return datetime.combine(now.astimezone(zone).date(), time(), zone)


def _live(teams: dict[UUID, TeamFigures], now: datetime) -> None:
    """One pass over the partial index of live tickets, which carries the assignee too."""
    rows = Ticket.objects.filter(LIVE).values("team_id")
    counted = rows.annotate(
        open=Count("id"), late=Count("id", filter=Q(due_at__lt=now)), unassigned=Count("id", filter=Q(assignee__isnull=True))
    )
    for row in counted.order_by():
        figures = teams[row["team_id"]]
        figures.open, figures.late, figures.unassigned = row["open"], row["late"], row["unassigned"]


def _opened(teams: dict[UUID, TeamFigures], midnight: datetime, now: datetime) -> list[tuple[str, int]]:
    """Fills in what was opened today; returns the week's channels, the busiest first."""
    week: dict[str, int] = dict.fromkeys(ChannelKind.values, 0)
    rows = (
        Ticket.objects.filter(opened_at__gte=now - timedelta(days=KEPT_DAYS))
        .values("team_id", "channel")
        .annotate(week=Count("id"), today=Count("id", filter=Q(opened_at__gte=midnight)))
        .order_by()
    )
    for row in rows:
        week[row["channel"]] += row["week"]
        teams[row["team_id"]].opened += row["today"]
    return sorted(week.items(), key=lambda pair: -pair[1])


def _resolved(teams: dict[UUID, TeamFigures], midnight: datetime) -> None:
    rows = Ticket.objects.filter(resolved_at__gte=midnight).values_list("team_id").annotate(Count("id")).order_by()
    for team_id, count in rows:
        teams[team_id].resolved = count


def _promises(teams: dict[UUID, TeamFigures], now: datetime) -> tuple[int, int]:
    """Fills in promises kept and broken; returns (kept, broken) of first answers alone. One that is late now is broken."""
    clocks = Clock.objects.exclude(kind=ClockKind.TEAM).order_by()  # what teams promise each other, nobody else was promised
    ended = clocks.filter(ended_at__gte=now - timedelta(days=KEPT_DAYS), state__in=[Clock.State.MET, Clock.State.MISSED])
    late = clocks.filter(state=Clock.State.RUNNING, due_at__lt=now)
    rows = [
        (*key, state == Clock.State.MET, n) for *key, state, n in ended.values_list("team_id", "kind", "state").annotate(n=Count("*"))
    ]
    rows += [(*key, False, n) for *key, n in late.values_list("team_id", "kind").annotate(n=Count("*"))]
    firsts = {True: 0, False: 0}
    for team_id, kind, kept, count in rows:
        if kept:
            teams[team_id].met += count
        else:
            teams[team_id].missed += count
        if kind == ClockKind.FIRST_RESPONSE:
            firsts[kept] += count
    return firsts[True], firsts[False]


def _flow(midnight: datetime, zone: ZoneInfo) -> list[tuple[date, int, int]]:
    """(day, opened, resolved) of each of the last days, the oldest first."""
    first_day = midnight.date() - timedelta(days=FLOW_DAYS - 1)
    begin = datetime.combine(first_day, time(), zone)
    opened = _by_day("opened_at", begin, zone)
    resolved = _by_day("resolved_at", begin, zone)
    days = [first_day + timedelta(days=n) for n in range(FLOW_DAYS)]
    return [(day, opened.get(day, 0), resolved.get(day, 0)) for day in days]


def _by_day(column: str, begin: datetime, zone: ZoneInfo) -> dict[date, int]:
    rows = Ticket.objects.filter(**{f"{column}__gte": begin}).annotate(day=TruncDate(column, tzinfo=zone))
    return dict(rows.values_list("day").annotate(Count("id")).order_by())
