"""Fit the weights of `judging` to labelled messages, and tell what they reach on others. Needs scikit-learn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from routing.governing.figures import macro_f1
from routing.grams import Grams, learned
from routing.learning.features import Floats
from routing.learning.fitting import matrix
from routing.pressing.cues import names

LOOSE = 1.0  # inverse strength of regularisation
USUAL, WORDS = 2.0, 4.0  # by which these are raised before fitting, so that they are held back less
MOST = 6_000  # words and pairs of words that are kept, the most telling
LEAST = 3  # messages that have them
LABELLED = 2.0  # weight of a message that came first and was judged then
WRITTEN = 0.4  # of one that was written to be so pressing: it tells more plainly than people do
PHRASE = 0.8  # of a short phrase of the starter pack
FOLDS, PARTS = 5, 4  # of the labelled messages; of the authors


@dataclass(frozen=True, eq=False)
class Judged:
    """A message with its degree (place in `judging.DEGREES`).

    `looks`: cues, and the usual degrees; `author`: of one that was written to be so pressing.
    """

    looks: Floats
    grams: list[str]
    degree: int
    author: str = ""
    weight: float = LABELLED


@dataclass(frozen=True, eq=False)
class Fitted:
    grams: Grams
    model: LogisticRegression

    def degrees(self, rows: Sequence[Judged]) -> NDArray[np.int64]:
        return np.asarray(self.model.predict(_table(rows, self.grams)))


def fit(rows: Sequence[Judged]) -> dict[str, Any]:
    """Weights for figures as they come, not raised."""
    found = _fitted(rows)
    raised = found.model.coef_.T * np.concatenate([_raised(rows[0]), np.full(len(found.grams.names), WORDS)])[:, None]
    looks = len(rows[0].looks)
    return {
        "cues": names(), "names": found.grams.names, "idf": found.grams.idf.round(2).tolist(),
        "looks": raised[:looks].round(3).tolist(), "words": raised[looks:].round(2).tolist(),
        "bias": found.model.intercept_.round(3).tolist(),
    }  # fmt: skip


def unseen(rows: Sequence[Judged]) -> dict[str, float | None]:
    """By cross-validation over the labelled messages: macro-F1, share right, share at most one degree off."""
    labelled = [at for at, row in enumerate(rows) if row.weight == LABELLED]
    degrees = np.array([rows[at].degree for at in labelled])
    given = np.zeros_like(degrees)
    for _kept, held in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(degrees, degrees):
        out = {labelled[i] for i in held.tolist()}
        given[held] = _fitted([row for at, row in enumerate(rows) if at not in out]).degrees([rows[labelled[i]] for i in held.tolist()])
    return _reached(degrees, given)


def unseen_authors(rows: Sequence[Judged]) -> dict[str, float | None]:
    """The same over the messages of each author, fitted on those of others and on the labelled ones."""
    authors = list(dict.fromkeys(row.author for row in rows if row.author))
    told: list[tuple[int, int]] = []
    for part in range(PARTS):
        out = set(authors[part::PARTS])
        held = [row for row in rows if row.author in out]
        given = _fitted([row for row in rows if row.author not in out]).degrees(held)
        told += zip([row.degree for row in held], given.tolist(), strict=True)
    return _reached(*(np.array(each) for each in zip(*told, strict=True)))


def _reached(degrees: NDArray[np.int64], given: NDArray[np.int64]) -> dict[str, float | None]:
    pairs = [(str(wanted), str(said)) for wanted, said in zip(degrees.tolist(), given.tolist(), strict=True)]
    near = np.abs(degrees - given)
    return {
        "macro-F1": macro_f1(pairs),
        "right": round(float((near == 0).mean()), 3),
        "at most one off": round(float((near <= 1).mean()), 3),
    }


def _fitted(rows: Sequence[Judged]) -> Fitted:
    every = learned([row.grams for row in rows], least=LEAST)
    first = _regress(rows, every)
    telling = np.abs(first.coef_[:, len(rows[0].looks) :]).max(axis=0)
    kept = every.only(np.sort(np.argsort(-telling, kind="stable")[:MOST]))
    return Fitted(kept, _regress(rows, kept))


def _regress(rows: Sequence[Judged], kept: Grams) -> LogisticRegression:
    model = LogisticRegression(C=LOOSE, class_weight="balanced", max_iter=300)
    return model.fit(_table(rows, kept), [row.degree for row in rows], sample_weight=[row.weight for row in rows])


def _table(rows: Sequence[Judged], kept: Grams) -> csr_matrix:
    looks = csr_matrix(np.stack([row.looks for row in rows]) * _raised(rows[0]))
    return hstack([looks, matrix([kept.vector(row.grams) for row in rows], len(kept.names)) * WORDS]).tocsr()


def _raised(row: Judged) -> Floats:
    """By how much each of its looks is."""
    cues = len(names())
    return np.concatenate([np.ones(cues, np.float32), np.full(len(row.looks) - cues, USUAL, np.float32)])
