"""The worker's doorway."""

from datetime import datetime
from functools import partial
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from alerts import handing, monthly, watching
from districts.jobs import bind, each_district


@shared_task(name="alerts.send")
def send(*, district_id: str) -> int:
    """An alert was started: hand its letters over."""
    bind(district_id)
    return handing.drain(UUID(district_id))


@shared_task(name="alerts.sweep")
def sweep() -> int:
    """Send the tests that are due, go on with what a worker left, count, judge and remind."""
    now = timezone.now()
    done = each_district("alert_tests", partial(monthly.drain, now=now))
    return done + each_district("alerts", partial(_drain, now=now))


def _drain(district_id: UUID, *, now: datetime) -> int:
    return handing.drain(district_id) + watching.drain(district_id, now=now)
