"""The worker's doorway."""

from functools import partial
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from districts.jobs import bind, each_district
from incidents import sweep as sweeping
from incidents.hunches.arrivals import watch_arrivals

SWEPT = (
    ("arrivals", watch_arrivals),
    ("incident_feeds", sweeping.look_at_feeds),
    ("incidents", sweeping.move_incidents),
    ("incident_updates", sweeping.send_updates),
    ("incident_letters", sweeping.send_letters),
)


@shared_task(name="incidents.sweep")
def sweep() -> int:
    """Every district that has such rows."""
    now = timezone.now()
    return sum(each_district(queue, partial(drain, now=now)) for queue, drain in SWEPT)


@shared_task(name="incidents.sweep_district")
def sweep_district(*, district_id: str) -> int:
    """What one district has to be sent, at once."""
    bind(district_id)
    now = timezone.now()
    return sum(drain(UUID(district_id), now=now) for queue, drain in SWEPT if queue not in ("arrivals", "incident_feeds"))
