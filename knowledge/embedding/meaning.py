"""The embedder of this process: loaded when it is first asked, and what it fell back to where it could not be.

A ladder of engines: onnxruntime with the built graph, NumPy with the published weights, none. Nobody is ever refused for want of it:
who asks gets None, and goes by words alone.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import structlog
from django.conf import settings

from knowledge.embedding import weights
from knowledge.embedding.engines import MOST, ArrayEngine, Engine, Floats, OnnxEngine

GRAPH, TOKENS = "minilm-int8.onnx", "tokenizer.json"
REMEMBERED = 512  # texts whose figures a process keeps, no more of each than is read: one message is read by several engines

log = structlog.get_logger(__name__)
_loading = threading.Lock()


@dataclass(frozen=True)
class Loaded:
    """`engine` is None where there is none; `troubles` says why not the better ones."""

    engine: Engine | None
    troubles: tuple[str, ...] = ()


def embed(texts: Sequence[str]) -> Floats | None:
    """A row of 384 figures, of length 1, a text; None where no engine can be had."""
    engine = loaded().engine
    if engine is None:
        return None
    return _remembered(texts[0][:MOST])[None] if len(texts) == 1 else engine.embed(texts)


def one(text: str) -> Floats | None:
    found = embed([text])
    return None if found is None else np.asarray(found[0], np.float32)


@lru_cache(maxsize=REMEMBERED)
def _remembered(text: str) -> Floats:
    engine = loaded().engine
    assert engine is not None
    return np.asarray(engine.embed([text])[0], np.float32)


def loaded() -> Loaded:
    """Once a process: two threads that ask at the same time load it once."""
    with _loading:
        return _load()


@lru_cache(maxsize=1)
def _load() -> Loaded:
    troubles: list[str] = []
    for start in (_onnx, _arrays):
        try:
            return Loaded(start(), tuple(troubles))
        except Exception as error:  # whatever it is, the next is tried: a file cut short raises anything
            log.exception("embedder_not_loaded", engine=start.__name__.strip("_"))
            troubles.append(f"{start.__name__.strip('_')}: {error}"[:300])
    return Loaded(None, tuple(troubles))


def forget() -> None:
    """What was loaded and remembered: another may be asked from now on."""
    _load.cache_clear()
    _remembered.cache_clear()


def built() -> tuple[Path, Path]:
    """(graph, tokenizer), where `build_embedder` puts them."""
    return Path(settings.EMBEDDER_ROOT) / GRAPH, Path(settings.EMBEDDER_ROOT) / TOKENS


def _onnx() -> Engine:
    graph, tokens = built()
    if not graph.exists():
        raise FileNotFoundError("not built (manage.py build_embedder)")
    return OnnxEngine(graph, tokens, threads=settings.EMBEDDER_THREADS)


def _arrays() -> Engine:
    return ArrayEngine(weights.tensors(), weights.tokens())
