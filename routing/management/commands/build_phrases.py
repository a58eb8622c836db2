"""`manage.py build_phrases`: what the starter pack's phrases mean, into EMBEDDER_ROOT; nothing is done where it is there."""

from typing import Any

from django.core.management.base import BaseCommand

from routing import danger


class Command(BaseCommand):
    help = "Compute what the phrases mean that people say to any district, so that no process has to while somebody waits."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        known = danger.known()
        if known is None:
            self.stdout.write("no embedder: people's words are compared as words alone")
        else:
            self.stdout.write(f"phrases: {len(known.danger)} of danger, {len(known.else_)} of everything else")
