"""A text somebody wrote, as it is kept: without what no reader sees and what would cost whoever reads it by machine seconds. Pure.

Some patterns of `passages` and of Markdown need time that grows with the square of a paragraph, of its open brackets or of a line's
blanks: within these bounds a whole article is read in milliseconds.
"""

import re

PARAGRAPH = 20_000  # characters between two blank lines
BRACKETS = 400  # "[" and "<" in one paragraph
_SIGNS = re.compile(r"([^\w\s])\1{60,}")
_BLANKS = re.compile(r"[ \t]{40,}")
_END = re.compile(r"[ \t]{3,}$", re.MULTILINE)
_EMPTY = re.compile(r"\n{4,}")
_BETWEEN = re.compile(r"\n[ \t]*\n")


class TooDense(ValueError):
    """A paragraph that nobody would write by hand."""


def tidy(text: str) -> str:
    """The same to its readers. Raises TooDense."""
    text = _END.sub("  ", text.replace("\r\n", "\n").replace("\r", "\n"))  # two blanks at the end of a line break it
    text = _EMPTY.sub("\n\n\n", _BLANKS.sub(" " * 40, _SIGNS.sub(lambda run: run[1] * 60, text))).strip()
    for part in _BETWEEN.split(text):
        if len(part) > PARAGRAPH or part.count("[") + part.count("<") > BRACKETS:
            raise TooDense
    return text
