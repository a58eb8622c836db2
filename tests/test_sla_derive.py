"""Clocks derived from the facts of a ticket, in the database."""

from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.utils import timezone, translation

from districts.models import CalendarDay
from districts.scope import district_scope
from sla.actions import NewPolicy, calendar_changed, derive, drain_stale, set_policies, set_policy
from sla.models import Clock, Policy
from sla.policies import USUAL, rules_here
from sla.queries import clocks_of, next_promise
from sla.terms import NotUnderstood
from tests.conftest import NOW, Cast, a_ticket
from tickets import actions as tickets
from tickets.models import Ticket

HOUR = timedelta(hours=1)


def clocks(ticket: Ticket) -> tuple[Clock, Clock]:
    first, resolve = Clock.objects.filter(ticket=ticket, kind__in=("first", "resolve")).order_by("kind")
    return first, resolve


def opened(cast: Cast, **more: Any) -> Ticket:
    ticket = a_ticket(cast, **more)
    derive(ticket, now=NOW)
    return ticket


def test_a_new_ticket_has_both_clocks(here: Cast) -> None:
    ticket = opened(here)
    first, resolve = clocks(ticket)
    assert (first.kind, first.terms, first.due_at) == ("first", "within 4 business hours", NOW + 4 * HOUR)
    assert (first.check_at, first.started_at, first.team_id) == (NOW + 3 * HOUR, NOW, here.front_office.id)
    assert (resolve.terms, resolve.due_at) == ("within 3 business days", NOW + timedelta(days=3))
    ticket.refresh()
    assert ticket.due_at == first.due_at
    assert ticket.derived_at == ticket.facts_at


def test_a_ticket_just_opened_costs_one_insert_and_one_update(here: Cast, django_assert_num_queries: Any) -> None:
    opened(here)
    ticket = a_ticket(here)
    with django_assert_num_queries(2):
        derive(ticket, now=NOW)
    with django_assert_num_queries(4):  # events, clocks, both clocks at once, ticket
        derive(ticket, now=NOW)


def test_deriving_again_changes_nothing(here: Cast) -> None:
    ticket = opened(here)
    tickets.reply(ticket, by=here.alice, words=tickets.Words(text="on it"), now=NOW + HOUR)
    derive(ticket, now=NOW + HOUR)
    before = list(Clock.objects.filter(ticket=ticket).order_by("kind").values())
    derive(ticket, now=NOW + HOUR)
    assert list(Clock.objects.filter(ticket=ticket).order_by("kind").values()) == before


def test_a_reply_ends_the_first_response_and_the_next_promise_is_the_resolution(here: Cast) -> None:
    ticket = opened(here)
    tickets.reply(ticket, by=here.alice, words=tickets.Words(text="on it"), now=NOW + HOUR)
    derive(ticket, now=NOW + HOUR)
    first, resolve = clocks(ticket)
    assert (first.state, first.ended_at, first.check_at) == ("met", NOW + HOUR, None)
    assert ticket.refresh().due_at == resolve.due_at
    assert next_promise(ticket) == resolve


def test_waiting_and_going_on(here: Cast) -> None:
    ticket = opened(here)
    words = tickets.Words(text="which bus?")
    tickets.reply(ticket, by=here.alice, words=words, now=NOW + HOUR, wait=True)
    derive(ticket, now=NOW + HOUR)
    resolve = clocks(ticket)[1]
    assert (resolve.state, resolve.due_at, resolve.check_at) == ("paused", None, None)
    assert ticket.refresh().due_at is None
    tickets.requester_wrote(ticket, author=here.pat, channel="email", words=tickets.Words(text="34"), now=NOW + 3 * HOUR)
    derive(ticket, now=NOW + 3 * HOUR)
    assert clocks(ticket)[1].due_at == NOW + timedelta(days=3, hours=2)


