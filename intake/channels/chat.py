"""A conversation in the widget, or one later line of it, as JSON → Arrival. It was checked before it became an envelope.

What becomes the ticket's first message is what was said, by whom and when (`tickets.transcript`). Of the articles that were shown
the titles stand there; their words, as they were shown, are folded away behind it.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from intake.channels.arrival import Arrival, Unreadable
from intake.contacts import Contact
from intake.wording import cap, subject_of
from sla.words import time_words
from tickets import transcript
from tickets.models import ChannelKind

VISITOR = "visitor"


def read(raw: bytes) -> Arrival:
    """Raises Unreadable where it is no chat of ours."""
    try:
        told: dict[str, Any] = json.loads(raw)
        with override(told["language"] or "en"):
            text, quoted, subject = _conversation(told) if "lines" in told else (transcript.said(told["text"]), "", "")
        return Arrival(
            channel=ChannelKind.CHAT,
            contact=Contact(**told["contact"]) if told["contact"] else None,
            name=told["name"],
            subject=subject,
            text=cap(text),
            quoted=cap(quoted),
            language=told["language"],
            chat=UUID(told["chat"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"no chat of ours: {error}") from error


def _conversation(told: dict[str, Any]) -> tuple[str, str, str]:
    """(what was said, what was shown word for word, the first thing that was asked)"""
    zone, lines = ZoneInfo(told["zone"]), told["lines"]
    who = told["name"] or _("Visitor")
    said = "\n\n".join(_entries(lines, zone, who))
    first = next((line["text"] for line in lines if line["who"] == VISITOR), "")
    return said, "\n\n".join(_shown(told)), subject_of(first)


def _entries(lines: list[dict[str, Any]], zone: ZoneInfo, who: str) -> Iterator[str]:
    """Each with its time in the district's zone, and the date wherever it changes."""
    day = None
    for line in lines:
        at, visitor = datetime.fromisoformat(line["at"]).astimezone(zone), line["who"] == VISITOR
        if at.date() != day:
            day = at.date()
            yield transcript.aside(f"{date_format(at, 'DATE_FORMAT')} ({zone.key})")
        stamp = f"{time_words(at)} · {who if visitor else _('Automatic answer')}"
        text = transcript.said(line["text"]) if visitor else transcript.aside(line["text"])
        yield f"{transcript.aside(stamp)}\n{text}"


def _shown(told: dict[str, Any]) -> Iterator[str]:
    """Where the chat was begun, and each article that was shown, as it was shown."""
    if told["page"]:
        yield _("Begun on %(page)s") % {"page": told["page"]}
    for line in told["lines"]:
        if line.get("passage"):
            yield f"“{line['title']}” {line['link']}\n\n{line['passage']}"
