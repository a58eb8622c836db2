"""A text as it is compared: no accents, no case, no look-alike letters, nothing invisible; with the way back to each character."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

# Cyrillic and Greek letters that look like Latin ones
LOOKALIKES = dict(zip("аеорсухіјѕһԁкмтвнՕԝԛαορνικτυ", "aeopcyxijshdkmtbhowqaopviktu", strict=True))
LETTERS = {
    "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "Æ": "Ae",
    "œ": "oe", "Œ": "Oe", "þ": "th", "’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "‐": "-", "‑": "-", "‒": "-", "–": "-",
    "—": "-", "−": "-", "＠": "@", "\t": " ", "\r": "\n", "\v": "\n", "\f": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n",
}  # fmt: skip
INVISIBLE = frozenset(("Cf", "Mn", "Me", "Cc", "Cs", "Co", "Cn"))  # Unicode categories: not seen, or only with the letter before
_PLAIN_ASCII = re.compile(r"[\n -_a-~]*")
_MIXED = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Folded:
    """`shown[i]` is what is left of the character of the text at `at[i]`; `plain` is the same without capitals."""

    plain: str
    shown: str
    at: Sequence[int]
    length: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the text of `plain[start:end]`, with what is invisible inside and behind it."""
        return self.at[start], self.at[end] if end < len(self.at) else self.length

    def index(self, place: int) -> int:
        """The first index of `plain` that is not before a place of the text."""
        return bisect_left(self.at, place)


def fold(text: str) -> Folded:
    if _PLAIN_ASCII.fullmatch(text):
        return Folded(text.lower(), text, range(len(text)), len(text))
    at: list[int] = []
    kept: list[str] = []
    for place, char in enumerate(text):
        for one in _letters(char):
            at.append(place)
            kept.append(one)
    shown = _latin("".join(kept))
    return Folded("".join(map(_small, shown)), shown, at, len(text))


def plain(text: str) -> str:
    return fold(text).plain


@lru_cache(4096)
def _letters(char: str) -> str:
    if char in LETTERS:
        return LETTERS[char]
    return "".join(_visible(unicodedata.normalize("NFKD", char)))


def _visible(chars: str) -> Iterator[str]:
    for char in chars:
        digit = unicodedata.decimal(char, None)
        if digit is not None:
            yield str(digit)
        elif char == "\n" or unicodedata.category(char) not in INVISIBLE:
            yield LETTERS.get(char) or (" " if char.isspace() and char != "\n" else char)


def _small(char: str) -> str:
    low = char.lower()
    return low if len(low) == 1 else char


def _latin(text: str) -> str:
    """Look-alikes replaced in words that are partly Latin, or look so in every letter: "Иван" stays, "Іmani" does not."""
    return text if text.isascii() else _MIXED.sub(lambda word: _latin_word(word[0]), text)


def _latin_word(word: str) -> str:
    if word.isascii():
        return word
    read = "".join(_lookalike(char) for char in word)
    return read if read.isascii() or any("a" <= char <= "z" for char in word.lower()) else word


def _lookalike(char: str) -> str:
    low = char.lower()
    if low not in LOOKALIKES:
        return char
    return LOOKALIKES[low] if low == char else LOOKALIKES[low].upper()
