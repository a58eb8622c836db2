"""Measure before you trust: what the product makes of a labelled set, in a district, leaving nothing behind.

One module a measure: `measure(file, fit)` returns figures, and raises NotASet with what is wrong.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from districts.models import District
from districts.scope import district_scope
from knowledge import evaluating as answers
from knowledge import meanings
from knowledge.measured import NotASet
from knowledge.model.endpoint import endpoint
from routing import after_labels
from routing import measured as triage
from routing.pairing import measured as duplicates

Measure = Callable[[Path, bool], dict[str, Any]]
WITH_MODEL: dict[str, Callable[[Path, UUID], dict[str, Any]]] = {"answers": answers.with_model}  # outside of any transaction
MEASURES: dict[str, Measure] = {"answers": answers.measure, "duplicates": duplicates.measure, "triage": triage.measure}
DEMO = "cedar-valley"


class Command(BaseCommand):
    help = "Tell how well a labelled set (one JSON object a line) is answered. Writes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=sorted(MEASURES))
        parser.add_argument("--set", type=Path, required=True, help="file of labelled rows")
        parser.add_argument("--district", default=DEMO, help=f"slug (default: {DEMO}, the demonstration)")
        parser.add_argument("--fit", action="store_true", help="fit the weights anew, and tell what is reached on rows not fitted on")
        parser.add_argument(
            "--model", action="store_true", help=f"besides, with the model that is plugged in ({', '.join(WITH_MODEL)})"
        )
        parser.add_argument("--labels", type=int, default=0, help="triage: learn so many of the set's labels, and judge by the others")
        parser.add_argument("--splits", type=int, default=after_labels.SPLITS, help="of the set, with --labels")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        district = District.objects.filter(slug=options["district"]).first()
        if district is None:
            raise CommandError(f"no district {options['district']} (manage.py load_demo loads the demonstration)")
        try:
            with district_scope(district.id):
                meanings.keep_district()
                figures = self._measured(options)
                transaction.set_rollback(True)
            if options["model"]:
                figures["with the model"] = self._with_model(options["what"], options["set"], district.id)
        except NotASet as wrong:
            raise CommandError(str(wrong)) from wrong
        self.stdout.write(json.dumps(figures) if options["json"] else "\n".join(lines(figures)))

    def _measured(self, options: dict[str, Any]) -> dict[str, Any]:
        if not options["labels"]:
            return MEASURES[options["what"]](options["set"], options["fit"])
        if options["what"] != "triage" or options["splits"] < 1:
            raise CommandError("--labels is of triage, with one split at least")
        return after_labels.measure(options["set"], options["labels"], options["splits"])

    def _with_model(self, what: str, file: Path, district_id: UUID) -> dict[str, Any]:
        if what not in WITH_MODEL:
            raise CommandError(f"no model takes part in {what}")
        if endpoint() is None:
            raise CommandError(
                "no model is plugged in: MODEL_URL and MODEL_NAME (docs/models.md; manage.py fake_model runs one to try)"
            )
        return WITH_MODEL[what](file, district_id)


def lines(figures: Mapping[str, Any], under: str = "") -> Iterator[str]:
    for name, value in figures.items():
        if isinstance(value, dict):
            yield f"{under}{name}"
            yield from lines(value, under + "  ")
        else:
            yield f"{under}{name:<{44 - len(under)}} {value}"
