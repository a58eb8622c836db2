"""Reads of people, places and services of the district in scope."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from django.db.models import ForeignObjectRel, Q, QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _

from districts.calendar import OFFICE, BadHours, Calendar, Day, DayKind, minute_of, seasons_of, windows_of
from districts.models import CalendarDay, ContactPoint, District, DistrictModel, Membership, Person, Role, Service, Site, Team
from districts.scope import require_district_id

CALENDAR_SECONDS = 10  # another process's change of the calendar is seen after so long
CALENDAR_BACK, CALENDAR_AHEAD = timedelta(days=730), timedelta(days=550)
MOST_CALENDARS = 2_000  # districts kept in one process
log = structlog.get_logger(__name__)


DISTRICT_SECONDS = 10
_districts: dict[UUID, tuple[float, District]] = {}


def this_district() -> District:
    """The district in scope, to be read and not changed; what operators change is seen some seconds later."""
    district_id = require_district_id()
    known = _districts.get(district_id)
    if known is None or known[0] < time.monotonic():
        known = _districts[district_id] = (time.monotonic() + DISTRICT_SECONDS, District.objects.get(id=district_id))
    return known[1]


def forget_districts() -> None:
    _districts.clear()


def front_office() -> Team:
    """Where everything goes that nobody else is known to own. Every district has exactly one, from the first request on."""
    team: Team = Team.objects.get_or_create(is_front_office=True, defaults={"slug": "front-office", "name": _("Front Office")})[0]
    return team


def person_by_contact(kind: str, value: str) -> Person | None:
    point = ContactPoint.objects.select_related("person").filter(kind=kind, value=value).first()
    return point.person if point else None


def one_person(person: Person) -> Person:
    """Whom a row stands for by now, where two turned out to be one."""
    seen = {person.id}
    while person.merged_into_id is not None and person.merged_into_id not in seen:
        seen.add(person.merged_into_id)
        person = Person.objects.get(id=person.merged_into_id)
    return person


def address_of(person: Person, kind: str) -> str:
    """The person's first address of this kind, or an empty string."""
    return ContactPoint.objects.filter(person=person, kind=kind).order_by("id").values_list("value", flat=True).first() or ""


def team_members(team_id: UUID) -> list[Person]:
    rows = Membership.objects.filter(team_id=team_id, role__in=[Role.AGENT, Role.LEAD]).select_related("person")
    return list({row.person_id: row.person for row in rows.order_by("person__name")}.values())


def people_with_role(role: str) -> list[Person]:
    return [row.person for row in Membership.objects.filter(role=role).select_related("person").order_by("id")]


def teams() -> QuerySet[Team]:
    return Team.objects.order_by("name")


def services() -> QuerySet[Service]:
    return Service.objects.filter(active=True).select_related("team").order_by("name")


def sites() -> QuerySet[Site]:
    return Site.objects.order_by("name")


# --- the school calendar ----------------------------------------------------------------------------------------------


class DayRow(NamedTuple):
    """What counts of a CalendarDay."""

    site_id: UUID | None
    date: date
    kind: str
    windows: Any
    entered_at: datetime
    name: str


def day_rows(first: date, last: date) -> list[DayRow]:
    """Of the district and of all its sites, both dates in it."""
    rows = CalendarDay.objects.filter(date__range=(first, last)).order_by("date", "id").values_list(*DayRow._fields)
    return [DayRow(*row) for row in rows]


def holding(rows: Iterable[DayRow], site_id: UUID | None) -> dict[date, DayRow]:
    """What holds at a site, or where nobody asks for one, by date.

    A site's own day beats the district's, but for a closure of the whole district that was entered after it.
    """
    rows = list(rows)
    found = {row.date: row for row in rows if row.site_id is None}
    if site_id is None:
        return found
    for row in rows:
        general = found.get(row.date)
        if row.site_id == site_id and not (general and general.kind == DayKind.CLOSURE and general.entered_at > row.entered_at):
            found[row.date] = row
    return found


@dataclass
class _Kept:
    """A district's calendars in this process; rows and settings tell whether they still hold."""

    until: float
    settings: tuple[Any, ...]
    rows: list[DayRow]
    sites: frozenset[UUID | None]  # those with days of their own
    calendars: dict[UUID | None, Calendar] = field(default_factory=dict)


_calendars: dict[UUID, _Kept] = {}


def calendar_of(district: District, site: Site | UUID | None = None, *, now: datetime) -> Calendar:
    """When `district` (or one site of it) is open. At most one query, and none within CALENDAR_SECONDS of the last.

    Hours that cannot be read are logged and passed over: a slip in the calendar must not stop a request from coming in.
    """
    kept = _calendars.get(district.id)
    settings = _calendar_settings(district)
    if kept is None or kept.until < time.monotonic() or kept.settings != settings:
        kept = _read_calendar(district.id, settings, kept, now)
    site_id = site.id if isinstance(site, Site) else site
    if site_id not in kept.sites:
        site_id = None
    calendar = kept.calendars.get(site_id)
    if calendar is None:
        calendar = kept.calendars[site_id] = _calendar(district, kept.rows, site_id)
    return calendar


