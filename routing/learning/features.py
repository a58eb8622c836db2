"""What is seen of a text: its words, the letters within them, and its meaning where an embedder speaks its language."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from routing.words import fold

Floats = NDArray[np.float32]
Vector = tuple[NDArray[np.intp], Floats]  # columns and values of what a text has
Embed = Callable[
    [Sequence[str]], Floats | None
]  # rows of length 1; a row of zeros: it does not speak that language; None: there is none

MOST = 2500  # characters read of a text
LONGEST = 40  # letters of a word
RUNS = (2, 3, 4, 5)  # letters


def words(text: str) -> list[str]:
    """Single words and pairs of neighbours, folded."""
    every = fold(text[:MOST]).split()
    return every + [f"{a} {b}" for a, b in pairwise(every)]


def letters(text: str) -> list[str]:
    """Runs of two to five letters within each word, its ends marked; marked # themselves."""
    return [part for word in fold(text[:MOST]).split() for part in _runs(word)]


@lru_cache(maxsize=16384)
def _runs(word: str) -> tuple[str, ...]:
    word = f"<{word[:LONGEST]}>"
    return tuple(f"#{word[i : i + n]}" for n in RUNS for i in range(len(word) - n + 1))


KINDS = (words, letters)


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Features that were learned, and how telling each is (inverse document frequency)."""

    names: list[str]
    idf: Floats

    @cached_property
    def columns(self) -> dict[str, int]:
        return {name: at for at, name in enumerate(self.names)}

    def vector(self, text: str) -> Vector:
        """Columns and values of a text: sublinear tf-idf, each kind of feature brought to length 1."""
        at, values = zip(*(self._kind(kind(text)) for kind in KINDS), strict=True)
        return np.concatenate(at), np.concatenate(values)

    def _kind(self, features: Sequence[str]) -> Vector:
        counts = {column: times for name, times in Counter(features).items() if (column := self.columns.get(name)) is not None}
        at = np.fromiter(counts.keys(), dtype=np.intp, count=len(counts))
        value = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32, count=len(counts)))) * self.idf[at]
        return at, np.asarray(value / (float(np.linalg.norm(value)) or 1.0), dtype=np.float32)
