"""Reads: playbooks, their runs and the steps that wait, for those who may see them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from districts.access import Actor, Can, may
from districts.models import Person
from ownership.models import Playbook, PlaybookRun, RunStep, RunStepFile
from ownership.playbooks import usual
from tickets.models import Ticket
from tickets.queries import visible

MOST_RUNS = 200
PRESSED_TWICE = timedelta(minutes=2)
MOST_OVER = 20  # shown of those that are over
RELATED = ("playbook", "ticket__team", "process", "vendor", "person", "began_by", "signed_by", "feed_run__feed")


@dataclass
class RunView:
    """A run with its steps, as somebody sees it. `open`: whether it still runs."""

    run: PlaybookRun
    steps: Sequence[RunStep]
    may_act: bool
    now: datetime

    @property
    def open(self) -> bool:
        return self.run.ended_at is None

    @property
    def done(self) -> int:
        return sum(1 for step in self.steps if step.done_at)

    @property
    def late(self) -> list[RunStep]:
        return [step for step in self.to_do if step.due_at and step.due_at < self.now]

    @property
    def to_do(self) -> list[RunStep]:
        """Steps that somebody may do now."""
        return [step for step in self.steps if self.open and step.done_at is None and step.open_at]

    @property
    def first_due(self) -> datetime | None:
        return min((step.due_at for step in self.to_do if step.due_at), default=None)

    @property
    def to_sign(self) -> bool:
        return self.open and self.run.gated and self.done == len(self.steps)

    @property
    def parts(self) -> list[tuple[str, list[RunStep]]]:
        """Steps under their part, the part that comes first on top."""
        found: dict[str, list[RunStep]] = {}
        for step in self.steps:
            found.setdefault(step.part, []).append(step)
        return list(found.items())

    @property
    def facts(self) -> list[tuple[str, str]]:
        """In the order in which they are asked; a row forgets it."""
        shipped = usual.BY_SLUG.get(self.run.playbook.slug)
        asked = [str(name) for name in shipped.facts] if shipped else []
        return sorted(self.run.facts.items(), key=lambda fact: asked.index(fact[0]) if fact[0] in asked else len(asked))

    def waits_for(self, step: RunStep) -> list[int]:
        """Orders of the steps that are to be done before it."""
        return [other.order for other in self.steps if other.order in step.after and other.done_at is None]


@dataclass(frozen=True)
class Happened:
    at: datetime
    words: str


def history(view: RunView) -> list[Happened]:
    """What the rows tell, the newest first."""
    run = view.run
    who = run.began_by.name if run.began_by else _("The system")
    lines = [Happened(run.began_at, _("%(name)s began it.") % {"name": who})]
    for step in view.steps:
        words = {"name": step.done_by.name if step.done_by else _("The system"), "step": step.title, "why": step.evidence}
        if step.late_told_at:
            lines.append(Happened(step.late_told_at, _("“%(step)s” was late, and people were told.") % words))
        if step.done_at:
            said = _("%(name)s left out “%(step)s”: %(why)s") if step.skipped else _("%(name)s did “%(step)s”.")
            lines.append(Happened(step.done_at, said % words))
    if run.signed_at:
        lines.append(Happened(run.signed_at, _("Signed: %(name)s.") % {"name": run.signed_as}))
    if run.ended_at:
        said = _("Ended before every step was done. %(why)s") % {"why": run.stopped} if run.stopped else _("It was over.")
        lines.append(Happened(run.ended_at, said))
    lines.reverse()  # of two at the same moment, the later one first
    return sorted(lines, key=lambda one: one.at, reverse=True)


# --- runs -------------------------------------------------------------------------------------------------------------


def seen_by(actor: Actor) -> QuerySet[PlaybookRun]:
    """A run about a sensitive ticket only for those who may see that; a life event of no ticket for leads and those who do it."""
    tickets = Ticket.objects.filter(visible(actor))
    free: Any = Q(ticket__isnull=True)
    if not may(actor, Can.LEAD):  # a life event names a student, or a colleague
        mine = Exists(RunStep.objects.filter(run=OuterRef("id"), owner=actor.person))
        free &= ~Q(playbook__kind=Playbook.Kind.LIFE) | Q(began_by=actor.person) | mine
    return PlaybookRun.objects.select_related(*RELATED).filter(free | Q(ticket__in=tickets))


def running(actor: Actor, *, now: datetime) -> list[RunView]:
    """What is due first on top."""
    rows = seen_by(actor).filter(ended_at__isnull=True).order_by("began_at", "id")[:MOST_RUNS]
    return _by_due(views_of(rows, actor, now=now))


def over(actor: Actor, *, now: datetime) -> list[RunView]:
    rows = seen_by(actor).filter(ended_at__isnull=False).order_by("-ended_at", "-id")[:MOST_OVER]
    return views_of(rows, actor, now=now)


def owed(actor: Actor, *, now: datetime, everybody: bool = False) -> list[RunView]:
    """Runs with a step that waits for the actor; for leads, `everybody`'s."""
    if actor.person is None:
        return []
    steps = RunStep.objects.filter(done_at__isnull=True, open_at__isnull=False)
    mine = steps if everybody else steps.filter(owner=actor.person)
    rows = seen_by(actor).filter(ended_at__isnull=True, id__in=mine.values("run_id")).order_by("began_at", "id")[:MOST_RUNS]
    views = views_of(rows, actor, now=now)
    for view in views:
        view.steps = [step for step in view.to_do if everybody or step.owner_id == actor.person.id]
    return _by_due(views)


