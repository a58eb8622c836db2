"""Who may do what: the whole policy on one page."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol
from uuid import UUID

from django.core.exceptions import PermissionDenied

from districts.models import Membership, Person, Role


class Can(Enum):
    READ = "read"  # see a ticket, a process, a figure
    WORK = "work"  # reply, hand off, resolve
    LEAD = "lead"  # see leaders' pages
    ADMIN = "admin"  # change the district's set-up, see its envelopes and deliveries


@dataclass(frozen=True)
class Actor:
    """Whoever asks, in one district: a person with memberships, a machine with a key, or a visitor (no person)."""

    person: Person | None = None
    name: str = ""
    roles: frozenset[str] = frozenset()
    teams: frozenset[UUID] = frozenset()
    led_teams: frozenset[UUID] = frozenset()
    machine: bool = False

    @property
    def is_staff(self) -> bool:
        """Works in the district: may open the desk."""
        return bool(self.roles)

    @property
    def is_leader(self) -> bool:
        return bool(self.roles & {Role.LEADER, Role.ADMIN})

    @property
    def is_admin(self) -> bool:
        return Role.ADMIN in self.roles

    def in_team(self, team_id: UUID) -> bool:
        return team_id in self.teams


VISITOR = Actor()


class OwnedByTeam(Protocol):
    team_id: UUID
    sensitive: bool
    assignee_id: UUID | None
    requester_id: UUID


def may(actor: Actor, can: Can, ticket: OwnedByTeam | None = None, *, named: bool = False) -> bool:
    """The policy. `named`: the actor follows the ticket or was asked to help with it.

    Staff see and work tickets of every team, since districts hand work across teams all day; a sensitive ticket is for its
    team, its assignee and named people only. Leaders' pages are for leads, leaders and administrators.
    """
    if not actor.is_staff:
        return False
    if can is Can.ADMIN:
        return actor.is_admin
    if can is Can.LEAD:
        return actor.is_leader or Role.LEAD in actor.roles
    if ticket is None or not ticket.sensitive:
        return True
    mine = actor.person is not None and ticket.assignee_id == actor.person.id
    return mine or named or actor.in_team(ticket.team_id)


def require(actor: Actor, can: Can) -> None:
    """Raises PermissionDenied (403) for someone signed in who may not."""
    if not may(actor, can):
        raise PermissionDenied(can.value)


def actor_for(person: Person) -> Actor:
    """One query: the person's memberships in the district in scope."""
    rows = list(Membership.objects.filter(person=person).values_list("role", "team_id"))
    return Actor(
        person=person,
        name=person.name,
        roles=frozenset(role for role, _ in rows),
        teams=frozenset(team for _, team in rows if team),
        led_teams=frozenset(team for role, team in rows if team and role == Role.LEAD),
    )
