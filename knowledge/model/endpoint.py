"""Where the model is: one endpoint for the whole deployment, named in the environment by whoever runs it. Its key is shown nowhere."""

import hashlib
import socket
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import urlsplit

from django.conf import settings

from districts.reach import is_public

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MILLION = Decimal(1_000_000)


class NotAllowed(Exception):
    """Nothing may be sent to this address."""


@dataclass(frozen=True)
class Endpoint:
    """Prices are US dollars a million tokens."""

    url: str
    model: str
    key: str = field(repr=False)
    price_in: Decimal
    price_out: Decimal

    @property
    def name(self) -> str:
        """Host and port, as an administrator sees it and the log keeps it."""
        return _host_and_port(self.url)

    @property
    def fingerprint(self) -> str:
        """Of this endpoint and model, for keys of what is remembered about it."""
        return hashlib.sha256(f"{self.url}\n{self.model}".encode()).hexdigest()[:16]

    def cost(self, tokens_in: int, tokens_out: int) -> Decimal:
        return (self.price_in * tokens_in + self.price_out * tokens_out) / MILLION


def endpoint() -> Endpoint | None:
    """None where nobody has plugged a model in."""
    url, model = settings.MODEL_URL.strip().rstrip("/"), settings.MODEL_NAME.strip()
    if not url or not model:
        return None
    return Endpoint(url, model, settings.MODEL_KEY, settings.MODEL_PRICE_IN, settings.MODEL_PRICE_OUT)


def require_allowed(url: str) -> None:
    """Public hosts by https; this machine; and what MODEL_PRIVATE_HOSTS names. Looks the name up. Raises NotAllowed, OSError."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise NotAllowed("no address") from error
    if parts.scheme not in ("http", "https") or not host:
        raise NotAllowed("no address")
    if parts.username is not None or parts.password is not None:
        raise NotAllowed("a login stands in the address: the key belongs in MODEL_KEY")
    if host in LOOPBACK or host in settings.MODEL_PRIVATE_HOSTS:
        return
    if parts.scheme != "https":
        raise NotAllowed(f"{host}: only https, unless MODEL_PRIVATE_HOSTS names it")
    found = {str(one[4][0]) for one in socket.getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)}
    if not found or not all(map(is_public, found)):
        raise NotAllowed(f"{host}: not a public address, and MODEL_PRIVATE_HOSTS does not name it")


def _host_and_port(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    return f"{host}:{port}" if port else host
