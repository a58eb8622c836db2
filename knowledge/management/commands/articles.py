"""`manage.py articles FOLDER`: a folder of Markdown files into a district's articles, as often as wanted."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from districts.models import District
from districts.scope import district_scope
from knowledge.folder import files_of
from knowledge.keeping.bringing import Outcome, bring, read_all


class Command(BaseCommand):
    help = "Bring Markdown files with front matter (knowledge/folder.py tells which) into a district's articles; again is nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--district", required=True, help="slug")
        parser.add_argument(
            "--draft", action="store_true", help="as proposals, for their owners to approve; otherwise published at once"
        )
        parser.add_argument("--dry-run", action="store_true", help="only tell what would change")

    def handle(self, *args: Any, **options: Any) -> None:
        district, folder = District.objects.filter(slug=options["district"]).first(), options["folder"]
        if district is None:
            raise CommandError(f"no district {options['district']}")
        if not folder.is_dir():
            raise CommandError(f"no folder {folder}")
        written, refused = read_all(files_of(folder))
        with district_scope(district.id):
            told = bring(written, draft=options["draft"], by=None, now=timezone.now())
            transaction.set_rollback(options["dry_run"])
        self._tell([*refused, *told], dry=options["dry_run"])

    def _tell(self, outcomes: list[Outcome], *, dry: bool) -> None:
        """Raises CommandError where a file was not taken: whoever runs it by a script hears of it."""
        for one in outcomes:
            more = "; ".join(filter(None, [one.said, one.warned]))
            if one.what != "same" or more:
                self.stdout.write(f"{one.what:8} {one.name}" + (f": {more}" if more else ""))
        count = {what: sum(one.what == what for one in outcomes) for what in ("new", "changed", "same", "refused")}
        said = ", ".join(f"{n} {what}" for what, n in count.items())
        self.stdout.write(f"{said}{' (nothing was written)' if dry else ''}")
        if count["refused"]:
            raise CommandError(f"{count['refused']} not taken")
