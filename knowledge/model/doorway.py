"""The worker's doorway to a model that writes."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from districts.jobs import bind
from knowledge import writings


@shared_task(name="knowledge.write_pending")
def write_pending(*, district_id: str) -> int:
    """As soon as a passage is shown. Where this is lost, the passage stays: nobody waits for long."""
    bind(district_id)
    return writings.drain(UUID(district_id), now=timezone.now())
