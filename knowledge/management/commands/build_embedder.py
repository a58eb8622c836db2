"""`manage.py build_embedder`: from the published weights, checked, to the graph that is run; nothing is done where it is there."""

import hashlib
import logging
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser

from knowledge.embedding import graph, meaning, weights
from knowledge.embedding.engines import ArrayEngine, OnnxEngine

STAMP = "built-from"
PROBES = ("The bus did not come this morning.", "How do I reset my password?", "¿A qué hora es el almuerzo?")
ALIKE = 0.97  # cosine of what the built graph says and what the weights say


class Command(BaseCommand):
    help = "Build the embedder (all-MiniLM-L6-v2, int8) into EMBEDDER_ROOT, and check that it says what its weights say."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="Build it again.")

    def handle(self, *args: Any, **options: Any) -> None:
        target, tokens = meaning.built()
        stamp = target.parent / STAMP
        if target.exists() and tokens.exists() and stamp.exists() and stamp.read_text() == _stamp() and not options["force"]:
            self.stdout.write("the embedder is up to date")
            return
        began = time.perf_counter()
        target.parent.mkdir(parents=True, exist_ok=True)
        stamp.unlink(missing_ok=True)
        try:
            published = weights.checked()
            shutil.copyfile(weights.tokens(), tokens)
        except weights.NoWeights as error:
            raise CommandError(f"all-MiniLM-L6-v2: {error}") from error
        logging.disable(logging.WARNING)  # the quantiser tells the root logger of each of its steps
        try:
            graph.build(published, target)
        finally:
            logging.disable(logging.NOTSET)
        likeness = _likeness(target, tokens, published)
        if likeness < ALIKE:
            target.unlink()
            raise CommandError(f"the graph that was built says something else than its weights: cosine {likeness:.3f}")
        stamp.write_text(_stamp())
        self.stdout.write(
            f"embedder built: {target.stat().st_size >> 20} MB, cosine {likeness:.3f}, {time.perf_counter() - began:.0f} s"
        )


def _stamp() -> str:
    return f"{weights.SHA256} {hashlib.sha256(Path(graph.__file__).read_bytes()).hexdigest()}"


def _likeness(target: Path, tokens: Path, published: Path) -> float:
    """The least cosine over PROBES."""
    small = OnnxEngine(target, tokens, threads=1).embed(PROBES)
    whole = ArrayEngine(published, tokens).embed(PROBES)
    return float(np.sum(small * whole, axis=1).min())
