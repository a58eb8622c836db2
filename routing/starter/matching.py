"""Which of a district's services does which kind of work: by what the service says of itself, in the district's own words."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from routing.classifier import STOP
from routing.learning.features import Embed, Floats, Vocabulary, words
from routing.starter.kinds import Kind, kinds

ALIKE, ALIKE_BY_WORDS = 0.5, 0.13  # likeness below which no service does that kind of work
NAME, TOLD, SAID = 0.35, 0.4, 0.25  # what the names, the descriptions and the phrases say of it


@dataclass(frozen=True)
class Described:
    """A service by its own words."""

    name: str
    description: str
    phrases: Sequence[str]


def done_by(services: Sequence[Described], *, embed: Embed | None) -> Iterator[tuple[Kind, int]]:
    """Each kind of work with the place of the service that does it, if any does."""
    if not services:
        return
    known = kinds()
    likeness, least = _likeness(known, services, embed)
    for kind, row in zip(known, likeness, strict=True):
        if row.max() >= least:
            yield kind, int(row.argmax())


Rows = Callable[[Sequence[str]], Floats]
Three = tuple[Floats, Floats, Floats]  # names, descriptions, middles of phrases


def _likeness(known: Sequence[Kind], services: Sequence[Described], embed: Embed | None) -> tuple[Floats, float]:
    theirs = [(one.name, f"{one.name}. {one.description}", list(one.phrases) or [one.name]) for one in services]
    if embed and embed([known[0].name]) is not None:
        return _weighed(_of_kinds(embed), _three(_by(embed), theirs)), ALIKE
    mine = [(kind.name, kind.told, kind.said_in("en")) for kind in known]
    rows = _by_words([text for name, told, said in [*mine, *theirs] for text in (name, told, *said)])
    return _weighed(_three(rows, mine), _three(rows, theirs)), ALIKE_BY_WORDS


def _weighed(mine: Three, theirs: Three) -> Floats:
    parts = zip((NAME, TOLD, SAID), mine, theirs, strict=True)
    return np.asarray(sum(weight * (own @ other.T) for weight, own, other in parts), dtype=np.float32)


def _three(rows: Rows, told: Sequence[tuple[str, str, list[str]]]) -> Three:
    middles = np.stack([rows(said).mean(axis=0) for _name, _told, said in told])
    return rows([name for name, _told, _said in told]), rows([each for _name, each, _said in told]), _unit(middles)


@lru_cache(maxsize=2)
def _of_kinds(embed: Embed) -> Three:
    """Once a process: it is the same for every district."""
    return _three(_by(embed), [(kind.name, kind.told, kind.said_in("en")) for kind in kinds()])


def _by(embed: Embed) -> Rows:
    def rows(texts: Sequence[str]) -> Floats:
        found = embed(texts)
        assert found is not None
        return found

    return rows


def _by_words(texts: Sequence[str]) -> Rows:
    """Pairs of words among them; what says nothing by itself is no likeness."""
    names = sorted({name for text in texts for name in words(text)} - STOP)
    vocabulary = Vocabulary(names, np.ones(len(names), dtype=np.float32))

    def rows(some: Sequence[str]) -> Floats:
        found = np.zeros((len(some), len(names)), dtype=np.float32)
        for at, text in enumerate(some):
            columns, values = vocabulary.vector(text)
            found[at, columns] = values
        return _unit(found)

    return rows


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), dtype=np.float32)
