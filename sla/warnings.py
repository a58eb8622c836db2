"""Who hears of a promise that is about to break: whoever has the ticket, else its team, in the app only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from delivery import actions as delivery
from districts.models import Person
from districts.queries import team_members, this_district
from sla.models import ClockKind
from sla.words import when
from tickets.letters import desk_path
from tickets.models import Ticket


@dataclass(frozen=True)
class Warned:
    """A clock that runs out soon."""

    ticket_id: UUID
    kind: str
    due_at: datetime
    run: int = 0


def tell(warned: Sequence[Warned], *, now: datetime) -> None:
    """One notice a ticket and clock, once, in the district's first language; a few statements, however many they are."""
    district = this_district()
    tickets = Ticket.objects.select_related("assignee").in_bulk([one.ticket_id for one in warned])
    crews: dict[UUID, list[Person]] = {}
    notes: list[delivery.Note] = []
    with translation.override(district.languages[0] if district.languages else "en"), timezone.override(district.zone):
        for one in warned:
            ticket = tickets[one.ticket_id]
            if ticket.assignee is None and ticket.team_id not in crews:
                crews[ticket.team_id] = team_members(ticket.team_id)
            people = [ticket.assignee] if ticket.assignee else crews[ticket.team_id]
            words = "" if ticket.sensitive else ticket.subject
            key = f"warned:{one.kind}{one.run or ''}:{ticket.id}"
            notes.append(delivery.Note(people, _subject(ticket, one, now), words, key, link=desk_path(ticket), about=ticket.id))
    delivery.note_all(notes, now=now)


def _subject(ticket: Ticket, one: Warned, now: datetime) -> str:
    words = {"number": ticket.number, "when": when(one.due_at, now=now)}
    if one.kind == ClockKind.FIRST_RESPONSE:
        return _("Soon late: #%(number)s is promised a first answer %(when)s") % words
    if one.kind == ClockKind.NEXT_RESPONSE:
        return _("Soon late: #%(number)s is promised another answer %(when)s") % words
    if one.kind == ClockKind.TEAM:
        return _("Soon late: your team means to have done its part of #%(number)s %(when)s") % words
    return _("Soon late: #%(number)s is promised to be solved %(when)s") % words
