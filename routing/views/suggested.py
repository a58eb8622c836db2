"""What is suggested for a reply, asked for by the ticket's page after it is shown: looking costs more than the page."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from districts.access import Can
from routing.queue import Desk
from routing.suggested.offers import offers_for
from routing.times import Times
from routing.views.doors import staff_only
from tickets.queries import get_ticket


@staff_only
def suggested(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    """For htmx the suggestions, else a page of them. Nothing is sent or written."""
    desk = Desk(request.actor, timezone.now())  # type: ignore[attr-defined]
    ticket = get_ticket(desk.actor, ticket_id, to=Can.WORK, now=desk.now)
    offers, times = offers_for(ticket, desk), Times(desk.now)
    solved = [(like, desk.teams[like.solved.team_id], times.since(like.solved.resolved_at)) for like in offers.solved]
    values = {"ticket": ticket, "offers": offers, "solved": solved, "view": request.GET.get("view", "")}
    htmx = bool(request.htmx)  # type: ignore[attr-defined]
    return render(request, "routing/suggested.html#found" if htmx else "routing/suggested.html", values)
