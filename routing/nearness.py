"""How near a text is, by its meaning, to what a district's labels are known by. Only where there is an embedder.

That reads English: of other languages it is given their words in English, see `gloss`.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np

from knowledge.embedding import meaning
from knowledge.embedding.weights import SIZE
from routing.gloss.reading import in_english
from routing.learning.features import Floats
from routing.learning.model import Memory
from routing.starter.kinds import kinds
from routing.starter.rows import rows as starter_rows
from routing.tongue import is_english
from routing.words import fold

NEAREST = 3  # examples of a label that are looked at
WEIGHT = 4.0  # of their mean likeness (cosine) beside a score of words
USUAL = 0.4  # likeness to a label that is not meant


def engine() -> str:
    """What gives meanings here; empty where nothing does."""
    found = meaning.loaded().engine
    return found.name if found else ""


def row(text: str) -> Floats | None:
    told = spoken(text)
    return None if told is None else meaning.one(told)


@lru_cache(maxsize=256)
def spoken(text: str) -> str | None:
    """The text in the embedder's language; None where that cannot be had."""
    return text if is_english(text) else in_english(text, _kept())


@lru_cache(maxsize=1)
def _kept() -> frozenset[str]:
    """Words that stand in English among those of any language: chromebook, email, bus."""
    return frozenset(word for kind in kinds() for phrase in kind.said_in("en") for word in fold(phrase).split())


def key(text: str) -> int:
    """Of 64 bits, by which a text is known again and not known."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def known(memory: Memory | None) -> dict[int, Floats]:
    """Meanings that a model remembers, by the keys of their texts."""
    return {} if memory is None or memory.keys is None else dict(zip(memory.keys.tolist(), memory.wide, strict=True))


def rows(texts: Sequence[str], *, before: Mapping[int, Floats] | None = None) -> Floats | None:
    """A row of zeros of what cannot be said in English; None where there is no embedder. `before`: computed already, see `known`."""
    if not engine():
        return None
    told = {text: said for text in dict.fromkeys(texts) if (said := spoken(text))}
    place = dict(_of_starters(engine()))
    place |= {text: before[own] for text in told if before and (own := key(text)) in before}
    new = [text for text in told if text not in place]
    found = meaning.embed([told[text] for text in new])
    place |= {} if found is None else dict(zip(new, found, strict=True))
    every = np.zeros((len(texts), SIZE), dtype=np.float32)
    for at, text in enumerate(texts):
        if text in told:
            every[at] = place.get(text, 0)
    return every


def known_phrases() -> int:
    """How many of the starter pack's phrases are known by their meaning; computed where they were not."""
    return len(_of_starters(engine())) if engine() else 0


@lru_cache(maxsize=1)
def _of_starters(engine_: str) -> dict[str, Floats]:
    """Once a process: they are the same for every district."""
    phrases = {phrase: said for phrase in dict.fromkeys(_examples()) if (said := spoken(phrase))}
    found = starter_rows(engine_, tuple(phrases.values()))
    return {} if found is None else dict(zip(phrases, found, strict=True))


def _examples() -> Iterator[str]:
    for kind in kinds():
        yield from kind.examples


def gain(memory: Memory, meaning_of: Floats) -> Floats:
    """What the nearest examples of each label add to its score; of a label without any, nothing."""
    [(near, _any)] = memory.near(meaning_of[None])
    known = ~np.isnan(near[:, :NEAREST])
    likeness = np.where(known, near[:, :NEAREST], 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.asarray(np.where(known.any(axis=1), WEIGHT * (likeness - USUAL), 0.0), dtype=np.float32)
