from collections import defaultdict
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from districts.isolation import catalog, trials
from districts.isolation.catalog import Hole

MARKS = {trials.HELD: "ok", "–": "–", "not tried": "?"}


class Command(BaseCommand):
    help = "As the application's role, look for a way from one district into another; exit 1 on any hole."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--database", help="Name of the database, where it is not the one that is served.")

    def handle(self, *args: Any, **options: Any) -> None:
        url = settings.APP_URL
        if options["database"]:
            url = urlsplit(url)._replace(path=f"/{options['database']}").geturl()
        settled = settings.DATABASES["default"]["OPTIONS"]["options"]
        with psycopg.connect(url, autocommit=True, options=settled) as connection:
            holes = list(catalog.declared(connection))
            tried = trials.Trials(connection)
            holes += tried.run()
            self._table(tried, holes)
            for name, count in catalog.counts(connection).items():
                self.stdout.write(f"{count:4} {name}")
            role, database = connection.info.user, connection.info.dbname
        self.stdout.write("")
        for hole in holes:
            self.stdout.write(self.style.ERROR(f"HOLE  {hole.where}: {hole.what}"))
        if holes:
            raise CommandError(f"{len(holes)} holes between districts, seen by {role} in {database}")
        self.stdout.write(f"No hole: {len(tried.results)} district tables, tried as {role} in {database}.")

    def _table(self, tried: trials.Trials, holes: list[Hole]) -> None:
        by_table: dict[str, int] = defaultdict(int)
        for hole in holes:
            by_table[hole.where] += 1
        width = max(map(len, tried.results), default=5)
        self.stdout.write(f"{'district table':{width}}  {'policy, keys':13} {'  '.join(trials.TRIALS)}")
        for name, found in tried.results.items():
            marks = "  ".join(f"{MARKS.get(found[t], 'HOLE'):{len(t)}}" for t in trials.TRIALS)
            said = f"{by_table[name]} HOLES" if by_table[name] else f"ok, {len(tried.borders[name])} borders"
            self.stdout.write(f"{name:{width}}  {said:13} {marks}")
