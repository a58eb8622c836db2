"""The worker's doorway to placing. Apart from `tasks`, so that a web process that nudges it need not load the trainer."""

from uuid import UUID

from celery import shared_task

from districts.jobs import bind, each_district
from routing.placing import drain


@shared_task(name="routing.place_pending")
def place_pending(*, district_id: str) -> int:
    bind(district_id)
    return drain(UUID(district_id))


@shared_task(name="routing.sweep")
def sweep() -> int:
    return each_district("placing", drain)
