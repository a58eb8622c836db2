"""What became of an envelope, written on it by whoever holds its attempt, in the commit of the effect; or nothing of it stands."""

import json
from typing import Any
from uuid import UUID

from django.db import connection

from districts.scope import require_district_id
from intake.mail.to_feeds import TOLD
from intake.models import Envelope

State = Envelope.State
WITHOUT_TICKET = frozenset({TOLD})  # reasons: it did what it came for, and nobody asks for anything


class Overtaken(Exception):
    """The lease ran out and somebody else has the envelope: nothing of this attempt may stand."""


def statement_of(envelope: Envelope, *, ticket_id: UUID | None, reason: str, was: str) -> tuple[str, list[Any]]:
    """Changes one row, or none where it is not `was` or this attempt not ours. No ticket: it was screened out, or
    needs none."""
    envelope.state = State.DONE if ticket_id or reason in WITHOUT_TICKET else State.SCREENED
    envelope.reason, envelope.ticket_ref = reason[:60], ticket_id
    decisions = json.dumps(envelope.decisions) if envelope.decisions else None
    values = [
        envelope.state, envelope.reason, ticket_id, decisions, require_district_id(), envelope.id, envelope.attempts, was,
    ]  # fmt: skip
    return (
        f"UPDATE {Envelope._meta.db_table} SET state = %s, reason = %s, ticket_ref = %s, decisions = %s, error = '', lease_until = NULL"
        " WHERE district_id = %s AND id = %s AND attempts = %s AND state = %s"
    ), values


def settle(envelope: Envelope, *, ticket_id: UUID | None, reason: str, was: str) -> bool:
    """False where nothing was written."""
    with connection.cursor() as cursor:
        cursor.execute(*statement_of(envelope, ticket_id=ticket_id, reason=reason, was=was))
        return bool(cursor.rowcount == 1)
