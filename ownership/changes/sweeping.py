"""Changes that did not arrive in time: those of one process begin its ladder, once, or join the one that is being climbed."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.utils.translation import gettext as _

from districts.scope import district_scope
from ownership.changes.ending import open_ladders
from ownership.ladders.climbing import WITH_OWNERS, Climber, ladder_of
from ownership.ladders.collecting import POISONED, STALE
from ownership.models import Change, Escalation, Process

BATCH = 500
log = structlog.get_logger(__name__)


def sweep(district_id: UUID, *, now: datetime) -> int:
    """How many changes were seen to be late."""
    done = 0
    while True:
        with district_scope(district_id):
            late = _batch(now)
        done += late
        if late < BATCH:
            return done


def _batch(now: datetime) -> int:
    due = Change.objects.filter(check_at__lte=now).order_by("check_at", "id")
    rows = list(due.select_for_update(skip_locked=True, no_key=True).only("id", "district_id", "process_id")[:BATCH])
    by_process = attrgetter("process_id")
    for process_id, changes in groupby(sorted(rows, key=by_process), key=by_process):
        _late(process_id, [change.id for change in changes], now=now)
    return len(rows)


def _late(process_id: UUID, ids: Sequence[UUID], *, now: datetime) -> None:
    """A process whose ladder cannot be begun stops no other: its changes are looked at again later."""
    rows = Change.objects.filter(id__in=ids)
    try:
        with transaction.atomic():
            rows.update(check_at=None)
            _call(process_id, now=now)
    except SoftTimeLimitExceeded:  # this sweep's time is up
        raise
    except Exception:
        log.exception("changes_failed", process=str(process_id))
        rows.update(check_at=now + POISONED)


def _call(process_id: UUID, *, now: datetime) -> None:
    """The process is held: two sweeps at once begin one ladder."""
    process = Process.objects.select_related(*WITH_OWNERS).select_for_update(of=("self",), no_key=True).get(id=process_id)
    climber = Climber(now)
    for earlier in open_ladders(process):
        if earlier.climb_at or earlier.began_at > now - STALE:
            climber.record(earlier, "again")
            return
        with climber.words():
            climber.end(earlier, why=_("It happened again, and a new ladder was begun."))
    climber.begin(Escalation(ladder=ladder_of(process), process=process))
