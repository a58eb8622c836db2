"""Fit one linear model to a district's examples, and judge it on examples it has not seen.

Two models are fitted in the same columns, one to the catalog alone and one to everything, and mixed: a catalog of clean
phrases is the better teacher until a district's own tickets repeat themselves. How much the tickets say is chosen by
cross-validation, so that learning from them does not make it worse. Needs scikit-learn.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from routing import classifier, nearness
from routing.classifier import Floats, Label, Model
from routing.examples import Example
from routing.learning.model import Memory, remembered

STEP = 0.01  # when the machine stops: finer steps place no request otherwise, and take twice as long
FOLDS = 4
MANY, NEWEST = 2_000, 1_000  # settled tickets from which the newest alone judge: with more, nothing is chosen otherwise, only later
ENOUGH = 40  # settled tickets from which a model is judged by them, and not by its own catalog
FRESH = 10  # settled tickets newer than the model in use that are enough to compare two models
PRECISION = 0.85  # wanted of what is placed without a person
COLD_THRESHOLD = 0.53  # before there are ENOUGH tickets, of the way from chance to certainty, see `cold_threshold`
LOWEST, HIGHEST = 0.3, 0.95  # a measured threshold stays between these
USUAL_TEMPERATURE, USUAL_WITH_MEANINGS = 8.0, 4.0
TEMPERATURES = (3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0)
USUAL_SHARE = 0.5  # of the model that learned from tickets too
SHARES = (0.5, 0.25, 0.75, 0.1, 1.0)  # the first wins a tie; never none, or new words would not be learned
CURVED = 10.0  # C of the curve from how sure it was to how often it was right
UNKNOWN = -1.0  # score of a label that a model has never seen

Separator = tuple[Floats, Floats]  # weights (features × labels) and bias


@dataclass(frozen=True, eq=False)
class Fitted:
    labels: list[Label]
    columns: dict[str, int]
    idf: Floats
    catalog: Separator
    whole: Separator
    memory: Memory | None = None

    def mixed(self, share: float) -> Model:
        """`share` of the model that learned from tickets too, the rest of the catalog's alone."""
        weights, bias = ((1 - share) * a + share * b for a, b in zip(self.catalog, self.whole, strict=True))
        return Model(self.labels, self.columns, self.idf, weights, bias, usual_temperature(self.memory), memory=self.memory)


@dataclass(frozen=True)
class Verdict:
    """How a candidate did on examples it had not seen, and how it should be used for that."""

    accuracy: float | None
    share: float
    temperature: float
    threshold: float
    right: dict[int, bool]  # index of the example → its team was right
    sure: dict[int, float] = field(default_factory=dict)  # → and how sure that was
    curve: tuple[float, ...] = classifier.STRAIGHT
    warm: bool = False  # judged by settled tickets


@dataclass(frozen=True, eq=False)
class Unseen:
    """What a model said of an example it had not seen."""

    index: int
    example: Example
    labels: list[Label]
    catalog: Floats
    whole: Floats

    def teams(self, share: float, temperature: float) -> dict[UUID, float]:
        scores = ((1 - share) * self.catalog + share * self.whole).astype(np.float32)
        return classifier.by_team(self.labels, classifier.probabilities(scores, temperature))

    def surest(self, share: float, temperature: float) -> tuple[UUID, float]:
        return next(iter(self.teams(share, temperature).items()))

    def is_right(self, share: float, temperature: float) -> bool:
        return self.surest(share, temperature)[0] == self.example.label[1]


def usual_temperature(memory: Memory | None) -> float:
    return USUAL_TEMPERATURE if memory is None else USUAL_WITH_MEANINGS


# --- fitting ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Counted:
    """How often each feature stands in each example, a table a kind: counted once, for the model and for all that judge it."""

    tables: list[csr_matrix]
    names: list[list[str]]

    def part(self, at: Sequence[int]) -> "Counted":
        return Counted([table[at] for table in self.tables], self.names)


def counted(examples: Sequence[Example]) -> Counted:
    seen = [classifier.features(e.text) for e in examples]
    found = [_count([each[kind] for each in seen]) for kind in range(len(classifier.WEIGHTS))]
    return Counted([table for table, _names in found], [names for _table, names in found])


def _count(texts: Sequence[list[str]]) -> tuple[csr_matrix, list[str]]:
    if not any(texts):
        return csr_matrix((len(texts), 0)), []
    counter = CountVectorizer(analyzer=list)
    return counter.fit_transform(texts), counter.get_feature_names_out().tolist()


