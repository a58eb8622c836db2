"""Where does it belong? To a conversation that it proves to know, and that its sender is part of; never by subject or number.

Proof of a mail: a reply address with its 128 bits, or an ancestor's Message-ID. Proof of a text message: the number, theirs and
ours, within 72 hours. A sender who is no participant gets a ticket of their own, with a hint for staff.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery

from delivery.models import Delivery
from districts.access import VISITOR, actor_for
from districts.models import District, Person
from intake.channels.arrival import Arrival
from intake.mail import staff_mail
from intake.phone.numbers import Talk, of_this_line
from intake.queries import has_asked, threads, ticket_of_call, ticket_of_chat
from intake.receiving.attaching import noted
from routing.danger import crisis
from routing.history import without_help_lines
from routing.words import fold
from tickets import letters, queries, reply_token
from tickets.actions import REOPEN_WITHIN, NewFile, can_reopen, survivor
from tickets.models import ChannelKind, Message, Ticket

SMS_CONVERSATION = timedelta(hours=72)
FOOTER_WORDS = 60
_WORD = re.compile(r"\S+")
_RULE = re.compile(r"\s*(?:[-_=*~#]{2,}|[–—]{1,})[ \t]*(?:\n|$)")
_OF_A_LIST = re.compile(
    r"\b(unsubscribe|mailing list|list settings|you (are receiving|received) this (e ?mail|message|mail) because|sent to this group"
    r"|darse de baja|cancelar (la|su|tu) suscripcion|lista de (correo|distribucion)|recibio este (mensaje|correo) porque)\b"
)
_BEFORE_SUBJECT = re.compile(r"^(?:\s*(?:\[[^\]]{0,60}\]|(?:re|fwd?|aw|wg|rv|tr|ext)\s*:))+\s*")


@dataclass(frozen=True)
class Belongs:
    """`joins`: it is part of that. `notes`: a note of staff there. Otherwise a new ticket, linked to what it follows up on or may
    belong to; `by_staff`: and written in the name of somebody who works here."""

    joins: Ticket | None = None
    notes: Ticket | None = None
    follows_up: Ticket | None = None
    may_belong: Ticket | None = None
    by_staff: bool = False


def find(arrival: Arrival, sender: Person, district: District, *, now: datetime, number: str = "") -> Belongs:
    """`number`: ours, that a text came to."""
    if arrival.channel == ChannelKind.EMAIL:
        return _by_mail(arrival, sender, district, now)
    if arrival.channel == ChannelKind.SMS:
        return _by_number(sender, now, ours=number, theirs=arrival.contact.value if arrival.contact else "")
    if arrival.channel == ChannelKind.PHONE:
        return _there(ticket_of_call(arrival.thread.message_id), now)
    return _by_chat(arrival.chat, now) if arrival.chat else Belongs()


def copy_of(arrival: Arrival, files: Sequence[NewFile], sender: Person) -> Ticket | None:
    """Where the same mail is already, come another way (a list put a line under it): same id, sender, words and files.

    A machine that reuses one id for all its mails sends other words or other files: those are other mails.
    """
    if not arrival.thread.message_id:
        return None
    known = [ticket_id for ticket_id, _id in threads([arrival.thread.message_id])][:10]
    if not known:
        return None
    mine = Q(author=sender) | Q(author=None, envelope_ref__isnull=False) | Q(ticket__opened_by=sender)
    told = Message.objects.filter(mine, ticket_id__in=known).select_related("ticket").prefetch_related("attachments")
    hashes = sorted(file.sha256 for file in files)
    for message in told[:20]:
        if _is_copy(message, arrival) and sorted(a.sha256 for a in message.attachments.all()) == hashes:
            ticket: Ticket = message.ticket
            return ticket
    return None


def _is_said_in(message: Message, arrival: Arrival) -> bool:
    """By itself, or as what was passed on; what is noted in somebody's name has no author, and a line above it."""
    text = message.text.removesuffix(noted(message.text)).rstrip()
    if message.author_id is None:
        said = text.partition("\n\n")[2]
        return bool(said) and _same_words(said, arrival.text)
    told = [arrival.text, *([arrival.forward.text] if arrival.forward and arrival.forward.text else [])]
    return any(_same_words(text, one) for one in told)


def _is_copy(message: Message, arrival: Arrival) -> bool:
    return _is_said_in(message, arrival) and _same_subject(message, arrival) and not _brings_danger(arrival, message)


def _same_subject(message: Message, arrival: Arrival) -> bool:
    """But for what a list or a mail program puts before it. A later message's own is not kept: there only words of danger tell."""
    ticket, subjects = message.ticket, [arrival.subject, arrival.forward.subject if arrival.forward else ""]
    if any(crisis.screen(one) and fold(one) not in fold(ticket.subject) for one in subjects):
        return False
    first = message.at == ticket.opened_at and message.author_id is not None
    return not first or not arrival.subject or any(_bare(one) == _bare(ticket.subject) for one in subjects)


def _bare(subject: str) -> str:
    return fold(_BEFORE_SUBJECT.sub("", subject[:200].lower()))


def _brings_danger(arrival: Arrival, message: Message) -> bool:
    """In what it quotes, or below its signature, and the first did not."""
    brought = "\n".join(without_help_lines(arrival.quoted))
    return crisis.screen(brought) is not None and fold(arrival.quoted) != fold(message.quoted)


