"""A calendar file (RFC 5545) read into stretches of school days; a file that cannot be read says at which line.

Nothing is fetched: the bytes come from a person. What could cost without end (rules by the hour, rules from long ago, very many
events) is refused.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from dateutil.rrule import rrulestr
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
MOST_STEPS = 100_000  # of a day or a month, in which the rules of a file are walked; some 300,000 a second
MOST_SECONDS = 3.0  # for all of them
LONGEST_EVENT = timedelta(days=400)
OLDEST_RULE = 1990  # a rule is walked from its first day on
TOO_OFTEN = {"SECONDLY", "MINUTELY", "HOURLY"}
SELDOM = {"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"}  # with a day or a week: a rule that never fits is walked to the year 9999
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
    text = decoded(data)
    places = _checked(text)
    try:
        calendars = ICalendar.from_ical(_one_kind_of_end(text), multiple=True)
    except (ValueError, KeyError, IndexError) as error:
        raise BadCalendar(_("This is no calendar that can be read: %(why)s") % {"why": str(error)[:200]}) from error
    events = [event for one in calendars for event in one.walk("VEVENT")]
    _refuse_bad(events, places)
    told = {one.key: one for calendar in calendars for one in _occurrences(calendar, zone, first, last)}
    return sorted(told.values(), key=lambda one: (one.first, one.last, one.name, one.key))


# --- the text -------------------------------------------------------------------------------------------------------------


def decoded(data: bytes) -> str:
    """Raises BadCalendar."""
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
    for place, line in enumerate(_one_kind_of_end(text).split("\n"), 1):
        if line[:1] in (" ", "\t") and now:
            now += line[1:]
            continue
        if now.strip():
            yield number, now
        number, now = place, line
    if now.strip():
        yield number, now


def _one_kind_of_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


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
    end, length = (getattr(event.get(name), "dt", None) for name in ("DTEND", "DURATION"))
    if end is not None and (isinstance(end, datetime) is not isinstance(start, datetime) or _naive(end) < _naive(start)):
        raise BadCalendar(_("This event ends before it begins."), place.of.get("DTEND", place.begin))
    if length is not None and length < timedelta():
        raise BadCalendar(_("This event ends before it begins."), place.of.get("DURATION", place.begin))


def _naive(at: date) -> datetime:
    """As its wall clock shows it, for a comparison within one event."""
    return at.replace(tzinfo=None) if isinstance(at, datetime) else datetime(at.year, at.month, at.day)


def _refuse_rule(event: Any, place: _Lines) -> None:
    for name in ("RRULE", "EXRULE"):
        for rule in _many(event.get(name)):
            here = place.of.get(name, place.begin)
            often = {str(freq).upper() for freq in rule.get("FREQ", ())} & TOO_OFTEN
            if often or BY_THE_CLOCK & {str(key).upper() for key in rule}:
                raise BadCalendar(_("It comes again within a day, which a school day does not."), here)
            if str(_first(rule, "FREQ", "")).upper() in ("DAILY", "WEEKLY") and SELDOM & {str(key).upper() for key in rule}:
                raise BadCalendar(_("It comes again by a rule that no school calendar needs."), here)
            if any(not isinstance(n, int) or n < 1 for key in ("INTERVAL", "COUNT") for n in _many(rule.get(key))):
                raise BadCalendar(_("It comes again every 0 days: that is never, or always."), here)
    if event["DTSTART"].dt.year < OLDEST_RULE:
        raise BadCalendar(_("It comes again since before %(year)d.") % {"year": OLDEST_RULE}, place.of.get("DTSTART", place.begin))


def _many(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _occurrences(calendar: Any, zone: ZoneInfo, first: date, last: date) -> Iterator[Told]:
    begin, end = (datetime(day.year, day.month, day.day, tzinfo=zone) for day in (first, last + ONE_DAY))
    try:
        _end_rules(calendar.walk("VEVENT"), first, last)
        found = recurring_ical_events.of(calendar).between(begin, end)
    except (ValueError, TypeError, OverflowError, KeyError, AttributeError) as error:
        if isinstance(error, BadCalendar):
            raise
        raise BadCalendar(_("This is no calendar that can be read: %(why)s") % {"why": str(error)[:200]}) from error
    if len(found) > MOST_OCCURRENCES:
        raise BadCalendar(_("More than %(most)d days of events.") % {"most": MOST_OCCURRENCES})
    for event in found:
        if str(event.get("STATUS", "")).upper() != "CANCELLED":
            one = _told(event, zone)
            if one.last >= first and one.first <= last:
                yield _clipped(one, first, last)


def _clipped(one: Told, first: date, last: date) -> Told:
    """Only the part that is looked at; what lasts longer than any school year is about no school day."""
    kind = one.kind if (one.last - one.first) <= LONGEST_EVENT else None
    return replace(one, first=max(one.first, first), last=min(one.last, last), kind=kind)


def _end_rules(events: Iterable[Any], first: date, last: date) -> None:
    """Each rule ends with the days that are looked at: an open one, or one that never fits, is walked to the year 9999 otherwise."""
    steps, met, until = 0, 0, time.monotonic() + MOST_SECONDS
    for event in events:
        for rule in _many(event.get("RRULE")):
            start = event["DTSTART"].dt
            steps += _steps(rule, start, last)
            if steps > MOST_STEPS or time.monotonic() > until:
                raise BadCalendar(_("What comes again in it has begun too long ago, or there is too much of it."))
            days = _days_of(rule, start, last)
            met += sum(day >= first for day in days)
            if met > MOST_OCCURRENCES:
                raise BadCalendar(_("More than %(most)d days of events.") % {"most": MOST_OCCURRENCES})
            if not days:
                event.pop("RRULE", None)
            elif len(days) < _first(rule, "COUNT", len(days) + 1):
                _end_after(rule, start, last)


def _steps(rule: Any, start: date, last: date) -> int:
    """Of a walk to the last day, about."""
    days = max(0, (last - _naive(start).date()).days) + 1
    return days if str(_first(rule, "FREQ", "")).upper() in ("DAILY", "WEEKLY") else days // 30 + 1


def _days_of(rule: Any, start: date, last: date) -> list[date]:
    """On which it comes again, up to `last`, whatever it says of its end but for how often."""
    text = ";".join(part for part in rule.to_ical().decode().split(";") if part.split("=")[0].upper() not in ("COUNT", "UNTIL"))
    found = rrulestr(f"{text};UNTIL={last:%Y%m%d}T235959", dtstart=_naive(start))
    return [at.date() for at in islice(found, _first(rule, "COUNT", None))]


def _end_after(rule: Any, start: date, day: date) -> None:
    """It keeps its own end where that is earlier."""
    given = _first(rule, "UNTIL", None)
    if given is not None and _naive(given).date() <= day:
        return
    end: date = day
    if isinstance(start, datetime):
        end = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC if start.tzinfo else None)
        end += ONE_DAY if start.tzinfo else timedelta()  # wherever its zone is; what is a day too late is not looked at
    rule.pop("COUNT", None)
    rule["UNTIL"] = [end]


def _first(rule: Any, name: str, without: Any) -> Any:
    return next(iter(_many(rule.get(name))), without)


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
