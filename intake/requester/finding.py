"""Follow up on a request: the links of what is open, to the address that asked for it."""

import hashlib
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery import actions as delivery
from delivery.models import Delivery
from districts.models import ContactPoint, District
from districts.queries import person_by_contact
from intake.contacts import Contact
from tickets.letters import own_link
from tickets.models import Ticket
from tickets.queries import open_of

IN_A_TEXT = 3  # links of one SMS


def send_links(contact: Contact, district: District, *, now: datetime) -> bool:
    """Queue one message with the links of all open requests; at most once an hour for each address. True where one was queued.

    What the visitor is told must not depend on it: whether somebody is known here is nobody else's business.
    """
    person = person_by_contact(contact.kind, contact.value)
    found = open_of(person) if person else []
    if person is None or not found:
        return False
    by_mail = contact.kind == ContactPoint.Kind.EMAIL
    with override(person.language):
        subject = _("Your requests")
        body = _letter(found, district) if by_mail else _text(found, district)
    queued = delivery.send(
        channel=Delivery.Channel.EMAIL if by_mail else Delivery.Channel.SMS, address=contact.value, subject=subject, body=body,
        dedupe_key=f"find:{now:%Y%m%d%H}:{_digest(contact.value)}", purpose="links", person=person, now=now,
    )  # fmt: skip
    return queued is not None


def _letter(found: list[Ticket], district: District) -> str:
    lines = [f"#{ticket.number} · {ticket.team.name} · {_day(ticket.opened_at)}\n{own_link(ticket, district)}" for ticket in found]
    head = _("These are your open requests at %(district)s:") % {"district": district.name}
    foot = _("If you did not ask for this, you need not do anything. Do not pass the links on: they open without a password.")
    return "\n\n".join([head, *lines, foot])


def _text(found: list[Ticket], district: District) -> str:
    return "\n".join(f"#{ticket.number} {own_link(ticket, district)}" for ticket in found[:IN_A_TEXT])


def _day(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATE_FORMAT")


def _digest(address: str) -> str:
    """An address may be longer than a key."""
    return hashlib.sha256(address.encode()).hexdigest()[:40]
