"""Fit the weights of `judging` to what people wrote, and tell what they reach on authors who were not fitted on. Needs scikit-learn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from routing.grams import Grams, learned
from routing.learning.features import Floats
from routing.learning.fitting import matrix

MOST = 8_000  # words and pairs of words that are kept, the most telling
LOOSE = 1.0  # inverse strength of regularisation
WORDS, MEANING = 3.0, 3.0  # by which these are raised before fitting, so that they are held back less
WEIGHT = 2.0  # of a message of danger beside another
FOLDS = 6
FALSE = 0.02  # of ordinary messages that are taken for danger
KEPT = 0.99  # of what would be heard: for so many the meaning is asked for


@dataclass(frozen=True, eq=False)
class Told:
    """`grams` of its text; `meaning` of zeros where there is none; `ordinary`: nobody wrote it to sound like danger."""

    author: str
    grams: list[str]
    meaning: Floats
    danger: bool
    ordinary: bool


@dataclass(frozen=True, eq=False)
class Fitted:
    """Weights for figures as they come, not raised."""

    grams: Grams
    alone: Floats
    words: Floats
    meaning: Floats
    biases: tuple[float, float]

    def scores(self, rows: Sequence[Told]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """By words alone, and with the meaning."""
        table, meanings = _table(rows, self.grams), np.stack([row.meaning for row in rows])
        return table @ self.alone + self.biases[0], table @ self.words + meanings @ self.meaning + self.biases[1]


def fit(rows: Sequence[Told]) -> dict[str, Any]:
    """Its bars are set where they let FALSE of the ordinary messages of authors through who were not fitted on."""
    alone, both = unseen_scores(rows)
    bars = tuple(float(np.quantile(found[_ordinary(rows)], 1 - FALSE)) for found in (alone, both))
    heard = np.array([row.danger for row in rows]) & (both >= bars[1])
    found = _fitted(rows)
    return {
        "names": found.grams.names, "idf": found.grams.idf.round(2).tolist(), "alone": found.alone.round(2).tolist(),
        "words": found.words.round(2).tolist(), "meaning": found.meaning.round(3).tolist(),
        "biases": [round(each, 3) for each in found.biases], "bars": [round(bar, 3) for bar in bars],
        "gate": round(float(np.quantile(alone[heard], 1 - KEPT)), 3),
    }  # fmt: skip


def unseen(rows: Sequence[Told]) -> dict[str, float]:
    """Of messages of authors who were not fitted on: heard of those in danger, and taken for danger of those that are not."""
    danger, ordinary = np.array([row.danger for row in rows]), _ordinary(rows)
    told: dict[str, float] = {}
    for name, found in zip(("words alone", "with the meaning"), unseen_scores(rows), strict=True):
        for false in (0.005, FALSE, 0.03):
            bar = np.quantile(found[ordinary], 1 - false)
            told[f"{name}: heard at {false:.1%} false alarms"] = round(float((found[danger] >= bar).mean()), 3)
            told[f"{name}: made to sound so and heard at {false:.1%}"] = round(float((found[~danger & ~ordinary] >= bar).mean()), 3)
    return told


def unseen_scores(rows: Sequence[Told]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    alone, both = np.zeros(len(rows)), np.zeros(len(rows))
    for held in _parts(rows):
        out = np.isin(np.array([row.author for row in rows]), held)
        model = _fitted([row for row, its in zip(rows, out, strict=True) if not its])
        alone[out], both[out] = model.scores([row for row, its in zip(rows, out, strict=True) if its])
    return alone, both


def _parts(rows: Sequence[Told]) -> list[list[str]]:
    authors = list(dict.fromkeys(row.author for row in rows))
    return [authors[at::FOLDS] for at in range(min(FOLDS, len(authors)))]


def _ordinary(rows: Sequence[Told]) -> NDArray[np.bool_]:
    return np.array([row.ordinary and not row.danger for row in rows])


def _fitted(rows: Sequence[Told]) -> Fitted:
    target = np.array([row.danger for row in rows])
    weights = np.where(target, WEIGHT, 1.0)
    every = learned([row.grams for row in rows])
    first = _regress(_table(rows, every) * WORDS, target, weights)
    kept = every.only(np.sort(np.argsort(-np.abs(first.coef_[0]), kind="stable")[:MOST]))
    table = _table(rows, kept) * WORDS
    alone = _regress(table, target, weights)
    both = _regress(hstack([table, csr_matrix(MEANING * np.stack([row.meaning for row in rows]))]).tocsr(), target, weights)
    raised = both.coef_[0].astype(np.float32)
    return Fitted(
        kept, alone.coef_[0].astype(np.float32) * WORDS, raised[: len(kept.names)] * WORDS, raised[len(kept.names) :] * MEANING,
        (float(alone.intercept_[0]), float(both.intercept_[0])),
    )  # fmt: skip


def _regress(table: csr_matrix, target: NDArray[np.bool_], weights: NDArray[np.float64]) -> LogisticRegression:
    return LogisticRegression(C=LOOSE, max_iter=500).fit(table, target, sample_weight=weights)


def _table(rows: Sequence[Told], kept: Grams) -> csr_matrix:
    return matrix([kept.vector(row.grams) for row in rows], len(kept.names))
