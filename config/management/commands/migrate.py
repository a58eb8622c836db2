from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections

from districts.postgres.roles import grants


class Command(migrate.Command):
    """Django's own, as the tables' owner, followed by what the application's role is granted."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if options["database"] == "owner" and not options["plan"] and not options["check_unapplied"]:
            with connections["owner"].cursor() as cursor:
                cursor.execute(grants(str(connections["default"].settings_dict["USER"])))
