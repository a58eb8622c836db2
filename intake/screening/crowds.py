"""Many forms from one address, each with another telephone number that we do not know: tickets, and no more texts.

A school is one address to us, so the cap is generous, and it stops nothing but the acknowledgement: the number stands on the
page, and whoever is known to the district gets the text in any case.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from districts.limits import within
from districts.models import ContactPoint, District
from districts.queries import person_by_contact
from intake.channels.arrival import Arrival
from intake.screening.verdict import Verdict, quiet
from tickets.models import ChannelKind

TEXTED = 30  # strangers' numbers for each address and hour, over all districts
HOUR = 3600
_remote: ContextVar[str] = ContextVar("remote", default="")


@contextmanager
def sent_from(remote: str) -> Iterator[None]:
    """What is received in this block came from that address."""
    token = _remote.set(remote)
    try:
        yield
    finally:
        _remote.reset(token)


def screen(arrival: Arrival, district: District) -> Verdict | None:
    contact, remote = arrival.contact, _remote.get()
    typed = arrival.channel in (ChannelKind.WEB, ChannelKind.CHAT)
    if not (typed and remote) or contact is None or contact.kind != ContactPoint.Kind.PHONE:
        return None
    if person_by_contact(contact.kind, contact.value) or within("texts", remote, most=TEXTED, seconds=HOUR):
        return None
    return quiet("not texted: many new numbers from one address")