def test_a_handoff_takes_the_new_teams_name_and_never_restarts_the_requesters_clock(here: Cast) -> None:
    ticket = opened(here)
    tickets.reply(ticket, by=here.olive, words=tickets.Words(text="passing on"), now=NOW + HOUR)
    derive(ticket, now=NOW + HOUR)
    tickets.move(ticket, team=here.technology, by=here.olive, now=NOW + 2 * HOUR, data={})
    derive(ticket, now=NOW + 2 * HOUR)
    first, resolve = clocks(ticket)
    assert (resolve.team_id, resolve.started_at, resolve.due_at) == (here.technology.id, NOW, NOW + timedelta(days=3))
    assert first.team_id == here.front_office.id  # it was the one who answered


def test_a_handoff_to_another_service_leaves_no_old_promise(here: Cast) -> None:
    set_policy(kind="resolve", terms="within 2 business days", service=here.password_reset, now=NOW)
    ticket = opened(here)
    tickets.move(ticket, team=here.technology, by=here.olive, now=NOW + HOUR, data={})
    tickets.set_service(ticket, service=here.password_reset, by=here.olive, now=NOW + HOUR)
    derive(ticket, now=NOW + HOUR)
    assert clocks(ticket)[1].due_at == NOW + timedelta(days=2)


def test_resolve_and_reopen(here: Cast) -> None:
    ticket = opened(here)
    tickets.resolve(ticket, by=here.alice, now=NOW + HOUR)
    derive(ticket, now=NOW + HOUR)
    assert [c.state for c in clocks(ticket)] == ["met", "met"]
    assert ticket.refresh().due_at is None
    tickets.reopen(ticket, by=here.pat, now=NOW + 2 * HOUR)
    derive(ticket, now=NOW + 2 * HOUR)
    first, resolve = clocks(ticket)
    assert (first.state, resolve.state, resolve.ended_at) == ("met", "running", None)
    assert ticket.refresh().due_at == resolve.due_at == NOW + timedelta(days=3, hours=1)


def test_solved_by_the_requester_and_opened_again_the_first_answer_is_still_owed(here: Cast) -> None:
    """Nobody has answered: what she took for solved for two hours is not counted, and no answer of ours."""
    ticket = opened(here)
    tickets.resolve(ticket, by=here.pat, now=NOW + HOUR)
    tickets.close(ticket, by=here.pat, now=NOW + HOUR)
    derive(ticket, now=NOW + HOUR)
    assert [c.state for c in clocks(ticket)] == ["met", "met"], "while it stays so nobody waits"
    tickets.reopen(ticket, by=here.pat, now=NOW + 3 * HOUR)
    derive(ticket, now=NOW + 3 * HOUR)
    first, resolve = clocks(ticket)
    assert (first.state, first.ended_at, first.due_at) == ("running", None, NOW + 6 * HOUR)
    assert (resolve.state, resolve.due_at) == ("running", NOW + timedelta(days=3, hours=2))
    assert next_promise(ticket) == first
    tickets.reply(ticket, by=here.alice, words=tickets.Words(text="on it"), now=NOW + 4 * HOUR)
    derive(ticket, now=NOW + 4 * HOUR)
    assert (clocks(ticket)[0].state, clocks(ticket)[0].ended_at) == ("met", NOW + 4 * HOUR)


def test_an_answer_from_before_the_requester_s_word_stays_one(here: Cast) -> None:
    ticket = opened(here)
    tickets.reply(ticket, by=here.alice, words=tickets.Words(text="on it"), now=NOW + HOUR)
    tickets.resolve(ticket, by=here.pat, now=NOW + 2 * HOUR)
    tickets.reopen(ticket, by=here.pat, now=NOW + 3 * HOUR)
    derive(ticket, now=NOW + 3 * HOUR)
    assert (clocks(ticket)[0].state, clocks(ticket)[0].ended_at) == ("met", NOW + HOUR)


