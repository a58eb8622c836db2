from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from districts.models import District
from routing.training import retrain


class Command(BaseCommand):
    help = "Train a district's classifier from its catalog and its settled tickets, if anything changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("district", help="slug")

    def handle(self, *args: Any, **options: Any) -> None:
        district = District.objects.filter(slug=options["district"]).first()
        if district is None:
            raise CommandError(f"no district {options['district']}")
        row = retrain(district.id, now=timezone.now())
        if row is None:
            self.stdout.write("nothing changed, or too little to learn from")
            return
        accuracy = "unknown" if row.accuracy is None else f"{row.accuracy:.0%}"
        self.stdout.write(
            f"version {row.version}: {row.get_state_display()}; {row.examples} examples, {accuracy} of held-out ones right,"
        )
        self.stdout.write(f"acts on its own from {row.threshold:.2f}")
