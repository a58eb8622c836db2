"""Public holidays of the nation and of a state, as the `holidays` library knows them: offered, and entered by nobody but a person."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import holidays
import structlog

from districts.models import CalendarChange, CalendarDay, District, Person
from districts.queries import calendar_from, day_rows, holding
from sla.school.changing import Changed, Wanted, change_days

LANGUAGE = "en_US"  # of their names; the library has no Spanish ones for the United States
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Offer:
    date: date
    name: str
    national: bool
    now: str  # what is entered for this date, by name or kind; empty: nothing
    worked: bool  # somebody works on this weekday at all


def _nation() -> Any:
    return holidays.country_holidays("US", language=LANGUAGE)


@cache
def states() -> tuple[tuple[str, str], ...]:
    """(code, name) of states and territories, by name."""
    names = {code: name for name, code in reversed(_nation().subdivisions_aliases.items())}
    return tuple(sorted(((code, names.get(code, code)) for code in _nation().subdivisions), key=lambda state: state[1]))


def offers(district: District, *, first: date, last: date) -> list[Offer]:
    """Between the two dates, in order."""
    years = range(first.year, last.year + 1)
    national = holidays.country_holidays("US", years=years, language=LANGUAGE)
    state = holidays.country_holidays("US", subdiv=district.state, years=years, language=LANGUAGE) if district.state else {}
    there, weekly = holding(day_rows(first, last), None), calendar_from(district, {})
    found = []
    for day in sorted({*national, *state}):
        if first <= day <= last:
            row = there.get(day)
            now = (row.name or str(CalendarDay.Kind(row.kind).label)) if row else ""
            name = str(national.get(day) or state.get(day) or "")
            found.append(Offer(day, name[:200], day in national, now, bool(weekly.hours(day))))
    return found


def choose_state(state: str, *, district: District, by: Person | None) -> None:
    District.objects.filter(id=district.id).update(state=state)
    log.info("district_state_chosen", state=state, by=by and str(by.id))


def enter_holidays(
    chosen: Collection[date], *, first: date, last: date, district: District, by: Person | None, now: datetime, seen: int | None
) -> Changed:
    """Those of the offers that were ticked. Raises Taken, ChangedMeanwhile (`changing`)."""
    put = [
        Wanted(one.date, CalendarDay.Kind.HOLIDAY, one.name)
        for one in offers(district, first=first, last=last)
        if one.date in chosen and one.worked
    ]
    return change_days(put=put, kind=CalendarChange.Kind.HOLIDAYS, district=district, by=by, now=now, seen=seen)
