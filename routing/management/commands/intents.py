"""The learned engine alone, on a set of texts and labels from elsewhere."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from knowledge.embedding import meaning
from routing.learning.fitting import TooLittle, fit
from routing.learning.model import Model, Reading
from routing.learning.sets import Labelled, NoSet, to_learn, to_read
from routing.learning.together import read_together

TOGETHER = 256  # texts that are read in one go
MOST_TOGETHER = 20_000  # that are heard of each other


class Command(BaseCommand):
    help = (
        "Learns from one set of labelled texts and reads another: one line a text. Sets may be lists of [text, label], tables with the"
        " columns text and category, one JSON object a line, or an object of lists, of which “train” is learned. Asks no database."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--train", type=Path, required=True)
        parser.add_argument("--test", type=Path, required=True)
        parser.add_argument("--json", action="store_true", help="one JSON object a line: id, label, labels, confidence, in_scope")
        parser.add_argument("--together", action="store_true", help="hear texts of each other; tickets are read alone")
        parser.add_argument("--words-only", action="store_true", help="without the embedder")

    def handle(self, *args: Any, **options: Any) -> None:
        embed = None if options["words_only"] else meaning.embed
        try:
            examples, asked = to_learn(options["train"]), to_read(options["test"])
            started = time.perf_counter()
            model = fit(examples, embed=embed)
        except (NoSet, TooLittle) as error:
            raise CommandError(str(error)) from error
        self.stderr.write(f"learned {len(model.labels)} labels from {len(examples)} texts in {time.perf_counter() - started:.1f} s")
        right = 0
        read = self._together if options["together"] else self._read
        for one, reading in read(model, asked, embed):
            right += one.label == reading.best[0][0]
            self.stdout.write(json.dumps(told(one, reading), ensure_ascii=False) if options["json"] else line(one, reading))
        if known := sum(one.label in model.labels for one in asked):
            self.stderr.write(f"{right / known:.4f} of {known} with a known label are right")

    def _read(self, model: Model, asked: list[Labelled], embed: Any) -> Iterator[tuple[Labelled, Reading]]:
        for at in range(0, len(asked), TOGETHER):
            some = asked[at : at + TOGETHER]
            yield from zip(some, model.read([one.text for one in some], embed=embed), strict=True)

    def _together(self, model: Model, asked: list[Labelled], embed: Any) -> Iterator[tuple[Labelled, Reading]]:
        for at in range(0, len(asked), MOST_TOGETHER):
            some = asked[at : at + MOST_TOGETHER]
            yield from zip(some, read_together(model, [one.text for one in some], embed=embed), strict=True)


def told(one: Labelled, reading: Reading) -> dict[str, Any]:
    return {
        "id": one.id,
        "label": reading.best[0][0],
        "labels": [label for label, _chance in reading.best],
        "confidence": round(reading.confidence, 9),
        "in_scope": reading.in_scope,
    }


def line(one: Labelled, reading: Reading) -> str:
    scope = "" if reading.in_scope else "  none of them?"
    return f"{one.id}\t{reading.best[0][0]}\t{reading.confidence:.3f}{scope}"
