"""Words of danger to a person that come later: the alarm triage raises for a new ticket, on one that is known already."""

from datetime import datetime, timedelta

from django.utils.translation import override

from delivery.models import Delivery
from districts.models import Person
from routing import acknowledgement, history, notices, triage
from routing.acknowledgement import Way
from routing.placing import remember
from routing.queries import staff_language
from routing.triage import Choice, Question
from sla import actions as sla
from tickets import actions as tickets
from tickets.models import Message, Ticket

AGAIN = timedelta(minutes=15)  # no sooner a ticket wakes the safety team that has it, nor shows one person the crisis line


def listen(
    ticket: Ticket, message: Message, *, author: Person, way: Way | None, answer: bool, now: datetime, subject: str = ""
) -> bool:
    """Words of danger in `message`, or in the `subject` of its mail: to the safety team, urgent, its people and whoever had it told,
    the crisis line to the author.

    `way`: by which the author is reached; `answer`: False for machines, which get no letter. False: nothing of the kind.
    The caller holds the ticket's row, so that two alarms of it see each other; its clocks are derived.
    """
    key = message.id.hex
    with override(staff_language()):
        brought = history.unread(ticket, [(message.id, message.quoted)])
        choice = triage.danger(Question(ticket, message.text, subject=subject, quoted=brought))
        if choice is None:
            return False
        had = ticket.assignee
        came = _take_over(ticket, choice, message, now=now)
        sla.derive(ticket, now=now)
        if came or not _lately(ticket, now=now, dedupe_key__startswith=notices.danger_key(ticket)):
            notices.danger(ticket, key=key, now=now)
        if had and had.id != ticket.assignee_id:
            notices.taken_over(ticket, had=had, key=key, now=now)
    if answer and not _lately(ticket, now=now, purpose=acknowledgement.DANGER, person=author):
        acknowledgement.show_crisis_line(ticket, to=author, way=way, key=key, now=now)
    return True


def _lately(ticket: Ticket, *, now: datetime, **which: object) -> bool:
    """Counted from the one before, not by the clock's quarters: two messages around one of them are two within seconds."""
    return Delivery.objects.filter(about=ticket.id, created_at__gt=now - AGAIN, **which).exists()


def _take_over(ticket: Ticket, choice: Choice, message: Message, *, now: datetime) -> bool:
    """One Decision for each time that it goes to the safety team, one Event for each message. True: it was not there before."""
    there = ticket.crisis and ticket.team_id == choice.team.id
    data = {"reasons": choice.reasons, "message": str(message.id), "service": choice.service.name if choice.service else ""}
    service = ticket.service if there else choice.service
    tickets.endanger(ticket, team=choice.team, service=service, now=now, data=data)
    if not there:
        remember(ticket, choice, now=now)
    return not there
