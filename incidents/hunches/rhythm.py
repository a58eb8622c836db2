"""Is this more than usual? A count of the last hour against its own weekly rhythm. Pure: no database, no clock.

What is usual at this hour is learned from the same hour of earlier days of the same kind (days of school, days without): the same
weekday counts whole, other weekdays half. Closed days are compared with closed days, so they dilute nothing; hours are the district's
own, so a clock change moves nothing. The rate is a Gamma (conjugate to Poisson counts), so a new count is negative binomial: with
little history its tail is heavy, and only very many are surprising; with weeks of it a few are. The history counts half (EVIDENCE),
since people's counts scatter more than Poisson's. Where everything is busier than usual, as on the first day of school, as much more
of each is expected.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from districts.calendar import SCHOOL_DAYS, Calendar, DayKind

HOUR: Final = timedelta(hours=1)
WINDOW: Final = HOUR
LOOK_BACK: Final = 200  # days: over a summer to the days of school before it
SAME_WEEKDAY, OTHER_DAYS = 8, 20  # days of the same kind, the newest first
OTHER_WEIGHT: Final = 0.5
EVIDENCE: Final = 0.5
PRIOR: Final = (0.5, 1.0)  # before anything is known: one every two hours, worth one hour of watching
BUSIER_AT_MOST: Final = 8.0
RAISED: Final = 1e-5  # chance below which a count is not by chance
LEAST: Final = 4  # people

Counts = Mapping[tuple[date, int], int]  # by local date and hour


@dataclass(frozen=True)
class Usual:
    """A Gamma over the rate of an hour: `shape` arrivals seen in `hours` of watching."""

    shape: float
    hours: float

    @property
    def mean(self) -> float:
        return self.shape / self.hours

    def times(self, factor: float) -> "Usual":
        return Usual(self.shape * factor, self.hours)

    def tail(self, count: int) -> float:
        """Chance of `count` or more: negative binomial."""
        if count <= 0:
            return 1.0
        success = self.hours / (self.hours + 1)
        below = math.fsum(math.exp(self._log_chance(n, success)) for n in range(count))
        if below < 0.999:
            return 1 - below
        return math.fsum(math.exp(self._log_chance(n, success)) for n in range(count, count + 400))  # 1 - below has no digits left

    def _log_chance(self, n: int, success: float) -> float:
        ways = math.lgamma(n + self.shape) - math.lgamma(self.shape) - math.lgamma(n + 1)
        return ways + self.shape * math.log(success) + n * math.log1p(-success)


@dataclass(frozen=True)
class Days:
    """Which earlier days a day is compared with. `since`: the first day that was watched."""

    calendar: Calendar
    since: date

    def like(self, day: date) -> list[tuple[date, float]]:
        """(day, weight), the newest first."""
        school, same, others = self._school(day), 0, 0
        found: list[tuple[date, float]] = []
        for back in range(1, LOOK_BACK + 1):
            earlier = day - timedelta(days=back)
            if earlier < self.since or (same >= SAME_WEEKDAY and others >= OTHER_DAYS):
                break
            if self._school(earlier) is not school:
                continue
            if earlier.weekday() == day.weekday() and same < SAME_WEEKDAY:
                same += 1
                found.append((earlier, 1.0))
            elif earlier.weekday() != day.weekday() and others < OTHER_DAYS:
                others += 1
                found.append((earlier, OTHER_WEIGHT))
        return found

    def _school(self, day: date) -> bool:
        kind: DayKind = self.calendar.day_kind(day)
        return kind in SCHOOL_DAYS


def usual(counts: Counts, days: Days, now: datetime) -> Usual:
    """Of the hour that ends now: of the two hours of the clock that it touches, as much as it touches of each."""
    local = now.astimezone(days.calendar.zone)
    part = local.minute / 60 + local.second / 3600
    before = (now - HOUR).astimezone(days.calendar.zone)
    first, second = (_of_hour(counts, days, at.date(), at.hour) for at in (before, local))
    shape = (1 - part) * first.shape + part * second.shape
    return Usual(shape, (1 - part) * first.hours + part * second.hours)


def _of_hour(counts: Counts, days: Days, day: date, hour: int) -> Usual:
    seen, watched = 0.0, 0.0
    for earlier, weight in days.like(day):
        seen += weight * counts.get((earlier, hour), 0)
        watched += weight
    return Usual(PRIOR[0] + EVIDENCE * seen, PRIOR[1] + EVIDENCE * watched)


def busier(now: int, expected: float) -> float:
    """How much busier everything else is than usual; 1 where it is not."""
    return min(BUSIER_AT_MOST, max(1.0, (now + 2) / (expected + 2)))


def local_counts(rows: Iterable[tuple[datetime, int]], calendar: Calendar) -> dict[tuple[date, int], int]:
    """Of hours in UTC, by the district's own date and hour."""
    found: dict[tuple[date, int], int] = {}
    for at, count in rows:
        local = at.astimezone(calendar.zone)
        key = (local.date(), local.hour)
        found[key] = found.get(key, 0) + count
    return found


def hour_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class Spike:
    count: int
    expected: float
    chance: float


def spike(count: int, people: int, history: Usual) -> Spike | None:
    """None: that many come at this hour."""
    if people < LEAST:
        return None
    chance = history.tail(count)
    return Spike(count, history.mean, chance) if chance <= RAISED else None
