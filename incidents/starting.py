"""An outage: begun by a person, a ticket, a feed in trouble or a system's alert. A second report joins the one that runs."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from districts.models import Person, Site
from incidents import playbook
from incidents.happening import What, record
from incidents.levels import Mover, held
from incidents.models import Incident, IncidentProcess, IncidentSite, IncidentSystem, Rules
from incidents.saying import PRESSED
from ownership.models import Process, System

State, Scope, Source = Incident.State, Incident.Scope, Incident.Source
SHORT = 4  # letters of a name's word at least, to be found in what people wrote
LONG_AGO = timedelta(days=366)  # an outage that is said to have begun before is a slip of the pen
FAR = timedelta(days=366)  # and so is a time beyond
TOO_COMMON = frozenset({"system", "school", "district", "student", "software", "service", "sistema", "escuela"})


@dataclass(frozen=True)
class New:
    """What is known when it is declared."""

    title: str
    began_at: datetime
    seen: str = ""
    severity: str = Incident.Severity.MAJOR
    scope: str = Scope.DISTRICT
    sites: Sequence[Site] = ()
    systems: Sequence[System] = ()
    processes: Sequence[Process] = ()
    source: str = Source.PERSON
    key: str = ""
    eta: datetime | None = None
    shown: bool = False
    unknown: Sequence[str] = ()  # names of systems and schools that the district does not have: told, so that nobody misses them


@dataclass(frozen=True)
class Started:
    incident: Incident
    new: bool


@dataclass
class Related:
    """What the matrix says hangs together."""

    systems: list[System] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)


def start(given: New, *, by: Person | None, now: datetime, anew: bool = False) -> Started:
    """Declare it, and begin its first level. `anew`: whoever declares it has seen what runs, and says that this is another.

    One at a time in a district: of two reports at once, the second sees the first.
    """
    hold()
    playbook.ensure()
    if by and (pressed := _pressed(given, by, now=now)):
        return Started(pressed, new=False)
    earlier = by_key(given.key) or (None if anew else running_like(given))
    if earlier:
        return Started(join(earlier, given, by=by, now=now), new=False)
    began = min(given.began_at, now)
    incident = Incident.objects.create(
        title=given.title[:160], seen=given.seen[:600], severity=given.severity, scope=given.scope, source=given.source,
        source_key=given.key[:120], declared_by=by, commander=by, began_at=began, detected_at=now, eta=given.eta,
        shown_at=now if given.shown else None,
    )  # fmt: skip
    _add(incident, given)
    named = [*(system.name for system in given.systems), *given.unknown]
    record(incident, What.DECLARED, now=now, by=by, source=given.source, systems=named, unknown=list(given.unknown))
    Mover(now).move(incident)
    return Started(incident, new=True)


def hold() -> None:
    """Until this transaction ends, nobody else in the district begins an outage, or suggests one of a feed."""
    Rules.objects.get_or_create()
    Rules.objects.select_for_update().get()


def _pressed(given: New, by: Person, *, now: datetime) -> Incident | None:
    """What the same press began a moment ago: the same words, of the same schools."""
    lately = running().filter(declared_by=by, detected_at__gt=now - PRESSED, title=given.title[:160], scope=given.scope)
    sites = {site.id for site in given.sites}
    return next((one for one in lately if set(one.sites.values_list("site_id", flat=True)) == sites), None)


def by_key(key: str) -> Incident | None:
    """What an alert's own key began before, whatever became of it: a machine that repeats itself starts nothing."""
    return Incident.objects.filter(source_key=key[:120]).first() if key else None


def running_like(given: New) -> Incident | None:
    """One that runs for any of the same systems or processes, and for any of the same schools."""
    named = Q(systems__system__in=list(given.systems)) | Q(processes__process__in=list(given.processes))
    if given.unknown:
        named |= Q(happenings__what__in=[What.DECLARED, What.JOINED], happenings__data__unknown__has_any_keys=list(given.unknown))
    if not given.systems and not given.processes and not given.unknown:
        return None
    for incident in running().filter(named).distinct().order_by("detected_at"):
        if _meets(incident, given):
            return incident
    return None


def running() -> QuerySet[Incident]:
    return Incident.objects.exclude(state__in=[State.RESOLVED, State.FALSE_ALARM])


def join(incident: Incident, given: New, *, by: Person | None, now: datetime) -> Incident:
    """Reported once more: what it names besides is added, and that it was reported again is written down."""
    incident = held(incident.id)
    if incident.is_running and incident.scope != Scope.DISTRICT:
        _widen(incident, given)
    _add(incident, given)
    record(incident, What.JOINED, now=now, by=by, title=given.title, source=given.source, unknown=list(given.unknown))
    if incident.is_running and incident.restored_at:
        mover = Mover(now)
        mover.ask_added(incident)
        mover.doubt(incident, given.title)
        mover.move(incident)
    return incident


def _meets(incident: Incident, given: New) -> bool:
    if Scope.DISTRICT in (incident.scope, given.scope):
        return True
    return incident.sites.filter(site__in=list(given.sites)).exists()


def _widen(incident: Incident, given: New) -> None:
    if given.scope == Scope.DISTRICT:
        return  # whoever leads it decides that; it is written down that somebody says so
    there = set(incident.sites.values_list("site_id", flat=True))
    if any(site.id not in there for site in given.sites):
        incident.scope = Scope.SEVERAL
        incident.save(update_fields=["scope"])


def _add(incident: Incident, given: New) -> None:
    sites = given.sites if incident.scope != Scope.DISTRICT else ()
    IncidentSite.objects.bulk_create([IncidentSite(incident=incident, site=one) for one in sites], ignore_conflicts=True)
    IncidentSystem.objects.bulk_create([IncidentSystem(incident=incident, system=one) for one in given.systems], ignore_conflicts=True)
    rows = [IncidentProcess(incident=incident, process=one) for one in given.processes]
    IncidentProcess.objects.bulk_create(rows, ignore_conflicts=True)


# --- what hangs together ----------------------------------------------------------------------------------------------


def related(systems: Iterable[System], processes: Iterable[Process] = ()) -> Related:
    """By the matrix: the processes that begin or end in these systems, and what they connect. What was given is left out."""
    given, named = list(systems), list(processes)
    slugs = {system.slug for system in given} | {slug for process in named for slug in _ends(process)}
    found = Related()
    for process in Process.objects.select_related("source").order_by("name"):
        if slugs & set(_ends(process)) and process.id not in {one.id for one in named}:
            found.processes.append(process)
    reached = {slug for process in (*named, *found.processes) for slug in _ends(process)} - {system.slug for system in given}
    found.systems = list(System.objects.filter(slug__in=reached).order_by("name"))
    return found


def _ends(process: Process) -> list[str]:
    source = [process.source.slug] if process.source else []
    return [*source, *process.targets]


def systems_of(process: Process) -> list[System]:
    """Where it begins, for an outage that a feed of it starts."""
    return [process.source] if process.source else list(System.objects.filter(slug__in=process.targets))


def named_in(text: str) -> list[System]:
    """Systems whose name, or a telling word of it, stands in what somebody wrote."""
    said = words_of(text)
    return [system for system in System.objects.order_by("name") if telling(system.name) & said]


def words_of(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[\w'-]+", text.casefold()))


def telling(name: str) -> frozenset[str]:
    return frozenset(word for word in words_of(name) if len(word) >= SHORT) - TOO_COMMON


def get_systems(ids: Iterable[UUID]) -> list[System]:
    return list(System.objects.filter(id__in=list(ids)))
