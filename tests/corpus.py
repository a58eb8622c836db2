"""Real mails of other products' own tests, read by our parser, against what those tests expect. `make corpus` prints the shares met.

The mails are not part of this repository (their licences differ): they are read from `../shared/data/mail`, or `SHARED_DATA`.
"""

import os
import runpy
import sys
from datetime import UTC
from email.utils import parsedate_to_datetime
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

from intake.channels import markup, parts, quoting  # noqa: E402  (Django first)
from intake.channels.email import read  # noqa: E402
from intake.channels.headers import Headers  # noqa: E402
from intake.wording import clean  # noqa: E402


def adapter(data: bytes, kind: str) -> dict[str, Any]:
    """Keys as told on top of `score.py`. `kind`: "eml" is a whole mail, "text" and "html" are bare bodies."""
    if kind != "eml":
        return _bare(data.decode("utf-8", "replace"), kind)
    message = parts.parse(data)
    headers = Headers(message)
    arrival = read(data)
    bounce = arrival.bounce
    return {
        "subject": arrival.subject,
        "from_email": next((one.address for one in headers.addresses("from")), ""),
        "from_name": next((one.name for one in headers.addresses("from")), ""),
        "reply_to": next((one.address for one in headers.addresses("reply-to")), ""),
        "to": [one.address for one in headers.addresses("to")],
        "cc": [one.address for one in headers.addresses("cc")],
        "message_id": arrival.thread.message_id,
        "in_reply_to": next(iter(arrival.thread.in_reply_to), ""),
        "references": list(arrival.thread.references),
        "date_utc": _date(headers.raw("date")),
        "body_text": f"{arrival.text}\n{arrival.quoted}",
        "html": arrival.html,
        "reply_text": arrival.text,
        "forwarded_from": arrival.forward.address if arrival.forward else "",
        "attachments": [{"name": file.name, "inline": file.inline, "data": file.data} for file in arrival.sent_files],
        "is_auto_reply": arrival.automation in ("replied", "generated"),
        "is_auto_generated": arrival.automation != "",
        "is_bounce": bounce is not None and bounce.came_back,
        "is_feedback_loop": bounce is not None and bounce.kind == "complaint",
        "is_delivery_report": bounce is not None,
        "bounce_statuses": list(bounce.statuses) if bounce else [],
        "bounce_permanent": bounce is not None and bounce.permanent,
        "bounce_permanent_address": bounce is not None and any(one.gone for one in bounce.failures),
        "sender_effective": arrival.contact.value if arrival.contact else "",
        "is_mailing_list": bool(arrival.list_id),
        "reject": "" if headers.addresses("from") else "no_sender",
    }


def _bare(body: str, kind: str) -> dict[str, Any]:
    told = markup.written(body) if kind == "html" else None
    text, below = (clean(told.text), clean(told.below)) if told else (clean(body), "")
    parted = quoting.split(text, is_reply=True, below=below)
    return {"body_text": f"{text}\n{below}", "html": body if kind == "html" else "", "reply_text": parted.text}


def _date(value: str) -> str | None:
    try:
        return parsedate_to_datetime(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


if __name__ == "__main__":
    if not MAIL.is_dir():
        sys.exit(f"no mails at {MAIL}: set SHARED_DATA")
    sys.argv = ["score.py", "--adapter", "tests.corpus:adapter", *sys.argv[1:]]
    runpy.run_path(str(MAIL / "score.py"), run_name="__main__")
