"""The worker's doorway of outgoing calls: in a queue of its own, where nobody waits for a receiver that is slow."""

from uuid import UUID

from celery import shared_task

from districts.jobs import bind, each_district
from ownership.triggers.calling import drain


@shared_task(name="ownership.call_pending")
def call_pending(*, district_id: str) -> int:
    bind(district_id)
    return drain(UUID(district_id))


@shared_task(name="ownership.sweep_calls")
def sweep_calls() -> int:
    return each_district("trigger_calls", drain)
