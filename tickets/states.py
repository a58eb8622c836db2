"""A ticket's way from open to closed and back: waiting, resolved, closed, reopened."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from districts.models import Person
from districts.scope import require_district_id
from districts.together import insert
from tickets import letters
from tickets.facts import NotPossible, changed, record
from tickets.models import Event, Ticket

REOPEN_WITHIN = letters.REOPEN_WITHIN
CLOSE_AFTER = timedelta(days=7)  # without a word since it was resolved
Kind = Event.Kind
Status = Ticket.Status


def wait_for(ticket: Ticket, *, on: str, by: Person | None, now: datetime) -> None:
    """`on`: Status.WAITING_REQUESTER (their clock pauses) or WAITING_OTHER (it does not)."""
    if not ticket.is_live:
        raise NotPossible(_("It is resolved. Reopen it first."))
    ticket.status = on
    record(ticket, Kind.WAITING, by=by, now=now, data={"on": on})
    changed(ticket, "status", now=now)


def resume(ticket: Ticket, *, by: Person | None, now: datetime) -> None:
    ticket.status = Status.OPEN
    record(ticket, Kind.RESUMED, by=by, now=now)
    changed(ticket, "status", now=now)


def resolve(ticket: Ticket, *, by: Person | None, now: datetime) -> None:
    """Done. Twice is once."""
    if not ticket.is_live:
        return
    ticket.status, ticket.resolved_at = Status.RESOLVED, now
    record(ticket, Kind.RESOLVED, by=by, now=now)
    changed(ticket, "status", "resolved_at", now=now)


def close(ticket: Ticket, *, by: Person | None, now: datetime) -> None:
    """The requester says that it is done. Twice is once. Raises NotPossible where it is not resolved."""
    if ticket.status == Status.CLOSED:
        return
    if ticket.status != Status.RESOLVED:
        raise NotPossible(_("It is not resolved yet."))
    ticket.status, ticket.closed_at = Status.CLOSED, now
    record(ticket, Kind.CLOSED, by=by, now=now)
    changed(ticket, "status", "closed_at", now=now)


def close_resolved(*, now: datetime, limit: int = 500) -> int:
    """Close up to `limit` tickets of the district in scope that were resolved 7 days ago; returns how many.

    Any number may close at once. No promise and no conversation hears of it: `facts_at` stays.
    """
    statement = (
        f"WITH due AS MATERIALIZED (SELECT id FROM {Ticket._meta.db_table} WHERE district_id = %(district)s AND status = 'resolved'"
        " AND resolved_at <= %(since)s ORDER BY resolved_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)"
        f" UPDATE {Ticket._meta.db_table} t SET status = 'closed', closed_at = %(now)s FROM due"
        " WHERE t.district_id = %(district)s AND t.id = due.id RETURNING t.id"
    )
    values: dict[str, Any] = {"now": now, "district": require_district_id(), "since": now - CLOSE_AFTER, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        closed = [row[0] for row in cursor.fetchall()]
    insert(*(Event(ticket_id=ticket_id, kind=Kind.CLOSED, at=now) for ticket_id in closed))
    return len(closed)


def reopen(ticket: Ticket, *, by: Person | None, now: datetime) -> None:
    if ticket.is_live:
        return
    if ticket.status == Status.MERGED:
        raise NotPossible(_("It was merged into another ticket: work on that one."))
    if not can_reopen(ticket, now=now):
        raise NotPossible(_("It was resolved too long ago: open a new ticket that follows up on it."))
    ticket.status, ticket.resolved_at, ticket.closed_at = Status.OPEN, None, None
    record(ticket, Kind.REOPENED, by=by, now=now)
    changed(ticket, "status", "resolved_at", "closed_at", now=now)


def can_reopen(ticket: Ticket, *, now: datetime) -> bool:
    """Never one that was merged: what is said there is said in the survivor."""
    if ticket.is_live or ticket.status == Status.MERGED:
        return ticket.is_live
    return ticket.resolved_at is not None and now - ticket.resolved_at <= REOPEN_WITHIN
