from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from districts.actions import revoke_api_key
from districts.models import ApiKey, District
from districts.scope import district_scope


class Command(BaseCommand):
    help = "List the API keys of one district, or revoke one. `new_api_key` makes them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("host", help="Host name of the district.")
        parser.add_argument("--revoke", metavar="PREFIX", help="The eight characters after fd_: good for nothing from now on.")

    def handle(self, *args: Any, **options: Any) -> None:
        district = District.objects.filter(host=options["host"].lower().rstrip(".")).first()
        if district is None:
            raise CommandError(f"no district at {options['host']}")
        with district_scope(district.id):
            if options["revoke"] and not revoke_api_key(prefix=options["revoke"], now=timezone.now()):
                raise CommandError(f"{district.name} has no valid key {options['revoke']}")
            for key in ApiKey.objects.order_by("created_at"):
                state = f"revoked {key.revoked_at:%Y-%m-%d %H:%M} UTC" if key.revoked_at else "valid"
                self.stdout.write(f"{key.prefix}  {key.role:6}  made {key.created_at:%Y-%m-%d}  {state}  {key.name}")
