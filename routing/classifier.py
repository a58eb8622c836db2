"""The learned classifier: which team, which service, how likely.

A model is a vocabulary and one matrix of weights, kept as plain arrays (`numpy.savez` without pickle), so loading one cannot
run code; its HMAC under SECRET_KEY, bound to district and version, says that this product wrote it. Predicting is one small
matrix product. Training is in `training`, which alone needs scikit-learn.
"""

import io
import json
import struct
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any
from uuid import UUID
from zipfile import BadZipFile

import numpy as np
from django.utils.crypto import constant_time_compare, salted_hmac
from numpy.typing import NDArray

from districts.scope import require_district_id
from routing import nearness
from routing.learning.model import Memory
from routing.lexicon import meanings
from routing.models import TrainedModel
from routing.words import fold

Floats = NDArray[np.float32]
Label = tuple[UUID | None, UUID]  # service, where one is known, and team

MAGIC = b"FDC2"
HEADER = 36  # bytes: magic, then the SHA-256 of what it was trained on
WEIGHTS = (1.0, 1.0, 0.4)  # of words, letters and meanings
NOBODY = -0.65  # score of "none of these": a label that knows its text scores near or above 0, any other near -1
WORDS_ALONE = 2.0  # times the score of words, beside scores that meanings have spread
STRAIGHT = (1.0, 0.0)
LEAST = 1e-4  # and as much below 1: as far as a chance goes where its logit is taken
MOST = 2500  # characters read
SPOKEN = 0.25  # share of words that a model knows of a text in a language it was taught
KEPT_LOADED = 8  # models in memory, 10 MB each, 20 after thousands of tickets
STOP = frozenset(
    "a an the i im ive id my me us is it its to of in on for and or we our you your be been are was were at this that them then there"
    " than with have has do does did dont doesnt didnt isnt arent wasnt not no can will would could should also too very some any more"
    " just like please thanks thank hi hello from they he she her his so but if as by about what when who how son daughter"
    " el la los las un una de del en y o que por para con mi me se lo le es al no si su hola gracias favor hijo hija".split()
)


class Refused(Exception):
    """The stored model is not one of ours, or cannot be read: train again."""


# --- features -----------------------------------------------------------------------------------------------------------


def features(text: str) -> tuple[list[str], list[str], list[str]]:
    """Words (one and two), letters (three to five within a word, marked #), meanings (marked =)."""
    every = fold(text[:MOST]).split()
    told = [word for word in every if word not in STOP]
    pairs = [f"{a} {b}" for a, b in pairwise(told)]
    return told + pairs, [part for word in told for part in letters(word)], [f"={m}" for m in meanings(every)]


@lru_cache(maxsize=8192)
def letters(word: str) -> tuple[str, ...]:
    """All runs of three to five letters of a word, its ends marked."""
    word = f"<{word[:40]}>"
    return tuple(f"#{word[i : i + n]}" for n in (3, 4, 5) for i in range(len(word) - n + 1))


