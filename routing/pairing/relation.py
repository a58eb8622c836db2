"""What two messages have to do with each other, and how likely that is.

Two small linear models over the clues. `relation` tells apart what looks alike: said again by one person, one cause that several
write of, or two matters. `akin` tells whether two messages are about one matter at all, for pairs that nobody chose for being alike.
Their weights are fitted by `manage.py fit_pairs`; one pair of models goes by words and meanings, the other, where no embedder is to
be had, by words alone.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from routing.likeness import read
from routing.pairing.clues import AKIN, RELATION, Wrote, clues

WEIGHTS = Path(__file__).parent / "weights.json"
SURE = 0.6  # below this chance nothing is called said again: taken for one, a need would be lost
STRANGE = 0.05  # below this chance of being akin, two messages are not related, however they look
JOIN = 0.85  # chance from which one person's two messages are one ticket without a person
DOUBT = 0.65  # times the chance, where something speaks against it
OFFER = 0.3  # chance from which a person is asked


class Relation(StrEnum):
    SAME = "same_person_same_issue"
    INCIDENT = "same_incident_many_people"
    OTHER = "unrelated_but_similar"


@dataclass(frozen=True)
class Verdict:
    """`chances` of each relation, as if the two had been picked for being alike; `akin`: that they are about one matter at all."""

    relation: Relation
    confidence: float
    chances: Mapping[Relation, float]
    akin: float
    spoke: bool
    against: bool = False  # another figure, another place, or "another"
    conflict: bool = False  # another figure

    @property
    def said_again(self) -> float:
        """Chance that one person says one need again, of any two of their messages: nothing where it speaks of no earlier one, and
        never enough to be joined without a person where something speaks against it.
        """
        if not self.spoke:
            return 0.0
        return self.chances[Relation.SAME] * self.akin * (DOUBT if self.against else 1.0)

    @property
    def one_cause(self) -> float:
        """Chance that two people write of one cause, of any two messages of one place and hour. Where each names other figures
        (bus 9, bus 14) never enough by itself.
        """
        return self.chances[Relation.INCIDENT] * self.akin * (DOUBT if self.conflict else 1.0)


@dataclass(frozen=True)
class Linear:
    """A softmax, or, with one row, a logistic."""

    names: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]
    bias: tuple[float, ...]

    def scores(self, found: Mapping[str, float]) -> list[float]:
        values = [found[name] for name in self.names]
        return [b + sum(w * v for w, v in zip(row, values, strict=True)) for row, b in zip(self.rows, self.bias, strict=True)]


@dataclass(frozen=True)
class Pair:
    relation: Linear
    akin: Linear


def relate(one: Wrote, later: Wrote, places: frozenset[str] = frozenset()) -> Verdict:
    """In the order of time. A message without a word is related to nothing."""
    if not (read(one.text).folded and read(later.text).folded):
        return Verdict(Relation.OTHER, SURE, {each: float(each is Relation.OTHER) for each in Relation}, 0.0, spoke=False)
    meant = one.meaning is not None and later.meaning is not None
    return judge(clues(one, later, places), weights()["meaning" if meant else "words"])


def judge(found: Mapping[str, float], models: Pair) -> Verdict:
    chances = dict(zip(Relation, softmax(models.relation.scores(found)), strict=True))
    akin = 1 / (1 + math.exp(-models.akin.scores(found)[0]))
    related = min(1.0, akin / STRANGE)
    told = {
        Relation.SAME: chances[Relation.SAME] * (1.0 if found["spoke"] else related),  # whoever speaks of a letter need not repeat it
        Relation.INCIDENT: chances[Relation.INCIDENT] * related,
    }
    told[Relation.OTHER] = 1 - sum(told.values())
    against = any(found[name] for name in ("conflict", "elsewhere", "another"))
    best = max(told, key=lambda each: told[each])
    if best is Relation.SAME and told[best] < SURE:
        best = max((Relation.INCIDENT, Relation.OTHER), key=lambda each: told[each])
    return Verdict(best, told[best], chances, akin, bool(found["spoke"]), against, bool(found["conflict"]))


def softmax(scores: list[float]) -> list[float]:
    top = max(scores)
    each = [math.exp(score - top) for score in scores]
    return [one / sum(each) for one in each]


@lru_cache(maxsize=1)
def weights() -> dict[str, Pair]:
    stored = json.loads(WEIGHTS.read_text())
    return {name: Pair(_linear(found["relation"], RELATION), _linear(found["akin"], AKIN)) for name, found in stored.items()}


def _linear(stored: Any, names: tuple[str, ...]) -> Linear:
    rows = tuple(tuple(row[name] for name in names) for row in stored["rows"])
    return Linear(names, rows, tuple(stored["bias"]))
