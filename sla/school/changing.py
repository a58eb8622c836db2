"""Every act on the school calendar: one transaction, one line in the district's list of changes, open promises counted again.

Acts of one district come one after the other: each holds the district's row until it is committed. Whoever edits sends along the
number of the last change that was on the page (`seen`); what was changed since, on the same dates, is never replaced unseen.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction

from districts import actions as districts
from districts.calendar import Season
from districts.models import CalendarChange, CalendarDay, District, Person, Site
from districts.queries import calendar_of
from sla import actions

MOST_DAYS = 200  # of one entry: more is a slip of the keyboard
SETTINGS = ("hours", "first_day", "last_day", "school_release")  # of the district's own row
Key = tuple[date, UUID | None]  # date, site; no site: the whole district
Windows = tuple[tuple[str, str], ...]
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Wanted:
    """A day as it shall be. `windows` None: by its kind; empty: closed."""

    date: date
    kind: str
    name: str = ""
    windows: Windows | None = None
    site_id: UUID | None = None

    @property
    def key(self) -> Key:
        return self.date, self.site_id

    def is_there(self, row: CalendarDay | None) -> bool:
        return row is not None and (row.kind, row.name, as_windows(row.windows)) == (self.kind, self.name, self.windows)


def as_windows(raw: Iterable[Sequence[str]] | None) -> Windows | None:
    return None if raw is None else tuple((opens, closes) for opens, closes in raw)


@dataclass(frozen=True)
class Changed:
    days: int
    replaced: int = 0  # dates that were something else before
    rederived: int = 0  # open tickets whose promises are counted again
    number: int | None = None  # of the change; None: nothing was different


class ChangedMeanwhile(districts.Taken):
    """Somebody changed the same dates (or the hours) after the page was read; `change` says who, and when."""

    def __init__(self, change: CalendarChange, dates: Sequence[date] = ()) -> None:
        self.change, self.dates = change, dates
        super().__init__(str(change))


class NothingToUndo(Exception):
    """The last change was undone already, or the days are not as it left them."""


# --- acts -----------------------------------------------------------------------------------------------------------------


def enter_days(
    *, first: date, last: date, kind: str, name: str, site: Site | None, windows: Sequence[Sequence[str]] | None, district: District,
    by: Person | None, now: datetime, seen: int | None = None,
) -> Changed:  # fmt: skip
    """Each date from `first` to `last`, both in it; in a longer stretch the days on which nobody works anyway are left out.

    Raises Taken (districts.actions) where somebody entered one of them at the same time, ChangedMeanwhile where since `seen`.
    """
    seasons = calendar_of(district, site, now=now).seasons
    put = [Wanted(day, kind, name, as_windows(windows or None), site.id if site else None) for day in worked(first, last, seasons)]
    return change_days(put=put, kind=CalendarChange.Kind.ENTERED, district=district, by=by, now=now, seen=seen)


def worked(first: date, last: date, seasons: Iterable[Season]) -> list[date]:
    """The dates of a stretch on which somebody works in some week; all of them where that is none, or where it is one day."""
    dates = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    known = list(seasons)
    return [day for day in dates if first == last or any(one.windows for one in known if one.fits(day))] or dates


def remove_days(keys: Collection[Key], *, district: District, by: Person | None, now: datetime, seen: int | None = None) -> Changed:
    """Those dates follow the weekly hours again (a site's: the district's day). Raises ChangedMeanwhile."""
    return change_days(drop=keys, kind=CalendarChange.Kind.REMOVED, district=district, by=by, now=now, seen=seen)


def change_days(
    *, put: Iterable[Wanted] = (), drop: Collection[Key] = (), kind: str, district: District, by: Person | None, now: datetime,
    seen: int | None = None,
) -> Changed:  # fmt: skip
    """One act: these days are so from now on, and those are nothing particular. Raises Taken, ChangedMeanwhile."""
    wanted = {one.key: one for one in put}
    with transaction.atomic():
        hold(district)
        _refuse_unseen(seen, {*wanted, *drop})
        there = _rows({*wanted, *drop})
        fresh = [one for key, one in wanted.items() if not one.is_there(there.get(key))]
        gone = [there[key] for key in {one.key for one in fresh} | (set(drop) - wanted.keys()) if key in there]
        if not fresh and not gone:
            return Changed(days=len(wanted))
        rows = [_row(one, now) for one in fresh]
        _replace(gone, rows)
        number = _note(kind, before=[_told(r) for r in gone], after=[_told(r) for r in rows], by=by, now=now)
        rederived = actions.calendar_changed(district, now=now)
    log.info("calendar_changed", change=number, kind=kind, days=len(rows), gone=len(gone), by=by and str(by.id))
    replaced = len([row for row in gone if (row.date, row.site_id) in wanted])
    return Changed(days=len(wanted) or len(gone), replaced=replaced, rederived=rederived, number=number)


def save_hours(values: Mapping[str, Any], *, district: District, by: Person | None, now: datetime, seen: int | None = None) -> Changed:
    """`values` of SETTINGS, checked. Raises ChangedMeanwhile where the hours were changed since `seen`."""
    with transaction.atomic():
        held = hold(district)
        _refuse_unseen(seen, None)
        before, after = _settings(held), _settings(District(**{name: values[name] for name in SETTINGS}))
        if before == after:
            return Changed(days=0)
        _set(held, after)
        number = _note(CalendarChange.Kind.HOURS, before=[before], after=[after], by=by, now=now)
        rederived = actions.calendar_changed(district, now=now)
    log.info("calendar_hours_changed", change=number, by=by and str(by.id))
    return Changed(days=0, rederived=rederived, number=number)


def undo(number: int, *, district: District, by: Person | None, now: datetime) -> Changed:
    """The change of this number, which must be the last that is not undone: everything is as before it. Raises NothingToUndo."""
    with transaction.atomic():
        held = hold(district)
        change = undoable()
        if change is None or change.number != number:
            raise NothingToUndo
        (_undo_hours if change.kind == CalendarChange.Kind.HOURS else _undo_days)(change, held)
        CalendarChange.objects.filter(id=change.id).update(undone_at=now)
        noted = _note(CalendarChange.Kind.UNDONE, before=change.after, after=change.before, by=by, now=now)
        rederived = actions.calendar_changed(district, now=now)
    log.info("calendar_change_undone", change=number, by=by and str(by.id))
    return Changed(days=len({*_dates(change)}), rederived=rederived, number=noted)


# --- reads ----------------------------------------------------------------------------------------------------------------


def last_number() -> int:
    """Of the district in scope; 0 before the first change."""
    return CalendarChange.objects.order_by("-number").values_list("number", flat=True).first() or 0


def undoable() -> CalendarChange | None:
    """The last change that stands."""
    standing = CalendarChange.objects.exclude(kind=CalendarChange.Kind.UNDONE).filter(undone_at__isnull=True)
    return standing.select_related("by").order_by("-number").first()


def keys_of(change: CalendarChange) -> set[Key]:
    """The dates it touched; none for one of the weekly hours."""
    told = [*change.before, *change.after]
    return {(date.fromisoformat(row["date"]), UUID(row["site"]) if row["site"] else None) for row in told if "date" in row}


# --- inside ---------------------------------------------------------------------------------------------------------------


def hold(district: District) -> District:
    """The district's own row as it is now, held to the end of the transaction; foreign keys that point at it do not wait."""
    return District.objects.select_for_update(no_key=True).get(id=district.id)


