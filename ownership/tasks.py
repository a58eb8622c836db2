"""The worker's doorway."""

from functools import partial

from celery import shared_task
from django.utils import timezone

from districts.jobs import each_district
from ownership.feeds import pings
from ownership.ladders import collecting

SWEPT = (
    ("feeds", pings.watch),
    ("breaches", collecting.collect_breaches),
    ("feed_runs", collecting.collect_runs),
    ("ladders", collecting.climb),
)


@shared_task(name="ownership.sweep")
def sweep() -> int:
    """Watch the feeds, collect what broke, climb what is due: every district that has such rows."""
    now = timezone.now()
    return sum(each_district(queue, partial(drain, now=now)) for queue, drain in SWEPT)
