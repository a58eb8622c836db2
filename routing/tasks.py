"""Everything a worker runs for routing."""

from functools import partial

from celery import shared_task
from django.utils import timezone

from districts.jobs import each_district
from routing import closing, training
from routing.comparing.watching import compare_lately
from routing.doorway import place_pending, sweep

__all__ = ["close", "compare", "place_pending", "retrain", "sweep"]


@shared_task(name="routing.close")
def close() -> int:
    """Hourly; a district in which nothing is to be closed costs one short read."""
    return closing.close_all(now=timezone.now())


@shared_task(name="routing.retrain")
def retrain() -> int:
    """Hourly; districts in which nothing changed cost three short reads."""
    return training.retrain_all(now=timezone.now())


@shared_task(name="routing.compare")
def compare() -> int:
    """Every district in which something new came: does it read like one cause?"""
    return each_district("hunches", partial(compare_lately, now=timezone.now()))
