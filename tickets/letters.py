"""What goes to the requester by their own channel: subject, text, thread."""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery import actions as delivery
from delivery import lines
from delivery.models import Delivery
from districts.links import absolute, mail_address
from districts.models import ContactPoint, District, Person, Team
from districts.queries import address_of, this_district
from districts.together import insert, waiting
from tickets import reply_token
from tickets.family import merged_ids, others_asking
from tickets.models import ChannelKind, Message, ThreadId, Ticket

NOWHERE = ("", "")  # a way to nobody
REOPEN_WITHIN = timedelta(days=14)  # of being resolved


def tracking_link(ticket: Ticket, district: District) -> str:
    return absolute(district, f"/r/{ticket.token}")


def own_link(ticket: Ticket, district: District) -> str:
    """The same in a letter to the requester's own address. Where several tickets are one conversation it carries a proof, for all
    of it may be read by it: the link alone was shown to whoever typed that address into a form.
    """
    link = tracking_link(ticket, district)
    joined = ticket.merged_into_id is not None or merged_ids(ticket)
    return f"{link}?k={proof(ticket)}" if joined else link


def proof(ticket: Ticket) -> str:
    """That whoever has it reads the mail, or the text messages, of the ticket's requester (80 bits)."""
    return salted_hmac("tickets.letters.proof", f"{ticket.id}:{ticket.requester_id}", algorithm="sha256").hexdigest()[:20]


def desk_path(ticket: Ticket) -> str:
    """Where staff open it, on the district's own host."""
    return f"/desk/{ticket.id}/"


def kinds(ticket: Ticket) -> list[ContactPoint.Kind]:
    """Of addresses, the one by which its requester is reached first."""
    order = [ContactPoint.Kind.EMAIL, ContactPoint.Kind.PHONE]
    return order[::-1] if ticket.channel in (ChannelKind.SMS, ChannelKind.PHONE) else order


def way_to(ticket: Ticket, person: Person | None = None) -> tuple[str, str]:
    """(delivery channel, address) the requester is reached by: the channel they came by, else whatever is known.

    `person`: another one of the conversation. Where no text leaves the district, whoever has a telephone only can be called, no more.
    """
    for kind in kinds(ticket):
        address = address_of(person or ticket.requester, kind)
        if address and (kind == ContactPoint.Kind.EMAIL or lines.texts_leave()):
            return (Delivery.Channel.EMAIL if kind == ContactPoint.Kind.EMAIL else Delivery.Channel.SMS), address
    return NOWHERE


def can_only_be_called(ticket: Ticket) -> bool:
    """Its requester left a telephone number alone, and no text leaves the district."""
    return way_to(ticket) == NOWHERE and bool(address_of(ticket.requester, ContactPoint.Kind.PHONE))


def mail_id(ticket: Ticket, what: str, district: District) -> str:
    """Deterministic Message-ID: sending again is recognised as the same mail (RFC 5322 3.6.4).

    With a key (64 bits): who gets one letter cannot tell the id of another, and forge its bounce.
    """
    return f"{what}.{ticket.id}.{_mail_key(what, ticket.id)}@{district.host}"


def _mail_key(what: str, ticket_id: UUID) -> str:
    return salted_hmac("tickets.letters.mail_id", f"{what}.{ticket_id}", algorithm="sha256").hexdigest()[:16]


def is_keyed(message_id: str) -> bool:
    """One of these ids, with its key; not one of those that were given without."""
    try:
        what, ticket, key = message_id.partition("@")[0].rsplit(".", 2)
        return constant_time_compare(key, _mail_key(what, UUID(ticket)))
    except ValueError:
        return False


