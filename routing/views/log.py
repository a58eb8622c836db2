"""Quick log: a call in twenty seconds."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from districts import contacts
from districts.access import Actor, Can, may
from districts.models import Person
from districts.queries import person_by_contact, services, sites
from routing import quick_log
from routing.forms import LogForm
from routing.queue import Desk
from routing.quick_log import Call
from routing.views.doors import staff_only
from routing.views.ticket import KINDS
from tickets.actions import NotPossible
from tickets.models import Ticket
from tickets.queries import get_ticket, open_of


@staff_only
def log(request: HttpRequest) -> HttpResponse:
    desk = Desk(request.actor, timezone.now())  # type: ignore[attr-defined]
    if request.method != "POST":
        mine = desk.mine[0] if desk.in_a_team else ""
        return _form(request, desk, LogForm(desk=desk, initial={"once": uuid.uuid4(), "team": mine}))
    if "look" in request.POST:  # without scripts: who is it?
        return _form(request, desk, LogForm(desk=desk, initial=request.POST.dict()))
    form = LogForm(request.POST, desk=desk)
    if not form.is_valid() or desk.actor.person is None:
        return _form(request, desk, form, status=422)
    add_to, call = form.cleaned_data.pop("add_to"), Call(**form.cleaned_data)
    if add_to:
        return _add(request, desk, form, add_to, call, by=desk.actor.person)
    ticket = quick_log.log(call, by=desk.actor.person, now=desk.now)
    messages.success(request, _said(ticket, solved=call.solved) % {"number": ticket.number})
    return redirect("quick_log" if request.POST.get("next") == "another" else "desk")


def _add(request: HttpRequest, desk: Desk, form: LogForm, ticket_id: uuid.UUID, call: Call, *, by: Person) -> HttpResponse:
    """What was typed is not lost where the ticket cannot be had any more."""
    try:
        ticket = get_ticket(desk.actor, ticket_id, to=Can.WORK, now=desk.now)
        ticket = quick_log.add(ticket, call, by=by, now=desk.now)
    except (Http404, NotPossible):
        form.add_error(None, _("Nothing can be added to that ticket any more. Save it as a new one."))
        return _form(request, desk, form, status=422)
    messages.success(request, _("Added to #%(number)s.") % {"number": ticket.number})
    return redirect("desk_ticket", ticket.id)


def _said(ticket: Ticket, *, solved: bool) -> str:
    if solved and ticket.is_live:
        return _("Logged as #%(number)s. It has words of danger in it, so it goes to the safety team now and stays open.")
    return _("Logged as #%(number)s, solved.") if solved else _("Logged as #%(number)s.")


def _form(request: HttpRequest, desk: Desk, form: LogForm, *, status: int = 200) -> HttpResponse:
    once = uuid.uuid4() if "once" in form.errors else form["once"].value()
    values: dict[str, Any] = {
        "form": form, "once": once, "services": services(), "sites": sites(),
        "own": [desk.teams[team] for team in desk.mine] if desk.in_a_team else [],
        **_who(str(form["contact"].value() or ""), desk.actor),
    }  # fmt: skip
    return render(request, "routing/log.html", values, status=status)


@staff_only
def caller(request: HttpRequest) -> HttpResponse:
    """Who calls from this number or address, and what they have open: shown while the form is filled in."""
    return render(request, "routing/log.html#caller", _who(request.GET.get("contact", ""), request.actor))  # type: ignore[attr-defined]


def _who(given: str, actor: Actor) -> dict[str, Any]:
    contact = contacts.either(given) if given else None
    person = person_by_contact(contact.kind, contact.value) if contact else None
    found = [ticket for ticket in open_of(person) if may(actor, Can.READ, ticket)] if person else []
    return {"caller": person, "tickets": found, "contact": contact, "kind": KINDS.get(person.kind, person.kind) if person else ""}
