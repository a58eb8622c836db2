"""A chat as its visitor sees it: what was said there, and what came of it since people have it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import Http404
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from delivery import optouts
from delivery.models import Delivery
from districts.queries import this_district
from intake.chat.handing_over import is_with_people
from intake.models import Chat, ChatLine
from intake.queries import link_sent_by
from intake.requester.progress import Progress, progress_of
from intake.requester.reading import Reading, reading_of
from knowledge.model.endpoint import endpoint
from knowledge.model.wanted import words_for
from knowledge.models import Writing
from knowledge.rendering import to_html
from tickets.actions import survivor
from tickets.letters import tracking_link, way_to
from tickets.models import ChannelKind, Message, Ticket

SHOWN = 300  # entries, the newest
Who = ChatLine.Who


@dataclass(frozen=True)
class Entry:
    """One thing that was said. `id` is the same for as long as it says the same."""

    id: str
    who: str  # ChatLine.Who
    name: str
    text: str
    at: datetime
    language: str = ""
    kind: str = ""  # of what the product says
    data: dict[str, Any] = field(default_factory=dict)
    passage: SafeString | str = ""
    words: Writing | None = None  # the passage in a model's words


@dataclass(frozen=True)
class Talk:
    chat: Chat
    entries: list[Entry]
    with_people: bool
    ticket: Ticket | None = None
    progress: Progress | None = None
    link: str = ""
    sent_by: str = ""  # how the link, and the answer, reach the visitor elsewhere: "email", "sms" or not at all
    elsewhere: bool = False  # it is one with another request of that address: people answer there, and not here
    seen: str = ""
    goes_to: str = ""  # masked, where nothing was sent yet: the address that answers will go to

    @property
    def state(self) -> str:
        """Decides which forms stand below: "talking", "waiting", "unreached" or "reached"."""
        if not self.with_people:
            return "talking"
        return "waiting" if self.ticket is None else "reached" if self.sent_by or self.goes_to else "unreached"


def by_token(token: str) -> Chat:
    """Raises Http404."""
    found: Chat | None = Chat.objects.select_related("ticket").filter(token=token[:32]).first() if "\0" not in token else None
    if found is None:
        raise Http404
    return found


def seen_of(chat: Chat) -> str:
    """Changes with everything that is said, and with every fact about what it became."""
    marks = [f"{chat.last_at.timestamp():.6f}"]
    for ticket in _tickets(chat):
        marks.append(f"{ticket.facts_at.timestamp():.6f}{int(ticket.placed_at is not None)}")
    last = ChatLine.objects.filter(chat=chat, who=Who.PRODUCT, data__words="asked").order_by("-at").first() if endpoint() else None
    if last and words_for([last.data["answer"]]):
        marks.append(last.data["answer"][-6:])
    return "-".join(marks)


def talk(chat: Chat, *, now: datetime) -> Talk:
    lines = list(ChatLine.objects.filter(chat=chat).order_by("-at", "-id")[:SHOWN])[::-1]
    words = words_for(line.data["answer"] for line in lines if "words" in line.data)
    entries = [_line(line, words.get(line.data.get("answer", ""))) for line in lines]
    ticket = chat.ticket
    if ticket is None:
        return Talk(chat, entries, is_with_people(chat), seen=seen_of(chat))
    reading = reading_of(ticket, proven=False)
    told = sorted([*entries, *_messages(ticket, reading)], key=lambda entry: entry.at)[-SHOWN:]
    progress = progress_of(reading.now_at, now=now, since=reading.since)
    sent_by = link_sent_by(ticket, now=now)
    return Talk(
        chat, told, True, ticket, progress, tracking_link(ticket, this_district()), sent_by, reading.hidden,
        seen_of(chat), "" if sent_by else _goes_to(ticket, now=now),
    )  # fmt: skip


def masked(address: str) -> str:
    """Enough for its owner, too little for somebody else: whoever has the token reads it, and anybody can type an address."""
    local, at, host = address.rpartition("@")
    return f"{local[:1]}…@{host[:1]}….{host.rpartition('.')[2]}" if at else f"…{address[-4:]}"


def _goes_to(ticket: Ticket, *, now: datetime) -> str:
    """Where an answer will go though no letter went yet, as after too many in an hour; nowhere where letters went and none arrived."""
    way = way_to(ticket)
    letters = Delivery.objects.filter(about=ticket.id, person=ticket.requester_id, purpose__in=["ack", "reply"])
    if not way[1] or letters.exists() or way in optouts.barred([way[1]], now=now):
        return ""
    return masked(way[1])


def _tickets(chat: Chat) -> list[Ticket]:
    """What it became, and what that was merged into."""
    if chat.ticket is None:
        return []
    there = survivor(chat.ticket)
    return [chat.ticket] if there.id == chat.ticket.id else [chat.ticket, there]


def _line(line: ChatLine, words: Writing | None) -> Entry:
    kind, helped = line.data.get("kind", ""), line.data.get("helped")
    return Entry(
        id=f"l-{line.id}{'' if helped is None else '-judged'}{'-words' if words else ''}",
        who=line.who,
        name=_("You") if line.who == Who.VISITOR else _("Automatic answer"),
        text=line.text,
        at=line.at,
        kind=kind,
        data=line.data,
        passage=to_html(line.data["passage"]) if kind == "answer" else "",
        words=words,
    )


def _messages(ticket: Ticket, reading: Reading) -> Iterator[Entry]:
    """What people answered, and what the requester wrote by other ways than the chat, as far as whoever has the token may read it."""
    for message in reading.messages[-SHOWN:]:
        if message.kind != Message.Kind.REQUEST or message.channel != ChannelKind.CHAT:
            yield _message(message, ticket)


def _message(message: Message, ticket: Ticket) -> Entry:
    person = message.kind == Message.Kind.REPLY
    name = message.author.name if message.author else ""
    me = message.author_id == ticket.requester_id
    return Entry(
        id=f"m-{message.id}",
        who=Who.PERSON if person else Who.VISITOR,
        name=_("You") if me else name or ticket.team.name,
        text=message.text,
        at=message.at,
        language=message.language,
    )