# --- the model ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Model:
    labels: list[Label]
    columns: dict[str, int]  # feature → row of `weights`
    idf: Floats
    weights: Floats  # features × labels
    bias: Floats
    temperature: float
    tags: tuple[str, ...] = ()  # prefixes of the district's asset tags, as its catalog writes them
    version: int = 0
    threshold: float = 0.5
    memory: Memory | None = None  # meanings of what its labels are known by; None where there was no embedder
    curve: tuple[float, ...] = STRAIGHT  # see `chance`

    def vector(self, text: str) -> tuple[NDArray[np.intp], Floats]:
        """Rows and values of the text: sublinear tf-idf, each kind of feature brought to its own length."""
        rows: list[NDArray[np.intp]] = []
        values: list[Floats] = []
        for kind, weight in zip(features(text), WEIGHTS, strict=True):
            counts = Counter(self.columns[f] for f in kind if f in self.columns)
            at = np.fromiter(counts.keys(), dtype=np.intp, count=len(counts))
            value = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32, count=len(counts)))) * self.idf[at]
            length = float(np.linalg.norm(value)) or 1.0
            rows.append(at)
            values.append((value * (weight / length)).astype(np.float32))
        return np.concatenate(rows), np.concatenate(values)

    def knows(self, text: str) -> bool:
        """Any feature of the text was seen in training."""
        return bool(self.vector(self._told(text))[0].size)

    def meaning(self, text: str) -> Floats | None:
        """None: nothing here was learned by meaning, no embedder can be had, or it does not speak the text's language."""
        return nearness.row(text[:MOST]) if self.memory is not None else None

    def scores(self, text: str) -> Floats:
        return together(self.by_words(text), self.memory, self.meaning(text))

    def by_words(self, text: str) -> Floats:
        rows, values = self.vector(self._told(text))
        return np.asarray(values @ self.weights[rows] + self.bias, dtype=np.float32)

    def _told(self, text: str) -> str:
        """The text, or its words in English, where it is of a language that nothing was learned of."""
        english = nearness.spoken(text[:MOST])
        if english is None or english == text[:MOST]:
            return text
        words = fold(text[:MOST]).split()
        return text if sum(word in self.columns for word in words) >= SPOKEN * len(words) else english

    def telling(self, text: str, label: int, most: int = 4) -> list[str]:
        """The words of the text that spoke most for a label, the strongest first."""
        words = dict.fromkeys(w for w in features(text)[0] if w in self.columns)
        gain = {w: float(self.idf[self.columns[w]] * self.weights[self.columns[w], label]) for w in words}
        best = sorted((w for w in gain if gain[w] > 0), key=lambda w: -gain[w])[: 2 * most]
        return [w for w in best if not any(w != b and w in b.split() for b in best)][:most]


def together(words: Floats, memory: Memory | None, meaning: Floats | None) -> Floats:
    """Scores of words and of meanings; where a model knows meanings and a text has none, words count for more."""
    if memory is None:
        return words
    if meaning is None:
        return np.asarray(NOBODY + WORDS_ALONE * (words - NOBODY), dtype=np.float32)
    return np.asarray(words + nearness.gain(memory, meaning), dtype=np.float32)


def probabilities(scores: Floats, temperature: float) -> Floats:
    """Of each label; what is missing to 1 is the chance that it is none of them (a text like nothing that was learned)."""
    top = max(float(scores.max()), NOBODY)
    raised = np.exp((scores - top) * temperature)
    nobody = np.exp((NOBODY - top) * temperature)
    return np.asarray(raised / (raised.sum() + nobody), dtype=np.float32)


def chance(sure: float, curve: tuple[float, ...]) -> float:
    """How often what is so `sure` was right, by the logistic curve (Platt 1999) that the district's own tickets gave: slope and height
    over the logit. A straight one changes nothing."""
    if curve == STRAIGHT:
        return sure
    odds = min(max(sure, LEAST), 1 - LEAST)
    return float(1 / (1 + np.exp(-(curve[0] * np.log(odds / (1 - odds)) + curve[1]))))


def by_team(labels: Sequence[Label], chances: Floats) -> dict[UUID, float]:
    """Sums of the labels' probabilities, the likeliest team first."""
    sums: dict[UUID, float] = {}
    for (_service, team), p in zip(labels, chances.tolist(), strict=True):
        sums[team] = sums.get(team, 0.0) + p
    return dict(sorted(sums.items(), key=lambda item: -item[1]))


# --- kept and loaded ----------------------------------------------------------------------------------------------------


