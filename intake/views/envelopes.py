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
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from districts.access import Actor, Can, require
from intake import actions
from intake.channels.arrival import Arrival
from intake.models import Envelope
from intake.queries import with_head
from intake.receiving import receive
from intake.receiving.parked import parked
from intake.screening.words import Said, said

PAGE = 25
STUCK, SCREENED = "stuck", "screened"
State = Envelope.State
log = structlog.get_logger(__name__)


@never_cache
@require_safe
@login_required
def envelopes(request: HttpRequest) -> HttpResponse:
    """What is stuck; where nothing is, what was screened out."""
    require(cast(Actor, request.actor), Can.ADMIN)  # type: ignore[attr-defined]
    stuck = parked(now=timezone.now())
    kinds = {STUCK: stuck, SCREENED: Envelope.objects.filter(state=State.SCREENED)}
    counts = {name: rows.count() for name, rows in kinds.items()}
    asked = request.GET.get("show", "")
    show = asked if asked in kinds else STUCK if counts[STUCK] else SCREENED
    page = Paginator(with_head(kinds[show]), PAGE).get_page(request.GET.get("page"))
    told = {**counts, "any": any(counts.values()), "dead": stuck.filter(state=State.DEAD).count() if counts[STUCK] else 0}
    return render(request, "intake/envelopes.html", {"page": page, "show": show, "shown": [_about(one) for one in page], **told})


@dataclass(frozen=True)
class About:
    """What an administrator decides by."""

    envelope: Envelope
    who: str
    subject: str

    @property
    def decisions(self) -> list[Said]:
        return [said(one) for one in self.envelope.decisions or []]


def read_head(envelope: Envelope) -> Arrival | None:
    """What its first bytes say (`queries.with_head`). None where they break their reader: here is where one that does is looked for."""
    try:
        return receive.read(envelope, bytes(getattr(envelope, "head", b"")))
    except Exception as error:  # noqa: BLE001  whatever it was, the page must come
        log.warning("envelope_unreadable", envelope=str(envelope.id), error=type(error).__name__)
        return None


def _about(envelope: Envelope) -> About:
    arrival = read_head(envelope)
    if arrival is None:
        return About(envelope, "", "")
    address = arrival.contact.value if arrival.contact else ""
    return About(envelope, f"{arrival.name} <{address}>" if arrival.name and address else address or arrival.name, arrival.subject)


@require_POST
@login_required
def envelope_again(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    actor = cast(Actor, request.actor)  # type: ignore[attr-defined]
    require(actor, Can.ADMIN)
    if actions.try_again(envelope_id, by=actor.person, now=timezone.now()):
        messages.success(request, _("It is on its way in. It makes a ticket in a moment, or comes back here with the reason."))
    else:
        messages.error(request, _("It came in meanwhile, or is not there."))
    return redirect("envelopes")


@require_POST
@login_required
def envelopes_again(request: HttpRequest) -> HttpResponse:
    """After a fix: everything that could not be read."""
    require(cast(Actor, request.actor), Can.ADMIN)  # type: ignore[attr-defined]
    count = actions.try_all_again()
    if count:
        words = ngettext("%(n)d is tried again. See in a moment.", "%(n)d are tried again. See in a moment.", count)
        messages.success(request, words % {"n": count})
    else:
        messages.info(request, _("There is nothing left that could not be read."))
    return redirect("envelopes")
