"""What a calendar file would change here, looked at by a person before anything is changed; and then changed, in one act."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from districts.calendar import Calendar
from districts.models import CalendarChange, CalendarDay, District, Person, Site
from districts.queries import DayRow, calendar_from, day_rows, holding
from sla.school.changing import Changed, Key, Wanted, Windows, as_windows, change_days, worked
from sla.school.ics_in import Told, read
from sla.school.ics_out import Stretch, stretches

BACK, AHEAD = timedelta(days=400), timedelta(days=800)
NEW, CHANGED, SAME, NOTHING = "new", "changed", "same", "nothing"


@dataclass(frozen=True)
class Item:
    told: Told
    state: str
    days: int
    now: tuple[str, ...]  # what these dates are here, by name or kind, where that is something else


@dataclass(frozen=True)
class Plan:
    items: list[Item]
    gone: list[Stretch]  # entered here, in the time the file is about, and not in the file


def plan(data: bytes, district: District, site: Site | None, *, today: date) -> Plan:
    """Raises BadCalendar (`ics_in`)."""
    told = read(data, district.zone, first=today - BACK, last=today + AHEAD)
    rows = day_rows(today - BACK, today + AHEAD)
    weekly = calendar_from(district, {})
    usual = _usual(rows)
    told = [_with_hours(one, weekly, usual) for one in told]
    there = holding(rows, site.id if site else None)
    return Plan([_item(one, there, weekly) for one in told], _gone(told, rows, site, weekly))


def apply(
    chosen: Sequence[Told], drop: Collection[date], *, site: Site | None, district: District, by: Person | None, now: datetime,
    seen: int | None,
) -> Changed:  # fmt: skip
    """Where two are about one date, the shorter holds: a holiday within a break. Raises Taken, ChangedMeanwhile."""
    weekly, today = calendar_from(district, {}), district.today(now)
    there = holding(day_rows(today - BACK, today + AHEAD), site.id if site else None)
    site_id = site.id if site else None
    put = {one.date: replace(one, site_id=site_id) for one in _wanted(chosen, weekly)}
    fresh = [one for one in put.values() if not _is_same(one, there.get(one.date))]
    keys: set[Key] = {(day, site_id) for day in drop if day not in put}
    return change_days(put=fresh, drop=keys, kind=CalendarChange.Kind.IMPORTED, district=district, by=by, now=now, seen=seen)


def _wanted(chosen: Iterable[Told], weekly: Calendar) -> Iterator[Wanted]:
    for one in sorted(chosen, key=lambda told: (told.first - told.last, told.first)):
        for day in dates_of(one, weekly):
            yield Wanted(day, one.kind or CalendarDay.Kind.SCHOOL, one.name, one.windows)


def dates_of(one: Told, weekly: Calendar) -> list[date]:
    if not one.exact:
        return worked(one.first, one.last, weekly.seasons)
    dates = [one.first + timedelta(days=n) for n in range((one.last - one.first).days + 1)]
    return [day for day in dates if day not in one.skipped]


def _usual(rows: Iterable[DayRow]) -> Windows | None:
    """The hours that early releases here mostly have."""
    known = Counter(as_windows(row.windows) for row in rows if row.kind == CalendarDay.Kind.EARLY and row.windows)
    return known.most_common(1)[0][0] if known else None


def _with_hours(one: Told, weekly: Calendar, usual: Windows | None = None) -> Told:
    """An early release that says when it ends has the hours of that weekday until then; one that does not has the usual ones."""
    if one.exact or one.windows is not None or one.kind != CalendarDay.Kind.EARLY:
        return one
    if one.ends is None:
        return replace(one, windows=usual)
    hours = [(begin, min(end, one.ends)) for begin, end in weekly.hours(one.first) if begin < one.ends]
    return replace(one, windows=_text(hours)) if hours else one


def _text(hours: Iterable[tuple[int, int]]) -> Windows:
    return tuple((f"{a // 60:02d}:{a % 60:02d}", f"{b // 60:02d}:{b % 60:02d}") for a, b in hours)


def _item(one: Told, there: Mapping[date, DayRow], weekly: Calendar) -> Item:
    dates = dates_of(one, weekly)
    rows = [there[day] for day in dates if day in there]
    if one.kind is None:
        return Item(one, NOTHING, len(dates), ())
    wanted = Wanted(one.first, one.kind, one.name, one.windows)
    other = [row for row in rows if not _is_same(wanted, row)]
    names = tuple(dict.fromkeys(row.name or str(CalendarDay.Kind(row.kind).label) for row in other))
    state = CHANGED if other else SAME if len(rows) == len(dates) else NEW
    return Item(one, state, len(dates), names)


def _is_same(wanted: Wanted, row: DayRow | None) -> bool:
    return row is not None and (row.kind, row.name, as_windows(row.windows)) == (wanted.kind, wanted.name, wanted.windows)


def _gone(told: Sequence[Told], rows: Sequence[DayRow], site: Site | None, weekly: Calendar) -> list[Stretch]:
    """Of the place's own days; none where the file says nothing about school days."""
    about = [one for one in told if one.kind]
    if not about:
        return []
    first, last = min(one.first for one in about), max(one.last for one in about)
    told_of = {day for one in about for day in dates_of(one, weekly)}
    site_id: UUID | None = site.id if site else None
    own = {row.date: row for row in rows if row.site_id == site_id and first <= row.date <= last and row.date not in told_of}
    return list(stretches(own, weekly))
