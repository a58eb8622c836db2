"""One ticket: the queue beside it, the conversation, and what is known about it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, get_language_info, gettext, override
from django.utils.translation import gettext_lazy as _

from delivery import segments
from delivery.lines import texts_leave
from districts.access import Can
from districts.models import ContactPoint, Priority
from districts.queries import this_district
from routing import context, queue, timeline
from routing.forms import ActForm
from routing.lines import lines, state, urgency
from routing.queries import decision_of
from routing.queue import Desk
from routing.suggested.offers import offers_for
from routing.views.doors import staff_only
from tickets import answers, files
from tickets.letters import behind_a_text, kinds, tracking_link
from tickets.models import ChannelKind, Message, Ticket
from tickets.queries import attachment_within, get_ticket, mail_of

MAIL = (  # of a mail as it was sent: its own styles and the pictures within it, nothing else
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
KINDS = {  # of people; a district may have others, shown as they are
    "parent": _("parent"), "family": _("family"), "student": _("student"), "staff": _("staff"), "community": _("community"),
    "public": _("public"), "vendor": _("vendor"),
}  # fmt: skip


@dataclass(frozen=True)
class Typed:
    """A form that could not be done: what was typed, why not, and what was written meanwhile."""

    act: str
    form: ActForm
    meanwhile: list[Message] = field(default_factory=list)


@staff_only
def ticket(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    return page(request, ticket_id, Desk(request.actor, timezone.now()))  # type: ignore[attr-defined]


def page(request: HttpRequest, ticket_id: UUID, desk: Desk, *, typed: Typed | None = None) -> HttpResponse:
    """The whole page, or for htmx the work on it; 422 with a form that could not be done. Whoever sees it has read the ticket."""
    ticket = get_ticket(desk.actor, ticket_id, to=Can.READ, now=desk.now)
    decision = decision_of(ticket)
    shown = timeline.story(
        ticket, reader=desk.actor.person, reasons=decision.reasons if decision else [], everything="all" in request.GET, now=desk.now
    )
    choosing = "correct" in request.GET or (typed is not None and typed.act == "correct")
    known = context.context_of(ticket, desk, decision=decision, all_services=choosing, moved=shown.moved)
    values = _head(ticket, desk) | _acts(ticket, desk, known) | {
        "ticket": ticket, "story": shown, "context": known, "typed": typed, "choosing": choosing, "render": f"{desk.now:%H%M%S%f}",
        "link": "" if known.points else tracking_link(ticket, this_district()),
        "only_called": _only_called(known), "texting": _texting(ticket, desk, known), "answers": answers.of(ticket),
        "last": typed.meanwhile[-1].id if typed and typed.meanwhile else shown.last, "used": _used(request, ticket, desk),
    }  # fmt: skip
    values |= _queue(request, ticket, desk)
    whole = request.htmx.target != "work"  # type: ignore[attr-defined]
    template = "routing/ticket.html" if whole else "routing/ticket.html#work"
    return render(request, template, values, status=422 if typed else 200)


def _used(request: HttpRequest, ticket: Ticket, desk: Desk) -> str:
    """Of a suggestion that was chosen without scripts. Looked for again, so that no link brings words of its own."""
    offer = offers_for(ticket, desk).of(request.GET["use"]) if request.GET.get("use") else None
    return offer.words if offer else ""


def _only_called(known: context.Context) -> bool:
    """As letters.can_only_be_called, by what is known for the page."""
    return {point.kind for point in known.points} == {ContactPoint.Kind.PHONE} and not texts_leave()


def _texting(ticket: Ticket, desk: Desk, known: context.Context) -> dict[str, Any] | None:
    """Where a reply leaves as a text message: what stands behind its words, and how many parts are too many."""
    there = {point.kind for point in known.points}
    first = next((kind for kind in kinds(ticket) if kind in there), "")
    if first != ContactPoint.Kind.PHONE or not texts_leave():
        return None
    with override(ticket.language):
        return {"behind": behind_a_text(ticket, team=ticket.team, by=desk.actor.person), "most": segments.MOST}


def _head(ticket: Ticket, desk: Desk) -> dict[str, Any]:
    return {
        "status_word": Ticket.Status(ticket.status).label,
        "waits": state(ticket.status) if ticket.is_live else "",
        "priority_word": Priority(ticket.priority).label,
        "channel_word": ChannelKind(ticket.channel).label,
        "urgency": urgency(ticket.due_at, desk.now) if ticket.is_live else "",
        "kind_word": KINDS.get(ticket.requester.kind, ticket.requester.kind),
        "their_language": _language(ticket.language),
        "survivor": ticket.merged_into_id,
        "ticket_number": str(ticket.number),
    }


def _language(code: str) -> str:
    """Its name, where it is not the reader's; a code nobody knows stays as it is."""
    if not code or code.split("-")[0] == (get_language() or "en").split("-")[0]:
        return ""
    try:
        return str(gettext(get_language_info(code)["name"]))
    except KeyError:
        return code


def _acts(ticket: Ticket, desk: Desk, known: context.Context) -> dict[str, Any]:
    me = desk.actor.person
    return {
        "me": me,
        "member": bool(me and any(member.id == me.id for member in known.members)),
        "follows": known.follows(me),
        "priorities": Priority.choices,
        "other_teams": context.other_teams(ticket, desk),
        "here": reverse("desk_ticket", args=[ticket.id]),
    }


def _queue(request: HttpRequest, ticket: Ticket, desk: Desk) -> dict[str, Any]:
    """The page of the queue the ticket was opened from."""
    view = queue.view_named(request.GET.get("view", ""), desk)
    rows = queue.page(view, desk).rows
    before, after = context.neighbours([row.id for row in rows], ticket)
    return {"view": view, "lines": lines(rows, desk, view=view.slug), "before": before, "after": after}


@staff_only
def as_sent(request: HttpRequest, ticket_id: UUID, message_id: UUID) -> HttpResponse:
    """A mail's HTML, for a frame on the ticket's page: it runs nothing, loads nothing from elsewhere, and knows nothing of us."""
    now = timezone.now()
    html = mail_of(get_ticket(request.actor, ticket_id, to=Can.READ, now=now), message_id)  # type: ignore[attr-defined]
    response = render(request, "routing/as_sent.html", {"html": html})
    response["Content-Security-Policy"] = MAIL
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Referrer-Policy"] = "no-referrer"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@staff_only
def attachment(request: HttpRequest, ticket_id: UUID, attachment_id: UUID) -> HttpResponse:
    """To a link of its own, which ends soon: whoever opens it there has been looked at here."""
    now = timezone.now()
    found = attachment_within(get_ticket(request.actor, ticket_id, to=Can.READ, now=now), attachment_id)  # type: ignore[attr-defined]
    response = HttpResponseRedirect(files.link_to(found))
    response["Cache-Control"] = "private, no-store"
    return response
