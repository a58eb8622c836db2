"""Envelopes become tickets and messages: each one in one transaction, once, and none stops the others.

A claim leases the envelope and counts the attempt; "done" is written only by the holder of that attempt, in the same commit
as the ticket, its clocks and the acknowledgement. Reading and storing files come before, outside any transaction.

Bytes of strangers may keep a worker busy, or end it. So reading has an end (READING), and so has the keeping of files (KEEPING):
words are never lost with a photo. What there is no time left for is given back untried, and an envelope that was tried before is
claimed alone: nobody else's attempts are lost with it.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from uuid import UUID

import structlog
from django.db.models import Case, F, Q, When
from django.db.models.functions import Length
from django.utils import timezone

from districts.jobs import MAX_ATTEMPTS, backoff, lease_until
from districts.scope import district_scope
from intake import screening
from intake.channels import chat, email, sms, voicemail, web
from intake.channels.arrival import Arrival, Unreadable
from intake.mail import to_feeds
from intake.models import Envelope
from intake.phone import media
from intake.receiving import bulk, opening, parked, settling
from intake.receiving.attaching import Kept
from intake.receiving.opening import Outcome
from intake.receiving.settling import Overtaken
from intake.receiving.timing import TookTooLong, at_most
from intake.wording import clean
from tickets.models import ChannelKind, Ticket

BATCH = 20
MAX_ROUNDS = 50  # of one task: the next nudge or sweep goes on
READING = 15  # seconds that reading one envelope may take, after which it has failed; a mail takes milliseconds
KEEPING = 20  # seconds that keeping its files may take, after which it is received with those that are kept; a photo takes one
BEGUN = 15  # seconds from the claim in which an envelope is begun; with READING and KEEPING it ends well within the lease of 60
WHILE = 120  # seconds after which a task claims no more: the next one goes on
State = Envelope.State
log = structlog.get_logger(__name__)


def drain(district_id: UUID) -> int:
    """Receive what waits in one district; returns how many envelopes came to an end."""
    done = 0
    begun = time.monotonic()
    for _round in range(MAX_ROUNDS):
        claimed_at = time.monotonic()
        if claimed_at - begun > WHILE:
            break
        with district_scope(district_id):
            claimed = claim(now=timezone.now())
        if not claimed:
            break
        for at, envelope in enumerate(claimed):
            if time.monotonic() - claimed_at > BEGUN:
                give_back(district_id, claimed[at:])
                break
            done += attempt(district_id, envelope)
        if not claimed.more:
            break
    return done


class Claimed(list[Envelope]):
    """`more`: others were seen waiting. What came after that has a nudge of its own."""

    more = False


def give_back(district_id: UUID, untried: Sequence[Envelope]) -> None:
    """There is no time left for these under their lease: others may have them, and it was no attempt."""
    with district_scope(district_id):
        for envelope in untried:
            mine = Envelope.objects.filter(id=envelope.id, attempts=envelope.attempts, state=State.PENDING)
            mine.update(attempts=F("attempts") - 1, lease_until=None)


def claim(*, now: datetime) -> Claimed:
    """Lease a batch in the district in scope, large ones without their bytes. One tried before comes alone; one tried too often is
    given up, in sight.
    """
    waiting = Envelope.objects.filter(Q(lease_until__isnull=True) | Q(lease_until__lte=now), state=State.PENDING)
    rows = list(
        waiting.annotate(size=Length("raw"), bytes=Case(When(size__lte=bulk.CARRIED, then=F("raw"))))
        .defer("raw").order_by("received_at", "id").select_for_update(skip_locked=True)[:BATCH]
    )  # fmt: skip
    over = [row.id for row in rows if row.attempts >= MAX_ATTEMPTS]
    if over:
        Envelope.objects.filter(id__in=over).update(state=State.DEAD, reason="too many attempts", lease_until=None)
        parked.given_up(now=now)
    live: list[Envelope] = [row for row in rows if row.attempts < MAX_ATTEMPTS]
    claimed = Claimed(list(takewhile(lambda row: not row.attempts, live)) or live[:1])
    claimed.more = len(rows) == BATCH or len(claimed) < len(live)
    if claimed:
        Envelope.objects.filter(id__in=[row.id for row in claimed]).update(lease_until=lease_until(now), attempts=F("attempts") + 1)
    for row in claimed:
        row.attempts += 1
    return claimed


def attempt(district_id: UUID, envelope: Envelope) -> bool:
    """One claimed envelope, whatever it does to us. True: it came to an end, good or bad."""
    try:
        raw = bytes_of(district_id, envelope)
        with at_most(READING):
            arrival = read(envelope, raw)
        kept = Kept() if for_a_feed(envelope, arrival) else media.keep(envelope, arrival, district_id=district_id, seconds=KEEPING)
        with district_scope(district_id):
            receive(envelope, arrival, kept, now=timezone.now())
        return True
    except (Overtaken, Envelope.DoesNotExist):
        return False
    except Unreadable as error:
        log.warning("envelope_unreadable", envelope=str(envelope.id))
        return _failed(district_id, envelope, error)
    except TookTooLong as error:
        log.warning("envelope_too_slow", envelope=str(envelope.id), attempt=envelope.attempts)
        return _failed(district_id, envelope, error)
    except Exception as error:  # a poisoned envelope must not stop the rest; with the database away, this raises too
        log.exception("envelope_failed", envelope=str(envelope.id), attempt=envelope.attempts)
        return _failed(district_id, envelope, error)


def for_a_feed(envelope: Envelope, arrival: Arrival) -> bool:
    """A mail whose files nobody will look for; one that a person let in, or that speaks of danger to one, is for people."""
    machines = bool(to_feeds.feed_address(envelope)) and not envelope.meta.get(opening.LET_IN)
    return machines and not (arrival.sent_files and screening.in_danger(arrival))


def bytes_of(district_id: UUID, envelope: Envelope) -> bytes:
    """Carried along by the claim where they are few. Raises Envelope.DoesNotExist where it is at another attempt."""
    carried = getattr(envelope, "bytes", None)
    if carried is not None:
        return bytes(carried)
    with district_scope(district_id):
        return bulk.bytes_of(envelope.id, attempts=envelope.attempts, size=int(getattr(envelope, "size", 0)))


def _failed(district_id: UUID, envelope: Envelope, error: BaseException) -> bool:
    """Try again later, or give up in sight; True where it is given up."""
    over = envelope.attempts >= MAX_ATTEMPTS or isinstance(error, Unreadable)
    told = clean(f"{type(error).__name__}: {error}")[:2000]
    with district_scope(district_id):
        mine = Envelope.objects.filter(id=envelope.id, attempts=envelope.attempts, state=State.PENDING)
        if over:
            given_up = bool(mine.update(state=State.DEAD, reason=type(error).__name__[:60], error=told, lease_until=None))
            if given_up:
                parked.given_up(now=timezone.now())
            return given_up
        mine.update(error=told, lease_until=timezone.now() + backoff(envelope.attempts))
    return False


def read(envelope: Envelope, raw: bytes) -> Arrival:
    """Raises Unreadable where the bytes are nothing that this channel sends."""
    if envelope.channel == ChannelKind.EMAIL:
        meta = envelope.meta
        return email.read(
            raw, return_path=meta.get("return_path"), recipients=tuple(meta.get("recipients", ())),
            trusted_hop=meta.get("trusted_hop", ""), findings=meta.get("authentication", ""), marks=meta.get("spam"),
        )  # fmt: skip
    if envelope.meta.get(media.LATE):
        return media.read(raw, envelope.channel)
    if envelope.channel == ChannelKind.SMS:
        return sms.read(raw)
    if envelope.channel == ChannelKind.PHONE:
        return voicemail.read(raw, envelope.meta)
    if envelope.channel == ChannelKind.CHAT:
        return chat.read(raw)
    return web.read(raw, envelope.channel)


def receive(envelope: Envelope, arrival: Arrival, kept: Kept, *, now: datetime) -> Ticket | None:
    """The effect and "done" in the caller's transaction. Raises Overtaken where this attempt is no longer ours."""
    if arrival.file_of:
        outcome = media.add(arrival, kept, now=now)
    else:
        outcome = opening.take_in(envelope, arrival, kept, now=now, was=State.PENDING)
    if outcome.ticket:
        media.write_down(envelope, kept.later, now=now)
    if not (outcome.settled or settle(envelope, outcome, was=State.PENDING)):
        raise Overtaken(str(envelope.id))
    return outcome.ticket


def settle(envelope: Envelope, outcome: Outcome, *, was: str) -> bool:
    """Write on the envelope what became of it; False where it is not `was` or this attempt not ours, and nothing was written."""
    return settling.settle(envelope, ticket_id=outcome.ticket.id if outcome.ticket else None, reason=outcome.reason, was=was)
