"""The worker's doorway."""

import time
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

ENOUGH = 20  # seconds for each kind of work; what is left is found by the next sweep
log = structlog.get_logger(__name__)


@shared_task(name="sla.sweep")
def sweep() -> int:
    """Derive what was forgotten, then notice what is due, district by district, until nothing is left of this moment."""
    now = timezone.now()
    return _drain("stale", partial(_unharmed, drain_stale, now)) + _drain("clocks", partial(_unharmed, drain_clocks, now))


def _drain(queue: str, drain: Callable[[UUID], int]) -> int:
    """A round asks some hundred districts; another follows while there was work."""
    done, until = 0, time.monotonic() + ENOUGH
    while (found := each_district(queue, drain)) and time.monotonic() < until:
        done += found
    return done + found


def _unharmed(drain: Callable[..., int], now: datetime, district_id: UUID) -> int:
    """A district that cannot be swept (a time zone nobody knows) does not stop the others."""
    try:
        return drain(district_id, now=now)
    except DatabaseError:
        raise
    except Exception:
        log.exception("sweep_failed", district=str(district_id))
        return 0
