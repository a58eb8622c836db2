from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from districts.actions import new_api_key
from districts.models import ApiKey, District, Role
from districts.scope import district_scope

LONGEST = ApiKey._meta.get_field("name").max_length or 0


class Command(BaseCommand):
    help = "Make a key for the API of one district. It is shown this once: only its hash is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("host", help="Host name of the district; the key is good there and nowhere else.")
        parser.add_argument("name", help="Which program will use it, as staff will read it.")
        parser.add_argument("--role", choices=Role.values, default=Role.AGENT, help="What it may do (agent).")

    def handle(self, *args: Any, **options: Any) -> None:
        """The key alone goes to standard output, so that it can be piped to where it is kept."""
        district = District.objects.filter(host=options["host"].lower().rstrip("."), active=True).first()
        if district is None:
            raise CommandError(f"no active district at {options['host']}")
        name = " ".join(options["name"].split())
        if not 0 < len(name) <= LONGEST or not name.isprintable():
            raise CommandError(f"the name is 1 to {LONGEST} printable characters")
        with district_scope(district.id):
            key = new_api_key(name=name, role=options["role"])
        self.stdout.write(key)
        self.stderr.write(f"A key of {district.name} for {name} ({options['role']}). Keep it now: it is not shown again.")
