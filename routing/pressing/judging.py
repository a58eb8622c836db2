"""The four degrees of a message, each with its chance, by weights that were fitted to labelled messages (`weights.json`).

A multinomial logistic regression over the cues of the words, the usual degree of the services it may be for, and, where there is an
embedder, the meaning of the whole.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from districts.models import Priority
from routing.learning.features import Floats
from routing.pressing.cues import cues, leisurely, names, words

WEIGHTS = Path(__file__).with_name("weights.json")
DEGREES = (Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT)
BY_WORDS, BY_MEANING = "words", "meaning"
TELLING = 8  # words, from which a message tells by itself how pressing it is


@dataclass(frozen=True, eq=False)
class Head:
    """`weights`: figures × degrees."""

    weights: Floats
    bias: Floats

    def chances(self, figures: Floats) -> Floats:
        scores = figures @ self.weights + self.bias
        raised = np.exp(scores - scores.max())
        return np.asarray(raised / raised.sum(), dtype=np.float32)


@lru_cache(maxsize=1)
def heads() -> dict[str, Head]:
    """By BY_WORDS and BY_MEANING. Raises ValueError where `weights.json` was fitted to other cues."""
    kept = json.loads(WEIGHTS.read_text())
    if kept["cues"] != names():
        raise ValueError("weights.json was fitted to other cues: manage.py fit_urgency")
    return {name: Head(np.array(kept[name]["weights"], np.float32), np.array(kept[name]["bias"], np.float32)) for name in kept["heads"]}


def chances(text: str, usual: Floats, meaning: Floats | None) -> Floats:
    """Of DEGREES, in their order. `usual`: chances of each by the services that it may be for, see `triage.Question.usual`; `meaning`
    of the text, where it was read already: by itself it is not worth what it costs.

    The fewer the words, the more what is usual counts: "wifi is down" tells what, not how bad.
    """
    return _chances(text, cues(text), usual, meaning)


def degree(text: str, usual: Floats, meaning: Floats | None) -> Priority:
    """Low is only what asks, thanks or leaves time: whatever else is written about something waits for somebody."""
    told = cues(text)
    best = DEGREES[int(_chances(text, told, usual, meaning).argmax())]
    return Priority.NORMAL if best == Priority.LOW and not told[leisurely()].any() else best


def _chances(text: str, told: Floats, usual: Floats, meaning: Floats | None) -> Floats:
    figures = [told, usual] if meaning is None else [told, usual, meaning]
    found = heads()[BY_WORDS if meaning is None else BY_MEANING].chances(np.concatenate(figures))
    share = max(0.0, 1 - words(text) / TELLING) if usual.any() else 0.0
    return np.asarray((1 - share) * found + share * usual / max(float(usual.sum()), 1e-6), dtype=np.float32)
