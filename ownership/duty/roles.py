"""A role becomes a person, now.

In this order: whoever is on call for it, their cover, its holder, the deputy (each one's cover where they are away), the team's lead,
anybody of the team, an administrator. Nobody of them there: nobody, and the ladder climbs on. Whoever has left is nobody, whatever they
still stand on.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from uuid import UUID

from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from districts.accounts import Account
from districts.models import District, Membership, Person, Role
from districts.queries import this_district
from ownership.duty.oncall import Plan
from ownership.models import Leave, OwnerRole, Rotation, RotationPlace, Swap

LEADERS = "leaders"  # slug of the role that every leader of the district shares
MOST_COVERS = 3  # the cover is away, too: theirs, and no further


class Via(TextChoices):
    """How a person was found for a role."""

    ON_CALL = "on-call", _("on call")
    COVER = "cover", _("stands in")
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
        """Somebody else than the role's own: whoever is on call for it, its holder or deputy."""
        return self.via not in (Via.ON_CALL, Via.HOLDER, Via.DEPUTY)


class Staff:
    """Who works here, who is on leave, who takes turns: read once, when it is first asked for, and good for any time after `since`."""

    def __init__(self, since: date, district: District) -> None:
        self.since, self.district = since, district

    @cached_property
    def memberships(self) -> list[Membership]:
        return list(working().select_related("person").order_by("person__name", "id"))

    @cached_property
    def people(self) -> frozenset[UUID]:
        """Everybody with a role in the district."""
        return frozenset(row.person_id for row in self.memberships)

    @cached_property
    def in_team(self) -> dict[UUID, list[Membership]]:
        found: dict[UUID, list[Membership]] = defaultdict(list)
        for row in self.memberships:
            if row.team_id:
                found[row.team_id].append(row)
        return found

    @cached_property
    def leaves(self) -> dict[UUID, list[Leave]]:
        found: dict[UUID, list[Leave]] = defaultdict(list)
        for leave in Leave.objects.filter(last__gte=self.since).select_related("cover").order_by("-at", "-id"):
            found[leave.person_id].append(leave)
        return found

    @cached_property
    def plans(self) -> list[Plan]:
        """The rotations, with people and swaps: three queries, or one where there is none."""
        rows = list(Rotation.objects.select_related("role", "team").order_by("name", "id"))
        if not rows:
            return []
        places, swaps = defaultdict(list), defaultdict(list)
        for place in RotationPlace.objects.select_related("person").order_by("order"):
            places[place.rotation_id].append(place.person)
        for swap in Swap.objects.filter(ends_at__date__gte=self.since).select_related("person"):
            swaps[swap.rotation_id].append(swap)
        return [Plan(row, places[row.id], swaps[row.id], self.district.zone) for row in rows]

    @cached_property
    def by_role(self) -> dict[UUID, Plan]:
        return {plan.rotation.role_id: plan for plan in self.plans if plan.rotation.role_id}

    @cached_property
    def by_team(self) -> dict[UUID, Plan]:
        return {plan.rotation.team_id: plan for plan in self.plans if plan.rotation.team_id}


