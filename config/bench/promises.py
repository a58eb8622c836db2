"""What is measured of promises: due times a second, a change of the calendar, and how late the breach of one is noticed."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connections

from config.bench.data import Place
from config.storm.running import Running, until
from districts.calendar import Calendar, Day, DayKind, Season
from districts.scope import district_scope
from sla import actions, tasks
from sla.clock import due_at
from sla.terms import parse

BROKEN_RATE = 200  # promises a second
LATENESS_SECONDS = 300
TERMS = (
    "within 30 minutes", "within 4 hours", "within 2 business hours", "within 4 business hours", "within 40 business hours",
    "within 1 business day", "within 3 business days", "within 5 business days", "within 2 school days", "same-day",
    "by 2 PM for next-day service", "daily by 4 PM", "within 4 business hours on school days, within 24 hours during breaks",
)  # fmt: skip
ZONES = ("America/Los_Angeles", "America/New_York", "America/Chicago", "America/Phoenix")
BREAKS = ((date(2026, 11, 26), 2), (date(2026, 12, 21), 12), (date(2027, 2, 15), 5), (date(2027, 4, 5), 5))
HALF_DAY, WHOLE_DAY = ((450, 720), (780, 990)), ((450, 990),)


# --- due times ------------------------------------------------------------------------------------------------------------


def calendars() -> list[Calendar]:
    """Of four districts, half of them with a lunch gap; breaks, holidays, a staff day, early Wednesdays, summer."""
    days = {first + timedelta(days=n): Day(DayKind.BREAK) for first, length in BREAKS for n in range(length)}
    days |= {date(2026, 11, 11): Day(DayKind.HOLIDAY), date(2026, 10, 9): Day(DayKind.STAFF)}
    return [
        Calendar(
            ZoneInfo(zone), (Season(frozenset(range(5)), HALF_DAY if n % 2 else WHOLE_DAY),), days, date(2026, 9, 2), date(2027, 6, 16),
            {weekday: 830 if weekday == 2 else 920 for weekday in range(5)},
        )
        for n, zone in enumerate(ZONES)
    ]  # fmt: skip


def cost_of_due(count: int) -> float:
    """Seconds a due time in this process: any of the terms, any moment of a school year; one in three was paused for some hours."""
    lots, begin = Random(1), datetime(2026, 9, 1, tzinfo=UTC)  # noqa: S311
    places, promised = calendars(), [parse(text) for text in TERMS]
    cases = []
    for n in range(count):
        start = begin + timedelta(minutes=lots.randrange(300 * 24 * 60))
        paused = start + timedelta(hours=lots.randrange(1, 30))
        pauses = [(paused, paused + timedelta(hours=lots.randrange(1, 20)))] if n % 3 == 0 else []
        cases.append((lots.choice(promised), start, lots.choice(places), pauses))
    began = time.perf_counter()
    for terms, start, calendar, pauses in cases:
        due_at(terms, start, calendar, pauses)
    return (time.perf_counter() - began) / count


# --- a change of the calendar -----------------------------------------------------------------------------------------------


def change_calendar(place: Place, now: datetime) -> tuple[float, int]:
    """(seconds until every open promise is derived again, how many those are)"""
    began = time.perf_counter()
    with district_scope(place.district.id):
        actions.calendar_changed(place.district, now=now)
    while count_as_owner("SELECT count(*) FROM tickets_ticket WHERE district_id = %s AND facts_at > derived_at", [place.district.id]):
        tasks.sweep()
    seconds = time.perf_counter() - began
    again = "SELECT count(*) FROM sla_clock WHERE district_id = %s AND derived_at >= %s"
    return seconds, count_as_owner(again, [place.district.id, now])


# --- a sweep ----------------------------------------------------------------------------------------------------------------


def sweep_of(due: int, now: datetime) -> float:
    """Seconds until every breach of so many clocks, drawn by lot among all that are open, is written. Raises RuntimeError."""
    at = now - timedelta(seconds=1)
    _make_due(due, at)
    began = time.perf_counter()
    tasks.sweep()
    seconds = time.perf_counter() - began
    broken = count_as_owner("SELECT count(*) FROM sla_breach WHERE due_at = %s", [at])  # others may come due meanwhile
    if broken != due:
        raise RuntimeError(f"{broken} breaches of {due} clocks due")
    return seconds


def _make_due(count: int, at: datetime) -> None:
    """Let any `count` clocks of first answers be late since `at`."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "WITH chosen AS (SELECT district_id, id FROM sla_clock WHERE kind = 'first' AND state = 'running' AND breached_at IS NULL"
            " ORDER BY md5(id::text || %s) LIMIT %s)"
            " UPDATE sla_clock c SET check_at = %s, due_at = %s FROM chosen"
            " WHERE c.district_id = chosen.district_id AND c.id = chosen.id",
            [str(at), count, at, at],
        )
        cursor.execute("VACUUM (ANALYZE) sla_clock")