def test_a_first_answer_that_was_late_before_it_was_opened_again_is_late_once(here: Cast) -> None:
    ticket = opened(here)
    tickets.resolve(ticket, by=here.pat, now=NOW + 30 * HOUR)
    derive(ticket, now=NOW + 30 * HOUR)
    Clock.objects.filter(ticket=ticket, kind="first").update(breached_at=NOW + 30 * HOUR)
    tickets.reopen(ticket, by=here.pat, now=NOW + 31 * HOUR)
    derive(ticket, now=NOW + 31 * HOUR)
    first = clocks(ticket)[0]
    assert (first.state, first.due_at, first.check_at) == ("running", NOW + 4 * HOUR, None)


def test_merged_away_it_is_void_and_the_survivors_clocks_run_on(here: Cast) -> None:
    gone, survivor = opened(here), opened(here)
    for ticket in (gone, survivor):
        tickets.record(ticket, "merged", by=here.alice, now=NOW + HOUR)
    Ticket.objects.filter(id=gone.id).update(status="merged", merged_into=survivor)
    derive(gone.refresh(), now=NOW + HOUR)
    derive(survivor, now=NOW + HOUR)
    assert [c.state for c in clocks(gone)] == ["void", "void"]
    assert [c.state for c in clocks(survivor)] == ["running", "running"]
    assert gone.refresh().due_at is None


# --- policies ---------------------------------------------------------------------------------------------------------


def test_service_beats_priority_beats_the_district_beats_the_usual(here: Cast) -> None:
    def terms(priority: int, service: Any = None) -> str:
        return str(rules_here().terms("first", service_id=service and service.id, priority=priority))

    assert [terms(n) for n in (1, 2, 3, 4)] == [USUAL["first", n] for n in (1, 2, 3, 4)]
    set_policies([
        NewPolicy("first", "within 8 business hours"), NewPolicy("first", "within 10 minutes", priority=1),
        NewPolicy("first", "Within 1 Business Day", service=here.bus_late), NewPolicy("first", "at once", here.bus_late, 1),
    ], now=NOW)  # fmt: skip
    assert [terms(1), terms(2), terms(3)] == ["within 10 minutes", "within 8 business hours", "within 8 business hours"]
    assert [terms(1, here.bus_late), terms(3, here.bus_late)] == ["at once", "within 1 business day"]
    set_policy(kind="first", terms="within 5 business hours", now=NOW)
    assert Policy.objects.count() == 4
    assert terms(2) == "within 5 business hours"


def test_terms_that_nobody_understands_are_refused_and_those_in_the_table_passed_over(here: Cast) -> None:
    with pytest.raises(NotUnderstood):
        set_policy(kind="first", terms="soon", now=NOW)
    Policy.objects.create(kind="first", terms="whenever it suits")
    assert clocks(opened(here))[0].terms == "within 4 business hours"


def test_policies_of_another_district_are_not_ours(here: Cast, oak: Cast) -> None:
    with district_scope(oak.district.id):
        set_policy(kind="first", terms="within 1 minute", now=NOW)
    assert clocks(opened(here))[0].terms == "within 4 business hours"


def test_priority_changes_keep_what_was_paused(here: Cast) -> None:
    ticket = opened(here)
    tickets.wait_for(ticket, on="wait_asker", by=here.alice, now=NOW + HOUR)
    tickets.resume(ticket, by=here.alice, now=NOW + 3 * HOUR)
    tickets.set_priority(ticket, priority=1, by=here.alice, now=NOW + 3 * HOUR)
    derive(ticket, now=NOW + 3 * HOUR)
    first, resolve = clocks(ticket)
    assert resolve.due_at == NOW + 6 * HOUR  # four hours: one used, two paused
    assert first.due_at == NOW + 3 * HOUR + timedelta(minutes=30)  # counted from the change, else our change had broken it


# --- what was forgotten, and what moves under our feet ----------------------------------------------------------------


