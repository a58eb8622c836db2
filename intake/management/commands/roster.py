from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from districts.models import District
from districts.scope import district_scope
from intake.people import roster


class Command(BaseCommand):
    help = (
        "Add people from a CSV file, and bring those that are known up to date. The first line names the columns: roster_id and name,"
        " and if there are any kind, email, phone, site (code or name), language. The same file again changes nothing; nobody is made"
        " one with anybody, and nobody gets a role."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--district", required=True, help="slug")
        parser.add_argument("--dry-run", action="store_true", help="tell what would be done, and do nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        district = District.objects.filter(slug=options["district"]).first()
        if district is None:
            raise CommandError(f"no district {options['district']}")
        try:
            data = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from error
        try:
            with district_scope(district.id):
                rows, problems = roster.read(data)
                outcome = roster.take_in(rows, now=timezone.now())
                if options["dry_run"]:
                    transaction.set_rollback(True)
        except roster.BadRoster as error:
            raise CommandError(str(error)) from error
        for problem in (*problems, *outcome.problems):
            self.stdout.write(problem)
        would = "would be " if options["dry_run"] else ""
        self.stdout.write(
            f"{outcome.added} {would}added, {outcome.updated} {would}brought up to date, {outcome.unchanged} as they were;"
            f" {outcome.suggested} {would}suggested to be one person; {len(problems) + len(outcome.problems)} problems"
        )
