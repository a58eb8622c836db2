"""Whose tickets they are, where two people turn out to be one; and back again."""

from datetime import datetime
from typing import Any
from uuid import UUID

from delivery.models import Delivery
from districts.models import Person
from tickets.models import Follower, Message, Ticket

Moved = dict[str, list[Any]]  # ids by table
TICKETS, MESSAGES, FOLLOWERS, DELIVERIES = "tickets_ticket", "tickets_message", "tickets_follower", "delivery_delivery"
LEFT = "tickets_follower left"  # rows that the other had too: [ticket, since]


def hand_over(*, of: Person, to: Person) -> Moved:
    """What `of` asked, wrote, follows and was sent is `to`'s; returns what moved. Events stay: they tell who did it then."""
    asked = list(Ticket.objects.filter(requester=of).values_list("id", flat=True))
    follows = list(Follower.objects.filter(person=of))
    known = [*asked, *(row.ticket_id for row in follows)]
    messages = Message.objects.filter(ticket_id__in=known, author=of)
    letters = Delivery.objects.filter(about__in=known, person=of)
    moved: Moved = {
        TICKETS: _text(asked), MESSAGES: _text(messages.values_list("id", flat=True)),
        DELIVERIES: _text(letters.values_list("id", flat=True)), **_follow(follows, to),
    }  # fmt: skip
    messages.update(author=to)
    letters.update(person=to)
    Ticket.objects.filter(id__in=asked).update(requester=to)
    return moved


def give_back(moved: Moved, *, of: Person, to: Person) -> None:
    """What moved from `to` and is still `of`'s."""
    Ticket.objects.filter(id__in=moved.get(TICKETS, []), requester=of).update(requester=to)
    Message.objects.filter(id__in=moved.get(MESSAGES, []), author=of).update(author=to)
    Delivery.objects.filter(id__in=moved.get(DELIVERIES, []), person=of).update(person=to)
    Follower.objects.filter(id__in=moved.get(FOLLOWERS, []), person=of).update(person=to)
    back = [Follower(ticket_id=UUID(ticket), person=to, since=datetime.fromisoformat(since)) for ticket, since in moved.get(LEFT, [])]
    Follower.objects.bulk_create(back, ignore_conflicts=True)


def _follow(rows: list[Follower], to: Person) -> Moved:
    """A ticket of their own, or one they follow already, needs no second row."""
    tickets = [row.ticket_id for row in rows]
    theirs = set(Follower.objects.filter(ticket_id__in=tickets, person=to).values_list("ticket_id", flat=True))
    theirs |= set(Ticket.objects.filter(id__in=tickets, requester=to).values_list("id", flat=True))
    moving = [row.id for row in rows if row.ticket_id not in theirs]
    leaving = [row for row in rows if row.ticket_id in theirs]
    Follower.objects.filter(id__in=moving).update(person=to)
    Follower.objects.filter(id__in=[row.id for row in leaving]).delete()
    return {FOLLOWERS: _text(moving), LEFT: [[str(row.ticket_id), row.since.isoformat()] for row in leaving]}


def _text(ids: Any) -> list[str]:
    return [str(one) for one in ids]
