"""Envelopes become tickets and messages: each one in one transaction, once, and none stops the others.

A claim leases the envelope and counts the attempt; "done" is written only by the holder of that attempt, in the same commit
as the ticket, its clocks and the acknowledgement. Reading and storing files come before, outside any transaction.
"""

from datetime import datetime
from uuid import UUID

import structlog
from django.db.models import F, Q
from django.utils import timezone

from districts.jobs import MAX_ATTEMPTS, backoff, lease_until
from districts.scope import district_scope
from intake import opening
from intake.attaching import Kept, keep
from intake.channels import email, sms, web
from intake.channels.arrival import Arrival, Unreadable
from intake.models import Envelope
from tickets.models import ChannelKind, Ticket

BATCH = 20
MAX_ROUNDS = 50  # of one task: the next nudge or sweep goes on
State = Envelope.State
log = structlog.get_logger(__name__)


class Overtaken(Exception):
    """The lease ran out and somebody else has the envelope: nothing of this attempt may stand."""


def drain(district_id: UUID) -> int:
    """Receive what waits in one district; returns how many envelopes came to an end."""
    done = 0
    for _round in range(MAX_ROUNDS):
        with district_scope(district_id):
            claimed = claim(now=timezone.now())
        if not claimed:
            break
        done += sum(attempt(district_id, envelope_id, number) for envelope_id, number in claimed)
    return done


def claim(*, now: datetime) -> list[tuple[UUID, int]]:
    """Lease a batch in the district in scope: [(id, attempt)]. One that was tried too often is given up, in sight."""
    waiting = Envelope.objects.filter(Q(lease_until__isnull=True) | Q(lease_until__lte=now), state=State.PENDING)
    waiting.filter(attempts__gte=MAX_ATTEMPTS).update(state=State.DEAD, reason="too many attempts")
    rows = waiting.order_by("received_at", "id").select_for_update(skip_locked=True).values_list("id", "attempts")[:BATCH]
    claimed = [(envelope_id, attempts + 1) for envelope_id, attempts in rows]
    if claimed:
        ids = [envelope_id for envelope_id, _attempt in claimed]
        Envelope.objects.filter(id__in=ids).update(lease_until=lease_until(now), attempts=F("attempts") + 1)
    return claimed


def attempt(district_id: UUID, envelope_id: UUID, number: int) -> bool:
    """One envelope, whatever it does to us. True: it came to an end, good or bad."""
    try:
        with district_scope(district_id):
            envelope = Envelope.objects.select_related("source__team").get(id=envelope_id, attempts=number)
        arrival = read(envelope)
        kept = keep(arrival, district_id=district_id)
        with district_scope(district_id):
            receive(envelope, arrival, kept, now=timezone.now())
        return True
    except (Overtaken, Envelope.DoesNotExist):
        return False
    except Exception as error:  # a poisoned envelope must not stop the rest; with the database away, `failed` raises
        log.exception("envelope_failed", envelope=str(envelope_id), attempt=number)
        with district_scope(district_id):
            return failed(envelope_id, number, error, now=timezone.now())


def failed(envelope_id: UUID, number: int, error: Exception, *, now: datetime) -> bool:
    """Try again later, or give up in sight; True where it is given up."""
    over = number >= MAX_ATTEMPTS or isinstance(error, Unreadable)
    mine = Envelope.objects.filter(id=envelope_id, attempts=number, state=State.PENDING)
    told = f"{type(error).__name__}: {error}".replace("\0", "")[:2000]
    if over:
        return bool(mine.update(state=State.DEAD, reason=type(error).__name__[:60], error=told, lease_until=None))
    mine.update(error=told, lease_until=now + backoff(number))
    return False


def read(envelope: Envelope) -> Arrival:
    """Raises Unreadable where the bytes are nothing that this channel sends."""
    raw = bytes(envelope.raw)
    if envelope.channel == ChannelKind.EMAIL:
        meta = envelope.meta
        return email.read(raw, return_path=meta.get("return_path"), recipients=tuple(meta.get("recipients", ())))
    if envelope.channel == ChannelKind.SMS:
        return sms.read(raw)
    return web.read(raw, envelope.channel)


def receive(envelope: Envelope, arrival: Arrival, kept: Kept, *, now: datetime) -> Ticket | None:
    """The effect and "done" in the caller's transaction. Raises Overtaken where this attempt is no longer ours."""
    outcome = opening.take_in(envelope, arrival, kept, now=now)
    state = State.DONE if outcome.ticket else State.SCREENED
    values = {"state": state, "reason": outcome.reason[:60], "ticket_ref": outcome.ticket.id if outcome.ticket else None, "error": ""}
    mine = Envelope.objects.filter(id=envelope.id, attempts=envelope.attempts, state=State.PENDING)
    if not mine.update(lease_until=None, **values):
        raise Overtaken(str(envelope.id))
    for name, value in values.items():
        setattr(envelope, name, value)
    return outcome.ticket
