"""Which words are names, of people or of places, and which are words: lists of two packages, read once and held.

`mimesis` (names, cities and countries of some 30 languages) and `pyspellchecker` (how often a word is written small, in English and in
Spanish; a name is rare there).
"""

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from knowledge.redaction.folding import plain

_WORD = re.compile(r"[^\W\d_]+")
COMMON = 2_000  # times a word was written in the lists, from which it is a word before it is a name
RARE = 30  # below it a word is as good as unknown
LANGUAGES = ("en", "es")


@dataclass(frozen=True)
class Lexicon:
    """Folded words. `counts`: the greater of the two languages' shares of all words, as if of the English list."""

    firsts: frozenset[str]
    lasts: frozenset[str]
    places: frozenset[str]
    counts: dict[str, int]

    def is_word(self, word: str, *, from_count: int = COMMON) -> bool:
        return self.counts.get(word, 0) >= from_count


@cache
def lexicon() -> Lexicon:
    """About 0.6 s and 40 MB, once a process. Raises where the packages are not installed as locked."""
    firsts, lasts, places = set[str](), set[str](), set[str]()
    for folder in sorted(files("mimesis").joinpath("datasets").iterdir(), key=lambda one: one.name):
        people, towns = _read(folder, "person.json"), _read(folder, "address.json")
        firsts.update(_folded(_texts(people.get("names"))))
        lasts.update(_folded(_texts(people.get("surnames"))))
        named = _texts([towns.get(key) for key in ("city", "country", "continent")])
        places.update(_plain(name) for name in named if " " not in name)
    return Lexicon(frozenset(firsts), frozenset(lasts), frozenset(places), _counts())


def _read(folder: Traversable, name: str) -> dict[str, Any]:
    file = folder / name
    if not folder.is_dir() or not file.is_file():
        return {}
    read: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return read


def _texts(value: Any) -> Iterator[str]:
    """Every text in lists of lists of whatever depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts(list(value.values()))
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _folded(names: Iterable[str]) -> Iterator[str]:
    """Names and their parts, of two letters or more: "Mary Jo" is Mary, Jo."""
    for name in names:
        yield from (word for word in _WORD.findall(_plain(name)) if len(word) > 1)


def _counts() -> dict[str, int]:
    found: dict[str, int] = {}
    total = 0
    for language in LANGUAGES:
        packed = files("spellchecker").joinpath("resources", f"{language}.json.gz").read_bytes()
        counts: dict[str, int] = json.loads(gzip.decompress(packed))
        total = total or sum(counts.values())
        share = total / sum(counts.values())
        for word, count in counts.items():
            if count * share >= RARE:
                small = _plain(word)
                found[small] = max(found.get(small, 0), int(count * share))
    return found


def _plain(word: str) -> str:
    return word.lower() if word.isascii() else plain(word)
