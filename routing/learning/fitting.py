"""Fit a model to labelled texts, and fix its chances and its limits on parts of them that it was not shown. Needs scikit-learn.

Where a label has many examples, one support-vector machine sees words, letters and meanings at once (Joachims 1998; Cortes and Vapnik
1995). Where it has a handful, logistic regressions see meanings and words apart and their log-probabilities are added: on so few words
a machine of both learns mostly who used which. The label's own name is then an example too.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from routing.learning.features import KINDS, Embed, Floats, Vector, Vocabulary
from routing.learning.model import Head, Model, Scale, Seen, log_softmax, remembered

FEW = 20  # examples a label, on average, below which heads are added
MOST_COLUMNS = (40_000, 40_000)  # words, letters
MANY = 1_000  # texts
MEANING = 2.0  # length of a meaning beside words and letters of length 1
MARGIN = 0.5  # C of the support-vector machine
LOOSE_MEANING, LOOSE_WORDS = 60.0, 30.0  # C of the regressions
STEP = 0.01  # when the machine stops: a hundred times finer changes no label of a thousand, and takes twice as long
FOLDS = 4
ONE_FOLD_FROM = 2_000  # examples of which one part held out is enough to fix chances and limits
FALSE_REJECT = 0.05  # of texts that are one of the labels and yet are told to be none
TEMPERATURES = tuple(np.geomspace(0.3, 30, 40))
FEWEST = 20  # unseen examples below which nothing is measured, and the usual is taken


class TooLittle(Exception):
    """Fewer than two labels: there is nothing to choose from."""


@dataclass(frozen=True, eq=False)
class Examples:
    """`meanings` has a row of zeros where there is none; None where nothing has. `vectors` are there once words are learned."""

    texts: list[str]
    labels: list[int]
    meanings: Floats | None
    vectors: list[Vector] = field(default_factory=list)

    def part(self, at: Sequence[int]) -> "Examples":
        rows = None if self.meanings is None else self.meanings[list(at)]
        texts, labels, vectors = ([every[i] for i in at] for every in (self.texts, self.labels, self.vectors))
        return Examples(texts, labels, rows, vectors)  # type: ignore[arg-type]

    @property
    def target(self) -> NDArray[np.int32]:
        return np.array(self.labels, dtype=np.int32)


def fit(examples: Sequence[tuple[str, str]], *, embed: Embed | None = None) -> Model:
    """[(text, label)] → a model. Raises TooLittle."""
    labels = sorted({label for _text, label in examples})
    if len(labels) < 2:
        raise TooLittle("two labels at least")
    place = {label: at for at, label in enumerate(labels)}
    texts = [text for text, _label in examples]
    given = Examples(texts, [place[label] for _text, label in examples], embed(texts) if embed else None)
    if len(texts) < FEW * len(labels):
        given = _with_names(given, labels, embed)
    vocabulary = learn_words(given.texts)
    given = replace(given, vectors=[vocabulary.vector(text) for text in given.texts])
    with threadpool_limits(1):  # their threads wait for each other longer than they compute
        return scaled(train(given, labels, vocabulary), given)


def _with_names(given: Examples, labels: Sequence[str], embed: Embed | None) -> Examples:
    """A name that says something is an example of its label; numbers and letters of a list are not."""
    said = {at: name for at, label in enumerate(labels) if len(name := label.replace("_", " ").strip(" ?").lower()) > 3}
    told = [(at, name) for at, name in said.items() if any(part.isalpha() and len(part) > 2 for part in name.split())]
    names = [name for _at, name in told]
    rows = embed(names) if embed and given.meanings is not None and names else None
    together = given.meanings if rows is None or given.meanings is None else np.concatenate([given.meanings, rows])
    if given.meanings is not None and rows is None:
        return given
    return Examples(given.texts + names, given.labels + [at for at, _name in told], together)


# --- heads --------------------------------------------------------------------------------------------------------------


def train(given: Examples, labels: list[str], vocabulary: Vocabulary) -> Model:
    """Unscaled: its chances mean nothing yet."""
    surface, target = matrix(given.vectors, len(vocabulary.names)), given.target
    few = len(target) < FEW * len(labels)
    rows = given.meanings
    told = np.zeros(len(target), dtype=bool) if rows is None else rows.any(axis=1)
    words = _split(_separate(surface, target, len(labels), few), surface.shape[1], surface=True)
    meaning = joint = None
    if rows is not None and told.any() and len(set(target[told].tolist())) > 1:
        if few:
            meaning = _split(_regress(rows[told], target[told], len(labels), LOOSE_MEANING), 0, surface=False)
        else:
            both = hstack([surface[told], csr_matrix(MEANING * rows[told])]).tocsr()
            joint = _split(_separate(both, target[told], len(labels), few), surface.shape[1], surface=True)
    memory = remembered(np.zeros((0, 1), np.float32) if rows is None else rows[told], target[told], len(labels))
    return Model(labels, vocabulary, words, meaning, joint, memory, Scale(), Scale())


def learn_words(texts: Sequence[str]) -> Vocabulary:
    """What stands in the texts, the commonest first where there is too much. Of many texts, letters seen once say nothing."""
    names: list[str] = []
    idf: list[Floats] = []
    for kind, most in zip(KINDS, MOST_COLUMNS, strict=True):
        seen = Counter(name for text in texts for name in set(kind(text)))
        kept = [name for name, times in seen.most_common(most) if times > 1 or kind is KINDS[0] or len(texts) < MANY]
        names += kept
        idf.append(np.log((1 + len(texts)) / (1 + np.array([seen[name] for name in kept], dtype=np.float32))) + 1)
    return Vocabulary(names, np.concatenate(idf).astype(np.float32))


def matrix(vectors: Sequence[Vector], columns: int) -> csr_matrix:
    ends = np.cumsum([0, *(len(at) for at, _values in vectors)])
    at, values = (np.concatenate([vector[part] for vector in vectors]) for part in (0, 1))
    return csr_matrix((values, at, ends), shape=(len(vectors), columns))


def _separate(table: csr_matrix, target: NDArray[np.int32], labels: int, few: bool) -> tuple[Floats, Floats]:
    """(weights: features × labels, bias)."""
    if few:
        return _regress(table, target, labels, LOOSE_WORDS)
    svm = LinearSVC(C=MARGIN, tol=STEP, dual=True, max_iter=2000, random_state=0).fit(table, target)
    return _of_every(svm.coef_, svm.intercept_, svm.classes_, labels, unseen=-1.5)


def _regress(table: csr_matrix | Floats, target: NDArray[np.int32], labels: int, looseness: float) -> tuple[Floats, Floats]:
    found = LogisticRegression(C=looseness, max_iter=200).fit(table, target)
    return _of_every(found.coef_, found.intercept_, found.classes_, labels, unseen=-10.0)


def _of_every(
    coefficients: NDArray[np.float64], bias: NDArray[np.float64], known: NDArray[np.int32], labels: int, *, unseen: float
) -> tuple[Floats, Floats]:
    """A column a label; one without an example has no weights and the score `unseen`. Of two labels one column tells both."""
    if len(known) == 2:
        coefficients, bias = np.vstack([-coefficients, coefficients]), np.concatenate([-bias, bias])
    weights = np.zeros((coefficients.shape[1], labels), dtype=np.float32)
    every = np.full(labels, unseen, dtype=np.float32)
    weights[:, known], every[known] = coefficients.T, bias
    return weights, every


def _split(found: tuple[Floats, Floats], columns: int, *, surface: bool) -> Head:
    """The first `columns` rows weigh words and letters, the others meanings, which are seen in their own length from now on."""
    weights, bias = found
    of_words = weights[:columns].astype(np.float16) if surface else None
    rest = weights[columns:] * (MEANING if surface else 1.0)
    return Head(of_words, rest.astype(np.float32) if len(rest) else None, bias)


# --- chances and limits ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Unseen:
    """What models said of texts they were not shown."""

    scores: Floats
    signs: NDArray[np.float64]
    target: NDArray[np.int32]


def scaled(model: Model, given: Examples) -> Model:
    """The same model with its chances and limits fixed, by words and by meanings apart."""
    parts = list(_out_of_fold(given, model))
    rows = given.meanings if model.uses_meaning else None
    by_words = _scale(_unseen(parts, None))
    by_meaning = _scale(_unseen(parts, rows)) if rows is not None else by_words
    return replace(model, by_words=by_words, by_meaning=by_meaning)


Part = tuple[Model, Examples]  # a model, and examples it was not shown


def _out_of_fold(given: Examples, model: Model) -> Iterator[Part]:
    """Words and how telling they are were counted in all texts; what they say was learned without those held out."""
    seen: defaultdict[int, int] = defaultdict(int)
    folds: list[int] = []
    first: dict[str, int] = {}
    for text, label in zip(given.texts, given.labels, strict=True):  # the same text is never on both sides
        folds.append(first.setdefault(text, seen[label] % FOLDS))
        seen[label] += 1
    for fold in range(1 if len(folds) >= ONE_FOLD_FROM else FOLDS):
        held = [at for at, its in enumerate(folds) if its == fold]
        rest = [at for at, its in enumerate(folds) if its != fold]
        known = {given.labels[at] for at in rest}
        held = [at for at in held if given.labels[at] in known]
        if held and len(known) > 1:
            yield train(given.part(rest), model.labels, model.vocabulary), given.part(held)


def _unseen(parts: Sequence[Part], meanings: Floats | None) -> Unseen | None:
    found = [one for model, held in parts if (one := _said(model, held, by_meaning=meanings is not None)) is not None]
    if not found:
        return None
    return Unseen(*(np.concatenate([getattr(one, name) for one in found]) for name in ("scores", "signs", "target")))


def _said(model: Model, held: Examples, *, by_meaning: bool) -> Unseen | None:
    seen: list[Seen]
    if not by_meaning:
        part, seen = held, [model.by_words_of(vector) for vector in held.vectors]
    else:
        usable = held.meanings is not None and model.uses_meaning
        part = held.part(np.flatnonzero(held.meanings.any(axis=1)).tolist() if held.meanings is not None and usable else [])
        seen = model.by_meaning_of(part.vectors, part.meanings) if part.meanings is not None else []
    if not seen:
        return None
    return Unseen(np.stack([scores for scores, _signs in seen]), np.stack([signs for _scores, signs in seen]), part.target)


def _scale(unseen: Unseen | None) -> Scale:
    if unseen is None or len(unseen.target) < FEWEST:
        return Scale()
    temperature = min(TEMPERATURES, key=lambda t: _loss(unseen, t))
    scale = Scale(float(temperature), tuple(unseen.signs.mean(axis=0).tolist()), tuple((unseen.signs.std(axis=0) + 1e-6).tolist()))
    total = scale.sum_of(unseen.signs)
    right = unseen.scores.argmax(axis=1) == unseen.target
    steepness, height = _chance_of(total, right)
    return replace(scale, steepness=steepness, height=height, threshold=float(np.quantile(total, FALSE_REJECT)))


def _loss(unseen: Unseen, temperature: float) -> float:
    """Mean negative log-likelihood of the right label."""
    told = log_softmax(unseen.scores * np.float32(temperature))
    return -float(told[np.arange(len(told)), unseen.target].mean())


def _chance_of(total: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, float]:
    """Steepness and height of the logistic curve (Platt 1999, with his two extra counts) from sums to the share that was right."""
    more = np.concatenate([total, [total.min(), total.max()]])[:, None]
    found = LogisticRegression(C=100.0).fit(more, np.concatenate([right, [False, True]]))
    return max(float(found.coef_[0, 0]), 1e-3), float(found.intercept_[0])
