"""The worker's doorway."""

from functools import partial

from celery import shared_task
from django.utils import timezone

from districts.jobs import each_district
from ownership import collecting, feeds


@shared_task(name="ownership.sweep")
def sweep() -> int:
    """Watch the feeds, collect what broke, climb what is due: every district that has such rows."""
    now = timezone.now()
    return (
        each_district("feeds", partial(feeds.watch, now=now))
        + each_district("breaches", partial(collecting.collect_breaches, now=now))
        + each_district("feed_runs", partial(collecting.collect_runs, now=now))
        + each_district("ladders", partial(collecting.climb, now=now))
    )
