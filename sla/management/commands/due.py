"""Due times of cases from other products' own tests: one JSON row a line in, {"id", "value"} a line out.

A row has a `kind` and a `calendar` (`tz`, `hours` by weekday, `holidays`, `special_hours`, `breaks` in UTC). The value is an
instant in UTC, a number of minutes, true or false, or for a `timeline` an object of those.
"""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError

from districts.calendar import ONE_DAY, Calendar, Day, DayKind, NeverOpen, Season, Window, windows_of
from sla import clock
from sla.promise import Amount, Clause, Counts, Terms, Unit, Within
from sla.story import read

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE = timedelta(minutes=1)
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
YEARS = range(1900, 2200)
MOST_MINUTES, MOST_DAYS = 10 * 366 * 1440, 10 * 366
Row = Mapping[str, Any]


class Command(BaseCommand):
    help = "Compute due times, open time and openings for JSON rows from standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", required=True, help="rows and values are JSON, one a line")

    def handle(self, *args: Any, **options: Any) -> None:
        for answer in answers(sys.stdin):
            self.stdout.write(json.dumps(answer))


def answers(lines: Iterable[str] | TextIO) -> Iterable[dict[str, Any]]:
    """Where a calendar never opens the value is null. Raises CommandError, with its line, for the first row that cannot be read, once
    all others are answered."""
    wrong = ""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            yield {"id": row["id"], "value": _value(row)}
        except UNREADABLE as error:
            wrong = wrong or f"line {number}: {type(error).__name__}: {error}"
    if wrong:
        raise CommandError(wrong)


def _value(row: Row) -> Any:
    try:
        return KINDS[row["kind"]](row, calendar_of_case(row["calendar"]))
    except NeverOpen:
        return None


def calendar_of_case(raw: Row) -> Calendar:
    zone = ZoneInfo(raw["tz"])
    weekly = [raw["hours"].get(name, ()) for name in WEEKDAYS]
    seasons = tuple(
        Season(days=frozenset({n}), windows=windows_of([*_until_midnight(mine), *_after_midnight(weekly[n - 1])]))
        for n, mine in enumerate(weekly)
    )
    days = {date.fromisoformat(day): Day(DayKind.HOLIDAY) for day in raw["holidays"]}
    for day, windows in raw.get("special_hours", {}).items():
        days[date.fromisoformat(day)] = Day(DayKind.SCHOOL, windows_of(windows))
    calendar = Calendar(zone, seasons, days)
    return without(calendar, [(instant(a).astimezone(zone), instant(b).astimezone(zone)) for a, b in raw.get("breaks", ())])


