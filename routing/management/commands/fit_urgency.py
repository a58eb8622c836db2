"""Fit how pressing a message is anew: to the starter pack's phrases and to labelled sets of the format of requests.dev.jsonl."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from districts.models import District
from districts.queries import front_office
from districts.scope import district_scope
from knowledge.embedding.weights import SIZE
from knowledge.measured import NotASet
from routing import nearness
from routing.classifier import Model
from routing.measured import rows as labelled
from routing.pressing.cues import MOST, cues
from routing.pressing.fitting import Judged, fit, unseen
from routing.pressing.judging import DEGREES, WEIGHTS
from routing.rehearsal import URGENCY, cold_model, question_of
from routing.starter.kinds import kinds

DEMO = "cedar-valley"
NAMES = [URGENCY[degree] for degree in DEGREES]


class Command(BaseCommand):
    help = (
        "Fit routing/pressing/weights.json to the starter pack's phrases and to the labelled sets given; tells what is reached unseen."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="*")
        parser.add_argument("--district", default=DEMO, help=f"slug (default: {DEMO}, the demonstration)")
        parser.add_argument("--dry-run", action="store_true", help="only tell what is reached")

    def handle(self, *args: Any, **options: Any) -> None:
        district = District.objects.filter(slug=options["district"]).first()
        if district is None:
            raise CommandError(f"no district {options['district']} (manage.py load_demo loads the demonstration)")
        if not nearness.engine():
            raise CommandError("it takes the embedder (manage.py build_embedder)")
        try:
            with district_scope(district.id):
                model = cold_model()
                rows = [*_phrases(model), *(row for file in options["file"] for row in _messages(labelled(file), model))]
                transaction.set_rollback(True)
        except NotASet as wrong:
            raise CommandError(str(wrong)) from wrong
        if any(row.whole for row in rows):
            self.stdout.write(json.dumps({"not fitted on": unseen(rows)}))
        if not options["dry_run"]:
            WEIGHTS.write_text(json.dumps(fit(rows)) + "\n")
            self.stdout.write(f"{WEIGHTS.name}: {len(rows)} messages and phrases")


def _phrases(model: Model | None) -> Iterator[Judged]:
    for kind in kinds():
        for _language, degree, phrase in kind.pressing:
            yield _judged({"body": phrase}, degree, model, whole=False)


def _messages(rows: Iterable[dict[str, Any]], model: Model | None) -> Iterator[Judged]:
    for row in rows:
        if row["labels"]["team"] and row["labels"].get("urgency") in NAMES:
            yield _judged(row, row["labels"]["urgency"], model, whole=True)


def _judged(row: dict[str, Any], degree: str, model: Model | None, *, whole: bool) -> Judged:
    question = question_of(row, model, office=front_office(), now=timezone.now())
    meaning = nearness.row(question.text[:MOST])
    known = np.zeros(SIZE, np.float32) if meaning is None else meaning
    return Judged(cues(question.text), question.usual, known, NAMES.index(degree), whole)
