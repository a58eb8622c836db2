"""Claim what is due, send it with no transaction open, write down what became of it.

A claim is a lease: `lease_until` and `attempts + 1` in a transaction of its own. The outcome is written only where the row
still carries that very claim, so a sender that was overtaken changes nothing. Mail is sent at least once. An SMS is sent at
most once: `sent_at` on a waiting row means that the call to the provider has begun, and a row found like that after its
lease ran out is uncertain; the provider's status callback settles it, or a person does.
"""

import re
import time
import traceback
from collections.abc import Callable, Sequence
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

from delivery import calls, lines, optouts, quiet, segments
from delivery.models import Delivery
from delivery.transports import (
    AccountRefused,
    Outgoing,
    Transport,
    TryLater,
    Uncertain,
    Undeliverable,
    Unreachable,
    email,
    inapp,
    sms,
    voice,
)
from districts.jobs import MAX_ATTEMPTS, backoff, lease_until
from districts.links import absolute, mail_address
from districts.models import District
from districts.scope import district_scope

Channel, State = Delivery.Channel, Delivery.State
TRANSPORTS: dict[str, Transport] = {Channel.EMAIL: email, Channel.SMS: sms, Channel.INAPP: inapp, Channel.VOICE: voice}
AT_MOST_ONCE = frozenset({Channel.SMS})
SIGN_IN = "sign-in"
NEVER_BARRED = frozenset({SIGN_IN, optouts.FAREWELL})
ALERT = "alert"  # purpose of what goes to thousands, and leaves before all others
BULLETIN = "bulletin"  # and of what goes to thousands because nothing has happened: a test, an announcement; after alerts
BATCH = 50
SHARE = 5  # every so many letters of a batch one stays for the others: nobody waits for the end of an alert
BUDGET = 60.0  # seconds one drain goes on taking batches; the sweep comes again
MARGIN = timedelta(seconds=20)  # of the lease, left for one more message
LIFETIME = timedelta(days=3)  # how long a message waits for a provider nobody can reach
REST = 15.0  # seconds this process leaves an unreachable provider alone, so that it does not hold up the others
# a code or a link that lets somebody in
SECRETS_GONE = Case(When(purpose=SIGN_IN, then=Value("")), default=F("body"), output_field=TextField())
_CODE = re.compile(r"\d{3,5}( [245]\.\d{1,3}\.\d{1,3})?(?=\s|$)")  # an SMTP reply, a Twilio error
_rests: dict[str, float] = {}
log = structlog.get_logger(__name__)


def drain(district_id: UUID) -> int:
    """Send everything that is due in one district; returns for how many rows something was settled or put off."""
    done, until = 0, time.monotonic() + BUDGET
    while time.monotonic() < until:
        taken, rows = claim(district_id, now=timezone.now())
        done += taken - len(rows)
        for (channel, _account), group in groupby(rows, key=_way):
            done += send_batch(channel, list(group))
        if taken < BATCH:
            break
    return done


def claim(district_id: UUID, *, now: datetime) -> tuple[int, list[Delivery]]:
    """(rows taken, those of them to be sent now, by channel). The others were settled here: uncertain, given up, opted out,
    kept, or put off to the morning. An attempt counts from here, so a message whose senders all died has an end too.
    """
    awake = [channel for channel in TRANSPORTS if _rests.get(channel, 0) <= time.monotonic()]
    with district_scope(district_id):
        due = _due(now).filter(channel__in=awake).order_by("not_before", "id")
        found = _first_of(due.select_for_update(skip_locked=True))
        if not found:
            return 0, []
        district = District.objects.get(id=district_id)
        begun, rows = _apart(found, lambda row: row.channel in AT_MOST_ONCE and row.sent_at is not None)
        _settle(begun, state=State.UNCERTAIN, error="the sender stopped before the provider had answered")
        spent, rows = _apart(rows, lambda row: row.attempts >= MAX_ATTEMPTS)
        _settle(spent, state=State.DEAD, error=f"{MAX_ATTEMPTS} senders took it, and none came to an end with it")
        barred, rows = _barred(rows, now=now)
        _settle(barred, state=State.SUPPRESSED)
        late, rows = _apart(rows, lambda row: row.purpose == optouts.FAREWELL and now - row.created_at > optouts.FAREWELL_WITHIN)
        _settle(late, state=State.SUPPRESSED, error="too late to confirm that nothing more is sent")
        _choose_senders(rows, district)
        calls.choose(rows)
        rows = _kept(rows, district, now=now) if settings.DELIVERY_KEEP else rows
        rows = _loud_enough(rows, district, now=now)
        rows = _rested(rows, now=now)
        lease = lease_until(now)
        _these(rows).update(lease_until=lease, attempts=F("attempts") + 1)
    for row in rows:
        row.lease_until, row.attempts, row.district = lease, row.attempts + 1, district
    return len(found), sorted(rows, key=_way)


