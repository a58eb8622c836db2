"""The calendar as iCalendar (RFC 5545): all-day events that any program shows, and that read back here to the same rows.

A stretch of days is one event, also over days on which nobody works anyway; X-FRONT-DOOR-DAY says what it is exactly. Nothing in the
text depends on when it is asked for, so that its hash (the ETag) changes with the calendar only.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from icalendar import Calendar as ICalendar
from icalendar import Event

from districts.calendar import ONE_DAY, Calendar, minute_of
from districts.models import CalendarDay, District, Site
from districts.queries import DayRow, calendar_from, day_rows, holding
from sla.school.changing import Windows, as_windows
from sla.setup.days import hours_words

OURS = "X-FRONT-DOOR-DAY"
PRODUCT = "-//Front door//School calendar//EN"
BACK, AHEAD = timedelta(days=400), timedelta(days=800)


@dataclass
class Stretch:
    """Dates with one kind, name and hours; `skipped` are those between on which nobody works."""

    kind: str
    name: str
    windows: Windows | None
    first: date
    last: date
    changed_at: datetime
    skipped: list[date] = field(default_factory=list)

    def same(self, row: DayRow) -> bool:
        return (self.kind, self.name, self.windows) == (row.kind, row.name, as_windows(row.windows))

    def go_on(self, row: DayRow) -> None:
        self.skipped += [self.last + timedelta(days=n) for n in range(1, (row.date - self.last).days)]
        self.last, self.changed_at = row.date, max(self.changed_at, row.entered_at)


def calendar_text(district: District, site: Site | None, *, today: date) -> bytes:
    """Of the district, or what holds at one of its sites."""
    rows = holding(day_rows(today - BACK, today + AHEAD), site.id if site else None)
    return text_of(rows, district, site)


def text_of(rows: Mapping[date, DayRow], district: District, site: Site | None) -> bytes:
    name = f"{district.name}: {site.name}" if site else district.name
    head = ICalendar()
    for key, value in (("prodid", PRODUCT), ("version", "2.0"), ("method", "PUBLISH"), ("x-wr-calname", name)):
        head.add(key, value)
    head.add("x-wr-timezone", district.time_zone)
    head.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for one in stretches(rows, calendar_from(district, {})):
        head.add_component(_event(one, district, site))
    return bytes(head.to_ical())


def stretches(rows: Mapping[date, DayRow], weekly: Calendar) -> Iterator[Stretch]:
    """In order of their first day. `weekly`: the hours with no particular days."""
    now: Stretch | None = None
    for day in sorted(rows):
        row = rows[day]
        if now and now.same(row) and _nobody_between(now.last, day, weekly):
            now.go_on(row)
            continue
        if now:
            yield now
        now = Stretch(row.kind, row.name, as_windows(row.windows), day, day, row.entered_at)
    if now:
        yield now


def _nobody_between(last: date, day: date, weekly: Calendar) -> bool:
    return (day - last).days <= 4 and not any(weekly.hours(last + timedelta(days=n)) for n in range(1, (day - last).days))


def _event(one: Stretch, district: District, site: Site | None) -> Event:
    kind = str(CalendarDay.Kind(one.kind).label)
    event = Event()
    event.add("uid", f"{one.first:%Y%m%d}-{(site.id if site else district.id).hex[-12:]}@{district.host}")
    event.add("dtstamp", one.changed_at.replace(microsecond=0))
    event.add("last-modified", one.changed_at.replace(microsecond=0))
    event.add("dtstart", one.first)
    event.add("dtend", one.last + ONE_DAY)  # the end is not in it
    event.add("summary", printable(one.name) or kind)
    said = [kind, *([_("Open %(hours)s.") % {"hours": hours_words(_minutes(one.windows))}] if one.windows else [])]
    event.add("description", "\n".join(said))
    event.add("categories", [one.kind])
    event.add("transp", "TRANSPARENT")  # nobody's meeting is refused because school is closed
    event.add(OURS, _ours(one))
    return event


def printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


def _ours(one: Stretch) -> str:
    told: dict[str, Any] = {"kind": one.kind, "name": one.name, "windows": one.windows}
    if one.skipped:
        told["not"] = [day.isoformat() for day in one.skipped]
    return json.dumps(told, separators=(",", ":"))


def _minutes(windows: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
    return [(minute_of(opens), minute_of(closes)) for opens, closes in windows]
