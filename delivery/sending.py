"""Claim what is due, send it with no transaction open, write down what became of it.

A claim is a lease: `lease_until` and `attempts + 1` in a transaction of its own. The outcome is written only where the row
still carries that very claim, so a sender that was overtaken changes nothing. Mail is sent at least once. An SMS is sent at
most once: `sent_at` on a waiting row means that the call to the provider has begun, and a row found like that after its
lease ran out is uncertain; the provider's status callback settles it, or a person does.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Case, F, Q, QuerySet, TextField, Value, When
from django.utils import timezone

from delivery.models import Delivery, OptOut
from delivery.transports import Outgoing, Transport, TryLater, Uncertain, Undeliverable, Unreachable, email, inapp, sms
from districts.jobs import MAX_ATTEMPTS, backoff, lease_until
from districts.links import absolute, mail_address
from districts.models import District
from districts.scope import district_scope

Channel, State = Delivery.Channel, Delivery.State
TRANSPORTS: dict[str, Transport] = {Channel.EMAIL: email, Channel.SMS: sms, Channel.INAPP: inapp}
AT_MOST_ONCE = frozenset({Channel.SMS})
SIGN_IN = "sign-in"
BATCH = 50
BUDGET = 60.0  # seconds one drain goes on taking batches; the sweep comes again
MARGIN = timedelta(seconds=20)  # of the lease, left for one more message
LIFETIME = timedelta(days=3)  # how long a message waits for a provider nobody can reach
REST = 15.0  # seconds this process leaves an unreachable provider alone, so that it does not hold up the others
# a code or a link that lets somebody in
SECRETS_GONE = Case(When(purpose=SIGN_IN, then=Value("")), default=F("body"), output_field=TextField())
_rests: dict[str, float] = {}
log = structlog.get_logger(__name__)


def drain(district_id: UUID) -> int:
    """Send everything that is due in one district; returns for how many rows something was settled or put off."""
    done = keep(district_id, now=timezone.now()) if settings.DELIVERY_KEEP else 0
    until = time.monotonic() + BUDGET
    while time.monotonic() < until:
        taken, rows = claim(district_id, now=timezone.now())
        done += taken - len(rows)
        for channel, group in groupby(rows, key=lambda row: row.channel):
            done += send_batch(channel, list(group))
        if taken < BATCH:
            break
    return done


def keep(district_id: UUID, *, now: datetime) -> int:
    """The demo: mail and SMS are marked as kept and never leave the house. Their secrets stay, to be shown there."""
    with district_scope(district_id):
        due = _due(now).filter(channel__in=[Channel.EMAIL, Channel.SMS])
        return due.update(state=State.KEPT, sent_at=now, attempts=F("attempts") + 1)


def claim(district_id: UUID, *, now: datetime) -> tuple[int, list[Delivery]]:
    """(rows taken, those of them to be sent now, by channel). The others were settled here: uncertain, or opted out."""
    awake = [channel for channel in TRANSPORTS if _rests.get(channel, 0) <= time.monotonic()]
    with district_scope(district_id):
        due = _due(now).filter(channel__in=awake).order_by("not_before", "id")
        found = list(due.select_for_update(skip_locked=True)[:BATCH])
        if not found:
            return 0, []
        begun = [row for row in found if row.channel in AT_MOST_ONCE and row.sent_at]
        _settle(begun, state=State.UNCERTAIN, error="the sender stopped before the provider had answered")
        barred = _barred([row for row in found if row not in begun])
        _settle(barred, state=State.SUPPRESSED)
        rows = [row for row in found if row not in begun and row not in barred]
        lease = lease_until(now)
        _these(rows).update(lease_until=lease, attempts=F("attempts") + 1)
        district = District.objects.get(id=district_id)
    for row in rows:
        row.lease_until, row.attempts, row.district = lease, row.attempts + 1, district
    return len(found), sorted(rows, key=lambda row: row.channel)


def send_batch(channel: str, rows: list[Delivery]) -> int:
    """Send claimed rows of one channel over one connection; returns how many outcomes were written."""
    transport, done = TRANSPORTS[channel], 0
    try:
        with transport.connected() as over:
            while rows and _time_left(rows[0]):
                if channel not in AT_MOST_ONCE or begin(rows[0], now=timezone.now()):
                    changes = attempt(rows[0], transport, over)
                    done += record(rows[0], now=timezone.now(), **changes)
                rows.pop(0)
    except Unreachable as error:
        log.warning("provider_unreachable", channel=channel, error=str(error))
        _rests[channel] = time.monotonic() + REST
        return done + give_back(rows, now=timezone.now(), error=str(error))
    give_back(rows, now=timezone.now())
    return done


def begin(row: Delivery, *, now: datetime) -> bool:
    """Write down that the call starts, and lease anew for it. False: the claim is not ours any more."""
    lease = lease_until(now)
    with district_scope(row.district_id):
        ours = _claimed(row).update(sent_at=now, lease_until=lease)
    row.lease_until = lease
    return bool(ours)


def attempt(row: Delivery, transport: Transport, over: Any) -> dict[str, Any]:
    """One call to the provider, and what it means for the row. Raises Unreachable."""
    try:
        return {"state": State.SENT, "provider_ref": transport.send(outgoing(row), over).ref[:120]}
    except Unreachable:
        raise
    except Undeliverable as error:
        return {"state": State.FAILED, "error": str(error), "opted_out": error.opted_out}
    except Uncertain as error:
        return {"state": State.UNCERTAIN, "error": str(error)}
    except TryLater as error:
        return {"state": State.PENDING, "error": str(error)}
    except (SoftTimeLimitExceeded, DatabaseError):
        raise
    except Exception as error:  # a row nobody foresaw must not stop those behind it
        log.exception("sending_failed", delivery=str(row.id))
        state = State.UNCERTAIN if row.channel in AT_MOST_ONCE else State.PENDING
        return {"state": state, "error": f"{type(error).__name__}: {error}"}


def record(row: Delivery, *, state: str, now: datetime, error: str = "", opted_out: bool = False, **more: Any) -> int:
    """Write the outcome, if the row still carries our claim. A message out of attempts is dead, and stays to be seen."""
    if state == State.PENDING and row.attempts >= MAX_ATTEMPTS:
        state = State.DEAD
    values = {"state": state, "error": error[:500], "lease_until": None, **more}
    if state == State.PENDING:
        values["not_before"] = now + backoff(row.attempts)
    else:
        values["body"] = SECRETS_GONE
    if state == State.SENT:
        values |= {"sent_at": now, "message_id": message_id(row)}
    elif state != State.UNCERTAIN:
        values["sent_at"] = None
    with district_scope(row.district_id):
        ours = _claimed(row).update(**values)
        if ours and opted_out:
            OptOut.objects.bulk_create(
                [OptOut(channel=row.channel, address=row.address, reason="opted out", at=now)], ignore_conflicts=True
            )
    if state not in (State.SENT, State.PENDING):
        log.warning("not_delivered", delivery=str(row.id), channel=row.channel, state=str(state), error=error[:200])
    return ours


def give_back(rows: Sequence[Delivery], *, now: datetime, error: str = "") -> int:
    """Release rows whose message was not offered to anybody: the attempt does not count. Too old: dead."""
    for row in rows:
        values: dict[str, Any] = {"attempts": row.attempts - 1, "lease_until": None, "sent_at": None}
        if error:
            values |= {"error": error[:500], "not_before": now + backoff(1)}
            if now - row.created_at > LIFETIME:
                values |= {"state": State.DEAD, "body": SECRETS_GONE}
        with district_scope(row.district_id):
            _claimed(row).update(**values)
    return len(rows) if error else 0


def outgoing(row: Delivery) -> Outgoing:
    return Outgoing(
        id=row.id, district=row.district, purpose=row.purpose, address=row.address, subject=row.subject, body=words(row),
        reply_to=row.reply_to, message_id=message_id(row), references=tuple(row.references.split()),
    )  # fmt: skip


def words(row: Delivery) -> str:
    """The text as it leaves: what a notice leads to in the app is a whole address outside it."""
    if not row.link or row.channel == Channel.INAPP:
        return row.body
    leads_to = absolute(row.district, row.link)
    return row.body if leads_to in row.body else f"{row.body}\n\n{leads_to}"


def message_id(row: Delivery) -> str:
    """The mail's Message-ID, the same at every attempt; empty for what is no mail."""
    if row.channel != Channel.EMAIL:
        return ""
    return row.message_id or mail_address(row.district, f"{row.purpose}.{row.id}")


def _due(now: datetime) -> QuerySet[Delivery]:
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    return Delivery.objects.filter(free, state=State.PENDING, not_before__lte=now)


def _these(rows: Sequence[Delivery]) -> QuerySet[Delivery]:
    return Delivery.objects.filter(id__in=[row.id for row in rows])


def _claimed(row: Delivery) -> QuerySet[Delivery]:
    """The row, while it carries the claim we hold."""
    return Delivery.objects.filter(id=row.id, state=State.PENDING, attempts=row.attempts, lease_until=row.lease_until)


def _settle(rows: Sequence[Delivery], **values: Any) -> None:
    if rows:
        _these(rows).update(lease_until=None, body=SECRETS_GONE, **values)


def _barred(rows: Sequence[Delivery]) -> list[Delivery]:
    """Rows to an address that opted out after they were queued."""
    addresses = {row.address for row in rows if row.address}
    gone = set(OptOut.objects.filter(address__in=addresses).values_list("channel", "address")) if addresses else set()
    return [row for row in rows if (row.channel, row.address) in gone]


def _time_left(row: Delivery) -> bool:
    return row.lease_until is not None and timezone.now() + MARGIN < row.lease_until
