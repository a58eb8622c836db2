"""A promise that was told and is moved to a later time by an act of ours: the requester hears of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery.models import Delivery
from districts.models import District, Person
from districts.queries import this_district
from routing import acknowledgement, short_text
from sla import actions as sla
from sla import words
from sla.models import Clock, ClockKind
from sla.queries import next_promise
from tickets import actions as tickets
from tickets import letters
from tickets.models import Event, Ticket

LEAST = timedelta(hours=1)  # moved by less, it is not worth a letter


@contextmanager
def told(ticket: Ticket, *, by: Person | None, now: datetime) -> Iterator[None]:
    """Around an act of a person: derives the clocks, and tells the requester where what they were told comes later now."""
    if ticket.facts_at > ticket.derived_at:  # or somebody else's change would be taken for this act's
        sla.derive(ticket, now=now)
    before = ticket.due_at if ticket.placed_at else None  # until then no time was told
    yield
    sla.derive(ticket, now=now)
    if before and ticket.due_at and ticket.due_at - before >= LEAST and _was_told(ticket, now=now):
        _tell(ticket, before=before, by=by, now=now)


def _was_told(ticket: Ticket, *, now: datetime) -> bool:
    """The acknowledgement has left: one that waits gets the new time, and where none was wanted nobody was told."""
    if acknowledgement.reword(ticket, now=now):
        return False
    return Delivery.objects.filter(dedupe_key=f"ack:{ticket.id}").exists()


def _tell(ticket: Ticket, *, before: datetime, by: Person | None, now: datetime) -> None:
    clock = next_promise(ticket)
    if clock is None or clock.due_at is None:
        return
    what = f"moved-{clock.due_at.timestamp():.0f}"
    if Delivery.objects.filter(dedupe_key=f"{what}:{ticket.id}").exists():
        return
    way = letters.way_to(ticket)
    with override(ticket.language):
        subject = _("Your request #%(number)s") % {"number": ticket.number}
        body = _body(ticket, clock, this_district(), short=way[0] == Delivery.Channel.SMS, now=now)
    letter = letters.to_requester(ticket, what=what, subject=f"Re: {subject}", body=body, purpose="promise", now=now, way=way)
    reached = letter is not None and letter.state != Delivery.State.SUPPRESSED
    data = {"from": before.isoformat(), "due_at": clock.due_at.isoformat(), "clock": clock.kind, "reached": reached}
    tickets.record(ticket, Event.Kind.PROMISED, by=by, now=now, data=data)


def _body(ticket: Ticket, clock: Clock, district: District, *, short: bool, now: datetime) -> str:
    link = letters.own_link(ticket, district)
    changed, who = _("The time we told you has changed."), _who_and_when(ticket, clock, district, now)
    if short:
        return short_text.fit(f"#{ticket.number}: {changed} {who} {link}", f"#{ticket.number}: {who} {link}")
    where = _("To add something, reply to this mail. To see where it stands: %(link)s") % {"link": link}
    return "\n\n".join([changed, who, where, str(district.name)])


def _who_and_when(ticket: Ticket, clock: Clock, district: District, now: datetime) -> str:
    at = clock.due_at or now
    said = {"team": ticket.team.name, "when": words.when(at, now=now, zone=district.zone)}
    if clock.kind == ClockKind.FIRST_RESPONSE:
        return _("%(team)s has it and will answer you %(when)s.") % said
    if clock.kind == ClockKind.NEXT_RESPONSE:
        return _("%(team)s has it and will answer what you wrote %(when)s.") % said
    return _("%(team)s has it and means to have it solved %(when)s.") % said
