"""Texts without what tells who they are about: one JSON object a line in, {"id", "text"}, and one out, with the spans taken out."""

import io
import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from districts.models import District
from districts.scope import district_scope
from knowledge.redaction.engine import redact
from knowledge.redaction.people import district_roster
from knowledge.redaction.roster import NOBODY, Roster

DEMO = "cedar-valley"


class Command(BaseCommand):
    help = (
        "Take what is personal out of texts of JSON rows from standard input, by a district's roster. Writes nothing to the database."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", required=True, help="rows and answers are JSON, one a line")
        parser.add_argument("--district", help=f"slug; otherwise {DEMO}, or no roster where there is no such district")

    def handle(self, *args: Any, **options: Any) -> None:
        roster = self._roster(options["district"])
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8", errors="replace")
        for answer in answers(sys.stdin, roster):
            self.stdout.write(json.dumps(answer))

    def _roster(self, slug: str | None) -> Roster:
        try:
            district = District.objects.filter(slug=slug or DEMO).first()
            if district is not None:
                with district_scope(district.id):
                    return district_roster()
        except DatabaseError as error:
            if slug:
                raise CommandError(f"the database cannot be read: {error}") from error
        if slug:
            raise CommandError(f"no district {slug}")
        self.stderr.write(f"no district {DEMO}: redacting by how names are written, with no roster")
        return NOBODY


def answers(lines: Iterable[str], roster: Roster) -> Iterator[dict[str, Any]]:
    """An answer a row; of a row that cannot be read, its id (where it has one) and what is wrong with it."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _answer(line, number, roster)


def _answer(line: str, number: int, roster: Roster) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {"id": None, "error": f"line {number}: {error}"}
    id_ = row.get("id") if isinstance(row, dict) else None
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        return {"id": id_, "error": f"line {number}: not an object with a text"}
    done = redact(row["text"], roster)
    return {"id": id_, "text": done.text, "spans": [[start, end, str(kind)] for start, end, kind in done.spans]}
