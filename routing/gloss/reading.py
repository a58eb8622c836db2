"""A message word by word in English. No translation: word order stays, what is not known is left out. For engines, never for people.

One file a language, `word = english; two words = english`, folded as `words.fold` does; a star stands for any ending.
"""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from routing.words import fold

HERE = Path(__file__).parent
MOST = 400  # words of a message
KNOWN = 0.2  # share of its words, below which a message is not of that language
LONGEST = 6  # signs of a Chinese word
STEM = 3  # letters of a word before any ending, at least
_HAN = re.compile(r"[\u3400-\u9fff]+")


@dataclass(frozen=True)
class Glossary:
    """`phrases` by their words, `stems` by their letters."""

    language: str
    phrases: dict[tuple[str, ...], str]
    stems: dict[str, str]
    widest: int

    def read(self, words: Sequence[str], also: Container[str]) -> tuple[list[str], int]:
        """English words, and how many of `words` they stand for. The longest phrase at each place counts; `also` stay as they are."""
        found: list[str] = []
        known = at = 0
        while at < len(words):
            wide, english = self._at(words, at)
            if wide:
                known += wide
                found.append(english)
            elif words[at].isdigit() or words[at] in also:
                found.append(words[at])
            at += max(wide, 1)
        return found, known

    def _at(self, words: Sequence[str], at: int) -> tuple[int, str]:
        for wide in range(min(self.widest, len(words) - at), 0, -1):
            english = self.phrases.get(tuple(words[at : at + wide]))
            if english is not None:
                return wide, english
        word = words[at]
        for size in range(len(word), STEM - 1, -1):
            if word[:size] in self.stems:
                return 1, self.stems[word[:size]]
        return 0, ""


def glosses() -> bytes:
    """All that the glossaries say."""
    return b"".join(file.read_bytes() for file in sorted(HERE.glob("*.txt")))


@lru_cache(maxsize=1)
def glossaries() -> tuple[Glossary, ...]:
    return tuple(_read(file) for file in sorted(HERE.glob("*.txt")))


def _read(file: Path) -> Glossary:
    phrases: dict[tuple[str, ...], str] = {}
    stems: dict[str, str] = {}
    for variant, english in _entries(file):
        if variant.endswith("*"):
            stems.setdefault(variant[:-1], english)
        else:
            phrases.setdefault(tuple(variant.split()), english)
    return Glossary(file.stem, phrases, stems, max(map(len, phrases)))


def _entries(file: Path) -> Iterator[tuple[str, str]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        for entry in [] if line.startswith("#") else line.split(";"):
            if entry.strip():
                variant, english = entry.split(" = ")
                yield variant.strip(), english.strip()


def in_english(text: str, also: Container[str] = ()) -> str | None:
    """None: it is of no language that is known here. `also`: words that are kept, as of a district's systems."""
    words = _words(text)
    best, most = "", 0
    for glossary in glossaries():
        found, known = glossary.read(words, also)
        if known > most and known >= KNOWN * len(words):
            best, most = " ".join(found), known
    return best or None


@lru_cache(maxsize=64)
def _words(text: str) -> tuple[str, ...]:
    return tuple(part for word in fold(text).replace("đ", "d").split()[:MOST] for part in _parts(word))


def _parts(word: str) -> Iterator[str]:
    """Chinese has no spaces: its words are found from the left, the longest first; other words as they are."""
    if not _HAN.search(word):
        yield word
        return
    known = next(g for g in glossaries() if g.language == "zh").phrases
    at = 0
    while at < len(word):
        if not _HAN.match(word, at):
            end = next((i for i in range(at, len(word)) if _HAN.match(word, i)), len(word))
            yield word[at:end]
            at = end
            continue
        size = next((n for n in range(min(LONGEST, len(word) - at), 0, -1) if (word[at : at + n],) in known), 1)
        yield word[at : at + size]
        at += size
