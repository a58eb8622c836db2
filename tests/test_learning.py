"""The learned engine alone: what it learns, how sure it is, what is none of its labels; with an embedder and without one."""

import json
import subprocess
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from routing.learning import sets
from routing.learning.features import Floats, letters, words
from routing.learning.fitting import TooLittle, fit
from routing.learning.model import BY_MEANING, BY_WORDS, arrays, from_arrays

THINGS = {
    "bus": ["bus", "stop", "driver", "route", "ride"],
    "meal": ["lunch", "menu", "cafeteria", "milk", "breakfast"],
    "laptop": ["laptop", "screen", "keyboard", "charger", "password"],
    "grade": ["grade", "transcript", "credit", "report", "gradebook"],
}
ASKED = [
    "my {} is late today",
    "where is the {} please",
    "something is wrong with the {}",
    "who can help with a {}",
    "the {} again, thanks",
]
EXAMPLES = [(said.format(thing), label) for label, things in THINGS.items() for thing in things for said in ASKED]


def topics(texts: Sequence[str]) -> Floats:
    """An embedder of four meanings, and one of everything else; it speaks no Spanish."""
    rows = [[float(any(t in text for t in things)) for things in THINGS.values()] + [0.1] for text in texts]
    found = np.array(rows, dtype=np.float32)
    found[["ñ" in text for text in texts]] = 0
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9), dtype=np.float32)


@pytest.fixture(params=[None, topics], ids=["words", "meaning"])
def embed(request: Any) -> Any:
    return request.param


def many() -> list[tuple[str, str]]:
    """More than a handful a label."""
    return [*EXAMPLES, *((f"{text} {n}", label) for n in range(2) for text, label in EXAMPLES)]


@pytest.mark.parametrize("examples", [EXAMPLES[::2], many()], ids=["few", "many"])
def test_it_reads_what_it_was_not_shown(embed: Any, examples: list[tuple[str, str]]) -> None:
    model = fit(examples, embed=embed)
    found = model.read(["please look at this broken keyboard", "is there milk for breakfast"], embed=embed)
    assert [one.best[0][0] for one in found] == ["laptop", "meal"]
    assert all(len(one.best) == 3 and one.chances.sum() == pytest.approx(1, abs=1e-4) for one in found)
    assert {one.engine for one in found} == {BY_MEANING if embed else BY_WORDS}


def test_what_is_none_of_its_labels_is_less_sure_and_told(embed: Any) -> None:
    model = fit(many(), embed=embed)
    own, other = model.read(["where is the bus", "zzz qqq xyzzy"], embed=embed)
    assert own.in_scope
    assert not other.in_scope
    assert other.confidence < own.confidence


def test_about_one_of_twenty_of_its_own_is_told_to_be_none(embed: Any) -> None:
    model = fit(many(), embed=embed)
    found = model.read([text for text, _label in EXAMPLES], embed=embed)
    assert np.mean([not one.in_scope for one in found]) <= 0.1


def test_a_model_learned_with_an_embedder_serves_without_one() -> None:
    model = fit(many(), embed=topics)
    for gone in (None, lambda texts: None):
        [one] = model.read(["the lunch menu"], embed=gone)
        assert one.best[0][0] == "meal"
        assert one.engine == BY_WORDS


def test_a_text_in_a_language_the_embedder_does_not_speak_is_read_by_its_words() -> None:
    model = fit([*many(), ("la contraseña del niño", "laptop"), ("otra contraseña", "laptop")], embed=topics)
    spanish, english = model.read(["mi contraseña", "my password"], embed=topics)
    assert (spanish.best[0][0], spanish.engine) == ("laptop", BY_WORDS)
    assert (english.best[0][0], english.engine) == ("laptop", BY_MEANING)


def test_chances_are_calibrated_on_examples_that_contradict_each_other() -> None:
    """A quarter of the labels is wrong: nobody can be surer than about three quarters."""
    labels = list(THINGS)
    draw = np.random.default_rng(0)
    noisy = [(t, label if draw.random() > 0.25 else labels[draw.integers(4)]) for t, label in many()]
    model = fit(noisy, embed=topics)
    found = model.read([text for text, _label in EXAMPLES], embed=topics)
    assert 0.6 < np.mean([one.best[0][1] for one in found]) < 0.93
    assert 0.6 < np.mean([one.confidence for one in found]) < 0.93


@pytest.mark.parametrize("text", ["", "😀", "x" * 1_000_000, "Автобус опоздал", "校车迟到了", "aGVsbG8gd29ybGQ=" * 50, "\x00"])
def test_whatever_it_is_it_is_read(embed: Any, text: str) -> None:
    [one] = fit(EXAMPLES, embed=embed).read([text], embed=embed)
    assert len(one.best) == 3
    assert np.isfinite(one.confidence)


