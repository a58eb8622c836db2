"""Clocks that begin again: the answer to each word of the requester's, and the time of each team that has the ticket."""

from datetime import timedelta
from typing import Any

import pytest

from delivery.models import Delivery
from sla.actions import NewPolicy, derive, drain_clocks, drain_stale, set_policies, set_policy, withdraw_policies
from sla.models import Breach, Clock
from sla.queries import clocks_of, next_promise
from tests.conftest import NOW, Cast, a_ticket
from tickets import actions as tickets
from tickets.merging import merge
from tickets.models import Event, Ticket

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
WORDS = tickets.Words(text="hello")


def runs(ticket: Ticket, kind: str) -> list[Clock]:
    return list(Clock.objects.filter(ticket=ticket, kind=kind).order_by("run"))


def told(clocks: list[Clock]) -> list[tuple[str, Any, Any]]:
    return [(c.state, c.started_at, c.due_at) for c in clocks]


def wrote(ticket: Ticket, cast: Cast, hours: float) -> None:
    at = NOW + hours * HOUR
    tickets.requester_wrote(ticket, author=cast.pat, channel="email", words=WORDS, now=at)
    derive(ticket, now=at)


def answered(ticket: Ticket, cast: Cast, hours: float, **more: Any) -> None:
    at = NOW + hours * HOUR
    tickets.reply(ticket, by=cast.alice, words=WORDS, now=at, **more)
    derive(ticket, now=at)


def opened(cast: Cast, **more: Any) -> Ticket:
    ticket = a_ticket(cast, **more)
    derive(ticket, now=NOW)
    return ticket


def placed(cast: Cast, hours: float = 0) -> Ticket:
    ticket = opened(cast)
    at = NOW + hours * HOUR
    tickets.place(ticket, team=cast.transportation, service=None, priority=3, now=at, data={})
    derive(ticket, now=at)
    return ticket


# --- next response ------------------------------------------------------------------------------------------------------


def test_each_word_after_an_answer_begins_a_time_of_its_own(here: Cast) -> None:
    ticket = opened(here)
    wrote(ticket, here, 0.5)
    assert runs(ticket, "next") == []  # the first answer is owed still
    answered(ticket, here, 1)
    wrote(ticket, here, 1.5)
    wrote(ticket, here, 2)  # more words do not begin it again
    assert told(runs(ticket, "next")) == [("running", NOW + 1.5 * HOUR, NOW + 5.5 * HOUR)]
    assert ticket.refresh().due_at == NOW + 5.5 * HOUR
    assert (next_promise(ticket) or Clock()).kind == "next"
    answered(ticket, here, 3)
    wrote(ticket, here, 4)
    states = told(runs(ticket, "next"))
    assert states == [
        ("met", NOW + 1.5 * HOUR, NOW + 5.5 * HOUR),
        ("running", NOW + 4 * HOUR, NOW + 23 * HOUR),
    ]
    assert [view.kind for view in clocks_of(ticket, now=NOW + 4 * HOUR)] == ["first", "next", "resolve"]


def test_a_note_or_waiting_is_no_answer_and_being_solved_is(here: Cast) -> None:
    ticket = opened(here)
    answered(ticket, here, 1)
    wrote(ticket, here, 2)
    tickets.note(ticket, by=here.alice, words=WORDS, now=NOW + 2.5 * HOUR)
    tickets.wait_for(ticket, on=Ticket.Status.WAITING_REQUESTER, by=here.alice, now=NOW + 2.5 * HOUR)
    derive(ticket, now=NOW + 2.5 * HOUR)
    assert [c.state for c in runs(ticket, "next")] == ["running"]
    tickets.resolve(ticket, by=here.alice, now=NOW + 3 * HOUR)
    derive(ticket, now=NOW + 3 * HOUR)
    assert [(c.state, c.ended_at) for c in runs(ticket, "next")] == [("met", NOW + 3 * HOUR)]


