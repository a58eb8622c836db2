"""A word to whoever works on a ticket, when its requester does something."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from delivery import actions as delivery
from delivery.models import Delivery
from districts.models import Person
from districts.queries import team_members
from tickets.letters import desk_path
from tickets.models import Ticket

WROTE = "wrote:"  # begins the keys of these notices


def wrote_again(ticket: Ticket, sender: Person, envelope_id: UUID, *, now: datetime) -> None:
    """To the assignee, each time; else to the team, each of it once until they have looked.

    Of what triage has not placed yet, triage will tell.
    """
    if ticket.assignee is None and ticket.placed_at is None:
        return
    people = [ticket.assignee] if ticket.assignee else _without_unread(ticket, team_members(ticket.team_id))
    words = gettext_noop("%(name)s wrote again on #%(number)s")
    _tell_each(ticket, people, words, sender, f"{WROTE}{envelope_id}", now)


def noted(ticket: Ticket, sender: Person, envelope_id: UUID, *, confirmed: bool, now: datetime) -> None:
    """A member of staff wrote by mail, or somebody in their name: to whoever works on it, but not to the writer."""
    people = [ticket.assignee] if ticket.assignee else _without_unread(ticket, team_members(ticket.team_id))
    people = [person for person in people if person.id != sender.id or not confirmed]
    words = gettext_noop("%(name)s wrote a note on #%(number)s by mail")
    if not confirmed:
        words = gettext_noop("A mail in the name of %(name)s, not confirmed, is noted on #%(number)s")
    _tell_each(ticket, people, words, sender, f"{WROTE}{envelope_id}", now)


def reopened(ticket: Ticket, *, now: datetime) -> None:
    """To the assignee, else to the team: it was thought to be done."""
    people = [ticket.assignee] if ticket.assignee else team_members(ticket.team_id)
    words = gettext_noop("%(name)s opened #%(number)s again")
    _tell_each(ticket, people, words, ticket.requester, f"reopened:{ticket.id}:{now.timestamp():.0f}", now)


def _without_unread(ticket: Ticket, people: list[Person]) -> list[Person]:
    """Whoever has not looked at the last such notice of this ticket needs no other."""
    rows = Delivery.objects.filter(about=ticket.id, channel=Delivery.Channel.INAPP, read_at__isnull=True)
    unread = {person for person, key in rows.values_list("person_id", "dedupe_key") if key.startswith(WROTE)}
    return [person for person in people if person.id not in unread]


def _tell_each(ticket: Ticket, people: list[Person], words: str, who: Person, key: str, now: datetime) -> None:
    """Each in their own language."""
    for language in {person.language for person in people}:
        with override(language):
            subject = _(words) % {"name": who, "number": ticket.number}
        _tell(ticket, [person for person in people if person.language == language], subject, key, now)


def _tell(ticket: Ticket, people: list[Person], subject: str, key: str, now: datetime) -> None:
    delivery.notify(
        people=people, subject=subject, body="" if ticket.sensitive else ticket.subject, dedupe_key=key,
        link=desk_path(ticket), about=ticket.id, channels=(Delivery.Channel.INAPP,), now=now,
    )  # fmt: skip
