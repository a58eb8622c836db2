"""Meanings of the starter pack's phrases: the same for every district, so computed once a machine (`manage.py build_phrases`)."""

import hashlib
import os
import tempfile
import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import structlog
from django.conf import settings

from knowledge.embedding import meaning
from routing.gloss.reading import glosses
from routing.learning.features import Floats

NAME = "phrases.npz"
log = structlog.get_logger(__name__)


def kept() -> Path:
    return Path(settings.EMBEDDER_ROOT) / NAME


@lru_cache(maxsize=1)
def rows(engine: str, spoken: tuple[str, ...]) -> Floats | None:
    """A row of each phrase, in the order given; None where there is no embedder. From the file, or computed and filed."""
    stamp = _stamp(engine, spoken)
    found = _read(stamp, len(spoken))
    if found is None:
        found = meaning.embed(spoken)
        if found is not None:
            found = found.astype(np.float16).astype(np.float32)  # as it will be read
            _write(found, stamp)
    return found


def _stamp(engine: str, spoken: Sequence[str]) -> str:
    return hashlib.sha256("\n".join([engine, *spoken]).encode() + glosses()).hexdigest()


def _read(stamp: str, length: int) -> Floats | None:
    """None where it is not there, of other phrases, or cannot be read."""
    try:
        with np.load(kept(), allow_pickle=False) as file:
            if file["stamp"].tobytes().decode() != stamp or len(file["rows"]) != length:
                return None
            return np.asarray(file["rows"], dtype=np.float32)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, OSError, EOFError, BadZipFile, zlib.error) as error:  # of a file cut short
        log.warning("phrases_not_read", error=str(error))
        return None


def _write(found: Floats, stamp: str) -> None:
    """Whole or not at all; where the folder cannot be written they are computed again by the next process."""
    try:
        with tempfile.NamedTemporaryFile(dir=kept().parent, suffix=".npz", delete=False) as file:
            np.savez(file, allow_pickle=False, rows=found.astype(np.float16), stamp=np.frombuffer(stamp.encode(), dtype=np.uint8))
        os.chmod(file.name, 0o644)
        os.replace(file.name, kept())
    except OSError as error:
        log.warning("phrases_not_kept", error=str(error))
