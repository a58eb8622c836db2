"""The worker's doorway."""

from celery import shared_task

from knowledge import meanings
from knowledge.model.doorway import write_pending as write_pending


@shared_task(name="knowledge.keep_meanings")
def keep_meanings() -> int:
    """Hourly; a district in which nothing changed costs two short reads."""
    return meanings.keep_all()
