"""The four degrees of a message, each with its chance, by weights that were fitted to labelled messages (`weights.json`).

A multinomial logistic regression over cues of the words, usual degrees of the services it may be for, and words and their pairs.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from districts.models import Priority
from routing.grams import Grams, grams
from routing.learning.features import Floats, Vector
from routing.pressing.cues import MOST, cues, leisurely, names, words

WEIGHTS = Path(__file__).with_name("weights.json")
DEGREES = (Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT)
TELLING = 8  # words, from which a message tells by itself how pressing it is


@dataclass(frozen=True, eq=False)
class Weights:
    """`looks`: cues and usual degrees × degrees; `words`: grams × degrees."""

    grams: Grams
    looks: Floats
    words: Floats
    bias: Floats

    def chances(self, looks: Floats, vector: Vector) -> Floats:
        scores = looks @ self.looks + vector[1] @ self.words[vector[0]] + self.bias
        raised = np.exp(scores - scores.max())
        return np.asarray(raised / raised.sum(), dtype=np.float32)


@lru_cache(maxsize=1)
def weights() -> Weights:
    """Raises ValueError where `weights.json` was fitted to other cues."""
    kept = json.loads(WEIGHTS.read_text())
    if kept["cues"] != names():
        raise ValueError(f"{WEIGHTS.name} was fitted to other cues: manage.py fit_urgency")
    idf, looks, told, bias = (np.array(kept[name], np.float32) for name in ("idf", "looks", "words", "bias"))
    return Weights(Grams(kept["names"], idf), looks, told, bias)


def chances(text: str, usual: Floats) -> Floats:
    """Of DEGREES, in their order. `usual`: chances of each by the services that it may be for, see `triage.Question.usual`.

    The fewer the words, the more what is usual counts: "wifi is down" tells what, not how bad.
    """
    return _chances(text, cues(text), usual)


def degree(text: str, usual: Floats) -> Priority:
    """Low is only what asks, thanks or leaves time: whatever else is written about something waits for somebody."""
    told = cues(text)
    best = DEGREES[int(_chances(text, told, usual).argmax())]
    return Priority.NORMAL if best == Priority.LOW and not told[leisurely()].any() else best


def _chances(text: str, told: Floats, usual: Floats) -> Floats:
    kept = weights()
    found = kept.chances(np.concatenate([told, usual]), kept.grams.vector(grams(text[:MOST])))
    share = max(0.0, 1 - words(text) / TELLING) if usual.any() else 0.0
    return np.asarray((1 - share) * found + share * usual / max(float(usual.sum()), 1e-6), dtype=np.float32)
