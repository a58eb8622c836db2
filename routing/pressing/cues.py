"""What the words of a message tell of (`cues.txt`): danger, a child, a class that waits, a question, thanks; as figures."""

import re
from functools import lru_cache
from pathlib import Path

import numpy as np

from routing import nearness
from routing.learning.features import Floats
from routing.words import fold

FILE = Path(__file__).with_name("cues.txt")
MOST = 2500  # characters read
OFTEN = 3  # different words of a group, from which more count no more
LONG, SHORT = 60, 8  # words of a message
LEISURELY = ("ask", "question", "wish", "norush", "later", "thanks", "price", "info", "pitch", "asks")
LOOKS = ("asks", "calls out", "length", "few words")  # after the groups


@lru_cache(maxsize=1)
def groups() -> dict[str, re.Pattern[str]]:
    found: dict[str, list[str]] = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, alternatives = line.split(": ", 1)
            found.setdefault(name, []).append(alternatives)
    return {name: re.compile(rf"\b(?:{'|'.join(own)})\b") for name, own in found.items()}


def names() -> list[str]:
    return [*groups(), *LOOKS]


@lru_cache(maxsize=1)
def leisurely() -> list[int]:
    """Places of what is said by who can wait."""
    return [names().index(name) for name in LEISURELY]


def words(text: str) -> int:
    return len(fold(text[:MOST]).split())


def cues(text: str) -> Floats:
    """A figure a name."""
    text = text[:MOST]
    english = nearness.spoken(text)
    told = fold(text) if english in (None, text) else f"{fold(text)} {english}"
    counted = [np.log1p(min(len({found[0] for found in group.finditer(told)}), OFTEN)) for group in groups().values()]
    length = words(text)
    looks = ["?" in text, "!" in text, min(length, LONG) / LONG, length < SHORT]
    return np.array([*counted, *looks], dtype=np.float32)
