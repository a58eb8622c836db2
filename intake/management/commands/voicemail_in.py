import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from intake.models import Channel
from intake.phone.trying import NUMBER, call, giving, line_of
from tickets.models import ChannelKind


class Command(BaseCommand):
    help = "Leave a voicemail with the product that runs here, as Twilio's callbacks tell of it: its words, its recording, or both."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("host", help="Host name of the district.")
        parser.add_argument("words", help="What was said; empty where only the recording comes.")
        parser.add_argument("--recording", type=Path, help="An MP3 or WAV file.")
        parser.add_argument("--seconds", type=int, default=12, help="Length of the recording (12).")
        parser.add_argument("--from", dest="sender", default="+13605550142", help="The caller's number, +13605550142, or anonymous.")
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000), help="Where the web listens (PORT, 8000).")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (NUMBER.fullmatch(options["sender"]) or options["sender"].isalpha()):
            raise CommandError(f"{options['sender']} is no number: write it as +13605550142")
        if not (options["words"] or options["recording"]):
            raise CommandError("say something, or name a recording")
        line = line_of(options["host"].lower(), ChannelKind.PHONE)
        recording = f"RE{secrets.token_hex(16)}"
        with giving(options["recording"], self.stdout, ending=".mp3") as where:
            if where:
                told = {"RecordingUrl": where.removesuffix(".mp3"), "RecordingDuration": str(options["seconds"])}
                self._tell(line, options, {"RecordingSid": recording, "RecordingStatus": "completed", **told})
        if options["words"]:
            said = {"TranscriptionSid": f"TR{secrets.token_hex(16)}", "TranscriptionText": options["words"]}
            self._tell(line, options, {"RecordingSid": recording, "TranscriptionStatus": "completed", **said})
        self.stdout.write(f"Taken in, as a call from {options['sender']}.")

    def _tell(self, line: Channel, options: dict[str, Any], form: dict[str, str]) -> None:
        path = f"{reverse('voicemail_webhook', args=[line.id])}?{urlencode({'caller': options['sender']})}"
        call(options["host"].lower(), options["port"], path, form, line)
