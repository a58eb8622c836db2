"""What machines do beside opening tickets: write in them, each once, and read what their own key has opened."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from districts.models import Person
from intake import actions as intake
from intake import telling
from intake.models import Envelope
from intake.wording import cap, clean
from routing import actions as routing
from sla import actions as sla
from tickets import actions as tickets
from tickets import letters
from tickets.actions import NewFile
from tickets.models import ChannelKind, Message, Ticket
from tickets.queries import RELATED

REQUESTER, TEAM, NOTE = "requester", "team", "note"
LOOK_BACK = timedelta(days=30)  # of a machine that lists what it has opened, and says no more
LONGEST_LOOK = timedelta(days=90)


@dataclass(frozen=True)
class Entry:
    """One more entry of a conversation. `author`: REQUESTER, TEAM (an answer) or NOTE."""

    text: str
    author: str = REQUESTER
    files: Sequence[NewFile] = ()

    def as_bytes(self, ticket: Ticket) -> bytes:
        told = {"ticket": str(ticket.id), "author": self.author, "text": self.text, "files": [asdict(file) for file in self.files]}
        return json.dumps(told, ensure_ascii=False, sort_keys=True).encode()


@dataclass(frozen=True)
class Written:
    message: Message
    duplicate: bool


def write(ticket: Ticket, entry: Entry, *, key: str, by: str, person: Person | None, now: datetime) -> Written:
    """Written down first, then in the ticket where its conversation lives now; the caller may work it.

    `person`: who is signed in, where it is no machine. Raises NoText, KeyReused, and tickets.NotPossible, which leaves nothing behind.
    """
    entry = Entry(clean(entry.text), entry.author, entry.files)
    if not entry.text:
        raise intake.NoText
    raw = entry.as_bytes(ticket)
    external_id, found = intake.once(f"{by} in {ticket.id}", key=key, raw=raw, now=now)
    if found is None:
        meta = {"by": by, "page": str(ticket.id)}
        source = intake.door_of(ChannelKind.API)
        with transaction.atomic():
            found, new = intake.accept(source=source, channel=ChannelKind.API, external_id=external_id, raw=raw, meta=meta, now=now)
            if new:
                return Written(_write(ticket, entry, found, person=person, now=now), duplicate=False)
    return Written(_message_of(found.id, found.ticket_ref), duplicate=True)


def _message_of(envelope_id: UUID, ticket_id: UUID | None) -> Message:
    found: Message = Message.objects.select_related("author").get(envelope_ref=envelope_id, ticket=ticket_id)
    return found


def _write(ticket: Ticket, entry: Entry, envelope: Envelope, *, person: Person | None, now: datetime) -> Message:
    target = tickets.take(ticket)
    words = tickets.Words(text=cap(entry.text), envelope_ref=envelope.id, files=tuple(entry.files))
    if entry.author == REQUESTER:
        _hear(ticket, target, words, now=now)
    elif entry.author == TEAM:
        tickets.reply(target, by=person, words=words, channel=ChannelKind.API, now=now)
        sla.derive(target, now=now)
    else:
        routing.hear_note(target, by=person, channel=ChannelKind.API, words=words, now=now)
    Envelope.objects.filter(id=envelope.id).update(state=Envelope.State.DONE, ticket_ref=target.id)
    return _message_of(envelope.id, target.id)


def _hear(ticket: Ticket, target: Ticket, words: tickets.Words, *, now: datetime) -> None:
    way = letters.way_to(ticket)
    alarmed = routing.hear(target, author=ticket.requester, channel=ChannelKind.API, words=words, now=now, way=way)
    if not alarmed and words.envelope_ref:
        telling.wrote_again(target, ticket.requester, words.envelope_ref, now=now)


def opened_by(by: str, *, since: datetime, before: UUID | None, most: int) -> "QuerySet[Ticket]":
    """Tickets that this caller has opened since then, the newest first, at most so many; `before`: the last one of the page before.

    Of a time, not of all: only the district's tickets of that time are looked at.
    """
    first = Message.objects.filter(ticket=OuterRef("id")).order_by("at", "id").values("envelope_ref")[:1]
    mine = Exists(Envelope.objects.filter(id=OuterRef("first"), channel=ChannelKind.API, meta__by=by))
    rows = Ticket.objects.filter(channel=ChannelKind.API, opened_at__gte=since, sensitive=False).annotate(first=Subquery(first))
    rows = rows.filter(id__lt=before) if before else rows
    return rows.filter(mine).select_related(*RELATED).order_by("-id")[:most]


def by_key(by: str, key: str) -> Ticket | None:
    """What this caller has opened by an Idempotency-Key."""
    external_id = intake.fitting(f"{by} {key}")
    found = Envelope.objects.filter(channel=ChannelKind.API, external_id=external_id).values_list("ticket_ref", flat=True).first()
    return Ticket.objects.select_related(*RELATED).filter(id=found, sensitive=False).first() if found else None
