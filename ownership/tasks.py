"""The worker's doorway."""

from functools import partial

from celery import shared_task
from django.utils import timezone

from districts.jobs import each_district
from ownership.cadence import checkpoints
from ownership.changes import sweeping
from ownership.covering import overrides
from ownership.feeds import checks, folders, pings
from ownership.holds import deciding
from ownership.ladders import collecting
from ownership.playbooks import lateness
from ownership.triggers.tasks import call_pending, sweep_calls
from ownership.vendors import cutoffs

__all__ = ["SWEPT", "call_pending", "sweep", "sweep_calls"]  # the worker finds its tasks here
SWEPT = (
    ("feeds", pings.watch),
    ("breaches", collecting.collect_breaches),
    ("checks", checks.ask),
    ("checkpoints_ahead", checkpoints.plan),
    ("checkpoints", checkpoints.write),
    ("holds", deciding.left_lying),
    ("feed_runs", collecting.collect_runs),
    ("changes", sweeping.sweep),
    ("ladders", collecting.climb),
    ("overrides", overrides.ask),
    ("playbooks", lateness.late),
    ("cut_offs", cutoffs.tell),
    ("cut_off_answers", cutoffs.call),
)


@shared_task(name="ownership.sweep")
def sweep() -> int:
    """Watch the feeds, collect what broke, climb what is due: every district that has such rows."""
    now = timezone.now()
    return sum(each_district(queue, partial(drain, now=now)) for queue, drain in SWEPT)


@shared_task(name="ownership.feed_folders")
def feed_folders() -> int:
    """Once a minute: files that were left in the folders of feeds."""
    return len(folders.sweep_all(now=timezone.now()))
