"""One need, one ticket: what a merge means for promises and for whoever works on either. In the caller's transaction."""

from datetime import datetime

from districts.models import Person
from routing import notices
from sla import actions as sla
from tickets import actions as tickets
from tickets.models import Ticket


def merge(ticket: Ticket, *, into: Ticket, by: Person | None, why: str, now: datetime) -> Ticket:
    """Returns the survivor. Its people hear of it in the app; nobody is mailed. Raises NotPossible, in words for the person."""
    had = ticket.assignee
    into = tickets.merge(ticket, into=into, by=by, why=why, now=now)
    sla.derive_all([ticket, into], now=now)
    notices.merged(ticket, into, had=had, by=by, now=now)
    return into


def unmerge(ticket: Ticket, *, by: Person | None, now: datetime) -> Ticket | None:
    """Each stands by itself again; whoever should have heard of it when it came hears of it now. None: it does already."""
    was = tickets.unmerge(ticket, by=by, now=now)
    if was is None:
        return None
    sla.derive_all([ticket, was], now=now)
    if ticket.is_live and ticket.placed_at is not None:
        notices.placed(ticket, now=now)
    return was
