"""A telephone call, asked for at the district's own address by a signed JSON post (`delivery.calls`).

The name is looked up once, only public addresses are gone to, and the connection goes to the very address that was checked; no
redirect is followed. Asked for at least once: an answer that was lost is asked for again, under the same `id`, since an alert that
rings twice is better than one that does not ring. Every refusal is tried again as well: somebody may be mending the other side.
"""

import json
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import certifi
from django.urls import reverse

from delivery.calls import Hook, WrongAddress, addresses, signature
from delivery.transports import Outgoing, Sent, TryLater, Undeliverable
from districts.links import absolute

TIMEOUT = 15.0  # seconds for all of it, from the name to the last byte that is read
MOST_READ = 2_000  # bytes of the answer's words
MOST_BYTES = 64_000  # that are read in all, headers too
GONE = 410


@contextmanager
def connected() -> Iterator[None]:
    """Nothing is shared: each district's calls go to an address of its own."""
    yield


def send(message: Outgoing, over: None) -> Sent:
    if message.hook is None:
        raise Undeliverable("no address for calls is set up")
    if not message.hook.key:
        raise TryLater("the key for calls cannot be opened any more: make a new one in Set-up")
    status, said = _post(message.hook, _body(message))
    if status == GONE:
        raise Undeliverable("410: no calls are taken there any more")
    if not 200 <= status < 300:
        raise TryLater(f"{status} {said}")
    return Sent(said)


def _body(message: Outgoing) -> bytes:
    told = {
        "id": str(message.id), "try": message.tries, "district": message.district.slug, "to": message.address,
        "say": message.body, "title": message.subject, "language": message.language,
        "tell": absolute(message.district, reverse("call_receipt", args=[message.id, message.tries])), "link": message.link,
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False).encode()


class Hurried(ssl.SSLSocket):
    """A connection with a time by which all is over, and so many bytes at most: whoever sends a byte now and then is not waited for."""

    over_at = 0.0  # on the clock of `time.monotonic`
    left = MOST_BYTES

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        self._hurry()
        got = super().recv_into(buffer, nbytes, flags)
        self.left -= got
        if self.left < 0:
            raise OSError(f"more than {MOST_BYTES} bytes")
        return got

    def send(self, data: Any, flags: int = 0) -> int:
        self._hurry()
        return super().send(data, flags)

    def _hurry(self) -> None:
        self.settimeout(_left(self.over_at))


def _left(over_at: float) -> float:
    """Seconds. Raises TimeoutError."""
    left = over_at - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _post(hook: Hook, body: bytes) -> tuple[int, str]:
    """(status, the first words of the answer). Raises TryLater."""
    return post(hook.url, body, {"X-Front-Door-Signature": signature(hook.key, seconds=int(time.time()), body=body)})


def post(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    """JSON to an https address outside our own network; (status, the first words of the answer). Raises TryLater."""
    over_at = time.monotonic() + TIMEOUT
    try:
        public = addresses(url)
    except WrongAddress as error:
        raise TryLater(str(error)) from error
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    headers = {
        "Host": parts.netloc.rpartition("@")[2], "Content-Type": "application/json", "User-Agent": "front-door",
        **headers, "Connection": "close",
    }  # fmt: skip
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        with closing(HTTPConnection(host, port)) as line:
            line.sock = _connected(public[0], port, host, over_at=over_at)
            line.request("POST", path, body=body, headers=headers)
            answer = line.getresponse()
            return answer.status, _words(answer)
    except (HTTPException, OSError, ValueError) as error:
        raise TryLater(f"{host}: {type(error).__name__}") from error


def _connected(address: str, port: int, host: str, *, over_at: float) -> Hurried:
    """To the very address that was checked, whose certificate is the name's. Each of these calls keeps the time that is left."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.sslsocket_class = Hurried
    plain = socket.create_connection((address, port), timeout=_left(over_at))
    try:
        plain.settimeout(_left(over_at))
        secured = context.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise
    assert isinstance(secured, Hurried)
    secured.over_at = over_at
    return secured


def _words(answer: HTTPResponse) -> str:
    """The status has said whether it rings: words that do not come in time are done without."""
    try:
        return answer.read(MOST_READ).decode(errors="replace").split("\n")[0][:100]
    except (HTTPException, OSError):
        return ""
