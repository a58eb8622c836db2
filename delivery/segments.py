"""How many parts a carrier makes of a text message, and how to write it so that they are few. Pure.

A part holds 140 bytes (3GPP TS 23.040): 160 letters of the 7-bit alphabet (GSM 03.38, 3GPP TS 23.038), or 70 units of UCS-2 where
one letter is none of them. Of several parts each begins with a header (UDH) of 6 bytes, which leaves 153 or 67. A letter is never
cut in two: neither one that takes two places (“€”) nor a surrogate pair (an emoji).
"""

import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")  # two places each: an escape goes before
MOST = 10  # parts of one message: longer ones arrive in pieces, late or not at all

_QUOTES = "‘’‚‛′´`ʹʻʼʽˈˊˋ❛❜＇"
_DOUBLE = "“”„‟″«»ʺˮ❝❞〝〞＂"
_NOTHING = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_SMART = (
    dict.fromkeys(map(ord, _QUOTES), "'")
    | dict.fromkeys(map(ord, _DOUBLE), '"')
    | dict.fromkeys(map(ord, _NOTHING), "")
    | {ord("…"): "...", ord("·"): "-", ord("•"): "-", ord("−"): "-", ord("\t"): " ", ord("\u2028"): "\n", ord("\u2029"): "\n"}
    | {ord("→"): "->", ord("×"): "x"}
)


@dataclass(frozen=True)
class Alphabet:
    name: str
    alone: int  # units that one part holds where it is the only one
    each: int  # and where there are several


GSM = Alphabet("GSM-7", 160, 153)
UCS2 = Alphabet("UCS-2", 70, 67)


def alphabet(text: str) -> Alphabet:
    return GSM if BASIC.union(EXTENDED).issuperset(text) else UCS2


def units(text: str) -> int:
    """Places of its alphabet that a text takes."""
    return sum(_weights(text, alphabet(text)))


def odd(text: str) -> list[str]:
    """The letters that keep it out of the 7-bit alphabet, in the order of the text."""
    return [letter for letter in dict.fromkeys(text) if letter not in BASIC and letter not in EXTENDED]


def count(text: str) -> int:
    """Parts the carrier makes of it, and bills; an empty text is one."""
    return len(split(text))


def split(text: str) -> list[str]:
    """The parts, as carriers cut them."""
    letters = alphabet(text)
    weights = _weights(text, letters)
    if sum(weights) <= letters.alone:
        return [text]
    parts, room = [""], letters.each
    for letter, weight in zip(text, weights, strict=True):
        if weight > room:
            parts.append("")
            room = letters.each
        parts[-1] += letter
        room -= weight
    return parts


def smart(text: str) -> str:
    """In the 7-bit alphabet where nothing but marks stands in its way: curly quotes, dashes, dots, odd blanks.

    A text that has any other letter outside it stays as it was written: an accent is spelling, and is never left out.
    """
    if alphabet(text) is GSM:
        return text
    plain = "".join(_plain(letter) for letter in unicodedata.normalize("NFC", text).translate(_SMART))
    return plain if alphabet(plain) is GSM else text


def fitted(text: str, most: int = MOST) -> str:
    """At most so many parts. The last line, where the link to the whole of it is, stays; what is before it is cut at a word."""
    if count(text) <= most:
        return text
    head, _break, last = text.rpartition("\n")
    if not head or count(last) > most // 2:
        head, last = text, ""
    foot = f"...\n{last}" if last else "..."
    head = head[: most * GSM.alone]
    over = bisect_right(range(len(head) + 1), most, key=lambda size: count(head[:size] + foot))
    cut = head[: max(0, over - 1)]
    return f"{(cut.rsplit(maxsplit=1)[0] if ' ' in cut.strip() else cut).rstrip()}{foot}"


def _weights(text: str, letters: Alphabet) -> list[int]:
    if letters is GSM:
        return [2 if letter in EXTENDED else 1 for letter in text]
    return [2 if ord(letter) > 0xFFFF else 1 for letter in text]


def _plain(letter: str) -> str:
    """A blank or a dash of any width is one of the alphabet's."""
    if letter in BASIC:
        return letter
    return {"Zs": " ", "Pd": "-"}.get(unicodedata.category(letter), letter)
