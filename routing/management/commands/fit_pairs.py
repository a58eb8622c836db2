"""Fit the weights by which two messages are compared anew, to labelled pairs of the format of duplicates.dev.jsonl."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from districts.models import District
from districts.scope import district_scope
from knowledge.measured import NotASet
from routing.pairing import fitting
from routing.pairing.fitting import Labelled
from routing.pairing.measured import WRITTEN, read
from routing.pairing.relation import WEIGHTS
from routing.pairing.rows import Reader
from routing.rehearsal import model_in_use

DEMO = "cedar-valley"


class Command(BaseCommand):
    help = "Fit the weights of routing/pairing/weights.json to labelled pairs: those written for it, and the files given."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="*")
        parser.add_argument("--district", default=DEMO, help=f"slug (default: {DEMO}, the demonstration)")

    def handle(self, *args: Any, **options: Any) -> None:
        district = District.objects.filter(slug=options["district"]).first()
        if district is None:
            raise CommandError(f"no district {options['district']} (manage.py load_demo loads the demonstration)")
        try:
            with district_scope(district.id):
                reader = Reader(model_in_use())
                pairs = [pair for file in (WRITTEN, *options["file"]) for pair in read(file, reader)]
                WEIGHTS.write_text(json.dumps(_weights(pairs, reader.places), indent=1) + "\n")
                transaction.set_rollback(True)
        except NotASet as wrong:
            raise CommandError(str(wrong)) from wrong
        self.stdout.write(f"{WEIGHTS}: {len(pairs)} pairs")


def _weights(pairs: list[Labelled], places: frozenset[str]) -> dict[str, Any]:
    if any(wrote.meaning is None for pair in pairs for wrote in pair.said):
        raise CommandError("it takes the embedder (manage.py build_embedder)")
    found = {"meaning": fitting.fit(pairs, places), "words": fitting.fit(fitting.without_meaning(pairs), places)}
    return {name: {"relation": fitting.stored(pair.relation), "akin": fitting.stored(pair.akin)} for name, pair in found.items()}
