import os
import secrets
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from intake.phone.trying import NUMBER, call, giving, line_of
from tickets.models import ChannelKind


class Command(BaseCommand):
    help = "Send a text message to the product that runs here, signed as Twilio does: to try a district's number without a telephone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("host", help="Host name of the district.")
        parser.add_argument("words", help="What is texted.")
        parser.add_argument("--picture", type=Path, help="A file that comes with it.")
        parser.add_argument("--from", dest="sender", default="+13605550142", help="The sender's number, +13605550142.")
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000), help="Where the web listens (PORT, 8000).")

    def handle(self, *args: Any, **options: Any) -> None:
        if not NUMBER.fullmatch(options["sender"]):
            raise CommandError(f"{options['sender']} is no number: write it as +13605550142")
        host, port = options["host"].lower(), options["port"]
        line = line_of(host, ChannelKind.SMS)
        form = {
            "MessageSid": f"SM{secrets.token_hex(16)}", "From": options["sender"], "To": line.address, "Body": options["words"],
            "NumMedia": "0",
        }  # fmt: skip
        with giving(options["picture"], self.stdout) as picture:
            if picture:
                form |= {"NumMedia": "1", "MediaUrl0": picture, "MediaContentType0": "image/jpeg"}
            call(host, port, reverse("sms_webhook", args=[line.id]), form, line)
        self.stdout.write(
            f"Taken in. Whatever {options['sender']} is answered stands at /notices/kept/ where nothing leaves the house."
        )
