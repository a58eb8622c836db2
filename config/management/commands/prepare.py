import io
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from config import environment
from districts.models import District
from districts.postgres.roles import PREPARING


class Command(BaseCommand):
    help = "Make what the product needs: database, role, tables, static files; with DEMO=1 the demonstration districts."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-static", action="store_true", help="Static files are in the image already.")

    def handle(self, *args: Any, **options: Any) -> None:
        if os.environ.get("DATABASE_URL"):
            environment.prepare()
        with connections["owner"].cursor() as cursor:  # two starts at once prepare one after the other
            cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARING + 1])
            call_command("migrate", interactive=False, verbosity=options["verbosity"] - 1, stdout=self.stdout)
            self.stdout.write("tables are up to date")
            if not options["no_static"]:
                call_command("build_static", stdout=self.stdout)
                self._build_embedder()
            if settings.DEMO and not District.objects.exists():
                self._load_demo()

    def _build_embedder(self) -> None:
        """Where it cannot be built, people's words are matched without it: that is said, and keeps nobody out."""
        try:
            call_command("build_embedder", stdout=self.stdout)
            call_command("build_phrases", stdout=self.stdout)
        except CommandError as error:
            self.stderr.write(f"no embedder: {error}")

    def _load_demo(self) -> None:
        """Its sign-ins go to SIGN_INS_FILE, where whoever started us shows them at every start; else to the screen."""
        self.stdout.write("loading the demonstration districts …")
        self.stdout.flush()
        told = io.StringIO()
        call_command("load_demo", stdout=told)
        if file := os.environ.get("SIGN_INS_FILE"):
            Path(file).write_text(told.getvalue())
        else:
            self.stdout.write(told.getvalue())
