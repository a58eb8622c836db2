"""From the chat to people: the conversation becomes a ticket, and what is said after that becomes its messages.

Written down first, as whatever comes in by a door is. Where taking it in fails, it waits for a worker, and so does what is said
meanwhile; nothing is opened twice, since one chat is one envelope.
"""

from datetime import datetime
from uuid import UUID, uuid5

from django.utils.translation import gettext as _
from django.utils.translation import override

from districts.queries import this_district
from intake import actions as intake
from intake.chat import envelopes
from intake.chat.lines import Who, product_said, visitor_said
from intake.contacts import Contact
from intake.language import guess
from intake.models import Chat, ChatLine, Envelope
from knowledge import actions as knowledge
from knowledge.models import Answer
from routing import actions as routing
from tickets.models import ChannelKind


def is_with_people(chat: Chat) -> bool:
    """It is a ticket, or is written down and will be one."""
    if chat.ticket_id is not None:
        return True
    return Envelope.objects.filter(channel=ChannelKind.CHAT, external_id=envelopes.id_of(chat)).exists()


def hand_over(chat: Chat, to: UUID, *, name: str, contact: Contact | None, danger: bool, now: datetime) -> None:
    """`to`: the line after which a person was needed. In danger it has its place at once, without a worker."""
    lines = list(ChatLine.objects.filter(chat=chat).order_by("at", "id"))
    language = guess("\n".join(line.text for line in lines if line.who == Who.VISITOR)) or chat.language
    raw = envelopes.conversation(chat, lines, this_district(), language=language, name=name, contact=contact)
    received = intake.receive_now(
        kind=ChannelKind.CHAT, external_id=envelopes.id_of(chat), raw=raw, meta={"remote": chat.remote}, now=now
    )
    chat.refresh_from_db(fields=["ticket"])
    if danger and received.ticket:
        routing.place(received.ticket.id, now=now)
    _were_not_enough(lines, received.envelope.ticket_ref)
    product_said(chat, to, "alarmed" if danger else "handed", now=now)


def pass_on(chat: Chat, said_id: UUID, text: str, *, now: datetime) -> None:
    """One more message of the requester. What was solved too long ago is followed by a new ticket, in which the chat goes on."""
    before = chat.ticket_id
    _send(chat, said_id, envelopes.later(chat, said_id, text, language=guess(text) or chat.language), now=now)
    if before and chat.ticket_id != before:
        product_said(chat, said_id, "anew", now=now)


def leave_a_way(chat: Chat, contact: Contact, name: str, *, now: datetime) -> None:
    """Whoever was helped without an address leaves one after all: a message, so that people see it too. Once for each address.

    The address that the conversation was handed over with is no new one: the answer to that click was lost, and it was sent again.
    """
    sent = Envelope.objects.filter(channel=ChannelKind.CHAT, external_id=envelopes.id_of(chat)).values_list("raw", flat=True).first()
    if sent is not None and envelopes.way_in(bytes(sent)) == contact:
        return
    said_id = uuid5(chat.id, contact.value)
    with override(chat.language):
        text = _("You can reach me here: %(contact)s") % {"contact": contact.value}
    if not ChatLine.objects.filter(chat=chat, said_id=said_id).exists():
        visitor_said(chat, said_id, text, now=now, way=contact.value)
    _send(chat, said_id, envelopes.later(chat, said_id, text, language=chat.language, name=name, contact=contact), now=now)


def _send(chat: Chat, said_id: UUID, raw: bytes, *, now: datetime) -> None:
    """Received at once, unless the conversation itself still waits: then behind it."""
    if chat.ticket_id is None:
        source = intake.door_of(ChannelKind.CHAT)
        intake.accept(source=source, channel=ChannelKind.CHAT, external_id=str(said_id), raw=raw, meta={}, now=now)
        return
    meta = {"page": str(chat.ticket_id)}  # of which request's page it is (`intake.requester.reading`)
    intake.receive_now(kind=ChannelKind.CHAT, external_id=str(said_id), raw=raw, meta=meta, now=now)
    chat.refresh_from_db(fields=["ticket"])


def _were_not_enough(lines: list[ChatLine], ticket_id: UUID | None) -> None:
    """As at the front door: a request that follows says so of the answers before it, but of those that were said to help."""
    for line in lines:
        if (answer := line.data.get("answer")) and not line.data.get("helped"):
            knowledge.mark_outcome(answer_id=UUID(answer), outcome=Answer.Outcome.NOT_ENOUGH, ticket_ref=ticket_id)