def test_a_forgotten_call_is_caught_by_the_sweep(here: Cast) -> None:
    ticket = opened(here)
    tickets.reply(ticket, by=here.alice, words=tickets.Words(text="on it"), now=NOW + HOUR)
    assert drain_stale(here.district.id, now=NOW + HOUR) == 1
    assert clocks(ticket)[0].state == "met"
    assert drain_stale(here.district.id, now=NOW + HOUR) == 0


def test_a_ticket_that_was_never_derived_is_found(here: Cast) -> None:
    ticket = a_ticket(here)
    assert drain_stale(here.district.id, now=NOW) == 1
    assert clocks(ticket)[0].due_at == NOW + 4 * HOUR
    derive(ticket, now=NOW)  # by a caller that still holds the ticket as it was
    assert len(clocks(ticket)) == 2


def test_one_bad_ticket_does_not_hold_up_the_others(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = a_ticket(here), a_ticket(here)
    usual = rules_here().terms

    class Odd:
        district = rules_here().district
        for_teams: ClassVar[dict[Any, Any]] = {}

        def terms(self, kind: str, *, service_id: Any, priority: int) -> Any:
            if priority == 4:
                raise ZeroDivisionError
            return usual(kind, service_id=service_id, priority=priority)

    Ticket.objects.filter(id=bad.id).update(priority=4)
    monkeypatch.setattr("sla.actions.rules_here", Odd)
    assert drain_stale(here.district.id, now=NOW) == 2
    assert [Clock.objects.filter(ticket=t).count() for t in (bad, good)] == [0, 2]


def test_a_closure_moves_every_live_promise_and_no_finished_one(here: Cast) -> None:
    live, done = opened(here), opened(here)
    tickets.resolve(done, by=here.alice, now=NOW)
    derive(done, now=NOW)
    finished = list(Clock.objects.filter(ticket=done).order_by("kind").values("state", "due_at"))
    CalendarDay.objects.create(date=NOW.date(), kind="closure")
    assert calendar_changed(here.district, now=NOW + HOUR) == 1
    drain_stale(here.district.id, now=NOW + HOUR)
    assert clocks(live)[0].due_at == NOW + timedelta(hours=25, minutes=30)  # four hours of Wednesday
    assert list(Clock.objects.filter(ticket=done).order_by("kind").values("state", "due_at")) == finished


# --- as people read it ------------------------------------------------------------------------------------------------


def test_clocks_in_words(here: Cast, django_assert_num_queries: Any) -> None:
    ticket = opened(here)
    with django_assert_num_queries(1):
        first, resolve = clocks_of(ticket, now=NOW + timedelta(hours=1, minutes=50))
    assert (first.label, first.words, first.late) == ("First response", "due in 2 h 10 min", False)
    assert first.sentence == "Within 4 hours of office time."
    assert resolve.words == "due in 2 days 22 h"
    late = clocks_of(ticket, now=NOW + timedelta(hours=28))[0]
    assert (late.words, late.late) == ("late by 1 day", True)


def test_ended_and_paused_clocks_in_words(here: Cast) -> None:
    ticket = opened(here)
    tickets.reply(ticket, by=here.alice, words=tickets.Words(text="which?"), now=NOW + 5 * HOUR, wait=True)
    derive(ticket, now=NOW + 5 * HOUR)
    first, resolve = clocks_of(ticket, now=NOW + 6 * HOUR)
    assert (first.words, first.late) == ("late by 1 h", True)
    assert (resolve.words, resolve.late) == ("waiting on requester", False)
    tickets.resolve(ticket, by=here.alice, now=NOW + 6 * HOUR)
    derive(ticket, now=NOW + 6 * HOUR)
    assert clocks_of(ticket, now=NOW + 7 * HOUR)[1].words == "kept"


def test_a_ticket_without_clocks_has_nothing_to_say(here: Cast) -> None:
    ticket = a_ticket(here)
    assert clocks_of(ticket, now=timezone.now()) == []
    assert next_promise(ticket) is None
    with translation.override("es"):
        assert clocks_of(opened(here), now=NOW)[0].words
