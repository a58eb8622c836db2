from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from intake.receiving.reaping import reap_all


class Command(BaseCommand):
    help = "Take away stored files that nothing has referred to for a day. The worker does it by itself, four times a day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only tell how many there are.")

    def handle(self, *args: Any, **options: Any) -> None:
        reaped = reap_all(dry_run=options["dry_run"])
        verb = "would be taken away" if options["dry_run"] else "taken away"
        self.stdout.write(f"{reaped.files} files, {reaped.size:,} bytes {verb}")
