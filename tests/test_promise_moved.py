"""A promise that was told and moves to a later time by an act of a person: the requester hears of it, once, in plain words."""

from datetime import datetime, timedelta

import pytest

from delivery.models import Delivery, OptOut
from districts.models import ContactPoint, Service
from routing import actions
from routing.models import Rule
from sla import actions as sla
from sla.models import Clock
from tests.conftest import NOW, Cast, a_ticket, sign_in
from tickets import actions as tickets
from tickets.models import Event, Ticket

SOON = NOW + timedelta(seconds=3)


def acknowledged(here: Cast, *, channel: str = "email", sent: bool = True) -> Ticket:
    """High priority: an answer within two hours of office time, by noon; told by a letter that has left."""
    Service.objects.filter(id=here.bus_late.id).update(priority=2)
    Rule.objects.get_or_create(name="buses", defaults={"words": ["bus"], "service": here.bus_late})
    ticket = a_ticket(here, channel=channel)
    sla.derive(ticket, now=NOW)
    actions.acknowledge(ticket, now=NOW)
    assert actions.place(ticket.id, now=SOON)
    if sent:
        Delivery.objects.filter(purpose="ack").update(state="sent")
    return again(ticket)


def again(ticket: Ticket) -> Ticket:
    return Ticket.objects.select_related("team", "service", "requester", "assignee").get(id=ticket.id)


def letters_of(ticket: Ticket) -> list[Delivery]:
    return list(Delivery.objects.filter(about=ticket.id, purpose="promise").order_by("created_at"))


def first_due(ticket: Ticket) -> datetime:
    due = Clock.objects.get(ticket=ticket, kind="first").due_at
    assert due is not None
    return due


def test_less_urgent_one_minute_before_it_is_due_is_told(here: Cast) -> None:
    ticket = acknowledged(here)
    late = first_due(ticket) - timedelta(minutes=1)
    actions.set_priority(ticket, priority=4, by=here.alice, now=late)
    assert first_due(ticket) > late + timedelta(hours=20)
    (letter,) = letters_of(ticket)
    assert letter.address == "pat@cedar-family.example"
    assert "The time we told you has changed." in letter.body
    assert "Transportation has it and will answer you by tomorrow, Wednesday, 10:00 AM." in letter.body
    assert f"/r/{ticket.token}" in letter.body
    assert letter.reply_to
    event = Event.objects.get(ticket=ticket, kind=Event.Kind.PROMISED)
    assert (event.by, event.data["due_at"]) == (here.alice, first_due(ticket).isoformat())
    page = sign_in(here.alice, here.district).get(f"/desk/{ticket.id}/").content.decode()
    assert "The requester was told a new time: Wed, Nov 4, 2026, 10:00 AM" in page


def test_the_same_new_time_is_told_once(here: Cast) -> None:
    ticket = acknowledged(here)
    for priority in (4, 2, 4):
        actions.set_priority(ticket, priority=priority, by=here.alice, now=SOON)
    assert len(letters_of(ticket)) == 1
    assert Event.objects.filter(ticket=ticket, kind=Event.Kind.PROMISED).count() == 1


def test_sooner_is_not_told(here: Cast) -> None:
    ticket = acknowledged(here)
    actions.set_priority(ticket, priority=1, by=here.alice, now=SOON)
    assert letters_of(ticket) == []


def test_less_than_an_hour_is_not_told(here: Cast) -> None:
    ticket = acknowledged(here)
    sla.set_policy(kind="first", priority=3, terms="within 170 business minutes", now=SOON)
    actions.set_priority(ticket, priority=3, by=here.alice, now=SOON)
    assert timedelta(0) < first_due(ticket) - (NOW + timedelta(hours=2)) < timedelta(hours=1)
    assert letters_of(ticket) == []


