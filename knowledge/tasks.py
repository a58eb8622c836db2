"""The worker's doorway."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from districts.jobs import bind
from knowledge import meanings
from knowledge.gaps import reading
from knowledge.keeping import upkeep
from knowledge.model.doorway import write_pending as write_pending


@shared_task(name="knowledge.keep_meanings")
def keep_meanings() -> int:
    """Hourly; a district in which nothing changed costs two short reads."""
    return meanings.keep_all()


@shared_task(name="knowledge.keep_meanings_of")
def keep_meanings_of(*, district_id: str) -> int:
    """As soon as an article is published; the hourly one finds it where this one is lost."""
    bind(district_id)
    return meanings.keep_one(UUID(district_id))


@shared_task(name="knowledge.read_gaps")
def read_gaps() -> int:
    """Every five minutes; a district in which nobody asked in vain costs two short reads."""
    return reading.read_all(now=timezone.now())


@shared_task(name="knowledge.keep_articles")
def keep_articles() -> int:
    """Hourly: reminders, and what is forgotten."""
    return upkeep.keep_all(now=timezone.now())
