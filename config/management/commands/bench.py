"""`manage.py bench [NAME …] [--smoke]`: one JSON line a measurement."""

import json
import os
import subprocess
import sys
import uuid
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from psycopg import sql

from config.bench.bench import Bench
from config.bench.meter import Meter
from config.bench.work import ALL
from districts.postgres import roles

MINE = "BENCH_DATABASE"
MINUTES = 25


class Command(BaseCommand):
    help = "Measure the product's speed in a database of its own; exits 1 where a target is missed."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", help=", ".join(ALL))
        parser.add_argument("--seconds", type=float, default=0, help="How long mails are sent for; a minute without.")
        parser.add_argument("--smoke", action="store_true", help="Tiny: proves that the measuring works, judges nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        unknown = set(options["names"]) - set(ALL)
        if unknown:
            raise CommandError(f"no such measurement: {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")
        if os.environ.get(MINE):
            self._run(options["names"] or list(ALL), smoke=options["smoke"], seconds=options["seconds"])
        else:
            sys.exit(_in_own_database(sys.argv[1:]))

    def _run(self, names: list[str], *, smoke: bool, seconds: float) -> None:
        call_command("migrate", verbosity=0)
        meter = Meter(settings.OWNER_URL)
        bench = Bench(meter, smoke=smoke, seconds=seconds)
        missed = []
        try:
            for name in names:
                result = ALL[name](bench)
                self.stdout.write(json.dumps(asdict(result)))
                self.stdout.flush()
                if result.target is not None and result.value > result.target:
                    missed.append(name)
        finally:
            bench.close()
        if missed:
            raise CommandError(f"over target: {', '.join(missed)}")


def _in_own_database(arguments: list[str]) -> int:
    """Run the same command again in a new database, and drop it whatever happens."""
    name = f"bench_{uuid.uuid4().hex[:12]}"
    url = urlsplit(settings.OWNER_URL)._replace(path=f"/{name}").geturl()
    app_url = roles.app_url(url, settings.SECRET_KEY)
    roles.prepare(url, app_url)
    environment = {
        **os.environ, MINE: name, "DATABASE_URL": url, "DATABASE_APP_URL": app_url, "REDIS_URL": "", "DATABASE_POOL": "2",
        "LOG_LEVEL": "WARNING", "DELIVERY_KEEP": "1", "PLAIN_STATIC": "1",
    }  # fmt: skip
    try:
        return subprocess.run([sys.executable, "manage.py", *arguments], env=environment, check=False, timeout=MINUTES * 60).returncode
    finally:
        with psycopg.connect(urlsplit(url)._replace(path="/postgres").geturl(), autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
