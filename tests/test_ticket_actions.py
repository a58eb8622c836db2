from datetime import timedelta
from typing import Any

import pytest

from delivery.models import Delivery
from tests.conftest import NOW, Cast, a_ticket
from tickets import actions
from tickets.models import Event, Ticket


def test_numbers_count_up_within_a_district(here: Cast) -> None:
    first, second = a_ticket(here), a_ticket(here)
    assert second.number == first.number + 1


def test_a_reply_goes_out_by_the_requesters_channel_once(here: Cast) -> None:
    ticket = a_ticket(here)
    actions.reply(ticket, by=here.alice, words=actions.Words(text="It is on its way."), now=NOW)
    delivery = Delivery.objects.get(about=ticket.id, purpose="reply")
    assert delivery.address == "pat@cedar-family.example"
    assert "It is on its way." in delivery.body
    assert ticket.refresh().status == Ticket.Status.OPEN


def test_a_late_answer_to_a_resolved_ticket_is_refused_and_an_early_one_reopens(here: Cast) -> None:
    ticket = a_ticket(here)
    actions.resolve(ticket, by=here.alice, now=NOW)
    words = actions.Words(text="still broken")
    actions.requester_wrote(ticket, author=here.pat, channel="email", words=words, now=NOW + timedelta(days=13))
    assert ticket.status == Ticket.Status.OPEN
    actions.resolve(ticket, by=here.alice, now=NOW)
    with pytest.raises(actions.NotPossible):
        actions.requester_wrote(ticket, author=here.pat, channel="email", words=words, now=NOW + timedelta(days=15))


def test_a_move_clears_the_assignee_in_the_same_act(here: Cast) -> None:
    ticket = a_ticket(here, team=here.transportation)
    actions.assign(ticket, to=here.alice, by=here.lena, now=NOW)
    actions.move(ticket, team=here.technology, by=here.alice, now=NOW, data={})
    ticket.refresh()
    assert (ticket.team_id, ticket.assignee_id) == (here.technology.id, None)


def test_placing_happens_once(here: Cast) -> None:
    ticket = a_ticket(here)
    place: dict[str, Any] = {"service": here.bus_late, "priority": 1, "now": NOW, "data": {}}
    assert actions.place(ticket, team=here.transportation, **place)
    assert not actions.place(Ticket.objects.get(id=ticket.id), team=here.technology, **place)
    assert Event.objects.filter(ticket=ticket, kind=Event.Kind.PLACED).count() == 1
