"""What a provider tells us later: a Receipt, and what follows from it for the delivery and the address.

Each delivery is named by its own id, which we handed to the provider with the message, else by its Message-ID. Looked for in
the district of the host that was called, and nowhere else.
"""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from anymail.signals import EventType, RejectReason

from delivery import actions
from delivery.models import Delivery, Receipt

State = Delivery.State
NOT_DELIVERED = frozenset({"failed", "undelivered"})
# Twilio error code → why nothing can be sent to this number any more (twilio.com/docs/api/errors)
GONE_NUMBERS = {"21610": "opted out", "30005": "unknown number", "30006": "cannot take messages"}
ANSWERED, INVALID = "answered", "invalid"
NOT_ANSWERED = frozenset({"voicemail", "busy", "no-answer", "failed", INVALID})
# An address a provider refuses for these reasons is dead or unwilling; for the others it may work tomorrow.
GONE_ADDRESSES = {
    RejectReason.INVALID: "no such address",
    RejectReason.BOUNCED: "bounced",
    RejectReason.SPAM: "marked as spam",
    RejectReason.UNSUBSCRIBED: "unsubscribed",
}
_SMTP_4XX = re.compile(r"(smtp;\s*)?4\d\d\b")
LOST = frozenset({EventType.BOUNCED, EventType.REJECTED, EventType.FAILED, EventType.COMPLAINED})


def from_sms(delivery_id: UUID, *, tries: int, ref: str, status: str, code: str, now: datetime) -> bool:
    """A status callback for one try of one SMS; False where this district sent no such message.

    Any callback proves that the provider has the message, so it also settles one whose answer we lost. One for an earlier try
    is noted, and says nothing of the try that a person asked for since.
    """
    delivery = _find(id=delivery_id, channel=Delivery.Channel.SMS)
    if delivery is None:
        return False
    _note(delivery, kind=status, detail=" ".join(filter(None, [code, ref])), now=now)
    if tries != delivery.tries or delivery.provider_ref not in ("", ref):
        return True  # an earlier call: given up since, or answered with an error and sent all the same
    if delivery.state in (State.PENDING, State.UNCERTAIN):
        _arrived_there(delivery, ref=ref, now=now)
    if status in NOT_DELIVERED:
        _failed(delivery, f"Twilio {status} {code}".strip())
        if code in GONE_NUMBERS:
            _give_up_address(delivery, GONE_NUMBERS[code], now=now)
    return True


def from_call(delivery_id: UUID, *, tries: int, status: str, now: datetime) -> bool:
    """What came of one try of a call, as the district's telephone system tells; False where this district asked for no such call."""
    delivery = _find(id=delivery_id, channel=Delivery.Channel.VOICE)
    if delivery is None:
        return False
    _note(delivery, kind=status, detail="", now=now)
    if tries != delivery.tries:
        return True
    if delivery.state in (State.PENDING, State.UNCERTAIN):
        _arrived_there(delivery, ref="", now=now)
    if status in NOT_ANSWERED:
        _failed(delivery, f"call {status}")
    if status == INVALID:
        _give_up_address(delivery, GONE_NUMBERS["30005"], now=now)
    return True


def from_mail(event: Any, *, now: datetime) -> bool:
    """A provider's event about one mail, as Anymail understands it; False where this district sent no such mail."""
    delivery = _named_by(event)
    if delivery is None:
        return False
    words = str(event.mta_response or event.description or "")[:400]
    _note(delivery, kind=event.event_type, detail=words, now=now)
    if _is_of_this_try(event, delivery):
        _settle(event, delivery, words, now=now)
    why = _gone(event)
    if why:
        _give_up_address(delivery, why, now=now)
    return True


def _is_of_this_try(event: Any, delivery: Delivery) -> bool:
    """An event that names no try may be of the last."""
    return str((event.metadata or {}).get("tries", delivery.tries)) == str(delivery.tries)


def _settle(event: Any, delivery: Delivery, words: str, *, now: datetime) -> None:
    if event.event_type == EventType.DELIVERED and delivery.state == State.PENDING:
        _arrived_there(delivery, ref=str(event.message_id or ""), now=now)
    if event.event_type in LOST:
        _failed(delivery, f"{event.event_type}: {words}".strip(": "))


def _named_by(event: Any) -> Delivery | None:
    """By the id that travelled with the mail, else by Message-ID."""
    try:
        own = UUID(str((event.metadata or {}).get("delivery")))
    except ValueError:
        return _find(message_id=str(event.message_id).strip("<>")) if event.message_id else None
    return _find(id=own, channel=Delivery.Channel.EMAIL)


def _find(**named: Any) -> Delivery | None:
    """Locked, so that two callbacks at once are taken one after the other."""
    found: Delivery | None = Delivery.objects.select_for_update().filter(**named).first()
    return found


def _note(delivery: Delivery, *, kind: str, detail: str, now: datetime) -> None:
    """Told twice is written once."""
    Receipt.objects.get_or_create(delivery=delivery, kind=kind[:20], detail=detail[:500], defaults={"at": now})


def _arrived_there(delivery: Delivery, *, ref: str, now: datetime) -> None:
    Delivery.objects.filter(id=delivery.id).update(
        state=State.SENT, provider_ref=ref[:120], sent_at=delivery.sent_at or now, lease_until=None, error=""
    )


def _failed(delivery: Delivery, words: str) -> None:
    Delivery.objects.filter(id=delivery.id).update(state=State.FAILED, error=words[:500], lease_until=None)


def _give_up_address(delivery: Delivery, why: str, *, now: datetime) -> None:
    """The address is ours, from the row: a webhook cannot name another."""
    actions.opt_out(channel=delivery.channel, address=delivery.address, reason=why, now=now)


def _gone(event: Any) -> str:
    """Why nothing more is to be sent to the address; empty where it may work again."""
    if event.event_type == EventType.COMPLAINED:
        return GONE_ADDRESSES[RejectReason.SPAM]
    if event.event_type == EventType.UNSUBSCRIBED:
        return GONE_ADDRESSES[RejectReason.UNSUBSCRIBED]
    if event.event_type not in (EventType.BOUNCED, EventType.REJECTED) or _is_soft(event):
        return ""
    return GONE_ADDRESSES.get(event.reject_reason, "")


def _is_soft(event: Any) -> bool:
    """A full mailbox or a busy server: Anymail calls it a bounce too."""
    told = event.esp_event.get("Type") if isinstance(event.esp_event, dict) else ""
    words = str(event.description or "")
    return told == "SoftBounce" or words.startswith("Transient:") or bool(_SMTP_4XX.match(event.mta_response or ""))