class Roster:
    """Who is here at one moment. `staff`: what another roster of the same page has read already."""

    def __init__(self, now: datetime, district: District | None = None, staff: Staff | None = None) -> None:
        self.now, self.district = now, district or this_district()
        self.today = self.district.today(now)
        self.staff = staff or Staff(self.today, self.district)

    def at(self, moment: datetime) -> "Roster":
        """The same people at another time, no earlier than this roster's first day."""
        return Roster(moment, self.district, self.staff)

    def find(self, role: OwnerRole | None, *, team_id: UUID | None = None) -> Found:
        """`role` empty: the lead of team `team_id`."""
        return _first(self._chain(role, (role.team_id if role else None) or team_id))

    def on_call(self, team_id: UUID) -> Found:
        """Whoever is on call for a team; else its lead, and so on."""
        return _first(self._for_team(team_id))

    def is_here(self, person: Person) -> bool:
        """`away_until` is the last day of the absence."""
        until = person.away_until
        return (until is None or until < self.today) and self._leave(person) is None and not self.has_left(person)

    def has_left(self, person: Person) -> bool:
        """No role in the district any more, an account that is closed, or they turned out to be somebody else."""
        return person.merged_into_id is not None or person.id not in self.staff.people

    def left(self, role: OwnerRole) -> list[Person]:
        """Those who hold it, or take turns in it, and have left."""
        plan = self.staff.by_role.get(role.id)
        return [person for person in once([role.holder, role.deputy, *(plan.people if plan else ())]) if self.has_left(person)]

    def _leave(self, person: Person) -> Leave | None:
        """The leave of today that was entered last."""
        return next((leave for leave in self.staff.leaves.get(person.id, ()) if leave.first <= self.today <= leave.last), None)

    def _cover(self, person: Person) -> Person | None:
        """Whoever stands in for somebody on leave, and is there."""
        for _step in range(MOST_COVERS):
            leave = self._leave(person)
            if leave is None or leave.cover is None:
                return None
            person = leave.cover
            if self.is_here(person):
                return person
        return None

    def _chain(self, role: OwnerRole | None, team_id: UUID | None) -> Iterator[tuple[Iterable[Person], Via]]:
        if role:
            yield from self._on_duty(self.staff.by_role.get(role.id))
            yield from self._or_cover(role.holder, Via.HOLDER)
            yield from self._or_cover(role.deputy, Via.DEPUTY)
        if role and role.slug == LEADERS:
            yield self._holding(Role.LEADER), Via.LEADER
        else:
            yield from self._of_team(team_id)
        yield self._holding(Role.ADMIN), Via.ADMIN

    def _for_team(self, team_id: UUID) -> Iterator[tuple[Iterable[Person], Via]]:
        yield from self._on_duty(self.staff.by_team.get(team_id))
        yield from self._chain(None, team_id)

    def _on_duty(self, plan: Plan | None) -> Iterator[tuple[Iterable[Person], Via]]:
        duty = plan.on_duty(self.now) if plan else None
        if duty:
            yield from self._or_cover(duty.person, Via.ON_CALL)

    def _or_cover(self, person: Person | None, via: Via) -> Iterator[tuple[Iterable[Person], Via]]:
        if person is None:
            return
        if self.is_here(person):
            yield (person,), via
        elif cover := self._cover(person):
            yield (cover,), Via.COVER

    def _of_team(self, team_id: UUID | None) -> Iterator[tuple[Iterable[Person], Via]]:
        rows = self.staff.in_team.get(team_id, []) if team_id else []
        leads = [row.person for row in rows if row.role == Role.LEAD]
        yield [lead for lead in leads if self.is_here(lead)], Via.LEAD
        yield once(self._cover(lead) for lead in leads), Via.COVER
        yield [row.person for row in rows if row.role == Role.AGENT and self.is_here(row.person)][:1], Via.MEMBER

    def _holding(self, role: Role) -> list[Person]:
        return once(row.person for row in self.staff.memberships if row.role == role and self.is_here(row.person))


def working() -> QuerySet[Membership]:
    """Roles of those who work here. Whoever's account was closed has left, though nobody took their roles away."""
    closed = Account.objects.filter(is_active=False).values("id")
    return Membership.objects.exclude(person__account_ref__in=closed)


def works_here(person: Person) -> bool:
    return person.merged_into_id is None and working().filter(person=person).exists()


def _first(choices: Iterable[tuple[Iterable[Person], Via]]) -> Found:
    return next((Found(tuple(people), via) for people, via in choices if people), Found())


def once(people: Iterable[Person | None]) -> list[Person]:
    """Each person once, in order."""
    return list({person.id: person for person in people if person}.values())
