"""What triage would do with messages, one JSON object a line in and out; nothing is left behind."""

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from districts.models import District
from districts.queries import front_office
from districts.scope import district_scope
from knowledge.redaction.people import district_roster
from routing.classifier import Model
from routing.rehearsal import NotAMessage, cold_model, model_in_use, rehearse, told

DEMO = "cedar-valley"


class Command(BaseCommand):
    help = "Triage messages (JSON, one a line, from standard input) as a district would. Writes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", required=True, help="messages and answers are JSON, one a line")
        parser.add_argument("--district", default=DEMO, help=f"slug (default: {DEMO}, the demonstration)")
        parser.add_argument("--cold", action="store_true", help="by a model of its catalog alone, whatever it has learned since")

    def handle(self, *args: Any, **options: Any) -> None:
        district = District.objects.filter(slug=options["district"]).first()
        if district is None:
            raise CommandError(f"no district {options['district']} (manage.py load_demo loads the demonstration)")
        with district_scope(district.id):
            for row in answers(sys.stdin, cold_model() if options["cold"] else model_in_use()):
                self.stdout.write(json.dumps(row, ensure_ascii=False))
            transaction.set_rollback(True)


def answers(lines: Iterable[str], model: Model | None) -> Iterator[dict[str, Any]]:
    """An answer a line; of one that cannot be read, its id (where it has one) and what is wrong with it."""
    now, office, roster = timezone.now(), front_office(), district_roster()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        given: Any = None
        try:
            given = json.loads(line)
            yield told(rehearse(given, model, office=office, now=now), roster)
        except (NotAMessage, ValueError, RecursionError) as error:
            known = given.get("id") if isinstance(given, dict) else None
            yield {"id": known, "error": f"line {number}: {error}"}
