"""The address a reply goes to: `ticket+<number>-<26 letters>@host`, 128 bits that follow one way from the ticket's token."""

import base64
import hashlib
import re

from tickets.models import Ticket

_LOCAL = re.compile(r"^ticket\+(\d{1,18})-([a-z2-7]{26})$")


def mark(ticket: Ticket) -> str:
    digest = hashlib.sha256(f"reply:{ticket.token}".encode()).digest()[:17]
    return base64.b32encode(digest).decode().lower()[:26]


def local_part(ticket: Ticket) -> str:
    return f"ticket+{ticket.number}-{mark(ticket)}"


def parse(local: str) -> tuple[int, str] | None:
    """(number, mark) of a reply address's local part; None where it is not one."""
    found = _LOCAL.match(local.lower())
    return (int(found[1]), found[2]) if found else None
