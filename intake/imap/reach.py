"""Hosts that administrators name are hosts of strangers to us: only public addresses are called, never our own network.

A hosted product would else be a way to look around inside. MAIL_PRIVATE_HOSTS lists exceptions, for a district whose mail server
stands beside the product. A name may lead elsewhere the next time it is asked: `require_public_peer` looks at an open connection,
before anything is said there.
"""

import socket
from urllib.parse import urlsplit

from django.conf import settings

from districts.reach import is_public


class Unreachable(OSError):
    """Not a public host, or no host at all."""


def require_public(host_or_url: str, port: int = 443) -> None:
    """Raises Unreachable."""
    parts = urlsplit(host_or_url) if "://" in host_or_url else None
    host = (parts.hostname if parts else host_or_url) or ""
    if host in settings.MAIL_PRIVATE_HOSTS:
        return
    if parts and parts.scheme != "https":
        raise Unreachable(f"{host}: only https")
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{host}: no such host") from error
    if not found or not all(map(is_public, found)):
        raise Unreachable(f"{host}: not a public host")


def require_public_peer(connection: socket.socket, host: str) -> None:
    """Raises Unreachable."""
    if host not in settings.MAIL_PRIVATE_HOSTS and not is_public(str(connection.getpeername()[0])):
        raise Unreachable(f"{host}: not a public host")
