"""What is done to a ticket from its page: door, form, act, and back to the page."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_htmx.http import HttpResponseClientRedirect

from districts.access import Can, may
from districts.models import Priority
from districts.queries import this_district
from routing import actions as routing
from routing import forms, solved, timeline
from routing.models import Handoff
from routing.queries import leaves, parts_of
from routing.queue import Desk
from routing.views.doors import View, staff_only
from routing.views.ticket import Typed, page
from sla import actions as sla
from tickets import actions as tickets
from tickets.actions import NotPossible, Words
from tickets.letters import NOWHERE, can_only_be_called, tracking_link, way_to
from tickets.models import Event, Follower, Message, Ticket
from tickets.queries import get_ticket

# Given the ticket (its row locked), the checked values and who and when: does it, and says so in words.
Do = Callable[[Ticket, dict[str, Any], Desk], str]


class Caution(str):
    """What is said of an act that was done, and that leaves something to do."""


class Meanwhile(Exception):
    """Somebody else wrote since the form was opened."""

    def __init__(self, written: list[Message]) -> None:
        super().__init__(_("Not sent yet: something was written while you were typing. Read it, then send again."))
        self.written = written


def act(form_class: type[forms.ActForm]) -> Callable[[Do], View]:
    """One act. The ticket's row is locked first, so that of two clicks the second sees what the first has done."""

    def decorate(do: Do) -> View:
        @staff_only
        def view(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
            if request.method != "POST":  # a sign-in or a reload leads here
                return redirect("desk_ticket", ticket_id)
            desk = Desk(request.actor, timezone.now())  # type: ignore[attr-defined]
            ticket = get_ticket(desk.actor, ticket_id, to=Can.WORK, now=desk.now, lock=True)
            form = form_class(request.POST, ticket=ticket, desk=desk)
            typed = Typed(do.__name__, form)
            if form.is_valid():
                try:
                    if ticket.merged_into_id:
                        raise NotPossible(_("It was merged into another ticket: work on that one."))
                    with transaction.atomic():  # an act that turns out impossible half-way leaves nothing behind
                        said = do(ticket, form.cleaned_data, desk)
                        if ticket.facts_at > ticket.derived_at:  # some acts have done it
                            sla.derive(ticket, now=desk.now)
                except Meanwhile as stop:
                    typed = Typed(do.__name__, form, stop.written)
                    form.add_error(None, str(stop))
                except NotPossible as stop:
                    form.add_error(None, str(stop))
                else:
                    messages.add_message(request, messages.WARNING if isinstance(said, Caution) else messages.SUCCESS, said)
                    return back(request, ticket, desk)
            return page(request, ticket_id, desk, typed=typed)

        return view

    return decorate


def back(request: HttpRequest, ticket: Ticket, desk: Desk) -> HttpResponse:
    """To the ticket, or to the queue where the act has put the ticket out of one's sight."""
    query = QueryDict(mutable=True)
    if view := request.GET.get("view"):
        query["view"] = view
    followed = ticket.sensitive and Follower.objects.filter(ticket=ticket, person=desk.actor.person).exists()
    if may(desk.actor, Can.WORK, ticket, named=followed):
        return redirect(f"{reverse('desk_ticket', args=[ticket.id])}?{query.urlencode()}".rstrip("?"))
    queue = f"{reverse('desk')}?{query.urlencode()}".rstrip("?")
    return HttpResponseClientRedirect(queue) if request.htmx else redirect(queue)  # type: ignore[attr-defined]


def written_already(ticket: Ticket, given: dict[str, Any], desk: Desk, kind: str) -> Message | None:
    """What the first click of this form has written. Raises Meanwhile where others wrote since it was opened."""
    me = desk.actor.person.id if desk.actor.person else None
    new = timeline.newer(ticket, given["last"])
    mine = next((m for m in new if m.author_id == me and m.kind == kind and m.text == given["text"]), None)
    if mine is None and any(m.author_id != me for m in new):
        raise Meanwhile(new)
    return mine


@act(forms.ReplyForm)
def reply(ticket: Ticket, given: dict[str, Any], desk: Desk) -> str:
    then = given["then"]
    message = written_already(ticket, given, desk, Message.Kind.REPLY)
    if message:
        _then(ticket, message, then, desk)
    else:
        message = tickets.reply(
            ticket, by=desk.actor.person, words=Words(text=given["text"]), wait=then == "wait", solved=then == "resolve", now=desk.now
        )
    if not leaves(ticket, message):
        return _unreached(ticket)
    return " ".join(part for part in (_on_its_way(then), _length(ticket, message)) if part)


def _on_its_way(then: str) -> str:
    if then == "resolve":
        return _("Your reply is on its way, and the ticket is resolved.")
    if then == "wait":
        return _("Your reply is on its way. The ticket waits for the requester.")
    return _("Your reply is on its way.")


def _length(ticket: Ticket, message: Message) -> str:
    """Of a text message: each part is paid for."""
    count = parts_of(ticket, message)
    return ngettext("As a text message: %(n)d part.", "As a text message: %(n)d parts.", count) % {"n": count} if count else ""


def _then(ticket: Ticket, message: Message, then: str, desk: Desk) -> None:
    """The words have left with an earlier click; what else is asked for with them is done, once."""
    kind = {"wait": Event.Kind.WAITING, "resolve": Event.Kind.RESOLVED}.get(then)
    if kind is None or Event.objects.filter(ticket=ticket, kind=kind, at__gte=message.at).exists():
        return
    if then == "wait":
        tickets.wait_for(ticket, on=Ticket.Status.WAITING_REQUESTER, by=desk.actor.person, now=desk.now)
    else:
        _resolve(ticket, desk)


def _resolve(ticket: Ticket, desk: Desk) -> bool:
    """True: the requester is told."""
    if not ticket.is_live:
        return False
    tickets.resolve(ticket, by=desk.actor.person, now=desk.now)
    return solved.tell(ticket, by=desk.actor.person, now=desk.now)


def _unreached(ticket: Ticket) -> Caution:
    link = {"link": tracking_link(ticket, this_district())}
    if can_only_be_called(ticket):
        said = _("Your reply stands on their page. They can only be called: no text message leaves the district. The link: %(link)s")
        return Caution(said % link)
    if way_to(ticket) == NOWHERE:
        return Caution(
            _("Your reply stands on their page. They have no address here: call them, or give them the link: %(link)s") % link
        )
    return Caution(
        _("Your reply stands on their page. They take no messages at their address: call them, or give them the link: %(link)s") % link
    )


@act(forms.NoteForm)
def note(ticket: Ticket, given: dict[str, Any], desk: Desk) -> str:
    if not written_already(ticket, given, desk, Message.Kind.NOTE):
        tickets.note(ticket, by=desk.actor.person, words=Words(text=given["text"]), now=desk.now)
    return _("Your note is kept. Only staff see it.")


@act(forms.AssignForm)
def assign(ticket: Ticket, given: dict[str, Any], desk: Desk) -> str:
    to = given["person"]
    tickets.assign(ticket, to=to, by=desk.actor.person, now=desk.now)
    if to is None:
        return _("Nobody has the ticket now.")
    return _("You have the ticket now.") if to == desk.actor.person else _("%(name)s has the ticket now.") % {"name": to}


@act(forms.HandOffForm)
def hand_off(ticket: Ticket, given: dict[str, Any], desk: Desk) -> str:
    team = given["team"]
    if ticket.team_id != team.id or not _just_done(ticket, given):
        routing.hand_off(ticket, to_team=team, by=desk.actor.person, known=given["known"], asked=given["asked"], now=desk.now)
    return _("%(team)s has ticket #%(number)s now.") % {"team": team, "number": ticket.number}


def _just_done(ticket: Ticket, given: dict[str, Any]) -> bool:
    """The second click of a hand-off: this team has just got it with these very words."""
    return Handoff.objects.filter(ticket=ticket, to_team=given["team"], known=given["known"], asked=given["asked"]).exists()


@act(forms.WaitForm)
def wait(ticket: Ticket, given: dict[str, Any], desk: Desk) -> str:
    if ticket.status != given["on"]:
        tickets.wait_for(ticket, on=given["on"], by=desk.actor.person, now=desk.now)
    if given["on"] == Ticket.Status.WAITING_REQUESTER:
        return _("The ticket waits for the requester. Their answer wakes it.")
    return _("The ticket waits for somebody else. The promise to the requester goes on.")


@act(forms.ActForm)
def resume(ticket: Ticket, given: dict[str, Any], desk: Desk) -> str:
    if ticket.status in (Ticket.Status.WAITING_OTHER, Ticket.Status.WAITING_REQUESTER):
        tickets.resume(ticket, by=desk.actor.person, now=desk.now)
    return _("The ticket is open again.")


@act(forms.ActForm)
def resolve(ticket: Ticket, given: dict[str, Any], desk: Desk) -> str:
    if _resolve(ticket, desk):
        return _("Ticket #%(number)s is resolved, and the requester is told.") % {"number": ticket.number}
    return _("Ticket #%(number)s is resolved.") % {"number": ticket.number}


@act(forms.ActForm)
def reopen(ticket: Ticket, given: dict[str, Any], desk: Desk) -> str:
    tickets.reopen(ticket, by=desk.actor.person, now=desk.now)
    return _("Ticket #%(number)s is open again.") % {"number": ticket.number}


@act(forms.PriorityForm)
def priority(ticket: Ticket, given: dict[str, Any], desk: Desk) -> str:
    routing.set_priority(ticket, priority=given["priority"], by=desk.actor.person, now=desk.now)
    return _("The priority is %(priority)s now.") % {"priority": Priority(given["priority"]).label}


@act(forms.ActForm)
def follow(ticket: Ticket, given: dict[str, Any], desk: Desk) -> str:
    if desk.actor.person:
        tickets.follow(ticket, person=desk.actor.person, now=desk.now)
    return _("You follow this ticket.")


@act(forms.CorrectForm)
def correct(ticket: Ticket, given: dict[str, Any], desk: Desk) -> str:
    routing.correct(ticket, service=given["service"], team=given["team"], by=desk.actor.person, now=desk.now)
    return _("Thank you: it is with %(team)s, and triage learns from it.") % {"team": ticket.team}
