"""Steps whose time has passed: their owner and the owner's lead are told, once."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from districts.queries import this_district
from districts.scope import district_scope
from ownership.duty.roles import Roster, once
from ownership.ladders.notices import Post
from ownership.models import PlaybookRun, RunStep
from ownership.playbooks.owning import lead_of
from ownership.playbooks.running import RELATED, WITH_PEOPLE, watch_next
from ownership.playbooks.telling import Told

BATCH = 50
POISONED = timedelta(hours=1)
log = structlog.get_logger(__name__)


def late(district_id: UUID, *, now: datetime) -> int:
    """Runs looked at. Two sweeps at once tell nobody twice; a run that cannot be looked at is put off for an hour."""
    seen: set[UUID] = set()
    while batch := _batch(district_id, seen, now=now):
        seen |= batch
    return len(seen)


def _batch(district_id: UUID, seen: set[UUID], *, now: datetime) -> set[UUID]:
    with district_scope(district_id):
        due = PlaybookRun.objects.filter(check_at__lte=now).exclude(id__in=seen).select_related(*RELATED)
        runs = list(due.order_by("check_at", "id").select_for_update(of=("self",), skip_locked=True)[:BATCH])
        if runs:
            roster, post = Roster(now, this_district()), Post(this_district(), now)
            with post.together():
                for run in runs:
                    _one(run, roster, post, now=now)
        return {run.id for run in runs}


def _one(run: PlaybookRun, roster: Roster, post: Post, *, now: datetime) -> None:
    try:
        with transaction.atomic(), post.unless_it_fails():
            _tell(run, roster, post, now=now)
    except SoftTimeLimitExceeded:  # this sweep's time is up
        raise
    except Exception:  # a run of whatever kind of trouble must not stop the others
        log.exception("playbook_not_looked_at", run=str(run.id))
        PlaybookRun.objects.filter(id=run.id).update(check_at=now + POISONED)


def _tell(run: PlaybookRun, roster: Roster, post: Post, *, now: datetime) -> None:
    rows = RunStep.objects.filter(run=run, done_at__isnull=True, late_told_at__isnull=True, due_at__lte=now, open_at__isnull=False)
    told = Told(run, post)
    for step in rows.select_related(*WITH_PEOPLE).order_by("order"):
        told.late(step, once([step.owner, lead_of(step, roster)]))
        step.late_told_at = now
        step.save(update_fields=["late_told_at"])
    watch_next(run)
