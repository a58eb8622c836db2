"""Everything a worker runs for routing."""

from celery import shared_task
from django.utils import timezone

from routing import closing, training
from routing.doorway import place_pending, sweep

__all__ = ["close", "place_pending", "retrain", "sweep"]


@shared_task(name="routing.close")
def close() -> int:
    """Hourly; a district in which nothing is to be closed costs one short read."""
    return closing.close_all(now=timezone.now())


@shared_task(name="routing.retrain")
def retrain() -> int:
    """Hourly; districts in which nothing changed cost three short reads."""
    return training.retrain_all(now=timezone.now())