def test_another_service_by_correction_is_told(here: Cast) -> None:
    ticket = acknowledged(here)
    actions.correct(ticket, service=here.password_reset, team=None, by=here.alice, now=SOON)
    (letter,) = letters_of(ticket)
    assert "Technology has it and will answer you by 2:00 PM today." in letter.body


def test_a_hand_off_alone_moves_nothing(here: Cast) -> None:
    ticket = acknowledged(here)
    actions.hand_off(ticket, to_team=here.technology, by=here.alice, known="k", asked="a", now=SOON)
    assert letters_of(ticket) == []


def test_after_the_answer_it_is_the_solution_that_moves(here: Cast) -> None:
    ticket = acknowledged(here)
    tickets.reply(ticket, by=here.alice, words=tickets.Words(text="on it"), now=SOON)
    sla.derive(ticket, now=SOON)
    actions.set_priority(ticket, priority=4, by=here.alice, now=SOON)
    (letter,) = letters_of(ticket)
    assert "Transportation has it and means to have it solved by" in letter.body


def test_an_acknowledgement_that_waits_gets_the_new_time_instead(here: Cast) -> None:
    ticket = acknowledged(here, sent=False)
    actions.set_priority(ticket, priority=4, by=here.alice, now=SOON)
    assert letters_of(ticket) == []
    assert "by tomorrow, Wednesday, 10:00 AM" in Delivery.objects.get(purpose="ack").body


def test_nobody_is_told_who_was_told_nothing(here: Cast) -> None:
    quiet = acknowledged(here)
    Delivery.objects.filter(purpose="ack").delete()
    unplaced = a_ticket(here)
    for ticket in (quiet, unplaced):
        actions.set_priority(ticket, priority=4, by=here.alice, now=SOON)
        assert letters_of(ticket) == []


def test_waiting_and_going_on_are_not_told(here: Cast) -> None:
    ticket = acknowledged(here)
    tickets.reply(ticket, by=here.alice, words=tickets.Words(text="which stop?"), now=SOON, wait=True)
    sla.derive(ticket, now=SOON)
    actions.set_priority(ticket, priority=4, by=here.alice, now=SOON + timedelta(hours=1))
    tickets.resume(ticket, by=here.alice, now=SOON + timedelta(hours=3))
    sla.derive(ticket, now=SOON + timedelta(hours=3))
    assert letters_of(ticket) == []


def test_somebody_elses_change_is_not_taken_for_this_act(here: Cast) -> None:
    """The calendar moved the promise meanwhile, and nobody has derived it yet."""
    ticket = acknowledged(here)
    sla.set_policy(kind="first", priority=2, terms="within 3 business days", now=SOON)
    ticket = again(ticket)
    actions.set_priority(ticket, priority=1, by=here.alice, now=SOON + timedelta(minutes=1))
    assert letters_of(ticket) == []


def test_a_text_message_says_it_in_two_segments(here: Cast) -> None:
    ContactPoint.objects.create(person=here.pat, kind="phone", value="+13605550102")
    ticket = acknowledged(here, channel="sms")
    actions.set_priority(ticket, priority=4, by=here.alice, now=SOON)
    (letter,) = letters_of(ticket)
    assert (letter.channel, letter.address) == ("sms", "+13605550102")
    assert letter.body.startswith(f"#{ticket.number}: The time we told you has changed. Transportation has it and will answer you by")


@pytest.mark.parametrize("why", ["no address", "opted out"])
def test_where_nobody_can_be_told_the_timeline_says_so(here: Cast, why: str) -> None:
    ticket = acknowledged(here)
    if why == "no address":
        ContactPoint.objects.filter(person=here.pat).delete()
    else:
        OptOut.objects.create(channel="email", address="pat@cedar-family.example", reason="stop")
    actions.set_priority(ticket, priority=4, by=here.alice, now=SOON)
    page = sign_in(here.alice, here.district).get(f"/desk/{ticket.id}/").content.decode()
    assert "The promise moved to Wed, Nov 4, 2026, 10:00 AM, and the requester could not be told" in page
