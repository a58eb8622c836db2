"""Phrases that programs write, as one pattern: a line for each."""

import re


def any_of(phrases: str) -> re.Pattern[str]:
    """Each line is a regular expression; a space in it is one space of a text whose runs of space are one."""
    lines = (line.strip() for line in phrases.splitlines())
    return re.compile("|".join(line for line in lines if line), re.IGNORECASE)
