"""May a person be in danger? First by words that say so (`crisis`), then by how it sounds: people in need seldom use the words.

What is long is heard piece by piece, so that one sentence among many is not lost.
"""

import re
from collections.abc import Iterator

from routing.danger import crisis
from routing.danger.crisis import Alarm
from routing.danger.judging import is_danger, tells

KIND = "sounds like danger"
MOST = 4000  # characters read
LONG = 90  # words of a piece, about
SHOWN = 80  # characters of the sentence that staff see
_COURTESY = re.compile(
    r"(?:hello|hi|hey|dear|good (?:morning|afternoon|evening)|thanks?|thank you|thx|(?:kind |best )?regards|best|yours|sincerely"
    r"|hola|buen[oa]s (?:d[ií]as|tardes|noches)|gracias|saludos|atentamente)\b(?:[\s,]+[\w.'’-]+){0,3}[\s.,!]*",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")


def heard(text: str) -> Alarm | None:
    """By words that say so, else as it sounds. A meaning is asked for only where words leave it open: of one message in ten."""
    return crisis.screen(text) or meant(text)


def meant(text: str) -> Alarm | None:
    piece = next((piece for piece in _pieces(text[:MOST]) if is_danger(piece) and is_danger(_in_earnest(piece))), None)
    return Alarm(KIND, max(_sentences(piece), key=tells)[:SHOWN]) if piece else None


def _in_earnest(text: str) -> str:
    """Without idioms, where there are any."""
    left = crisis.without_idioms(text)
    return left if "·" in left else text


def _pieces(text: str) -> Iterator[str]:
    """Whole sentences of about LONG words together; what is said twice counts once, and a courtesy not at all: “Hello” and “Thanks,
    Ann” stand in ordinary letters so often that they would drown a sentence of danger between them."""
    piece: list[str] = []
    words = 0
    every = list(dict.fromkeys(_sentences(text)))
    for sentence in [said for said in every if len(said) > SHOWN or not _COURTESY.fullmatch(said)] or every:
        count = sentence.count(" ") + 1
        if piece and words + count > LONG:
            yield " ".join(piece)
            piece, words = [], 0
        piece.append(sentence)
        words += count
    if piece:
        yield " ".join(piece)


def _sentences(text: str) -> list[str]:
    return [sentence for found in _SENTENCE.split(text) if (sentence := found.strip())] or [text]
