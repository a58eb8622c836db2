"""A service with its promises, and the school days ahead: what administrators change, each in one act."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from districts import actions as districts
from districts.models import CalendarDay, District, Person, Service, Site
from districts.queries import calendar_of
from sla import actions
from sla.models import Policy

MOST_DAYS = 200  # of one entry: more is a slip of the keyboard
log = structlog.get_logger(__name__)

Key = tuple[str, Service | None, int | None]  # kind of clock, service, priority


def save_service(
    service: Service | None, *, values: Mapping[str, Any], promises: Mapping[str, str], by: Person | None, now: datetime
) -> Service:
    """`promises`: terms by kind of clock, empty for none of its own. Open tickets get the new time. Raises NotUnderstood,
    and Taken (districts.actions) where somebody added one of this name just now."""
    with transaction.atomic():
        saved = districts.save_service(service, **values, by=by)
        promise({(kind, saved, None): terms for kind, terms in promises.items()}, by=by, now=now)
    return saved


def promise(promises: Mapping[Key, str], *, by: Person | None, now: datetime) -> int:
    """Set those that have terms and withdraw the others; returns how many changed. Raises NotUnderstood."""
    had = {(p.kind, p.service_id, p.priority): p.terms for p in Policy.objects.all()}
    changed = {key: terms for key, terms in promises.items() if had.get((key[0], key[1].id if key[1] else None, key[2]), "") != terms}
    wanted = [actions.NewPolicy(kind, terms, service, priority) for (kind, service, priority), terms in changed.items() if terms]
    with transaction.atomic():
        if wanted:
            actions.set_policies(wanted, now=now)
        actions.withdraw_policies([key for key, terms in changed.items() if not terms], now=now)
    for (kind, service, priority), terms in changed.items():
        log.info(
            "promise_changed", kind=kind, service=service and str(service.id), priority=priority, terms=terms, by=by and str(by.id)
        )
    return len(changed)


# --- the school calendar ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entered:
    days: int
    replaced: int  # dates that were something else before
    rederived: int  # open tickets whose promises are counted again


def enter_days(
    *, first: date, last: date, kind: str, name: str, site: Site | None, windows: Sequence[Sequence[str]] | None, district: District,
    by: Person | None, now: datetime,
) -> Entered:  # fmt: skip
    """Each date from `first` to `last`, both in it; in a longer stretch the days on which nobody works anyway are left out.

    Raises Taken (districts.actions) where somebody entered one of them at the same time: what they said is not replaced unseen.
    """
    weekly = calendar_of(district, site, now=now)
    dates = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    dates = [day for day in dates if first == last or _is_worked(weekly.seasons, day)] or dates
    days = [CalendarDay(date=day, kind=kind, name=name, site=site, windows=list(windows) if windows else None) for day in dates]
    with transaction.atomic():
        replaced = _replace(days, CalendarDay.objects.filter(date__in=dates, site=site))
        rederived = actions.calendar_changed(district, now=now)
    log.info("calendar_days_entered", kind=kind, first=str(first), last=str(last), site=site and str(site.id), by=by and str(by.id))
    return Entered(len(dates), replaced, rederived)


def _replace(days: Sequence[CalendarDay], before: QuerySet[CalendarDay]) -> int:
    """Returns how many there were. Raises Taken, and leaves the transaction whole."""
    try:
        with transaction.atomic():
            replaced: int = before.delete()[0]
            CalendarDay.objects.bulk_create(days)
            return replaced
    except IntegrityError as error:
        raise districts.Taken from error


def remove_days(ids: Sequence[UUID], *, district: District, by: Person | None, now: datetime) -> int:
    """Those dates follow the weekly hours again; returns how many there were."""
    with transaction.atomic():
        gone: int = CalendarDay.objects.filter(id__in=ids).delete()[0]
        if gone:
            actions.calendar_changed(district, now=now)
            log.info("calendar_days_removed", days=gone, by=by and str(by.id))
    return gone


def _is_worked(seasons: Any, day: date) -> bool:
    return any(season.windows for season in seasons if season.fits(day))
