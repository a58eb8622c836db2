"""What rests on one person: from the work that was really done, not from what somebody believes.

Of a service: who resolved its tickets. Of a process: who did the steps of its ladders, decided its holds, brought its files or signed
its checks. Of an override: who does it. What one person did four fifths of, and five times at least, is at risk. It is covered once
somebody else who works here was trained for it; that another has done it, too, is told, and is no training.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from districts.models import Person, Service
from districts.queries import this_district
from districts.scope import require_district_id
from ownership.duty.roles import Roster, working
from ownership.models import Cover, FeedRun, Hold, Leave, Override, OverrideUse, Process, Step
from tickets.models import Event, Ticket

DAYS, FEWEST_DAYS, MOST_DAYS = 180, 30, 365
SHARE = 80  # percent
AT_LEAST = 5
AHEAD = timedelta(days=14)
MOST_RESOLVED = 50_000  # the newest, however large the district is
SERVICE, PROCESS, OVERRIDE = "service", "process", "override"
KINDS = {SERVICE: _("Service"), PROCESS: _("Process"), OVERRIDE: _("By hand")}
type Counts = dict[tuple[str, str], Counter[UUID]]  # (kind, slug) → person → times


@dataclass
class Thing:
    """Something that people do here, and who did it. `slug`: of the service or process, the id of the override."""

    kind: str
    slug: str
    name: str
    team_id: UUID | None = None
    did: Counter[UUID] = field(default_factory=Counter)
    covers: list[Cover] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.did.total()

    @property
    def key_person(self) -> UUID | None:
        return self.did.most_common(1)[0][0] if self.did else None

    @property
    def times(self) -> int:
        """By whoever did it most."""
        return self.did.most_common(1)[0][1] if self.did else 0

    @property
    def percent(self) -> int:
        return self.times * 100 // self.total if self.total else 0

    @property
    def at_risk(self) -> bool:
        return self.times >= AT_LEAST and self.times * 100 >= SHARE * self.total

    @property
    def kind_label(self) -> str:
        return str(KINDS[self.kind])

    @property
    def trained(self) -> list[Cover]:
        return [cover for cover in self.covers if cover.trained_at]

    @property
    def planned(self) -> list[Cover]:
        return [cover for cover in self.covers if not cover.trained_at]


@dataclass(frozen=True)
class Risk:
    """A thing that rests on `person`. `others`: (name, times) of whoever did it, too."""

    thing: Thing
    person: Person
    others: Sequence[tuple[str, int]] = ()

    @property
    def covered(self) -> bool:
        return bool(self.thing.trained)


@dataclass(frozen=True)
class Resting:
    """A person and what rests on them; `leave`: in the next fourteen days."""

    person: Person
    risks: Sequence[Risk]
    leave: Leave | None = None

    @property
    def uncovered(self) -> list[Risk]:
        return [risk for risk in self.risks if not risk.covered]


@dataclass(frozen=True)
class Register:
    people: Sequence[Resting]
    things: Sequence[Thing]
    days: int

    @property
    def counted(self) -> int:
        """Times, in all."""
        return sum(thing.total for thing in self.things)

    @property
    def uncovered(self) -> list[Risk]:
        """The riskiest first."""
        found = [risk for row in self.people for risk in row.uncovered]
        return sorted(found, key=lambda risk: (-risk.thing.times, risk.thing.name))

    @property
    def risks(self) -> int:
        return sum(len(row.risks) for row in self.people)

    @property
    def away(self) -> list[Resting]:
        return [row for row in self.people if row.leave]

    @property
    def others(self) -> list[Resting]:
        return [row for row in self.people if not row.leave]


def days_of(given: str) -> int:
    """What somebody typed, within what can be looked at."""
    return max(FEWEST_DAYS, min(int(given), MOST_DAYS)) if given.isascii() and given.isdigit() and len(given) < 6 else DAYS


def register(*, now: datetime, days: int = DAYS) -> Register:
    """Who should be missed by nobody, and would be. Those who are away soon first, then by what has no cover."""
    things = gather(now=now, days=days)
    return Register(rests(things, now=now), things, days)


def rests(things: Iterable[Thing], *, now: datetime) -> list[Resting]:
    """Of people who work here: what somebody did who has left, nobody can be asked about."""
    risky = [thing for thing in things if thing.at_risk]
    people = _people({person for thing in risky for person in thing.did})
    here = set(working().values_list("person_id", flat=True))
    found: dict[UUID, list[Risk]] = defaultdict(list)
    for thing in sorted(risky, key=lambda thing: (-thing.times, thing.name)):
        key = thing.key_person
        if key in here and key in people:
            others = [(people[one].name, n) for one, n in thing.did.most_common()[1:] if one in people]
            found[key].append(Risk(thing, people[key], others))
    leaves = leaves_ahead(now=now)
    rows = [Resting(people[key], risks, leaves.get(key)) for key, risks in found.items()]
    return sorted(rows, key=lambda row: (_first_day(row), -len(row.uncovered), -len(row.risks), row.person.name))


def _first_day(row: Resting) -> date:
    return row.leave.first if row.leave else date.max


def leaves_ahead(*, now: datetime) -> dict[UUID, Leave]:
    """By person, the first that touches the next fourteen days."""
    today = this_district().today(now)
    rows = Leave.objects.filter(last__gte=today, first__lte=today + AHEAD).select_related("person", "cover").order_by("-first", "-id")
    return {leave.person_id: leave for leave in rows}


# --- what was done ------------------------------------------------------------------------------------------------------


def gather(*, now: datetime, days: int = DAYS) -> list[Thing]:
    """All that was done in the last `days`, by whom, with who stands in: eight statements, whatever the size of the district."""
    since = now - timedelta(days=days)
    counts: Counts = defaultdict(Counter)
    _of_services(counts, since)
    _of_processes(counts, since)
    _of_overrides(counts, since)
    covers, named = _covers(now), names()
    things = [Thing(*key, *named[key], did=did) for key, did in counts.items() if key in named]
    for thing in things:
        key = thing.key_person
        thing.covers = [cover for cover in covers[thing.kind, thing.slug] if cover.person_id != key]
    return things


def _of_services(counts: Counts, since: datetime) -> None:
    """Only the newest facts are read, by their index, and their tickets by key."""
    statement = (
        "SELECT t.service_id, e.by_id, count(*) FROM"
        f" (SELECT ticket_id, by_id FROM {Event._meta.db_table} WHERE district_id = %s AND kind = %s AND at >= %s AND by_id IS NOT NULL"
        f" ORDER BY at DESC LIMIT {MOST_RESOLVED}) e"
        f" JOIN {Ticket._meta.db_table} t ON t.district_id = %s AND t.id = e.ticket_id"
        " WHERE t.service_id IS NOT NULL GROUP BY 1, 2"
    )
    district = require_district_id()
    with connection.cursor() as cursor:
        cursor.execute(statement, [district, Event.Kind.RESOLVED, since, district])
        rows = cursor.fetchall()
    slugs = dict(Service.objects.values_list("id", "slug"))
    for service, person, n in rows:
        counts[SERVICE, slugs[service]][person] += n


def _of_processes(counts: Counts, since: datetime) -> None:
    steps = Step.objects.filter(done_at__gte=since, done_by__isnull=False, escalation__process__isnull=False)
    holds = Hold.objects.filter(decided_at__gte=since, decided_by__isnull=False)
    runs = FeedRun.objects.filter(at__gte=since, by__isnull=False)
    for rows, process, who in (
        (steps, "escalation__process__slug", "done_by"),
        (holds, "feed__process__slug", "decided_by"),
        (runs, "feed__process__slug", "by"),
    ):
        for slug, person, n in rows.values_list(process, who).annotate(n=Count("id")).order_by():
            counts[PROCESS, slug][person] += n


def _of_overrides(counts: Counts, since: datetime) -> None:
    rows = OverrideUse.objects.filter(at__gte=since, by__isnull=False, override__ended_at__isnull=True)
    for override, person, n in rows.values_list("override", "by").annotate(n=Sum("times")).order_by():
        counts[OVERRIDE, str(override)][person] += n


def names() -> dict[tuple[str, str], tuple[str, UUID | None]]:
    """(kind, slug) → (name, the team that answers for it), of all that people can stand in for."""
    named: dict[tuple[str, str], tuple[str, UUID | None]] = {}
    for slug, name, team in Service.objects.values_list("slug", "name", "team"):
        named[SERVICE, slug] = (name, team)
    for slug, name, team in Process.objects.values_list("slug", "name", "primary__team"):
        named[PROCESS, slug] = (name, team)
    for override, what, team in Override.objects.filter(ended_at__isnull=True).values_list("id", "what", "team"):
        named[OVERRIDE, str(override)] = (what, team)
    return named


def _covers(now: datetime) -> dict[tuple[str, str], list[Cover]]:
    """Of people who work here still."""
    found: dict[tuple[str, str], list[Cover]] = defaultdict(list)
    roster = Roster(now)
    for cover in covers().order_by("trained_at", "planned_for", "id"):
        if not roster.has_left(cover.person):
            found[cover.kind, cover.slug].append(cover)
    return found


def covers() -> QuerySet[Cover]:
    return Cover.objects.select_related("person", "teacher")


def _people(ids: Iterable[UUID]) -> dict[UUID, Person]:
    return {person.id: person for person in Person.objects.filter(id__in=list(ids))}
