"""The weights of `knowledge.by_meaning`, fitted anew on labelled questions, and what is reached on questions that were not fitted on.

Ranking: of each answerable question, the right article against those that are nearest beside it. Confidence: whether the first
article is right. Questions about one article are fitted on together or not at all: else those about it tell of each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from knowledge import asking
from knowledge.by_meaning import RANKING, SURE, Asked, features, looked_at, shares
from knowledge.embedding import meaning
from knowledge.measured import FALSE, Question, bound_of
from knowledge.search import STAFF, readable, weighed
from knowledge.shelf import shelf_of, take
from knowledge.stems import question_groups

FOLDS, REPEATS = 5, 4
CURVE = (0.02, FALSE, 0.1)  # of the questions that nothing answers, the shares that get an answer: how many of the others do then
RIVALS = 6  # articles that the right one is set against
STRICT = (3.0, 0.1)  # inverse strength of regularisation: of ranking, of confidence (standardised)

BY_HAND = ("own",)  # weights of ranking that stay as they are: who asks of what is for staff only depends on who made the set

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Observed:
    """One question beside the articles near it: a row an article of what ranks it, and of what speaks for it (without the lead)."""

    question: Question
    slugs: list[str]
    ranking: Floats
    sure: Floats

    @property
    def about(self) -> str:
        """The article that answers it, or comes nearest."""
        return self.question.article or self.slugs[0]


@dataclass(frozen=True)
class Weights:
    ranking: Floats
    sure: Floats
    bias: float

    def judge(self, one: Observed) -> tuple[str, float]:
        """(the first article, logit)."""
        ranks = one.ranking @ self.ranking
        best = int(ranks.argmax())
        return one.slugs[best], float(_with_lead(one, ranks) @ self.sure + self.bias)


def _with_lead(one: Observed, ranks: Floats) -> Floats:
    best = int(ranks.argmax())
    row = np.array(one.sure[best])
    row[list(SURE).index("lead")] = shares(list(ranks))[best]
    return row


def observe(question: Question) -> Observed | None:
    """None for a question that is not looked up by meaning."""
    text, staff = asking.without_orders(question.text), question.audience == STAFF
    groups, row = question_groups(text, question.language) if question.language == "en" else {}, meaning.one(text)
    keys = readable(staff=staff, language=question.language)
    kept = take(keys, question.language) if groups else []
    shelf = shelf_of(tuple(keys), kept) if kept else None
    if shelf is None or row is None:
        return None
    asked = Asked(text, tuple(weighed(groups, kept)), row, staff, asking.ordered(question.text))
    seen = sorted(looked_at(asked, kept, shelf), key=lambda one: -one.rank)
    ranking = np.array([[one.ranking[name] for name in RANKING] for one in seen])
    sure = np.array([[features(asked, one, 0.0)[name] for name in SURE] for one in seen])
    return Observed(question, [one.kept.article.slug for one in seen], ranking, sure)


def fit(rows: Sequence[Observed]) -> Weights:
    ranking = _ranking(rows)
    table = np.array([_with_lead(one, one.ranking @ ranking) for one in rows])
    right = [one.slugs[int((one.ranking @ ranking).argmax())] == one.question.article for one in rows]
    middle, spread = table.mean(0), table.std(0) + 1e-6
    model = LogisticRegression(C=STRICT[1], max_iter=2000)
    model.fit((table - middle) / spread, right)
    sure = model.coef_[0] / spread
    return Weights(ranking, sure, float(model.intercept_[0] - middle @ sure))


def _ranking(rows: Sequence[Observed]) -> Floats:
    """A pair of the right article and one beside it, both ways round; each question weighs the same."""
    pairs, weights = [], []
    for one in rows:
        if one.question.article not in one.slugs:
            continue
        right = one.slugs.index(one.question.article)
        near = [i for i in range(len(one.slugs)) if i != right][:RIVALS]
        pairs += [one.ranking[right] - one.ranking[i] for i in near]
        weights += [1 / RIVALS] * len(near)
    fitted = [i for i, name in enumerate(RANKING) if name not in BY_HAND]
    table = np.array(pairs)[:, fitted]
    model = LogisticRegression(C=STRICT[0], fit_intercept=False, max_iter=2000)
    model.fit(np.vstack([table, -table]), [1] * len(table) + [0] * len(table), sample_weight=np.array(weights * 2))
    found = np.array(list(RANKING.values()))
    found[fitted] = model.coef_[0]
    return found


def told(weights: Weights) -> dict[str, Any]:
    """As they stand in `knowledge.by_meaning`."""
    return {
        "RANKING": {name: round(float(value), 2) for name, value in zip(RANKING, weights.ranking, strict=True)},
        "BIAS": round(weights.bias, 2),
        "SURE": {name: round(float(value), 2) for name, value in zip(SURE, weights.sure, strict=True)},
    }


def unseen(rows: Sequence[Observed]) -> dict[str, Any]:
    """Means over REPEATS: weights and bound of each fold are those of the others."""
    found = [_folded(rows, np.random.default_rng(seed)) for seed in range(REPEATS)]
    return {name: round(float(np.mean([one[name] for one in found])), 3) for name in found[0]}


@dataclass(frozen=True)
class Judged:
    question: Question
    slug: str
    logit: float
    shown: bool  # by the bound of the questions it was fitted on

    @property
    def right(self) -> bool:
        return self.slug == self.question.article


def _folded(rows: Sequence[Observed], chance: np.random.Generator) -> dict[str, float]:
    topics = sorted({one.about for one in rows})
    fold = dict(zip(topics, chance.permutation(len(topics)) % FOLDS, strict=True))
    judged: list[Judged] = []
    for number in range(FOLDS):
        rest = [one for one in rows if fold[one.about] != number]
        weights = fit(rest)
        bound = bound_of(weights.judge(one)[1] for one in rest if not one.question.article)
        for one in rows:
            if fold[one.about] == number:
                slug, logit = weights.judge(one)
                judged.append(Judged(one.question, slug, logit, logit > bound))
    return _figures([one for one in judged if one.question.article], [one for one in judged if not one.question.article])


def _figures(answerable: Sequence[Judged], hopeless: Sequence[Judged]) -> dict[str, float]:
    found = {
        "right article first": float(np.mean([one.right for one in answerable])),
        "answered": float(np.mean([one.shown for one in answerable])),
        "right when answered": float(np.mean([one.right for one in answerable if one.shown] or [False])),
        "false answers": float(np.mean([one.shown for one in hopeless])),
    }
    for false in CURVE:
        bound = bound_of((one.logit for one in hopeless), false)
        found[f"answered at {false:.0%} false"] = float(np.mean([one.logit > bound for one in answerable]))
    return found
