"""An article's Markdown → passages short enough to be an answer. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_BLOCKS = re.compile(r"\n\s*\n")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
_BOLD_LINE = re.compile(r"^\*\*(.+?)\*\*:?\s*$")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_RULE = re.compile(r"^\s*\|?[-:| ]{3,}\|?\s*$", re.MULTILINE)
_OPENING = re.compile(r"^\s*(?:#{1,6}|>|[-+*])\s+", re.MULTILINE)
_EMPHASIS = re.compile(r"[*`]+|(?<!\w)_+|_+(?!\w)")
_SPACE = re.compile(r"[ \t]+")
_SENTENCE = re.compile(r"(?<=[.!?:])\s+(?=[A-Z¿¡*\"“0-9])|\n")
SHORTEST = 3  # characters of a line that says something


@dataclass(frozen=True)
class Passage:
    heading: str  # the bold line or heading it stands under, in plain words
    markdown: str  # as written, with its heading line where it has one

    @property
    def text(self) -> str:
        return plain(self.markdown)


def plain(markdown: str) -> str:
    """Words without marks; link texts stay."""
    bare = _EMPHASIS.sub("", _OPENING.sub("", _RULE.sub("", _LINK.sub(r"\1", markdown)))).replace("|", " ")
    return "\n".join(line for line in (one.strip() for one in _SPACE.sub(" ", bare).split("\n")) if line)


@dataclass(frozen=True)
class Line:
    """A sentence, a point of a list, a row of a table: the least that can say something."""

    passage: int  # its place among the article's passages
    heading: str
    text: str

    def told(self, title: str) -> str:
        """With what it stands under, without which "$5" means nothing."""
        under = f"{self.heading}: " if self.heading and not self.text.startswith(self.heading) else ""
        return f"{title}. {under}{self.text}"


def lines(parts: Sequence[Passage]) -> list[Line]:
    return [
        Line(number, part.heading, text)
        for number, part in enumerate(parts)
        for text in (one.strip() for one in _SENTENCE.split(part.text))
        if len(text) >= SHORTEST
    ]


def passages(body: str) -> list[Passage]:
    """Paragraphs, lists and tables in order, each with the heading it stands under."""
    return list(_passages(body))


def _passages(body: str) -> Iterator[Passage]:
    heading, held = "", ""
    for block in _BLOCKS.split(body.replace("\r\n", "\n").strip()):
        first, _, rest = block.strip().partition("\n")
        named = _HEADING.match(first)
        if named:
            heading, block = ("" if first.startswith("# ") else plain(named[1])), rest
        elif _BOLD_LINE.match(first):
            heading = plain(first)
            if not rest:
                held = block
                continue
        elif first.startswith("**"):
            heading = plain(first[: first.find("**", 2)])
        if block.strip():
            yield Passage(heading, f"{held}\n\n{block.strip()}" if held else block.strip())
        held = ""
