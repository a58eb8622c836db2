"""When school is open: working time on a district's calendar. Pure and immutable; knows no database.

Instants are aware datetimes in UTC. Hours are local: each date's windows are turned into UTC spans once, exactly (an hour
that a clock change repeats counts twice, one that it skips not at all), and kept on the instance. Nothing adds 24 hours to
get to the next day. Where time runs out exactly at closing, the answer is the closing, not the next opening.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]  # UTC, the end is not in it
Window = tuple[int, int]  # minutes since local midnight, 0 to 1440

ONE_DAY = timedelta(days=1)
NO_TIME = timedelta()
HORIZON = 800  # days to look for an opening before giving up
SUMMER_AT_MOST = timedelta(days=120)  # a longer gap beside the school year means that nobody entered the next one


class BadHours(ValueError):
    """Hours that are no hours; the text says which."""


class NeverOpen(ValueError):
    """The calendar has no opening (or no school day) within HORIZON days."""


class DayKind(StrEnum):
    """What a date is; the first six are the kinds of `CalendarDay`."""

    SCHOOL = "school"
    EARLY = "early"
    STAFF = "staff"
    BREAK = "break"
    HOLIDAY = "holiday"
    CLOSURE = "closure"
    SUMMER = "summer"
    WEEKEND = "weekend"


SCHOOL_DAYS = frozenset({DayKind.SCHOOL, DayKind.EARLY})
CLOSED_UNLESS_TOLD = frozenset({DayKind.BREAK, DayKind.HOLIDAY, DayKind.CLOSURE})


@dataclass(frozen=True, slots=True)
class Season:
    """Weekly hours: on these weekdays (Monday 0) between these dates, both in it; None has no bound."""

    days: frozenset[int]
    windows: tuple[Window, ...]
    first: date | None = None
    last: date | None = None

    def fits(self, day: date) -> bool:
        return day.weekday() in self.days and (self.first is None or day >= self.first) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Day:
    """A date that differs. `windows` None: the weekly hours, or closed on a break, holiday or closure."""

    kind: DayKind
    windows: tuple[Window, ...] | None = None


OFFICE = (Season(days=frozenset(range(5)), windows=((8 * 60, 16 * 60),)),)  # for a district that has not entered its hours


@dataclass(frozen=True, eq=False)
class Calendar:
    zone: ZoneInfo
    seasons: tuple[Season, ...] = OFFICE  # the last that fits a date wins
    days: Mapping[date, Day] = field(default_factory=dict)
    first_day: date | None = None  # of the school year
    last_day: date | None = None
    release: Mapping[int, int] = field(default_factory=dict)  # end of the school day by weekday, minutes since midnight
    _spans: dict[date, tuple[Span, ...]] = field(default_factory=dict, init=False, repr=False)

    # --- dates -------------------------------------------------------------------------------------------------------

    def local_date(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def day_kind(self, day: date) -> DayKind:
        known = self.days.get(day)
        if known:
            return known.kind
        if self._in_summer(day):
            return DayKind.SUMMER
        return DayKind.SCHOOL if self._weekly(day) else DayKind.WEEKEND

    def is_school_day(self, day: date) -> bool:
        return self.day_kind(day) in SCHOOL_DAYS

    def next_school_day(self, day: date) -> date:
        """The first after `day`. Raises NeverOpen."""
        for later in days_from(day + ONE_DAY):
            if self.is_school_day(later):
                return later
        raise NeverOpen("no school day in sight")

    def hours(self, day: date) -> tuple[Window, ...]:
        known = self.days.get(day)
        if known and known.windows is not None:
            return known.windows
        return () if known and known.kind in CLOSED_UNLESS_TOLD else self._weekly(day)

    def windows(self, day: date) -> tuple[Span, ...]:
        """Open spans of the local date in UTC, in order."""
        known = self._spans.get(day)
        if known is None:
            known = self._spans[day] = tuple(to_utc(day, self.hours(day), self.zone))
        return known

    def at_local(self, day: date, minute: int) -> datetime:
        """The instant of a local time; one that a clock change skips is moved on by the change."""
        local = datetime.combine(day, time(minute // 60 % 24, minute % 60)) + minute // 1440 * ONE_DAY
        return local.replace(tzinfo=self.zone).astimezone(UTC)

    def school_ends(self, day: date) -> datetime | None:
        """End of the school day: the weekday's release, else closing time; earlier on a day that closes early. None: no school."""
        if not self.is_school_day(day):
            return None
        ends = [end for end in (self.release.get(day.weekday()), *(close for _, close in self.hours(day)[-1:])) if end]
        if not ends:
            return None
        return self.at_local(day, min(ends) if self.day_kind(day) is DayKind.EARLY else ends[0])

    def next_school_end(self, at: datetime) -> datetime:
        """End of the school day of `at`; after hours, of the next. Raises NeverOpen."""
        for day in days_from(self.local_date(at)):
            end = self.school_ends(day)
            if end and end > at:
                return end
        raise NeverOpen("no school day in sight")

    # --- open time ---------------------------------------------------------------------------------------------------

    def is_open(self, at: datetime) -> bool:
        return any(opens <= at < closes for opens, closes in self.windows(self.local_date(at)))

    def next_open(self, at: datetime) -> datetime:
        """`at` where open, else the next opening. Raises NeverOpen."""
        return self.add_open(at, NO_TIME)

    def next_close(self, at: datetime) -> datetime:
        """Closing of the window that is open, else of the next one; hours that go on over midnight are one window. Raises NeverOpen,
        also where it never closes.
        """
        found: datetime | None = None
        for opens, closes in self._onward(at):
            if found and (opens > found or closes - at > HORIZON * ONE_DAY):
                break
            found = closes if closes > at else found
        if found is None or found - at > (HORIZON - 1) * ONE_DAY:
            raise NeverOpen("no opening in sight, or no closing")
        return found

    def last_open(self, at: datetime) -> datetime:
        """`at` where open until then, else the closing before. Raises NeverOpen."""
        return self.sub_open(at, NO_TIME)

    def add_open(self, start: datetime, duration: timedelta) -> datetime:
        """When `duration` of open time has passed since `start`. Raises NeverOpen."""
        for opens, closes in self._onward(start):
            begin = opens if opens > start else start
            if begin < closes:
                room = closes - begin
                if duration <= room:
                    return begin + duration
                duration -= room
        raise NeverOpen("no opening in sight")

    def sub_open(self, end: datetime, duration: timedelta) -> datetime:
        """The latest start from which `duration` of open time has passed by `end`. Raises NeverOpen."""
        for opens, closes in self._back(end):
            begin = closes if closes < end else end
            if begin > opens:
                room = begin - opens
                if duration <= room:
                    return begin - duration
                duration -= room
        raise NeverOpen("no opening in sight")

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        """Open time from `start` to `end`; none where `end` is before `start`."""
        total = NO_TIME
        if end <= start:
            return total
        day, last = self.local_date(start), self.local_date(end)
        while day <= last:
            for opens, closes in self.windows(day):
                begin, finish = max(opens, start), min(closes, end)
                if begin < finish:
                    total += finish - begin
            day += ONE_DAY
        return total

    def add_days(self, start: datetime, days: int, *, school: bool = False) -> datetime:
        """The same local time `days` working days on (school days where `school`), moved on to the next opening if closed.

        A start out of hours counts from the next opening. Raises NeverOpen.
        """
        return self._step(start, days, ONE_DAY, school) if days else start

    def sub_days(self, end: datetime, days: int, *, school: bool = False) -> datetime:
        """The same local time `days` working days before, moved back to a closing if closed. Raises NeverOpen."""
        return self._step(end, days, -ONE_DAY, school) if days else end

    def without_days_off(self) -> "Calendar":
        """As if school went on: no summer, no holidays, breaks or closures."""
        return replace(self, days={}, first_day=None, last_day=None)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _weekly(self, day: date) -> tuple[Window, ...]:
        for season in reversed(self.seasons):
            if season.fits(day):
                return season.windows
        return ()

    def _in_summer(self, day: date) -> bool:
        before = self.first_day is not None and self.first_day - SUMMER_AT_MOST <= day < self.first_day
        after = self.last_day is not None and self.last_day < day <= self.last_day + SUMMER_AT_MOST
        return before or after

    def _onward(self, start: datetime) -> Iterator[Span]:
        """Spans from the date of `start` on, in order; ends after HORIZON days without one."""
        day, closed = self.local_date(start), 0
        while closed < HORIZON:
            spans = self.windows(day)
            closed = 0 if spans else closed + 1
            yield from spans
            day += ONE_DAY

    def _back(self, end: datetime) -> Iterator[Span]:
        day, closed = self.local_date(end), 0
        while closed < HORIZON:
            spans = self.windows(day)
            closed = 0 if spans else closed + 1
            yield from reversed(spans)
            day -= ONE_DAY

    def _step(self, start: datetime, days: int, step: timedelta, school: bool) -> datetime:
        into_hours = self.next_open if step > NO_TIME else self.last_open
        local = into_hours(start).astimezone(self.zone)
        day = local.date()
        for _ in range(days):
            day = self._next_working(day, step, school)
        there = local.replace(year=day.year, month=day.month, day=day.day, fold=0).astimezone(UTC)
        return there if any(opens <= there <= closes for opens, closes in self.windows(day)) else into_hours(there)

    def _next_working(self, day: date, step: timedelta, school: bool) -> date:
        for _ in range(HORIZON):
            day += step
            if self.windows(day) and (not school or self.is_school_day(day)):
                return day
        raise NeverOpen("no working day in sight")


