"""Phrases that programs write, as one pattern: a line for each. Compiled when first asked for: most processes read no report."""

import re
from functools import cached_property


class Phrases:
    def __init__(self, lines: str) -> None:
        self._lines = lines

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        lines = (line.strip() for line in self._lines.splitlines())
        return re.compile("|".join(line for line in lines if line), re.IGNORECASE)

    def search(self, text: str) -> re.Match[str] | None:
        return self._pattern.search(text)


def any_of(lines: str) -> Phrases:
    """Each line is a regular expression; a space in it is one space of a text whose runs of space are one."""
    return Phrases(lines)
