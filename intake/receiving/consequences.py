"""What follows from an arrival that is no request: an address that is dead, a number that wants silence, a word of help."""

from datetime import datetime

from delivery import actions as delivery
from delivery.models import Delivery, Receipt
from districts.models import District
from intake.channels.arrival import Arrival, Bounce
from intake.phone import texting
from intake.receiving import joining
from tickets import reply_token
from tickets.letters import is_keyed


def follow(arrival: Arrival, district: District, *, number: str = "", now: datetime) -> None:
    """`number`: ours, where it came by one."""
    if arrival.bounce is not None:
        _bounced(arrival.bounce, district, now=now)
    elif arrival.keyword or arrival.texting.unwanted:
        texting.follow(arrival, district, number=number, now=now)


def _bounced(bounce: Bounce, district: District, *, now: datetime) -> None:
    """Believed only where it names a mail that we sent, by its id and its address: anybody can write a bounce. The id of a letter about
    a ticket has a key; one without was given when they had none, and follows from what others know."""
    sent = Delivery.objects.filter(message_id__in=bounce.original_ids[:20], channel=Delivery.Channel.EMAIL)
    for letter in list(sent[:20]) or _by_reply_address(bounce, district):
        if letter.address not in bounce.addresses or _can_be_guessed(letter):
            continue
        kind = "complained" if bounce.kind == "complaint" else "bounced" if bounce.kind == "failed" else bounce.kind
        Receipt.objects.create(delivery=letter, kind=kind, detail=bounce.status, at=now)
        if bounce.unwanted_at(letter.address):
            reason = f"{kind} {bounce.status}".strip()
            delivery.opt_out(channel=Delivery.Channel.EMAIL, address=letter.address, reason=reason, now=now)
        if bounce.permanent:
            delivery.came_back(letter, status=bounce.status)


def _can_be_guessed(letter: Delivery) -> bool:
    """It is made of the ticket's id alone, which stands in every letter about it."""
    return f".{letter.about}" in letter.message_id and not is_keyed(letter.message_id)


def _by_reply_address(bounce: Bounce, district: District) -> list[Delivery]:
    """Where no id is given back: the last letter to each address about a ticket, where its reply address is, as it stood in letters to
    that very address."""
    found: list[Delivery] = []
    for answers_to in bounce.answers_to[:5]:
        local = answers_to.rpartition("@")[0]
        told = ((ticket, address) for ticket in joining.marked([answers_to], district) for address in bounce.addresses[:5])
        for ticket, address in told:
            if not reply_token.was_told_to(address, local, ticket):
                continue
            letters = Delivery.objects.filter(about=ticket.id, channel=Delivery.Channel.EMAIL, address=address, sent_at__isnull=False)
            found += letters.order_by("-sent_at")[:1]
    return found
