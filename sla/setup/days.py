"""The school days ahead as people say them: stretches of dates with one name, and the weekly hours."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from django.utils import formats
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from districts.calendar import Season, Window
from districts.models import CalendarDay
from sla.promise import clock_words, join_words

WEEKEND_BETWEEN = timedelta(days=4)  # Friday to Monday, with a day to spare: still one stretch


@dataclass
class Stretch:
    kind: str
    label: str
    name: str
    site: str
    hours: str
    first: date
    last: date
    ids: list[UUID] = field(default_factory=list)

    def goes_on_with(self, row: CalendarDay, hours: str) -> bool:
        same = (row.kind, row.name, str(row.site or ""), hours) == (self.kind, self.name, self.site, self.hours)
        return same and row.date - self.last < WEEKEND_BETWEEN


def stretches(rows: Sequence[CalendarDay]) -> list[Stretch]:
    """In order of their first date; `rows` come with their sites."""
    found: list[Stretch] = []
    for row in sorted(rows, key=lambda row: (str(row.site or ""), row.date)):
        hours = hours_words(tuple((_minutes(a), _minutes(b)) for a, b in row.windows)) if row.windows else ""
        if not found or not found[-1].goes_on_with(row, hours):
            label = str(CalendarDay.Kind(row.kind).label)
            found.append(Stretch(row.kind, label, row.name, str(row.site or ""), hours, row.date, row.date))
        found[-1].last = row.date
        found[-1].ids.append(row.id)
    return sorted(found, key=lambda one: (one.first, one.site))


def _minutes(text: str) -> int:
    hour, _colon, minute = text.partition(":")
    return int(hour) * 60 + int(minute)


def hours_words(windows: Sequence[Window]) -> str:
    """ "7:30 AM to 12:00 PM and 1:00 PM to 4:30 PM"."""
    return join_words([_("%(opens)s to %(closes)s") % {"opens": clock_words(a), "closes": clock_words(b)} for a, b in windows])


@dataclass(frozen=True)
class Weekly:
    days: str
    hours: str
    when: str


def weekly(seasons: Sequence[Season]) -> list[Weekly]:
    return [Weekly(_days(season.days), hours_words(season.windows) or _("closed"), _when(season)) for season in seasons]


def _days(days: frozenset[int]) -> str:
    ordered = sorted(days)
    if len(ordered) > 2 and ordered == list(range(ordered[0], ordered[-1] + 1)):
        return _("%(first)s to %(last)s") % {"first": WEEKDAYS[ordered[0]], "last": WEEKDAYS[ordered[-1]]}
    return join_words([str(WEEKDAYS[day]) for day in ordered])


def _when(season: Season) -> str:
    if season.first and season.last:
        return _("from %(first)s to %(last)s") % {"first": _date(season.first), "last": _date(season.last)}
    if season.first or season.last:
        return _("from %(day)s on") % {"day": _date(season.first)} if season.first else _("until %(day)s") % {"day": _date(season.last)}
    return _("all year")


def _date(day: date | None) -> str:
    return formats.date_format(day, "DATE_FORMAT") if day else ""
