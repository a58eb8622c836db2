"""How one message came in, for administrators: by which door, from whom, what each filter said, and what became of it."""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from districts.access import Actor, Can, require
from intake.models import Envelope
from intake.queries import with_head
from intake.receiving.opening import checked
from intake.screening.words import said
from intake.views.envelopes import read_head
from tickets.models import Ticket
from tickets.queries import get_ticket


@dataclass(frozen=True)
class Fact:
    name: str
    value: str


@never_cache
@require_safe
@login_required
def came_in(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    """Of a ticket that is not theirs to see, administrators learn nothing here either: it is not there."""
    actor = cast(Actor, request.actor)  # type: ignore[attr-defined]
    require(actor, Can.ADMIN)
    envelope = get_object_or_404(with_head(Envelope.objects.filter(id=envelope_id)))
    ticket = get_ticket(actor, envelope.ticket_ref, now=timezone.now()) if envelope.ticket_ref else None
    decisions = [said(one) for one in envelope.decisions or []]
    return render(
        request, "intake/came_in.html",
        {"envelope": envelope, "ticket": ticket, "facts": _facts(envelope, ticket), "decisions": decisions},
    )  # fmt: skip


def _facts(envelope: Envelope, ticket: Ticket | None) -> list[Fact]:
    arrival, meta = read_head(envelope), envelope.meta
    told = [
        Fact(
            _("From"),
            " ".join(filter(None, [arrival.name, f"<{arrival.contact.value}>" if arrival.contact else ""])) if arrival else "",
        ),
        Fact(_("Subject"), arrival.subject if arrival else ""),
        Fact(_("Door"), str(envelope.source)),
        Fact(_("Sent to"), ", ".join(meta.get("recipients", []))),
        Fact(_("Brought by the server"), meta.get("remote", "")),
        Fact(_("Found of the sender"), checked(arrival.authentication) if arrival else ""),
        Fact(_("Whose word on senders is believed"), _believed(envelope)),
        Fact(_("Its own id"), envelope.external_id),
    ]
    return [fact for fact in told if fact.value]


def _believed(envelope: Envelope) -> str:
    if envelope.channel != "email":
        return ""
    if envelope.meta.get("direct"):
        return _("nobody's: it came straight to our door, not by your mail server")
    return str(envelope.meta.get("trusted_hop") or _("nobody's: the address names no server"))
