"""A telephone call, asked for at the district's own address by a signed JSON post (`delivery.calls`).

The name is looked up once, only public addresses are gone to, and the connection goes to the very address that was checked; no
redirect is followed. Asked for at least once: an answer that was lost is asked for again, under the same `id`, since an alert that
rings twice is better than one that does not ring. Every refusal is tried again as well: somebody may be mending the other side.
"""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import certifi
import urllib3
from django.urls import reverse
from urllib3.exceptions import HTTPError

from delivery.calls import Hook, signature
from delivery.transports import Outgoing, Sent, TryLater, Undeliverable
from districts.links import absolute
from districts.reach import is_public

TIMEOUT = 15.0  # seconds
MOST_READ = 2_000  # bytes of the answer
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


def _post(hook: Hook, body: bytes) -> tuple[int, str]:
    """(status, the first words of the answer). Raises TryLater."""
    parts = urlsplit(hook.url)
    host, port = parts.hostname or "", parts.port or 443
    pool = urllib3.HTTPSConnectionPool(
        _address(host, port), port, server_hostname=host, assert_hostname=host, ca_certs=certifi.where(), cert_reqs="CERT_REQUIRED",
        timeout=urllib3.Timeout(connect=TIMEOUT, read=TIMEOUT), retries=False, maxsize=1,
    )  # fmt: skip
    headers = {
        "Host": parts.netloc, "Content-Type": "application/json", "User-Agent": "front-door",
        "X-Front-Door-Signature": signature(hook.key, seconds=int(time.time()), body=body),
    }  # fmt: skip
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        answer = pool.request("POST", path, body=body, headers=headers, redirect=False, preload_content=False)
        return answer.status, answer.read(MOST_READ).decode(errors="replace").split("\n")[0][:100]
    except (HTTPError, OSError) as error:
        raise TryLater(f"{host}: {type(error).__name__}") from error
    finally:
        pool.close()


def _address(host: str, port: int) -> str:
    """Raises TryLater for a name nobody knows, and for one that leads into our own network."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise TryLater(f"{host}: no such name") from error
    public = [str(one[4][0]) for one in found if is_public(str(one[4][0]))]
    if len(public) != len(found):
        raise TryLater(f"{host} leads into our own network: calls are not asked for there")
    return public[0]
