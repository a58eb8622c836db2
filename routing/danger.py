"""May a person be in danger? First by words that say so (`crisis`), then by what a sentence means: people in need seldom use the words.

A sentence is compared with what others wrote in danger and with what only sounds so (`starter/danger.txt`), and with all else that
people ask of a district. It raises the alarm where it is nearer to the first by more than a little. Only where there is an embedder.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from knowledge.embedding import meaning
from routing import crisis, nearness
from routing.classifier import STOP
from routing.crisis import Alarm
from routing.learning.features import Floats
from routing.starter.dangers import HARMLESS, by_kind
from routing.starter.kinds import kinds
from routing.words import fold

OWN_KIND = "danger to a person"
NEAREST = 3  # phrases of either side that are looked at
LEAD = 0.02  # of the mean likeness (cosine) to danger over that to everything else, from which it is taken for danger
LEAST = 0.42  # likeness to danger, at least
MOST, SENTENCES = 4000, 4  # characters read, sentences compared
FEW = 3  # sentences of a short message
LONGEST = 240  # characters of a sentence that are compared
SHORTEST = 12  # characters of a sentence that says anything by itself
SHARED = 2  # words that a sentence has in common with those phrases, or it is not compared
SHOWN = 80  # characters of the sentence that staff see
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")


@dataclass(frozen=True, eq=False)
class Known:
    """Meanings of what is said in danger, the kind of each row, of everything else, and the words of the first."""

    danger: Floats
    kinds: list[str]
    else_: Floats
    words: frozenset[str]


def heard(text: str) -> Alarm | None:
    """By words, then by meaning. Where words say nothing some sentences are embedded: for workers, and where a text is read anyway."""
    return crisis.screen(text) or meant(text)


def meant(text: str) -> Alarm | None:
    told = known()
    if told is None:
        return None
    sentences = list(_worth_comparing(nearness.spoken(text[:MOST]) or "", told.words))
    rows = meaning.embed(sentences) if sentences else None
    if rows is None:
        return None
    likeness = rows @ told.danger.T
    near, other = _top(likeness), _top(rows @ told.else_.T)
    lead = np.where(near >= LEAST, near - other, -1.0)
    best = int(lead.argmax())
    if lead[best] < LEAD:
        return None
    return Alarm(told.kinds[int(likeness[best].argmax())], sentences[best][:SHOWN])


def _top(likeness: Floats) -> Floats:
    return np.asarray(np.partition(likeness, -NEAREST, axis=1)[:, -NEAREST:].mean(axis=1), dtype=np.float32)


def _worth_comparing(text: str, words: frozenset[str]) -> Iterator[str]:
    """The sentences that have most words in common with what is said in danger; of a short message all of it too."""
    parts = [part for found in _SENTENCE.split(text) if len(part := found.strip()[:LONGEST]) >= SHORTEST] or [text.strip()[:LONGEST]]
    if len(parts) <= FEW:
        parts += [" ".join(parts)[:LONGEST]]
    shared = {part: len(words & set(fold(part).split())) for part in dict.fromkeys(parts)}
    yield from sorted((part for part in shared if shared[part] >= SHARED), key=lambda part: -shared[part])[:SENTENCES]


def known() -> Known | None:
    return _read(nearness.engine()) if nearness.engine() else None


@lru_cache(maxsize=1)
def _read(_engine: str) -> Known | None:
    """Once a process: it is the same for every district."""
    said = [(kind, phrase) for kind, own in by_kind().items() if kind != HARMLESS for phrase in own]
    danger = nearness.rows([phrase for _kind, phrase in said])
    other = nearness.rows([*by_kind()[HARMLESS], *(each for kind in kinds() if kind.name != OWN_KIND for each in kind.at_leisure)])
    if danger is None or other is None:
        return None
    words = {word for _kind, phrase in said for word in fold(nearness.spoken(phrase) or "").split()} - STOP
    return Known(danger, [kind for kind, _phrase in said], other, frozenset(words))