def days_from(day: date) -> Iterator[date]:
    for ahead in range(HORIZON):
        yield day + ahead * ONE_DAY


# --- local hours → UTC ------------------------------------------------------------------------------------------------


def to_utc(day: date, windows: Sequence[Window], zone: ZoneInfo) -> Iterator[Span]:
    """The instants at which a wall clock in `zone` shows `day` and a time in one of the windows, as spans."""
    midnight = datetime.combine(day, time(), tzinfo=UTC)  # local, only its digits matter
    stretches = list(_stretches(midnight, zone))
    last: Span | None = None
    for opens, closes in windows:
        for offset, begin, end in stretches:
            span = (
                max(midnight + timedelta(minutes=opens) - offset, begin),
                min(midnight + timedelta(minutes=closes) - offset, end),
            )
            if span[0] >= span[1]:
                continue
            if last and last[1] >= span[0]:
                last = (last[0], max(last[1], span[1]))
                continue
            if last:
                yield last
            last = span
    if last:
        yield last


def _stretches(midnight: datetime, zone: ZoneInfo) -> Iterator[tuple[timedelta, datetime, datetime]]:
    """(offset from UTC, from, to) around a local date: one, or two where the clocks change."""
    begin, end = midnight - timedelta(hours=15), midnight + timedelta(hours=38)  # zones lie between -12 and +14 hours
    before, after = _offset(begin, zone), _offset(end, zone)
    if before == after:
        yield before, begin, end
        return
    low, high = begin, end
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    yield before, begin, high
    yield after, high, end


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or NO_TIME


