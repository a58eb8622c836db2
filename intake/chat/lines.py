"""Lines of a chat: what a visitor says, each once, and what the product says to it, in the chat's own language."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.utils.translation import gettext as _
from django.utils.translation import override

from intake.models import Chat, ChatLine

Who = ChatLine.Who


def visitor_said(chat: Chat, said_id: UUID, text: str, *, now: datetime, **data: Any) -> ChatLine:
    return _write(chat, Who.VISITOR, said_id, text, data, now)


def product_said(chat: Chat, to: UUID, kind: str, *, now: datetime, **data: Any) -> ChatLine:
    """`to`: what it is said to; the same kind is said to it once. The words stand in the line as they were said."""
    with override(chat.language):
        text = _words(kind, data)
    return _write(chat, Who.PRODUCT, uuid5(to, kind), text, {"kind": kind, **data}, now)


def passages_shown(chat: Chat) -> list[str]:
    return list(ChatLine.objects.filter(chat=chat, who=Who.PRODUCT, data__kind="answer").values_list("data__passage", flat=True))


def said_before(chat: Chat, said_id: UUID) -> ChatLine | None:
    found: ChatLine | None = ChatLine.objects.filter(chat=chat, said_id=said_id).first()
    return found


def _write(chat: Chat, who: str, said_id: UUID, text: str, data: dict[str, Any], now: datetime) -> ChatLine:
    line = ChatLine(chat=chat, who=who, said_id=said_id, text=text, data=data, at=now)
    line.save(force_insert=True)
    chat.last_at = now
    chat.save(update_fields=["last_at"])
    return line


def _words(kind: str, data: dict[str, Any]) -> str:
    match kind:
        case "answer":
            return _("This may answer it: “%(title)s”") % {"title": data["title"]}
        case "nothing" if data.get("near"):
            return _("These may help:")
        case "nothing":
            return _("We have no article that answers this.")
        case "vague":
            return _("Tell us in a few words what you need, or press “Talk to a person”.")
        case "told":
            return _("That is all we have written about this. A person can help from here: press “Talk to a person”.")
        case "glad":
            return _("Good that it helped.")
        case "sorry":
            return _("Sorry that it did not. Ask in other words, or talk to a person.")
        case "long":
            return _("Let a person look at this: press “Talk to a person”.")
        case "danger":
            return _("Is somebody in danger now? Do not wait for an answer here.")
        case "handed":
            return _("A person will answer you.")
        case "alarmed":
            return _("A counselor or the safety team has this now and sees it first. You can go on writing here.")
        case "anew":
            return _("Your first request was solved some time ago. This is a new one.")
    raise ValueError(kind)
