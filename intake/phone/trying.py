"""To try a district's numbers without a telephone: calls as Twilio makes them, on loopback, and files as Twilio's store gives them."""

import http.client
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.core.management.base import CommandError
from twilio.request_validator import RequestValidator

from districts.models import District
from districts.scope import district_scope
from intake.models import Channel
from intake.phone import numbers

NUMBER = re.compile(r"\+[1-9]\d{6,14}")  # E.164
PATIENCE = 20.0  # seconds until a worker has fetched the file


def line_of(host: str, kind: str) -> Channel:
    """The district's first number of this kind that has a secret. Raises CommandError."""
    district = District.objects.filter(host=host, active=True).first()
    if district is None:
        raise CommandError(f"no active district at {host}")
    with district_scope(district.id):
        lines = Channel.objects.filter(kind=kind, active=True).order_by("id")
        line = next((line for line in lines if numbers.token(line)), None)
    if line is None:
        raise CommandError(f"{district.name} has no number with a secret for this: add one at /setup/numbers/")
    return line


def call(host: str, port: int, path: str, form: dict[str, str], line: Channel) -> None:
    """Post Twilio's form to `path` (https://www.twilio.com/docs/usage/webhooks). Raises CommandError."""
    with district_scope(line.district_id):
        signed = RequestValidator(numbers.token(line)).compute_signature(f"http://{host}:{port}{path}", form)
    headers = {"Host": f"{host}:{port}", "Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signed}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, urlencode(form), headers)
        answer = connection.getresponse()
        status, words = answer.status, answer.read().decode(errors="replace")
    except OSError as error:
        raise CommandError(f"nothing answers at port {port} ({error.strerror or error}): is `make run` running?") from error
    finally:
        connection.close()
    if status != 200:
        raise CommandError(f"answered with {status}: {words[:300].strip()}")


@contextmanager
def giving(file: Path | None, said: Any, *, ending: str = "") -> Iterator[str]:
    """The address at which `file` is given out while this goes on, and until it was fetched or PATIENCE ends; empty where there is
    none. Only a product that was started with MEDIA_FROM_HERE fetches it there."""
    if file is None:
        yield ""
        return
    if not file.is_file():
        raise CommandError(f"no file {file}")
    data, fetched = file.read_bytes(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            fetched.set()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/file{ending}"
        if not fetched.wait(PATIENCE):
            said.write("Nobody has fetched the file yet.")
        time.sleep(0.2)  # its last bytes
    finally:
        server.shutdown()
        server.server_close()
