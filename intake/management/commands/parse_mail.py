"""Why was a mail read as it was? All that the reader makes of it, as JSON, with no database."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from intake.channels import letter
from intake.channels.email import arrival_of
from intake.channels.letter import Mail
from intake.screening import by_itself

STDIN = "-"


class Command(BaseCommand):
    help = "Read mails as the door reads them, and print what they say: one JSON object a line. Writes nothing, asks no database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="A mail as it came (.eml); - is standard input.")

    def handle(self, *args: Any, **options: Any) -> None:
        missing = False
        for name in options["files"]:
            try:
                raw = sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
            except OSError as error:
                self.stderr.write(f"{name}: {error.strerror or error}")
                missing = True
                continue
            self.stdout.write(json.dumps(told(name, letter.read(raw)), ensure_ascii=False))
        if missing:
            sys.exit(1)


def told(name: str, mail: Mail) -> dict[str, Any]:
    verdict = by_itself(arrival_of(mail))
    bounced = mail.bounce.addresses if mail.bounce else ()
    return {
        "file": name,
        "subject": mail.subject,
        "from_name": mail.writer.name,
        "from_email": mail.writer.address,
        "to": [one.address for one in mail.to],
        "cc": [one.address for one in mail.cc],
        "message_id": mail.thread.message_id,
        "in_reply_to": next(iter(mail.thread.in_reply_to), ""),
        "references": list(mail.thread.references),
        "date": mail.date.strftime("%Y-%m-%dT%H:%M:%SZ") if mail.date else None,
        "language": mail.language,
        "text": mail.text,
        "reply": mail.parted.text,
        "quoted": mail.parted.quoted,
        "signature": mail.parted.signature,
        "html": mail.html,
        "attachments": [
            {"name": file.name, "content_type": file.kind, "size": len(file.data), "inline": file.inline} for file in mail.files
        ],
        "is_auto_reply": mail.is_auto_reply,
        "is_bounce": mail.is_bounce,
        "bounced_address": next(iter(bounced), ""),
        "is_forward": mail.forward is not None,
        "original_from": mail.forward.address if mail.forward else "",
        "screened_by": verdict.filter if verdict else None,
        "defects": list(mail.defects),
    }
