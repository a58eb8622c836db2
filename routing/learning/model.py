"""A trained model, and what it reads in a text. Arrays only; reading needs NumPy alone, training is in `fitting`.

Three heads: one of words and letters, which serves alone where no embedder can be had; one of meanings; and one of both together.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.learning.features import Embed, Floats, Vector, Vocabulary

Halves = NDArray[np.float16]
Seen = tuple[Floats, NDArray[np.float64]]  # scores of the labels, and signs that it is any of them
BEST = 3
HEAD = ("surface", "meaning", "bias")
BY_WORDS, BY_MEANING = "words", "words and meaning"
SURFACE_SHARE = 0.4  # of the words' log-probabilities beside the meanings', where examples are few
NEAR_FEW, NEAR_MANY = 10.0, 2.0  # what the nearest examples of a label say, times their likeness (cosine), beside the heads
OF_HEADS = 2, 3  # nearest examples of each label that say it, where examples are few and many
OF_LABEL, OF_ANY = 5, 20  # nearest examples that tell whether it is any label: of the one that was read, and of all
MOST_REMEMBERED = 200  # examples of a label whose meanings are kept
AT_ONCE = 256  # texts whose likeness to all examples is held in memory at the same time


class Reading(NamedTuple):
    """What a model says of a text. `chances` of all its labels, in the order of `labels`; `confidence` that the best is right."""

    best: list[tuple[str, float]]
    confidence: float
    in_scope: bool
    engine: str
    chances: Floats


@dataclass(frozen=True, eq=False)
class Head:
    """Weights of words and letters (features × labels), of meanings (figures × labels), or of both; and a bias a label."""

    surface: Halves | None
    meaning: Floats | None
    bias: Floats

    def scores(self, vector: Vector, meaning: Floats | None) -> Floats:
        found = self.bias
        if self.surface is not None:
            found = found + vector[1] @ self.surface[vector[0]].astype(np.float32)
        if self.meaning is not None and meaning is not None:
            found = found + meaning @ self.meaning
        return np.asarray(found, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Memory:
    """Meanings of the examples, a row each; `slots`: for each label the rows of its own, filled up with -1.

    `keys` tell which text a row is of, without telling the text: so that it need not be computed again.
    """

    rows: Halves
    slots: NDArray[np.int32]
    keys: NDArray[np.uint64] | None = None

    @cached_property
    def wide(self) -> Floats:
        return self.rows.astype(np.float32)

    def near(self, meanings: Floats) -> "Nearest":
        return [
            self._near(likeness) for at in range(0, len(meanings), AT_ONCE) for likeness in meanings[at : at + AT_ONCE] @ self.wide.T
        ]

    def _near(self, likeness: Floats) -> tuple[Floats, float]:
        """Likenesses of the OF_LABEL nearest of each label, the nearest first (NaN where it has fewer), and the mean of all labels'."""
        own = np.append(likeness, np.float32(-9))[self.slots]
        most = min(OF_LABEL, own.shape[1])
        best = -np.sort(-np.partition(own, -most, axis=1)[:, -most:], axis=1)
        return np.where(best < -2, np.float32(np.nan), best), _top(likeness, OF_ANY)


Nearest = list[tuple[Floats, float]]


def remembered(rows: Floats, target: NDArray[np.int32], labels: int, keys: NDArray[np.uint64] | None = None) -> Memory:
    """The last MOST_REMEMBERED of each label."""
    own = [np.flatnonzero(target == label)[-MOST_REMEMBERED:] for label in range(labels)]
    kept = np.sort(np.concatenate(own))
    slots = np.full((labels, max(1, *(len(each) for each in own))), -1, dtype=np.int32)
    for label, each in enumerate(own):
        slots[label, : len(each)] = np.searchsorted(kept, each)
    return Memory(rows[kept].astype(np.float16), slots, None if keys is None else keys[kept])


