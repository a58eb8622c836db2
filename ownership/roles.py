"""A role becomes a person, now: the holder, unless away; then the deputy, the team's lead, anybody of the team, an administrator."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from districts.models import Membership, Person, Role
from ownership.models import OwnerRole

LEADERS = "leaders"  # slug of the role that every leader of the district shares


class Via(TextChoices):
    """How a person was found for a role."""

    HOLDER = "holder", _("holds the role")
    DEPUTY = "deputy", _("deputy")
    LEAD = "lead", _("team lead")
    MEMBER = "member", _("of the team")
    LEADER = "leader", _("leader of the district")
    ADMIN = "admin", _("administrator")
    NOBODY = "nobody", _("nobody")


@dataclass(frozen=True)
class Found:
    """Whom to tell; the first of them owns the work."""

    people: tuple[Person, ...] = ()
    via: Via = Via.NOBODY

    @property
    def owner(self) -> Person | None:
        return self.people[0] if self.people else None

    @property
    def stands_in(self) -> bool:
        """Somebody else than the role's own holder or deputy."""
        return self.via not in (Via.HOLDER, Via.DEPUTY)


class Roster:
    """Who is here on one day. Memberships are read once, when the first role has neither holder nor deputy."""

    def __init__(self, today: date) -> None:
        self.today = today

    def find(self, role: OwnerRole | None, *, team_id: UUID | None = None) -> Found:
        """`role` empty: the lead of team `team_id`."""
        for person, via in ((role.holder, Via.HOLDER), (role.deputy, Via.DEPUTY)) if role else ():
            if person and self.is_here(person):
                return Found((person,), via)
        if role and role.slug == LEADERS:
            return self._first((self._leaders, Via.LEADER), (self._admins, Via.ADMIN))
        team_id = (role.team_id if role else None) or team_id
        leads, members = self._teams.get(team_id, ([], [])) if team_id else ([], [])
        return self._first((leads, Via.LEAD), (members[:1], Via.MEMBER), (self._admins, Via.ADMIN))

    def is_here(self, person: Person) -> bool:
        """`away_until` is the last day of the absence."""
        return person.away_until is None or person.away_until < self.today

    @staticmethod
    def _first(*choices: tuple[list[Person], Via]) -> Found:
        return next((Found(tuple(people), via) for people, via in choices if people), Found())

    @cached_property
    def _present(self) -> list[Membership]:
        rows = Membership.objects.select_related("person").order_by("person__name", "id")
        return [row for row in rows if self.is_here(row.person)]

    @cached_property
    def _teams(self) -> dict[UUID, tuple[list[Person], list[Person]]]:
        """Leads and other agents of each team."""
        teams: dict[UUID, tuple[list[Person], list[Person]]] = {}
        for row in self._present:
            if row.team_id and row.role in (Role.LEAD, Role.AGENT):
                leads, agents = teams.setdefault(row.team_id, ([], []))
                (leads if row.role == Role.LEAD else agents).append(row.person)
        return teams

    @cached_property
    def _leaders(self) -> list[Person]:
        return once(row.person for row in self._present if row.role == Role.LEADER)

    @cached_property
    def _admins(self) -> list[Person]:
        return once(row.person for row in self._present if row.role == Role.ADMIN)


def once(people: Iterable[Person | None]) -> list[Person]:
    """Each person once, in order."""
    return list({person.id: person for person in people if person}.values())
