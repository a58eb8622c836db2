"""`manage.py build_phrases`: what the starter pack's phrases mean, into EMBEDDER_ROOT; nothing is done where it is there."""

from typing import Any

from django.core.management.base import BaseCommand

from routing import nearness


class Command(BaseCommand):
    help = "Compute what the phrases mean that people say to any district, so that no process has to while somebody waits."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        told = nearness.known_phrases()
        self.stdout.write(f"phrases: {told}" if told else "no embedder: people's words are compared as words alone")
