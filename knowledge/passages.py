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
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z¿¡*\"“0-9])")
_CELL = re.compile(r"(?<!\\)\|")
SHORTEST = 3  # characters of a line that says something
ALONE = 4  # words of a sentence that stands for itself; a shorter one ("Lost a key?") is read with the next


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
        under = f"{self.heading.rstrip(':')}: " if self.heading and not self.text.startswith(self.heading) else ""
        return f"{title}. {under}{self.text}"


def lines(parts: Sequence[Passage]) -> list[Line]:
    return [
        Line(number, part.heading, text)
        for number, part in enumerate(parts)
        for text in _said(part.markdown)
        if len(text) >= SHORTEST and (text != part.heading or text == part.text)
    ]


def _said(markdown: str) -> Iterator[str]:
    """Rows of a table with the names of its columns, sentences of anything else."""
    names: list[str] = []
    for line in markdown.split("\n"):
        if not line.lstrip().startswith("|"):
            names = []
            yield from _sentences(plain(line))
        elif not _RULE.fullmatch(line):
            cells = [plain(cell).strip() for cell in _CELL.split(line.strip().strip("|"))]
            if names:
                yield _row(names, cells)
            names = names or cells


def _row(names: Sequence[str], cells: Sequence[str]) -> str:
    first, *rest = cells
    told = [f"{name} {cell}".strip() for name, cell in zip(names[1:], rest, strict=False) if cell]
    return f"{first}: {', '.join(told)}" if told else first


def _sentences(text: str) -> Iterator[str]:
    held = ""
    for part in _SENTENCE.split(text):
        held = f"{held} {part}".strip()
        if len(held.split()) >= ALONE and not held.endswith("?"):
            yield held
            held = ""
    if held:
        yield held


def passages(body: str) -> list[Passage]:
    """Paragraphs, lists and tables in order, each with the heading it stands under."""
    return list(_passages(body))


def _passages(body: str) -> Iterator[Passage]:
    """A heading, or a bold line alone, is for all that follows until the next; words in bold at the beginning are for that block."""
    section, held = "", ""
    for block in _BLOCKS.split(body.replace("\r\n", "\n").strip()):
        first, _, rest = block.strip().partition("\n")
        heading, named = section, _HEADING.match(first)
        if named:
            section = heading = "" if first.startswith("# ") else plain(named[1])
            block = rest
        elif _BOLD_LINE.match(first):
            heading = plain(first)
            if not rest:
                section, held = heading, block
                continue
        elif first.startswith("**"):
            section, heading = "", plain(first[: first.find("**", 2)])
        if block.strip():
            yield Passage(heading, f"{held}\n\n{block.strip()}" if held else block.strip())
        held = ""
