"""Everything a worker runs for routing."""

from celery import shared_task
from django.utils import timezone

from routing import training
from routing.doorway import place_pending, sweep

__all__ = ["place_pending", "retrain", "sweep"]


@shared_task(name="routing.retrain")
def retrain() -> int:
    """Hourly; districts in which nothing changed cost three short reads."""
    return training.retrain_all(now=timezone.now())
