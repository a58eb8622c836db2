"""The review after an outage, written from what happened: how long each part took, what was late, what was decided, what is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from incidents import telling
from incidents.models import Decision, Happening, Incident, Kind, LinkedTicket, PaperForm, Task
from sla.models import Breach
from sla.words import left


@dataclass(frozen=True)
class Took:
    """One measured stretch; `how` is its definition, shown beside the figure."""

    name: str
    time: str
    how: str


@dataclass(frozen=True)
class Review:
    incident: Incident
    took: Sequence[Took]
    lines: Sequence[tuple[Happening, str]]
    late: Sequence[Task]
    broken: Sequence[Breach]
    decisions: Sequence[Decision]
    open_questions: Sequence[Task]
    findings: Sequence[Task]
    tickets: int
    forms: int
    forms_void: int


def review_of(incident: Incident) -> Review:
    tasks = list(Task.objects.filter(incident=incident).select_related("owner", "done_by").order_by("level", "order"))
    work = [task for task in tasks if task.kind != Kind.FINDING]
    rows = Happening.objects.filter(incident=incident).select_related("by").order_by("at", "id")
    linked = LinkedTicket.objects.filter(incident=incident).values("ticket_id")
    forms = PaperForm.objects.filter(incident=incident)
    return Review(
        incident=incident, took=took(incident), lines=[(row, telling.line(row)) for row in rows],
        late=[task for task in work if is_late(task)],
        broken=list(Breach.objects.filter(ticket__in=linked).select_related("ticket").order_by("due_at")),
        decisions=list(Decision.objects.filter(incident=incident).select_related("by").order_by("at")),
        open_questions=[task for task in work if task.done_by_id is None],
        findings=[task for task in tasks if task.kind == Kind.FINDING], tickets=linked.count(), forms=forms.count(),
        forms_void=forms.filter(state=PaperForm.State.VOID).count(),
    )  # fmt: skip


def is_late(task: Task) -> bool:
    """Done by a person after it was due."""
    return bool(task.done_by_id and task.done_at and task.due_at and task.done_at > task.due_at)


def took(incident: Incident) -> list[Took]:
    stretches = [
        (_("To notice it"), incident.began_at, incident.detected_at, _("from when it began for people to when it was declared")),
        (_("To confirm it"), incident.detected_at, incident.confirmed_at, _("from when it was declared to when it was confirmed")),
        (_("To restore it"), incident.began_at, incident.restored_at, _("from when it began for people to when it worked again")),
        (_("To be sure"), incident.restored_at, incident.resolved_at, _("from when it worked again to when everything was proved")),
    ]  # fmt: skip
    return [Took(name, _time(since, until), how) for name, since, until, how in stretches]


def _time(since: datetime | None, until: datetime | None) -> str:
    if since is None or until is None:
        return _("not measured")
    return left(max(timedelta(0), until - since))