def forget_calendar(district_id: UUID) -> None:
    """The next question reads the rows again (in this process)."""
    _calendars.pop(district_id, None)


def _calendar_settings(district: District) -> tuple[Any, ...]:
    return district.time_zone, district.hours, district.first_day, district.last_day, district.school_release


def _read_calendar(district_id: UUID, settings: tuple[Any, ...], kept: _Kept | None, now: datetime) -> _Kept:
    rows = day_rows((now - CALENDAR_BACK).date(), (now + CALENDAR_AHEAD).date())
    until = time.monotonic() + CALENDAR_SECONDS
    if kept and kept.settings == settings and kept.rows == rows:
        kept.until = until
        return kept
    if len(_calendars) >= MOST_CALENDARS:
        _calendars.clear()
    _calendars[district_id] = fresh = _Kept(until, settings, rows, frozenset(row.site_id for row in rows))
    return fresh


def _calendar(district: District, rows: list[DayRow], site_id: UUID | None) -> Calendar:
    return calendar_from(district, holding(rows, site_id))


def calendar_from(district: District, rows: Mapping[date, DayRow]) -> Calendar:
    """The district's hours with these days, and no others, that differ."""
    return Calendar(
        zone=district.zone, seasons=_seasons(district), days={day: _day(row.kind, row.windows) for day, row in rows.items()},
        first_day=district.first_day, last_day=district.last_day, release=_release(district.school_release),
    )  # fmt: skip


def _day(kind: str, windows: Any) -> Day:
    try:
        return Day(DayKind(kind), None if windows is None else windows_of(windows))
    except (BadHours, TypeError, ValueError):
        log.warning("calendar_day_unreadable", windows=windows)
        return Day(DayKind(kind))


def _seasons(district: District) -> Any:
    try:
        return seasons_of(district.hours) or OFFICE
    except BadHours:
        log.warning("district_hours_unreadable", district=str(district.id))
        return OFFICE


def _release(raw: Mapping[str, str]) -> dict[int, int]:
    try:
        return {int(day): minute_of(at) for day, at in raw.items()}
    except (BadHours, ValueError, AttributeError):
        log.warning("school_release_unreadable", release=raw)
        return {}


# --- set-up -----------------------------------------------------------------------------------------------------------


def staff() -> QuerySet[Person]:
    """Everybody with a role."""
    return Person.objects.filter(id__in=Membership.objects.values("person_id")).order_by("name", "id")


def everybody() -> QuerySet[Person]:
    """Everybody known, each once: who turned out to be somebody else is found as that."""
    return Person.objects.filter(merged_into__isnull=True).order_by("name", "id")


def people_like(words: str) -> QuerySet[Person]:
    """Whose name has these words, or whose address begins with them: for a person who looks, not for a busy path."""
    reached = ContactPoint.objects.filter(value__startswith=words.lower().replace(" ", "")).values("person_id")
    return everybody().filter(Q(name__icontains=words) | Q(id__in=reached))


def people_named(words: str) -> QuerySet[Person]:
    """Whose whole name or whole address it is: for what is done to a person, where a like one would be the wrong one."""
    reached = ContactPoint.objects.filter(value=words.lower().replace(" ", "")).values("person_id")
    return everybody().filter(Q(name__iexact=" ".join(words.split())) | Q(id__in=reached))


def roles_of(person: Person) -> frozenset[tuple[str, UUID | None]]:
    return frozenset(Membership.objects.filter(person=person).values_list("role", "team_id"))


def pointing_at(team: Team) -> dict[str, int]:
    """{"tickets.Ticket": 14}: how many rows of which kind keep a team from being deleted, whatever floor they are of."""
    found: dict[str, int] = {}
    for relation in Team._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel) and issubclass(relation.related_model, DistrictModel):
            rows = relation.related_model.objects.filter(**{relation.field.name: team}).count()
            label = relation.related_model._meta.label
            found[label] = found.get(label, 0) + rows
    return {label: count for label, count in found.items() if count}


def free_slug(rows: QuerySet[Any], name: str, *, most: int = 50) -> str:
    """A slug for `name` that no row has: "transportation", "transportation-2" …"""
    base = slugify(name)[: most - 4].strip("-") or "new"
    taken = set(rows.filter(slug__startswith=base).values_list("slug", flat=True))
    return base if base not in taken else next(f"{base}-{n}" for n in range(2, 1000) if f"{base}-{n}" not in taken)
