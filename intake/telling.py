"""A word to whoever works on a ticket, when its requester does something."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery import actions as delivery
from delivery.models import Delivery
from districts.models import Person
from districts.queries import team_members
from tickets.models import Ticket


def wrote_again(ticket: Ticket, sender: Person, envelope_id: UUID, *, now: datetime) -> None:
    """To the assignee; a ticket that is nobody's shows in the queue."""
    if ticket.assignee is None:
        return
    with override(ticket.assignee.language):
        subject = _("%(name)s wrote again on #%(number)s") % {"name": sender, "number": ticket.number}
    _tell(ticket, [ticket.assignee], subject, f"wrote:{envelope_id}", now)


def reopened(ticket: Ticket, *, now: datetime) -> None:
    """To the assignee, else to the team: it was thought to be done."""
    people = [ticket.assignee] if ticket.assignee else team_members(ticket.team_id)
    for language in {person.language for person in people}:
        with override(language):
            subject = _("%(name)s opened #%(number)s again") % {"name": ticket.requester, "number": ticket.number}
        told = [person for person in people if person.language == language]
        _tell(ticket, told, subject, f"reopened:{ticket.id}:{now.timestamp():.0f}", now)


def _tell(ticket: Ticket, people: list[Person], subject: str, key: str, now: datetime) -> None:
    delivery.notify(
        people=people, subject=subject, body="" if ticket.sensitive else ticket.subject, dedupe_key=key,
        link=f"/desk/{ticket.id}/", about=ticket.id, channels=(Delivery.Channel.INAPP,), now=now,
    )  # fmt: skip
