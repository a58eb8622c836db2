"""A chat as it is written down before it becomes a ticket, and each line after that (read again by `intake.channels.chat`)."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.urls import reverse

from districts.links import absolute
from districts.models import District
from intake.contacts import Contact
from intake.models import Chat, ChatLine

ENVELOPE = "chat:"  # begins the id of a chat's envelope


def id_of(chat: Chat) -> str:
    """A chat becomes one ticket, so it is one envelope."""
    return f"{ENVELOPE}{chat.id}"


def conversation(
    chat: Chat, lines: Iterable[ChatLine], district: District, *, language: str, name: str, contact: Contact | None
) -> bytes:
    told = [_line(line, district) for line in lines]
    return _bytes(chat, language, name, contact, page=chat.page, zone=district.time_zone, lines=told)


def later(chat: Chat, said_id: UUID, text: str, *, language: str, name: str = "", contact: Contact | None = None) -> bytes:
    """Without its time: the same line sent again is the same bytes."""
    return _bytes(chat, language, name, contact, said_id=str(said_id), text=text)


def way_in(raw: bytes) -> Contact | None:
    """The address that stands in a conversation."""
    given = json.loads(raw)["contact"]
    return Contact(**given) if given else None


def _line(line: ChatLine, district: District) -> dict[str, str]:
    told = {"who": line.who, "text": line.text, "at": line.at.isoformat()}
    if passage := line.data.get("passage"):
        link = absolute(district, reverse("article", args=[line.data["slug"]]))
        told |= {"title": line.data["title"], "passage": passage, "link": link}
    return told


def _bytes(chat: Chat, language: str, name: str, contact: Contact | None, **more: Any) -> bytes:
    told = {"chat": str(chat.id), "language": language, "name": name, "contact": asdict(contact) if contact else None, **more}
    return json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
