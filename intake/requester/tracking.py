"""What a requester does on the page of their own link: write again, say that it is solved, open it again."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from districts.models import uuid7
from districts.queries import front_office, this_district
from intake import actions as intake
from intake import telling
from intake.models import Channel, Envelope
from intake.requester.reading import reading_of
from intake.wording import MAX_TEXT, cap, clean, subject_of
from routing import actions as routing
from routing import answer_first, merging
from routing import solved as routing_solved
from routing.danger import crisis
from sla import actions as sla
from tickets import actions as tickets
from tickets import letters
from tickets.actions import NewFile, NotPossible
from tickets.models import ChannelKind, Link, Message, Ticket


@dataclass(frozen=True)
class Wrote:
    ticket: Ticket  # where the words are now: the survivor of a merged one
    new: bool  # False: the same words were sent before
    anew: bool = False  # in a ticket of its own, since the old one is over


def write(ticket: Ticket, *, form_id: UUID, text: str, files: Sequence[NewFile], now: datetime) -> Wrote:
    """One more message, once for each form. Raises NoText, and NotPossible where it was solved too long ago.

    Words of danger are never refused: too late for the old ticket, they open one that follows up on it.
    """
    words = clean(text[: MAX_TEXT * 2])
    if not words and not files:
        raise intake.NoText(_("Write a few words, or add a photo."))
    raw = json.dumps({"ticket": str(ticket.id), "text": words, "files": [asdict(file) for file in files]}, sort_keys=True).encode()
    target = tickets.take(ticket)
    over = not tickets.can_reopen(target, now=now)
    if over and crisis.screen(words) is None:  # before anything is written down: what is refused leaves no envelope behind
        raise NotPossible(_("It was resolved too long ago: open a new ticket that follows up on it."))
    source, _made = Channel.objects.get_or_create(kind=ChannelKind.WEB, address="", defaults={"name": "Web form"})
    envelope, new = intake.accept(
        source=source, channel=ChannelKind.WEB, external_id=f"reply:{form_id}", raw=raw, meta={"page": str(ticket.id)}, now=now
    )
    if not new:
        return _written_before(envelope, target)
    said = tickets.Words(text=cap(words) or _("[no text]"), language=ticket.language, envelope_ref=envelope.id, files=tuple(files))
    written = _follow_up(ticket, target, said, now=now) if over else _join(ticket, target, said, envelope, now=now)
    _received(envelope, written)
    return Wrote(written, new=True, anew=over)


def _written_before(envelope: Envelope, target: Ticket) -> Wrote:
    if envelope.ticket_ref is None or envelope.ticket_ref == target.id:
        return Wrote(target, new=False)
    return Wrote(Ticket.objects.get(id=envelope.ticket_ref), new=False, anew=True)


def _join(ticket: Ticket, target: Ticket, said: tickets.Words, envelope: Envelope, *, now: datetime) -> Ticket:
    """Into the conversation as it lives now, and a word to whoever works on it."""
    way = letters.way_to(ticket)
    alarmed = routing.hear(target, author=ticket.requester, channel=ChannelKind.WEB, words=said, now=now, way=way)
    if not alarmed:
        telling.wrote_again(target, ticket.requester, envelope.id, now=now)
    return target


def _follow_up(ticket: Ticket, over: Ticket, said: tickets.Words, *, now: datetime) -> Ticket:
    """A new ticket, placed at once: triage hears the words of danger in it."""
    opened, _message = tickets.open_ticket(
        requester=ticket.requester, channel=ChannelKind.WEB, subject=subject_of(said.text), words=said, team=front_office(),
        language=ticket.language, now=now,
    )  # fmt: skip
    tickets.link(opened, other=over, kind=Link.Kind.FOLLOWS_UP, now=now)
    sla.derive(opened, now=now)
    routing.acknowledge(opened, now=now)
    routing.place(opened.id, now=now)
    return opened


def solved(ticket: Ticket, *, proven: bool, now: datetime) -> bool:
    """The requester says so: there is nothing to wait for, it is closed. Twice is once.

    Danger to a person is not ended by whoever holds the link, nor is what another person asked and theirs was merged into, nor another
    request of the same address by who has not `proven` to be the requester: it is written down as their words, the team is told, and
    people decide. False: that.
    """
    target = tickets.take(ticket)
    anothers = target.requester_id != ticket.requester_id
    if target.is_live and (target.crisis or anothers or reading_of(ticket, proven=proven).hidden):
        _say_so(ticket, target, now=now)
        return False
    if target.is_live:
        answer_first.was_enough(target)
        tickets.resolve(target, by=ticket.requester, now=now)
        routing_solved.tell(target, by=ticket.requester, now=now)
    if target.requester_id == ticket.requester_id:
        tickets.close(target, by=ticket.requester, now=now)
    sla.derive(target, now=now)
    return True


def _say_so(ticket: Ticket, target: Ticket, *, now: datetime) -> None:
    with override(ticket.language):
        words = _("It's solved")
    newest = Message.objects.filter(ticket=target).order_by("-at", "-id").first()
    if newest is None or newest.author_id != ticket.requester_id or newest.text != words:
        said = tickets.Words(text=words, language=ticket.language)
        routing.hear(target, author=ticket.requester, channel=ChannelKind.WEB, words=said, now=now, way=letters.way_to(ticket))
        telling.wrote_again(target, ticket.requester, uuid7(), now=now)


def reopen(ticket: Ticket, *, now: datetime) -> None:
    """Raises NotPossible when it was solved more than 14 days ago."""
    target = tickets.take(ticket)
    if target.is_live:
        return
    tickets.reopen(target, by=ticket.requester, now=now)
    sla.derive(target, now=now)
    telling.reopened(target, now=now)


def apart(ticket: Ticket, *, number: str, proven: bool, now: datetime) -> bool:
    """Its requester says that #`number`, which was joined to it without a person, is about something else. False: there is none."""
    joined = reading_of(ticket, proven=proven).joined
    found = next((one.ticket for one in joined if one.by_itself and str(one.ticket.number) == number), None)
    return found is not None and merging.unmerge(found, by=found.requester, now=now) is not None


def send_link(ticket: Ticket, *, now: datetime) -> None:
    """To the requester's own address, at most once an hour: by that link all of the conversation can be read."""
    district = this_district()
    with override(ticket.language):
        subject = _("Your request #%(number)s") % {"number": ticket.number}
        body = f"{subject}: {letters.own_link(ticket, district)}"
    letters.to_requester(ticket, what=f"link-{now:%Y%m%d%H}", subject=subject, body=body, purpose="links", now=now)


def _received(envelope: Envelope, ticket: Ticket) -> None:
    """In the same commit as the message: no worker takes it up."""
    Envelope.objects.filter(id=envelope.id).update(state=Envelope.State.DONE, ticket_ref=ticket.id)
