"""A mailing list itself, or its software: an answer would go to everybody on it. People who write through one are answered."""

import re

from intake.channels.arrival import Arrival
from intake.screening.verdict import Verdict, quiet

_SOFTWARE = re.compile(r"(mailman|majordomo|listserv|sympa|listmaster)([+-].*)?|.+-(request|owner|bounces|confirm|leave|unsubscribe)")
_INSIDE = re.compile(r"<([^<>]*)>")


def screen(arrival: Arrival) -> Verdict | None:
    if not arrival.list_id or arrival.contact is None:
        return None
    return quiet("a mailing list itself") if is_list(arrival.contact.value, arrival.list_id) else None


def is_list(sender: str, list_id: str) -> bool:
    """`list_id`: "Staff <staff.lists.example>" (RFC 2919) is how staff@lists.example writes its name."""
    local, _at, domain = sender.partition("@")
    inside = _INSIDE.search(list_id)
    name = (inside[1] if inside else list_id).strip().lower()
    return name == f"{local}.{domain}" or bool(_SOFTWARE.fullmatch(local))
