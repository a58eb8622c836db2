"""What the runner of all stages says of tests that fail, the first time and once more."""

from pathlib import Path

import pytest

from tests import stages

TEST = """
import pathlib, pytest
def test_right(): pass
@pytest.mark.parametrize("how", ["no scripts"])
def test_now_and_then(how):
    seen = pathlib.Path("seen")
    seen.write_text(seen.read_text() + "x" if seen.exists() else "x")
    assert len(seen.read_text()) >= {times}
"""


def staged(monkeypatch: pytest.MonkeyPatch, root: Path, *, times: int, again: bool = True, copies: int = 1) -> stages.Outcome:
    (root / "tests").mkdir()
    for n in range(copies):
        (root / "tests" / f"test_{n}.py").write_text(TEST.format(times=times))
    monkeypatch.setattr(stages, "ROOT", root)
    monkeypatch.setattr(stages, "PYTEST", [*stages.PYTEST, "-p", "no:django", "-p", "no:cacheprovider"])
    return stages.run(stages.Stage("small", [*stages.PYTEST, "tests"], "of two tests", again=again))


def test_what_passes_the_second_time_passes_and_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    outcome = staged(monkeypatch, tmp_path, times=2)
    assert (outcome.code, outcome.passed, outcome.failed) == (0, 2, 0)
    assert outcome.second_time == ["tests/test_0.py::test_now_and_then[no scripts]"]


def test_what_fails_twice_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    outcome = staged(monkeypatch, tmp_path, times=3)
    assert (outcome.code, outcome.passed, outcome.failed, outcome.second_time) == (1, 1, 1, [])


def test_other_stages_have_one_chance(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert staged(monkeypatch, tmp_path, times=2, again=False).code == 1


def test_many_failures_are_no_race(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    outcome = staged(monkeypatch, tmp_path, times=99, copies=4)
    assert (outcome.code, outcome.failed, outcome.second_time) == (1, 4, [])
