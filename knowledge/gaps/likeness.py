"""Texts as figures, so that questions which ask for the same can be found: by meaning where the embedder knows the language, else by
words. Rows are of length 1, and rows of two measures are never compared.
"""

import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import meaning, weights
from knowledge.meanings import wanted
from knowledge.stems import CONFIGS, same_words, stem
from tickets.words import words_of

Floats = NDArray[np.float32]
PLACES = 768  # that words and parts of words are hashed to
EVERYWHERE = 0.3  # of the worth of a word, for one that half of all questions in a school district have
PARTS = 0.35  # of the worth of a word, in pieces of four letters: slips of the pen, endings
LOOKED_AT = 600  # characters of a question


_COMMON = {
    "en": "school schools district student students kid kids child children son daughter class teacher",
    "es": "escuela escuelas distrito estudiante estudiantes alumno niño niña niños hijo hija hijos clase maestro maestra escolar",
}


class Measure(NamedTuple):
    """From this cosine with the middle of a group on: `alike`, a question asks for the same; `near`, it is about the like; `solved`,
    what was replied to a ticket may help with it.
    """

    name: str
    size: int
    alike: float
    near: float
    solved: float


MEANING = Measure("meaning", weights.SIZE, alike=0.57, near=0.45, solved=0.5)
WORDS = Measure("words", PLACES, alike=0.32, near=0.2, solved=0.25)
MEASURES = {one.name: one for one in (MEANING, WORDS)}


def measure_for(language: str) -> Measure:
    return MEANING if wanted(language) else WORDS


def rows(texts: Sequence[str], language: str, measure: Measure) -> Floats:
    """One for each text; a text in which nothing is said is all zeros, and like no other."""
    if not texts:
        return np.zeros((0, measure.size), np.float32)
    cut = [text[:LOOKED_AT] for text in texts]
    if measure is not MEANING:
        return _by_words(cut, language)
    found = meaning.embed(cut)
    return np.zeros((len(texts), measure.size), np.float32) if found is None else np.asarray(found, np.float32)


def _by_words(texts: Sequence[str], language: str) -> Floats:
    said, common = [sorted(found) for found in _stems(texts, language)], _common(language)
    made = np.zeros((len(texts), PLACES), np.float32)
    for row, words in zip(made, said, strict=True):
        for feature, weight in _features(words, common):
            place = zlib.crc32(feature.encode())
            row[place % PLACES] += weight if place & 0x80000000 else -weight
    lengths = np.linalg.norm(made, axis=1, keepdims=True)
    return np.asarray(made / np.maximum(lengths, 1e-9), np.float32)


def _stems(texts: Sequence[str], language: str) -> list[frozenset[str]]:
    """Without the words that only ask; as they are, where nobody stems the language."""
    if language not in CONFIGS:
        return [frozenset(words_of(text)) for text in texts]
    asking = same_words(language)[1]
    return [found - asking or found for found in stem(texts, language)]


@lru_cache(maxsize=8)
def _common(language: str) -> frozenset[str]:
    return stem([_COMMON[language]], language)[0] if language in _COMMON else frozenset()


def _features(words: Sequence[str], common: frozenset[str]) -> Iterator[tuple[str, float]]:
    for word in words:
        plain = words_of(word)[0] if words_of(word) else word
        worth = EVERYWHERE if word in common else 1.0
        yield plain, worth
        for at in range(len(plain) - 3):
            yield f"#{plain[at : at + 4]}", PARTS * worth
