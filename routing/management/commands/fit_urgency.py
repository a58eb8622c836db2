"""Fit how pressing a message is anew: to the starter pack and to labelled sets as `evaluate triage` reads them."""

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
from knowledge.measured import NotASet
from routing import nearness
from routing.classifier import Model
from routing.grams import grams
from routing.measured import rows as labelled
from routing.pressing.cues import MOST, cues
from routing.pressing.fitting import LABELLED, PHRASE, WRITTEN, Judged, fit, unseen, unseen_authors
from routing.pressing.judging import DEGREES, WEIGHTS
from routing.rehearsal import URGENCY, cold_model, question_of
from routing.starter.kinds import kinds
from routing.starter.messages import messages

DEMO = "cedar-valley"
NAMES = [URGENCY[degree] for degree in DEGREES]


class Command(BaseCommand):
    help = "Fit routing/pressing/weights.json to the starter pack and to labelled sets; tells what is reached unseen."

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
                rows = [
                    *_phrases(model),
                    *_written(model),
                    *(row for file in options["file"] for row in _labelled(labelled(file), model)),
                ]
                transaction.set_rollback(True)
        except NotASet as wrong:
            raise CommandError(str(wrong)) from wrong
        if options["file"]:
            self.stdout.write(json.dumps({"labelled, not fitted on": unseen(rows)}))
        self.stdout.write(json.dumps({"written by authors not fitted on": unseen_authors(rows)}))
        if not options["dry_run"]:
            WEIGHTS.write_text(json.dumps(fit(rows)) + "\n")
            self.stdout.write(f"{WEIGHTS.name}: {len(rows)} messages and phrases")


def _phrases(model: Model | None) -> Iterator[Judged]:
    for kind in kinds():
        for _language, degree, phrase in kind.pressing:
            yield _judged({"body": phrase}, degree, model, weight=PHRASE)


def _written(model: Model | None) -> Iterator[Judged]:
    for one in messages():
        if one.degree:
            yield _judged({"subject": one.subject, "body": one.body}, one.degree, model, author=one.author, weight=WRITTEN)


def _labelled(rows: Iterable[dict[str, Any]], model: Model | None) -> Iterator[Judged]:
    for row in rows:
        if row["labels"]["team"] and row["labels"].get("urgency") in NAMES:
            yield _judged(row, row["labels"]["urgency"], model)


def _judged(row: dict[str, Any], degree: str, model: Model | None, *, author: str = "", weight: float = LABELLED) -> Judged:
    question = question_of(row, model, office=front_office(), now=timezone.now())
    looks = np.concatenate([cues(question.text), question.usual])
    return Judged(looks, grams(question.text[:MOST]), NAMES.index(degree), author, weight)
