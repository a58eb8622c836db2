"""What may be an outage, on the page of outages: declare it, or say why it is none."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents import starting
from incidents.hunches import deciding
from incidents.models import Hunch, HunchTicket, Incident
from incidents.views.doors import actor_of, staff_only
from incidents.views.given import an_id

LEAST = 3  # letters of a reason


def given(request: HttpRequest) -> Hunch | None:
    """The one that an outage is declared from (?hunch=); None where it is decided, or over."""
    asked = request.POST.get("hunch") or request.GET.get("hunch")
    return deciding.open_one(an_id(asked), timezone.now()) if asked else None


def initial(hunch: Hunch) -> dict[str, Any]:
    """What is known already."""
    rows = HunchTicket.objects.filter(hunch=hunch).select_related("ticket__site").order_by("ticket__opened_at")
    tickets = [row.ticket for row in rows]
    sites = list({one.site_id: one.site for one in tickets if one.site}.values())
    said = " ".join([hunch.title, *(one.subject for one in tickets if not one.sensitive)])
    found = {"title": hunch.title, "began_at": hunch.began_at, "systems": starting.named_in(said), "scope": hunch.scope}
    return found | ({"sites": sites} if hunch.scope != Incident.Scope.DISTRICT else {})


@staff_only
@require_POST
def dismiss(request: HttpRequest, hunch_id: UUID) -> HttpResponse:
    """It stays away until much more has come."""
    now, actor = timezone.now(), actor_of(request)
    hunch = deciding.open_one(hunch_id, now)
    if hunch is not None and not deciding.may_dismiss(actor, hunch):
        raise PermissionDenied
    reason = request.POST.get("reason", "").strip()
    if hunch is None:
        messages.info(request, _("Somebody has decided it meanwhile, or it is over."))
    elif len(reason) < LEAST:
        messages.error(request, _("Say in a few words why it is no outage: whoever looks next reads it."))
    elif deciding.dismiss(hunch, reason=reason, actor=actor, now=now):
        messages.success(request, _("No outage. You hear of it again only if twice as many people write."))
    return redirect("incidents")
