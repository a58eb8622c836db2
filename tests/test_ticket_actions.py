import inspect
import re
from datetime import timedelta
from typing import Any

import pytest

from delivery.models import Delivery
from sla import story
from tests.conftest import NOW, Cast, a_ticket
from tickets import actions, queries
from tickets.models import Event, Ticket
from tickets.reply_token import mark


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


# --- placing --------------------------------------------------------------------------------------------------------------


def placing(here: Cast, **more: Any) -> dict[str, Any]:
    return {"team": here.transportation, "service": here.bus_late, "priority": 3, "now": NOW + timedelta(seconds=5), "data": {}, **more}


def test_whoever_took_it_before_triage_keeps_it_only_in_their_own_team(here: Cast) -> None:
    moved, stays = a_ticket(here), a_ticket(here)
    for ticket in (moved, stays):
        actions.assign(ticket, to=here.olive, by=here.olive, now=NOW)
    actions.place(moved, **placing(here))
    actions.place(stays, **placing(here, team=here.front_office, service=None))
    assert (moved.refresh().team, moved.assignee) == (here.transportation, None)
    assert (stays.refresh().team, stays.assignee) == (here.front_office, here.olive)


def test_triage_sees_what_was_done_since_it_read_the_ticket(here: Cast) -> None:
    """What triage read is older than what a person has done."""
    ticket = a_ticket(here)
    read_before = Ticket.objects.get(id=ticket.id)
    actions.set_priority(ticket, priority=1, by=here.olive, now=NOW + timedelta(seconds=1))
    assert actions.place(read_before, **placing(here))
    ticket.refresh_from_db()
    assert (ticket.team, ticket.priority) == (here.transportation, 1)
    assert ticket.facts_at > NOW + timedelta(seconds=1)


def test_danger_is_urgent_whatever_a_person_has_set(here: Cast) -> None:
    ticket = a_ticket(here)
    actions.set_priority(ticket, priority=4, by=here.olive, now=NOW)
    actions.place(ticket, **placing(here, team=here.safety, priority=1, crisis=True))
    assert (ticket.refresh().priority, ticket.crisis) == (1, True)


def test_a_priority_of_the_product_itself_does_not_bind_triage(here: Cast) -> None:
    ticket = a_ticket(here)
    actions.set_priority(ticket, priority=4, by=None, now=NOW)
    actions.place(ticket, **placing(here))
    assert ticket.refresh().priority == 3


def test_a_team_that_a_person_chose_meanwhile_stands(here: Cast) -> None:
    ticket = a_ticket(here)
    read_before = Ticket.objects.get(id=ticket.id)
    actions.move(ticket, team=here.technology, by=here.olive, now=NOW, data={})
    assert not actions.place(read_before, **placing(here))
    assert ticket.refresh().team == here.technology


# --- reads ----------------------------------------------------------------------------------------------------------------


def test_facts_are_those_that_matter_to_promises(here: Cast) -> None:
    ticket = a_ticket(here)
    for _ in range(3):
        actions.record(ticket, Event.Kind.READ, by=here.alice, now=NOW)
    actions.assign(ticket, to=here.alice, by=here.alice, now=NOW)
    actions.wait_for(ticket, on=Ticket.Status.WAITING_REQUESTER, by=here.alice, now=NOW)
    words = actions.Words(text="34")
    actions.requester_wrote(ticket, author=here.pat, channel="email", words=words, now=NOW + timedelta(hours=1))
    actions.resolve(ticket, by=here.alice, now=NOW + timedelta(hours=2))
    kinds = [fact["kind"] for fact in queries.facts_of([ticket.id])[ticket.id]]
    assert kinds == ["waiting", "asker_wrote", "resumed", "resolved"]


def test_every_fact_that_the_clocks_fold_is_read() -> None:
    """What sla.story matches on, read from its source."""
    source = inspect.getsource(story.read)
    folded = {kind for case in re.findall(r"case (.+?)(?: if .+)?:\n", source) for kind in re.findall(r'"(\w+)"', case)}
    assert folded == {str(kind) for kind in queries.MATTERS}


def test_a_reply_mark_is_compared_in_constant_time(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket, asked = a_ticket(here), list[tuple[str, str]]()

    def compare(one: str, other: str) -> bool:
        asked.append((one, other))
        return one == other

    monkeypatch.setattr(queries, "constant_time_compare", compare)
    assert queries.by_reply_mark(ticket.number, mark(ticket)) == ticket
    assert queries.by_reply_mark(ticket.number, "a" * 26) is None
    assert asked == [(mark(ticket), mark(ticket)), (mark(ticket), "a" * 26)]
