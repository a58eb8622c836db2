"""Reads of decisions and hand-offs."""

from districts.models import Person
from districts.queries import people_with_role, team_members
from routing.models import Decision, Handoff
from tickets.models import Ticket

NAMES = ("service", "team", "corrected_service", "corrected_team", "corrected_by")


def decision_of(ticket: Ticket) -> Decision | None:
    """What triage chose last, and what a person made of it."""
    return Decision.objects.filter(ticket=ticket).select_related(*NAMES).order_by("-at", "-id").first()


def handoffs_of(ticket: Ticket) -> list[Handoff]:
    """Oldest first."""
    return list(Handoff.objects.filter(ticket=ticket).select_related("from_team", "to_team", "by").order_by("at", "id"))


def people_for(ticket: Ticket) -> list[Person]:
    """Who is told of a new ticket: its team; of danger to a person, where that team has nobody, the district's leadership."""
    members = team_members(ticket.team_id)
    if members or not ticket.crisis:
        return members
    return people_with_role("leader") + people_with_role("admin")
