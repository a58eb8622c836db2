"""Which words are names, of people or of places, and which are words: lists of two packages, read once and held.

`mimesis` (names, cities and countries of some 30 languages) and `pyspellchecker` (how often a word is written small, in English and in
Spanish; a name is rare there).
"""

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from knowledge.redaction.folding import plain

_WORD = re.compile(r"[^\W\d_]+")
COMMON = 2_000  # times a word was written in the lists, from which it is a word before it is a name
RARE = 30  # below it a word is as good as unknown
STEADY = 200_000  # the count of a form that no rule makes
LANGUAGES = ("en", "es")


@dataclass(frozen=True)
class Lexicon:
    """Folded words. `counts`: the greater of the two languages' shares of all words, as if of the English list."""

    firsts: frozenset[str]
    lasts: frozenset[str]
    places: frozenset[str]
    counts: dict[str, int]

    def count(self, word: str) -> int:
        """How often a word is written; of a Spanish form that the list has not, how often the word it is a form of."""
        count = self.counts.get(word)
        return count if count is not None else _of_form(word) if word in _IRREGULAR or len(word) > 3 else 0

    def is_word(self, word: str, *, from_count: int = COMMON) -> bool:
        return self.count(word) >= from_count


# the Spanish list has "necesitar" and "grande", not "necesito" and "grandes"
_ENDINGS = tuple(
    "aríamos eríamos iríamos ábamos ieron iendo ando aron aban íamos amos emos imos aste iste aran eran iran adas idas ados"
    " idos ara era ira"
    " ada ida ado ido aba ian ia io as an es en a o e i s".replace("í", "i")
    .replace("á", "a")
    .split()
)
_REST = ("ar", "er", "ir", "o", "a", "e", "")
_IRREGULAR = frozenset(
    "soy eres es somos son fui fue fueron era eran estoy esta estan estaba voy vas va vamos van iba tengo tiene tienen tuvo"
    " hago hace hizo digo"
    " dice dijo pongo puso salgo vengo viene vino traigo trajo se sabe supo doy da dan dio veo vio oigo quise quiso puse pude"
    " pudo haya haga".split()
)


@lru_cache(16_384)
def _of_form(word: str) -> int:
    if word in _IRREGULAR:
        return STEADY
    counts = lexicon().counts
    stems = {word[: -len(ending)] for ending in _ENDINGS if word.endswith(ending) and len(word) - len(ending) > 2}
    stems |= {stem.replace(two, one) for stem in stems for two, one in (("ue", "o"), ("ue", "u"), ("ie", "e")) if two in stem}
    best = max((counts.get(stem + rest, 0) for stem in stems for rest in _REST), default=0)
    return best if best >= COMMON else 0


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
