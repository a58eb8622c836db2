"""What people and machines do on this floor: ping a feed, acknowledge a ladder, do a step and prove it, test a ladder."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db.models import Min, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from districts.models import Person
from ownership.feeds import ping
from ownership.ladders import Climber, held, ladder_of
from ownership.models import Escalation, Ladder, Process, Rung, Step

__all__ = ["EvidenceMissing", "acknowledge", "complete", "drill", "ping"]
LONGEST_EVIDENCE = 5_000
log = structlog.get_logger(__name__)


class EvidenceMissing(ValueError):
    """A step is done only with a word on what was done; the text says so."""


def acknowledge(escalation_id: UUID, *, by: Person, now: datetime) -> bool:
    """Somebody has it: no climb until the first of its steps is due. False: it is over, or somebody had it before.

    Steps whose time had passed get their time anew, once: another acknowledgement counts only on a higher rung.
    """
    escalation = held(escalation_id)
    if escalation.ended_at or escalation.acknowledged_at:
        return False
    climber = Climber(now)
    minutes = next((rung.step_minutes for rung in climber.rungs(escalation.ladder_id) if rung.level == escalation.level), 60)
    fresh = now + timedelta(minutes=minutes)
    _open_steps(escalation).filter(due_at__lte=now).update(due_at=fresh)
    escalation.acknowledged_at, escalation.acknowledged_by = now, by
    escalation.climb_at = _first_due(escalation) or fresh
    escalation.save(update_fields=["acknowledged_at", "acknowledged_by", "climb_at"])
    climber.record(escalation, "acknowledged", by=by)
    return True


def complete(step_id: UUID, *, by: Person, evidence: str, now: datetime) -> bool:
    """Done, and this is how one can tell. When it was the last step, the ladder is over. False: it was done before.

    Raises EvidenceMissing, Step.DoesNotExist.
    """
    evidence = evidence.replace("\0", "").strip()[:LONGEST_EVIDENCE]
    if not evidence:
        raise EvidenceMissing(_("Say in a few words what was done, so that others can rely on it."))
    step = Step.objects.get(id=step_id)
    escalation = held(step.escalation_id)
    if not _open_steps(escalation).filter(id=step.id).update(done_at=now, done_by=by, evidence=evidence):
        return False
    climber = Climber(now)
    climber.record(escalation, "done", by=by, why=f"{step.title}: {evidence}")
    if not _open_steps(escalation).exists():
        with climber.words():
            climber.end(escalation, why=_("All steps are done."))
    elif escalation.acknowledged_at:
        escalation.climb_at = _first_due(escalation)
        escalation.save(update_fields=["climb_at"])
    return True


def drill(process: Process, *, by: Person | None, now: datetime) -> list[Rung]:
    """Test a process's ladder: whoever would be sent for is told that this is a test.

    Returns the rungs that have nobody; the test counts as passed, and is dated, when there are none.
    """
    climber = Climber(now)
    ladder = ladder_of(process)
    asked = Escalation(ladder=ladder, process=process)
    empty = []
    for rung in climber.rungs(ladder.id):
        found = climber.find(asked, rung)
        if not found.people:
            empty.append(rung)
            continue
        climber.post.drill(process.name, rung, found.people, path=reverse("process", args=[process.slug]))
    if not empty:
        Ladder.objects.filter(id=ladder.id).update(tested_at=now)
    log.info("ladder_tested", ladder=ladder.slug, by=str(by.id) if by else "", empty=len(empty))
    return empty


def _open_steps(escalation: Escalation) -> QuerySet[Step]:
    return Step.objects.filter(escalation=escalation, done_at__isnull=True)


def _first_due(escalation: Escalation) -> datetime | None:
    first: datetime | None = _open_steps(escalation).aggregate(first=Min("due_at"))["first"]
    return first
