"""Texts that are read together are heard of each other, where examples are few."""

from collections.abc import Sequence

import numpy as np
import pytest

from routing.learning import together
from routing.learning.features import Floats
from routing.learning.fitting import fit
from routing.learning.model import remembered
from routing.learning.together import read_together, spread

EXAMPLES = [("alpha 0", "a"), ("alpha 1", "a"), ("beta 90", "b"), ("beta 89", "b")]


def angles(texts: Sequence[str]) -> Floats:
    """An embedder for which a text is the angle (degrees) that it names; one without is in a language it does not speak."""
    told = [[float(word) for word in text.split() if word.replace(".", "").isdigit()] for text in texts]
    turned = np.radians([each[0] if each else 0.0 for each in told])
    rows = np.stack([np.cos(turned), np.sin(turned)], axis=1) * np.array([[bool(each)] for each in told])
    return np.asarray(rows, np.float32)


def chain(begin: int, end: int) -> list[str]:
    """Texts, each a little farther than the last."""
    return [f"thing {begin + (end - begin) * n / 59:.2f}" for n in range(60)]


def test_what_most_of_a_cluster_are_taken_for_the_others_are_too() -> None:
    """Sixty texts of one meaning, ten of them by their words a little nearer to b; and as many of another, which they do not touch."""
    rows = np.array([[1, 0, 0]] * 60 + [[0, 1, 0]] * 60, np.float32)
    chances = np.array([[0.6, 0.4]] * 50 + [[0.45, 0.55]] * 10 + [[0.1, 0.9]] * 60, np.float32)
    known = remembered(np.eye(3, dtype=np.float32)[2:].repeat(2, axis=0), np.array([0, 1], np.int32), 2)
    found = spread(known, rows, chances)
    assert found.shape == (120, 2)
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert set(found[:60].argmax(axis=1).tolist()) == {0}
    assert found[60:, 1].min() > 0.85


def test_an_example_is_heard_by_what_lies_beside_it() -> None:
    rows = angles([*chain(0, 3), *chain(40, 60)])
    known = remembered(angles(["alpha 1.5"]), np.array([1], np.int32), 2)
    found = spread(known, rows, np.full((120, 2), 0.5, np.float32))
    assert found[:60, 1].max() > 0.52
    assert found[60:, 1] == pytest.approx(0.5, abs=1e-3)


def test_few_texts_tell_nothing_of_each_other() -> None:
    model = fit(EXAMPLES, embed=angles)
    texts = chain(1, 50)[-together.FEWEST + 1 :]
    alone, heard = model.read(texts, embed=angles), read_together(model, texts, embed=angles)
    assert [one.best for one in heard] == [one.best for one in alone]


def test_what_has_no_meaning_is_read_by_its_words() -> None:
    model = fit(EXAMPLES, embed=angles)
    heard = read_together(model, [*chain(1, 50), "beta"], embed=angles)
    assert heard[-1].engine == "words"
    assert heard[-1].best[0][0] == "b"


def test_without_an_embedder_each_is_read_alone() -> None:
    model = fit(EXAMPLES, embed=angles)
    texts = chain(1, 50)
    assert [one.best for one in read_together(model, texts)] == [one.best for one in model.read(texts)]
    assert read_together(model, []) == []


def test_where_examples_are_many_they_speak_for_themselves() -> None:
    many = [(f"{name} {angle / 10:.1f}", name) for name, angles_ in (("a", range(100)), ("b", range(800, 900))) for angle in angles_]
    model, texts = fit(many, embed=angles), chain(1, 50)
    assert [one.best for one in read_together(model, texts, embed=angles)] == [one.best for one in model.read(texts, embed=angles)]
