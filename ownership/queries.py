"""Reads for the matrix, the page of one process, and the steps that wait for people."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.core.validators import slug_re
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from districts.access import VISITOR, Actor, Can, may
from districts.models import Person, Service
from ownership.changes import missing, tolerance
from ownership.changes.tolerance import Beyond
from ownership.duty.roles import Found, Roster
from ownership.ladders.climbing import WITH_OWNERS, escalations, owners, whom
from ownership.ladders.notices import clock, title, trouble
from ownership.models import Escalation, Feed, FeedRun, OwnerRole, Process, Rung, Stage, Step, Summons, System
from ownership.overview import audit, history, looks, standing, wording
from ownership.overview.audit import Finding
from ownership.overview.history import Strip
from ownership.overview.standing import OPEN, TROUBLED, WORST_FIRST
from ownership.playbooks import line
from ownership.vendors import silence
from sla.models import ClockKind
from tickets.models import Ticket

RUNS_SHOWN = 30
MOST_OPEN = 200
NO_FEED = "none"  # in an address: the state of a process that has none


@dataclass(frozen=True)
class Owner:
    """A role, and who answers for it today."""

    role: OwnerRole
    found: Found
    left: Sequence[Person] = ()  # who held it, or took turns in it, and has left


@dataclass
class MatrixRow:
    process: Process
    primary: Owner | None
    secondary: Owner | None
    feeds: Sequence[Feed]
    strip: Strip | None
    open: int
    findings: Sequence[Finding] = ()

    @property
    def state(self) -> str:
        """The worst of its feeds; empty without one."""
        return standing.worst(self.feeds)

    @property
    def state_label(self) -> str:
        return standing.label(self.state)

    @property
    def trouble(self) -> bool:
        return standing.in_trouble(self.state, ladders=self.open)

    @property
    def expected_at(self) -> datetime | None:
        return min((feed.expected_at for feed in self.feeds if feed.active and feed.expected_at), default=None)

    @property
    def last_ping_at(self) -> datetime | None:
        return max((feed.last_ping_at for feed in self.feeds if feed.last_ping_at), default=None)


@dataclass
class Matrix:
    rows: Sequence[MatrixRow]
    of_all: Sequence[Finding] = ()  # findings of no single process

    @property
    def findings(self) -> list[tuple[audit.Kind, list[Finding]]]:
        """What the matrix finds wrong with itself, by kind."""
        return audit.by_kind([*self.of_all, *(finding for row in self.rows for finding in row.findings)])

    @property
    def tally(self) -> list[tuple[str, str, int]]:
        """(state, label, processes), the worst first; the state is empty where there is no feed."""
        known = [(str(state), str(state.label), self.counts[state]) for state in WORST_FIRST]
        return known + ([("", "", self.counts[""])] if self.counts[""] else [])

    def in_state(self, state: str) -> list[MatrixRow]:
        """Those in this state ("none": without a feed), or all of them: in trouble first, the worst on top, else as written down."""
        wanted = "" if state == NO_FEED else state
        known = state == NO_FEED or state in WORST_FIRST
        rows = [row for row in self.rows if row.state == wanted] if known else self.rows
        return sorted(rows, key=lambda row: (not row.trouble, TROUBLED.index(row.state) if row.state in TROUBLED else len(TROUBLED)))

    @property
    def in_trouble(self) -> int:
        return sum(row.trouble for row in self.rows)

    @property
    def counts(self) -> Counter[str]:
        """Processes by the state of their feeds; "" where there is no feed."""
        return Counter(row.state for row in self.rows)


@dataclass(frozen=True)
class RungView:
    rung: Rung
    found: Found


@dataclass(frozen=True)
class StageView:
    stage: Stage
    owner: Owner | None


@dataclass(frozen=True)
class FeedView:
    feed: Feed
    strip: Strip
    sentence: str


@dataclass
class Open:
    """An escalation that waits for somebody."""

    escalation: Escalation
    steps: Sequence[Step]
    top: int
    may_act: bool

    @property
    def title(self) -> str:
        return title(self.escalation)

    @property
    def facts(self) -> str:
        run, breach = self.escalation.feed_run, self.escalation.breach
        if run:
            return trouble(run)
        if breach is None:
            silent = silence.said(self.escalation, clock)
            return silent[1] if silent else missing.called_for(self.escalation.process).words if self.escalation.process else ""
        words = {"promise": ClockKind(breach.kind).label, "time": clock(breach.due_at), "team": breach.team.name}
        return _("%(promise)s was promised by %(time)s. The ticket was with %(team)s.") % words

    @property
    def log(self) -> list[str]:
        """What the ladder of a feed did, a line each; of a ticket, its events say so."""
        run = self.escalation.feed_run
        return run.note.strip().split("\n") if run and run.note.strip() else []

    @property
    def open_steps(self) -> list[Step]:
        return [step for step in self.steps if step.done_at is None]

    @property
    def first_due(self) -> datetime | None:
        return min((step.due_at for step in self.open_steps if step.due_at), default=None)


@dataclass
class ProcessView:
    row: MatrixRow
    sentence: str
    targets: Sequence[System]
    stages: Sequence[StageView]
    feeds: Sequence[FeedView]
    rungs: Sequence[RungView]
    runs: Sequence[FeedRun]
    open: Sequence[Open] = field(default_factory=tuple)


# --- the matrix -------------------------------------------------------------------------------------------------------


def matrix(*, now: datetime, zone: ZoneInfo) -> Matrix:
    """Every process with its owners, the state of its feeds, its last 30 days, and what its audit finds. Seven queries, and two more
    where a feed may differ from its source by so much."""
    rows = list(_processes().order_by("id"))
    return _matrix(rows, Roster(now), now=now, zone=zone)


def _processes() -> QuerySet[Process]:
    feeds = Prefetch("feeds", Feed.objects.order_by("id"))
    stages = Prefetch("stages", Stage.objects.select_related("role__holder", "role__deputy", "system").order_by("order"))
    rungs = Prefetch("ladder__rungs", Rung.objects.select_related("role__holder", "role__deputy", "team").order_by("level"))
    return Process.objects.select_related("source", *WITH_OWNERS).prefetch_related(feeds, stages, rungs)


def _matrix(processes: Sequence[Process], roster: Roster, *, now: datetime, zone: ZoneInfo) -> Matrix:
    strips = history.strips([feed for process in processes for feed in process.feeds.all()], now=now, zone=zone)
    waiting = standing.ladders()
    rows = [_row(process, roster, strips, waiting.get(process.id, 0)) for process in processes]
    beyond = tolerance.beyond(processes)
    findings = looks.findings([_audited(process, beyond.get(process.id, ())) for process in processes], roster)
    found = audit.by_process(findings)
    for row in rows:
        row.findings = found.get(row.process.id, [])
    return Matrix(rows, audit.of_all(findings))


def _row(process: Process, roster: Roster, strips: dict[UUID, Strip], waiting: int) -> MatrixRow:
    feeds = list(process.feeds.all())
    mine = [strips[feed.id] for feed in feeds if feed.active]
    return MatrixRow(
        process=process, primary=_owner(process.primary, roster), secondary=_owner(process.secondary, roster), feeds=feeds,
        strip=history.together(mine) if mine else None, open=waiting,
    )  # fmt: skip


def _owner(role: OwnerRole | None, roster: Roster) -> Owner | None:
    return Owner(role, roster.find(role), roster.left(role)) if role else None


def _audited(process: Process, beyond: Sequence[Beyond]) -> audit.Row:
    named = [*owners(process), *(stage.role for stage in process.stages.all())]
    rungs = list(process.ladder.rungs.all()) if process.ladder else []
    named += [rung.role for rung in rungs]
    roles = {role.id: role for role in named if role}
    return audit.Row(process, list(process.feeds.all()), list(roles.values()), has_rungs=bool(rungs), beyond=beyond)


# --- one process ------------------------------------------------------------------------------------------------------


def get_process(slug: str) -> Process:
    """Raises Http404; also for what can be no slug, as it comes out of a query string."""
    if not slug_re.match(slug):
        raise Http404
    process = Process.objects.select_related(*WITH_OWNERS).filter(slug=slug).first()
    if process is None:
        raise Http404
    return process


def processes_on(slug: str) -> list[Process]:
    """Those that climb this ladder."""
    return list(Process.objects.filter(ladder__slug=slug).order_by("name"))


def process_view(slug: str, actor: Actor, *, now: datetime, zone: ZoneInfo) -> ProcessView:
    """All of one row. The audit looks at every row, since a promise may be too late for another's cut-off. Raises Http404."""
    roster = Roster(now)
    rows = _matrix(list(_processes().order_by("id")), roster, now=now, zone=zone).rows
    row = next((row for row in rows if row.process.slug == slug), None)
    if row is None:
        raise Http404
    process = row.process
    strips = history.strips(row.feeds, now=now, zone=zone)
    rungs = list(process.ladder.rungs.all()) if process.ladder else []
    known = {system.slug: system for system in System.objects.filter(slug__in=process.targets)}
    runs = FeedRun.objects.filter(feed__in=[feed.id for feed in row.feeds]).select_related("feed").order_by("-at", "-id")
    return ProcessView(
        row=row, sentence=wording.sentence(process.terms), targets=[known[slug] for slug in process.targets if slug in known],
        stages=[StageView(stage, _owner(stage.role, roster)) for stage in process.stages.all()],
        feeds=[FeedView(feed, strips[feed.id], wording.expected(feed)) for feed in row.feeds],
        rungs=[RungView(rung, whom(rung, Escalation(process=process), roster)) for rung in rungs], runs=list(runs[:RUNS_SHOWN]),
        open=views_of(open_escalations().filter(process=process).order_by("began_at"), actor),
    )  # fmt: skip


