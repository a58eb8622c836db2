import re
import time
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config.demo.volume import Size, fill
from districts.models import District

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")  # part of a host name (RFC 1123), short enough for a slug with its number


class Command(BaseCommand):
    help = "Add made-up districts full of tickets, for dashboards and benchmarks (load-00001.localhost and so on)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tickets", type=count, default=10_000)
        parser.add_argument("--districts", type=count, default=10)
        parser.add_argument("--months", type=count, default=12, help="How far back the tickets go.")
        parser.add_argument("--live", type=share, default=0.03, help="Share of tickets that are open now.")
        parser.add_argument("--prefix", type=label, default="load", help="Of the host names; a second run needs another.")

    def handle(self, *args: Any, **options: Any) -> None:
        if District.objects.filter(slug__startswith=f"{options['prefix']}-").exists():
            raise CommandError(f"there are districts {options['prefix']}-… already: choose another --prefix")
        began = time.perf_counter()
        size = Size(options["tickets"], options["districts"], options["months"], options["live"])

        def say(line: str) -> None:
            self.stdout.write(f"{time.perf_counter() - began:7.1f} s  {line}")

        fill(size, now=timezone.now(), say=say, prefix=options["prefix"])
        say(f"done: {size.tickets:,} tickets in {size.districts:,} districts")


def count(given: str) -> int:
    if not given.isascii() or not given.isdigit() or not 0 < int(given) <= 1_000_000_000:
        raise ArgumentTypeError(f"{given!r} is not a number from 1 on")
    return int(given)


def share(given: str) -> float:
    try:
        found = float(given)
    except ValueError:
        found = -1
    if not 0 <= found <= 1:
        raise ArgumentTypeError(f"{given!r} is not a share between 0 and 1")
    return found


def label(given: str) -> str:
    if not LABEL.fullmatch(given):
        raise ArgumentTypeError(f"{given!r} cannot be part of a host name: small letters, digits and hyphens")
    return given