# --- reading what people entered --------------------------------------------------------------------------------------


def minute_of(text: str) -> int:
    """ "07:30" → 450. Raises BadHours."""
    hour, colon, minute = str(text).strip().partition(":")
    if not (colon and hour.isdecimal() and minute.isdecimal() and len(minute) == 2):
        raise BadHours(f"{text!r} is not a time like 07:30")
    value = int(hour) * 60 + int(minute)
    if int(minute) > 59 or value > 1440:
        raise BadHours(f"{text!r} is not a time of day")
    return value


def windows_of(raw: Iterable[Sequence[str]]) -> tuple[Window, ...]:
    """[["07:30", "12:00"], ["13:00", "16:30"]] → windows in order, overlaps joined. Raises BadHours."""
    out: list[Window] = []
    for pair in sorted((minute_of(opens), minute_of(closes)) for opens, closes in raw):
        if pair[0] >= pair[1]:
            raise BadHours(f"closes before it opens: {list(raw)!r}")
        if out and pair[0] <= out[-1][1]:
            pair = (out[-1][0], max(out.pop()[1], pair[1]))
        out.append(pair)
    return tuple(out)


def seasons_of(raw: Iterable[Mapping[str, Any]]) -> tuple[Season, ...]:
    """`District.hours` → seasons. Raises BadHours."""
    try:
        return tuple(
            Season(
                days=frozenset(int(d) for d in row.get("days", range(5))), windows=windows_of(row.get("windows", ())),
                first=date.fromisoformat(row["from"]) if row.get("from") else None,
                last=date.fromisoformat(row["to"]) if row.get("to") else None,
            )
            for row in raw
        )  # fmt: skip
    except (TypeError, AttributeError, ValueError) as error:
        raise BadHours(str(error)) from error