def service_names(process: Process) -> list[str]:
    """Of the services that people ask for when it does not work."""
    named = Service.objects.filter(slug__in=process.services).order_by("name") if process.services else Service.objects.none()
    return list(named.values_list("name", flat=True))


# --- steps ------------------------------------------------------------------------------------------------------------


def open_escalations() -> QuerySet[Escalation]:
    """Ladders being climbed or waited on; one whose ticket was resolved counts no more, though the sweep has yet to end it."""
    return escalations().filter(OPEN)


def waiting_for(actor: Actor) -> list[Open]:
    """Ladders on which the actor owns a step that is not done, for which they were sent and nobody has them yet, or that are of a
    process of theirs."""
    if actor.person is None:
        return []
    person = actor.person
    mine = Step.objects.filter(owner=person, done_at__isnull=True).values("escalation_id")
    sides = [Q(**{f"process__{side}__{who}": person}) for side in ("primary", "secondary") for who in ("holder", "deputy")]
    owned = sides[0] | sides[1] | sides[2] | sides[3]
    sent_for = Q(id__in=Summons.objects.filter(person=person).values("escalation_id"), acknowledged_at__isnull=True)
    return views_of(open_escalations().filter(Q(id__in=mine) | sent_for | owned), actor)


def waiting_on(actor: Actor, step: Step) -> list[Open]:
    """The one ladder of a step: where its form is shown again."""
    return views_of(escalations().filter(id=step.escalation_id), actor)


