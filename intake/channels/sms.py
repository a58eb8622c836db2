"""Twilio's webhook form → Arrival.

Words that end or begin an agreement to be written to: the carriers' list, with REVOKE and OPTOUT (FCC, April 2025).
https://www.twilio.com/docs/messaging/guides/webhook-request
"""

import re
from urllib.parse import parse_qs

from django.utils.translation import ngettext, override

from intake import contacts
from intake.channels.arrival import Arrival, Unreadable
from intake.language import guess
from intake.wording import cap, clean, one_line
from tickets.models import ChannelKind

STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "alto", "parar", "basta"})
START = frozenset({"start", "unstop", "optin", "subscribe"})
HELP = frozenset({"help", "info", "ayuda"})
SPANISH = frozenset({"alto", "parar", "basta", "ayuda"})  # one word is too short to tell its language otherwise
MAX_MEDIA = 10
_NOT_LETTERS = re.compile(r"[\W_]+")


def read(raw: bytes) -> Arrival:
    """Raises Unreadable where it has no sender."""
    form = fields(raw)
    sender = contacts.phone(form.get("From", ""))
    if sender is None:
        raise Unreadable("no number to answer to")
    body = clean(form.get("Body", ""))
    pictures = media(form)
    language = "es" if _one_word(body) in SPANISH else guess(body)
    with override(language or "en"):
        note = _note(len(pictures)) if pictures else ""
    return Arrival(
        channel=ChannelKind.SMS,
        contact=sender,
        text=cap("\n".join(part for part in (body, note) if part)),
        name=one_line(form.get("ProfileName", "")),
        language=language,
        keyword=keyword(body, form.get("OptOutType", "")),
        recipients=(form.get("To", ""),),
    )


def fields(raw: bytes) -> dict[str, str]:
    """The first value of each field of a urlencoded form."""
    return {key: values[0] for key, values in parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True).items()}


def media(form: dict[str, str]) -> list[dict[str, str]]:
    """Addresses of pictures, to be fetched later: [{"url", "type"}]."""
    count = min(int(form["NumMedia"]), MAX_MEDIA) if form.get("NumMedia", "").isascii() and form.get("NumMedia", "").isdigit() else 0
    found = ({"url": form.get(f"MediaUrl{i}", ""), "type": form.get(f"MediaContentType{i}", "")} for i in range(count))
    return [one for one in found if one["url"].startswith("https://")]


def _note(pictures: int) -> str:
    """What the conversation says of pictures that it does not show."""
    words = ngettext(
        "[%(n)d file came with this message: kept with the original]",
        "[%(n)d files came with this message: kept with the original]",
        pictures,
    )
    return words % {"n": pictures}


def _one_word(body: str) -> str:
    return _NOT_LETTERS.sub("", body[:40].lower())


def keyword(body: str, told: str = "") -> str:
    """ "stop", "start", "help" or nothing. Only a message of that one word counts; `told` is the provider's own reading."""
    if told.lower() in ("stop", "start", "help"):
        return told.lower()
    word = _one_word(body)
    for name, words in (("stop", STOP), ("start", START), ("help", HELP)):
        if word in words:
            return name
    return ""
