"""A ticket that is taken while somebody else moves it is seen as it is then, and never missed."""

import threading
import time
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from districts.access import actor_for
from districts.scope import district_scope
from tests.conftest import Cast, a_ticket, make_district
from tickets import actions as tickets
from tickets.models import Ticket
from tickets.queries import get_ticket


def move(cast: Cast, ticket_id: UUID, begun: threading.Event) -> None:
    """To another team, with somebody who has it: committed while the other waits."""
    try:
        with district_scope(cast.district.id):
            Ticket.objects.filter(id=ticket_id).update(team=cast.technology, assignee=cast.bob)
            begun.set()
            time.sleep(0.4)
    finally:
        connection.close()


def by_hold(cast: Cast, ticket: Ticket) -> Ticket:
    tickets.hold(ticket)
    return ticket


def by_door(cast: Cast, ticket: Ticket) -> Ticket:
    return get_ticket(actor_for(cast.alice), ticket.id, now=timezone.now(), lock=True)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("act", [lambda _cast, ticket: tickets.take(ticket), by_hold, by_door])
def test_it_is_seen_as_it_is_now(act: Callable[[Cast, Ticket], Ticket]) -> None:
    cast = make_district("cedar", "cedar.localhost", "America/Los_Angeles", "cedar")
    with district_scope(cast.district.id):
        ticket = a_ticket(cast, now=timezone.now())
    begun = threading.Event()
    other = threading.Thread(target=move, args=(cast, ticket.id, begun))
    other.start()
    assert begun.wait(5)
    with district_scope(cast.district.id):
        found = act(cast, ticket)
        assert (found.team, found.assignee) == (cast.technology, cast.bob)
    other.join()
