"""Tickets that were merged into another: whose words belong to its conversation, and who else waits for its answer."""

from uuid import UUID

from django.db import connection

from districts.scope import require_district_id
from tickets.models import Event, Ticket

# Down from the survivor by the events of its merges, which have an index; UNION ends whatever circle there might be.
FAMILY = f"""
WITH RECURSIVE family(id) AS (
  SELECT %(ticket)s::uuid
  UNION
  SELECT t.id FROM family f
  JOIN {Event._meta.db_table} e ON e.district_id = %(district)s AND e.ticket_id = f.id AND e.kind = 'merged'
  JOIN {Ticket._meta.db_table} t ON t.district_id = %(district)s AND t.id = (e.data->>'from')::uuid AND t.merged_into_id = f.id
)
SELECT id FROM family WHERE id <> %(ticket)s
"""


def merged_ids(ticket: Ticket) -> list[UUID]:
    """Of all that was merged into this ticket, and into those; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(FAMILY, {"ticket": ticket.id, "district": require_district_id()})
        return [row[0] for row in cursor.fetchall()]


def merged_here(ticket: Ticket) -> list[Ticket]:
    """The same as rows, with their requesters, in the order of their numbers."""
    ids = merged_ids(ticket)
    return list(Ticket.objects.filter(id__in=ids).select_related("requester", "team").order_by("number")) if ids else []


def others_asking(ticket: Ticket) -> list[Ticket]:
    """Of those, one for each other person who asked: they wait for the same answer.

    Nobody where the ticket has become sensitive since: what is answered there is for its own requester alone.
    """
    if ticket.sensitive:
        return []
    rows = {row.requester_id: row for row in reversed(merged_here(ticket)) if row.requester_id != ticket.requester_id}
    return list(rows.values())[::-1]


def is_within(ticket: Ticket, whole: Ticket) -> bool:
    """Is it this one, or merged into it, however many steps away?"""
    seen = set[UUID]()
    while ticket.id != whole.id and ticket.merged_into_id and ticket.id not in seen:
        seen.add(ticket.id)
        ticket = Ticket.objects.get(id=ticket.merged_into_id)
    return ticket.id == whole.id
