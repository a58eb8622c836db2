"""Telephone calls: the address that a district's telephone system listens at, and the key its messages are signed with.

This product speaks to no telephone itself. What is to be said, and to which number, is posted as JSON to one https address of the
district; whatever answers there (a flow of a telephone provider, a paging service, the district's own exchange) makes it ring.
"""

import hashlib
import hmac
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from delivery.models import CallHook, Delivery
from districts.models import Person, new_token
from districts.queries import this_district
from districts.reach import is_public
from districts.sealing import Unsealable, seal, unseal

FRESH = 300  # seconds


class WrongAddress(ValueError):
    """No call is asked for at this address; the text says why."""


class UnknownName(WrongAddress):
    """Nobody knows the name, now at least."""


@dataclass(frozen=True, slots=True)
class Hook:
    """Where calls are asked for. An empty `key`: it cannot be opened any more, and a new one has to be made."""

    url: str
    key: str = field(repr=False)


def addresses(url: str, *, look_up: bool = True) -> list[str]:
    """Where a call to this address would go, all of it outside our own network; without `look_up`, nothing for a name. Raises
    WrongAddress."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", 443 if parts.port is None else parts.port
    except ValueError:
        raise WrongAddress(_("%(address)s has a port that does not exist.") % {"address": url}) from None
    if not host or not port:
        raise WrongAddress(_("%(address)s is no address that calls can be asked for at.") % {"address": url})
    found = _found(host, port, look_up=look_up)
    if not all(map(is_public, found)):
        raise WrongAddress(_("%(host)s leads into our own network: calls are not asked for there.") % {"host": host})
    return found


def _found(host: str, port: int, *, look_up: bool) -> list[str]:
    """Every way of writing an address is one, "127.1" too. Raises UnknownName."""
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=0 if look_up else socket.AI_NUMERICHOST)
    except (OSError, UnicodeError) as error:
        if not look_up:
            return []
        raise UnknownName(_("%(host)s: nobody knows this name.") % {"host": host}) from error
    return [str(row[4][0]) for row in rows]


def hook() -> Hook | None:
    """Of the district in scope; None: nobody can be called."""
    row = CallHook.objects.first()
    if row is None:
        return None
    try:
        return Hook(row.url, unseal(row.secret).get("key", ""))
    except Unsealable:
        return Hook(row.url, "")


def set_hook(url: str, *, renew: bool = False) -> None:
    """Calls go there from now on; empty: nowhere. The key stays, unless it is to be a new one."""
    known = hook()
    CallHook.objects.all().delete()
    if url:
        key = known.key if known and known.key and not renew else f"{new_token()}{new_token()}"
        CallHook(url=url, secret=seal({"key": key})).save(force_insert=True)


def choose(rows: Sequence[Delivery]) -> None:
    """Which address each call is asked for at, and in which language it speaks, carried along with the row until it is."""
    calls = [row for row in rows if row.channel == Delivery.Channel.VOICE]
    if not calls:
        return
    found, spoken = hook(), this_district().languages or ["en"]
    own = dict(Person.objects.filter(id__in=[row.person_id for row in calls]).values_list("id", "language"))
    for row in calls:
        language = own.get(row.person_id, "") if row.person_id else ""
        row.hook = found  # type: ignore[attr-defined]
        row.language = language if language in spoken else spoken[0]  # type: ignore[attr-defined]


def hook_of(row: Delivery) -> Hook | None:
    return getattr(row, "hook", None)


def language_of(row: Delivery) -> str:
    return getattr(row, "language", "")


def signed(key: str, header: str, *, now: int, body: bytes) -> bool:
    """Was this written by whoever has the key, no more than `FRESH` seconds ago? `header` is made as `signature` makes it."""
    told = re.fullmatch(r"t=(\d{1,12}),v1=[0-9a-f]{64}", header)
    if not key or told is None or abs(now - int(told[1])) > FRESH:
        return False
    return hmac.compare_digest(header, signature(key, seconds=int(told[1]), body=body))


def signature(key: str, *, seconds: int, body: bytes) -> str:
    """`t=<Unix time>,v1=<HMAC-SHA-256 of "<t>.<body>", hex>`."""
    mac = hmac.new(key.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={mac.hexdigest()}"
