"""What follows from an arrival that is no request: an address that is dead, a number that wants silence, a word of help."""

from datetime import datetime, timedelta

from delivery import actions as delivery
from delivery import return_path
from delivery.models import Delivery, Receipt
from delivery.queries import SAID_BOUNCED
from districts.models import District
from intake.channels.arrival import Arrival, Bounce
from intake.phone import texting
from intake.receiving import joining
from tickets import reply_token
from tickets.letters import is_keyed
from tickets.models import Message

CAME_BACK = ("bounced", "complained")
UNPROVEN = (SAID_BOUNCED, "said complained")
ANOTHER_DAY = timedelta(days=1)


def follow(arrival: Arrival, district: District, *, number: str = "", now: datetime) -> None:
    """`number`: ours, where it came by one."""
    if arrival.bounce is not None:
        _bounced(arrival, arrival.bounce, district, now=now)
    elif arrival.keyword or arrival.texting.unwanted:
        texting.follow(arrival, district, number=number, now=now)


def _bounced(arrival: Arrival, bounce: Bounce, district: District, *, now: datetime) -> None:
    """Anybody can write a bounce. It is heard where it names a mail that we sent and the address that went to.

    Proven is one that knows the return path: mail servers alone see that. Message-ID and reply address are quoted in every answer that
    the receiver gives to all: what knows no more than those is written down and shown as what somebody says, beside a letter that stays
    what it was, and silences nobody by itself.
    """
    proven = _by_return_path(arrival, bounce, district)
    for letter in proven or _by_what_is_quoted(bounce, district):
        if letter.address not in bounce.addresses:
            continue
        kind = "complained" if bounce.kind == "complaint" else "bounced" if bounce.kind == "failed" else bounce.kind
        silences = bounce.unwanted_at(letter.address) and (bool(proven) or _came_back_before(letter, now=now))
        _note(letter, kind if proven else f"said {kind}", bounce.status, now=now)
        if silences:
            reason = f"{kind} {bounce.status}".strip()
            delivery.opt_out(channel=Delivery.Channel.EMAIL, address=letter.address, reason=reason, now=now)
        if proven and bounce.permanent:
            delivery.came_back(letter, status=bounce.status)


def _note(letter: Delivery, kind: str, status: str, *, now: datetime) -> None:
    """Said twice is written once."""
    Receipt.objects.get_or_create(delivery=letter, kind=kind[:20], detail=status[:500], defaults={"at": now})


def _by_return_path(arrival: Arrival, bounce: Bounce, district: District) -> list[Delivery]:
    """It came to the return path of one letter, or gives that back."""
    told = (return_path.delivery_of(one, district) for one in (*arrival.recipients[:50], *bounce.returned_to[:20]))
    named = {one for one in told if one}
    return list(Delivery.objects.filter(id__in=named, channel=Delivery.Channel.EMAIL)) if named else []


def _by_what_is_quoted(bounce: Bounce, district: District) -> list[Delivery]:
    """The id of a letter about a ticket has a key; one without was given when they had none, and follows from what others know."""
    sent = Delivery.objects.filter(message_id__in=bounce.original_ids[:20], channel=Delivery.Channel.EMAIL)
    return [one for one in list(sent[:20]) or _by_reply_address(bounce, district) if not _can_be_guessed(one)]


def _came_back_before(letter: Delivery, *, now: datetime) -> bool:
    """Another letter of this ticket to this address, a day ago or more; and nothing came from its receiver since this one left."""
    if letter.about is None or letter.sent_at is None:
        return False
    others = Delivery.objects.filter(about=letter.about, channel=letter.channel, address=letter.address).exclude(id=letter.id)
    before = Receipt.objects.filter(delivery__in=others, kind__in=[*CAME_BACK, *UNPROVEN], at__lte=now - ANOTHER_DAY)
    lives = Message.objects.filter(ticket=letter.about, author=letter.person_id, at__gt=letter.sent_at)
    return before.exists() and not lives.exists()


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
