"""Placing, acknowledging, handing on, putting right."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections
from django.utils import timezone
from django.utils.translation import override

from delivery.models import Delivery, OptOut
from districts.models import ContactPoint, District, Membership, Role, Service
from districts.scope import district_scope
from routing import acknowledgement, actions, notices, placing, short_text, training, triage
from routing.models import Decision, Handoff, Rule
from routing.queries import decision_of, handoffs_of
from sla import actions as sla
from sla.models import Clock
from tests.conftest import NOW, Cast, a_ticket, make_district, person
from tickets import actions as tickets
from tickets.actions import NotPossible
from tickets.models import Event, Message, Ticket

SOON = NOW + timedelta(seconds=3)


@pytest.fixture
def buses(here: Cast) -> Cast:
    """Cedar Valley with one rule: what names a bus goes to Transportation."""
    Rule.objects.create(name="buses", words=["bus"], service=here.bus_late)
    return here


def opened(cast: Cast, **more: Any) -> Ticket:
    """As intake opens one: promised, acknowledged, not placed."""
    ticket = a_ticket(cast, **more)
    sla.derive(ticket, now=ticket.opened_at)
    actions.acknowledge(ticket, now=ticket.opened_at)
    return ticket


def placed(cast: Cast, **more: Any) -> Ticket:
    ticket = opened(cast, **more)
    assert actions.place(ticket.id, now=SOON)
    return again(ticket)


def again(ticket: Ticket) -> Ticket:
    return Ticket.objects.select_related("team", "service", "requester", "assignee", "site").get(id=ticket.id)


def ack_of(ticket: Ticket) -> Delivery:
    return Delivery.objects.get(about=ticket.id, purpose="ack")


def notices_of(ticket: Ticket) -> list[tuple[str, str]]:
    rows = Delivery.objects.filter(about=ticket.id, purpose="notice").order_by("person__name", "channel")
    return list(rows.values_list("person__name", "channel"))


# --- placing ------------------------------------------------------------------------------------------------------------


def test_a_ticket_is_placed_with_its_decision_clocks_notice_and_better_words(buses: Cast) -> None:
    ticket = placed(buses)
    assert (ticket.team, ticket.service, ticket.priority, ticket.placed_at) == (buses.transportation, buses.bus_late, 1, SOON)
    decision = decision_of(ticket)
    assert decision is not None
    assert (decision.engine, decision.team, decision.service, decision.automatic) == ("rule", ticket.team, ticket.service, True)
    assert "bus" in decision.reasons[0]
    assert set(Clock.objects.filter(ticket=ticket).values_list("team", flat=True)) == {ticket.team_id}
    assert ticket.derived_at == ticket.facts_at
    assert notices_of(ticket) == [("Alice", "inapp"), ("Lena", "inapp")]
    assert Event.objects.get(ticket=ticket, kind="placed").data["engine"] == "rule"


def test_placing_twice_is_once(buses: Cast) -> None:
    ticket = placed(buses)
    assert not actions.place(ticket.id, now=SOON)
    assert Decision.objects.filter(ticket=ticket).count() == 1
    assert len(notices_of(ticket)) == 2


def test_what_a_person_moved_first_is_placed(buses: Cast) -> None:
    ticket = opened(buses)
    actions.hand_off(ticket, to_team=buses.technology, by=buses.olive, known="a tracker", asked="look", now=NOW)
    assert not actions.place(ticket.id, now=SOON)
    assert again(ticket).team == buses.technology
    assert not Decision.objects.exists()


def test_what_was_settled_before_triage_saw_it_stays_where_it_is(buses: Cast) -> None:
    ticket = opened(buses)
    tickets.resolve(ticket, by=buses.olive, now=NOW)
    assert actions.place(ticket.id, now=SOON)
    ticket = again(ticket)
    assert (ticket.team, ticket.status, ticket.placed_at) == (buses.front_office, "resolved", SOON)
    assert notices_of(ticket) == []


def test_triage_that_fails_still_places(buses: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    monkeypatch.setattr(triage, "answer", broken)
    ticket = placed(buses)
    assert (ticket.team, ticket.service) == (buses.front_office, None)
    decision = decision_of(ticket)
    assert decision is not None
    assert (decision.engine, decision.automatic) == ("front_office", False)
    assert "DataError" in decision.reasons[0]
    assert notices_of(ticket) == [("Olive", "inapp")]


@pytest.mark.parametrize("step", [(sla, "derive"), (notices, "placed"), (acknowledgement, "reword")])
def test_a_courtesy_that_fails_does_not_unplace(buses: Cast, monkeypatch: pytest.MonkeyPatch, step: tuple[Any, str]) -> None:
    ticket = opened(buses)

    def broken(*_: Any, **__: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    monkeypatch.setattr(*step, broken)
    assert actions.place(ticket.id, now=SOON)
    assert again(ticket).team == buses.transportation


def test_danger_wakes_the_safety_team_by_every_channel_without_its_words(here: Cast) -> None:
    guard = person("Gus", "gus@cedar.localhost", role=Role.AGENT, team=here.safety)
    ContactPoint.objects.create(person=guard, kind="phone", value="+13605550101")
    ticket = placed(here, text="i want to kill myself", channel="sms")
    assert (ticket.team, ticket.priority, ticket.crisis, ticket.sensitive) == (here.safety, 1, True, True)
    rows = Delivery.objects.filter(about=ticket.id, purpose="notice")
    assert sorted(rows.values_list("channel", "wakes")) == [("email", True), ("inapp", True), ("sms", True)]
    assert not any("kill" in row.body + row.subject for row in rows)


def test_danger_is_told_to_leadership_where_the_safety_team_has_nobody(here: Cast) -> None:
    ticket = placed(here, text="there is a gun in his bag")
    assert {name for name, _ in notices_of(ticket)} == {"Lee", "Ada"}


def test_a_notice_about_a_sensitive_ticket_has_none_of_its_words(here: Cast) -> None:
    person("Gus", "gus@cedar.localhost", role=Role.AGENT, team=here.safety)
    Rule.objects.create(name="talk", words=["sad"], service=here.counseling)
    ticket = placed(here, text="my son is so sad since summer")
    (row,) = Delivery.objects.filter(about=ticket.id, purpose="notice")
    assert "sad" not in row.subject + row.body


def test_where_it_is_comes_from_the_text(buses: Cast) -> None:
    ticket = placed(buses, text="bus loop at Maple Ridge, rm 12, tablet CV-204517")
    assert (ticket.site, ticket.room, ticket.asset_tag) == (buses.maple, "12", "CV-204517")


def test_below_the_threshold_the_front_office_sees_the_guesses(here: Cast) -> None:
    training.retrain(here.district.id, now=NOW)
    ticket = placed(here, text="hello?")
    decision = decision_of(ticket)
    assert decision is not None
    assert (ticket.team, decision.engine) == (here.front_office, "front_office")
    assert {guess["team"] for guess in decision.alternatives} <= {"transportation", "technology", "safety"}
    assert all(guess["service"] for guess in decision.alternatives)
    assert decision.model_version == 1


def test_staff_are_told_in_the_districts_first_language(buses: Cast) -> None:
    District.objects.filter(id=buses.district.id).update(languages=["es"])
    with override("de"):
        assert actions.place(opened(buses).id, now=SOON)


# --- draining -----------------------------------------------------------------------------------------------------------


def test_draining_places_all_of_one_district_and_none_of_another(buses: Cast, oak: Cast) -> None:
    rows = [opened(buses, now=timezone.now()) for _ in range(3)]
    assert placing.drain(buses.district.id) == 3
    assert all(again(ticket).placed_at for ticket in rows)
    assert placing.drain(buses.district.id) == 0
    with district_scope(oak.district.id):
        assert Ticket.objects.filter(placed_at__isnull=True).count() == 1


def test_one_that_cannot_be_placed_does_not_stop_the_others(buses: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [opened(buses, now=timezone.now() + timedelta(seconds=n)) for n in range(3)]
    place = placing._place

    def choosy(ticket_id: Any, **more: Any) -> Any:
        if ticket_id == rows[0].id:
            raise DatabaseError("poisoned")
        return place(ticket_id, **more)

    monkeypatch.setattr(placing, "_place", choosy)
    assert placing.drain(buses.district.id) == 2
    assert [again(ticket).placed_at is None for ticket in rows] == [True, False, False]


@pytest.fixture
def committed(transactional_db: Any) -> Cast:
    return make_district("cedar", "cedar.localhost", "America/Los_Angeles", "cedar")


def test_workers_at_once_place_each_once(committed: Cast) -> None:
    with district_scope(committed.district.id):
        Rule.objects.create(name="buses", words=["bus"], service=committed.bus_late)
        for _ in range(12):
            opened(committed)
    gate, done, failed = threading.Barrier(3), list[int](), list[Exception]()

    def work() -> None:
        try:
            gate.wait(10)
            done.append(placing.drain(committed.district.id))
        except Exception as error:  # noqa: BLE001  told to the test's own thread
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert sum(done) == 12
    with district_scope(committed.district.id):
        assert Decision.objects.count() == Event.objects.filter(kind="placed").count() == 12
        notices = Delivery.objects.filter(purpose="notice")
        live = Ticket.objects.exclude(status="merged").count()  # the same words of one person are one need, where a worker sees both
        assert notices.filter(dedupe_key__startswith="placed:").count() == 2 * live, "both of the team hear of each, once"
        assert 2 * live <= notices.count() <= 24
        assert Delivery.objects.filter(purpose="ack").count() == 12


# --- acknowledging ------------------------------------------------------------------------------------------------------


def test_the_acknowledgement_waits_ten_seconds_for_triage(here: Cast) -> None:
    ticket = opened(here)
    ack = ack_of(ticket)
    assert ack.not_before == NOW + timedelta(seconds=10)
    assert f"#{ticket.number}" in ack.subject
    assert f"#{ticket.number}" in ack.body
    assert f"/r/{ticket.token}" in ack.body
    assert "reply" in ack.body
    assert ack.reply_to


def test_better_words_name_the_team_and_the_time(buses: Cast) -> None:
    ticket = placed(buses)
    ack = ack_of(ticket)
    assert ack.not_before == SOON
    due = acknowledgement.answer_due(ticket)
    assert due is not None
    local = due.astimezone(buses.district.zone)
    assert f"Transportation has it and will answer you by {local.strftime('%-I:%M %p')} today." in ack.body


def test_none_of_the_requesters_words_are_in_it(buses: Cast) -> None:
    ticket = placed(buses, text="The bus is late. Buy pills at spam.example!")
    ack = ack_of(ticket)
    assert "spam" not in ack.subject + ack.body
    assert "Pat" not in ack.subject + ack.body


def test_acknowledging_twice_is_once(buses: Cast) -> None:
    ticket = opened(buses)
    actions.acknowledge(ticket, now=NOW)
    actions.place(ticket.id, now=SOON)
    actions.acknowledge(again(ticket), now=SOON)
    assert Delivery.objects.filter(about=ticket.id, purpose="ack").count() == 1


def test_what_has_left_is_not_reworded_and_not_sent_again(buses: Cast) -> None:
    ticket = opened(buses)
    Delivery.objects.filter(purpose="ack").update(state="sent")
    before = ack_of(ticket).body
    actions.place(ticket.id, now=SOON)
    assert ack_of(ticket).body == before


def test_placing_does_not_acknowledge_what_intake_kept_quiet_about(buses: Cast) -> None:
    ticket = a_ticket(buses)
    assert actions.place(ticket.id, now=SOON)
    assert not Delivery.objects.filter(purpose="ack").exists()


def test_a_placed_ticket_can_be_acknowledged_at_once(buses: Cast) -> None:
    ticket = a_ticket(buses)
    actions.place(ticket.id, now=SOON)
    actions.acknowledge(again(ticket), now=SOON)
    assert ack_of(ticket).not_before == SOON
    assert "Transportation" in ack_of(ticket).body


def test_whoever_opted_out_gets_none(buses: Cast) -> None:
    OptOut.objects.create(channel="email", address="pat@cedar-family.example", reason="stop")
    ticket = placed(buses)
    assert (ack_of(ticket).state, "Transportation" in ack_of(ticket).body) == ("suppressed", False)


def test_danger_shows_the_crisis_line_first(here: Cast) -> None:
    District.objects.filter(id=here.district.id).update(crisis_phone="360-555-0199")
    ticket = placed(here, text="i want to die")
    assert ack_of(ticket).body.startswith("In danger now? Call 911. Crisis line: call or text 988, or 360-555-0199.")


def test_outside_the_us_only_the_districts_own_crisis_line_is_named(here: Cast) -> None:
    here.district.time_zone, here.district.crisis_phone = "Europe/Madrid", "024"
    assert acknowledgement.crisis_line(here.district) == "In danger now? Call 024."
    here.district.crisis_phone = ""
    assert acknowledgement.crisis_line(here.district) == ""


@pytest.mark.parametrize("text", ["where is the bus", "i want to die"])
def test_a_text_message_is_answered_in_two_segments(buses: Cast, text: str) -> None:
    ContactPoint.objects.create(person=buses.pat, kind="phone", value="+13605550102")
    District.objects.filter(id=buses.district.id).update(crisis_phone="360-555-0199", host="a-long-school-district-name.k12.example")
    buses.transportation.name = "Transportation and Student Mobility Services"
    buses.transportation.save()
    ticket = placed(buses, text=text, channel="sms")
    ack = ack_of(ticket)
    assert (ack.channel, ack.address) == ("sms", "+13605550102")
    assert short_text.segments(ack.body) <= 2
    assert f"#{ticket.number}" in ack.body
    assert ticket.token in ack.body


# --- handing on ---------------------------------------------------------------------------------------------------------


def test_a_hand_off_tells_the_next_team_and_nobody_has_it_yet(buses: Cast) -> None:
    ticket = placed(buses)
    tickets.assign(ticket, to=buses.alice, by=buses.lena, now=SOON)
    clock = Clock.objects.get(ticket=ticket, kind="first")
    later = SOON + timedelta(minutes=5)
    handoff = actions.hand_off(
        ticket, to_team=buses.technology, by=buses.alice, known=" The tablet shows no route. ", asked="Reset it.", now=later
    )
    ticket = again(ticket)
    assert (ticket.team, ticket.assignee) == (buses.technology, None)
    after = Clock.objects.get(ticket=ticket, kind="first")
    assert (after.started_at, after.due_at) == (clock.started_at, clock.due_at)
    assert (handoff.from_team, handoff.to_team, handoff.known, handoff.asked) == (
        buses.transportation, buses.technology, "The tablet shows no route.", "Reset it.",
    )  # fmt: skip
    note = Message.objects.get(ticket=ticket, kind="note")
    assert "The tablet shows no route." in note.text
    assert "Reset it." in note.text
    notice = Delivery.objects.get(dedupe_key__startswith=f"handoff:{handoff.id}")
    assert (notice.person, notice.channel) == (buses.bob, "inapp")
    assert "Reset it." in notice.body
    assert handoffs_of(ticket) == [handoff]
    assert not Delivery.objects.filter(about=ticket.id, body__contains="Reset it.").exclude(purpose="notice").exists()


@pytest.mark.parametrize(("known", "asked"), [("", "look"), ("no route", ""), ("  ", "\n"), ("", "")])
def test_a_hand_off_needs_both_what_is_known_and_what_is_asked(buses: Cast, known: str, asked: str) -> None:
    ticket = placed(buses)
    with pytest.raises(NotPossible, match="known and what is asked"):
        actions.hand_off(ticket, to_team=buses.technology, by=buses.alice, known=known, asked=asked, now=SOON)
    assert not Handoff.objects.exists()


def test_a_hand_off_goes_somewhere_else_and_only_while_it_is_open(buses: Cast) -> None:
    ticket = placed(buses)
    more: dict[str, Any] = {"by": buses.alice, "known": "k", "asked": "a", "now": SOON}
    with pytest.raises(NotPossible, match="has it already"):
        actions.hand_off(ticket, to_team=buses.transportation, **more)
    tickets.resolve(ticket, by=buses.alice, now=SOON)
    with pytest.raises(NotPossible, match="Reopen"):
        actions.hand_off(ticket, to_team=buses.technology, **more)


def test_whoever_hands_it_to_a_team_of_theirs_is_not_told(buses: Cast) -> None:
    Membership.objects.create(person=buses.alice, team=buses.technology, role=Role.AGENT)
    ticket = placed(buses)
    actions.hand_off(ticket, to_team=buses.technology, by=buses.alice, known="k", asked="a", now=SOON)
    assert [name for name, _ in notices_of(ticket) if name == "Bob"] == ["Bob"]
    assert notices_of(ticket).count(("Alice", "inapp")) == 1  # of the placing


# --- putting right ------------------------------------------------------------------------------------------------------


def test_a_correction_moves_it_and_keeps_what_triage_said(buses: Cast) -> None:
    ticket = placed(buses)
    tickets.assign(ticket, to=buses.alice, by=buses.lena, now=SOON)
    decision = actions.correct(ticket, service=buses.password_reset, team=None, by=buses.alice, now=SOON)
    ticket = again(ticket)
    assert (ticket.team, ticket.service, ticket.assignee, ticket.priority) == (buses.technology, buses.password_reset, None, 3)
    decision = decision.refresh()
    assert (decision.engine, decision.team, decision.service) == ("rule", buses.transportation, buses.bus_late)
    assert (decision.corrected_team, decision.corrected_service) == (buses.technology, buses.password_reset)
    assert (decision.corrected_by, decision.corrected_at) == (buses.alice, SOON)
    assert not Handoff.objects.exists()
    assert "Technology has it" in ack_of(ticket).body
    assert ("Bob", "inapp") in notices_of(ticket)
    assert set(Clock.objects.filter(ticket=ticket).values_list("team", flat=True)) == {buses.technology.id}


def test_each_correction_is_told_also_one_back(buses: Cast) -> None:
    ticket = placed(buses)
    for team in (buses.technology, buses.transportation, buses.technology):
        actions.correct(ticket, service=None, team=team, by=buses.olive, now=SOON)
    subject = f"#{ticket.number} is yours: Technology"
    assert Delivery.objects.filter(about=ticket.id, person=buses.bob, subject=subject).count() == 2
    assert [name for name, _ in notices_of(ticket) if name == "Alice"] == ["Alice", "Alice"]  # of the placing, and of the way back


def test_triage_that_was_slower_than_a_person_clears_and_overrides_nothing_of_theirs(
    buses: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket, answer = opened(buses), triage.answer

    def slowly(question: triage.Question) -> Any:
        choice = answer(question)
        mine = again(ticket)
        tickets.assign(mine, to=buses.olive, by=buses.olive, now=NOW)
        tickets.set_priority(mine, priority=4, by=buses.olive, now=NOW)
        return choice

    monkeypatch.setattr(triage, "answer", slowly)
    assert actions.place(ticket.id, now=SOON)
    ticket = again(ticket)
    assert (ticket.team, ticket.assignee, ticket.priority) == (buses.transportation, None, 4)


def test_another_service_of_the_same_team_leaves_it_with_its_assignee(buses: Cast) -> None:
    stop = Service.objects.create(slug="bus-stop", name="Bus stop change", team=buses.transportation, priority=3)
    ticket = placed(buses)
    tickets.assign(ticket, to=buses.alice, by=buses.lena, now=SOON)
    actions.correct(ticket, service=stop, team=None, by=buses.alice, now=SOON)
    ticket = again(ticket)
    assert (ticket.service, ticket.team, ticket.assignee, ticket.priority) == (stop, buses.transportation, buses.alice, 3)


def test_a_correction_to_where_it_is_confirms_it(buses: Cast) -> None:
    ticket = placed(buses)
    before = Event.objects.filter(ticket=ticket).count()
    decision = actions.correct(ticket, service=buses.bus_late, team=None, by=buses.alice, now=SOON)
    assert decision.corrected_at == SOON
    assert Event.objects.filter(ticket=ticket).count() == before


def test_a_team_alone_can_be_right(buses: Cast) -> None:
    ticket = placed(buses)
    decision = actions.correct(ticket, service=None, team=buses.safety, by=buses.alice, now=SOON)
    assert (again(ticket).team, decision.corrected_team, decision.corrected_service) == (buses.safety, buses.safety, None)
    with pytest.raises(NotPossible):
        actions.correct(ticket, service=None, team=None, by=buses.alice, now=SOON)


def test_a_ticket_that_triage_never_saw_can_be_put_right(buses: Cast) -> None:
    ticket = opened(buses)
    actions.hand_off(ticket, to_team=buses.technology, by=buses.olive, known="k", asked="a", now=NOW)
    decision = actions.correct(ticket, service=buses.bus_late, team=None, by=buses.olive, now=NOW)
    assert (decision.engine, decision.automatic, decision.corrected_service) == ("person", False, buses.bus_late)


def test_danger_stays_urgent_when_its_service_is_put_right(buses: Cast) -> None:
    ticket = placed(buses, text="there is a gun in his bag")
    actions.correct(ticket, service=buses.password_reset, team=buses.safety, by=None, now=SOON)
    assert (again(ticket).priority, again(ticket).crisis) == (1, True)


# --- waking workers -----------------------------------------------------------------------------------------------------


def test_asking_to_place_wakes_a_worker_after_commit(
    here: Cast, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    woken: list[tuple[str, str]] = []
    monkeypatch.setattr("districts.jobs.wake", lambda task, district_id: woken.append((task.name, district_id)))
    with django_capture_on_commit_callbacks(execute=True):
        actions.ask_to_place()
        assert woken == []
    assert woken == [("routing.place_pending", str(here.district.id))]
