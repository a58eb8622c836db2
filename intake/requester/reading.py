"""What whoever opens a requester's page may read there, where several tickets have become one conversation.

The link of a page is the key to it. Of a request that came by the form the link was shown to whoever typed an address, and that
proves nothing: it opens what was written there, and no word of another request of that address, not even that there is one. All of
one's own is read by a link that came to one's own address (`tickets.letters.own_link`), or signed in. Of other people's requests
in the same conversation nobody reads a word; the answers are written to all of them.

What a member of staff passed on by mail is not shown either, nor its files: nothing in it marks where the mail that was passed on ends
and their own words begin. Whoever wrote it knows what they wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _

from intake.models import Envelope
from tickets.actions import survivor
from tickets.family import merged_here
from tickets.models import Attachment, ChannelKind, Event, Message, Ticket
from tickets.queries import conversation, conversation_of, is_passed_on

# The link of these left in letters to the requester's address alone: no page showed it.
BY_LETTER = frozenset({ChannelKind.EMAIL, ChannelKind.SMS, ChannelKind.PHONE})
Kind = Event.Kind


@dataclass(frozen=True)
class Joined:
    """One request of the reader's that became part of another."""

    ticket: Ticket
    into: Ticket
    by_itself: bool  # nobody did it: the requester may take it apart


@dataclass(frozen=True)
class Reading:
    messages: list[Message]
    now_at: Ticket  # where the conversation lives
    others: bool = False  # other people asked too
    hidden: bool = False  # there is more, for whoever proves who they are
    unseen: bool = False  # and an answer among it: until then the page looks like any other
    joined: tuple[Joined, ...] = ()

    @property
    def since(self) -> datetime | None:
        """Nothing before this is told of."""
        return min((message.at for message in self.messages), default=None) if self.hidden else None


def reading_of(ticket: Ticket, *, proven: bool) -> Reading:
    """`proven`: whoever reads is the requester of the ticket, not only somebody with its link."""
    there = survivor(ticket)
    family = [there, *merged_here(there)]
    reading = _reading(ticket, there, family, proven=proven)
    return replace(reading, messages=[_shown(message, family) for message in reading.messages])


def _reading(ticket: Ticket, there: Ticket, family: list[Ticket], *, proven: bool) -> Reading:
    if len(family) == 1:
        return Reading(conversation(ticket, notes=False), there)
    own = [one for one in family if one.requester_id == ticket.requester_id]
    others = len(own) < len(family)
    if proven or len(own) == 1:
        return Reading(_all_own(ticket, there, family, own), there, others, joined=tuple(_joined(own, family)))
    shown = _of_the_page(ticket, there, own)
    answers = Message.objects.filter(ticket__in=[one.id for one in own], kind=Message.Kind.REPLY, at__gte=ticket.opened_at)
    unseen = answers.exclude(id__in=[message.id for message in shown]).exists()
    return Reading(shown, there, hidden=True, unseen=unseen)


def _shown(message: Message, family: Sequence[Ticket]) -> Message:
    ticket = next((one for one in family if one.id == message.ticket_id), None) or message.ticket
    if not is_passed_on(message, ticket):
        return message
    said = _("%(name)s passed on what you wrote. It is not repeated here.") % {"name": ticket.opened_by}
    shown = Message(
        id=message.id, district_id=message.district_id, ticket_id=message.ticket_id, kind=message.kind, channel=message.channel,
        author_id=message.author_id, text=said, envelope_ref=message.envelope_ref, at=message.at,
    )  # fmt: skip
    prefetch_related_objects([shown], Prefetch("attachments", queryset=Attachment.objects.none()))
    return shown


def _all_own(ticket: Ticket, there: Ticket, family: list[Ticket], own: list[Ticket]) -> list[Message]:
    """What they wrote and were answered in each of theirs; where it lives on in another's, what was said since."""
    mine, strangers = {one.id for one in own}, {one.requester_id for one in family} - {ticket.requester_id}
    since = None if there.id in mine else _merged_at(ticket)
    shown = []
    for message in conversation_of(family):
        if message.kind == Message.Kind.REQUEST:
            here = message.ticket_id in mine or (since and message.author_id == ticket.requester_id and message.at >= since)
            if here and message.author_id not in strangers:
                shown.append(message)
        elif message.ticket_id in mine or (message.ticket_id == there.id and since and message.at >= since and not there.sensitive):
            shown.append(message)
    return shown


def _of_the_page(ticket: Ticket, there: Ticket, own: list[Ticket]) -> list[Message]:
    """What was written here, and answered before it became one with another of the same address."""
    if ticket.id != there.id:  # all that is its own is from before
        joined, before = _merged_at(ticket), conversation(ticket, notes=False)
    else:
        joined = min(_merged_at(one) for one in own if one.id != there.id)
        before = [m for m in conversation(ticket, notes=False) if m.at < joined]
    later = [m for m in conversation(there, notes=False) if m.author_id == ticket.requester_id and m.envelope_ref and m.at >= joined]
    return before + _written_here(ticket, later)


def _written_here(ticket: Ticket, messages: list[Message]) -> list[Message]:
    refs = [message.envelope_ref for message in messages if message.envelope_ref]
    here = set(Envelope.objects.filter(id__in=refs, meta__page=str(ticket.id)).values_list("id", flat=True)) if refs else set[UUID]()
    return [message for message in messages if message.envelope_ref in here]


def _merged_at(ticket: Ticket) -> datetime:
    """When it became part of another, the last time."""
    at = (
        Event.objects.filter(ticket=ticket, kind=Kind.MERGED, data__has_key="into").order_by("-at").values_list("at", flat=True).first()
    )
    return at or ticket.facts_at


def _joined(own: list[Ticket], family: list[Ticket]) -> list[Joined]:
    rows = {one.id: one for one in family}
    own_ids = {one.id for one in own}
    found = []
    for one in own:
        into = rows.get(one.merged_into_id) if one.merged_into_id else None
        if into is not None and into.id in own_ids:
            found.append(Joined(one, into, by_itself=_by_itself(one)))
    return found


def _by_itself(ticket: Ticket) -> bool:
    merges = Event.objects.filter(ticket=ticket, kind=Kind.MERGED, data__has_key="into").order_by("-at", "-id")
    return merges.values_list("by", flat=True).first() is None
