import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from config.demo.volume import Size, fill


class Command(BaseCommand):
    help = "Add made-up districts full of tickets, for dashboards and benchmarks (load-00001.localhost and so on)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tickets", type=int, default=10_000)
        parser.add_argument("--districts", type=int, default=10)
        parser.add_argument("--months", type=int, default=12, help="How far back the tickets go.")
        parser.add_argument("--live", type=float, default=0.03, help="Share of tickets that are open now.")
        parser.add_argument("--prefix", default="load", help="Of the host names; a second run needs another.")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.perf_counter()
        size = Size(options["tickets"], options["districts"], options["months"], options["live"])

        def say(line: str) -> None:
            self.stdout.write(f"{time.perf_counter() - began:7.1f} s  {line}")

        fill(size, now=timezone.now(), say=say, prefix=options["prefix"])
        say(f"done: {size.tickets:,} tickets in {size.districts:,} districts")
