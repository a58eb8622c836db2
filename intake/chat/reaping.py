"""Chats that nobody goes on with and that became no request: their words are a visitor's own, and are not kept."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat
from psycopg_pool import PoolTimeout

from districts.jobs import shuffled
from districts.models import District
from districts.scope import district_scope
from intake.chat.envelopes import ENVELOPE
from intake.models import Chat, ChatLine, Envelope
from tickets.models import ChannelKind

KEPT = timedelta(days=30)  # without a word
BATCH = 500
log = structlog.get_logger(__name__)


def reap_all(*, now: datetime) -> int:
    """In every district, closed ones too; returns how many chats went. One that fails does not stop the others."""
    with transaction.atomic():
        ids = list(District.objects.values_list("id", flat=True))
    total = 0
    for district_id in shuffled(ids):
        try:
            total += reap(district_id, now=now)
        except (SoftTimeLimitExceeded, PoolTimeout):
            raise
        except Exception:
            log.exception("chats_not_reaped", district=str(district_id))
    return total


def reap(district_id: UUID, *, now: datetime) -> int:
    total = 0
    while True:
        with district_scope(district_id):
            gone = _reap_some(now=now)
        total += gone
        if gone < BATCH:
            break
    if total:
        log.info("chats_reaped", district=str(district_id), chats=total)
    return total


def _reap_some(*, now: datetime) -> int:
    """One that is written down and waits to become a request is not abandoned."""
    name = Concat(Value(ENVELOPE), Cast(OuterRef("id"), CharField()))
    written = Envelope.objects.filter(channel=ChannelKind.CHAT, external_id=name)
    old = Chat.objects.filter(~Exists(written), ticket__isnull=True, last_at__lt=now - KEPT).order_by("last_at")
    ids = list(old.select_for_update(of=("self",), skip_locked=True).values_list("id", flat=True)[:BATCH])
    ChatLine.objects.filter(chat__in=ids).delete()
    Chat.objects.filter(id__in=ids).delete()
    return len(ids)