def fit(examples: Sequence[Example], rows: Floats | None = None, seen: Counted | None = None) -> Fitted | None:
    """None where there is only one label to choose from. `rows`: the examples' meanings, zeros where one has none."""
    labels = sorted({e.label for e in examples}, key=str)
    if len(labels) < 2:
        return None
    columns: dict[str, int] = {}
    idfs: list[Floats] = []
    blocks: list[csr_matrix] = []
    own, seen = np.array([e.at is None for e in examples]), seen or counted(examples)
    for counts, known, weight in zip(seen.tables, seen.names, classifier.WEIGHTS, strict=True):
        matrix, names, idf = _block(counts, known, own)
        columns |= {name: len(columns) + i for i, name in enumerate(names)}
        idfs.append(idf)
        blocks.append(matrix * weight)
    table, place = hstack(blocks).tocsr(), {label: i for i, label in enumerate(labels)}
    target = np.array([place[e.label] for e in examples])
    whole = _separate(table, target, len(labels))
    clean = whole if own.all() or len(set(target[own])) < 2 else _separate(table[own], target[own], len(labels))
    memory = _remembered(examples, target, len(labels), rows) if rows is not None else None
    return Fitted(labels, columns, np.concatenate(idfs), clean, whole, memory)


def _remembered(examples: Sequence[Example], target: NDArray[np.int64], labels: int, rows: Floats) -> Memory:
    told = np.flatnonzero(rows.any(axis=1))
    keys = np.array([nearness.key(examples[at].text[: classifier.MOST]) for at in told.tolist()], dtype=np.uint64)
    return remembered(rows[told], target[told].astype(np.int32), labels, keys)


def _separate(table: csr_matrix, target: NDArray[np.int64], labels: int) -> Separator:
    """One column of weights a label; a label without an example gets none, and the score UNKNOWN."""
    svm = LinearSVC(C=1.0, tol=STEP, dual=True, max_iter=5000, random_state=0).fit(table, target)
    found, bias = svm.coef_.T, svm.intercept_
    if len(svm.classes_) == 2:  # one column tells both
        found, bias = np.hstack([-found, found]), np.concatenate([-bias, bias])
    weights = np.zeros((table.shape[1], labels), dtype=np.float32)
    every = np.full(labels, UNKNOWN, dtype=np.float32)
    weights[:, svm.classes_], every[svm.classes_] = found, bias
    return weights, every


def _block(counts: csr_matrix, names: Sequence[str], own: NDArray[np.bool_]) -> tuple[csr_matrix, list[str], Floats]:
    """One kind of feature: matrix, names of its columns, their idf. No feature at all makes no column."""
    kept = np.flatnonzero(_worth_learning(counts, own))
    if not kept.size:
        return csr_matrix((counts.shape[0], 0)), [], np.zeros(0, dtype=np.float32)
    tfidf = TfidfTransformer(sublinear_tf=True)
    matrix = tfidf.fit_transform(counts[:, kept])
    return matrix, [names[at] for at in kept.tolist()], tfidf.idf_.astype(np.float32)


