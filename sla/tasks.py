"""The worker's doorway."""

import time
from collections.abc import Callable
from functools import partial
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from districts.jobs import each_district
from sla.actions import drain_calendars, drain_clocks, drain_stale

ENOUGH = 20  # seconds for each kind of work; what is left is found by the next sweep


@shared_task(name="sla.sweep")
def sweep() -> int:
    """Derive what was forgotten, then notice what is due, district by district, until nothing is left of this moment."""
    now = timezone.now()
    again = _drain("calendars", partial(drain_calendars, now=now))
    return again + _drain("stale", partial(drain_stale, now=now)) + _drain("clocks", partial(drain_clocks, now=now))


def _drain(queue: str, drain: Callable[[UUID], int]) -> int:
    """A round asks some hundred districts; another follows while there was work."""
    done, until = 0, time.monotonic() + ENOUGH
    while (found := each_district(queue, drain)) and time.monotonic() < until:
        done += found
    return done + found
