"""How much a text sounds like danger: a linear model of its words and pairs of words, and of its meaning where those leave it open.

Weights are fitted by `manage.py fit_danger` to what people of many trades wrote, see `starter/messages`.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from routing import nearness
from routing.grams import Grams, grams
from routing.learning.features import Floats, Vector

WEIGHTS = Path(__file__).with_name("weights.json")


@dataclass(frozen=True, eq=False)
class Weights:
    """A score is a sum of weights; from its bar on a text is taken for danger. `alone`: of words alone; `words` and `meaning` together.

    Below `gate`, words alone tell that asking for the meaning is of no use.
    """

    grams: Grams
    alone: Floats
    words: Floats
    meaning: Floats
    biases: tuple[float, float]
    gate: float
    bars: tuple[float, float]

    def by_words(self, vector: Vector) -> float:
        return float(vector[1] @ self.alone[vector[0]]) + self.biases[0]

    def by_both(self, vector: Vector, meaning: Floats) -> float:
        return float(vector[1] @ self.words[vector[0]] + meaning @ self.meaning) + self.biases[1]


@lru_cache(maxsize=1)
def weights() -> Weights:
    kept = json.loads(WEIGHTS.read_text())
    idf, alone, words, meaning = (np.array(kept[name], np.float32) for name in ("idf", "alone", "words", "meaning"))
    return Weights(Grams(kept["names"], idf), alone, words, meaning, tuple(kept["biases"]), kept["gate"], tuple(kept["bars"]))


def is_danger(text: str) -> bool:
    told = weights()
    vector = told.grams.vector(grams(text))
    alone = told.by_words(vector)
    if not len(vector[0]) or alone < told.gate:
        return False
    meaning = nearness.row(text)
    return alone >= told.bars[0] if meaning is None else told.by_both(vector, meaning) >= told.bars[1]


def tells(sentence: str) -> float:
    """How much its words say, to find the sentence that said most."""
    return weights().by_words(weights().grams.vector(grams(sentence)))
