"""`manage.py parse_mail`: all that a mail says, as an administrator sees it."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from intake.channels import letter
from intake.management.commands.parse_mail import told

KEYS = [
    "file", "subject", "from_name", "from_email", "to", "cc", "message_id", "in_reply_to", "references", "date", "language", "text",
    "reply", "quoted", "signature", "html", "attachments", "is_auto_reply", "is_bounce", "bounced_address", "is_forward",
    "original_from", "screened_by", "defects",
]  # fmt: skip
REPLY = b"""From: =?utf-8?Q?Zo=C3=AB_Lopez?= <Zoe@Family.example>\r
To: Help <help@cedar.localhost>, bus@cedar.localhost\r
Cc: Grandma <gran@family.example>\r
Subject: Re: Bus 14\r
Date: Tue, 3 Nov 2026 10:00:00 -0800\r
Message-ID: <2@family.example>\r
In-Reply-To: <1@cedar.localhost>\r
References: <0@cedar.localhost> <1@cedar.localhost>\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: text/plain; charset=utf-8\r
\r
Still no bus for my son, and it is the third time this week.\r
\r
-- \r
Zoe Lopez\r
\r
On Tue, Nov 3, 2026 at 9:00 AM Help <help@cedar.localhost> wrote:\r
> We have your request.\r
--b\r
Content-Type: image/jpeg; name=stop.jpg\r
Content-Disposition: attachment\r
Content-Transfer-Encoding: base64\r
\r
/9j/4AAQ\r
--b--\r
"""
BOUNCE = b"""From: MAILER-DAEMON@mx.family.example\r
Subject: Undelivered Mail Returned to Sender\r
\r
<pat@family.example>: host mx.family.example[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command)\r
"""


def parsed(*names: str, stdin: bytes = b"") -> tuple[list[dict[str, Any]], str, int]:
    """(what was printed, what was complained of, the exit code)"""
    out, errors = io.StringIO(), io.StringIO()
    code = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(stdin)))
        try:
            call_command("parse_mail", *names, stdout=out, stderr=errors)
        except SystemExit as end:
            code = int(end.code or 0)
    return [json.loads(line) for line in out.getvalue().splitlines()], errors.getvalue(), code


def test_a_reply_is_told_in_exactly_these_keys(tmp_path: Path) -> None:
    (tmp_path / "reply.eml").write_bytes(REPLY)
    (found,), errors, code = parsed(str(tmp_path / "reply.eml"))
    assert (errors, code) == ("", 0)
    assert list(found) == KEYS
    assert found == {
        "file": str(tmp_path / "reply.eml"), "subject": "Re: Bus 14", "from_name": "Zoë Lopez", "from_email": "zoe@family.example",
        "to": ["help@cedar.localhost", "bus@cedar.localhost"], "cc": ["gran@family.example"], "message_id": "2@family.example",
        "in_reply_to": "1@cedar.localhost", "references": ["0@cedar.localhost", "1@cedar.localhost"], "date": "2026-11-03T18:00:00Z",
        "language": "en", "text": found["text"], "reply": "Still no bus for my son, and it is the third time this week.",
        "quoted": "On Tue, Nov 3, 2026 at 9:00 AM Help <help@cedar.localhost> wrote:\n> We have your request.",
        "signature": "-- \nZoe Lopez", "html": "",
        "attachments": [{"name": "stop.jpg", "content_type": "image/jpeg", "size": 6, "inline": False}],
        "is_auto_reply": False, "is_bounce": False, "bounced_address": "", "is_forward": False, "original_from": "",
        "screened_by": None, "defects": [],
    }  # fmt: skip
    assert found["text"].startswith("Still no bus")
    assert "> We have your request." in found["text"]


def test_a_bounce_says_whose_and_what_would_screen_it() -> None:
    (found,), _errors, code = parsed("-", stdin=BOUNCE)
    assert code == 0
    assert (found["file"], found["is_bounce"], found["bounced_address"], found["screened_by"]) == (
        "-",
        True,
        "pat@family.example",
        "reports",
    )
    assert found["date"] is None


def test_a_file_that_is_missing_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "there.eml").write_bytes(BOUNCE)
    found, errors, code = parsed(str(tmp_path / "gone.eml"), str(tmp_path), str(tmp_path / "there.eml"))
    assert [one["file"] for one in found] == [str(tmp_path / "there.eml")]
    assert errors.splitlines() == [f"{tmp_path / 'gone.eml'}: No such file or directory", f"{tmp_path}: Is a directory"]
    assert code == 1


def test_what_was_broken_is_told() -> None:
    broken = b"Subject: Zo\xeb\r\nContent-Type: multipart/mixed; boundary=nowhere\r\nFrom: a@b.example\r\n\r\nwords\r\n"
    charset = b"From: a@b.example\r\nContent-Type: text/plain; charset=x-made-up\r\n\r\nwords\r\n"
    (first, second), _errors, _code = [parsed("-", stdin=raw)[0][0] for raw in (broken, charset)], "", 0
    assert first["defects"] == ["bad boundary", "8-bit header"]
    assert (first["subject"], first["text"]) == ("Zoë", "words")
    assert (second["defects"], second["text"]) == (["unknown charset x-made-up"], "words")


@pytest.mark.parametrize("given", [True, False])
def test_no_database_is_asked_or_started(tmp_path: Path, *, given: bool) -> None:
    """In a process of its own, with a database that is not there, or none at all."""
    (tmp_path / "reply.eml").write_bytes(REPLY)
    away = "postgres://nobody:nothing@127.0.0.1:9/nowhere" if given else ""
    env = {**os.environ, "DATABASE_URL": away, "DATABASE_APP_URL": away, "EMBEDDED_HOME": str(tmp_path / "embedded")}
    command = [sys.executable, "manage.py", "parse_mail", str(tmp_path / "reply.eml")]
    done = subprocess.run(command, cwd=settings.ROOT, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["subject"] == "Re: Bus 14"
    assert not (tmp_path / "embedded").exists()


@given(st.binary(max_size=3000))
@example(b"Subject: =?utf-7?Q?+2AE-?=\r\nTo: =?utf-7?Q?+2AE-?= <a@b>\r\nContent-Type: x/y; name==?utf-7?Q?+2AE-?=\r\n\r\nx")
@example(b"From: \xed\xa0\x80 <\xed\xa0\x80@x>\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+2AE-")
@example(b'From: a@b\r\nContent-Type: x/\xff; charset="\xed\xb0\x80"\r\n\r\n\xff')
@hypothesis_settings(max_examples=150)
def test_whatever_came_it_can_be_printed(data: bytes) -> None:
    for start in (b"", b"From: a@b.example\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: "):
        found = told("-", letter.read(start + data))
        assert list(found) == KEYS
        json.dumps(found, ensure_ascii=False).encode()