def _same_words(one: str, other: str) -> bool:
    """But for a list's footer below the longer one."""
    short, long = sorted((one, other), key=lambda text: len(text.split()))
    words, places = short.split(), list(_WORD.finditer(long))
    if [found[0] for found in places[: len(words)]] != words:
        return False
    return _is_footer(long[places[len(words) - 1].end() if words else 0 :])


def _is_footer(rest: str) -> bool:
    """Below a line, or in the words of a list; never words of danger."""
    if not rest.strip():
        return True
    if len(rest.split()) > FOOTER_WORDS or not rest.lstrip(" \t").startswith("\n") or crisis.screen(rest):
        return False
    return bool(_RULE.match(rest) or _OF_A_LIST.search(fold(rest)))


def _by_mail(arrival: Arrival, sender: Person, district: District, now: datetime) -> Belongs:
    by_address, by_id = marked(arrival.recipients, district), _ancestors(arrival)
    known, told_of = [*by_address, *by_id], staff_mail.told_of(arrival, sender, district)
    asked = [ticket for ticket in known if sender.id in (ticket.requester_id, survivor(ticket).requester_id)]
    if not (known or told_of):
        return Belongs()
    actor = VISITOR if asked else actor_for(sender)
    if actor.is_staff:
        likely = [*by_address, *told_of, *by_id]
        place = staff_mail.place_of(likely, actor, arrival)
        return Belongs(notes=place) if place else Belongs(may_belong=likely[0], by_staff=True)
    mine = asked or [ticket for ticket in known if _follows(ticket, sender)]
    ended = [survivor(ticket) for ticket in mine]
    open_now = next((ticket for ticket in ended if can_reopen(ticket, now=now)), None)
    if open_now is not None:
        return Belongs(joins=open_now)
    if ended:
        return Belongs(follows_up=ended[0])
    return Belongs(may_belong=known[0] if known else None)


def marked(recipients: Iterable[str], district: District) -> list[Ticket]:
    """Tickets whose reply address it was sent to, on this district's own host only."""
    found = []
    for address in recipients:
        local, _, domain = address.rpartition("@")
        parts = reply_token.parse(local) if domain == district.host else None
        ticket = queries.by_reply_mark(*parts) if parts else None
        if ticket is not None:
            found.append(ticket)
    return found


def _ancestors(arrival: Arrival) -> list[Ticket]:
    ids = arrival.thread.ancestors[:50]
    return queries.by_thread(ids) if ids and threads(ids) else []


def _follows(ticket: Ticket, sender: Person) -> bool:
    """The ticket itself, or the one it was merged into."""
    if queries.is_participant(ticket, sender):
        return True
    return ticket.merged_into_id is not None and queries.is_participant(survivor(ticket), sender)


def _by_chat(chat_id: UUID, now: datetime) -> Belongs:
    """The first words of a chat that reach us open its ticket; whoever has its token is its requester."""
    return _there(ticket_of_chat(chat_id), now)


def _there(ticket: Ticket | None, now: datetime) -> Belongs:
    """It is part of that, wherever that lives now, or follows up on it where it is over."""
    if ticket is None:
        return Belongs()
    there = survivor(ticket)
    return Belongs(joins=there) if can_reopen(there, now=now) else Belongs(follows_up=there)


def _by_number(sender: Person, now: datetime, *, ours: str = "", theirs: str = "") -> Belongs:
    """The conversation by text message over this number of ours (`numbers.of_this_line`) that was last spoken in, wherever it lives
    now; one just resolved is taken up again.

    One in which nobody spoke for so long may be another matter: that is asked (intake.phone.sms_asks).
    """
    since = now - SMS_CONVERSATION
    known = [(ticket, survivor(ticket)) for ticket in _of_number(sender, since=since, now=now)]
    known.sort(key=lambda pair: (not pair[1].is_live, -pair[1].facts_at.timestamp()))
    talks = [Talk(ticket, there) for ticket, there in known if can_reopen(there, now=now) and _speaks_by_text(ticket)]
    by_text = of_this_line(talks, number=ours, phone=theirs)
    running = next((talk.there for talk in by_text if _spoken_at(talk.ticket) >= since), None)
    return Belongs(joins=running) if running else Belongs(may_belong=next((talk.there for talk in by_text), None))


def _of_number(sender: Person, *, since: datetime, now: datetime) -> list[Ticket]:
    """Tickets that are open, or were lately: the newest ten, each with when its last word was written."""
    if not has_asked(sender):  # most numbers write for the first time, and what follows costs ten times as much
        return []
    wanted = Q(facts_at__gte=since) | Q(status__in=Ticket.LIVE) | Q(resolved_at__gte=now - REOPEN_WITHIN)
    last = Message.objects.filter(ticket=OuterRef("id")).order_by("-at").values("at")[:1]
    rows = Ticket.objects.filter(wanted, requester=sender).annotate(said_at=Subquery(last))
    return list(rows.select_related("team", "requester", "assignee").order_by("-opened_at")[:10])


def _spoken_at(ticket: Ticket) -> datetime:
    """When somebody last wrote there, or said that it is done. A change of the calendar, say, is no word; nor is a fact made older."""
    said = max(filter(None, (ticket.said_at, ticket.resolved_at)), default=ticket.opened_at)  # type: ignore[attr-defined]
    return min(said, ticket.facts_at)


def _speaks_by_text(ticket: Ticket) -> bool:
    return ticket.channel == ChannelKind.SMS or letters.way_to(ticket)[0] == Delivery.Channel.SMS
