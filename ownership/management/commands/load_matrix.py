import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from districts.models import District
from districts.scope import district_scope
from ownership.keeping import importing
from ownership.keeping.differences import Difference
from ownership.keeping.files import BIGGEST, BadFile, Read, read
from ownership.keeping.importing import Preview
from ownership.keeping.loading import Loaded, load_matrix

REFERENCE = {"", ".json"}  # endings of the file that has ladders and roles, too; all others are read as /setup/matrix/files/ does


class Command(BaseCommand):
    help = (
        "Load a district's ownership matrix from its JSON file: systems, roles, processes, stages, feeds and ladders. Twice is once, a"
        " newer file brings all of it up to date; but ladders that were changed on our pages stay as they are, unless --take-file."
        " A CSV or YAML file, as the page of set-up exports it, is taken as that page takes it."
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
        if options["file"].suffix.lower() in REFERENCE:
            self._reference(district, options)
        else:
            self._table(options["file"], district, dry=options["dry_run"], take_file=options["take_file"])

    def _reference(self, district: District, options: dict[str, Any]) -> None:
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

    def _table(self, file: Path, district: District, *, dry: bool, take_file: bool) -> None:
        """What the file names is as the file has it; what it does not speak of stays."""
        if take_file:
            raise CommandError("--take-file is for the JSON file: what a CSV or YAML file names is always taken")
        told = _read_table(file)
        with district_scope(district.id):
            found = importing.look(told)
            taken = 0 if dry else importing.take(told, seen=found.fingerprint, by=None, now=timezone.now())
        self._show(found)
        self.stdout.write("nothing was changed" if dry else f"processes that are as the file has them now: {taken}")

    def _show(self, found: Preview) -> None:
        counts = (
            f"{len(found.new)} new, {len(found.changed)} changed, {found.same} the same, {len(found.stay)} not in the file: they stay"
        )
        self.stdout.write("\n".join([counts, *found.doubts]))
        for one in (*found.changed, *found.new):
            self.stdout.write("\n".join(_lines(one)))


def _lines(one: Difference) -> Iterator[str]:
    """As the page tells it: each field with what it was and what it would be."""
    yield f"{one.described.name} ({one.kind})"
    for change in one.changes:
        yield f"  {change.label}"
        yield from (f"    - {line}" for line in change.before.splitlines())
        yield from (f"    + {line}" for line in change.after.splitlines())


def _read_table(file: Path) -> Read:
    """Raises CommandError, with each problem as the page tells it."""
    try:
        with file.open("rb") as opened:
            return read(file.name, opened.read(BIGGEST + 1))
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from error
    except BadFile as error:
        raise CommandError("\n".join([f"{file}: nothing was loaded", *error.problems])) from error


def _read(file: Path) -> Any:
    """Raises CommandError."""
    try:
        return json.loads(file.read_bytes())
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{file}: no JSON: {error}") from error
