import http.client
import os
import re
import secrets
from typing import Any
from urllib.parse import urlencode

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from twilio.request_validator import RequestValidator

from districts.models import District
from districts.scope import district_scope
from intake.models import Channel
from tickets.models import ChannelKind

NUMBER = re.compile(r"\+[1-9]\d{6,14}")  # E.164


class Command(BaseCommand):
    help = "Send a text message to the product that runs here, signed as Twilio does: to try a district's number without a telephone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("host", help="Host name of the district.")
        parser.add_argument("words", help="What is texted.")
        parser.add_argument("--from", dest="sender", default="+13605550142", help="The sender's number, +13605550142.")
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000), help="Where the web listens (PORT, 8000).")

    def handle(self, *args: Any, **options: Any) -> None:
        if not NUMBER.fullmatch(options["sender"]):
            raise CommandError(f"{options['sender']} is no number: write it as +13605550142")
        line = self._line(options["host"].lower())
        form = {
            "MessageSid": f"SM{secrets.token_hex(16)}", "From": options["sender"], "To": line.address, "Body": options["words"],
            "NumMedia": "0",
        }  # fmt: skip
        status, words = call(options["host"].lower(), options["port"], reverse("sms_webhook", args=[line.id]), form, line.secret)
        if status != 200:
            raise CommandError(f"answered with {status}: {words[:300].strip()}")
        self.stdout.write(
            f"Taken in. The answer to {options['sender']} is on its way: see /notices/kept/ where nothing leaves the house."
        )

    def _line(self, host: str) -> Channel:
        district = District.objects.filter(host=host, active=True).first()
        if district is None:
            raise CommandError(f"no active district at {host}")
        with district_scope(district.id):
            line = Channel.objects.filter(kind=ChannelKind.SMS, active=True).exclude(secret="").order_by("id").first()
        if line is None:
            raise CommandError(f"{district.name} has no number with a secret")
        return line


def call(host: str, port: int, path: str, form: dict[str, str], secret: str) -> tuple[int, str]:
    """(status, body) of Twilio's webhook form (https://www.twilio.com/docs/messaging/guides/webhook-request), on loopback."""
    headers = {
        "Host": f"{host}:{port}",
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": RequestValidator(secret).compute_signature(f"http://{host}:{port}{path}", form),
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, urlencode(form), headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except OSError as error:
        raise CommandError(f"nothing answers at port {port} ({error.strerror or error}): is `make run` running?") from error
    finally:
        connection.close()
