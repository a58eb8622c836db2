"""Merge a ticket into another: choose which, see what will happen, do it; and take two apart again."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from districts import contacts
from districts.access import Can
from routing import duplicates, merging, queue
from routing.duplicates import Candidate
from routing.queue import Desk
from routing.times import Moment, Times
from routing.views.acts import back
from routing.views.doors import staff_only
from sla.queries import next_promise
from tickets import words
from tickets.actions import NotPossible
from tickets.merging import obstacle
from tickets.models import ChannelKind, Message, Ticket
from tickets.queries import get_ticket

FOUND = 20  # of one search


class MergeForm(forms.Form):
    into = forms.UUIDField()
    why = forms.CharField(max_length=200, required=False)


@dataclass(frozen=True)
class Shown:
    """A candidate, as the page prints it."""

    candidate: Candidate
    status: str
    channel: str
    since: Moment


@dataclass(frozen=True)
class Side:
    """One of the two, beside the other."""

    ticket: Ticket
    said: str
    channel: str
    status: str
    since: Moment


@staff_only
def merge(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    """Choose; with `into`, what will happen; posted, it happens."""
    desk = Desk(request.actor, timezone.now())  # type: ignore[attr-defined]
    ticket = get_ticket(desk.actor, ticket_id, to=Can.WORK, now=desk.now)
    given = MergeForm(request.POST if request.method == "POST" else request.GET)
    if not given.is_valid():
        return redirect("desk_ticket", ticket.merged_into_id) if ticket.merged_into_id else _choose(request, ticket, desk)
    into = get_ticket(desk.actor, given.cleaned_data["into"], to=Can.WORK, now=desk.now)
    if ticket.merged_into_id == into.id:  # the second of two clicks
        return _back(request, ticket, into, desk)
    if request.method != "POST":
        return _confirm(request, ticket, into, desk, why=given.cleaned_data["why"], stops=obstacle(ticket, into, now=desk.now))
    why = given.cleaned_data["why"] or _("The same need.")
    try:
        with transaction.atomic():
            into = merging.merge(ticket, into=into, by=desk.actor.person, why=why, now=desk.now)
    except NotPossible as stop:
        return _confirm(request, ticket, into, desk, why=why, stops=str(stop))
    return _back(request, ticket, into, desk)


def _back(request: HttpRequest, ticket: Ticket, into: Ticket, desk: Desk) -> HttpResponse:
    said = _("#%(number)s is now part of #%(other)s. Nobody was mailed. Below it can be taken apart again.")
    messages.success(request, said % {"number": ticket.number, "other": into.number})
    return back(request, into, desk)


def _choose(request: HttpRequest, ticket: Ticket, desk: Desk) -> HttpResponse:
    asked = request.GET.get("q", "").replace("\0", "").strip()[:200]
    found = _found(ticket, asked, desk) if asked else duplicates.candidates(ticket, desk)
    values = {"ticket": ticket, "asked": asked, "rows": [_shown(each, desk) for each in found], "view": request.GET.get("view", "")}
    return render(request, "routing/merge.html", values)


def _found(ticket: Ticket, asked: str, desk: Desk) -> list[Candidate]:
    """By number, address, device or words, as the desk's own search finds them."""
    digits = asked.removeprefix("#").strip()
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None
    exact = queue.search(desk, number=number, contact=contacts.either(asked), asset=asked[:40])
    rows = queue.newest_first([*exact, *queue.search_words(desk, words.query(asked))])
    return duplicates.as_candidates(ticket, [row.id for row in rows[:FOUND]], desk)


def _shown(candidate: Candidate, desk: Desk) -> Shown:
    ticket = candidate.ticket
    status = str(Ticket.Status(ticket.status).label)
    return Shown(candidate, status, str(ChannelKind(ticket.channel).label), Times(desk.now).since(ticket.opened_at))


def _confirm(request: HttpRequest, ticket: Ticket, into: Ticket, desk: Desk, *, why: str, stops: str) -> HttpResponse:
    times = Times(desk.now)
    values: dict[str, Any] = {
        "sides": [_side(ticket, times), _side(into, times)], "ticket": ticket, "into": into, "why": why, "stops": stops,
        "turned": not obstacle(into, ticket, now=desk.now), "view": request.GET.get("view", ""),
        "sooner": _sooner(ticket, into), "due": _promise(ticket, times), "messages_of": Message.objects.filter(ticket=ticket).count(),
        "promise": _promise(into, times), "other_person": ticket.requester_id != into.requester_id,
        "other_team": ticket.team_id != into.team_id, "raised": ticket.is_live and ticket.priority < into.priority,
        "reopened": ticket.is_live and not into.is_live,
    }  # fmt: skip
    return render(request, "routing/merge_confirm.html", values, status=422 if stops and request.method == "POST" else 200)


def _side(ticket: Ticket, times: Times) -> Side:
    rows = Message.objects.filter(ticket=ticket, kind=Message.Kind.REQUEST).order_by("at", "id")
    said = str(rows.values_list("text", flat=True).first() or "")
    channel, status = ChannelKind(ticket.channel).label, Ticket.Status(ticket.status).label
    return Side(ticket, said, str(channel), str(status), times.since(ticket.opened_at))


def _sooner(ticket: Ticket, into: Ticket) -> bool:
    """Would the promise that is due first be the one that ends?"""
    if not (ticket.due_at and into.due_at):
        return ticket.is_live and ticket.opened_at < into.opened_at
    return ticket.due_at < into.due_at


def _promise(ticket: Ticket, times: Times) -> str:
    clock = next_promise(ticket) if ticket.is_live else None
    return times.due(clock.due_at).words if clock and clock.due_at else ""


@staff_only
def take_apart(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    """Whoever may work on both. A second click finds it done."""
    if request.method != "POST":
        return redirect("desk_ticket", ticket_id)
    desk = Desk(request.actor, timezone.now())  # type: ignore[attr-defined]
    ticket = get_ticket(desk.actor, ticket_id, to=Can.WORK, now=desk.now)
    if ticket.merged_into_id:
        get_ticket(desk.actor, ticket.merged_into_id, to=Can.WORK, now=desk.now)
    was = merging.unmerge(ticket, by=desk.actor.person, now=desk.now)
    if was is None:
        messages.success(request, _("#%(number)s stands by itself.") % {"number": ticket.number})
    else:
        said = _("#%(number)s stands by itself again. What was written in #%(other)s meanwhile stays there.")
        messages.success(request, said % {"number": ticket.number, "other": was.number})
    return back(request, ticket, desk)
