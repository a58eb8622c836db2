"""Text as triage compares it: lower case, no accents, no apostrophes, one space between words."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from tickets import transcript
from tickets.models import ChannelKind

WITH_ASIDES = (ChannelKind.CHAT, ChannelKind.PHONE, ChannelKind.SMS)
_APOSTROPHES = str.maketrans("", "", "'’ʼ`´")
_OURS = re.compile(r"\s*\[[^\[\]\n]{1,60}\]\s*")  # "[no text]", in whatever language: nobody wrote it
_NOT_WORD = re.compile(r"[^\w]+|_+")


REMEMBERED = 8_000  # characters, up to which a text is remembered as it was folded: one message is read by several engines


def fold(text: str) -> str:
    """ "Don't  use the BAÑO!" → "dont use the bano". Other scripts keep their letters."""
    return _fold_again(text) if len(text) <= REMEMBERED else _fold(text)


def _fold(text: str) -> str:
    if text.isascii():
        return _NOT_WORD.sub(" ", text.lower().translate(_APOSTROPHES)).strip()
    spread = unicodedata.normalize("NFKD", text.lower().translate(_APOSTROPHES))
    bare = "".join(c for c in spread if not unicodedata.combining(c))
    return _NOT_WORD.sub(" ", bare).strip()


_fold_again = lru_cache(maxsize=256)(_fold)
folded_name = lru_cache(maxsize=8192)(fold)  # of what is looked for in every text: names of places


@lru_cache(maxsize=4096)
def folded_phrase(phrase: str) -> str:
    return f" {fold(phrase)} "


def contains(folded: str, phrase: str) -> bool:
    """Whole words only: "bus" is not in "abuse". `folded` comes from `fold`."""
    wanted = folded_phrase(phrase)
    return bool(wanted.strip()) and wanted in f" {folded} "


def first_of(folded: str, phrases: list[str]) -> str | None:
    return next((phrase for phrase in phrases if contains(folded, phrase)), None)


def whole_text(subject: str, texts: Iterable[str], *, channel: str = "") -> str:
    """What triage reads of a ticket. A subject counts twice, it says best what a message is about; one that only repeats the
    beginning of the message does not. Of a chat, a call or a text message, what the asker said. Our own notes are no words."""
    texts, subject = [text for text in texts if not _OURS.fullmatch(text)], "" if _OURS.fullmatch(subject) else subject
    body = "\n".join(filter(None, (transcript.words_in(text) if channel in WITH_ASIDES else text for text in texts)))
    start = subject.rstrip(" .…")
    if body.startswith(start) or (channel in WITH_ASIDES and any(subject in transcript.asides(text) for text in texts)):
        return body
    return f"{subject}\n{subject}\n{body}"
