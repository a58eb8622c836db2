"""The outside world: a mail server that takes everything, and a Twilio that answers as Twilio does. Each tells whoever listens."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs
from uuid import uuid4

from aiosmtpd.controller import Controller


@dataclass
class Mail:
    to: str
    raw: bytes

    @cached_property
    def message(self) -> EmailMessage:
        found = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    @property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        return str(body.get_content()) if body else ""


class MailServer:
    def __init__(self, port: int) -> None:
        self.port = port
        self.mails: list[Mail] = []
        self.refuse_with = ""  # an SMTP answer, while it is set
        self.heard_by: list[Callable[[Mail], None]] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=port)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.refuse_with:
            return self.refuse_with
        for to in envelope.rcpt_tos:
            self.mails.append(Mail(to.lower(), bytes(envelope.content)))
            for hear in self.heard_by:
                hear(self.mails[-1])
        return "250 2.0.0 Taken"

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def to(self, address: str, *, having: str = "") -> list[Mail]:
        return [m for m in list(self.mails) if m.to == address and (having in m.text or having in str(m.message["subject"]))]

    def wait_for(self, address: str, *, having: str = "", seconds: float = 40) -> Mail:
        return _wait(lambda: self.to(address, having=having), seconds, f"a mail to {address}")


@dataclass
class Text:
    to: str
    sender: str
    body: str
    callback: str
    sid: str


class Twilio:
    """Twilio's Messages resource, and the files of texts that came in by it.

    https://www.twilio.com/docs/messaging/api/message-resource, https://www.twilio.com/docs/messaging/api/media-resource
    """

    def __init__(self, port: int) -> None:
        self.texts: list[Text] = []
        self.heard_by: list[Callable[[Text], None]] = []
        self.files: dict[str, bytes] = {}
        self.late: set[str] = set()  # of these, what is not there yet when it is first asked for
        self.url = f"http://127.0.0.1:{port}"
        twilio = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                status, answer = twilio.take(self.path, self.headers.get("Authorization", ""), form)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def do_GET(self) -> None:
                status, data = twilio.give(self.path, self.headers.get("Authorization", ""))
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)

    def take(self, path: str, authorization: str, form: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        if not path.endswith("/Messages.json") or not authorization.startswith("Basic "):
            return 404, {"code": 20404, "message": "not found", "status": 404}
        sid = f"SM{uuid4().hex}"
        given = {name: values[0] for name, values in form.items()}
        self.texts.append(Text(given["To"], given.get("From", ""), given["Body"], given.get("StatusCallback", ""), sid))
        for hear in self.heard_by:
            hear(self.texts[-1])
        return 201, {"sid": sid, "status": "queued", "to": given["To"], "from": given.get("From"), "body": given["Body"]}

    def keep(self, path: str, data: bytes, *, late: bool = False) -> str:
        """A file of a text, and the address to be told of it. Kept again it is the same."""
        if path not in self.files:
            self.late |= {path} if late else set()
            self.files[path] = data
        return self.url + path

    def give(self, path: str, authorization: str) -> tuple[int, bytes]:
        if not authorization.startswith("Basic "):
            return 401, b""
        if path in self.late:
            self.late.discard(path)
            return 404, b""
        return (200, self.files[path]) if path in self.files else (404, b"")

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def to(self, number: str, *, having: str = "") -> list[Text]:
        return [t for t in list(self.texts) if t.to == number and having in t.body]

    def wait_for(self, number: str, *, having: str = "", seconds: float = 40) -> Text:
        return _wait(lambda: self.to(number, having=having), seconds, f"a text to {number}")


def _wait[T](look: Callable[[], list[T]], seconds: float, what: str) -> T:
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, f"waited {seconds:.0f} s in vain for {what}"
        time.sleep(0.1)
    return found[0]
