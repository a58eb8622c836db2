"""Reads of people, places and services of the district in scope."""

from uuid import UUID

from django.db.models import QuerySet

from districts.models import ContactPoint, District, Membership, Person, Role, Service, Site, Team
from districts.scope import require_district_id


def this_district() -> District:
    return District.objects.get(id=require_district_id())


def front_office() -> Team:
    """Where everything goes that nobody else is known to own. Every district has exactly one."""
    return Team.objects.get(is_front_office=True)


def person_by_contact(kind: str, value: str) -> Person | None:
    point = ContactPoint.objects.select_related("person").filter(kind=kind, value=value).first()
    return point.person if point else None


def address_of(person: Person, kind: str) -> str:
    """The person's first address of this kind, or an empty string."""
    return ContactPoint.objects.filter(person=person, kind=kind).order_by("id").values_list("value", flat=True).first() or ""


def team_leads(team_id: UUID) -> list[Person]:
    rows = Membership.objects.filter(team_id=team_id, role=Role.LEAD).select_related("person").order_by("id")
    return [row.person for row in rows]


def team_members(team_id: UUID) -> list[Person]:
    rows = Membership.objects.filter(team_id=team_id, role__in=[Role.AGENT, Role.LEAD]).select_related("person")
    return list({row.person_id: row.person for row in rows.order_by("person__name")}.values())


def people_with_role(role: str) -> list[Person]:
    return [row.person for row in Membership.objects.filter(role=role).select_related("person").order_by("id")]


def teams() -> QuerySet[Team]:
    return Team.objects.order_by("name")


def services() -> QuerySet[Service]:
    return Service.objects.filter(active=True).select_related("team").order_by("name")


def sites() -> QuerySet[Site]:
    return Site.objects.order_by("name")
