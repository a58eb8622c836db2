"""Beside a ticket: who its requester may be as well, and one click to say that they are one person, or two."""

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from districts.access import Actor, Can, require
from intake.models import MergeSuggestion, PersonMerge
from intake.people import queries
from intake.people.merging import NotOne, merge_people, stays_and_goes, two_people, unmerge_people
from tickets.models import Ticket
from tickets.queries import get_ticket


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def same_person(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    """A fragment for the ticket's page, a page by itself without scripts. Whoever may work on the ticket may say so."""
    actor = cast(Actor, request.actor)  # type: ignore[attr-defined]
    require(actor, Can.WORK)
    ticket = get_ticket(actor, ticket_id, to=Can.WORK, now=timezone.now())
    if request.method == "POST":
        answer(request, actor, _asked(request, ticket))
        return redirect("desk_ticket", ticket.id)
    values: dict[str, Any] = {
        "ticket": ticket, "person": ticket.requester, "merges": queries.merges_of(ticket.requester),
        "pairs": queries.pairs(queries.suggestions_of(ticket.requester), actor),
    }  # fmt: skip
    htmx = bool(request.htmx)  # type: ignore[attr-defined]
    return render(request, "intake/same_person.html#found" if htmx else "intake/same_person.html", values)


def _asked(request: HttpRequest, ticket: Ticket) -> MergeSuggestion | PersonMerge:
    """What is answered, of this ticket's requester alone. Raises Http404."""
    given = request.POST.get("suggestion", "") or request.POST.get("merge", "")
    rows: list[MergeSuggestion | PersonMerge] = [*queries.suggestions_of(ticket.requester), *queries.merges_of(ticket.requester)]
    found = next((row for row in rows if str(row.id) == given), None)
    if found is None:
        raise Http404
    return found


def answer(request: HttpRequest, actor: Actor, row: MergeSuggestion | PersonMerge) -> None:
    """One, two, or two after all; what cannot be is said."""
    now = timezone.now()
    try:
        with transaction.atomic():
            if isinstance(row, PersonMerge):
                unmerge_people(row, actor=actor, now=now)
                said = _("They are two people again. What came since they were one stays with %(name)s.") % {"name": row.kept}
            elif request.POST.get("answer") == "one":
                kept, absorbed = stays_and_goes(row.one, row.other)
                merge_people(kept, absorbed, actor=actor, now=now)
                said = _("They are one person now: %(name)s. It can be undone.") % {"name": kept}
            else:
                two_people(row.one, row.other, by=actor.person, now=now)
                said = _("They are two people. It is not suggested again.")
    except NotOne as stop:
        messages.warning(request, str(stop))
    else:
        messages.success(request, said)