def test_no_text_is_no_reading(embed: Any) -> None:
    assert fit(EXAMPLES, embed=embed).read([], embed=embed) == []


def test_one_label_is_too_little(embed: Any) -> None:
    with pytest.raises(TooLittle):
        fit([("a", "x"), ("b", "x")], embed=embed)
    assert fit([("a", "x"), ("b", "y")], embed=embed).read(["b"], embed=embed)[0].best[0][0] == "y"


def test_a_name_is_an_example_where_there_are_few(embed: Any) -> None:
    model = fit([("alpha", "lost_card"), ("beta", "cash_machine"), ("gamma", "7")], embed=None)
    assert model.read(["I lost my card"])[0].best[0][0] == "lost_card"


def test_a_kept_model_says_the_same(embed: Any) -> None:
    model = fit(many(), embed=embed)
    again = from_arrays(arrays(model))
    for one, other in zip(*(each.read(["the bus", "milk"], embed=embed) for each in (model, again)), strict=True):
        assert one.best[0][0] == other.best[0][0]
        assert one.confidence == pytest.approx(other.confidence, abs=0.01)
    assert all(value.dtype != object for value in arrays(model).values())


def test_features_are_folded() -> None:
    assert words("¡El BAÑO, ya!") == ["el", "bano", "ya", "el bano", "bano ya"]
    assert set(letters("ab")) == {"#<a", "#ab", "#b>", "#<ab", "#ab>", "#<ab>"}


# --- sets from elsewhere ------------------------------------------------------------------------------------------------


SHAPES = {
    "pairs.json": json.dumps([list(pair) for pair in EXAMPLES]),
    "table.csv": "text,category\n" + "\n".join(f'"{text}",{label}' for text, label in EXAMPLES),
    "lines.jsonl": "\n".join(json.dumps({"id": f"q{n}", "text": t, "label": label}) for n, (t, label) in enumerate(EXAMPLES)),
    "object.json": json.dumps(
        {"val": [["never", "learned"]], "train": [list(pair) for pair in EXAMPLES], "oos_train": [["no", "oos"]]}
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_sets_of_every_shape_are_learned(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(SHAPES[name])
    assert sets.to_learn(tmp_path / name) == EXAMPLES


def test_what_is_learned_from_is_not_read_and_numbers_stand_for_ids(tmp_path: Path) -> None:
    for name, text in SHAPES.items():
        (tmp_path / name).write_text(text)
    assert [one.text for one in sets.to_read(tmp_path / "object.json")] == ["never"]
    assert [one.id for one in sets.to_read(tmp_path / "lines.jsonl")][:2] == ["q0", "q1"]
    assert [one.id for one in sets.to_read(tmp_path / "table.csv")][:2] == [1, 2]
    (tmp_path / "bare.jsonl").write_text('{"text": "one"}\n\n{"id": 7, "text": "two", "label": "b"}\n')
    assert sets.to_read(tmp_path / "bare.jsonl") == [sets.Labelled(1, "one"), sets.Labelled(7, "two", "b")]


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", "a,b\n1,2", "\x00", '{"text": 1}', "[]", "null"])
def test_what_is_no_set_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text)
    with pytest.raises(sets.NoSet):
        sets.to_learn(tmp_path / "x")


def test_the_command_reads_one_set_by_another(tmp_path: Path) -> None:
    (tmp_path / "train.json").write_text(SHAPES["pairs.json"])
    (tmp_path / "test.jsonl").write_text('{"id": "a", "text": "a broken laptop screen", "label": "laptop"}\n{"text": "qqq zzz"}\n')
    out = StringIO()
    call_command("intents", train=tmp_path / "train.json", test=tmp_path / "test.jsonl", json=True, words_only=True, stdout=out)
    first, second = map(json.loads, out.getvalue().splitlines())
    assert set(first) == {"id", "label", "labels", "confidence", "in_scope"}
    assert (first["id"], first["label"], first["labels"][0], len(first["labels"])) == ("a", "laptop", "laptop", 3)
    assert second["id"] == 2
    assert second["confidence"] < first["confidence"]
    with pytest.raises(CommandError):
        call_command("intents", train=tmp_path / "nowhere", test=tmp_path / "test.jsonl")


def test_the_command_asks_no_database(tmp_path: Path) -> None:
    (tmp_path / "train.json").write_text(SHAPES["pairs.json"])
    asked = ["manage.py", "intents", "--train", "train.json", "--test", "train.json", "--json", "--words-only"]
    root = Path(__file__).resolve().parent.parent
    given = [str(root / asked[0]), *asked[1:]]
    done = subprocess.run(
        [sys.executable, *given], cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={"PATH": "/usr/bin:/bin", "SECRET_KEY": "x" * 50, "EMBEDDED_HOME": str(tmp_path / "none"), "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(EXAMPLES)
    assert not (tmp_path / "none").exists()
