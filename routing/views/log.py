"""Quick log: a call in twenty seconds."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from districts import contacts
from districts.access import Can, may
from districts.queries import person_by_contact, services, sites
from routing import quick_log
from routing.forms import LogForm
from routing.queue import Desk
from routing.quick_log import Call
from routing.views.doors import staff_only
from tickets.models import Ticket
from tickets.queries import open_of


@staff_only
def log(request: HttpRequest) -> HttpResponse:
    desk = Desk(request.actor, timezone.now())  # type: ignore[attr-defined]
    if request.method != "POST":
        mine = desk.mine[0] if desk.in_a_team else ""
        return _form(request, desk, LogForm(desk=desk, initial={"once": uuid.uuid4(), "team": mine}))
    form = LogForm(request.POST, desk=desk)
    if not form.is_valid() or desk.actor.person is None:
        return _form(request, desk, form, status=422)
    ticket = quick_log.log(Call(**form.cleaned_data), by=desk.actor.person, now=desk.now)
    messages.success(request, _said(ticket, form) % {"number": ticket.number})
    return redirect("quick_log" if request.POST.get("next") == "another" else "desk")


def _said(ticket: Ticket, form: LogForm) -> str:
    if form.cleaned_data["solved"] and ticket.is_live:
        return _("Logged as #%(number)s. It has words of danger in it, so it goes to the safety team now and stays open.")
    return _("Logged as #%(number)s, solved.") if form.cleaned_data["solved"] else _("Logged as #%(number)s.")


def _form(request: HttpRequest, desk: Desk, form: LogForm, *, status: int = 200) -> HttpResponse:
    once = uuid.uuid4() if "once" in form.errors else form["once"].value()
    values: dict[str, Any] = {
        "form": form, "once": once, "services": services(), "sites": sites(),
        "own": [desk.teams[team] for team in desk.mine] if desk.in_a_team else [],
    }  # fmt: skip
    return render(request, "routing/log.html", values, status=status)


@staff_only
def caller(request: HttpRequest) -> HttpResponse:
    """Who calls from this number or address, and what they have open: shown while the form is filled in."""
    contact = contacts.either(request.GET.get("contact", ""))
    person = person_by_contact(contact.kind, contact.value) if contact else None
    actor = request.actor  # type: ignore[attr-defined]
    tickets = [ticket for ticket in open_of(person) if may(actor, Can.READ, ticket)] if person else []
    return render(request, "routing/log.html#caller", {"caller": person, "tickets": tickets, "contact": contact})
