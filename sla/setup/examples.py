"""Worked examples of terms on the district's own calendar: a Tuesday at 10:12, a Friday at 16:40, and a day in a break."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from districts.calendar import Calendar, DayKind, days_from
from sla.clock import due_at
from sla.promise import Notice, OnTheDay, Terms, Tolerance
from sla.words import time_words

TUESDAY, FRIDAY = (1, 10 * 60 + 12), (4, 16 * 60 + 40)  # weekday from Monday 0, minutes
AHEAD = timedelta(days=400)
AWAY = (DayKind.BREAK, DayKind.SUMMER, DayKind.HOLIDAY)  # the first that the calendar has


@dataclass(frozen=True)
class Example:
    start: str  # "Tuesday, November 3, 10:12 AM"
    due: str
    what: str = ""  # of a day in a break: "break"


def examples(terms: Terms, calendar: Calendar, *, now: datetime) -> list[Example]:
    """None for what is held against a figure only. For a notice or a freeze the start is that of what it is about."""
    if all(isinstance(clause.term, Tolerance) for clause in terms.clauses):
        return []
    return [
        Example(_moment(start, calendar), _moment(due_at(terms, start, calendar), calendar), what)
        for start, what in _starts(calendar, calendar.local_date(now))
    ]


def is_ahead(terms: Terms) -> bool:
    """Counted back from what it is about, or on its day."""
    return all(isinstance(clause.term, Notice | OnTheDay) for clause in terms.clauses)


def _starts(calendar: Calendar, today: date) -> Iterator[tuple[datetime, str]]:
    for weekday, minute in (TUESDAY, FRIDAY):
        days = [day for day in days_from(today + timedelta(days=1)) if day.weekday() == weekday][:60]
        day = next((day for day in days if calendar.is_school_day(day)), days[0])
        yield calendar.at_local(day, minute), ""
    day_away = _away(calendar, today)
    if day_away:
        kinds = {DayKind.BREAK: _("in a break"), DayKind.SUMMER: _("in summer"), DayKind.HOLIDAY: _("on a holiday")}
        yield calendar.at_local(day_away, TUESDAY[1]), kinds[calendar.day_kind(day_away)]


def _away(calendar: Calendar, today: date) -> date | None:
    """A working day of the week; a Tuesday where the break is long enough."""
    for kind in AWAY:
        days = [day for day in days_from(today) if day - today < AHEAD and calendar.day_kind(day) is kind and day.weekday() < 5]
        if days:
            return next((day for day in days[:10] if day.weekday() == 1), days[0])
    return None


def _moment(at: datetime, calendar: Calendar) -> str:
    local = at.astimezone(calendar.zone)
    said = {"weekday": date_format(local, "l"), "date": date_format(local, "MONTH_DAY_FORMAT"), "time": time_words(local)}
    return _("%(weekday)s, %(date)s, %(time)s") % said