def test_each_time_is_warned_of_and_breaks_once(here: Cast) -> None:
    set_policy(kind="next", terms="within 1 hour", now=NOW)
    ticket = opened(here)
    for begin in (1.0, 6.0):
        answered(ticket, here, begin - 0.5)
        wrote(ticket, here, begin)
        for _ in range(2):
            drain_clocks(here.district.id, now=NOW + (begin + 0.8) * HOUR)
        for _ in range(2):
            drain_clocks(here.district.id, now=NOW + (begin + 2) * HOUR)
    late = Breach.objects.filter(ticket=ticket, kind="next")
    assert sorted(b.due_at for b in late) == [NOW + 2 * HOUR, NOW + 7 * HOUR]
    assert Event.objects.filter(ticket=ticket, kind="late", data__clock="next").count() == 2
    keys = set(Delivery.objects.filter(dedupe_key__startswith="warned:next").values_list("dedupe_key", flat=True))
    assert {key.split(":")[1] for key in keys} in ({"next", "next1"}, set())


def test_its_terms_are_those_of_the_first_answer_unless_said_otherwise(here: Cast) -> None:
    set_policy(kind="first", terms="within 3 hours", now=NOW)
    ticket = opened(here)
    answered(ticket, here, 1)
    wrote(ticket, here, 2)
    assert runs(ticket, "next")[0].terms == "within 3 hours"
    set_policy(kind="next", terms="within 90 minutes", now=NOW + 2.1 * HOUR)
    drain_stale(here.district.id, now=NOW + 2.1 * HOUR)
    [clock] = runs(ticket, "next")
    assert (clock.terms, clock.due_at) == ("within 90 minutes", NOW + 3.5 * HOUR)


def test_what_nobody_had_promised_is_not_late_at_once(here: Cast) -> None:
    """Its clocks were derived before there were such clocks: the time counts from now, and what was over is judged by none."""
    ticket = opened(here)
    answered(ticket, here, 1)
    wrote(ticket, here, 2)
    answered(ticket, here, 30)
    wrote(ticket, here, 31)
    Clock.objects.filter(ticket=ticket, kind="next").delete()
    derive(ticket, now=NOW + 100 * HOUR)
    [clock] = runs(ticket, "next")
    assert (clock.run, clock.started_at) == (1, NOW + 100 * HOUR)
    assert clock.due_at
    assert clock.due_at > NOW + 100 * HOUR


def test_a_merged_ticket_owes_no_next_answer(here: Cast) -> None:
    ticket, into = opened(here), opened(here)
    answered(ticket, here, 1)
    wrote(ticket, here, 2)
    merge(ticket, into=into, by=here.alice, why="the same", now=NOW + 3 * HOUR)
    derive(ticket.refresh(), now=NOW + 3 * HOUR)
    assert [c.state for c in runs(ticket, "next")] == ["void"]


# --- the team's own -----------------------------------------------------------------------------------------------------


def test_no_team_has_a_time_of_its_own_unless_somebody_says_so(here: Cast) -> None:
    assert runs(placed(here), "team") == []


def test_it_starts_when_the_ticket_lands_and_a_handoff_begins_the_next(here: Cast) -> None:
    both = [
        NewPolicy("team", "within 2 hours", team=here.transportation), NewPolicy("team", "within 1 business day", team=here.technology),
        NewPolicy("team", "within 10 minutes", priority=1),
    ]  # fmt: skip
    set_policies(both, now=NOW)
    ticket = placed(here, 0.5)
    before = list(Clock.objects.filter(ticket=ticket, kind="resolve").values_list("started_at", "due_at"))
    assert told(runs(ticket, "team")) == [("running", NOW + 0.5 * HOUR, NOW + 2.5 * HOUR)]
    due = ticket.refresh().due_at
    assert due
    assert due > NOW + 2.5 * HOUR  # the requester is promised nothing by it
    tickets.move(ticket, team=here.technology, by=here.alice, now=NOW + HOUR, data={})
    derive(ticket, now=NOW + HOUR)
    first, second = runs(ticket, "team")
    assert (first.state, first.ended_at, first.team_id) == ("met", NOW + HOUR, here.transportation.id)
    assert (second.state, second.started_at, second.due_at) == ("running", NOW + HOUR, NOW + 25 * HOUR)
    assert second.team_id == here.technology.id
    assert list(Clock.objects.filter(ticket=ticket, kind="resolve").values_list("started_at", "due_at")) == before
    tickets.move(ticket, team=here.transportation, by=here.bob, now=NOW + 2 * HOUR, data={})
    derive(ticket, now=NOW + 2 * HOUR)
    assert [c.run for c in runs(ticket, "team")] == [0, 1, 2]
    tickets.set_priority(ticket, priority=1, by=here.alice, now=NOW + 2 * HOUR)
    derive(ticket, now=NOW + 2 * HOUR)
    assert runs(ticket, "team")[2].terms == "within 2 hours"  # the team's own word beats any team's at this priority


