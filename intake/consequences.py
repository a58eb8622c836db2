"""What follows from an arrival that is no request: an address that is dead, a number that wants silence, a word of help."""

from datetime import datetime

from delivery import actions as delivery
from delivery.models import Delivery, Receipt
from districts.models import District
from intake import texting
from intake.channels.arrival import Arrival, Bounce


def follow(arrival: Arrival, district: District, *, now: datetime) -> None:
    if arrival.bounce is not None:
        _bounced(arrival.bounce, now=now)
    elif arrival.keyword or arrival.texting.unwanted:
        texting.follow(arrival, district, now=now)


def _bounced(bounce: Bounce, *, now: datetime) -> None:
    """Believed only where it names a mail that we sent, by its id and its address: anybody can write a bounce."""
    sent = Delivery.objects.filter(message_id__in=bounce.original_ids[:20], channel=Delivery.Channel.EMAIL)
    for letter in sent[:20]:
        if letter.address not in bounce.addresses:
            continue
        kind = "complained" if bounce.kind == "complaint" else "bounced" if bounce.kind == "failed" else bounce.kind
        Receipt.objects.create(delivery=letter, kind=kind, detail=bounce.status, at=now)
        if bounce.unwanted_at(letter.address):
            reason = f"{kind} {bounce.status}".strip()
            delivery.opt_out(channel=Delivery.Channel.EMAIL, address=letter.address, reason=reason, now=now)