def to_requester(
    ticket: Ticket,
    *,
    what: str,
    subject: str,
    body: str,
    purpose: str,
    now: datetime,
    not_before: datetime | None = None,
    way: tuple[str, str] | None = None,
    person: Person | None = None,
) -> Delivery | None:
    """Queue one letter about the ticket to its requester (or `person`, of the same conversation); None: there is no address.

    `what` makes it once, e.g. "ack" or "reply-<message id>". The mail's id is remembered, so that a reply to it finds
    its way. `way`: (channel, address) where the caller knows it already.
    """
    channel, address = way or way_to(ticket, person)
    if channel == Delivery.Channel.SMS and not lines.texts_leave():
        channel, address = way_to(ticket, person)
    if not channel:
        return None
    district = this_district()
    message_id = mail_id(ticket, what, district) if channel == Delivery.Channel.EMAIL else ""
    earlier: list[str] = []
    if message_id:
        earlier = _told_to(address, _thread(ticket), ticket)
        insert(ThreadId(ticket=ticket, message_id=message_id), once=True)
    return delivery.send(
        channel=channel, address=address, body=body, subject=subject, dedupe_key=f"{what}:{ticket.id}", purpose=purpose,
        now=now, person=person or ticket.requester, about=ticket.id, message_id=message_id, references=earlier, not_before=not_before,
        reply_to=mail_address(district, reply_token.local_part(ticket, to=address)) if message_id else "",
    )  # fmt: skip


def _told_to(address: str, ids: list[str], ticket: Ticket) -> list[str]:
    """Of these ids, those that others wrote and those of letters to this address: the key of a letter to another stays theirs."""
    ours = [one for one in ids if is_keyed(one)]
    if not ours:
        return ids
    sent = Delivery.objects.filter(about=ticket.id, message_id__in=ours).exclude(address=address).values_list("message_id", flat=True)
    others = set(sent)
    return [one for one in ids if one not in others]


def _thread(ticket: Ticket) -> list[str]:
    """Message-IDs of the conversation so far, the oldest first; of a ticket not written yet, those that wait with it."""
    if ticket._state.adding:
        return [row.message_id for row in waiting(ThreadId) if row.ticket_id == ticket.id][:20]
    return list(ThreadId.objects.filter(ticket=ticket).order_by("id").values_list("message_id", flat=True)[:20])


def reply_key(message: Message) -> str:
    """What makes the letter of a reply once."""
    return letter_key(message.id, message.ticket_id)


def letter_key(message: UUID, ticket: UUID) -> str:
    """The same, of the letter to whoever asked in `ticket`, which was merged into the one that was replied in."""
    return f"reply-{message}:{ticket}"


def reply(ticket: Ticket, message: Message, *, by: Person | None, now: datetime, solved: bool = False) -> Delivery | None:
    """An agent's reply, as it leaves; None: nobody can be reached, it stands on the requester's page only.

    `solved`: the ticket is resolved with it, so it says how to open it again. Who asked the same, in a ticket that was merged
    into this one, gets a letter of their own, about their own ticket.
    """
    for other in others_asking(ticket):
        reply_to_one(other, message, team=ticket.team, by=by, now=now, solved=solved)
    return reply_to_one(ticket, message, team=ticket.team, by=by, now=now, solved=solved)


def reply_to_one(ticket: Ticket, message: Message, *, team: Team, by: Person | None, now: datetime, solved: bool) -> Delivery | None:
    """Its letter to the requester of this ticket alone; `message` may stand in what the ticket was merged into."""
    with override(ticket.language):
        link = own_link(ticket, this_district())
        signed = signature(team, by)
        way = way_to(ticket)
        if way[0] == Delivery.Channel.SMS:
            body = f"{message.text}{behind_a_text(ticket, team=team, by=by, solved=solved)}"
        else:
            foot = _("Your request #%(number)s: %(link)s") % {"number": ticket.number, "link": link}
            said = f"{_solved()}\n\n" if solved else ""
            body = f"{message.text}\n\n{signed}\n\n{said}-- \n{foot}"
        subject = _("Your request #%(number)s") % {"number": ticket.number}
    return to_requester(ticket, what=f"reply-{message.id}", subject=f"Re: {subject}", body=body, purpose="reply", now=now, way=way)


def behind_a_text(ticket: Ticket, *, team: Team, by: Person | None, solved: bool = False) -> str:
    """What follows the words of a reply by text message, in the active language."""
    said = "\n" + _("We marked it as solved. If it is not, reply.") if solved else ""
    return f"{said}\n{signature(team, by)} · #{ticket.number} {own_link(ticket, this_district())}"


def signature(team: Team, by: Person | None) -> str:
    """In the active language."""
    return _("%(name)s, %(team)s") % {"name": by.name, "team": team.name} if by and by.name else team.name


def _solved() -> str:
    marked = _("We marked your request as solved.")
    again = _("If it is not, reply to this mail within %(days)d days, or open it again by the link below.")
    return f"{marked} {again}" % {"days": REOPEN_WITHIN.days}
