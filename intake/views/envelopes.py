"""For administrators: what came in and made no ticket, why, and a way back in."""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

import structlog
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from districts.access import Actor, Can, require
from intake import actions, receive
from intake.models import Envelope
from intake.queries import troubled

PAGE = 25
log = structlog.get_logger(__name__)


@never_cache
@require_safe
@login_required
def envelopes(request: HttpRequest) -> HttpResponse:
    require(cast(Actor, request.actor), Can.ADMIN)  # type: ignore[attr-defined]
    page = Paginator(troubled(), PAGE).get_page(request.GET.get("page"))
    return render(request, "intake/envelopes.html", {"page": page, "shown": [_about(one) for one in page]})


@dataclass(frozen=True)
class About:
    """What an administrator decides by."""

    envelope: Envelope
    who: str
    subject: str


def _about(envelope: Envelope) -> About:
    """Of an envelope that nothing can be read of, nothing: here is where one that breaks its reader is looked for."""
    try:
        arrival = receive.read(envelope, bytes(getattr(envelope, "head", b"")))
    except Exception as error:  # noqa: BLE001  whatever it was, the page must come
        log.warning("envelope_unreadable", envelope=str(envelope.id), error=type(error).__name__)
        return About(envelope, "", "")
    address = arrival.contact.value if arrival.contact else ""
    return About(envelope, f"{arrival.name} <{address}>" if arrival.name and address else address or arrival.name, arrival.subject)


@require_POST
@login_required
def envelope_again(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    require(cast(Actor, request.actor), Can.ADMIN)  # type: ignore[attr-defined]
    if actions.try_again(envelope_id, now=timezone.now()):
        messages.success(request, _("It is on its way in. It makes a ticket in a moment, or comes back here with the reason."))
    else:
        messages.error(request, _("It came in meanwhile, or is not there."))
    return redirect("envelopes")
