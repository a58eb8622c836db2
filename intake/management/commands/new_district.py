from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from districts.links import absolute
from districts.models import District, Person
from intake import contacts
from intake.founding import draft, found


class Command(BaseCommand):
    help = "Found a district: its front office, its doors and its first administrator, who signs in by a mailed code."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("host", help="Host name of its front door, also its mail domain.")
        parser.add_argument("name")
        parser.add_argument("--admin", required=True, help="Mail address of its first administrator.")
        parser.add_argument("--admin-name", default="Administrator")
        parser.add_argument("--time-zone", default="America/New_York", help="IANA name.")
        parser.add_argument("--sms", default="", help="Number of its text line.")

    def handle(self, *args: Any, **options: Any) -> None:
        host, admin = options["host"].lower().rstrip("."), options["admin"].strip().lower()
        name, admin_name = (" ".join(options[given].split()) for given in ("name", "admin_name"))
        number = _checked(host, name, admin, admin_name, options["time_zone"], options["sms"])
        made = found(
            host=host, name=name, time_zone=options["time_zone"], admin_email=admin, admin_name=admin_name, number=number,
            now=timezone.now(),
        )  # fmt: skip
        self.stdout.write(f"{made.district.name}: {absolute(made.district, '/')}, mail to help@{host}")
        self.stdout.write(f"{admin} signs in at {absolute(made.district, '/account/login/code/')}")
        if made.sms:
            hook = absolute(made.district, f"/hooks/sms/{made.sms.id}")
            self.stdout.write(f"Texts to {made.sms.address}: set its webhook at Twilio to {hook}")
            if not settings.TWILIO_AUTH_TOKEN:
                self.stderr.write("TWILIO_AUTH_TOKEN is not set: this line stays shut until it is, or Set-up names its account.")


def _checked(host: str, name: str, admin: str, admin_name: str, time_zone: str, sms: str) -> str:
    """The text line's number as E.164, or nothing; raises CommandError for what could not work."""
    number = contacts.phone(sms) if sms else None
    if District.objects.filter(host=host).exists():
        raise CommandError(f"there is a district at {host} already")
    try:
        draft(host=host, name=name, time_zone=time_zone).full_clean()
        Person(name=admin_name).clean_fields(exclude=["district"])
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
    if contacts.email(admin) is None:
        raise CommandError(f"{admin} is no mail address")
    if sms and number is None:
        raise CommandError(f"{sms} is no telephone number")
    return number.value if number else ""
