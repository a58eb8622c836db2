"""Fit how danger sounds anew: to the starter pack's messages and phrases and to labelled sets as `evaluate triage` reads them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser

from knowledge.embedding import meaning
from knowledge.embedding.weights import SIZE
from knowledge.measured import NotASet
from routing import nearness
from routing.danger.fitting import Told, fit, unseen
from routing.danger.judging import WEIGHTS
from routing.grams import grams
from routing.measured import rows as labelled
from routing.starter.dangers import HARMLESS, by_kind
from routing.starter.kinds import kinds
from routing.starter.messages import messages

PHRASES = "phrases"
DANGER = "danger to a person"  # the kind of work that is asked for in danger


class Command(BaseCommand):
    help = "Fit routing/danger/weights.json to the starter pack and to labelled sets; tells what is reached on authors not fitted on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="*")
        parser.add_argument("--dry-run", action="store_true", help="only tell what is reached")

    def handle(self, *args: Any, **options: Any) -> None:
        if not nearness.engine():
            raise CommandError("it takes the embedder (manage.py build_embedder)")
        try:
            rows = list(_rows(options["file"]))
        except NotASet as wrong:
            raise CommandError(str(wrong)) from wrong
        self.stdout.write(json.dumps(unseen(rows), indent=1))
        if not options["dry_run"]:
            WEIGHTS.write_text(json.dumps(fit(rows)) + "\n")
            self.stdout.write(f"{WEIGHTS.name}: {len(rows)} messages and phrases, {sum(row.danger for row in rows)} of danger")


def _rows(files: list[Path]) -> Iterator[Told]:
    given = [*_phrases(), *_messages(), *(row for file in files for row in _labelled(file))]
    said = [nearness.spoken(text) for _author, text, *_rest in given]
    known = [at for at, text in enumerate(said) if text]
    meanings = np.zeros((len(given), SIZE), np.float32)
    found = meaning.embed([text for at in known if (text := said[at])])
    assert found is not None
    meanings[known] = found
    for (author, text, danger, ordinary), its in zip(given, meanings, strict=True):
        yield Told(author, grams(text), its, danger, ordinary)


Given = tuple[str, str, bool, bool]  # author, text, danger, ordinary


def _phrases() -> Iterator[Given]:
    for kind, own in by_kind().items():
        yield from ((PHRASES, phrase, kind != HARMLESS, False) for phrase in own)
    for work in kinds():
        if work.name != DANGER:
            yield from ((PHRASES, phrase, False, False) for phrase in work.at_leisure)


def _messages() -> Iterator[Given]:
    """Without those of which the reader was in doubt."""
    for one in messages():
        if one.danger is not None:
            yield one.author, one.text, one.danger, bool(one.degree)


def _labelled(file: Path) -> Iterator[Given]:
    for row in labelled(file):
        subject = row.get("subject") or ""
        yield file.name, f"{subject}\n{row['body']}" if subject else row["body"], bool(row["labels"].get("crisis")), True