def pack(model: Model, fingerprint: bytes) -> bytes:
    meta = {
        "labels": [[str(service) if service else None, str(team)] for service, team in model.labels],
        "temperature": model.temperature,
        "tags": model.tags,
        "curve": model.curve,
    }
    words = "\n".join(sorted(model.columns, key=model.columns.__getitem__))
    out = io.BytesIO()
    memory: dict[str, NDArray[Any]] = {"rows": model.memory.rows, "slots": model.memory.slots} if model.memory else {}
    if model.memory and model.memory.keys is not None:
        memory["keys"] = model.memory.keys
    np.savez_compressed(
        out, allow_pickle=False, idf=model.idf.astype(np.float16), weights=model.weights.astype(np.float16), bias=model.bias,
        meta=np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8), words=np.frombuffer(words.encode(), dtype=np.uint8),
        **memory,
    )  # fmt: skip
    return header(fingerprint) + out.getvalue()


def header(fingerprint: bytes) -> bytes:
    return struct.pack("4s32s", MAGIC, fingerprint)


def unpack(blob: bytes, *, version: int = 0, threshold: float = 0.5) -> Model:
    """Raises Refused."""
    if blob[: len(MAGIC)] != MAGIC:
        raise Refused("written by another version of this product" if blob else "its arrays are not there")
    try:
        with np.load(io.BytesIO(blob[HEADER:]), allow_pickle=False) as kept:
            meta, words = json.loads(kept["meta"].tobytes()), kept["words"].tobytes().decode().split("\n")
            weights, idf, bias = kept["weights"].astype(np.float32), kept["idf"].astype(np.float32), kept["bias"]
            memory = Memory(kept["rows"], kept["slots"], kept.get("keys")) if "rows" in kept else None
        labels: list[Label] = [(UUID(service) if service else None, UUID(team)) for service, team in meta["labels"]]
        temperature, tags, curve = float(meta["temperature"]), tuple(meta["tags"]), tuple(meta.get("curve", STRAIGHT))
    except (ValueError, KeyError, TypeError, OSError, EOFError, BadZipFile, zlib.error) as error:
        raise Refused(f"unreadable: {error}") from error
    columns = {word: row for row, word in enumerate(words)} if words != [""] else {}
    if weights.shape != (len(columns), len(labels)) or len(idf) != len(columns) or len(bias) != len(labels):
        raise Refused("its parts do not fit together")
    return Model(labels, columns, idf, weights, bias, temperature, tags, version, threshold, memory, curve)


def sign(blob: bytes, *, district_id: UUID, version: int) -> str:
    bound = f"{district_id}:{version}:".encode() + blob
    return salted_hmac("routing.classifier", bound, algorithm="sha256").hexdigest()


def active() -> Model | None:
    """The model in use in the district in scope; None where none was trained. Raises Refused."""
    rows = TrainedModel.objects.filter(state=TrainedModel.State.ACTIVE).order_by("-version")
    row = rows.values_list("version", "digest", "threshold").first()
    return _allowed(*row) if row else None


def stored(version: int) -> Model:
    """Of the district in scope, in use or not. Raises Refused, also where its arrays are not kept any more."""
    row = TrainedModel.objects.filter(version=version).values_list("version", "digest", "threshold").first()
    if row is None:
        raise Refused(f"there is no model {version}")
    return _allowed(*row)


def _allowed(version: int, digest: str, threshold: float) -> Model:
    found = _load(require_district_id(), version, digest, threshold)
    if isinstance(found, Refused):
        raise Refused(str(found))
    return found


@lru_cache(maxsize=KEPT_LOADED)
def _load(district_id: UUID, version: int, digest: str, threshold: float) -> Model | Refused:
    """A refusal is kept in mind as a model is: else every message would read the whole of it again, to refuse it again."""
    blob = bytes(TrainedModel.objects.values_list("blob", flat=True).get(version=version))
    try:
        return _checked(blob, district_id, version, digest, threshold)
    except Refused as error:
        return error


def _checked(blob: bytes, district_id: UUID, version: int, digest: str, threshold: float) -> Model:
    if not blob:
        raise Refused("its arrays are not there")
    if not constant_time_compare(sign(blob, district_id=district_id, version=version), digest):
        raise Refused(f"model {version} does not carry our signature")
    return unpack(blob, version=version, threshold=threshold)
