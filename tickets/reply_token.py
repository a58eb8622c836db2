"""The address a reply goes to: `ticket+<number>-<26 letters>-<13 letters>@host`.

The 26 are 128 bits that follow one way from the ticket's token: whoever has them knows the conversation. The 13 tell to whom the letter
went that gave this address (65 bits): a bounce that gives it back is believed of that one alone. A reply needs them not.
"""

import base64
import hashlib
import re

from django.utils.crypto import constant_time_compare, salted_hmac

from tickets.models import Ticket

_LOCAL = re.compile(r"^ticket\+(\d{1,18})-([a-z2-7]{26})(?:-([a-z2-7]{13}))?$")


def mark(ticket: Ticket) -> str:
    digest = hashlib.sha256(f"reply:{ticket.token}".encode()).digest()[:17]
    return base64.b32encode(digest).decode().lower()[:26]


def local_part(ticket: Ticket, *, to: str = "") -> str:
    """As it is told to whoever gets a letter at the address `to`."""
    return f"ticket+{ticket.number}-{mark(ticket)}" + (f"-{_recipient(ticket, to)}" if to else "")


def was_told_to(address: str, local: str, ticket: Ticket) -> bool:
    """This local part stood in a letter to this address."""
    found = _LOCAL.match(local.lower())
    return bool(found and found[3] and constant_time_compare(found[3], _recipient(ticket, address)))


def _recipient(ticket: Ticket, address: str) -> str:
    digest = salted_hmac("tickets.reply_token", f"{ticket.id}:{address.lower()}", algorithm="sha256").digest()
    return base64.b32encode(digest).decode().lower()[:13]


def parse(local: str) -> tuple[int, str] | None:
    """(number, mark) of a reply address's local part; None where it is not one."""
    found = _LOCAL.match(local.lower())
    return (int(found[1]), found[2]) if found else None
