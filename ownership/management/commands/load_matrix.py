import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from districts.models import District
from districts.scope import district_scope
from ownership.keeping.loading import Loaded, load_matrix


class Command(BaseCommand):
    help = (
        "Load a district's ownership matrix from its JSON file: systems, roles, processes, stages, feeds and ladders. Twice is once, a"
        " newer file brings all of it up to date; but ladders that were changed on our pages stay as they are, unless --take-file."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--district", required=True, help="slug")
        parser.add_argument(
            "--take-file", action="store_true", help="take the file's ladders and processes, also where they were changed on our pages"
        )
        parser.add_argument("--dry-run", action="store_true", help="tell what would be done, and do nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        district = District.objects.filter(slug=options["district"]).first()
        if district is None:
            raise CommandError(f"no district {options['district']}")
        data = _read(options["file"])
        try:
            with district_scope(district.id):
                loaded = load_matrix(data, timezone.now(), take_file=options["take_file"])
                if options["dry_run"]:
                    transaction.set_rollback(True)
        except (KeyError, TypeError, AttributeError) as error:
            raise CommandError(f"{options['file']}: not a matrix: {type(error).__name__} {error}; nothing was loaded") from error
        self._tell(loaded, dry=options["dry_run"])

    def _tell(self, loaded: Loaded, *, dry: bool) -> None:
        would = " would be" if dry else ""
        self.stdout.write(f"{len(loaded.processes)} processes, {len(loaded.roles)} roles, {len(loaded.systems)} systems{would} loaded")
        for ladder in loaded.kept:
            self.stdout.write(f"ladder {ladder.slug}{would} kept as it was changed here on {ladder.edited_at:%Y-%m-%d}")
        for ladder in loaded.replaced:
            self.stdout.write(f"ladder {ladder.slug}{would} taken from the file, and what was changed here{would} gone")
        for process in loaded.kept_processes:
            self.stdout.write(f"process {process.slug}{would} kept as it was changed here on {process.edited_at:%Y-%m-%d}")
        for process in loaded.replaced_processes:
            self.stdout.write(f"process {process.slug}{would} taken from the file, and what was changed here{would} gone")
        if loaded.kept or loaded.kept_processes:
            self.stdout.write("--take-file takes the file's instead")


def _read(file: Path) -> Any:
    """Raises CommandError."""
    try:
        return json.loads(file.read_bytes())
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{file}: no JSON: {error}") from error
