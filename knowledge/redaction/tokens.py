"""The words of a text with what stands around each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.redaction.folding import Folded
from knowledge.redaction.roster import PARTICLES, TITLES, WORD

_ENDS = frozenset('.!?;:\n"“”>•*|[]{}')
JOINS = re.compile(r"""[ \n]{0,2}["']?[,;.'_/|\-]?["']?[ \n]{0,2}""")  # between the parts of one name, also in a table
MANY_CAPITALS = 0.7  # of the letters: the text is written in capitals, which then tell nothing


@dataclass(frozen=True, slots=True)
class Token:
    start: int
    end: int
    word: str
    shape: str  # "l" small, "C" capitalised, "U" capitals, "I" one capital, "M" capitals inside
    place: str  # "s" first of a sentence, "n" of a line, "c" after a colon, "m" in the middle


@dataclass(frozen=True, slots=True)
class Words:
    tokens: Sequence[Token]
    plain: str
    mode: str  # "low" no capitals, "up" capitals only, "mix"

    def gap(self, index: int) -> str:
        """What stands before a word, up to the word before it; at most the last eight characters."""
        token = self.tokens[index]
        before = self.tokens[index - 1].end if index else 0
        return self.plain[max(before, token.start - 8) : token.start]

    def joined(self, index: int) -> bool:
        """Whether a word may be the next part of the name that the word before is of."""
        before = self.tokens[index - 1]
        gap = self.plain[before.end : self.tokens[index].start]
        if len(gap) > 5 or JOINS.fullmatch(gap) is None:
            return False
        return not ("." in gap and len(gap) > 1 and len(before.word) > 2 and before.word not in TITLES)


def words(folded: Folded) -> Words:
    spans = [m.span() for m in WORD.finditer(folded.plain)]
    shapes = [_shape(folded.shown[a:b]) for a, b in spans]
    tokens: list[Token] = []
    for (start, end), shape in zip(spans, shapes, strict=True):
        before = tokens[-1] if tokens else None
        gap = folded.plain[before.end if before else 0 : start]
        tokens.append(Token(start, end, folded.plain[start:end], shape, _place(before, gap)))
    return Words(tokens, folded.plain, _mode(shapes))


def _shape(shown: str) -> str:
    if shown.islower() or not shown[0].isupper():
        return "l" if not any(map(str.isupper, shown)) else "M"
    if len(shown) == 1:
        return "I"
    if shown.isupper():
        return "U"
    return "C" if shown[1:].islower() else "M"


def _place(before: Token | None, gap: str) -> str:
    if before is None or "\n" in gap:
        return "n"
    if ":" in gap:
        return "c"
    if "." in gap and (len(before.word) == 1 or before.word in TITLES or before.word in PARTICLES):
        return "m"
    return "s" if _ENDS.intersection(gap) else "m"


def _mode(shapes: Sequence[str]) -> str:
    capitals = shapes.count("U")
    if capitals > 3 and capitals >= MANY_CAPITALS * len(shapes):
        return "up"
    return "mix" if capitals or "C" in shapes or "M" in shapes else "low"
