"""What every act does: it writes an Event, and moves `facts_at`, so that promises are derived again."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from districts.models import Person
from districts.together import insert
from tickets.models import Event, Ticket


class NotPossible(Exception):
    """The act does not fit the ticket's state; the text says what to do instead."""


def record(ticket: Ticket, kind: str, *, by: Person | None, now: datetime, data: dict[str, Any] | None = None) -> Event:
    event = Event(ticket=ticket, kind=kind, by=by, at=now, data=data or {})
    insert(event)
    return event


def changed(ticket: Ticket, *fields: str, now: datetime) -> None:
    ticket.facts_at = max(now, ticket.facts_at + timedelta(microseconds=1))
    ticket.save(update_fields=[*fields, "facts_at"])


def lock(ticket_id: UUID) -> None:
    """Hold the row, so that what is read next is what it is now.

    In a statement of its own: joined rows of a locking statement are not looked up again for a row that somebody changed while we
    waited (EvalPlanQual), so a ticket that was moved to another team would be missed, and a new assignee read as nobody.
    """
    Ticket.objects.select_for_update(no_key=True).filter(id=ticket_id).values_list("id", flat=True).first()


def survivor(ticket: Ticket) -> Ticket:
    """Where a merged ticket's words go."""
    seen = {ticket.id}
    while ticket.merged_into_id is not None and ticket.merged_into_id not in seen:
        seen.add(ticket.merged_into_id)
        ticket = Ticket.objects.get(id=ticket.merged_into_id)
    return ticket