def _until_midnight(windows: Iterable[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Of hours that go on into the next day, the part of this one. "00:00" at the end is midnight."""
    for opens, closes in _times(windows):
        yield opens, closes if opens < closes else "24:00"


def _after_midnight(windows: Iterable[Sequence[str]]) -> Iterator[tuple[str, str]]:
    for opens, closes in _times(windows):
        if "00:00" < closes <= opens:
            yield "00:00", closes


def _times(windows: Iterable[Sequence[str]]) -> Iterator[list[str]]:
    """Hours and minutes, with a leading zero: they are compared as text."""
    for pair in windows:
        yield [":".join(part.rjust(2, "0") for part in text.strip().split(":")[:2]) for text in pair]


def without(calendar: Calendar, breaks: Iterable[tuple[datetime, datetime]]) -> Calendar:
    """The calendar with some hours of a day taken out: that day's windows end and begin again around them."""
    days = dict(calendar.days)
    for begin, end in breaks:
        for ahead in range((end.date() - begin.date()).days + 1):
            day = begin.date() + ahead * ONE_DAY
            gap = (
                begin.hour * 60 + begin.minute if day == begin.date() else 0,
                end.hour * 60 + end.minute if day == end.date() else 1440,
            )
            left = Calendar(calendar.zone, calendar.seasons, days).hours(day)
            kind = days[day].kind if day in days else DayKind.SCHOOL
            days[day] = Day(kind, tuple(part for window in left for part in _around(window, gap)))
    return Calendar(calendar.zone, calendar.seasons, days)


def _around(window: Window, gap: Window) -> list[Window]:
    parts = [(window[0], min(window[1], gap[0])), (max(window[0], gap[1]), window[1])]
    return [(opens, closes) for opens, closes in parts if opens < closes]


def instant(text: str) -> datetime:
    """Raises ValueError, also for a year whose calendar nobody can know."""
    at = datetime.fromisoformat(text)
    if at.year not in YEARS:
        raise ValueError(f"{text!r} is not in {YEARS.start} to {YEARS.stop - 1}")
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def within(number: float, most: int) -> float:
    """Raises ValueError."""
    if not -most <= number <= most:
        raise ValueError(f"{number!r} is more than {most}: ten years")
    return number


def told(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def pauses(row: Row) -> list[tuple[datetime, datetime]]:
    return [(instant(p["from"]), instant(p["to"])) for p in row.get("pauses", ())]


# --- one function a kind ----------------------------------------------------------------------------------------------


def due(row: Row, calendar: Calendar) -> str:
    """Less than no time is counted back."""
    minutes = within(row["sla_minutes"], MOST_MINUTES) * (-1 if row.get("direction", 1) < 0 else 1)
    start, duration = instant(row["start"]), timedelta(milliseconds=round(abs(minutes) * 60_000))
    if minutes < 0 or row.get("direction", 1) < 0:
        return told(calendar.sub_open(start, duration))
    return told(clock.due_after(duration, start, calendar, pauses(row)))


def due_days(row: Row, calendar: Calendar) -> str:
    start, days = instant(row["start"]), int(within(row["sla_working_days"], MOST_DAYS))
    days = -days if row.get("direction", 1) < 0 else days
    if days < 0:
        at = calendar.sub_days(start, -days)
    elif days:
        at = clock.due_at(Terms((Clause(Within(Amount(days, Unit.DAY, Counts.BUSINESS))),)), start, calendar, pauses(row))
    else:
        at = start
    return calendar.local_date(at).isoformat() if "T" not in row["start"] else told(at)


def elapsed(row: Row, calendar: Calendar) -> float:
    return round(clock.used(instant(row["start"]), instant(row["end"]), calendar, pauses(row)) / MINUTE, 6)


def is_open(row: Row, calendar: Calendar) -> bool:
    return calendar.is_open(instant(row["at"]))


def is_holiday(row: Row, calendar: Calendar) -> bool:
    return calendar.day_kind(calendar.local_date(instant(row["at"]))) is DayKind.HOLIDAY


def next_open(row: Row, calendar: Calendar) -> str:
    return told(calendar.next_open(instant(row["at"])))


def next_close(row: Row, calendar: Calendar) -> str:
    return told(calendar.next_close(instant(row["at"])))


def timeline(row: Row, calendar: Calendar) -> dict[str, Any]:
    """Three promises on one ticket: first response, the answer to each message (`update`), solution."""
    created = instant(row["created"])
    events = sorted(({"kind": FACTS.get(e["type"], e["type"]), "at": instant(e["at"]), "data": {}} for e in row["events"]), key=_at)
    story = read(created, [e for e in events if e["kind"] != "first_response"])
    first = next((e["at"] for e in events if e["kind"] == "first_response"), None)
    lasted = {"first_response": [(created, first)] if first else [], "update": list(story.answers)}
    waits = {
        "first_response": None if first else created,
        "update": story.asked_at,
        "solution": None if story.resolved_at else created,
    }
    due = {k: clock.due_after(row["sla"][k] * MINUTE, at, calendar, story.pauses) if at else None for k, at in waits.items()}
    value: dict[str, Any] = {"next_escalation": _told_or_none(min((d for d in due.values() if d), default=None))}
    value |= {f"{name}_due": _told_or_none(at) for name, at in due.items()}
    for name, spans in lasted.items():
        if spans:
            longest = max(clock.used(begin, end, calendar, story.pauses) for begin, end in spans) / MINUTE
            value |= {f"{name}_minutes": longest, f"{name}_left": row["sla"][name] - longest}
    return value


def _at(event: Row) -> datetime:
    at: datetime = event["at"]
    return at


def _told_or_none(at: datetime | None) -> str | None:
    return told(at) if at else None


FACTS = {"customer_message": "asker_wrote", "agent_message": "replied", "solution": "resolved"}
KINDS: dict[str, Callable[[Row, Calendar], Any]] = {
    "due": due, "due_days": due_days, "elapsed": elapsed, "is_open": is_open, "is_holiday": is_holiday,
    "next_open": next_open, "next_close": next_close, "timeline": timeline,
}  # fmt: skip
