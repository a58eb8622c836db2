"""The worker's doorway."""

from functools import partial

from celery import shared_task
from django.utils import timezone

from config import queues
from districts.jobs import each_district
from sla.actions import drain_clocks, drain_stale

ROUNDS = 50  # a round asks some hundred districts


@shared_task(name="sla.sweep", queue=queues.PROMISES)
def sweep() -> int:
    """Derive what was forgotten, then notice what is due, district by district, until nothing is left of this moment."""
    now = timezone.now()
    done = 0
    for queue, drain in (("stale", drain_stale), ("clocks", drain_clocks)):
        for _ in range(ROUNDS):
            found = each_district(queue, partial(drain, now=now))
            done += found
            if not found:
                break
    return done
