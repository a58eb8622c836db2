"""How well two messages about one need are told from two about different ones, and from which likeness on they may be joined."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from routing import likeness
from routing.likeness import Said, features

SAME, OTHER = "same_person_same_issue", "unrelated_but_similar"
CHANNELS = {"walk_in": "phone"}
FOLDS, REPEATS = 5, 20
CROSS_WEIGHT = 2.0  # of all made pairs together, in units of the labelled pairs of one kind
THRESHOLDS = (likeness.OFFER, 0.5, likeness.JOIN, 0.85)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Pairs:
    """Labelled pairs, and `made` ones: a message that speaks of an earlier one, after one about something else.

    `groups`: which labelled pairs each was made of, so that no part of a pair is on both sides of a fold.
    """

    values: Floats
    same: Bools
    made: Bools
    groups: Sequence[tuple[int, ...]]
    weights: Floats


class Command(BaseCommand):
    help = (
        "Reads labelled pairs (the format of duplicates.dev.jsonl) and tells precision and recall by cross-validation. Pairs of two"
        " people are left out: they are never joined without a person. --fit prints the weights of routing/likeness.py anew."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--fit", action="store_true")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        pairs = read(options["file"])
        if options["fit"]:
            self.stdout.write(json.dumps(dict(zip(("bias", *likeness.NAMES), fitted(pairs), strict=True))))
            return
        figures = figures_of(pairs)
        if options["json"]:
            self.stdout.write(json.dumps(figures))
            return
        for threshold, row in figures.items():
            self.stdout.write(f"{threshold:8} " + "  ".join(f"{name} {value}" for name, value in row.items()))


def read(file: Path) -> Pairs:
    """Raises CommandError."""
    try:
        rows = [json.loads(line) for line in file.read_text().splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise CommandError(f"{file}: {error}") from error
    labelled = [row for row in rows if row["relation"] in (SAME, OTHER)]
    found: list[tuple[tuple[float, ...], bool, bool, tuple[int, ...]]] = []
    for at, row in enumerate(labelled):
        found.append((features(_said(row["a"]), _said(row["b"])), row["relation"] == SAME, False, (at,)))
        if row["relation"] == SAME:
            others = (other for other in range(len(labelled)) if other != at)
            found += [(features(_said(labelled[n]["a"]), _said(row["b"])), False, True, (at, n)) for n in others]
    values, same, made, groups = zip(*found, strict=True)
    is_made = np.array(made)
    labels = sum(same)
    weights = np.where(is_made, CROSS_WEIGHT * labels / max(1, is_made.sum()), 1.0)
    return Pairs(np.array(values), np.array(same), is_made, groups, weights)


def _said(one: dict[str, Any]) -> Said:
    return Said(one["text"], CHANNELS.get(one["channel"], one["channel"]), one["site"] or "")


def fitted(pairs: Pairs) -> list[float]:
    """Bias, then the weights in the order of likeness.NAMES, as routing/likeness.py has them."""
    model = _fit(pairs, np.ones(len(pairs.same), dtype=bool))
    return [round(float(value), 2) for value in (model.intercept_[0], *model.coef_[0])]


def _fit(pairs: Pairs, rows: Bools) -> LogisticRegression:
    return LogisticRegression(C=2.0, max_iter=2000).fit(pairs.values[rows], pairs.same[rows], sample_weight=pairs.weights[rows])


def figures_of(pairs: Pairs) -> dict[str, dict[str, Any]]:
    """By threshold: of the labelled pairs precision and recall; of the made ones how many would be joined."""
    chances = unseen(pairs)
    return {f"{threshold:.2f}": _figures(pairs, chances, threshold) for threshold in THRESHOLDS}


def unseen(pairs: Pairs) -> Floats:
    """What models say of pairs that they have not seen, a row for each repeat; nothing (nan) of made pairs cut by a fold."""
    rng = np.random.RandomState(0)
    count = 1 + max(max(group) for group in pairs.groups)
    chances = np.full((REPEATS, len(pairs.same)), np.nan)
    for repeat in range(REPEATS):
        fold_of = rng.permutation(count) % FOLDS
        for fold in range(FOLDS):
            held = np.array([all(fold_of[at] == fold for at in group) for group in pairs.groups])
            learned = np.array([all(fold_of[at] != fold for at in group) for group in pairs.groups])
            chances[repeat, held] = _fit(pairs, learned).predict_proba(pairs.values[held])[:, 1]
    return chances


def _figures(pairs: Pairs, chances: Floats, threshold: float) -> dict[str, Any]:
    joined = chances >= threshold
    right = int((joined & pairs.same & ~pairs.made).sum())
    wrong = int((joined & ~pairs.same & ~pairs.made).sum())
    made = ~np.isnan(chances) & pairs.made
    return {
        "precision": round(right / max(1, right + wrong), 4),
        "recall": round(right / max(1, int(pairs.same.sum()) * REPEATS), 3),
        "wrong": f"{wrong} of {int((~pairs.same & ~pairs.made).sum()) * REPEATS}",
        "wrong of made pairs": f"{int((joined & made).sum())} of {int(made.sum())}",
    }
