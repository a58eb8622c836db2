"""What a requester does on the page of their own link: write again, say that it is solved, open it again."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from intake import actions as intake
from intake import telling
from intake.models import Channel, Envelope
from intake.wording import MAX_TEXT, cap, clean
from routing import actions as routing
from sla import actions as sla
from tickets import actions as tickets
from tickets import letters
from tickets.actions import NewFile, NotPossible
from tickets.models import ChannelKind, Ticket


@dataclass(frozen=True)
class Wrote:
    ticket: Ticket  # where the words are now: the survivor of a merged one
    new: bool  # False: the same words were sent before


def write(ticket: Ticket, *, form_id: UUID, text: str, files: Sequence[NewFile], now: datetime) -> Wrote:
    """One more message, once for each form. Raises NoText, and NotPossible where it was solved too long ago."""
    words = clean(text[: MAX_TEXT * 2])
    if not words and not files:
        raise intake.NoText(_("Write a few words, or add a photo."))
    raw = json.dumps({"ticket": str(ticket.id), "text": words, "files": [asdict(file) for file in files]}, sort_keys=True).encode()
    target = _locked(tickets.survivor(ticket))
    if not tickets.can_reopen(target, now=now):  # before anything is written down: what is refused leaves no envelope behind
        raise NotPossible(_("It was resolved too long ago: open a new ticket that follows up on it."))
    source, _made = Channel.objects.get_or_create(kind=ChannelKind.WEB, address="", defaults={"name": "Web form"})
    envelope, new = intake.accept(source=source, channel=ChannelKind.WEB, external_id=f"reply:{form_id}", raw=raw, meta={}, now=now)
    if not new:
        return Wrote(target, new=False)
    said = tickets.Words(text=cap(words) or _("[no text]"), language=ticket.language, envelope_ref=envelope.id, files=tuple(files))
    way = letters.way_to(ticket)
    alarmed = routing.hear(target, author=ticket.requester, channel=ChannelKind.WEB, words=said, now=now, way=way)
    _received(envelope, target)
    if not alarmed:
        telling.wrote_again(target, ticket.requester, envelope.id, now=now)
    return Wrote(target, new=True)


def solved(ticket: Ticket, *, now: datetime) -> None:
    """The requester says so: there is nothing to wait for, it is closed. Twice is once.

    Where it was merged into another's, that one is resolved and closes in its own time.
    """
    target = _locked(tickets.survivor(ticket))
    tickets.resolve(target, by=ticket.requester, now=now)
    if target.requester_id == ticket.requester_id:
        tickets.close(target, by=ticket.requester, now=now)
    sla.derive(target, now=now)


def reopen(ticket: Ticket, *, now: datetime) -> None:
    """Raises NotPossible when it was solved more than 14 days ago."""
    target = _locked(tickets.survivor(ticket))
    if target.is_live:
        return
    tickets.reopen(target, by=ticket.requester, now=now)
    sla.derive(target, now=now)
    telling.reopened(target, now=now)


def _locked(ticket: Ticket) -> Ticket:
    """Two clicks at once take turns."""
    return Ticket.objects.select_for_update(of=("self",)).select_related("team", "requester", "assignee", "service").get(id=ticket.id)


def _received(envelope: Envelope, ticket: Ticket) -> None:
    """In the same commit as the message: no worker takes it up."""
    Envelope.objects.filter(id=envelope.id).update(state=Envelope.State.DONE, ticket_ref=ticket.id)