def open_clocks() -> int:
    return count_as_owner("SELECT count(*) FROM sla_clock WHERE state = 'running'", [])


def count_as_owner(statement: str, values: Sequence[Any]) -> int:
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.fetchone()[0])


# --- how late a breach is noticed -------------------------------------------------------------------------------------------


@dataclass
class Lateness:
    promises: int = 0
    seconds: list[float] = field(default_factory=list)  # from when each was due until its breach could be read
    twice: int = 0

    @property
    def p99(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)]


def lateness_of(product: Running, *, seconds: float) -> Lateness:
    """BROKEN_RATE promises a second come due on the product's own open tickets; its worker and beat are to notice them."""
    count = int(BROKEN_RATE * seconds)
    begin = datetime.now(UTC) + timedelta(seconds=15)
    product.rows(DUE_ONE_AFTER_ANOTHER, begin, BROKEN_RATE, begin, BROKEN_RATE, count)
    product.rows("VACUUM (ANALYZE) sla_clock")
    seen = _watch(product, count, begin, seconds)
    moments = [(begin + timedelta(seconds=n / BROKEN_RATE)).timestamp() for n in range(count)]
    twice = product.value("SELECT count(*) - count(DISTINCT clock_id) FROM sla_breach WHERE kind = 'next'")
    return Lateness(count, list(_waits(moments, seen)), twice)


# Each is a run of its own, so that one ticket has many. No warning: only the breach is looked for.
DUE_ONE_AFTER_ANOTHER = """
INSERT INTO sla_clock
  (id, district_id, ticket_id, team_id, kind, run, state, terms, started_at, due_at, check_at, warned_at, derived_at)
SELECT gen_random_uuid(), t.district_id, t.id, t.team_id, 'next', 100 + n / t.many, 'running', 'within 1 hour', now(),
  %s + n * interval '1 second' / %s, %s + n * interval '1 second' / %s, now(), now()
FROM generate_series(0, %s - 1) n JOIN (
  SELECT district_id, id, team_id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS many FROM tickets_ticket
  WHERE status IN ('new', 'open')) t ON t.place = n %% t.many
"""


def _watch(product: Running, count: int, begin: datetime, seconds: float) -> list[tuple[float, int]]:
    """(when, how many breaches there were), until all are."""
    seen: list[tuple[float, int]] = []

    def all_there() -> bool:
        found = product.value("SELECT count(*) FROM sla_breach WHERE kind = 'next'")
        seen.append((time.time(), found))
        return bool(found >= count)

    until(all_there, seconds=(begin - datetime.now(UTC)).total_seconds() + seconds + 120, what=f"{count} breaches")
    return seen


def _waits(moments: Sequence[float], seen: Sequence[tuple[float, int]]) -> Iterator[float]:
    """For each, in the order in which they come due: until there were so many. Never less than it took."""
    for (_earlier, had), (when, has) in pairwise([(0.0, 0), *seen]):
        yield from (max(0.0, when - moments[n]) for n in range(had, min(has, len(moments))))
