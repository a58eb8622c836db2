"""A school year as it is looked at: twelve months of days, each with its kind, and how many there are of each."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.utils import formats
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from districts.calendar import ONE_DAY, SCHOOL_DAYS, Calendar, DayKind
from districts.models import District
from districts.queries import DayRow, calendar_from, day_rows, holding
from sla.setup.days import hours_words

USUAL_START = 8  # August
STARTS = range(6, 11)  # a first day of school in another month tells of something else
# What a kind is called, and the sign that stands for it: told apart without colour, and in print.
KINDS: dict[DayKind, tuple[str | Promise, str]] = {
    DayKind.SCHOOL: (gettext_lazy("School day"), "●"),
    DayKind.EARLY: (gettext_lazy("Early release"), "◐"),
    DayKind.STAFF: (gettext_lazy("Staff day, no students"), "T"),
    DayKind.BREAK: (gettext_lazy("Break"), "B"),
    DayKind.HOLIDAY: (gettext_lazy("Holiday"), "H"),
    DayKind.CLOSURE: (gettext_lazy("Closed at short notice"), "✕"),
    DayKind.SUMMER: (gettext_lazy("Summer"), "~"),
    DayKind.WEEKEND: (gettext_lazy("Weekend, no weekly hours"), "–"),
}


@dataclass(frozen=True)
class Cell:
    day: date
    kind: DayKind
    name: str
    hours: str  # in words; empty: closed
    own: bool  # entered for this site alone
    today: bool
    changed: bool  # a day that differs from the weekly hours

    @property
    def sign(self) -> str:
        return KINDS[self.kind][1]

    @property
    def label(self) -> str:
        """ "Wednesday, November 25, 2026: Holiday, Thanksgiving. Closed."."""
        said = [str(KINDS[self.kind][0]), *([self.name] if self.name else [])]
        hours = _("Open %(hours)s.") % {"hours": self.hours} if self.hours else _("Closed.")
        day = f"{WEEKDAYS[self.day.weekday()]}, {formats.date_format(self.day, 'DATE_FORMAT')}"
        return _("%(day)s: %(what)s. %(hours)s") % {"day": day, "what": ", ".join(said), "hours": hours}


@dataclass(frozen=True)
class Month:
    first: date
    weeks: list[list[Cell | None]]  # Sunday first, as families' calendars have it
    school_days: int


@dataclass(frozen=True)
class Total:
    kind: DayKind
    label: str
    sign: str
    days: int


@dataclass(frozen=True)
class Year:
    first: date
    last: date
    months: list[Month]
    totals: list[Total]

    @property
    def name(self) -> str:
        return f"{self.first.year}–{self.last.year % 100:02d}" if self.last.year != self.first.year else str(self.first.year)

    @property
    def school_days(self) -> int:
        return sum(total.days for total in self.totals if total.kind in SCHOOL_DAYS)


def begins(district: District, day: date) -> date:
    """First day of the month with which the school year of `day` begins."""
    start = district.first_day.month if district.first_day and district.first_day.month in STARTS else USUAL_START
    return date(day.year if day.month >= start else day.year - 1, start, 1)


def ends(first: date) -> date:
    return date(first.year + 1, first.month, 1) - ONE_DAY


def weekday_heads() -> list[tuple[str, str]]:
    """(short, whole), Sunday first."""
    return [(str(WEEKDAYS_ABBR[n]), str(WEEKDAYS[n])) for n in (6, *range(6))]


def year_of(district: District, site_id: UUID | None, *, first: date, today: date) -> Year:
    """`first` as `begins` gives it. One query."""
    last = ends(first)
    rows = holding(day_rows(first, last), site_id)
    calendar = calendar_from(district, rows)
    cells = [cell(calendar, rows, first + timedelta(days=n), site_id, today) for n in range((last - first).days + 1)]
    months = [_month([one for one in cells if (one.day.year, one.day.month) == ahead]) for ahead in _months(first)]
    return Year(first, last, months, _totals(cells))


def cell(calendar: Calendar, rows: Mapping[date, DayRow], day: date, site_id: UUID | None, today: date) -> Cell:
    row = rows.get(day)
    return Cell(
        day=day, kind=calendar.day_kind(day), name=row.name if row else "", hours=hours_words(calendar.hours(day)),
        own=bool(row and site_id and row.site_id == site_id), today=day == today, changed=row is not None,
    )  # fmt: skip


def _months(first: date) -> Iterator[tuple[int, int]]:
    for ahead in range(12):
        month = first.month - 1 + ahead
        yield first.year + month // 12, month % 12 + 1


def _month(cells: list[Cell]) -> Month:
    padded: list[Cell | None] = [*[None] * ((cells[0].day.weekday() + 1) % 7), *cells]
    padded += [None] * (-len(padded) % 7)
    weeks = [padded[n : n + 7] for n in range(0, len(padded), 7)]
    return Month(cells[0].day, weeks, sum(one.kind in SCHOOL_DAYS for one in cells))


def _totals(cells: list[Cell]) -> list[Total]:
    count = Counter(one.kind for one in cells)
    return [Total(kind, str(label), sign, count[kind]) for kind, (label, sign) in KINDS.items()]
