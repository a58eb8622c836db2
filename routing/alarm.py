"""Words of danger to a person that come later: the alarm triage raises for a new ticket, on one that is known already."""

from datetime import datetime, timedelta

from django.utils.translation import override

from districts.models import Person
from routing import acknowledgement, notices, triage
from routing.acknowledgement import Way
from routing.placing import remember
from routing.queries import staff_language
from routing.triage import Choice, Question
from sla import actions as sla
from tickets import actions as tickets
from tickets.models import Message, Ticket

AGAIN = timedelta(minutes=15)  # the same ticket wakes people, and shows the crisis line, no sooner


def listen(ticket: Ticket, message: Message, *, author: Person, way: Way | None, answer: bool, now: datetime) -> bool:
    """Words of danger in `message`: to the safety team, urgent, its people and whoever had it told, the crisis line to the author.

    `way`: by which the author is reached; `answer`: False for machines, which get no letter. False: nothing of the kind.
    The caller holds the ticket's row; its clocks are derived.
    """
    with override(staff_language()):
        choice = triage.danger(Question(ticket, message.text))
        if choice is None:
            return False
        had = ticket.assignee
        _take_over(ticket, choice, message, now=now)
        sla.derive(ticket, now=now)
        time = f"{now.timestamp() // AGAIN.total_seconds():.0f}"
        notices.danger(ticket, key=time, now=now)
        if had and had.id != ticket.assignee_id:
            notices.taken_over(ticket, had=had, key=time, now=now)
    if answer:
        acknowledgement.show_crisis_line(ticket, to=author, way=way, key=time, now=now)
    return True


def _take_over(ticket: Ticket, choice: Choice, message: Message, *, now: datetime) -> None:
    """One Decision for each time that it goes to the safety team, one Event for each message."""
    there = ticket.crisis and ticket.team_id == choice.team.id
    data = {"reasons": choice.reasons, "message": str(message.id), "service": choice.service.name if choice.service else ""}
    service = ticket.service if there else choice.service
    tickets.endanger(ticket, team=choice.team, service=service, now=now, data=data)
    if not there:
        remember(ticket, choice, now=now)
