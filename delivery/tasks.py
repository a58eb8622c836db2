"""The worker's doorway."""

from uuid import UUID

from celery import shared_task

from config import queues
from delivery.sending import drain
from districts.jobs import bind, each_district


@shared_task(name="delivery.send_pending", queue=queues.SENDING)
def send_pending(*, district_id: str) -> int:
    bind(district_id)
    return drain(UUID(district_id))


@shared_task(name="delivery.sweep", queue=queues.SENDING)
def sweep() -> int:
    return each_district("sending", drain)
