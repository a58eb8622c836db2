"""What two messages have to do with each other, one JSON object a line in and out; nothing is left behind.

In: `id`, and `a` and `b`, each with `text`, `channel`, `person`, `minutes_offset`, `site`; other keys are ignored. Out: `id`,
`relation`, `confidence` (0 to 1). A line that cannot be read is answered with `error`, and the rest go on.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from districts.models import District
from districts.scope import district_scope
from routing.pairing.relation import relate
from routing.pairing.rows import NotAPair, Reader
from routing.rehearsal import model_in_use

DEMO = "cedar-valley"


class Command(BaseCommand):
    help = "Tell what pairs of messages (JSON, one a line, from standard input) have to do with each other. Writes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", required=True, help="pairs and answers are JSON, one a line")
        parser.add_argument("--district", default=DEMO, help=f"slug (default: {DEMO}, the demonstration)")

    def handle(self, *args: Any, **options: Any) -> None:
        district = District.objects.filter(slug=options["district"]).first()
        if district is None:
            raise CommandError(f"no district {options['district']} (manage.py load_demo loads the demonstration)")
        with district_scope(district.id):
            for row in answers(sys.stdin, Reader(model_in_use())):
                self.stdout.write(json.dumps(row, ensure_ascii=False))
                self.stdout.flush()
            transaction.set_rollback(True)


def answers(lines: Iterable[str], reader: Reader) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        given: Any = None
        try:
            given = json.loads(line)
            verdict = relate(*reader.pair(given), reader.places)
            yield {"id": given.get("id"), "relation": verdict.relation.value, "confidence": round(verdict.confidence, 4)}
        except (NotAPair, ValueError, RecursionError) as error:
            known = given.get("id") if isinstance(given, dict) else None
            yield {"id": known, "error": f"line {number}: {error}"}
