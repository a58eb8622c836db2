"""What may be done to where a ticket is: ask for its place, hand it on, put triage right. In the caller's transaction."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import override

from districts.jobs import nudge
from districts.models import Person, Service, Team
from routing import alarm, moved, notices
from routing.acknowledgement import Way, acknowledge, reword
from routing.doorway import place_pending
from routing.models import Decision, Handoff
from routing.placing import place
from routing.queries import decision_of, staff_language
from sla import actions as sla
from tickets import actions as tickets
from tickets.actions import NotPossible, Words
from tickets.models import Event, Message, Ticket

__all__ = ["acknowledge", "ask_to_place", "confide", "correct", "hand_off", "hear", "hear_note", "look_again", "place", "set_priority"]


def ask_to_place() -> None:
    """After commit, wake a worker to place what waits in the district in scope. The sweep finds it anyway."""
    nudge(place_pending)


def look_again(ticket: Ticket, *, now: datetime) -> bool:
    """The words came after it was placed, as a voicemail's do. False: triage was sure, or a person has touched it."""
    unsure = ticket.placed_at is not None and ticket.team.is_front_office and ticket.status == Ticket.Status.NEW
    quiet = (Event.Kind.OPENED, Event.Kind.REQUESTER_WROTE, Event.Kind.READ)
    if not unsure or ticket.assignee_id or Event.objects.filter(ticket=ticket, by__isnull=False).exclude(kind__in=quiet).exists():
        return False
    tickets.unplace(ticket, now=now)
    ask_to_place()
    return True


def hear(
    ticket: Ticket, *, author: Person, channel: str, words: Words, now: datetime, way: Way | None = None, answer: bool = True
) -> bool:
    """Later words of the requester, or of somebody who follows, in a ticket whose row the caller holds: the one way to write them.

    Words of danger go to the safety team like those of a new ticket; True: they did, and people are told. `way`: (channel,
    address) the author is answered by, where it is known; `answer`: False where nothing is to be answered. Raises NotPossible
    where it was resolved too long ago.
    """
    message = tickets.requester_wrote(ticket, author=author, channel=channel, words=words, now=now)
    if alarm.listen(ticket, message, author=author, way=way, answer=answer, now=now, subject=words.subject):
        return True
    sla.derive(ticket, now=now)
    return False


def hear_note(ticket: Ticket, *, by: Person | None, channel: str, words: Words, now: datetime, of: Person | None = None) -> Message:
    """A note that came by another way than the desk, in a ticket whose row the caller holds: never shown to the requester, and words
    of danger in it are heard. `of`: in whose name, where that is not proven."""
    message = tickets.note(ticket, by=by, words=words, channel=channel, now=now)
    author = by or of or ticket.requester
    alarm.listen(ticket, message, author=author, way=None, answer=False, now=now)
    return message


def set_priority(ticket: Ticket, *, priority: int, by: Person | None, now: datetime) -> None:
    """A person's word on how urgent it is; the requester hears of it where it moves what they were told."""
    with moved.told(ticket, by=by, now=now):
        tickets.set_priority(ticket, priority=priority, by=by, now=now)


def hand_off(ticket: Ticket, *, to_team: Team, by: Person | None, known: str, asked: str, now: datetime) -> Handoff:
    """To another team, with what is known and what is asked of it; both are kept as an internal note.

    Nobody has it in the new team yet, and the requester's clock runs on. Raises NotPossible, in words for the person.
    """
    known, asked = known.strip(), asked.strip()
    if not known or not asked:
        raise NotPossible(_("Say both what is known and what is asked of the next team."))
    _must_be_live(ticket)
    if to_team.id == ticket.team_id:
        raise NotPossible(_("%(team)s has it already.") % {"team": to_team.name})
    handoff = Handoff(ticket=ticket, from_team=ticket.team, to_team=to_team, by=by, known=known, asked=asked, at=now)
    handoff.save(force_insert=True)
    with moved.told(ticket, by=by, now=now):
        tickets.move(ticket, team=to_team, by=by, now=now, data={"handoff": str(handoff.id)})
    note = _("Handed to %(team)s.\nKnown: %(known)s\nAsked: %(asked)s")
    tickets.note(ticket, by=by, words=Words(text=note % {"team": to_team.name, "known": known, "asked": asked}), now=now)
    notices.handed_off(ticket, handoff, by=by, now=now)
    return handoff


def correct(ticket: Ticket, *, service: Service | None, team: Team | None, by: Person | None, now: datetime) -> Decision:
    """A person puts triage right: a `service` (and its team, unless another is named), or a `team` alone.

    The last Decision keeps its engine and remembers the correction; the classifier learns from it. Raises NotPossible.
    """
    wanted = team or (service.team if service else None)
    if wanted is None:
        raise NotPossible(_("Choose a service or a team."))
    _must_be_live(ticket)
    decision = decision_of(ticket) or Decision(ticket=ticket, engine="person", team=ticket.team, automatic=False, at=now)
    decision.corrected_service, decision.corrected_team = service, wanted
    decision.corrected_by, decision.corrected_at = by, now
    decision.mistaken_by = decision.mistaken_at = None
    decision.save()
    _settle(ticket, service=service, team=wanted, by=by, now=now)
    return decision


def _settle(ticket: Ticket, *, service: Service | None, team: Team, by: Person | None, now: datetime) -> None:
    """Put the ticket where the correction says. Its assignee keeps it where only the service changes."""
    came_from = ticket.team_id
    if team.id == came_from and (service is None or service.id == ticket.service_id):
        return  # it is there already: the correction confirms it
    with moved.told(ticket, by=by, now=now):
        tickets.set_service(ticket, service=service, by=by, now=now)
        if team.id != came_from:
            event = tickets.move(ticket, team=team, by=by, now=now, data={"correction": True})
        if service and not ticket.crisis:
            tickets.set_priority(ticket, priority=service.priority, by=by, now=now)
    if team.id != came_from:
        notices.corrected(ticket, event, by=by, now=now)
    reword(ticket, now=now)


def confide(ticket: Ticket, *, team: Team | None, words: Words, now: datetime) -> None:
    """It came to a private address too, of `team`: closed to all but its people, and theirs from now on.

    Danger to a person stays with the safety team, and what is resolved where it was. The caller holds the ticket's row.
    """
    if not tickets.confide(ticket, words=words, team=team, now=now):
        return
    if team is None or team.id == ticket.team_id or ticket.placed_at is None or ticket.crisis or not ticket.is_live:
        return
    with moved.told(ticket, by=None, now=now):
        event = tickets.move(ticket, team=team, by=None, now=now, data={"private": True})
    with override(staff_language()):
        notices.corrected(ticket, event, by=None, now=now)


def _must_be_live(ticket: Ticket) -> None:
    if not ticket.is_live:
        raise NotPossible(_("It is resolved. Reopen it first."))
