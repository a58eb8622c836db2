"""Messages that are read better now than when they came. The one place where a message changes after it was written.

What it said before stays in the bytes it came in; that it was read again stands in the ticket's story. Files and thread ids are
added, never taken away. No promise moves, nobody is told, and nothing is sent. Whoever calls it listens for words of danger that come
to light: they are the one thing that people are told of (`intake.receiving.rereading`).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from districts.models import Person
from districts.together import insert
from tickets.actions import NewFile, Words, record, remember_thread
from tickets.models import Attachment, Event, Message, ThreadId, Ticket, TicketWords
from tickets.words import vector

READ = ("text", "quoted", "html", "language")


@dataclass(frozen=True)
class Corrections:
    """What differs, by what it is called in the ticket's story."""

    values: dict[str, str] = field(default_factory=dict)  # of the message's fields
    subject: str = ""  # of the ticket that it opened; empty: as it is
    files: tuple[NewFile, ...] = ()
    thread_ids: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        more = {"subject": self.subject, "files": self.files, "thread": self.thread_ids}
        return [*self.values, *(name for name, value in more.items() if value)]

    def __bool__(self) -> bool:
        return bool(self.names)


def corrections(message: Message, *, words: Words, subject: str) -> Corrections:
    """What `words` say otherwise than the message; `subject` would be that of a ticket opened by it."""
    read = {name: str(getattr(words, name)).replace("\0", "") for name in READ}
    known = set(Attachment.objects.filter(message=message).values_list("sha256", flat=True)) if words.files else set()
    return Corrections(
        values={name: value for name, value in read.items() if getattr(message, name) != value},
        subject=_subject(message, subject),
        files=tuple(file for file in words.files if file.sha256 not in known),
        thread_ids=_unknown(message, words),
    )


def reread(message: Message, *, found: Corrections, now: datetime, late: bool = False) -> None:
    """Write them down, in the caller's transaction. `late`: nothing was mended, a file of it came later."""
    if found.values:
        Message.objects.filter(id=message.id).update(**found.values)
    if found.subject:
        Ticket.objects.filter(id=message.ticket_id).update(subject=found.subject)
    insert(*(Attachment(message=message, name=f.name[:200], **_stored(f)) for f in found.files))
    remember_thread(message.ticket, found.thread_ids)
    if _opened(message) and (found.subject or "text" in found.values):
        _index(message.ticket, found.subject or message.ticket.subject, found.values.get("text", message.text))
    record(message.ticket, Event.Kind.REREAD, by=None, now=now, data=_told(message, found, late))


def opening_text(ticket: Ticket) -> str:
    """Of the message that it was opened by."""
    first = Message.objects.filter(ticket=ticket, kind=Message.Kind.REQUEST).order_by("at", "id")
    return first.values_list("text", flat=True).first() or ""


def name(ticket: Ticket, subject: str, text: str) -> None:
    """Words that came later say better what it is about: a recording's."""
    ticket.subject = subject[:200]
    Ticket.objects.filter(id=ticket.id).update(subject=ticket.subject)
    _index(ticket, ticket.subject, text)


def _told(message: Message, found: Corrections, late: bool) -> dict[str, Any]:
    return {"message": str(message.id), "changed": found.names, **({"late": True} if late else {})}


def _stored(file: NewFile) -> dict[str, str | int]:
    return {"content_type": file.content_type, "size": file.size, "sha256": file.sha256, "path": file.path}


def _subject(message: Message, subject: str) -> str:
    """Nobody edits a subject, so one that differs is an old reading."""
    wanted = subject[:200]
    return wanted if wanted and wanted != message.ticket.subject and _opened(message) else ""


def _opened(message: Message) -> bool:
    """Is it the one that its ticket was opened by?"""
    first = Message.objects.filter(ticket=message.ticket_id, kind=Message.Kind.REQUEST).order_by("at", "id")
    return first.values_list("id", flat=True).first() == message.id


def _unknown(message: Message, words: Words) -> tuple[str, ...]:
    wanted = list(dict.fromkeys(one[:250] for one in (words.message_id, *words.thread_ids) if one))
    if not wanted:
        return ()
    rows = ThreadId.objects.filter(ticket=message.ticket_id, message_id__in=wanted)
    known = set(rows.values_list("message_id", flat=True))
    return tuple(one for one in wanted if one not in known)


def _index(ticket: Ticket, subject: str, text: str) -> None:
    """What it is found by."""
    name = Person.objects.values_list("name", flat=True).get(id=ticket.requester_id)
    TicketWords.objects.filter(id=ticket.id).update(words=vector(subject, name, text))
