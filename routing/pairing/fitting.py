"""Fit the two models of `relation` to labelled pairs, and tell what such models make of pairs they have not seen. Needs scikit-learn.

`akin` has no labelled pairs of its own: what is one matter is every labelled pair that is related, and what is not is made by putting
the first message of one pair before the second of another, as if of the same person, or of two people at the same school.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from routing.pairing.clues import AKIN, RELATION, Wrote, clues
from routing.pairing.relation import Linear, Pair, Relation, Verdict, judge

MADE = 6  # unrelated pairs, for each that is related
MILD = 1.0  # inverse of the penalty on weights (L2)
DECISIVE = {"elsewhere": 3.0, "conflict": 2.0, "another": 2.0}
FOLDS, REPEATS = 5, 10
Found = dict[str, float]
Said = tuple[Wrote, Wrote]


@dataclass(frozen=True)
class Labelled:
    said: Said
    relation: Relation


def without_meaning(pairs: Sequence[Labelled]) -> list[Labelled]:
    return [replace(one, said=(replace(one.said[0], meaning=None), replace(one.said[1], meaning=None))) for one in pairs]


def fit(pairs: Sequence[Labelled], places: frozenset[str]) -> Pair:
    found = [clues(*one.said, places) for one in pairs]
    relation = _softmax(found, [list(Relation).index(pair.relation) for pair in pairs])
    return Pair(relation, _fit_akin(pairs, found, places))


def _fit_akin(pairs: Sequence[Labelled], found: Sequence[Found], places: frozenset[str]) -> Linear:
    related = [each for each, pair in zip(found, pairs, strict=True) if pair.relation is not Relation.OTHER]
    others = [clues(*said, places) for said, _at in made(pairs)]
    labels = np.array([1] * len(related) + [0] * len(others))
    model = LogisticRegression(C=1.0, max_iter=5000, class_weight="balanced").fit(_table([*related, *others], AKIN), labels)
    return Linear(AKIN, _rows(model.coef_), _row(model.intercept_))


def made(pairs: Sequence[Labelled], *, each: int = MADE) -> list[tuple[Said, tuple[int, int]]]:
    """Pairs that are not related, and which two each was made of; the same every time."""
    chance = random.Random(0)  # noqa: S311
    found = []
    for at, pair in enumerate(pairs):
        others = [n for n in range(len(pairs)) if n != at]
        if pair.relation is not Relation.OTHER and others:
            found += [(_crossed(pairs[n], pair, chance), (at, n)) for n in chance.sample(others, min(each, len(others)))]
    return found


def _crossed(other: Labelled, pair: Labelled, chance: random.Random) -> Said:
    """At the same school mostly, at the same distance of time; of the same person where the pair is."""
    (first, _), (one, later) = other.said, pair.said
    site = later.site if chance.random() < 0.85 else first.site
    sender = later.sender if pair.relation is Relation.SAME and chance.random() < 0.7 else first.sender
    moved = replace(first, site=site, sender=sender)
    return moved, replace(later, minutes=moved.minutes + later.minutes - one.minutes)


def unseen(pairs: Sequence[Labelled], places: frozenset[str], *, besides: Sequence[Labelled] = ()) -> list[list[Verdict]]:
    """What models say of pairs that they have not seen, by repeated cross-validation; `besides` is always learned from too."""
    found = [clues(*one.said, places) for one in pairs]
    repeats = []
    for repeat in range(REPEATS):
        fold_of = np.random.RandomState(repeat).permutation(len(pairs)) % FOLDS
        told: dict[int, Verdict] = {}
        for fold in range(FOLDS):
            models = fit([*besides, *(one for one, at in zip(pairs, fold_of, strict=True) if at != fold)], places)
            told |= {n: judge(found[n], models) for n in np.flatnonzero(fold_of == fold).tolist()}
        repeats.append([told[n] for n in range(len(pairs))])
    return repeats


def _softmax(found: Sequence[Found], labels: Sequence[int]) -> Linear:
    """What is decisive is penalised less: it stands in few pairs, and is right in each."""
    scale = np.array([DECISIVE.get(name, 1.0) for name in RELATION])
    model = LogisticRegression(C=MILD, max_iter=5000).fit(_table(found, RELATION) * scale, labels)
    return Linear(RELATION, _rows(model.coef_ * scale), _row(model.intercept_))


def _table(found: Sequence[Found], names: Sequence[str]) -> NDArray[np.float64]:
    return np.array([[each[name] for name in names] for each in found])


def _rows(values: Any) -> tuple[tuple[float, ...], ...]:
    return tuple(map(_row, values))


def _row(values: Any) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in values)


def stored(linear: Linear) -> dict[str, Any]:
    """As `relation.weights` reads it."""
    return {"rows": [dict(zip(linear.names, row, strict=True)) for row in linear.rows], "bias": list(linear.bias)}


def judged(pair: Labelled, models: Pair, places: frozenset[str]) -> Verdict:
    return judge(clues(*pair.said, places), models)