@dataclass(frozen=True)
class Scale:
    """From scores to chances, fixed on examples the model had not seen.

    `temperature` multiplies scores; `means` and `spreads` are of the signs that a text is one of the labels at all, `steepness` and
    `height` turn their sum into the chance that the best label is right; below `threshold` of that sum it is none of them.
    """

    temperature: float = 1.0
    means: tuple[float, ...] = (0.0,)
    spreads: tuple[float, ...] = (1.0,)
    steepness: float = 1.0
    height: float = 0.0
    threshold: float = -1e9

    def sum_of(self, signs: NDArray[np.float64]) -> NDArray[np.float64]:
        """`signs`: a row a text."""
        return np.asarray(((signs - np.asarray(self.means)) / np.asarray(self.spreads)).sum(axis=1), dtype=np.float64)

    def chance(self, total: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(1 / (1 + np.exp(-np.clip(self.steepness * total + self.height, -40, 40))), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Model:
    """`joint` and `meaning` are None where no embedder was there to learn with; at most one of the two is used."""

    labels: list[str]
    vocabulary: Vocabulary
    words: Head
    meaning: Head | None
    joint: Head | None
    memory: Memory
    by_words: Scale
    by_meaning: Scale

    @property
    def uses_meaning(self) -> bool:
        return self.joint is not None or self.meaning is not None

    def read(self, texts: Sequence[str], *, embed: Embed | None = None) -> list[Reading]:
        """Whatever the texts are; with no embedder, and of texts in a language it does not speak, by their words."""
        rows = embed(texts) if embed and self.uses_meaning and texts else None
        return self.read_rows(texts, rows)

    def read_rows(self, texts: Sequence[str], rows: Floats | None) -> list[Reading]:
        """`rows`: what an embedder makes of the texts."""
        told = np.zeros(len(texts), dtype=bool) if rows is None else rows.any(axis=1)
        vectors = [self.vocabulary.vector(text) for text in texts]
        found: list[Seen] = [self.by_words_of(vector) for vector in vectors]
        if rows is not None:
            at = np.flatnonzero(told).tolist()
            for i, seen in zip(at, self.by_meaning_of([vectors[i] for i in at], rows[at]), strict=True):
                found[i] = seen
        return [self._reading(scores, signs, by) for (scores, signs), by in zip(found, told.tolist(), strict=True)]

    def by_words_of(self, vector: Vector) -> Seen:
        scores = self.words.scores(vector, None)
        return scores, np.array([scores.max()], dtype=np.float64)

    def by_meaning_of(self, vectors: Sequence[Vector], meanings: Floats) -> list[Seen]:
        near = self.memory.near(meanings) if vectors else []
        return [self._with_near(self._heads(*each), *known) for *each, known in zip(vectors, meanings, near, strict=True)]

    def _heads(self, vector: Vector, meaning: Floats) -> Floats:
        if self.joint is not None:
            return self.joint.scores(vector, meaning)
        assert self.meaning is not None
        told = log_softmax(self.meaning.scores(vector, meaning))
        return told + np.float32(SURFACE_SHARE) * log_softmax(self.words.scores(vector, None))

    def _with_near(self, scores: Floats, near: Floats, any_label: float) -> Seen:
        """Scores of the labels; and the signs that it is one of them: its best score, and how near the nearest examples are."""
        few = self.joint is None
        likeness = np.nan_to_num(_mean(near[:, : OF_HEADS[0 if few else 1]]))
        told = scores + np.float32(NEAR_FEW if few else NEAR_MANY) * likeness
        own = np.nan_to_num(_mean(near[int(told.argmax())][None]))[0]
        return told, np.array([told.max(), own, any_label], dtype=np.float64)

    def _reading(self, scores: Floats, signs: NDArray[np.float64], told: bool) -> Reading:
        scale = self.by_meaning if told else self.by_words
        chances = np.exp(log_softmax(scores * np.float32(scale.temperature)))
        total = scale.sum_of(signs[None])
        sure, any_of_them = float(scale.chance(total)[0]), bool(total[0] >= scale.threshold)
        return Reading(best_of(self.labels, chances), sure, any_of_them, BY_MEANING if told else BY_WORDS, chances)


def best_of(labels: Sequence[str], chances: Floats) -> list[tuple[str, float]]:
    order = np.argsort(-chances, kind="stable")[:BEST]
    return [(labels[at], float(chances[at])) for at in order.tolist()]


def log_softmax(scores: Floats) -> Floats:
    """Along the last axis."""
    top = scores - scores.max(axis=-1, keepdims=True)
    return np.asarray(top - np.log(np.exp(top).sum(axis=-1, keepdims=True)), dtype=np.float32)


def _top(values: Floats, most: int) -> float:
    """Mean of the largest; of none at all 0."""
    if values.size <= most:
        return float(values.mean()) if values.size else 0.0
    return float(np.partition(values, -most)[-most:].mean())


def _mean(near: Floats) -> Floats:
    """Of what is a number, row by row; NaN where nothing is."""
    known = ~np.isnan(near)
    return np.asarray(np.where(known, near, 0).sum(axis=1) / np.where(known.any(axis=1), known.sum(axis=1), np.nan), dtype=np.float32)


# --- kept and loaded ----------------------------------------------------------------------------------------------------


def arrays(model: Model) -> dict[str, NDArray[Any]]:
    """Everything of a model as plain arrays; text as the bytes of JSON. Nothing in them can run."""
    names = [name for name in ("words", "meaning", "joint") if getattr(model, name) is not None]
    told = {
        "labels": model.labels, "names": model.vocabulary.names, "heads": names,
        "by_words": asdict(model.by_words), "by_meaning": asdict(model.by_meaning),
    }  # fmt: skip
    found: dict[str, NDArray[Any]] = {
        "told": np.frombuffer(json.dumps(told).encode(), dtype=np.uint8),
        "idf": model.vocabulary.idf.astype(np.float16),
    }
    for name in names:
        head = getattr(model, name)
        found |= {f"{name}.{part}": value for part in HEAD if (value := getattr(head, part)) is not None}
    return found | {"memory.rows": model.memory.rows, "memory.slots": model.memory.slots}


def from_arrays(kept: Mapping[str, NDArray[Any]]) -> Model:
    """Raises KeyError or ValueError of what is no model."""
    told = json.loads(kept["told"].tobytes())
    heads = {n: Head(kept.get(f"{n}.surface"), kept.get(f"{n}.meaning"), kept[f"{n}.bias"]) for n in told["heads"]}
    return Model(
        told["labels"], Vocabulary(told["names"], kept["idf"].astype(np.float32)), heads["words"], heads.get("meaning"),
        heads.get("joint"), Memory(kept["memory.rows"], kept["memory.slots"]), Scale(**told["by_words"]), Scale(**told["by_meaning"]),
    )  # fmt: skip
