"""What ladders say by text message: in two parts, or three where a language has letters that the cheap alphabet lacks.

A text that says less is better than one that arrives in pieces: subjects are cut, and of many things the first few are named.
"""

from collections.abc import Callable, Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from delivery.segments import GSM, alphabet, count, smart

PARTS, WITH_ACCENTS = 2, 3
WIDTHS = (200, 80, 50, 30)  # letters of what it is about, from the fullest text to the shortest
NAMED = 4  # things that one text gives a number to
Numbered = tuple[int, str]  # what is texted back, and for what


def one(what: str, number: int | None, *, address: str) -> str:
    """`address`: what the link becomes, which is sent below it."""
    if number is None:
        return fitting((cut(what, width) for width in WIDTHS), below=address)
    asked = _("Reply %(number)d to say you have it.") % {"number": number}
    return fitting((f"{cut(what, width)}\n{asked}" for width in WIDTHS), below=address)


def several(things: int, named: Sequence[Numbered], *, address: str) -> tuple[str, Sequence[int]]:
    """The text, and the numbers that stand in it."""
    head = ngettext("%(n)d thing waits for you.", "%(n)d things wait for you.", things) % {"n": things}
    asked = _("Reply with the number of what you have:")

    def text(few: Sequence[Numbered], width: int) -> str:
        return "\n".join([f"{head} {asked}", *(f"{number}) {cut(what, width)}" for number, what in few)])

    tries = [(named[:most], width) for most in range(min(NAMED, len(named)), 0, -1) for width in WIDTHS[1:]]
    for few, width in tries:
        if fits(f"{text(few, width)}\n\n{address}"):
            return text(few, width), [number for number, _what in few]
    return head, []


def answer(text: Callable[[int], str], *, more: Sequence[str]) -> str:
    """`text`: what became of it, with so many letters of what it is; `more`: what may stand below, where there is room."""
    feet = ["\n".join(["", *more[:most]]) for most in range(len(more), -1, -1)]
    return fitting(f"{text(width)}{foot}" for foot in feet for width in WIDTHS[1:])


def fitting(texts: Iterable[str], *, below: str = "") -> str:
    """The first that fits with what is sent below it; the last where none does."""
    last = ""
    for last in texts:
        if fits(f"{last}\n\n{below}" if below else last):
            break
    return last


def fits(text: str) -> bool:
    written = smart(text)
    return count(written) <= (PARTS if alphabet(written) is GSM else WITH_ACCENTS)


def cut(text: str, width: int) -> str:
    """One line of so many letters at most, cut at a word."""
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 3].rsplit(' ', 1)[0]}..."
