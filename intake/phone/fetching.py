"""Files that lie at a provider, fetched with checks: whatever a message names as the address of a picture may lead anywhere.

Only https; only hosts on the caller's list, at every hop; only public addresses. A name is looked up once, and the connection goes
to the very address that was checked, so that no second answer of a name server can lead it elsewhere. The login is for the first
host alone. Bytes and seconds are counted as they come, whatever the headers say. Never to be called inside a transaction.
"""

import socket
import time
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

import certifi
import urllib3
from django.conf import settings
from urllib3.exceptions import HTTPError
from urllib3.util import make_headers

from districts.reach import is_public

HOPS = 4  # addresses one file may take: Twilio's own, and its store's
SILENCE = 5.0  # seconds without a byte
CHUNK = 64 * 1024
LOOPBACK = frozenset({"localhost", "127.0.0.1"})
TRUSTED = certifi.where()
MOVED = frozenset({301, 302, 303, 307, 308})
GONE = frozenset({400, 405, 406, 410, 413, 414, 415, 451})  # 401, 403 and 404 may be mended: a login, a file that is not there yet
BUSY = 429

type Login = tuple[str, str]


class NotFetched(Exception):
    """There is no such file for us, or not now."""


class Refused(NotFetched):
    """Not from there, or not so large: trying again does not help."""


class Away(NotFetched):
    """The provider does not give it now; it may later."""


class Down(Away):
    """Nor anything else: nobody answers there."""


@dataclass(frozen=True)
class _Place:
    """Where a connection goes: `address` was checked, `host` is what its certificate must name."""

    parts: SplitResult
    address: str

    @property
    def host(self) -> str:
        return self.parts.hostname or ""

    @property
    def port(self) -> int:
        return self.parts.port or (443 if self.parts.scheme == "https" else 80)


def fetch(url: str, *, allowed_hosts: Collection[str], auth: Login | None, most_bytes: int, seconds: float) -> bytes:
    """The file's bytes. `allowed_hosts`: names, or "*.name" for all below one; of redirects too. Raises Refused or Away."""
    until = time.monotonic() + seconds
    first = ""
    for _hop in range(HOPS):
        place = _checked(url, allowed_hosts)
        first = first or place.parts.netloc
        login = auth if place.parts.netloc == first else None
        try:
            found = _get(place, login, most_bytes, until)
        except (HTTPError, OSError) as error:
            raise Down(f"{place.host}: {type(error).__name__}") from error
        if isinstance(found, bytes):
            return found
        url = urljoin(url, found)
    raise Refused("it leads on and on")


def _get(place: _Place, login: Login | None, most: int, until: float) -> bytes | str:
    """The bytes, or where they are."""
    headers = {"Host": place.parts.netloc, "User-Agent": "front-door", "Accept-Encoding": "identity"}
    if login:
        headers |= make_headers(basic_auth=f"{login[0]}:{login[1]}")
    path = place.parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
    with _pool(place, until) as pool:
        answer = pool.request("GET", path, headers=headers, redirect=False, retries=False, preload_content=False, decode_content=False)
        try:
            where = answer.headers.get("Location")
            if answer.status in MOVED and where:
                return str(where)
            if answer.status != 200:
                raise _kind(answer.status)(f"{place.host} answers {answer.status}")
            return _read(answer, most, until)
        finally:
            answer.close()


def _kind(status: int) -> type[NotFetched]:
    if status in GONE:
        return Refused
    return Down if status == BUSY or status >= 500 else Away


def _pool(place: _Place, until: float) -> urllib3.HTTPConnectionPool:
    wait = urllib3.Timeout(connect=_left(until, SILENCE), read=_left(until, SILENCE))
    if place.parts.scheme == "http":  # only this machine's own: see `_checked`
        return urllib3.HTTPConnectionPool(place.address, place.port, timeout=wait)
    return urllib3.HTTPSConnectionPool(
        place.address, place.port, timeout=wait, cert_reqs="CERT_REQUIRED", ca_certs=TRUSTED, server_hostname=place.host,
        assert_hostname=place.host,
    )  # fmt: skip


def _read(answer: urllib3.BaseHTTPResponse, most: int, until: float) -> bytes:
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refused("it is packed")
    came = bytearray()
    while chunk := answer.read1(CHUNK, decode_content=False):
        came += chunk
        if len(came) > most:
            raise Refused("it is too large")
        _left(until, 0)
    told = answer.headers.get("Content-Length", "")
    if told.isascii() and told.isdigit() and int(told) > len(came):
        raise Away("it ended too soon")
    return bytes(came)


def _left(until: float, most: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise Down("it took too long")
    return min(left, most)


def _checked(url: str, allowed: Collection[str]) -> _Place:
    """Raises Refused for an address we do not go to, and Away where its name cannot be looked up now."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise Refused("no address") from error
    if parts.username is not None or parts.password is not None:
        raise Refused("an address with a login in it")
    if settings.MEDIA_FROM_HERE and not settings.PRODUCTION and host in LOOPBACK and parts.scheme in ("http", "https"):
        return _Place(parts, "127.0.0.1")
    if parts.scheme != "https" or port not in (None, 443):
        raise Refused("not by https")
    if not any(host == one or (one.startswith("*.") and host.endswith(one[1:])) for one in allowed):
        raise Refused(f"{host[:100]} is no host of the provider")
    return _Place(parts, _public(host))


def _public(host: str) -> str:
    """Its address; Refused where any that its name leads to is not public: this machine, our network, a cloud's own services."""
    try:
        found = resolve(host)
    except OSError as error:
        raise Down(f"{host}: its name is not found") from error
    if not found or not all(map(is_public, found)):
        raise Refused(f"{host} leads to an address that is not public")
    return found[0]


def resolve(host: str) -> list[str]:
    """Every address of a name. Raises OSError."""
    return list(dict.fromkeys(str(one[4][0]) for one in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)))
