"""What is due in one district, in batches with a transaction each: levels and climbs, updates to subscribers, answers, feeds.

A row is claimed by its lock and settled in the same transaction, so a sweep that is killed leaves it as it was, and two at once
share the work. One that fails is put off and does not stop the others.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import translation

from districts.models import DistrictModel
from districts.queries import this_district
from districts.scope import district_scope
from incidents import answering, starting, subscribing, suggesting
from incidents.levels import Mover
from incidents.models import Incident, Letter, Offer, ProcessRule, Update
from incidents.starting import New
from ownership.models import Escalation

BATCH = 50
POISONED = timedelta(hours=1)
Starts = ProcessRule.Starts
log = structlog.get_logger(__name__)


def move_incidents(district_id: UUID, *, now: datetime) -> int:
    def due() -> QuerySet[Incident]:
        return Incident.objects.filter(check_at__lte=now).select_related("commander").order_by("check_at", "id")

    def put_off(row: Incident) -> None:
        Incident.objects.filter(id=row.id).update(check_at=now + POISONED)

    return _drain(district_id, due, lambda row: Mover(now).move(row), put_off)


def send_updates(district_id: UUID, *, now: datetime) -> int:
    def due() -> QuerySet[Update]:
        return Update.objects.filter(to_send=True).select_related("incident").order_by("at", "id")

    def send(row: Update) -> None:
        if Update.objects.filter(id=row.id, to_send=True).update(to_send=False, sent_at=now):
            subscribing.fan_out(row, now=now)

    return _drain(district_id, due, send, lambda row: None)


def send_letters(district_id: UUID, *, now: datetime) -> int:
    def due() -> QuerySet[Letter]:
        rows = Letter.objects.filter(sent_at__isnull=True).select_related("update__by", "update__incident", "ticket")
        return rows.order_by("at", "id")

    def give_up(row: Letter) -> None:
        Letter.objects.filter(id=row.id).update(sent_at=now, kept_back=answering.FAILED)

    return _drain(district_id, due, lambda row: answering.answer(row, now=now), give_up)


def look_at_feeds(district_id: UUID, *, now: datetime) -> int:
    """Each ladder that a feed in trouble began, once: what its process's rule says."""

    def due() -> QuerySet[Escalation]:
        seen = Offer.objects.filter(escalation=OuterRef("id"))
        rows = Escalation.objects.filter(ended_at__isnull=True, feed_run__feed__active=True).filter(~Exists(seen))
        return rows.select_related("process__source", "feed_run__feed").order_by("began_at", "id")

    def pass_over(row: Escalation) -> None:
        Offer.objects.bulk_create([Offer(escalation=row, made_at=now, declined_at=now)], ignore_conflicts=True)

    return _drain(district_id, due, lambda row: _look(row, now=now), pass_over)


def _look(escalation: Escalation, *, now: datetime) -> None:
    process = escalation.process
    rule = ProcessRule.objects.filter(process=process).values_list("starts", flat=True).first() or Starts.OFFER
    if process is None or rule == Starts.NOTHING:
        Offer.objects.create(escalation=escalation, made_at=now, declined_at=now)
        return
    if rule == Starts.OFFER:
        suggesting.suggest(escalation, process, now=now)
        return
    given = New(title=process.name, began_at=escalation.began_at, systems=starting.systems_of(process), processes=[process],
                source=Incident.Source.FEED)  # fmt: skip
    Offer.objects.create(escalation=escalation, incident=starting.start(given, by=None, now=now).incident, made_at=now)


def _drain[Row: DistrictModel](
    district_id: UUID, due: Callable[[], QuerySet[Row]], handle: Callable[[Row], None], put_off: Callable[[Row], None]
) -> int:
    done, failed = 0, set[UUID]()
    while True:
        with district_scope(district_id), translation.override(_language()):
            rows = list(due().exclude(id__in=failed).select_for_update(of=("self",), skip_locked=True)[:BATCH])
            for row in rows:
                try:
                    with transaction.atomic():
                        handle(row)
                except Exception:  # one outage's trouble must not stop another's
                    log.exception("incident_sweep_failed", kind=type(row).__name__, row=str(row.id))
                    failed.add(row.id)
                    put_off(row)
                else:
                    done += 1
        if len(rows) < BATCH:
            return done


def _language() -> str:
    languages = this_district().languages
    return str(languages[0]) if languages else "en"
