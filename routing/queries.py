"""Reads of decisions and hand-offs."""

from delivery import segments
from delivery.models import Delivery
from delivery.transports import sms
from districts.models import Person
from districts.queries import people_with_role, team_members, this_district
from routing.models import Decision, Handoff
from tickets import letters
from tickets.models import Message, Ticket

NAMES = ("service", "team", "suggested_service", "suggested_team", "corrected_service", "corrected_team", "corrected_by")


def decision_of(ticket: Ticket) -> Decision | None:
    """What triage chose last, and what a person made of it."""
    return Decision.objects.filter(ticket=ticket).select_related(*NAMES).order_by("-at", "-id").first()


def handoffs_of(ticket: Ticket) -> list[Handoff]:
    """Oldest first."""
    return list(Handoff.objects.filter(ticket=ticket).select_related("from_team", "to_team", "by").order_by("at", "id"))


def leaves(ticket: Ticket, message: Message) -> bool:
    """Is a reply on its way to the requester? Not where they have no address, or want nothing sent to it."""
    letter = Delivery.objects.filter(about=ticket.id, dedupe_key=letters.reply_key(message))
    return letter.exclude(state=Delivery.State.SUPPRESSED).exists()


def parts_of(ticket: Ticket, message: Message) -> int:
    """Parts that the carrier makes of a reply by text message; 0 where it is none."""
    letter = Delivery.objects.filter(about=ticket.id, dedupe_key=letters.reply_key(message), channel=Delivery.Channel.SMS)
    body = letter.values_list("body", flat=True).first()
    return segments.count(sms.written(body)) if body else 0


def staff_language() -> str:
    """What triage tells staff is in the district's first language."""
    languages = this_district().languages
    return str(languages[0]) if languages else "en"


def people_for(ticket: Ticket) -> list[Person]:
    """Who is told of a new ticket: its team; of danger to a person, where that team has nobody, the district's leadership."""
    members = team_members(ticket.team_id)
    if members or not ticket.crisis:
        return members
    return people_with_role("leader") + people_with_role("admin")
