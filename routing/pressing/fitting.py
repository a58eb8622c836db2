"""Fit the weights of `judging` to labelled messages, and tell what they reach on others. Needs scikit-learn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from routing.governing.figures import macro_f1
from routing.learning.features import Floats
from routing.pressing.cues import names
from routing.pressing.judging import BY_MEANING, BY_WORDS

STRICT = 0.3  # inverse strength of regularisation
USUAL, MEANING = 2.0, 3.0  # by which these are raised before fitting, so that they are held back less
PHRASE = 0.4  # weight of a short phrase of the starter pack beside a whole message
FOLDS = 10


@dataclass(frozen=True, eq=False)
class Judged:
    """A message with its degree (place in `judging.DEGREES`); `meaning` of zeros where there is none."""

    cues: Floats
    usual: Floats
    meaning: Floats
    degree: int
    whole: bool  # a message, not a phrase


def fit(rows: Sequence[Judged]) -> dict[str, Any]:
    return {"cues": names(), "heads": [BY_WORDS, BY_MEANING], BY_WORDS: _head(rows, False), BY_MEANING: _head(rows, True)}


def unseen(rows: Sequence[Judged]) -> dict[str, float | None]:
    """By cross-validation over the whole messages: macro-F1, share right, share at most one degree off."""
    whole = [at for at, row in enumerate(rows) if row.whole]
    degrees = np.array([rows[at].degree for at in whole])
    given = np.zeros_like(degrees)
    for _kept, held in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(degrees, degrees):
        out = {whole[i] for i in held.tolist()}
        model = _fitted([row for at, row in enumerate(rows) if at not in out], True)
        given[held] = model.predict(_table([rows[whole[i]] for i in held.tolist()], True))
    pairs = [(str(wanted), str(said)) for wanted, said in zip(degrees.tolist(), given.tolist(), strict=True)]
    near = np.abs(degrees - given)
    return {
        "macro-F1": macro_f1(pairs),
        "right": round(float((near == 0).mean()), 3),
        "at most one off": round(float((near <= 1).mean()), 3),
    }


def _fitted(rows: Sequence[Judged], by_meaning: bool) -> LogisticRegression:
    weights = np.array([1.0 if row.whole else PHRASE for row in rows])
    model = LogisticRegression(C=STRICT, class_weight="balanced", max_iter=1000)
    return model.fit(_table(rows, by_meaning), [row.degree for row in rows], sample_weight=weights)


def _table(rows: Sequence[Judged], by_meaning: bool) -> NDArray[np.float32]:
    return np.stack([
        np.concatenate([row.cues, USUAL * row.usual, *([MEANING * row.meaning] if by_meaning else [])]) for row in rows
    ])  # fmt: skip


def _head(rows: Sequence[Judged], by_meaning: bool) -> dict[str, Any]:
    """Weights for figures as they come, not raised."""
    model = _fitted(rows, by_meaning)
    parts = [np.ones_like(rows[0].cues), np.full_like(rows[0].usual, USUAL), np.full_like(rows[0].meaning, MEANING)]
    raised = np.concatenate(parts if by_meaning else parts[:2])
    return {"weights": (model.coef_.T * raised[:, None]).round(3).tolist(), "bias": model.intercept_.round(3).tolist()}
