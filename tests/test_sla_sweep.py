"""What is due is noticed: warned once, broken once, by any number of sweeps, in its own district."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from delivery.models import Delivery
from districts.models import District
from districts.scope import district_scope
from sla import actions, claims, tasks
from sla.actions import derive, drain_clocks
from sla.models import Breach, Clock
from tests.conftest import NOW, Cast, a_ticket
from tickets import actions as tickets
from tickets.models import Event, Ticket

HOUR = timedelta(hours=1)


def opened(cast: Cast, **more: Any) -> Ticket:
    ticket = a_ticket(cast, **more)
    derive(ticket, now=NOW)
    return ticket


def first_clock(ticket: Ticket) -> Clock:
    return Clock.objects.get(ticket=ticket, kind="first")


def test_nothing_is_noticed_before_its_time(here: Cast) -> None:
    opened(here)
    assert drain_clocks(here.district.id, now=NOW + 2 * HOUR) == 0


def test_a_warning_comes_once_and_is_no_breach(here: Cast) -> None:
    ticket = opened(here)
    assert drain_clocks(here.district.id, now=NOW + 3 * HOUR) == 1
    assert drain_clocks(here.district.id, now=NOW + 3.5 * HOUR) == 0
    clock = first_clock(ticket)
    assert (clock.warned_at, clock.check_at, clock.breached_at) == (NOW + 3 * HOUR, clock.due_at, None)
    assert not Breach.objects.exists()


def test_a_warning_is_told_to_whoever_has_it_else_to_the_team(here: Cast) -> None:
    nobodys, bobs = opened(here), opened(here)
    tickets.assign(bobs, to=here.bob, by=here.bob, now=NOW)
    Ticket.objects.filter(id=nobodys.id).update(sensitive=True)
    for _again in range(2):
        drain_clocks(here.district.id, now=NOW + 3 * HOUR)
    told = {row.person.name: row for row in Delivery.objects.filter(dedupe_key__startswith="warned:").select_related("person")}
    assert len(told) == Delivery.objects.filter(dedupe_key__startswith="warned:").count()
    assert set(told) == {here.bob.name, here.olive.name}
    mine, teams = told[here.bob.name], told[here.olive.name]
    assert (mine.channel, mine.link, mine.body) == ("inapp", f"/desk/{bobs.id}/", bobs.subject)
    assert mine.subject == f"Soon late: #{bobs.number} is promised a first answer by 2:00 PM today"
    assert (teams.about, teams.body) == (nobodys.id, ""), "no words of a sensitive ticket"


def test_many_warnings_are_told_in_few_statements(here: Cast, django_assert_max_num_queries: Any) -> None:
    for _one in range(20):
        opened(here)
    with django_assert_max_num_queries(12):
        assert drain_clocks(here.district.id, now=NOW + 3 * HOUR) == 20
    assert Delivery.objects.filter(dedupe_key__startswith="warned:").count() == 20


def test_a_breach_is_a_row_an_event_and_a_mark_on_the_clock_once(here: Cast) -> None:
    ticket = opened(here)
    now = NOW + 4 * HOUR
    assert drain_clocks(here.district.id, now=now) == 1
    assert drain_clocks(here.district.id, now=now + HOUR) == 0
    clock, breach, event = first_clock(ticket), Breach.objects.get(), Event.objects.get(kind="late")
    assert (clock.breached_at, clock.check_at, clock.state) == (now, None, "running")
    assert (breach.clock_id, breach.ticket_id, breach.team_id) == (clock.id, ticket.id, here.front_office.id)
    assert (breach.kind, breach.due_at, breach.noticed_at, breach.handled_at) == ("first", clock.due_at, now, None)
    assert (event.ticket_id, event.at, event.by_id, event.data["clock"]) == (ticket.id, now, None, "first")
    assert (breach.id.version, event.id.version) == (7, 7)
    assert breach.id > clock.id  # a later row, a later id


def test_what_broke_once_is_not_told_again_however_often_it_is_derived(here: Cast) -> None:
    ticket = opened(here)
    drain_clocks(here.district.id, now=NOW + 4 * HOUR)
    tickets.set_priority(ticket, priority=4, by=here.alice, now=NOW + 5 * HOUR)
    derive(ticket, now=NOW + 5 * HOUR)
    Clock.objects.filter(ticket=ticket, kind="first").update(check_at=NOW)  # as if another had derived it without knowing
    drain_clocks(here.district.id, now=NOW + timedelta(days=30))
    assert Breach.objects.filter(kind="first").count() == 1
    assert Event.objects.filter(kind="late", data__clock="first").count() == 1
    assert first_clock(ticket).breached_at == NOW + 4 * HOUR


def test_stale_tickets_are_derived_before_anything_is_called_broken(here: Cast) -> None:
    ticket = opened(here)
    tickets.reply(ticket, by=here.alice, words=tickets.Words(text="in time"), now=NOW + HOUR)  # and nobody derived
    assert drain_clocks(here.district.id, now=NOW + 5 * HOUR) == 0
    assert first_clock(ticket).state == "met"
    assert not Breach.objects.exists()


def test_a_paused_promise_is_not_broken(here: Cast) -> None:
    ticket = opened(here)
    tickets.reply(ticket, by=here.alice, words=tickets.Words(text="which?"), now=NOW + HOUR, wait=True)
    derive(ticket, now=NOW + HOUR)
    assert drain_clocks(here.district.id, now=NOW + timedelta(days=30)) == 0


def test_a_resolved_ticket_is_not_called_late_afterwards(here: Cast) -> None:
    ticket = opened(here)
    tickets.resolve(ticket, by=here.alice, now=NOW + HOUR)
    derive(ticket, now=NOW + HOUR)
    assert drain_clocks(here.district.id, now=NOW + timedelta(days=30)) == 0


def test_what_ended_late_before_anybody_looked_is_in_the_books_too(here: Cast) -> None:
    ticket = opened(here)
    tickets.reply(ticket, by=here.alice, words=tickets.Words(text="sorry"), now=NOW + 5 * HOUR)
    derive(ticket, now=NOW + 5 * HOUR)
    assert drain_clocks(here.district.id, now=NOW + 6 * HOUR) == 1
    derive(ticket, now=NOW + 6 * HOUR)
    assert drain_clocks(here.district.id, now=NOW + 7 * HOUR) == 0
    assert (Breach.objects.get().ticket_id, first_clock(ticket).state) == (ticket.id, "missed")


def test_more_than_a_batch_is_noticed_in_one_go(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "BATCH", 2)
    monkeypatch.setattr(actions, "BATCH", 2)
    made = [opened(here) for _ in range(5)]
    tickets.note(made[0], by=here.alice, words=tickets.Words(text="x"), now=NOW)
    Ticket.objects.filter(id__in=[t.id for t in made[:3]]).update(facts_at=NOW + HOUR)
    assert drain_clocks(here.district.id, now=NOW + 4 * HOUR) == 5
    assert Breach.objects.count() == 5


def test_a_change_of_everything_is_derived_by_turns(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "BATCH", 2)
    monkeypatch.setattr(actions, "MOST_STALE", 4)
    for _ in range(5):
        a_ticket(here)
    assert [actions.drain_stale(here.district.id, now=NOW) for _ in range(3)] == [4, 1, 0]


def test_another_district_is_untouched(here: Cast, oak: Cast) -> None:
    opened(here)
    with district_scope(oak.district.id):
        theirs = opened(oak)
    drain_clocks(here.district.id, now=NOW + timedelta(days=30))
    with district_scope(oak.district.id):
        assert not Breach.objects.exists()
        assert first_clock(theirs).warned_at is None


def test_the_sweep_derives_and_notices_in_every_district(here: Cast, oak: Cast) -> None:
    # long ago, so that it is due by the server's clock, which tells the districts with work
    ticket = a_ticket(here, now=NOW - timedelta(days=700))
    assert tasks.sweep() >= 2
    assert Breach.objects.filter(ticket=ticket).count() == 2
    with district_scope(oak.district.id):
        assert Clock.objects.count() == 2  # its noise, opened without deriving


def test_a_district_that_cannot_be_swept_does_not_stop_the_others(here: Cast, oak: Cast) -> None:
    District.objects.filter(id=oak.district.id).update(time_zone="Mars/Olympus")
    ticket = a_ticket(here, now=NOW - timedelta(days=700))
    tasks.sweep()
    assert Breach.objects.filter(ticket=ticket).count() == 2


# --- two sweeps at once -----------------------------------------------------------------------------------------------


COMMITTED = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def in_threads(count: int, work: Callable[[], object]) -> None:
    """`work`, at once, each time on a connection of its own; raises what it raised."""

    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        for running in [pool.submit(run) for _ in range(count)]:
            running.result(30)


@COMMITTED
def test_two_sweeps_at_once_notice_each_breach_once(cedar: Cast) -> None:
    district_id: UUID = cedar.district.id
    with district_scope(district_id):
        for _ in range(40):
            opened(cedar)
        Ticket.objects.filter(number__lte=1010).update(facts_at=NOW + HOUR)  # some to derive on the way
    gate = threading.Barrier(4)

    def sweep() -> None:
        gate.wait(10)
        drain_clocks(district_id, now=NOW + 4 * HOUR)

    in_threads(4, sweep)
    drain_clocks(district_id, now=NOW + 4 * HOUR)  # what all of them had to leave to one another
    with district_scope(district_id):
        assert Breach.objects.count() == Breach.objects.values("clock_id").distinct().count() == 40
        assert Event.objects.filter(kind="late").count() == 40


@COMMITTED
def test_a_ticket_that_somebody_is_answering_is_left_to_the_next_sweep(cedar: Cast) -> None:
    district_id: UUID = cedar.district.id
    with district_scope(district_id):
        ticket = opened(cedar)
    with district_scope(district_id):
        tickets.reply(ticket, by=cedar.alice, words=tickets.Words(text="now"), now=NOW + 4 * HOUR)
        in_threads(1, lambda: drain_clocks(district_id, now=NOW + 4 * HOUR))
        derive(ticket, now=NOW + 4 * HOUR)
    drain_clocks(district_id, now=NOW + 5 * HOUR)
    with district_scope(district_id):
        assert first_clock(ticket).state == "met"
        assert not Breach.objects.exists()


def test_one_statement_notices_all_that_is_due_in_a_district(here: Cast, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        opened(here)
    with django_assert_num_queries(1):
        assert claims.notice(here.district.id, now=NOW + 4 * HOUR, limit=10) == claims.Noticed(warned=0, late=3, stale=[], soon=[])
