"""Reads of tickets, each through one door: "not there" and "not yours" are the same 404."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404
from django.utils.crypto import constant_time_compare

from districts.access import Actor, Can, may
from districts.models import Person
from tickets import actions
from tickets.facts import lock as hold_row
from tickets.family import is_within
from tickets.models import Attachment, ChannelKind, Event, Follower, Message, ThreadId, Ticket
from tickets.reply_token import mark

RELATED = ("team", "service", "requester", "assignee", "site")
Kind = Event.Kind
MATTERS = (  # to a promise: what sla.story folds
    Kind.PLACED, Kind.HANDED_OFF, Kind.DANGER, Kind.REQUESTER_WROTE, Kind.REPLIED, Kind.WAITING, Kind.RESUMED, Kind.RESOLVED,
    Kind.REOPENED, Kind.CLOSED, Kind.MERGED, Kind.UNMERGED,
)  # fmt: skip


def get_ticket(actor: Actor, ticket_id: UUID | str, *, to: Can = Can.READ, now: datetime, lock: bool = False) -> Ticket:
    """Raises Http404 where it is not there or not yours, PermissionDenied where you may look and not touch.

    Reading a sensitive ticket is recorded.
    """
    rows = Ticket.objects.select_related(*RELATED)
    try:
        if lock:
            hold_row(UUID(str(ticket_id)))
        ticket = rows.filter(id=ticket_id).first()
    except (ValueError, TypeError):
        raise Http404 from None
    if ticket is None:
        raise Http404
    named = bool(actor.person and ticket.sensitive and Follower.objects.filter(ticket=ticket, person=actor.person).exists())
    if not may(actor, Can.READ, ticket, named=named):
        raise Http404
    if to is not Can.READ and not may(actor, to, ticket, named=named):
        raise PermissionDenied
    if ticket.sensitive and to is Can.READ:
        actions.record(ticket, Event.Kind.READ, by=actor.person, now=now)
    return ticket


def by_token(token: str) -> Ticket:
    """The requester's own link. Raises Http404."""
    ticket = Ticket.objects.select_related(*RELATED).filter(token=token[:32]).first() if "\0" not in token else None
    if ticket is None:
        raise Http404
    return ticket


def by_reply_mark(number: int, given: str) -> Ticket | None:
    ticket = Ticket.objects.select_related(*RELATED).filter(number=number).first()
    return ticket if ticket and constant_time_compare(mark(ticket), given) else None


def by_thread(message_ids: list[str]) -> list[Ticket]:
    """Tickets that know any of these Message-IDs, the newest first."""
    ids = ThreadId.objects.filter(message_id__in=message_ids[:50]).values_list("ticket_id", flat=True)
    return list(Ticket.objects.select_related(*RELATED).filter(id__in=list(ids)).order_by("-opened_at")[:10])


def is_participant(ticket: Ticket, person: Person) -> bool:
    """Requester or follower: the only ones whose mail joins the conversation."""
    return ticket.requester_id == person.id or Follower.objects.filter(ticket=ticket, person=person).exists()


def visible(actor: Actor) -> Q:
    """Filter for lists: sensitive tickets only for their team, their assignee and named people."""
    if actor.person is None:
        return Q(sensitive=False)
    followed = Follower.objects.filter(person=actor.person).values("ticket_id")
    return Q(sensitive=False) | Q(team_id__in=actor.teams) | Q(assignee=actor.person) | Q(id__in=followed)


def conversation(ticket: Ticket, *, notes: bool) -> list[Message]:
    """Oldest first, with files; `notes` for staff only."""
    rows = Message.objects.filter(ticket=ticket).select_related("author").prefetch_related("attachments").order_by("at", "id")
    return list(rows if notes else rows.exclude(kind=Message.Kind.NOTE))


def conversation_of(tickets: Sequence[Ticket]) -> list[Message]:
    """The same of several tickets that have become one, without notes."""
    rows = Message.objects.filter(ticket__in=[ticket.id for ticket in tickets]).exclude(kind=Message.Kind.NOTE)
    return list(rows.select_related("author").prefetch_related("attachments").order_by("at", "id"))


def is_passed_on(message: Message, ticket: Ticket) -> bool:
    """It is the mail by which somebody who works here opened the ticket for its requester: nobody can tell where the requester's words
    end in it, so they are not shown it."""
    by_mail = ticket.opened_by_id is not None and ticket.channel == message.channel == ChannelKind.EMAIL
    return by_mail and message.kind == Message.Kind.REQUEST and message.at == ticket.opened_at


def events(ticket: Ticket) -> list[Event]:
    return list(Event.objects.filter(ticket=ticket).select_related("by").order_by("at", "id"))


def open_of(person: Person, *, besides: UUID | None = None) -> list[Ticket]:
    rows = Ticket.objects.filter(requester=person, status__in=Ticket.LIVE).select_related("team").order_by("-opened_at")
    return list(rows.exclude(id=besides)[:20] if besides else rows[:20])


def attachment_of(ticket: Ticket, attachment_id: UUID) -> Attachment:
    """Of the ticket's own messages; raises Http404."""
    found = Attachment.objects.select_related("message").filter(id=attachment_id, message__ticket=ticket).first()
    if found is None:
        raise Http404
    return found


def attachment_within(ticket: Ticket, attachment_id: UUID) -> Attachment:
    """Also of what was merged into it: for staff, who read it all. Raises Http404."""
    found = Attachment.objects.select_related("message__ticket").filter(id=attachment_id).first()
    if found is None or not is_within(found.message.ticket, ticket):
        raise Http404
    return found


def mail_of(ticket: Ticket, message_id: UUID) -> str:
    """The cleaned HTML of a mail, also of what was merged into the ticket; raises Http404 where there is none."""
    found = Message.objects.select_related("ticket").filter(id=message_id).exclude(html="").first()
    if found is None or not is_within(found.ticket, ticket):
        raise Http404
    return str(found.html)


def facts_of(ticket_ids: list[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Events that matter to promises, oldest first, by ticket: [{"kind", "at", "data"}]."""
    out: dict[UUID, list[dict[str, Any]]] = {i: [] for i in ticket_ids}
    rows = Event.objects.filter(ticket_id__in=ticket_ids, kind__in=MATTERS).order_by("at", "id")
    for row in rows.values("ticket_id", "kind", "at", "data"):
        out[row["ticket_id"]].append(dict(row))
    return out
