"""A year of a district's arrivals, made by chance with a weekly rhythm: for tests of what is noticed, and what is not."""

import random
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from districts.calendar import OFFICE, SCHOOL_DAYS, Calendar, Day, DayKind
from incidents.hunches.rhythm import HOUR, LEAST, Days, Spike, Usual, busier, spike, usual

ZONE = ZoneInfo("America/Los_Angeles")
FIRST, LAST = date(2025, 9, 3), date(2026, 6, 17)  # of the school year that is learned from
NEXT = date(2026, 9, 2)  # the next one's first day
SHAPE = {6: 0.4, 7: 1.6, 8: 1.5, 9: 1.0, 10: 0.9, 11: 0.9, 12: 0.8, 13: 0.8, 14: 1.1, 15: 1.4, 16: 0.8, 17: 0.3, 19: 0.1}  # of a day
WEEKDAYS = (1.5, 1.0, 0.9, 0.9, 1.1)
CLOSED = 0.05  # of a day of school

Event = tuple[datetime, str, str]  # when, service, site


def a_calendar() -> Calendar:
    days = {date(2025, 11, 27) + timedelta(days=n): Day(DayKind.HOLIDAY) for n in range(2)}
    days |= {date(2025, 12, 22) + timedelta(days=n): Day(DayKind.BREAK) for n in range(12)}
    days |= {date(2026, 4, 6) + timedelta(days=n): Day(DayKind.BREAK) for n in range(5)}
    days |= {LAST + timedelta(days=1 + n): Day(DayKind.SUMMER) for n in range((NEXT - LAST).days - 1)}
    return Calendar(ZONE, OFFICE, days)


@dataclass
class Year:
    """`rates`: arrivals on a usual day of school, by service and site."""

    rates: dict[tuple[str, str], float]
    calendar: Calendar
    chance: random.Random

    def events(self, since: date, until: date) -> Iterator[Event]:
        day = since
        while day < until:
            yield from sorted(self._day(day))
            day += timedelta(days=1)

    def _day(self, day: date) -> Iterator[Event]:
        school = self.calendar.day_kind(day) in SCHOOL_DAYS
        level = (WEEKDAYS[day.weekday()] if school else CLOSED) * _start_of_year(day) * self.chance.gammavariate(25, 1 / 25)
        for (service, site), rate in self.rates.items():
            own = level * rate * self.chance.gammavariate(6, 1 / 6)  # a service's day: scatters more than Poisson
            for _ in range(poisson(own, self.chance)):
                hour = self.chance.choices(list(SHAPE), list(SHAPE.values()))[0]
                local = datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)
                yield local.astimezone(UTC) + timedelta(minutes=60 * self.chance.random()), service, site


def _start_of_year(day: date) -> float:
    """Everybody asks at once when school begins."""
    for first in (FIRST, NEXT):
        if 0 <= (day - first).days < 12:
            return 4.0 - 0.25 * (day - first).days
    return 1.0


def poisson(mean: float, chance: random.Random) -> int:
    count, left = 0, mean
    while (left := left - chance.expovariate(1)) > 0:
        count += 1
    return count


class Watcher:
    """What the product does with arrivals, without its database."""

    def __init__(self, calendar: Calendar, since: date) -> None:
        self.days = Days(calendar, since)
        self.hours: dict[tuple[str, str], dict[tuple[date, int], int]] = defaultdict(lambda: defaultdict(int))
        self.total: dict[tuple[date, int], int] = defaultdict(int)
        self.recent: deque[Event] = deque()
        self.open: dict[tuple[str, str], datetime] = {}

    def see(self, event: Event) -> tuple[Spike, tuple[str, str]] | None:
        at, service, site = event
        self.recent.append(event)
        while self.recent[0][0] <= at - HOUR:
            self.recent.popleft()
        found = self._judge(at, (service, site))
        local = at.astimezone(ZONE)
        self.hours[service, site][local.date(), local.hour] += 1
        self.total[local.date(), local.hour] += 1
        return (found, (service, site)) if found else None

    def _judge(self, at: datetime, key: tuple[str, str]) -> Spike | None:
        count = sum((service, site) == key for _at, service, site in self.recent)
        if count < LEAST or self.open.get(key, at - timedelta(days=2)) > at - timedelta(hours=12):
            return None
        found = spike(count, count, self.expected(at, key))
        if found:
            self.open[key] = at
        return found

    def expected(self, at: datetime, key: tuple[str, str]) -> Usual:
        others = sum(service != key[0] for _at, service, _site in self.recent)
        return usual(self.hours[key], self.days, at).times(busier(others, usual(self.total, self.days, at).mean))
