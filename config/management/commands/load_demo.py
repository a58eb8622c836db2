from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from config.demo.loading import DEMO_PASSWORD, load
from config.demo.story import tell
from districts.links import absolute

DISTRICTS = (
    ("cedar_valley", "cedar-valley.localhost", "#1d6b4f"),
    ("oak_hollow", "oak-hollow.localhost", "#8a4b12"),
)


class Command(BaseCommand):
    help = "Load the two demonstration districts with people, catalog, calendar, matrix, articles and some days of work."

    def handle(self, *args: Any, **options: Any) -> None:
        for name, host, accent in DISTRICTS:
            now = timezone.now()
            with transaction.atomic():  # a demonstration is whole or not there
                loaded = load(name, host=host, accent=accent, now=now)
                told = tell(loaded, name, now=now) if loaded else 0
            if loaded is None:
                continue
            self.stdout.write(f"{loaded.district.name}: {absolute(loaded.district, '/')} ({told} tickets)")
            for who in loaded.sign_ins:
                self.stdout.write(f"  {who.email}  {DEMO_PASSWORD}  {who.role}")