def _worth_learning(counts: csr_matrix, own: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What stands in the catalog, or in two tickets: a name that one person wrote once is not kept."""
    return np.asarray((counts[own].getnnz(axis=0) > 0) | (counts[~own].getnnz(axis=0) > 1), dtype=np.bool_)


# --- judging ------------------------------------------------------------------------------------------------------------


def judge(examples: Sequence[Example], rows: Floats | None = None, counts: Counted | None = None) -> Verdict:
    """By cross-validation, or where there are MANY tickets by the newest; the same text is never on both sides."""
    chosen, counts = judges(examples), counts or counted(examples)
    warm = len(chosen) >= ENOUGH and all(examples[i].at for i in chosen)
    if warm and len(chosen) >= MANY:
        seen = list(unseen_of(examples, sorted(chosen, key=lambda i: str(examples[i].at))[-NEWEST:], rows, counts))
    else:
        seen = [unseen for fold in range(FOLDS) for unseen in out_of_fold(examples, chosen, fold, rows, counts)]
    usual = USUAL_WITH_MEANINGS if rows is not None else USUAL_TEMPERATURE
    if not seen:
        return Verdict(None, USUAL_SHARE, usual, cold_threshold(examples), {})
    share = min(SHARES, key=lambda s: _loss(seen, s, usual)) if warm else USUAL_SHARE
    temperature = min(TEMPERATURES, key=lambda t: _loss(seen, share, t)) if len(seen) >= ENOUGH else usual
    right = {u.index: u.is_right(share, temperature) for u in seen}
    said = [u.surest(share, temperature)[1] for u in seen]
    curve = calibrated(said, list(right.values())) if warm else classifier.STRAIGHT
    sure = {u.index: classifier.chance(each, curve) for u, each in zip(seen, said, strict=True)}
    threshold = threshold_for(list(sure.values()), list(right.values())) if warm else cold_threshold(examples)
    return Verdict(sum(right.values()) / len(right), share, temperature, threshold, right, sure, curve, warm)


def calibrated(sure: Sequence[float], right: Sequence[bool]) -> tuple[float, ...]:
    """Slope and height of the logistic curve from how sure it was to how often it was right (Platt 1999, with his two extra counts).

    Straight where the settled tickets were all right, or all wrong, or where being surer did not mean being right more often.
    """
    if len(set(right)) < 2:
        return classifier.STRAIGHT
    odds = np.clip(np.asarray(sure, dtype=float), classifier.LEAST, 1 - classifier.LEAST)
    more = np.log(odds / (1 - odds))
    table, target = np.concatenate([more, [more.min(), more.max()]])[:, None], [*right, False, True]
    found = LogisticRegression(C=CURVED).fit(table, target)
    slope, height = float(found.coef_[0, 0]), float(found.intercept_[0])
    return (slope, height) if slope > 0 else classifier.STRAIGHT


def judges(examples: Sequence[Example]) -> list[int]:
    """Indexes of the examples a candidate is judged by: settled tickets where there are enough, else what may stand for them."""
    settled = [i for i, e in enumerate(examples) if e.at]
    return settled if len(settled) >= ENOUGH else [i for i, e in enumerate(examples) if e.judges]


def out_of_fold(
    examples: Sequence[Example], chosen: Sequence[int], fold: int, rows: Floats | None = None, counts: Counted | None = None
) -> Iterator[Unseen]:
    """Of the chosen examples those of one fold."""
    held = [i for i in chosen if hashlib.sha256(examples[i].text.encode()).digest()[0] % FOLDS == fold]
    yield from unseen_of(examples, held, rows, counts)


def unseen_of(
    examples: Sequence[Example], held: Sequence[int], rows: Floats | None = None, counts: Counted | None = None
) -> Iterator[Unseen]:
    """What a model says of these, fitted to all others; whose text is among them is among neither."""
    texts = {examples[i].text for i in held}
    kept = [i for i, e in enumerate(examples) if e.text not in texts] if held else []
    known = counts.part(kept) if counts else None
    fitted = fit([examples[i] for i in kept], rows[kept] if rows is not None else None, known) if kept else None
    if fitted:
        catalog, whole = fitted.mixed(0), fitted.mixed(1)
        for i in held:
            meaning = rows[i] if rows is not None and rows[i].any() else None
            said = (classifier.together(model.by_words(examples[i].text), fitted.memory, meaning) for model in (catalog, whole))
            yield Unseen(i, examples[i], fitted.labels, *said)


def _loss(seen: Sequence[Unseen], share: float, temperature: float) -> float:
    """Mean negative log-likelihood of the right team."""
    right = [u.teams(share, temperature).get(u.example.label[1], 0.0) for u in seen]
    return float(-np.mean(np.log(np.maximum(right, 1e-6))))


def cold_threshold(examples: Sequence[Example]) -> float:
    """Of few teams one is easily likeliest, so more is asked for: 0.77 of two, 0.56 of eighteen."""
    chance = 1 / max(2, len({e.label[1] for e in examples}))
    return chance + (1 - chance) * COLD_THRESHOLD


def threshold_for(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """The lowest confidence from which on PRECISION of the examples were right; HIGHEST where no part of them was."""
    order = np.argsort(-np.asarray(confidences))
    hits: NDArray[np.float64] = np.cumsum(np.asarray(right, dtype=float)[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(hits >= PRECISION)
    if not good.size:
        return HIGHEST
    return float(np.clip(confidences[int(order[good.max()])], LOWEST, HIGHEST))


def is_worse(verdict: Verdict, examples: Sequence[Example], incumbent: Model, since: datetime, *, strict: bool = False) -> bool:
    """Worse than the model in use, on the same tickets for both: those settled since that was trained, whose words it has never seen.

    `strict`: the one in use was gone back to. What would take its place has to show that it is no worse, and on enough of them.
    """
    known = {e.text for e in examples if e.at is None or e.at <= since}
    fresh = [i for i in verdict.right if (at := examples[i].at) and at > since and examples[i].text not in known]
    if len(fresh) < FRESH:
        return strict
    today: dict[UUID | None, UUID] = {e.label[0]: e.label[1] for e in examples if e.at is None and e.label[0]}
    new = sum(verdict.right[i] for i in fresh)
    old = sum(_team_of(incumbent, examples[i].text, today) == examples[i].label[1] for i in fresh)
    return new < old if strict else new < old - 1 - 0.02 * len(fresh)


def _team_of(model: Model, text: str, today: Mapping[UUID | None, UUID]) -> UUID:
    """Of today: a service that moved since the model was trained counts for its team of now, as it does when a ticket comes in."""
    labels = [(service, today.get(service, team)) for service, team in model.labels]
    return next(iter(classifier.by_team(labels, classifier.probabilities(model.scores(text), model.temperature))))
