"""What a team is told when a ticket comes to it."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery import actions as delivery
from delivery.models import Delivery
from districts.links import absolute
from districts.models import Person, Priority
from districts.queries import team_members, this_district
from routing.models import Handoff
from routing.queries import people_for
from tickets.letters import desk_path
from tickets.models import Event, Ticket

EVERYWHERE = (Delivery.Channel.INAPP, Delivery.Channel.EMAIL, Delivery.Channel.SMS)


def placed(ticket: Ticket, *, now: datetime) -> None:
    """In the app; of danger to a person by every channel, also in quiet hours."""
    if ticket.crisis:
        return danger(ticket, now=now)
    what = str(ticket.service) if ticket.service else ticket.team.name
    subject = _("New: #%(number)s, %(what)s") % {"number": ticket.number, "what": what}
    if ticket.priority == Priority.URGENT:
        subject = _("Urgent: #%(number)s, %(what)s") % {"number": ticket.number, "what": what}
    delivery.notify(
        people=team_members(ticket.team_id), subject=subject, body="" if ticket.sensitive else ticket.subject,
        dedupe_key=f"placed:{ticket.id}", now=now, link=desk_path(ticket), about=ticket.id, channels=[Delivery.Channel.INAPP],
    )  # fmt: skip
    return None


def danger(ticket: Ticket, *, now: datetime, key: str = "") -> None:
    """No words of the requester leave the house, mail and SMS least of all. Once for each `key`."""
    link = absolute(this_district(), desk_path(ticket))
    subject = _("Danger to a person: request #%(number)s") % {"number": ticket.number}
    body = _("Request #%(number)s has words of danger to a person. Open it now: %(link)s") % {"number": ticket.number, "link": link}
    delivery.notify(
        people=people_for(ticket), subject=subject, body=body, dedupe_key=f"{danger_key(ticket)}:{key}".rstrip(":"), now=now,
        link=desk_path(ticket), about=ticket.id, channels=EVERYWHERE, wakes=True,
    )  # fmt: skip


def danger_key(ticket: Ticket) -> str:
    """What the dedupe keys of all these notices of a ticket begin with."""
    return f"crisis:{ticket.id}"


def taken_over(ticket: Ticket, *, had: Person, key: str, now: datetime) -> None:
    """To whoever had it until words of danger came. What follows is for the safety team, so a sensitive one is not linked."""
    words = {"number": ticket.number, "team": ticket.team.name}
    with override(had.language):
        subject = _("Danger to a person: request #%(number)s") % words
        body = _("Request #%(number)s, which you had, has words of danger to a person. %(team)s has it now: tell them what you know.")
        delivery.notify(
            people=[had], subject=subject, body=body % words, dedupe_key=f"taken:{ticket.id}:{key}", now=now,
            link="" if ticket.sensitive else desk_path(ticket), about=ticket.id, channels=EVERYWHERE, wakes=True,
        )  # fmt: skip


def handed_off(ticket: Ticket, handoff: Handoff, *, by: Person | None, now: datetime) -> None:
    """To the new team, with what is known and asked; not to whoever did it."""
    people = [person for person in team_members(ticket.team_id) if by is None or person.id != by.id]
    words = {"number": ticket.number, "team": handoff.from_team.name, "asked": handoff.asked, "known": handoff.known}
    body = _("Known: %(known)s\nAsked: %(asked)s") % words
    delivery.notify(
        people=people, subject=_("#%(number)s comes to you from %(team)s") % words, dedupe_key=f"handoff:{handoff.id}",
        body=body if not ticket.sensitive else "", now=now, link=desk_path(ticket), about=ticket.id, channels=[Delivery.Channel.INAPP],
    )  # fmt: skip


def merged(ticket: Ticket, into: Ticket, *, had: Person | None, by: Person | None, now: datetime) -> None:
    """To whoever has the survivor, else its team; and to whoever had what was merged. Not to whoever did it."""
    words = {"number": ticket.number, "other": into.number}
    people = [into.assignee] if into.assignee else team_members(into.team_id) if into.placed_at else []
    people = [person for person in {one.id: one for one in (*people, *([had] if had else []))}.values() if by is None or person != by]
    delivery.notify(
        people=people, subject=_("#%(number)s is now part of #%(other)s") % words, body="" if into.sensitive else into.subject,
        dedupe_key=f"merged:{ticket.id}:{ticket.facts_at.timestamp():.0f}", now=now, link=desk_path(into), about=into.id,
        channels=[Delivery.Channel.INAPP],
    )  # fmt: skip


def corrected(ticket: Ticket, moved: Event, *, by: Person | None, now: datetime) -> None:
    """A person put triage right: the team it belongs to hears of it."""
    people = [person for person in team_members(ticket.team_id) if by is None or person.id != by.id]
    what = str(ticket.service) if ticket.service else ticket.team.name
    delivery.notify(
        people=people, subject=_("#%(number)s is yours: %(what)s") % {"number": ticket.number, "what": what},
        body="" if ticket.sensitive else ticket.subject, dedupe_key=f"corrected:{moved.id}", now=now,
        link=desk_path(ticket), about=ticket.id, channels=[Delivery.Channel.INAPP],
    )  # fmt: skip
