"""Reads: the page of one outage, the list, and what anybody may know of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404
from django.utils.translation import get_language

from districts.access import Actor, Can, may
from incidents import gate, linking, paper, playbook, telling
from incidents.models import (
    Decision,
    Happening,
    Incident,
    IncidentProcess,
    IncidentSite,
    IncidentSystem,
    Kind,
    Level,
    LinkedTicket,
    Task,
    Update,
)  # fmt: skip
from incidents.starting import running
from incidents.subscribing import seen_in, title_in
from ownership.models import System

PAST = timedelta(days=90)
TIMELINE = 400  # lines shown
State = Incident.State


@dataclass(frozen=True)
class Line:
    happening: Happening
    words: str


@dataclass(frozen=True)
class Step:
    task: Task
    may_do: bool
    blocked_by: str = ""
    asks_who: bool = False  # at the school said so


@dataclass(frozen=True)
class LevelView:
    level: Level
    steps: Sequence[Step]
    begins_at: datetime | None  # while it has not begun

    @property
    def done(self) -> int:
        return sum(step.task.done_at is not None for step in self.steps)

    @property
    def is_open(self) -> bool:
        return self.done < len(self.steps)


@dataclass(frozen=True)
class Page:
    incident: Incident
    lines: Sequence[Line]
    levels: Sequence[LevelView]
    missing: Sequence[gate.Missing]
    updates: Sequence[Update]
    decisions: Sequence[Decision]
    systems: Sequence[IncidentSystem]
    processes: Sequence[IncidentProcess]
    sites: Sequence[IncidentSite]
    sheets: Sequence[paper.Sheet]
    linked: Sequence[LinkedTicket]

    @property
    def steps(self) -> list[Step]:
        return [step for level in self.levels for step in level.steps]

    @property
    def site_names(self) -> list[str]:
        return [row.site.name for row in self.sites]

    @property
    def next(self) -> Step | None:
        """What is due first of what can be done."""
        open_steps = [step for step in self.steps if step.task.done_at is None and not step.blocked_by]
        return min(open_steps, key=lambda step: (step.task.due_at is None, step.task.due_at), default=None)

    @property
    def said(self) -> Counter[str]:
        """How many words were said so far, to whom."""
        return Counter(update.audience for update in self.updates)

    @property
    def forms_open(self) -> int:
        return sum(len(sheet.open) for sheet in self.sheets)

    @property
    def forms_void(self) -> int:
        return sum(len(sheet.void) for sheet in self.sheets)

    @property
    def forms(self) -> int:
        return sum(len(sheet.forms) for sheet in self.sheets)


def get_incident(incident_id: UUID) -> Incident:
    """Raises Http404."""
    found = Incident.objects.select_related("commander", "declared_by", "override_by").filter(id=incident_id).first()
    if found is None:
        raise Http404
    return found


def page_of(incident: Incident, actor: Actor) -> Page:
    rows = Happening.objects.filter(incident=incident).select_related("by").order_by("-at", "-id")[:TIMELINE]
    return Page(
        incident=incident, lines=[Line(row, telling.line(row)) for row in rows], levels=levels_of(incident, actor),
        missing=gate.missing(incident) if incident.is_running else [],
        updates=list(Update.objects.filter(incident=incident).select_related("by").order_by("-at", "-id")),
        decisions=list(Decision.objects.filter(incident=incident).select_related("by").order_by("at", "id")),
        systems=list(IncidentSystem.objects.filter(incident=incident).select_related("system").order_by("system__name")),
        processes=list(IncidentProcess.objects.filter(incident=incident).select_related("process").order_by("process__name")),
        sites=list(IncidentSite.objects.filter(incident=incident).select_related("site").order_by("site__name")),
        sheets=paper.sheets(incident), linked=linking.linked(incident, actor),
    )  # fmt: skip


def levels_of(incident: Incident, actor: Actor) -> list[LevelView]:
    """The plan's levels with this incident's steps; those to come say when."""
    tasks = (
        Task.objects.filter(incident=incident)
        .exclude(kind=Kind.FINDING)
        .select_related("owner", "role", "team", "done_by", "after", "site")
    )
    by_level: dict[int, list[Step]] = {}
    for task in tasks.order_by("level", "order"):
        by_level.setdefault(task.level, []).append(_step(task, actor))
    views = []
    for level in Level.objects.select_related("role").order_by("number"):
        steps = by_level.get(level.number, [])
        begun = steps or incident.level >= level.number
        at = None if begun or level.after_minutes is None else incident.detected_at + timedelta(minutes=level.after_minutes)
        views.append(LevelView(level, steps, at))
    return views


def _step(task: Task, actor: Actor) -> Step:
    blocked = task.after.title if task.after and task.after.done_at is None else ""
    return Step(task, may_do(actor, task), blocked, gate.asks_who(actor, task))


def may_do(actor: Actor, task: Task) -> bool:
    """In an outage whoever works here may say that something is done: who said so stands beside it. A school speaks for itself."""
    return actor.is_staff and gate.may_confirm(actor, task)


def may_lead(actor: Actor, incident: Incident) -> bool:
    """Close it, answer everybody, override: whoever leads it, and those who lead here."""
    return may(actor, Can.LEAD) or (actor.person is not None and incident.commander_id == actor.person.id)


def get_task(incident: Incident, task_id: UUID) -> Task:
    """Raises Http404."""
    related = ("owner", "role", "team", "site", "after", "done_by")
    found = Task.objects.select_related(*related).filter(incident=incident, id=task_id).first()
    if found is None:
        raise Http404
    return found


def mine(actor: Actor) -> list[Task]:
    """Open steps of running outages that the reader owns, what is due first on top."""
    if actor.person is None:
        return []
    rows = Task.objects.filter(owner=actor.person, done_at__isnull=True).filter(Q(kind=Kind.FINDING) | Q(incident__in=running()))
    return list(rows.select_related("incident").order_by("due_at", "id")[:50])


def past() -> QuerySet[Incident]:
    return Incident.objects.filter(state__in=[State.RESOLVED, State.FALSE_ALARM]).order_by("-detected_at")


# --- what anybody may know ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PublicUpdate:
    """No name of staff, no word that was for staff."""

    id: UUID
    at: datetime
    state: str
    label: str
    text: str


@dataclass(frozen=True)
class Public:
    """An outage as the status page tells it, in the language that is active."""

    id: UUID
    title: str
    seen: str
    state: str
    label: str
    severity: str
    severity_label: str
    scope_label: str
    sites: Sequence[str]
    systems: Sequence[str]
    began_at: datetime
    restored_at: datetime | None
    resolved_at: datetime | None
    eta: datetime | None
    updates: Sequence[PublicUpdate]

    @property
    def running(self) -> bool:
        return self.state in Incident.RUNNING

    @property
    def changed_at(self) -> datetime:
        return max([self.began_at, *(update.at for update in self.updates), *([self.resolved_at] if self.resolved_at else [])])


@dataclass(frozen=True)
class SystemState:
    name: str
    incident: Public | None


def public(*, now: datetime, site: UUID | None = None) -> list[Public]:
    """Running ones and those of the last 90 days that were shown, the newest first. Four queries."""
    rows = _shown().filter(Q(resolved_at__isnull=True) | Q(resolved_at__gte=now - PAST))
    if site:
        rows = rows.filter(Q(scope=Incident.Scope.DISTRICT) | Q(sites__site=site)).distinct()
    return [_public(row) for row in rows.order_by("-began_at", "-id")[:200]]


def public_version() -> tuple[str, datetime | None]:
    """(what changes with every act of any outage, when that was). One row of an index, whatever there is to tell."""
    last = Happening.objects.order_by("-at").values_list("id", "at").first()
    return (str(last[0]), last[1]) if last else ("", None)


def public_one(incident_id: UUID) -> Public:
    """Raises Http404, also for one that is not shown."""
    row = _shown().filter(id=incident_id).first()
    if row is None:
        raise Http404
    return _public(row)


def _shown() -> QuerySet[Incident]:
    words = Prefetch("updates", Update.objects.filter(audience=Update.Audience.PUBLIC).order_by("-at", "-id"), to_attr="public_updates")
    sites = Prefetch("sites", IncidentSite.objects.select_related("site").order_by("site__name"))
    systems = Prefetch("systems", IncidentSystem.objects.select_related("system").order_by("system__name"))
    return Incident.objects.filter(shown_at__isnull=False).prefetch_related(words, sites, systems)


def _public(row: Incident) -> Public:
    language = get_language() or "en"
    updates: list[Update] = getattr(row, "public_updates")  # noqa: B009  made by the prefetch
    return Public(
        id=row.id, title=title_in(row, language), seen=seen_in(row, language), state=row.state, label=_label(row.state),
        severity=row.severity, severity_label=str(Incident.Severity(row.severity).label),
        scope_label=str(Incident.Scope(row.scope).label), sites=[one.site.name for one in row.sites.all()],
        systems=[one.system.name for one in row.systems.all()], began_at=row.began_at, restored_at=row.restored_at,
        resolved_at=row.resolved_at, eta=row.eta if row.is_running and not row.restored_at else None,
        updates=[PublicUpdate(one.id, one.at, one.state, _label(one.state), _text(one, language)) for one in updates],
    )  # fmt: skip


def _label(state: str) -> str:
    return str(State(state).label)


def _text(update: Update, language: str) -> str:
    return str(update.versions.get(language) or update.versions.get(language.split("-")[0]) or update.text)


def system_states(shown: Sequence[Public]) -> list[SystemState]:
    """Every system of the matrix, those in trouble first."""
    trouble: dict[str, Public] = {}
    for one in shown:
        if one.running:
            for name in one.systems:
                trouble.setdefault(name, one)
    states = [SystemState(name, trouble.get(name)) for name in System.objects.order_by("name").values_list("name", flat=True)]
    return sorted(states, key=lambda state: state.incident is None)


def front_door_lines(*, most: int = 3) -> list[tuple[UUID, str, str, datetime | None]]:
    """For the front door: (id, title, state in words, expected time) of what runs and is shown. One query into a small index."""
    rows = running().filter(shown_at__isnull=False).order_by("-detected_at")[:most]
    language = get_language() or "en"
    return [(row.id, title_in(row, language), _label(row.state), None if row.restored_at else row.eta) for row in rows]


def long_hours() -> float:
    return playbook.long_minutes() / 60
