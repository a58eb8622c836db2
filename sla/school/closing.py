"""School is called off, opens late or ends early: declared at 5:45 AM in ten seconds, and undone as fast."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from districts.calendar import SCHOOL_DAYS, Calendar, DayKind, Window
from districts.models import CalendarChange, CalendarDay, District, Person, Site
from districts.queries import DayRow, calendar_from, day_rows, holding
from sla.school.changing import Changed, Wanted, Windows, change_days, worked
from tickets.models import Ticket

LONGEST = 31  # days of one declaration


class What(StrEnum):
    CLOSED = "closed"
    LATE = "late"
    EARLY = "early"


class NotOpenAnyway(Exception):
    """Nobody would have come on these dates at these hours: there is nothing to change."""


@dataclass(frozen=True)
class Declared:
    changed: Changed
    due: int  # promises that were due on these dates


@dataclass(frozen=True)
class Notice:
    """`sites` empty: the whole district. `minutes`: how much later school opens, or at what minute of the day it closes."""

    what: What
    first: date
    last: date
    name: str
    sites: Sequence[Site] = ()
    minutes: int = 0


def declare(notice: Notice, *, district: District, by: Person | None, now: datetime, seen: int | None = None) -> Declared:
    """Raises NotOpenAnyway, Taken and ChangedMeanwhile (`changing`)."""
    put = list(_days(notice, district))
    if not put:
        raise NotOpenAnyway
    due = due_on({one.date for one in put}, district, notice.sites, now=now)
    changed = change_days(put=put, kind=CalendarChange.Kind.CLOSED, district=district, by=by, now=now, seen=seen)
    return Declared(changed, due)


def due_on(dates: set[date], district: District, sites: Sequence[Site] = (), *, now: datetime) -> int:
    """Promises of live tickets that fall on these local dates and are still ahead."""
    midnight = [datetime.combine(day, time(), tzinfo=district.zone) for day in (min(dates), max(dates) + timedelta(days=1))]
    tickets = Ticket.objects.filter(status__in=Ticket.LIVE, due_at__gte=max(midnight[0], now), due_at__lt=midnight[1])
    found: int = (tickets.filter(site__in=sites) if sites else tickets).count()
    return found


def _days(notice: Notice, district: District) -> Iterator[Wanted]:
    rows = day_rows(notice.first, notice.last)
    for site_id in _scopes(notice, rows):
        calendar = calendar_from(district, holding(rows, site_id))
        own = {row.date for row in rows if row.site_id == site_id}
        for day in worked(notice.first, notice.last, calendar.seasons):
            if site_id is None or notice.sites or day in own:
                yield from _day(notice, calendar, day, site_id)


def _scopes(notice: Notice, rows: Sequence[DayRow]) -> list[UUID | None]:
    """Whose days change. Hours of the whole district change at sites with hours of their own, too; a closure needs no word for them."""
    if notice.sites:
        return [site.id for site in notice.sites]
    own = {row.site_id for row in rows if row.site_id} if notice.what is not What.CLOSED else set()
    return [None, *sorted(own)]


def _day(notice: Notice, calendar: Calendar, day: date, site_id: UUID | None) -> Iterator[Wanted]:
    if notice.what is What.CLOSED:
        yield Wanted(day, CalendarDay.Kind.CLOSURE, notice.name, None, site_id)
        return
    before = calendar.hours(day)
    left = _later(before, notice.minutes) if notice.what is What.LATE else _until(before, notice.minutes)
    if left and left != before:
        yield Wanted(day, _kind(notice.what, calendar.day_kind(day)), notice.name, _text(left), site_id)


def _later(hours: Sequence[Window], minutes: int) -> tuple[Window, ...]:
    """The day begins so much later; what of it is over by then is left out."""
    opens = hours[0][0] + minutes if hours else 0
    return tuple((max(begin, opens), end) for begin, end in hours if end > opens)


def _until(hours: Sequence[Window], closes: int) -> tuple[Window, ...]:
    return tuple((begin, min(end, closes)) for begin, end in hours if begin < closes)


def _kind(what: What, before: DayKind) -> str:
    """A staff day that begins late is a staff day, and so is one in summer; one with students that ends early is an early release."""
    if before not in SCHOOL_DAYS:
        return before.value if before.value in CalendarDay.Kind.values else CalendarDay.Kind.STAFF
    return CalendarDay.Kind.EARLY if what is What.EARLY or before is DayKind.EARLY else CalendarDay.Kind.SCHOOL


def _text(hours: Sequence[Window]) -> Windows:
    return tuple((_clock(begin), _clock(end)) for begin, end in hours)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
