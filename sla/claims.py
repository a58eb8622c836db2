"""Claims of the sweep: one statement notices all that is due in a district, whatever is open."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import F

from sla.warnings import Warned
from tickets.models import Ticket

BATCH = 500

# A UUID of version 7 from the server's clock, for servers before PostgreSQL 18 too.
_UUID7 = (
    "(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7'"
    " || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid"
)

# The ticket's row is claimed with the clock's: whoever acts on the ticket holds it, and is asked again on the next sweep.
# A ticket whose facts are newer than its clocks is left alone and told: it is derived first.
NOTICE = f"""
WITH due AS MATERIALIZED (
  SELECT c.id, c.ticket_id, c.team_id, c.kind, c.run, c.terms, c.due_at, c.warned_at IS NULL AS first,
    t.facts_at > t.derived_at AS stale
  FROM sla_clock c JOIN tickets_ticket t ON t.district_id = c.district_id AND t.id = c.ticket_id
  WHERE c.district_id = %(district)s AND c.check_at <= %(now)s
  ORDER BY c.check_at LIMIT %(limit)s
  FOR UPDATE OF c, t SKIP LOCKED
), warned AS (
  UPDATE sla_clock c SET warned_at = coalesce(c.warned_at, %(now)s), check_at = c.due_at FROM due
  WHERE c.district_id = %(district)s AND c.id = due.id AND NOT due.stale AND due.due_at > %(now)s
  RETURNING c.ticket_id, c.kind, c.run, c.due_at, due.first
), late AS (
  UPDATE sla_clock c SET breached_at = coalesce(c.breached_at, %(now)s), check_at = NULL FROM due
  WHERE c.district_id = %(district)s AND c.id = due.id AND NOT due.stale AND due.due_at <= %(now)s
  RETURNING c.id, c.ticket_id, c.team_id, c.kind, c.terms, c.due_at
), breaches AS (
  INSERT INTO sla_breach (id, district_id, clock_id, ticket_id, team_id, kind, due_at, noticed_at)
  SELECT {_UUID7}, %(district)s, id, ticket_id, team_id, kind, due_at, %(now)s FROM late
  ON CONFLICT (district_id, clock_id) DO NOTHING
  RETURNING clock_id
), events AS (
  INSERT INTO tickets_event (id, district_id, ticket_id, kind, data, at)
  SELECT {_UUID7}, %(district)s, ticket_id, 'late', jsonb_build_object('clock', kind, 'due_at', due_at, 'terms', terms), %(now)s
  FROM late JOIN breaches ON breaches.clock_id = late.id
)
SELECT (SELECT count(*) FROM warned), (SELECT count(*) FROM late),
  (SELECT coalesce(array_agg(DISTINCT ticket_id), '{{}}') FROM due WHERE stale),
  (SELECT coalesce(jsonb_agg(jsonb_build_array(ticket_id, kind, run, due_at)), '[]') FROM warned WHERE first)
"""


@dataclass(frozen=True)
class Noticed:
    warned: int
    late: int
    stale: Sequence[UUID]  # tickets with something due, to be derived again first
    soon: Sequence[Warned]  # clocks that were warned for the first time


def notice(district_id: UUID, *, now: datetime, limit: int) -> Noticed:
    """Warn once and breach once what is due in the district in scope: Breach, Event and clock in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(NOTICE, {"district": district_id, "now": now, "limit": limit})
        warned, late, stale, soon = cursor.fetchone() or (0, 0, (), "[]")
    told = [Warned(UUID(of), kind, datetime.fromisoformat(due), run) for of, kind, run, due in json.loads(soon)]
    return Noticed(warned, late, stale, told)


def stale_tickets(limit: int, *, among: Collection[UUID] | None = None) -> list[Ticket]:
    """Claim tickets whose facts are newer than their clocks (`among` these, where given), the longest waiting first."""
    rows = Ticket.objects.filter(facts_at__gt=F("derived_at")).order_by("facts_at")
    if among is not None:
        rows = rows.filter(id__in=among)
    return list(rows.select_for_update(skip_locked=True, of=("self",))[:limit])
