"""A ticket's row is locked while somebody else changes its team: it is found, and as it is then."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections

from districts.access import Can, actor_for
from districts.models import Person
from districts.scope import district_scope
from routing import placing
from routing.elsewhere import Patience
from routing.surroundings import Surroundings
from tests.conftest import NOW, Cast, a_ticket
from tickets import actions, merging, queries
from tickets.models import Ticket

Take = Callable[[Ticket, Cast], Ticket]


def by_page(ticket: Ticket, cast: Cast) -> Ticket:
    return queries.get_ticket(actor_for(Person.objects.get(id=cast.ada.id)), ticket.id, to=Can.WORK, now=NOW, lock=True)


def by_triage(ticket: Ticket, cast: Cast) -> Ticket:
    actions.place(ticket, team=cast.technology, service=None, priority=2, now=NOW, data={})
    return ticket


def by_arrival(ticket: Ticket, _cast: Cast) -> Ticket:
    return merging.take(ticket)


def by_merge(ticket: Ticket, _cast: Cast) -> Ticket:
    merging.hold(ticket)
    return ticket


@contextmanager
def waiting(cast: Cast, ticket: Ticket, take: Take) -> Iterator[list[Any]]:
    """Somebody takes the ticket in a transaction of their own, as soon as this block's lets them."""
    begun = threading.Event()
    got: list[Any] = []

    def run() -> None:
        try:
            with district_scope(cast.district.id):
                mine = Ticket.objects.get(id=ticket.id)
                begun.set()
                got.append(take(mine, cast).team_id)
        except Exception as error:  # noqa: BLE001  told by the test
            got.append(error)
        finally:
            connections["default"].close()

    thread = threading.Thread(target=run)
    with district_scope(cast.district.id):
        Ticket.objects.filter(id=ticket.id).update(team=cast.transportation, placed_at=NOW)
        thread.start()
        assert begun.wait(10)
        time.sleep(0.3)
    thread.join(10)
    yield got


@pytest.mark.parametrize("take", [by_page, by_triage, by_arrival, by_merge])
def test_it_is_found_with_its_new_team(transactional_db: Any, cedar: Cast, oak: Cast, take: Take) -> None:
    with district_scope(cedar.district.id):
        ticket = a_ticket(cedar)
    with waiting(cedar, ticket, take) as got:
        assert got == [cedar.transportation.id]


def test_two_workers_share_what_is_to_be_placed(transactional_db: Any, cedar: Cast, oak: Cast) -> None:
    """Whoever comes second to a ticket that is being decided about goes on to the next, and decides nothing twice."""
    with district_scope(cedar.district.id):
        first, second = a_ticket(cedar, text="The bus is late"), a_ticket(cedar, text="The projector is dark")
    got: list[Any] = []

    def run() -> None:
        try:
            got.append([placing._place_alone(cedar.district.id, one.id, Patience(), Surroundings()) for one in (first, second)])
        finally:
            connections["default"].close()

    thread = threading.Thread(target=run)
    with district_scope(cedar.district.id):
        assert placing._is_free(first.id)
        thread.start()
        thread.join(10)
    assert got == [[False, True]]
    assert placing._place_alone(cedar.district.id, first.id, Patience(), Surroundings())
    assert not placing._place_alone(cedar.district.id, first.id, Patience(), Surroundings()), "it has its place"
