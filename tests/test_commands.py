"""Commands that were mistyped say so in one line, and do nothing."""

import io
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import requests
from django.core.management import CommandError, call_command
from twilio.request_validator import RequestValidator

from districts.models import District
from tests.conftest import Cast
from tests.texting import a_line

ROOT = Path(__file__).parent.parent
NOWHERE = "postgres://somebody:secret@127.0.0.1:1/x"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--tickets", "-5"), "'-5' is not a number from 1 on"),
        (("--districts", "0"), "'0' is not a number from 1 on"),
        (("--live", "2"), "is not a share"),
        (("--prefix", "bad prefix/"), "cannot be part of a host name"),
    ],
)
def test_what_cannot_be_made_up_is_refused(db: None, given: tuple[str, str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("seed_demo", *given)
    assert not District.objects.exists()


def test_made_up_districts_are_not_made_twice(cedar: Cast) -> None:
    District.objects.create(slug="load-00001", host="load-00001.localhost", name="Load")
    with pytest.raises(CommandError, match="choose another --prefix"):
        call_command("seed_demo")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"PORT": "abc"}, "PORT=abc is no port"),
        ({"PORT": "18731", "SMTP_DOOR_PORT": "70000"}, "SMTP_DOOR_PORT=70000 is no port"),
        (
            {"DATABASE_URL": "postgres://a:secret@127.0.0.1:1/x", "DATABASE_APP_URL": "postgres://b:secret@127.0.0.1:1/x"},
            "does not answer",
        ),
    ],
)
def test_a_start_that_cannot_be_says_why_in_one_line(tmp_path: Path, given: dict[str, str], said: str) -> None:
    command = "check" if "DATABASE_URL" in given else "run"
    env = {**os.environ, "EMBEDDED_HOME": str(tmp_path / "home"), **given}
    done = subprocess.run(
        [sys.executable, "manage.py", command], cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


class Twilio(BaseHTTPRequestHandler):
    """Stands where the product's web listens, and notes what it is sent."""

    seen: list[tuple[str, str, dict[str, str], str]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(parse_qsl(body, keep_blank_values=True))
        self.seen.append((self.path, self.headers["Host"], form, self.headers["X-Twilio-Signature"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: object) -> None: ...


def test_a_text_is_signed_as_twilio_does(here: Cast) -> None:
    line = a_line()
    Twilio.seen.clear()
    server = HTTPServer(("127.0.0.1", 0), Twilio)
    threading.Thread(target=server.handle_request, daemon=True).start()
    out, port = io.StringIO(), server.server_port
    call_command("text_in", "Cedar.localhost", "the bus did not come", "--port", str(port), "--from", "+13605550199", stdout=out)
    server.server_close()
    [(path, host, form, signature)] = Twilio.seen
    assert (path, host) == (f"/hooks/sms/{line.id}", f"cedar.localhost:{port}")
    assert (form["From"], form["To"], form["Body"]) == ("+13605550199", "+19165550100", "the bus did not come")
    assert RequestValidator("an-auth-token").validate(f"http://{host}{path}", form, signature)
    assert "Taken in" in out.getvalue()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("nowhere.localhost", "hi"), "no active district"),
        (("cedar.localhost", "hi", "--from", "555"), "is no number"),
        (("cedar.localhost", "hi"), "no number with a secret"),
    ],
)
def test_a_text_that_cannot_be_sent_says_why(cedar: Cast, given: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("text_in", *given)


def test_a_voicemail_is_told_of_as_twilio_does(here: Cast, tmp_path: Path) -> None:
    line = a_line("phone")
    sound = tmp_path / "said.mp3"
    sound.write_bytes(b"ID3 and so on")
    Twilio.seen.clear()
    server = HTTPServer(("127.0.0.1", 0), Twilio)
    port, out = server.server_port, io.StringIO()
    got: list[bytes] = []

    def fetch_then_listen() -> None:
        server.handle_request()
        got.append(requests.get(f"{Twilio.seen[0][2]['RecordingUrl']}.mp3", timeout=5).content)
        server.handle_request()

    serving = threading.Thread(target=fetch_then_listen, daemon=True)
    serving.start()
    call_command("voicemail_in", "cedar.localhost", "the bus is late", "--recording", str(sound), "--port", str(port), stdout=out)
    serving.join(10)
    server.server_close()
    (path, host, recorded, signature), (_path, _host, heard, _signature) = Twilio.seen
    assert path == f"/hooks/voicemail/{line.id}?caller=%2B13605550142"
    assert RequestValidator("an-auth-token").validate(f"http://{host}{path}", recorded, signature)
    assert (recorded["RecordingSid"], recorded["RecordingDuration"], got) == (heard["RecordingSid"], "12", [b"ID3 and so on"])
    assert heard["TranscriptionText"] == "the bus is late"
    assert "Taken in" in out.getvalue()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("nowhere.localhost", "hi"), "no active district"),
        (("cedar.localhost", "hi", "--from", "555"), "is no number"),
        (("cedar.localhost", ""), "say something"),
        (("cedar.localhost", "hi"), "no number with a secret"),
    ],
)
def test_a_voicemail_that_cannot_be_left_says_why(cedar: Cast, given: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("voicemail_in", *given)
