"""A calendar file (RFC 5545) read into stretches of school days; a file that cannot be read says at which line.

Nothing is fetched: the bytes come from a person. What could cost without end (rules by the hour, rules from long ago, very many
events) is refused.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from django.utils.translation import gettext as _
from icalendar import Calendar as ICalendar
from icalendar.parser import Contentline

from districts.calendar import ONE_DAY, BadHours, windows_of
from districts.models import CalendarDay
from districts.told import readable
from sla.school.changing import Windows, as_windows
from sla.school.guessing import kind_of, time_in
from sla.school.ics_out import OURS, printable

LARGEST = 1024 * 1024  # bytes
MOST_EVENTS, MOST_RULES, MOST_OCCURRENCES = 3_000, 100, 5_000
OLDEST_RULE = 1990  # a rule is walked from its first day on
TOO_OFTEN = {"SECONDLY", "MINUTELY", "HOURLY"}
BY_THE_CLOCK = {"BYHOUR", "BYMINUTE", "BYSECOND"}
LONGEST_NAME = 200


class BadCalendar(ValueError):
    """Why the file cannot be read, and at which line (from 1; None where it is about the whole)."""

    def __init__(self, why: str, line: int | None = None) -> None:
        self.why, self.line = why, line
        super().__init__(_("Line %(line)d: %(why)s") % {"line": line, "why": why} if line else why)


@dataclass(frozen=True)
class Told:
    """What one event says. `kind` None: nothing about school days. `ends`: minute at which school ends, where it says so."""

    key: str  # stable for the same event of the same file
    first: date
    last: date
    name: str
    kind: str | None
    windows: Windows | None = None
    ends: int | None = None
    skipped: frozenset[date] = frozenset()
    exact: bool = False  # written by this product: each date counts


@dataclass
class _Lines:
    """Where in the file each event begins, and each of its properties stands."""

    begin: int
    of: dict[str, int] = field(default_factory=dict)


def read(data: bytes, zone: ZoneInfo, *, first: date, last: date) -> list[Told]:
    """In order of their first day; occurrences outside of `first` to `last` are left out. Raises BadCalendar."""
    text = _decoded(data)
    places = _checked(text)
    try:
        calendars = ICalendar.from_ical(text, multiple=True)
    except (ValueError, KeyError, IndexError) as error:
        raise BadCalendar(_("This is no calendar that can be read: %(why)s") % {"why": str(error)[:200]}) from error
    events = [event for one in calendars for event in one.walk("VEVENT")]
    _refuse_bad(events, places)
    told = {one.key: one for calendar in calendars for one in _occurrences(calendar, zone, first, last)}
    return sorted(told.values(), key=lambda one: (one.first, one.last, one.name, one.key))


# --- the text -------------------------------------------------------------------------------------------------------------


def _decoded(data: bytes) -> str:
    if len(data) > LARGEST:
        raise BadCalendar(_("The file is larger than a calendar should be (1 MB)."))
    for code in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252", "latin-1"):
        try:
            return data.decode(code)
        except UnicodeDecodeError:
            continue
    raise BadCalendar(_("The letters of this file cannot be read."))


def _checked(text: str) -> list[_Lines]:
    """Where each event stands. Raises BadCalendar at a line that is none, and where BEGIN and END do not match."""
    found: list[_Lines] = []
    inside: list[tuple[str, int]] = []
    for number, line in _unfolded(text):
        name, value = _parts(line, number)
        if name == "BEGIN":
            inside.append((value, number))
            found += [_Lines(number)] if value == "VEVENT" else []
        elif name == "END":
            if not inside or inside.pop()[0] != value:
                raise BadCalendar(_("%(what)s ends, which had not begun.") % {"what": value}, number)
        elif not inside:
            raise BadCalendar(_("A calendar begins with BEGIN:VCALENDAR."), number)
        elif inside[-1][0] == "VEVENT":
            found[-1].of.setdefault(name, number)
    _refuse_incomplete(inside, found, text)
    return found


def _refuse_incomplete(inside: Sequence[tuple[str, int]], found: Sequence[_Lines], text: str) -> None:
    if inside:
        raise BadCalendar(_("%(what)s begins here and never ends: the file is cut off.") % {"what": inside[-1][0]}, inside[-1][1])
    if not text.strip():
        raise BadCalendar(_("There is nothing in it."))
    if len(found) > MOST_EVENTS:
        raise BadCalendar(_("More than %(most)d events. A school calendar has fewer.") % {"most": MOST_EVENTS})


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """(number of its first line, the line with what was folded joined)."""
    number, now = 0, ""
    for place, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if line[:1] in (" ", "\t") and now:
            now += line[1:]
            continue
        if now.strip():
            yield number, now
        number, now = place, line
    if now.strip():
        yield number, now


def _parts(line: str, number: int) -> tuple[str, str]:
    try:
        name, _params, value = Contentline(line).parts()  # type: ignore[no-untyped-call]
    except ValueError as error:
        raise BadCalendar(_("“%(line)s” is no line of a calendar.") % {"line": line[:60]}, number) from error
    name = str(name).upper()
    return name, str(value).strip().upper() if name in ("BEGIN", "END") else ""


# --- events ---------------------------------------------------------------------------------------------------------------


def _refuse_bad(events: Sequence[Any], places: Sequence[_Lines]) -> None:
    if len(events) != len(places):
        raise BadCalendar(_("This is no calendar that can be read: %(why)s") % {"why": "VEVENT"})
    rules = [(event, place) for event, place in zip(events, places, strict=True) if "RRULE" in event or "RDATE" in event]
    if len(rules) > MOST_RULES:
        raise BadCalendar(_("More than %(most)d events that come again.") % {"most": MOST_RULES}, rules[MOST_RULES][1].begin)
    for event, place in zip(events, places, strict=True):
        _refuse_event(event, place)
    for event, place in rules:
        _refuse_rule(event, place)


def _refuse_event(event: Any, place: _Lines) -> None:
    for name, why in event.errors:
        raise BadCalendar(_("%(name)s: %(why)s") % {"name": name, "why": str(why)[:200]}, place.of.get(str(name).upper(), place.begin))
    start = getattr(event.get("DTSTART"), "dt", None)
    if not isinstance(start, date):
        raise BadCalendar(_("This event has no day: DTSTART is missing."), place.begin)
    end = getattr(event.get("DTEND"), "dt", None)
    if end is not None and (isinstance(end, datetime) is not isinstance(start, datetime) or _naive(end) < _naive(start)):
        raise BadCalendar(_("This event ends before it begins."), place.of.get("DTEND", place.begin))


def _naive(at: date) -> datetime:
    """As its wall clock shows it, for a comparison within one event."""
    return at.replace(tzinfo=None) if isinstance(at, datetime) else datetime(at.year, at.month, at.day)


def _refuse_rule(event: Any, place: _Lines) -> None:
    for name in ("RRULE", "EXRULE"):
        for rule in _many(event.get(name)):
            often = {str(freq).upper() for freq in rule.get("FREQ", ())} & TOO_OFTEN
            if often or BY_THE_CLOCK & {str(key).upper() for key in rule}:
                raise BadCalendar(_("It comes again within a day, which a school day does not."), place.of.get(name, place.begin))
    if event["DTSTART"].dt.year < OLDEST_RULE:
        raise BadCalendar(_("It comes again since before %(year)d.") % {"year": OLDEST_RULE}, place.of.get("DTSTART", place.begin))


def _many(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _occurrences(calendar: Any, zone: ZoneInfo, first: date, last: date) -> Iterator[Told]:
    begin, end = (datetime(day.year, day.month, day.day, tzinfo=zone) for day in (first, last + ONE_DAY))
    try:
        found = list(islice(_until(recurring_ical_events.of(calendar).after(begin), end, zone), MOST_OCCURRENCES + 1))
    except (ValueError, TypeError, OverflowError, KeyError) as error:
        raise BadCalendar(_("This is no calendar that can be read: %(why)s") % {"why": str(error)[:200]}) from error
    if len(found) > MOST_OCCURRENCES:
        raise BadCalendar(_("More than %(most)d days of events.") % {"most": MOST_OCCURRENCES})
    for event in found:
        if str(event.get("STATUS", "")).upper() != "CANCELLED":
            one = _told(event, zone)
            if one.last >= first and one.first <= last:
                yield one


def _until(found: Iterator[Any], end: datetime, zone: ZoneInfo) -> Iterator[Any]:
    for event in found:
        if _local(event["DTSTART"].dt, zone) >= end.date():
            return
        yield event


def _local(at: date, zone: ZoneInfo) -> date:
    """The date at the schools; a time without a zone is theirs."""
    if not isinstance(at, datetime):
        return at
    return (at.astimezone(zone) if at.tzinfo else at).date()


def _told(event: Any, zone: ZoneInfo) -> Told:
    first, last = _dates(event, zone)
    summary = _line(event.get("SUMMARY"))
    key = hashlib.sha256(f"{event.get('UID')}|{summary}|{first}|{last}".encode()).hexdigest()[:12]
    if OURS in event:
        ours = _ours(str(event[OURS]), Told(key, first, last, summary, None))
        if ours:
            return ours
    more = " ".join([*(_line(one) for one in _many(event.get("CATEGORIES"))), _line(event.get("DESCRIPTION"))])
    kind = kind_of(summary, more)
    return Told(key, first, last, summary, kind, ends=_ends(event, summary, more, zone) if kind == CalendarDay.Kind.EARLY else None)


def _dates(event: Any, zone: ZoneInfo) -> tuple[date, date]:
    start, end = event["DTSTART"].dt, getattr(event.get("DTEND"), "dt", None)
    if end is None:
        length = getattr(event.get("DURATION"), "dt", timedelta())
        end = start + (length if isinstance(start, datetime) else max(length, ONE_DAY))
    first = _local(start, zone)
    last = _local(end - timedelta(microseconds=1), zone) if isinstance(end, datetime) else end - ONE_DAY
    return first, max(first, last)


def _line(value: Any) -> str:
    cats = getattr(value, "cats", None)
    text = " ".join(str(one) for one in cats) if cats is not None else str(value or "")
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()[:LONGEST_NAME]


def _ends(event: Any, summary: str, more: str, zone: ZoneInfo) -> int | None:
    """A time in the words counts; else that of an event with a time: its end where it covers the day, else its beginning."""
    said = time_in(summary) or time_in(more)
    start, end = event["DTSTART"].dt, getattr(event.get("DTEND"), "dt", None)
    if said is not None or not isinstance(start, datetime):
        return said
    begin = start.astimezone(zone) if start.tzinfo else start
    if begin.hour < 10 and isinstance(end, datetime):
        begin = end.astimezone(zone) if end.tzinfo else end
    return begin.hour * 60 + begin.minute


def _ours(text: str, seen: Told) -> Told | None:
    """What this product wrote; None where somebody made it into something else."""
    try:
        with readable():
            told = json.loads(text)
        kind = CalendarDay.Kind(told["kind"])
        windows = as_windows(told["windows"])
        windows_of(windows or ())
        skipped = frozenset(date.fromisoformat(day) for day in told.get("not", ()))
        name = str(told["name"])[:LONGEST_NAME]
    except (ValueError, TypeError, KeyError, AttributeError, BadHours):
        return None
    renamed = bool(printable(name)) and _line(printable(name)) != seen.name
    return replace(seen, kind=str(kind), name=seen.name if renamed else name, windows=windows, skipped=skipped, exact=True)
