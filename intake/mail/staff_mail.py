"""Mail of people who work here. What one of them may do by it is little, and needs a mail that is proven to be theirs.

Confirmed (our own mail server found that the domain stands behind it): what they write to a conversation that they may work on is an
internal note there, for our letters to staff carry nothing that a requester could be answered to; what they pass on is a request of
whoever wrote it first. An answer to the requester is given at the desk, where one sees to whom it goes.

Not confirmed, it is as from anybody: to a conversation they follow it goes in nobody's name, seen by staff alone; to any other it is a
request of its own. Nothing wakes, opens, or leaves the house for it. Their own requests are theirs as a parent's are.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery.models import Delivery
from delivery.quiet import NOTICE
from districts.access import Actor, Can, may
from districts.models import District, Person
from intake import telling
from intake.channels.arrival import Arrival
from routing import actions as routing
from routing.queries import staff_language
from tickets import actions as tickets
from tickets.actions import Words, survivor
from tickets.models import Follower, Ticket


def place_of(known: Iterable[Ticket], actor: Actor, arrival: Arrival) -> Ticket | None:
    """Where their words become a note; None: nowhere, they may not, or are not proven to be theirs."""
    for ticket in known:
        there = survivor(ticket)
        follows = Follower.objects.filter(ticket__in={ticket.id, there.id}, person=actor.person).exists()
        if follows or (arrival.authentication.passed and may(actor, Can.WORK, there)):
            return there
    return None


def told_of(arrival: Arrival, sender: Person, district: District) -> list[Ticket]:
    """Of which tickets the notices speak that this mail answers, where they were sent to this sender."""
    ids = [one for one in arrival.thread.ancestors[:50] if one.startswith(f"{NOTICE}.") and one.endswith(f"@{district.host}")]
    if not ids:
        return []
    about = Delivery.objects.filter(message_id__in=ids, person=sender, about__isnull=False).values_list("about", flat=True)
    return list(Ticket.objects.filter(id__in=list(about)))


def note(ticket: Ticket, arrival: Arrival, words: Words, *, sender: Person, envelope_id: UUID, now: datetime) -> Ticket:
    """Their words in `ticket`, for staff alone, and a word of it to whoever works there."""
    ticket = tickets.take(ticket)
    confirmed = arrival.authentication.passed
    if not confirmed:
        words = replace(words, text=f"{_in_the_name_of(arrival, sender)}\n\n{words.text}")
    routing.hear_note(ticket, by=sender if confirmed else None, of=sender, channel=arrival.channel, words=words, now=now)
    telling.noted(ticket, sender, envelope_id, confirmed=confirmed, now=now)
    return ticket


def set_apart(ticket: Ticket, arrival: Arrival, *, sender: Person, about: Ticket, now: datetime) -> None:
    """Why what would have been a note on `about` is a request of its own."""
    with override(staff_language()):
        why = _("Nothing shows that they sent it, so it did not go into #%(number)s.") % {"number": about.number}
        tickets.note(ticket, by=None, words=Words(text=f"{_in_the_name_of(arrival, sender)} {why}"), now=now)


def _in_the_name_of(arrival: Arrival, sender: Person) -> str:
    address = arrival.contact.value if arrival.contact else ""
    with override(staff_language()):
        return _("In the name of %(name)s <%(address)s>, not confirmed.") % {"name": sender, "address": address}
