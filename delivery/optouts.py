"""Addresses that are not written to: because somebody there wished so, or because mail came back.

A wish holds until it is taken back. A bounce holds for `BOUNCE_HOLDS`, or until somebody writes to us from that address: a
mailbox that was full of errors in August works in September. Sign-in mail asks none of this: who is locked out cannot mend it.
Nor does the one text that says that nothing more will come, which the law wants within five minutes or not at all
(47 CFR 64.1200(a)(12)).
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from delivery.models import OptOut
from districts.models import Person

BOUNCE_HOLDS = timedelta(days=30)
FAREWELL = "farewell"  # purpose of the text that confirms an opt-out
FAREWELL_WITHIN = timedelta(minutes=5)


def bar(*, channel: str, address: str, reason: str, now: datetime) -> bool:
    """From now on. A wish that holds is not overwritten by a bounce, nor by another wish. False: it was barred before."""
    values = {"reason": reason[:40], "at": now}
    known, new = OptOut.objects.get_or_create(channel=channel, address=address, defaults=values)
    before = not new and holds(known, now=now)
    if not new and (known.is_bounce or known.lifted_at):
        OptOut.objects.filter(id=known.id).update(**values, lifted_at=None, lifted_by=None)
    return not before


def lift(opt_out_id: UUID, *, by: Person, now: datetime) -> OptOut | None:
    """Written to again, because `by` says so. None: there is nothing to lift."""
    found: OptOut | None = OptOut.objects.select_for_update().filter(id=opt_out_id, lifted_at=None).first()
    if found:
        OptOut.objects.filter(id=found.id).update(lifted_at=now, lifted_by=by)
    return found


def lift_wish(*, channel: str, address: str) -> bool:
    """It is taken back by whoever it belongs to."""
    found = OptOut.objects.select_for_update().filter(channel=channel, address=address, lifted_at=None).first()
    if found is None or found.is_bounce:
        return False
    found.delete()
    return True


def lift_bounce(*, channel: str, address: str, now: datetime) -> bool:
    """Somebody writes from there, so it is not dead. A wish stays."""
    for row in OptOut.objects.filter(channel=channel, address=address, lifted_at=None):
        if row.is_bounce:
            return bool(OptOut.objects.filter(id=row.id, at=row.at).update(lifted_at=now))
    return False


def holds(row: OptOut, *, now: datetime) -> bool:
    return row.lifted_at is None and not (row.is_bounce and row.at + BOUNCE_HOLDS <= now)


def barred(addresses: Collection[str], *, now: datetime) -> set[tuple[str, str]]:
    """(channel, address) of those that are not written to now."""
    if not addresses:
        return set()
    return {(row.channel, row.address) for row in OptOut.objects.filter(address__in=addresses) if holds(row, now=now)}


def barred_among(addresses: Any, *, now: datetime) -> dict[tuple[str, str], OptOut]:
    """(channel, address) → why, for a query of very many addresses: asked from the side of those who opted out."""
    rows = OptOut.objects.filter(address__in=addresses, lifted_at=None)
    return {(row.channel, row.address): row for row in rows if holds(row, now=now)}
