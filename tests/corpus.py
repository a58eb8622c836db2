"""Real mails of other products' own tests, read by our parser, against what those tests expect. `make corpus` prints the shares met.

The mails are not part of this repository (their licences differ): they are read from `../shared/data/mail`, or `SHARED_DATA`.
"""

import os
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import django
from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent
MAIL = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared" / "data")) / "mail"

if not apps.ready:
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

from intake.channels import letter, markup, quoting  # noqa: E402  (Django first)
from intake.channels.letter import Mail  # noqa: E402
from intake.wording import clean  # noqa: E402


def adapter(data: bytes, kind: str) -> dict[str, Any]:
    """Keys as told on top of `score.py`. `kind`: "eml" is a whole mail, "text" and "html" are bare bodies."""
    if kind != "eml":
        return _bare(data.decode("utf-8", "replace"), kind)
    mail = letter.read(data, trusted_hop=_topmost(data))
    return {**_fields(mail), **_screened(mail)}


def _fields(mail: Mail) -> dict[str, Any]:
    return {
        "subject": mail.subject,
        "from_email": mail.writer.address,
        "from_name": mail.writer.name,
        "reply_to": mail.reply_to[0].address if mail.reply_to else "",
        "to": [one.address for one in mail.to],
        "cc": [one.address for one in mail.cc],
        "message_id": mail.thread.message_id,
        "in_reply_to": next(iter(mail.thread.in_reply_to), ""),
        "references": list(mail.thread.references),
        "date_utc": mail.date.strftime("%Y-%m-%dT%H:%M:%SZ") if mail.date else None,
        "body_text": mail.text,
        "html": mail.html,
        "reply_text": mail.parted.text,
        "signature_text": mail.parted.signature,
        "attachments": [{"name": file.name, "inline": file.inline, "data": file.data} for file in mail.files],
        "sender_effective": mail.sender.address if mail.sender else "",
        "forwarded_from": mail.forward.address if mail.forward else "",
    }


def _screened(mail: Mail) -> dict[str, Any]:
    bounce = mail.bounce
    return {
        "is_auto_reply": mail.is_auto_reply,
        "is_auto_generated": mail.automation != "" or mail.is_list,
        "is_mailing_list": mail.is_list,
        "is_spam_flagged": mail.spam.flagged,
        "auth_failed": mail.authentication.failed,
        "is_bounce": mail.is_bounce,
        "is_feedback_loop": bounce is not None and bounce.kind == "complaint",
        "is_delivery_report": bounce is not None,
        "bounce_statuses": list(bounce.statuses) if bounce else [],
        "bounce_permanent": bounce is not None and bounce.permanent,
        "bounce_permanent_address": bounce is not None and any(one.gone for one in bounce.failures),
        "reject": "" if mail.writers else "no_sender",
    }


def _topmost(data: bytes) -> str:
    """These mails came over many servers: the one that wrote last is taken for the receiver's own."""
    found = re.search(rb"^authentication-results:\s*([\w.-]+)", data, re.IGNORECASE | re.MULTILINE)
    return found[1].decode("ascii", "replace") if found else ""


def _bare(body: str, kind: str) -> dict[str, Any]:
    page = markup.written(body) if kind == "html" else None
    text, below = (page.text, page.below) if page else (clean(body), "")
    parted = quoting.split(text, is_reply=True, below=below)
    whole = f"{text}\n{below}" if below else text
    return {
        "body_text": whole, "html": body if page else "", "reply_text": parted.text, "signature_text": parted.signature,
    }  # fmt: skip


if __name__ == "__main__":
    if not MAIL.is_dir():
        sys.exit(f"no mails at {MAIL}: set SHARED_DATA")
    sys.argv = ["score.py", "--adapter", "tests.corpus:adapter", *sys.argv[1:]]
    runpy.run_path(str(MAIL / "score.py"), run_name="__main__")
