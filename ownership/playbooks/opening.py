"""A life event opens a ticket of its own: whom it is about has one page that says how far it is, and can write back there."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from districts.models import Person, Priority
from districts.queries import front_office, team_members, this_district
from ownership.models import Playbook, PlaybookRun
from ownership.playbooks import line, running
from sla import actions as sla
from tickets import actions as tickets
from tickets.models import ChannelKind, Ticket


def may_open(playbook: Playbook) -> bool:
    """Where somebody outside reads of a life event."""
    return playbook.kind == Playbook.Kind.LIFE and bool(playbook.line)


def begin(
    playbook: Playbook, *, title: str, person: Person, by: Person, now: datetime, facts: Mapping[str, str] | None = None
) -> PlaybookRun:  # fmt: skip
    """With a ticket of `person`'s, which the run belongs to. Raises running.NotNow, and then there is no ticket either."""
    with transaction.atomic():
        ticket = _ticket(playbook, person, by=by, now=now)
        return running.begin(playbook, title=title, by=by, now=now, ticket=ticket, person=person, facts=facts)


def _ticket(playbook: Playbook, person: Person, *, by: Person, now: datetime) -> Ticket:
    """Of the service that the playbook names, with its team: triage has nothing to decide. Its words are read by the person."""
    language = line.language_of(person, this_district())
    service = playbook.service if playbook.service and playbook.service.active else None
    team = service.team if service else front_office()
    with override(language):
        what = line.said(playbook)
        said = _("We opened this for you: %(what)s. This page says how far it is. If something is wrong or missing, write to us here.")
    ticket, _message = tickets.open_ticket(
        requester=person, by=by, author=by, channel=ChannelKind.WEB, subject=what, words=tickets.Words(text=said % {"what": what}),
        team=team, service=service, language=language, now=now,
    )  # fmt: skip
    with override(str((this_district().languages or ["en"])[0])):
        reason = _("“%(name)s” was begun for this person.") % {"name": playbook.name}
    priority = service.priority if service else Priority.NORMAL
    tickets.place(ticket, team=team, service=service, priority=priority, now=now, data={"reasons": [reason]})
    tickets.follow(ticket, person=by, now=now)
    if by.id in {member.id for member in team_members(team.id)}:
        tickets.assign(ticket, to=by, by=by, now=now)
    sla.derive(ticket, now=now)
    return ticket
