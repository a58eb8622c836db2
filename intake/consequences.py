"""What follows from an arrival that is no request: an address that is dead, a number that wants silence, a word of help."""

from datetime import datetime

from delivery import actions as delivery
from delivery.models import Delivery, Receipt
from districts.models import District
from intake import joining, texting
from intake.channels.arrival import Arrival, Bounce


def follow(arrival: Arrival, district: District, *, now: datetime) -> None:
    if arrival.bounce is not None:
        _bounced(arrival.bounce, district, now=now)
    elif arrival.keyword or arrival.texting.unwanted:
        texting.follow(arrival, district, now=now)


def _bounced(bounce: Bounce, district: District, *, now: datetime) -> None:
    """Believed only where it names a mail that we sent, by its id and its address: anybody can write a bounce."""
    sent = Delivery.objects.filter(message_id__in=bounce.original_ids[:20], channel=Delivery.Channel.EMAIL)
    for letter in list(sent[:20]) or _by_reply_address(bounce, district):
        if letter.address not in bounce.addresses:
            continue
        kind = "complained" if bounce.kind == "complaint" else "bounced" if bounce.kind == "failed" else bounce.kind
        Receipt.objects.create(delivery=letter, kind=kind, detail=bounce.status, at=now)
        if bounce.unwanted_at(letter.address):
            reason = f"{kind} {bounce.status}".strip()
            delivery.opt_out(channel=Delivery.Channel.EMAIL, address=letter.address, reason=reason, now=now)
        if bounce.permanent:
            delivery.came_back(letter, status=bounce.status)


def _by_reply_address(bounce: Bounce, district: District) -> list[Delivery]:
    """Where no id is given back: the last letter to each address about a ticket whose reply address, with its 128 bits, is."""
    found: list[Delivery] = []
    for ticket in joining.marked(bounce.answers_to[:5], district):
        for address in bounce.addresses[:5]:
            letters = Delivery.objects.filter(about=ticket.id, channel=Delivery.Channel.EMAIL, address=address, sent_at__isnull=False)
            found += letters.order_by("-sent_at")[:1]
    return found
