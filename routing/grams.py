"""Words and pairs of words of a text as figures: sublinear tf-idf, of length 1 or less.

Of a text in another language its own words and what they are in English, so that what was learned in one language serves in others.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from routing import nearness
from routing.learning.features import Floats, Vector, words

LEAST = 20.0  # length of the tf-idf of three words or four: what is shorter says too little to be told by it


def grams(text: str) -> list[str]:
    english = nearness.spoken(text)
    return words(text) if english in (None, text) else [*words(text), *words(english or "")]


@dataclass(frozen=True, eq=False)
class Grams:
    """Those that are looked for, and how rare each is (inverse document frequency)."""

    names: list[str]
    idf: Floats

    @cached_property
    def columns(self) -> dict[str, int]:
        return {name: at for at, name in enumerate(self.names)}

    def vector(self, found: Iterable[str]) -> Vector:
        """Columns and values."""
        counts = {column: times for name, times in Counter(found).items() if (column := self.columns.get(name)) is not None}
        at = np.fromiter(counts.keys(), dtype=np.intp, count=len(counts))
        value = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32, count=len(counts)))) * self.idf[at]
        return at, np.asarray(value / max(float(np.linalg.norm(value)), LEAST), np.float32)

    def only(self, at: NDArray[np.intp]) -> "Grams":
        return Grams([self.names[one] for one in at.tolist()], self.idf[at])


def learned(texts: Sequence[Sequence[str]], *, least: int = 2) -> Grams:
    """What stands in at least so many of them."""
    times = Counter(name for text in texts for name in set(text))
    names = [name for name, count in times.items() if count >= least]
    return Grams(names, np.array([np.log((1 + len(texts)) / (1 + times[name])) + 1 for name in names], np.float32))
