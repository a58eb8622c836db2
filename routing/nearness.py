"""How near a text is, by its meaning, to what a district's labels are known by. Only where there is an embedder, and of English."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from knowledge.embedding import meaning
from knowledge.embedding.weights import SIZE
from routing.learning.features import Floats
from routing.learning.model import Memory
from routing.starter.kinds import kinds
from routing.tongue import is_english

NEAREST = 3  # examples of a label that are looked at
WEIGHT = 4.0  # of their mean likeness (cosine) beside a score of words
USUAL = 0.4  # likeness to a label that is not meant


def engine() -> str:
    """What gives meanings here; empty where nothing does."""
    found = meaning.loaded().engine
    return found.name if found else ""


def row(text: str) -> Floats | None:
    return meaning.one(text) if is_english(text) else None


def rows(texts: Sequence[str]) -> Floats | None:
    """A row of zeros of what is not English; None where there is no embedder."""
    spoken = [at for at, text in enumerate(texts) if is_english(text)]
    if not engine():
        return None
    usual = _of_starters(engine())
    new = [text for text in dict.fromkeys(texts[at] for at in spoken) if text not in usual]
    found = meaning.embed(new)
    place = usual | ({} if found is None else dict(zip(new, found, strict=True)))
    every = np.zeros((len(texts), SIZE), dtype=np.float32)
    for at in spoken:
        every[at] = place.get(texts[at], 0)
    return every


@lru_cache(maxsize=1)
def _of_starters(_engine: str) -> dict[str, Floats]:
    """Once a process: they are the same for every district."""
    phrases = [phrase for kind in kinds() for phrase in kind.said_in("en")]
    found = meaning.embed(phrases)
    return {} if found is None else dict(zip(phrases, found, strict=True))


def gain(memory: Memory, meaning_of: Floats) -> Floats:
    """What the nearest examples of each label add to its score; of a label without any, nothing."""
    [(near, _any)] = memory.near(meaning_of[None])
    known = ~np.isnan(near[:, :NEAREST])
    likeness = np.where(known, near[:, :NEAREST], 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.asarray(np.where(known.any(axis=1), WEIGHT * (likeness - USUAL), 0.0), dtype=np.float32)
