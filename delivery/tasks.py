"""The worker's doorway."""

from uuid import UUID

from celery import shared_task

from delivery.sending import drain
from districts.jobs import bind, each_district


@shared_task(name="delivery.send_pending")
def send_pending(*, district_id: str) -> int:
    bind(district_id)
    return drain(UUID(district_id))


@shared_task(name="delivery.sweep")
def sweep() -> int:
    return each_district("sending", drain)
