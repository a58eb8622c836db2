"""People who work in a district: who they are, what they may do, and what becomes of the tickets they hold."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from districts import actions as districts
from districts.models import Person, Role
from districts.queries import roles_of
from sla import actions as sla
from tickets import actions as tickets
from tickets.models import Ticket

log = structlog.get_logger(__name__)
Roles = frozenset[tuple[str, UUID | None]]


def left_behind(person: Person, roles: Roles) -> list[Ticket]:
    """Open tickets assigned to this person, held by teams that they leave with these roles; all of them where no role is left."""
    held = Ticket.objects.filter(assignee=person, status__in=Ticket.LIVE).exclude(team_id__in=_teams(roles)).order_by("number")
    return list(held.filter(team_id__in=_teams(roles_of(person))) if roles else held)


def _teams(roles: Roles) -> set[UUID]:
    return {team for role, team in roles if team and role in (Role.AGENT, Role.LEAD)}


def save_person(
    person: Person | None, *, name: str, kind: str, email: str, phone: str, roles: Roles, release: Sequence[Ticket], by: Person | None,
    now: datetime, roster_id: str | None = None,
) -> Person:  # fmt: skip
    """`release`: tickets that go back to their teams, assigned to nobody. Raises Taken, LastAdministrator (districts.actions)."""
    with transaction.atomic():
        saved = districts.save_person(person, name=name, kind=kind, email=email, phone=phone, roles=roles, by=by, roster_id=roster_id)
        for ticket in release:
            tickets.assign(ticket, to=None, by=by, now=now)
        if release:
            sla.derive_all(release, now=now)
            log.info("tickets_released", row=str(saved.id), tickets=len(release), by=by and str(by.id))
    return saved
