"""A call, a walk-in, a word in the hallway, as a ticket in one act: so that work nobody wrote a mail about counts too."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from districts.actions import person_for_contact
from districts.contacts import Contact
from districts.models import Person, Priority, Service, Site, Team
from districts.queries import front_office, this_district
from routing.actions import acknowledge, ask_to_place, hear
from routing.danger.crisis import screen
from routing.models import Decision
from sla import actions as sla
from tickets import actions as tickets
from tickets import transcript
from tickets.models import ChannelKind, Ticket
from tickets.queries import by_thread

SUBJECT = 80  # characters


@dataclass(frozen=True)
class Call:
    """What was said. `team`: one that keeps it; nothing: triage places it. `once` is the same for two clicks on one form."""

    what: str
    once: UUID
    contact: Contact | None = None
    name: str = ""
    service: Service | None = None
    site: Site | None = None
    team: Team | None = None
    solved: bool = False


def log(call: Call, *, by: Person, now: datetime) -> Ticket:
    """Open, place or have placed, and resolve where it is solved. The same form again is the same ticket.

    Words of danger go past whoever took the call, to the safety team, and are not solved by a tick.
    """
    Person.objects.select_for_update(no_key=True).get(id=by.id)  # a second click waits here, and finds what the first has made
    mark = _mark(call)
    earlier = by_thread([mark])
    if earlier:
        return earlier[0]
    if screen(call.what):
        call = replace(call, team=None, solved=False)
    caller = _caller(call)
    ticket, _message = tickets.open_ticket(
        requester=caller, channel=ChannelKind.PHONE, subject=_subject(call.what), words=tickets.Words(text=call.what, message_id=mark),
        team=call.team or front_office(), service=call.service, site=call.site, language=caller.language, by=by, now=now,
    )  # fmt: skip
    if call.team:
        _keep(ticket, call, by=by, now=now)
    else:
        ask_to_place()
    if call.solved:
        tickets.resolve(ticket, by=by, now=now)
    elif call.contact:
        acknowledge(ticket, now=now)
    sla.derive(ticket, now=now)
    return ticket


def add(ticket: Ticket, call: Call, *, by: Person, now: datetime) -> Ticket:
    """They call about what they have open already: one more message of theirs there, with who took it down.

    The same form again is nothing. Words of danger are heard as in any message, and not solved by a tick.
    """
    Person.objects.select_for_update(no_key=True).get(id=by.id)
    mark = _mark(call)
    earlier = by_thread([mark])
    if earlier:
        return earlier[0]
    ticket = tickets.take(ticket)
    caller = _caller(call) if call.contact else ticket.requester
    told = _("[by telephone or in person, taken down by %(name)s]") % {"name": by}
    said = f"{transcript.said(call.what.strip())}\n\n{transcript.aside(told)}"
    alarmed = hear(ticket, author=caller, channel=ChannelKind.PHONE, words=tickets.Words(text=said, message_id=mark), now=now)
    if call.solved and not alarmed:
        tickets.resolve(ticket, by=by, now=now)
        sla.derive(ticket, now=now)
    return ticket


def _mark(call: Call) -> str:
    """What a ticket remembers of one form, in the place of a Message-ID."""
    return f"log.{call.once}@{this_district().host}"


def _caller(call: Call) -> Person:
    if call.contact:
        return person_for_contact(kind=call.contact.kind, value=call.contact.value, name=call.name)
    someone: Person = Person.objects.create(name=call.name)
    return someone


def _keep(ticket: Ticket, call: Call, *, by: Person, now: datetime) -> None:
    """Whoever took the call has it, in their own team: no triage."""
    if call.team is None:
        return
    priority = call.service.priority if call.service else Priority.NORMAL
    tickets.place(ticket, team=call.team, service=call.service, priority=priority, now=now, data={"engine": "person"})
    reason = _("%(name)s took the call and kept it.") % {"name": by.name}
    Decision.objects.create(
        ticket=ticket, engine="person", team=call.team, service=call.service, confidence=1, automatic=False, reasons=[reason], at=now
    )
    tickets.assign(ticket, to=by, by=by, now=now)


def _subject(what: str) -> str:
    line = what.strip().splitlines()[0]
    return line if len(line) <= SUBJECT else f"{line[: SUBJECT - 1]}…"
