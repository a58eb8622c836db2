"""The worker's doorway."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog
from celery import shared_task
from django.db import DatabaseError
from django.utils import timezone

from districts.jobs import each_district
from sla.actions import drain_clocks, drain_stale

ROUNDS = 50  # a round asks some hundred districts
log = structlog.get_logger(__name__)


@shared_task(name="sla.sweep")
def sweep() -> int:
    """Derive what was forgotten, then notice what is due, district by district, until nothing is left of this moment."""
    now = timezone.now()
    done = 0
    for queue, drain in (("stale", drain_stale), ("clocks", drain_clocks)):
        for _ in range(ROUNDS):
            found = each_district(queue, partial(_unharmed, drain, now))
            done += found
            if not found:
                break
    return done


def _unharmed(drain: Callable[..., int], now: datetime, district_id: UUID) -> int:
    """A district that cannot be swept (a time zone nobody knows) does not stop the others."""
    try:
        return drain(district_id, now=now)
    except DatabaseError:
        raise
    except Exception:
        log.exception("sweep_failed", district=str(district_id))
        return 0