def views_of(rows: Iterable[PlaybookRun], actor: Actor, *, now: datetime) -> list[RunView]:
    """Three queries however many they are."""
    runs = list(rows)
    steps: dict[UUID, list[RunStep]] = {run.id: [] for run in runs}
    found = RunStep.objects.filter(run__in=list(steps)).select_related("owner", "role", "team", "done_by").prefetch_related("files")
    for step in found.order_by("order"):
        steps[step.run_id].append(step)
    return [RunView(run, steps[run.id], _may_act(actor, run, steps[run.id]), now) for run in runs]


def _by_due(views: list[RunView]) -> list[RunView]:
    return sorted(views, key=lambda view: view.first_due or view.run.began_at)


def get_run(actor: Actor, run_id: UUID, *, now: datetime, act: bool = False) -> RunView:
    """Raises Http404 where it is not there or not theirs to see, PermissionDenied where they may look and not touch."""
    found = views_of(seen_by(actor).filter(id=run_id), actor, now=now)
    if not found:
        raise Http404
    if act and not found[0].may_act:
        raise PermissionDenied
    return found[0]


def get_step(actor: Actor, step_id: UUID, *, now: datetime) -> tuple[RunView, RunStep]:
    """To act on. Raises Http404 or PermissionDenied, as its run does."""
    step = RunStep.objects.select_related("owner").filter(id=step_id).first()
    if step is None:
        raise Http404
    return get_run(actor, step.run_id, now=now, act=True), step


def get_file(actor: Actor, file_id: UUID, *, now: datetime) -> RunStepFile:
    """Raises Http404, or PermissionDenied for those who may not act on its run."""
    file = RunStepFile.objects.select_related("step").filter(id=file_id).first()
    if file is None:
        raise Http404
    get_run(actor, file.step.run_id, now=now, act=True)
    return file


def _may_act(actor: Actor, run: PlaybookRun, steps: Iterable[RunStep]) -> bool:
    """Owners of its steps, the ticket's team, leads, and whoever began it."""
    if actor.person is None or not actor.is_staff:
        return False
    mine = actor.person.id == run.began_by_id or any(step.owner_id == actor.person.id for step in steps)
    in_team = run.ticket is not None and actor.in_team(run.ticket.team_id)
    return mine or in_team or may(actor, Can.LEAD)


def by_token(token: str) -> PlaybookRun:
    """Of the page with one line. Raises Http404: also where the playbook has no line, which says that nobody is to see it."""
    run = PlaybookRun.objects.select_related("playbook", "person").filter(token=token[:33]).first()
    if run is None or not run.playbook.line:
        raise Http404
    return run


# --- playbooks --------------------------------------------------------------------------------------------------------


def kept() -> QuerySet[Playbook]:
    """With their steps; those that may be begun first."""
    return Playbook.objects.prefetch_related("steps").order_by("-active", "name", "id")


def get_playbook(slug: str, *, lock: bool = False) -> Playbook:
    """Raises Http404."""
    rows = Playbook.objects.select_for_update(no_key=True) if lock else Playbook.objects.all()
    found = rows.filter(slug=slug).first()
    if found is None:
        raise Http404
    return found


def just_begun(playbook: Playbook, title: str, *, by: Person, now: datetime) -> PlaybookRun | None:
    """The run that the same person began a moment ago under the same title: somebody pressed twice."""
    rows = PlaybookRun.objects.filter(playbook=playbook, title=title[:300], began_by=by, ended_at__isnull=True)
    found: PlaybookRun | None = rows.filter(began_at__gt=now - PRESSED_TWICE).first()
    return found
