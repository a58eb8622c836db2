"""Questions answered from a district's articles, one JSON object a line in and out.

In: `id`, `q`, `language`, `audience`; other keys are ignored. Out: `id`, `answered`, `text` (the article's own words; empty where
nothing is sure enough), `articles` (slugs, the nearest first), `quotes`, `confidence` (0 to 1), `engine` ("meaning" or "words"). A line
that cannot be read is answered with `error`, and the rest go on.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from districts.models import District
from districts.scope import district_scope
from knowledge import meanings
from knowledge.queries import search

DEMO = "cedar-valley"
NEAREST = 3  # articles named


class NotAQuestion(ValueError):
    """Says what is missing."""


class Command(BaseCommand):
    help = "Answer questions (JSON, one a line, from standard input) from a district's articles. Writes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", required=True, help="questions and answers are JSON, one a line")
        parser.add_argument("--district", default=DEMO, help=f"slug (default: {DEMO}, the demonstration)")

    def handle(self, *args: Any, **options: Any) -> None:
        district = District.objects.filter(slug=options["district"]).first()
        if district is None:
            raise CommandError(f"no district {options['district']} (manage.py load_demo loads the demonstration)")
        with district_scope(district.id):
            meanings.keep_district()
            for row in answers(sys.stdin):
                self.stdout.write(json.dumps(row, ensure_ascii=False))
            transaction.set_rollback(True)


def answers(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        given: Any = None
        try:
            given = json.loads(line)
            yield answer(given)
        except (ValueError, RecursionError) as error:
            known = given.get("id") if isinstance(given, dict) else None
            yield {"id": known, "error": f"line {number}: {error}"}


def answer(given: Any) -> dict[str, Any]:
    """Raises NotAQuestion."""
    if not isinstance(given, dict):
        raise NotAQuestion("not an object")
    wrong = [name for name in ("q", "language", "audience") if not isinstance(given.get(name), str)]
    if "id" not in given or wrong:
        raise NotAQuestion(f"no text in {', '.join(wrong)}" if wrong else "no id")
    found = search(given["q"], audience=given["audience"], language=given["language"], limit=NEAREST, floor=0.0)
    best = found[0] if found else None
    shown = best if best and best.answers else None
    return {
        "id": given["id"],
        "answered": shown is not None,
        "text": shown.passage if shown else "",
        "articles": [one.article.slug for one in found],
        "quotes": list(shown.quotes) if shown else [],
        "confidence": round(best.score, 4) if best else 0.0,
        "engine": str(best.by) if best else "none",
    }
