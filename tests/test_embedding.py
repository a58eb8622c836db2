"""The embedder says what its published weights say, by whichever engine; and where none can be had, nobody is kept out for it."""

import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from knowledge.embedding import meaning, weights
from knowledge.embedding.engines import ArrayEngine, Floats, OnnxEngine

SENTENCES = [
    "My son's bus did not come.",
    "The school bus never arrived",
    "What is for lunch on Friday?",
    "",
    "😀",
    "¿Dónde está el autobús?",
]


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    call_command("build_embedder", stdout=StringIO())


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    meaning.forget()
    yield
    meaning.forget()


def test_what_means_the_same_is_near_and_what_does_not_is_far() -> None:
    found = meaning.embed(SENTENCES)
    assert found is not None
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-3)
    near, far = found[0] @ found[1], found[0] @ found[2]
    assert near > 0.7
    assert far < 0.3


def test_both_engines_say_the_same() -> None:
    graph, tokens = meaning.built()
    small, whole = OnnxEngine(graph, tokens, threads=1), ArrayEngine(weights.tensors(), tokens)
    assert np.sum(small.embed(SENTENCES) * whole.embed(SENTENCES), axis=1).min() > 0.97


def test_a_text_has_the_same_figures_alone_and_among_others() -> None:
    together = meaning.embed([*SENTENCES, "lunch " * 300])
    alone = meaning.one(SENTENCES[0])
    assert together is not None
    assert alone is not None
    assert float(together[0] @ alone) > 0.98  # whole numbers are scaled by what is computed together


def test_without_the_graph_the_weights_serve_and_without_those_none(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMBEDDER_ROOT = tmp_path
    found = meaning.loaded()
    assert found.engine is not None
    assert found.engine.name == "numpy"
    assert "build_embedder" in found.troubles[0]
    monkeypatch.setattr(weights, "PACKAGE", "weights_that_nobody_has")
    meaning.forget()
    assert meaning.loaded().engine is None
    assert meaning.embed(["anything"]) is None
    assert meaning.one("anything") is None
    assert len(meaning.loaded().troubles) == 2


def test_a_graph_that_was_cut_short_is_passed_over(settings: Settings, tmp_path: Path) -> None:
    graph, tokens = meaning.built()
    (tmp_path / meaning.GRAPH).write_bytes(graph.read_bytes()[:1_000_000])
    shutil.copyfile(tokens, tmp_path / meaning.TOKENS)
    settings.EMBEDDER_ROOT = tmp_path
    engine = meaning.loaded().engine
    assert engine is not None
    assert engine.name == "numpy"


def test_weights_that_are_not_the_published_ones_build_nothing(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMBEDDER_ROOT = tmp_path
    monkeypatch.setattr(weights, "SHA256", "0" * 64)
    with pytest.raises(CommandError, match="SHA-256"):
        call_command("build_embedder", stdout=StringIO())
    assert not (tmp_path / meaning.GRAPH).exists()


def test_it_is_built_once() -> None:
    said = StringIO()
    call_command("build_embedder", stdout=said)
    assert "up to date" in said.getvalue()


@pytest.mark.parametrize("text", ["\0", "\ud800 broken", "a" * 1_000_000, "<b>" * 2000, "ಹಲೋ " * 500, " \n\t"])
def test_whatever_people_send_has_figures(text: str) -> None:
    found = meaning.one(text)
    assert found is not None
    assert np.isfinite(found).all()


def test_no_more_of_a_text_is_kept_than_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """512 letters of a megabyte would be half a gigabyte."""
    read: list[str] = []
    engine = meaning.loaded().engine
    assert engine is not None
    embed = engine.embed

    def watched(texts: Sequence[str]) -> Floats:
        read.extend(texts)
        return embed(texts)

    monkeypatch.setattr(engine, "embed", watched)
    meaning.one("lunch " * 100_000)
    meaning.one("lunch " * 200_000)
    assert [len(text) for text in read] == [4000], "what differs after that is the same text"


def test_many_threads_load_it_once_and_read_the_same() -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(meaning.one, ["The bus is late"] * 16))
    [figures] = {one.tobytes() if one is not None else None for one in found}
    assert figures
    assert meaning._load.cache_info().misses == 1