def test_waiting_on_the_requester_pauses_it_and_being_solved_ends_it(here: Cast) -> None:
    set_policy(kind="team", terms="within 4 hours", now=NOW)
    ticket = placed(here)
    answered(ticket, here, 1, wait=True)
    assert told(runs(ticket, "team")) == [("paused", NOW, None)]
    wrote(ticket, here, 11)
    assert told(runs(ticket, "team")) == [("running", NOW, NOW + 14 * HOUR)]
    tickets.resolve(ticket, by=here.alice, now=NOW + 12 * HOUR)
    derive(ticket, now=NOW + 12 * HOUR)
    assert [c.state for c in runs(ticket, "team")] == ["met"]
    tickets.reopen(ticket, by=here.pat, now=NOW + 20 * HOUR)
    derive(ticket, now=NOW + 20 * HOUR)
    assert told(runs(ticket, "team")) == [("running", NOW, NOW + 22 * HOUR)]


def test_a_ticket_handed_on_while_it_waits_begins_paused(here: Cast) -> None:
    set_policy(kind="team", terms="within 4 hours", now=NOW)
    ticket = placed(here)
    answered(ticket, here, 1, wait=True)
    tickets.move(ticket, team=here.technology, by=here.alice, now=NOW + 3 * HOUR, data={})
    derive(ticket, now=NOW + 3 * HOUR)
    assert [c.state for c in runs(ticket, "team")] == ["met", "paused"]
    wrote(ticket, here, 5)
    assert runs(ticket, "team")[1].due_at == NOW + 9 * HOUR


def test_a_promise_made_today_counts_from_today(here: Cast) -> None:
    ticket = placed(here)
    later = NOW + 50 * HOUR
    set_policy(kind="team", terms="within 2 hours", now=later)
    drain_stale(here.district.id, now=later)
    assert told(runs(ticket, "team")) == [("running", later, later + 2 * HOUR)]
    set_policy(kind="team", terms="within 1 hour", now=later + 1.5 * HOUR)
    drain_stale(here.district.id, now=later + 1.5 * HOUR)
    [clock] = runs(ticket, "team")
    assert clock.due_at
    assert clock.due_at > later + 1.5 * HOUR
    withdraw_policies([("team", None, None, None)], now=later + 1.6 * HOUR)
    drain_stale(here.district.id, now=later + 1.6 * HOUR)
    assert [(c.state, c.check_at) for c in runs(ticket, "team")] == [("void", None)]


def test_opened_by_staff_with_its_team_it_starts_there(here: Cast) -> None:
    set_policy(kind="team", terms="within 2 hours", now=NOW)
    ticket = a_ticket(here)
    ticket.placed_at = NOW
    ticket.save(update_fields=["placed_at"])
    derive(ticket, now=NOW)
    tickets.move(ticket, team=here.technology, by=here.olive, now=NOW + HOUR, data={})
    derive(ticket, now=NOW + HOUR)
    assert [(c.team_id, c.started_at) for c in runs(ticket, "team")] == [(here.front_office.id, NOW), (here.technology.id, NOW + HOUR)]


def test_only_a_team_s_own_time_may_be_promised_by_the_team(here: Cast) -> None:
    with pytest.raises(ValueError, match="own time"):
        set_policy(kind="first", terms="within 1 hour", team=here.technology, now=NOW)
