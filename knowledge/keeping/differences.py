"""What is not the same in two texts of an article, line by line, the changed words marked. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MOST_LINES = 3000  # of one text; beyond, the rest is compared as one line
AROUND = 2  # lines of what stayed that are shown beside a change
_WORDS = re.compile(r"\s+|[^\w\s]|\w+")
LONGEST = 4000  # characters of a line whose words are compared


@dataclass(frozen=True)
class Piece:
    text: str
    changed: bool


@dataclass(frozen=True)
class Line:
    kind: str  # "same", "gone", "new"; "skipped": `count` lines that are the same
    pieces: tuple[Piece, ...] = ()
    count: int = 0


def lines(before: str, after: str) -> list[Line]:
    """Without what is the same far from any change."""
    return list(_folded(list(_compared(_split(before), _split(after)))))


def _split(text: str) -> list[str]:
    found = text.replace("\r\n", "\n").split("\n")
    return found if len(found) <= MOST_LINES else [*found[:MOST_LINES], "\n".join(found[MOST_LINES:])]


def _compared(one: Sequence[str], other: Sequence[str]) -> Iterator[Line]:
    for tag, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        gone, new = one[a:b], other[c:d]
        if tag == "equal":
            yield from (Line("same", (Piece(text, False),)) for text in gone)
        elif tag == "replace" and len(gone) == len(new):
            for before, after in zip(gone, new, strict=True):
                yield from _beside(before, after)
        else:
            yield from (Line("gone", (Piece(text, False),)) for text in gone)
            yield from (Line("new", (Piece(text, False),)) for text in new)


def _beside(before: str, after: str) -> Iterator[Line]:
    """Two lines that stand for each other: which words are others."""
    if max(len(before), len(after)) > LONGEST:
        yield Line("gone", (Piece(before, False),))
        yield Line("new", (Piece(after, False),))
        return
    one, other = _WORDS.findall(before), _WORDS.findall(after)
    steps = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    yield Line("gone", tuple(Piece("".join(one[a:b]), tag != "equal") for tag, a, b, _c, _d in steps if b > a))
    yield Line("new", tuple(Piece("".join(other[c:d]), tag != "equal") for tag, _a, _b, c, d in steps if d > c))


def _folded(found: Sequence[Line]) -> Iterator[Line]:
    near = {
        at + step for at, line in enumerate(found) if line.kind != "same" for step in range(-AROUND, AROUND + 1)
    }  # fmt: skip
    held = 0
    for at, line in enumerate(found):
        if at in near:
            if held:
                yield Line("skipped", count=held)
            held = 0
            yield line
        else:
            held += 1
    if held and near:
        yield Line("skipped", count=held)
