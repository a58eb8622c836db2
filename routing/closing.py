"""Close what was resolved a week ago and heard of no more."""

import time
from datetime import datetime
from uuid import UUID

import structlog

from districts.jobs import shuffled
from districts.models import District
from districts.scope import district_scope
from tickets import actions as tickets

BATCH = 500
LONGEST = 120  # seconds: in any order, so that the next hour does what this one did not
log = structlog.get_logger(__name__)


def close_all(*, now: datetime) -> int:
    """District by district, each batch for itself; returns how many. Where nothing is to close it costs a look into an index."""
    done, until = 0, time.monotonic() + LONGEST
    for district_id in shuffled(District.objects.filter(active=True).values_list("id", flat=True)):
        if time.monotonic() > until:
            break
        try:
            done += _close(district_id, now=now, until=until)
        except Exception:
            log.exception("closing_failed", district=str(district_id))
    return done


def _close(district_id: UUID, *, now: datetime, until: float) -> int:
    done = 0
    while time.monotonic() < until:
        with district_scope(district_id):
            closed = tickets.close_resolved(now=now, limit=BATCH)
        done += closed
        if closed < BATCH:
            break
    return done
