"""The worker's doorway."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from districts.jobs import bind, each_district
from intake.chat import reaping as chats
from intake.people.recognising import recognise_all
from intake.receiving import quarantine
from intake.receiving.parked import alert_all
from intake.receiving.reaping import reap_all
from intake.receiving.receive import drain


@shared_task(name="intake.receive_pending")
def receive_pending(*, district_id: str) -> int:
    bind(district_id)
    return drain(UUID(district_id))


@shared_task(name="intake.sweep")
def sweep() -> int:
    return each_district("intake", drain)


@shared_task(name="intake.alert")
def alert() -> int:
    return alert_all(now=timezone.now())


@shared_task(name="intake.tell_of_quarantine")
def tell_of_quarantine() -> int:
    """Twice an hour; once a school day somebody hears of it, where something new waits."""
    return quarantine.tell_all(now=timezone.now())


@shared_task(name="intake.reap_files")
def reap_files() -> int:
    return reap_all().files


@shared_task(name="intake.reap_chats")
def reap_chats() -> int:
    return chats.reap_all(now=timezone.now())


@shared_task(name="intake.recognise")
def recognise() -> int:
    """Every five minutes; a district that nobody new wrote to costs one short read."""
    return recognise_all(now=timezone.now())
