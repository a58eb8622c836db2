"""What providers told is carried over to the contacts of an alert and to their people, some thousand at a time.

A contact that is not known yet is asked again at every look; one that was reached is asked only whether its letter came back since.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from alerts.models import Alert, AlertContact, AlertRecipient, Channel, Outcome
from alerts.reach import LOST, PROOFS, Reach, Told, any_of, result
from delivery.models import Delivery, Receipt
from districts.scope import require_district_id

BATCH = 2000  # contacts


def look(alert: Alert, *, now: datetime) -> list[AlertContact]:
    """Bring outcomes up to date; returns the contacts that turned out bad just now."""
    bad: list[AlertContact] = []
    after: UUID | None = None
    unknown = AlertContact.objects.filter(alert=alert, outcome=Outcome.UNKNOWN, handed_at__isnull=False).order_by("id")
    while rows := list((unknown.filter(id__gt=after) if after else unknown)[:BATCH]):
        after = rows[-1].id
        bad += _settle(rows, now=now)
    bad += _settle(_came_back(alert), now=now)
    return bad


def _came_back(alert: Alert) -> list[AlertContact]:
    """Counted as reached, and returned since. Two statements: joined, tables that have just grown were gone through for every row."""
    lost = list(Delivery.objects.filter(about=alert.id, state__in=LOST).values_list("id", flat=True))
    return list(AlertContact.objects.filter(id__in=lost, alert=alert, outcome=Outcome.REACHED)) if lost else []


def _settle(rows: Sequence[AlertContact], *, now: datetime) -> list[AlertContact]:
    told = _told([row.id for row in rows])
    changed = []
    for row in rows:
        found = result(told[row.id]) if row.id in told else None
        if found and found.outcome not in (row.outcome, Outcome.UNKNOWN):
            row.outcome, row.at, row.why = found.outcome, found.at or now, found.why[:200]
            changed.append(row)
    _write_contacts(changed)
    recount({row.recipient_id for row in changed})
    return [row for row in changed if row.outcome != Outcome.REACHED]


def _told(ids: Sequence[UUID]) -> dict[UUID, Told]:
    """By the id that a contact and its delivery share: two queries."""
    proofs: dict[UUID, dict[str, datetime]] = {}
    receipts = Receipt.objects.filter(delivery_id__in=ids, kind__in=PROOFS)
    for delivery_id, kind, at in receipts.values_list("delivery_id", "kind", "at"):
        proofs.setdefault(delivery_id, {})[kind] = at
    rows = Delivery.objects.filter(id__in=ids).values_list("id", "channel", "state", "sent_at", "error")
    return {key: Told(channel, state, sent_at, error, proofs.get(key)) for key, channel, state, sent_at, error in rows}


def recount(recipient_ids: Iterable[UUID]) -> None:
    """People, by what is known of their addresses; whoever was reached by a call stays reached."""
    ids = list(recipient_ids)
    contacts: dict[UUID, list[tuple[str, str, datetime | None]]] = {}
    for key, channel, outcome, at in AlertContact.objects.filter(recipient_id__in=ids).values_list(
        "recipient_id", "channel", "outcome", "at"
    ):
        contacts.setdefault(key, []).append((channel, outcome, at))
    called = AlertRecipient.objects.filter(id__in=ids, channel=Channel.CALL, outcome=Outcome.REACHED).values_list("id", flat=True)
    kept = set(called)
    _write_recipients([(key, *_first(found)) for key, found in contacts.items() if key not in kept])


def _first(contacts: Sequence[tuple[str, str, datetime | None]]) -> tuple[str, str, datetime | None]:
    """(outcome, by which channel, when) of a person."""
    reached = sorted((at, channel) for channel, outcome, at in contacts if outcome == Outcome.REACHED and at)
    at, channel = reached[0] if reached else (None, "")
    return any_of({outcome for _channel, outcome, _at in contacts}), channel, at


def _write_contacts(rows: Sequence[AlertContact]) -> None:
    _write(
        "UPDATE alerts_alertcontact c SET outcome = v.outcome, why = v.why, at = v.at"
        " FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::timestamptz[]) AS v(id, outcome, why, at)"
        " WHERE c.district_id = %s AND c.id = v.id",
        [(row.id, str(row.outcome), row.why, row.at) for row in rows],
    )


def _write_recipients(rows: Sequence[tuple[UUID, str, str, datetime | None]]) -> None:
    _write(
        "UPDATE alerts_alertrecipient r SET outcome = v.outcome, channel = v.channel, reached_at = v.at"
        " FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::timestamptz[]) AS v(id, outcome, channel, at)"
        " WHERE r.district_id = %s AND r.id = v.id AND NOT (r.channel = 'call' AND r.outcome = 'reached')",
        [(key, str(outcome), str(channel), at) for key, outcome, channel, at in rows],
    )


def _write(statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """One statement for all rows; none for none."""
    if not rows:
        return
    columns: list[Any] = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*columns, require_district_id()])


def reach_by(alert: Alert, by: datetime | None = None) -> Reach:
    """How many were reached, or had been by then."""
    found = AlertRecipient.objects.filter(alert=alert, outcome=Outcome.REACHED)
    reached = (found.filter(reached_at__lte=by) if by else found).count()
    total = alert.people if alert.people is not None else AlertRecipient.objects.filter(alert=alert).count()
    return Reach(total, reached, alert.terms)