def send_batch(channel: str, rows: list[Delivery]) -> int:
    """Send claimed rows of one channel and account over one connection; returns how many outcomes were written."""
    transport, done = TRANSPORTS[channel], 0
    way = _way(rows[0])
    try:
        with transport.connected() as over:
            while rows and _time_left(rows[0]):
                if channel not in AT_MOST_ONCE or begin(rows[0], now=timezone.now()):
                    changes = attempt(rows[0], transport, over)
                    done += record(rows[0], now=timezone.now(), **changes)
                rows.pop(0)
    except Unreachable as error:
        log.warning("provider_unreachable", channel=channel, error=in_short(error))
        _rests[f"{channel} {way[1]}" if isinstance(error, AccountRefused) else channel] = time.monotonic() + REST
        return done + give_back(rows, now=timezone.now(), error=str(error))
    give_back(rows, now=timezone.now())
    return done


def begin(row: Delivery, *, now: datetime) -> bool:
    """Write down that the call starts, and lease anew for it. False: the claim is not ours any more."""
    lease = lease_until(now)
    with district_scope(row.district_id):
        ours = _claimed(row).update(sent_at=now, lease_until=lease, tries=F("tries") + 1, sent_from=_number(row))
    row.lease_until, row.tries = lease, row.tries + 1
    return bool(ours)


def attempt(row: Delivery, transport: Transport, over: Any) -> dict[str, Any]:
    """One call to the provider, and what it means for the row. Raises Unreachable."""
    try:
        message = outgoing(row)
        sent = transport.send(message, over)
        return {"state": State.SENT, "provider_ref": sent.ref[:120], "segments": parts(row, message.body)}
    except Unreachable:
        raise
    except Undeliverable as error:
        return {"state": State.FAILED, "error": str(error), "short": in_short(error), "opted_out": error.opted_out}
    except Uncertain as error:
        return {"state": State.UNCERTAIN, "error": str(error), "short": in_short(error)}
    except TryLater as error:
        return {"state": State.PENDING, "error": str(error), "short": in_short(error)}
    except (SoftTimeLimitExceeded, DatabaseError):
        raise
    except Exception as error:  # noqa: BLE001  a row nobody foresaw must not stop those behind it
        log.error("sending_failed", delivery=str(row.id), error=in_short(error), at=_places(error))
        state = State.UNCERTAIN if row.channel in AT_MOST_ONCE else State.PENDING
        return {"state": state, "error": f"{type(error).__name__}: {error}", "short": in_short(error)}


def in_short(error: Exception) -> str:
    """Class and code, for the log. The words of a mail server commonly name the receiver: they stay in the row."""
    code = _CODE.match(str(error))
    return " ".join([type(error.__cause__ or error).__name__, *([code[0]] if code else [])])


def _places(error: Exception) -> list[str]:
    """The last steps to where it went wrong, without its words."""
    return [f"{step.filename}:{step.lineno} {step.name}" for step in traceback.extract_tb(error.__traceback__)[-4:]]


def record(row: Delivery, *, state: str, now: datetime, error: str = "", short: str = "", opted_out: bool = False, **more: Any) -> int:
    """Write the outcome, if the row still carries our claim. A message out of attempts is dead, and stays to be seen.

    `error` is kept in the row, `short` is what the log may say of it.
    """
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
            optouts.bar(channel=row.channel, address=row.address, reason="opted out", now=now)
    if state not in (State.SENT, State.PENDING):
        log.warning("not_delivered", delivery=str(row.id), channel=row.channel, state=str(state), error=short)
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
        id=row.id, tries=row.tries, district=row.district, purpose=row.purpose, address=row.address, subject=row.subject,
        body=words(row), reply_to=row.reply_to, message_id=message_id(row), references=tuple(row.references.split()),
        sender=_sender(row), hook=calls.hook_of(row), language=calls.language_of(row),
        link=absolute(row.district, row.link) if row.link else "",
    )  # fmt: skip


def words(row: Delivery) -> str:
    """The text as it leaves: what a notice leads to in the app is a whole address outside it, and a text message is kept short."""
    if row.channel in (Channel.INAPP, Channel.VOICE):
        return row.body
    leads_to = absolute(row.district, row.link) if row.link else ""
    body = row.body if leads_to in row.body else f"{row.body}\n\n{leads_to}"
    return sms.written(body) if row.channel == Channel.SMS else body


def parts(row: Delivery, body: str) -> int | None:
    """How many parts the carrier makes of a text message; None for what is none."""
    return segments.count(body) if row.channel == Channel.SMS else None


def message_id(row: Delivery) -> str:
    """The mail's Message-ID, the same at every attempt; empty for what is no mail."""
    if row.channel != Channel.EMAIL:
        return ""
    return row.message_id or mail_address(row.district, f"{row.purpose}.{row.id}")