def _refuse_unseen(seen: int | None, keys: set[Key] | None) -> None:
    """`keys` None: of the weekly hours."""
    if seen is None:
        return
    for change in CalendarChange.objects.filter(number__gt=seen).select_related("by").order_by("-number"):
        dates = sorted({day for day, _site in keys_of(change) & keys}) if keys is not None else []
        if dates or (keys is None and not keys_of(change)):
            raise ChangedMeanwhile(change, dates)


def _rows(keys: set[Key]) -> dict[Key, CalendarDay]:
    rows = CalendarDay.objects.filter(date__in={day for day, _site in keys})
    return {(row.date, row.site_id): row for row in rows if (row.date, row.site_id) in keys}


def _row(one: Wanted, now: datetime) -> CalendarDay:
    windows = None if one.windows is None else [list(pair) for pair in one.windows]
    return CalendarDay(date=one.date, kind=one.kind, name=one.name, site_id=one.site_id, windows=windows, entered_at=now)


def _replace(gone: Sequence[CalendarDay], rows: Sequence[CalendarDay]) -> None:
    """Raises Taken, and leaves the transaction whole."""
    try:
        with transaction.atomic():
            CalendarDay.objects.filter(id__in=[row.id for row in gone]).delete()
            CalendarDay.objects.bulk_create(rows)
    except IntegrityError as error:
        raise districts.Taken from error


def _note(kind: str, *, before: list[Any], after: list[Any], by: Person | None, now: datetime) -> int:
    number = last_number() + 1
    CalendarChange.objects.create(number=number, kind=kind, at=now, by=by, before=before, after=after)
    return number


def _told(row: CalendarDay) -> dict[str, Any]:
    return {
        "date": row.date.isoformat(), "site": str(row.site_id) if row.site_id else None, "kind": row.kind, "name": row.name,
        "windows": row.windows, "entered_at": row.entered_at.isoformat(),
    }  # fmt: skip


def _untold(row: Mapping[str, Any]) -> CalendarDay:
    return CalendarDay(
        date=date.fromisoformat(row["date"]), site_id=UUID(row["site"]) if row["site"] else None, kind=row["kind"], name=row["name"],
        windows=row["windows"], entered_at=datetime.fromisoformat(row["entered_at"]),
    )  # fmt: skip


def _dates(change: CalendarChange) -> Iterable[date]:
    return (day for day, _site in keys_of(change))


def _undo_days(change: CalendarChange, _district: District) -> None:
    there = _rows(keys_of(change))
    left = {(date.fromisoformat(r["date"]), UUID(r["site"]) if r["site"] else None): r for r in change.after}
    if there.keys() != left.keys() or any(_told(row) != left[key] for key, row in there.items()):
        raise NothingToUndo
    _replace(list(there.values()), [_untold(row) for row in change.before])


def _undo_hours(change: CalendarChange, district: District) -> None:
    if _settings(district) != change.after[0]:
        raise NothingToUndo
    _set(district, change.before[0])


def _settings(district: District) -> dict[str, Any]:
    told = {name: getattr(district, name) for name in SETTINGS}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in told.items()}


def _set(district: District, values: Mapping[str, Any]) -> None:
    for name in SETTINGS:
        value = values[name]
        setattr(district, name, date.fromisoformat(value) if value and name.endswith("_day") else value)
    district.save(update_fields=list(SETTINGS))
