"""Questions answered from a district's articles, one JSON object a line in and out.

In: `id`, `q`, `language`, `audience`; other keys are ignored. Out: `id`, `answered`, `text` (the article's own words; empty where
nothing is sure enough), `articles` (slugs, the nearest first), `quotes`, `confidence` (0 to 1), `engine` ("meaning" or "words"; "model"
where a model wrote the text from the passages, or found no answer in them). A line that cannot be read is answered with `error`, and
the rest go on. A model is asked where the district has it switched on for answers, or with `--model`; its calls leave no row here.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from districts.models import District
from districts.scope import district_scope
from knowledge import llm, meanings
from knowledge.model.endpoint import endpoint
from knowledge.models import Purpose
from knowledge.queries import Found, search
from knowledge.writing import Text, write

DEMO = "cedar-valley"
NEAREST = 3  # articles named


class NotAQuestion(ValueError):
    """Says what is missing."""


@dataclass(frozen=True)
class Answered:
    """`found` is empty where nothing is answered."""

    row: dict[str, Any]
    question: str = ""
    language: str = ""
    found: tuple[Found, ...] = ()


class Command(BaseCommand):
    help = "Answer questions (JSON, one a line, from standard input) from a district's articles. Writes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", required=True, help="questions and answers are JSON, one a line")
        parser.add_argument("--district", default=DEMO, help=f"slug (default: {DEMO}, the demonstration)")
        parser.add_argument("--model", action="store_true", help="have a model write the answers, whatever the district's switch says")

    def handle(self, *args: Any, **options: Any) -> None:
        district = District.objects.filter(slug=options["district"]).first()
        if district is None:
            raise CommandError(f"no district {options['district']} (manage.py load_demo loads the demonstration)")
        if options["model"] and endpoint() is None:
            raise CommandError(
                "no model is plugged in: MODEL_URL and MODEL_NAME (docs/models.md; manage.py fake_model runs one to try)"
            )
        waiting = list[Answered]()
        with district_scope(district.id):
            meanings.keep_district()
            modelled = options["model"] or llm.switched_on(Purpose.ANSWERS)
            for one in answers(sys.stdin):
                if modelled:
                    waiting.append(one)
                else:
                    self._say(one.row)
            transaction.set_rollback(True)
        for one in waiting:
            self._say(written(district.id, one))

    def _say(self, row: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(row, ensure_ascii=False))


def answers(lines: Iterable[str]) -> Iterator[Answered]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        given: Any = None
        try:
            given = json.loads(line)
            yield answer(given)
        except (ValueError, RecursionError) as error:
            known = given.get("id") if isinstance(given, dict) else None
            yield Answered({"id": known, "error": f"line {number}: {error}"})


def answer(given: Any) -> Answered:
    """Raises NotAQuestion."""
    if not isinstance(given, dict):
        raise NotAQuestion("not an object")
    wrong = [name for name in ("q", "language", "audience") if not isinstance(given.get(name), str)]
    if "id" not in given or wrong:
        raise NotAQuestion(f"no text in {', '.join(wrong)}" if wrong else "no id")
    found = search(given["q"], audience=given["audience"], language=given["language"], limit=NEAREST, floor=0.0)
    best = found[0] if found else None
    shown = best if best and best.answers else None
    row = {
        "id": given["id"],
        "answered": shown is not None,
        "text": shown.passage if shown else "",
        "articles": [one.article.slug for one in found],
        "quotes": list(shown.quotes) if shown else [],
        "confidence": round(best.score, 4) if best else 0.0,
        "engine": str(best.by) if best else "none",
    }
    return Answered(row, given["q"], given["language"], tuple(found) if shown else ())


def written(district_id: UUID, one: Answered) -> dict[str, Any]:
    """With what a model makes of it; a question that nothing here answers is not asked."""
    if not one.found:
        return one.row
    text = write(district_id, one.question, one.found, language=one.language, now=timezone.now(), trial=True)
    return one.row | said(text, one.found)


def said(text: Text, found: Iterable[Found]) -> dict[str, Any]:
    if text.abstained:
        return {"answered": False, "text": "", "quotes": [], "engine": "model"}
    if not text.sentences:
        return {}
    named = list(dict.fromkeys([one.slug for one in text.sentences] + [one.article.slug for one in found]))
    return {"text": text.text, "articles": named[:NEAREST], "quotes": [one.quote for one in text.sentences], "engine": "model"}