def _due(now: datetime) -> QuerySet[Delivery]:
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    return Delivery.objects.filter(free, state=State.PENDING, not_before__lte=now)


def _first_of(due: QuerySet[Delivery]) -> list[Delivery]:
    """A batch, in order; where more is due, alerts are the most of it, however long the others have waited, then bulletins."""
    found = list(due[:BATCH])
    if len(found) < BATCH:
        return found
    most = BATCH - BATCH // SHARE
    ahead = list(due.filter(purpose=ALERT)[:most]) or list(due.filter(purpose=BULLETIN)[:most])
    if not ahead:
        return found
    chosen = ahead + list(due.exclude(purpose__in=(ALERT, BULLETIN))[: BATCH - len(ahead)])
    return (chosen + [row for row in found if row not in chosen])[:BATCH]  # full, or the drain would think that it is done


def _choose_senders(rows: Sequence[Delivery], district: District) -> None:
    """Which number each text leaves from, carried along with the row until the call begins."""
    texts = [row for row in rows if row.channel == Channel.SMS]
    chosen = lines.senders(texts, district)
    for row in texts:
        row.sender = chosen[row.id]  # type: ignore[attr-defined]


def _sender(row: Delivery) -> lines.Sender | None:
    return getattr(row, "sender", None)


def _number(row: Delivery) -> str:
    sender = _sender(row)
    return sender.number if sender else ""


def _way(row: Delivery) -> tuple[str, str]:
    """(channel, account): what is sent over one connection, and is unreachable together."""
    sender = _sender(row)
    return row.channel, sender.account.sid if sender else ""


def _rested(rows: list[Delivery], *, now: datetime) -> list[Delivery]:
    """Those whose account takes messages, as far as this process knows; the others wait, and stand in nobody's way."""
    resting, others = _apart(rows, lambda row: _rests.get(" ".join(_way(row)), 0) > time.monotonic())
    if resting:
        _these(resting).update(not_before=now + timedelta(seconds=REST), lease_until=None)
    return others


def _these(rows: Sequence[Delivery]) -> QuerySet[Delivery]:
    return Delivery.objects.filter(id__in=[row.id for row in rows])


def _claimed(row: Delivery) -> QuerySet[Delivery]:
    """The row, while it carries the claim we hold."""
    return Delivery.objects.filter(id=row.id, state=State.PENDING, attempts=row.attempts, lease_until=row.lease_until)


def _settle(rows: Sequence[Delivery], **values: Any) -> None:
    if rows:
        _these(rows).update(lease_until=None, body=SECRETS_GONE, **values)


def _apart(rows: Sequence[Delivery], fits: Callable[[Delivery], bool]) -> tuple[list[Delivery], list[Delivery]]:
    """(those that fit, the others)"""
    return [row for row in rows if fits(row)], [row for row in rows if not fits(row)]


def _barred(rows: Sequence[Delivery], *, now: datetime) -> tuple[list[Delivery], list[Delivery]]:
    """(rows to an address that opted out after they were queued, the others)"""
    gone = optouts.barred({row.address for row in rows if row.address and row.purpose not in NEVER_BARRED}, now=now)
    return _apart(rows, lambda row: row.purpose not in NEVER_BARRED and (row.channel, row.address) in gone)


def _kept(rows: Sequence[Delivery], district: District, *, now: datetime) -> list[Delivery]:
    """The others. In the demo, mail and SMS are marked as kept, at any hour, and never leave the house: here, where alone rows
    are given out to be sent. Their secrets stay, to be shown there.
    """
    leaving, others = _apart(rows, lambda row: row.channel in (Channel.EMAIL, Channel.SMS, Channel.VOICE))
    for row in leaving:
        row.district = district
    for (count, number), same in groupby(sorted(leaving, key=_parts), key=_parts):
        values = {"state": State.KEPT, "sent_at": now, "lease_until": None, "segments": count or None, "sent_from": number}
        _these(list(same)).update(attempts=F("attempts") + 1, **values)
    return others


def _parts(row: Delivery) -> tuple[int, str]:
    """(parts, our number); nothing of a mail, so that they can be sorted."""
    return (parts(row, words(row)) or 0, _number(row)) if row.channel == Channel.SMS else (0, "")


def _loud_enough(rows: list[Delivery], district: District, *, now: datetime) -> list[Delivery]:
    """Those that may leave at this hour; the others are put off to the morning, and wait no longer than that."""
    waiting, others = _apart(rows, quiet.may_wait)
    until = quiet.night_ends(now, district) if waiting else None
    if until is None:
        return rows
    _these(waiting).update(not_before=until, lease_until=None)
    return others


def _time_left(row: Delivery) -> bool:
    return row.lease_until is not None and timezone.now() + MARGIN < row.lease_until
