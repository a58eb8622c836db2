"""The first letter to whoever asked: we have it, this is its number, this team has it, by then you hear from us."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery import actions as delivery
from districts.queries import this_district
from tickets import letters
from tickets.models import Ticket

TRIAGE_TAKES = timedelta(seconds=10)  # the letter waits this long for better words


def acknowledge(ticket: Ticket, *, now: datetime) -> None:
    """Queue the letter, or give it better words while it has not left. Twice is once."""
    if ticket.placed_at is not None and reword(ticket, now=now):
        return
    subject, body = _words(ticket)
    wait = TRIAGE_TAKES if ticket.placed_at is None else timedelta(0)
    letters.to_requester(ticket, what="ack", subject=subject, body=body, purpose="ack", now=now, not_before=now + wait)


def reword(ticket: Ticket, *, now: datetime) -> bool:
    """Better words for a letter that waits; False where it has left, or none was asked for."""
    subject, body = _words(ticket)
    return delivery.reword(dedupe_key=f"ack:{ticket.id}", subject=subject, body=body, not_before=now)


def _words(ticket: Ticket) -> tuple[str, str]:
    with override(ticket.language):
        link = letters.tracking_link(ticket, this_district())
        subject = _("Your request #%(number)s") % {"number": ticket.number}
        got = _("We have your request. Its number is #%(number)s.") % {"number": ticket.number}
        return subject, f"{got}\n{link}"