def one_open(escalation: Escalation) -> Open:
    """For whoever was sent for about it, and is not signed in."""
    return views_of([escalation], VISITOR)[0]


def all_waiting(actor: Actor) -> list[Open]:
    """Every open ladder of the district, for those who lead."""
    return views_of(open_escalations().order_by("began_at"), actor)


def views_of(rows: QuerySet[Escalation] | Iterable[Escalation], actor: Actor) -> list[Open]:
    """With steps, what is due first on top. Four queries in all."""
    found = list(rows[:MOST_OPEN]) if isinstance(rows, QuerySet) else list(rows)
    steps: dict[UUID, list[Step]] = {escalation.id: [] for escalation in found}
    people = ("owner", "role", "done_by")
    rows_of = Step.objects.filter(escalation__in=list(steps)).select_related(*people).prefetch_related("files")
    for step in rows_of.order_by("level", "order"):
        steps[step.escalation_id].append(step)
    tops: dict[UUID, int] = {}
    for ladder_id, level in Rung.objects.filter(ladder__in={e.ladder_id for e in found}).values_list("ladder_id", "level"):
        tops[ladder_id] = max(level, tops.get(ladder_id, 0))
    sent_for = _sent_for(actor, list(steps))
    views = [Open(e, steps[e.id], tops.get(e.ladder_id, 0), may_act(actor, e, steps[e.id], sent_for=e.id in sent_for)) for e in found]
    return sorted(views, key=lambda view: view.first_due or view.escalation.began_at)


def _sent_for(actor: Actor, escalation_ids: Sequence[UUID]) -> set[UUID]:
    """Those for which they were sent, by mail, text or call: an owner, or whoever stood in for one."""
    if actor.person is None:
        return set()
    return set(
        Summons.objects.filter(person=actor.person, escalation__in=escalation_ids).values_list("escalation_id", flat=True)
    )  # fmt: skip


def may_act(actor: Actor, escalation: Escalation, steps: Iterable[Step], *, sent_for: bool) -> bool:
    """Acknowledge, and say that a step is done: those it was given to or who were sent for, the owners of the process, the ticket's
    team, and leads."""
    if actor.person is None or not actor.is_staff:
        return False
    me = actor.person.id
    asked = {step.owner_id for step in steps}
    asked |= {person for role in owners(escalation.process) for person in (role.holder_id, role.deputy_id)}
    in_team = escalation.ticket is not None and actor.in_team(escalation.ticket.team_id)
    return sent_for or me in asked or in_team or may(actor, Can.LEAD)


def get_escalation(actor: Actor, escalation_id: UUID) -> Escalation:
    """Raises Http404 where it is not there, PermissionDenied where it is not theirs to act on."""
    escalation = escalations().filter(id=escalation_id).first()
    if escalation is None:
        raise Http404
    sent_for = bool(_sent_for(actor, [escalation_id]))
    if not may_act(actor, escalation, Step.objects.filter(escalation=escalation), sent_for=sent_for):
        raise PermissionDenied
    return escalation


def get_step(actor: Actor, step_id: UUID) -> Step:
    """Raises Http404 or PermissionDenied, as its escalation does."""
    step = Step.objects.select_related("owner").filter(id=step_id).first()
    if step is None:
        raise Http404
    get_escalation(actor, step.escalation_id)
    return step


def lines_of(ticket: Ticket, *, now: datetime) -> list[line.Line]:
    """What the requester of a ticket may read of playbooks that run for them on it: a sentence each, and how far it is."""
    return line.of_ticket(ticket, now=now)
