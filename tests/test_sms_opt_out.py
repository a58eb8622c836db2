"""Words that end texts: keywords, their confirmation, and wishes in somebody's own words."""

from datetime import timedelta

import pytest
from django.utils import timezone

from delivery.models import Delivery, OptOut
from delivery.optouts import FAREWELL
from delivery.queries import told_of
from delivery.sending import drain
from incidents.models import Subscriber
from intake.models import Channel
from routing.placing import place
from tests.conftest import Cast
from tests.texting import NUMBER, a_line, text
from tickets.models import Message, Ticket


@pytest.fixture
def line(here: Cast) -> Channel:
    return a_line()


def farewells() -> list[str]:
    return list(Delivery.objects.filter(purpose=FAREWELL).values_list("body", flat=True))


@pytest.mark.parametrize("word", ["STOP", "revoke", "Opt-Out"])
def test_what_twilio_confirms_we_do_not(here: Cast, line: Channel, word: str) -> None:
    text(here, line, word)
    assert OptOut.objects.get().reason == "texted STOP"
    assert farewells() == []


def test_what_twilio_does_not_know_is_confirmed_by_us_once(here: Cast, line: Channel) -> None:
    assert text(here, line, "ALTO").reason == "keyword stop"
    text(here, line, "pare", sid="SM2")
    (said,) = farewells()
    assert said.startswith("Cedar: ")
    assert "START" in said
    assert not Ticket.objects.exists()


def test_advanced_opt_out_confirms_its_own_words(here: Cast, line: Channel) -> None:
    text(here, line, "ALTO", OptOutType="STOP")
    assert OptOut.objects.exists()
    assert farewells() == []


def test_a_wish_in_other_words_ends_the_texts_and_reaches_people(here: Cast, line: Channel, settings: object) -> None:
    envelope = text(here, line, "Please stop texting me, my son is sick today")
    ticket = Ticket.objects.get()
    assert (envelope.state, envelope.reason) == ("done", "asked for no more texts")
    assert Message.objects.get(ticket=ticket).text == "Please stop texting me, my son is sick today"
    assert OptOut.objects.get().reason == "asked for no more texts"
    (said,) = farewells()
    assert said.endswith("Somebody reads what you wrote. Text START to get texts again.")
    assert not Delivery.objects.filter(purpose="ack").exists()


def test_the_farewell_leaves_although_nothing_else_does(here: Cast, line: Channel, settings: object) -> None:
    settings.DELIVERY_KEEP = True  # type: ignore[attr-defined]
    text(here, line, "The bus is late")
    text(here, line, "please stop texting me", sid="SM2")
    Delivery.objects.update(not_before=timezone.now())
    drain(here.district.id)
    states = dict(Delivery.objects.filter(channel="sms").values_list("purpose", "state"))
    assert states == {"ack": "suppressed", FAREWELL: "kept"}


def test_a_farewell_that_is_late_is_none(here: Cast, line: Channel) -> None:
    """47 CFR 64.1200(a)(12): within five minutes."""
    text(here, line, "no more texts please")
    Delivery.objects.filter(purpose=FAREWELL).update(created_at=timezone.now() - timedelta(minutes=6))
    drain(here.district.id)
    late = Delivery.objects.get(purpose=FAREWELL)
    assert (late.state, late.error) == ("suppressed", "too late to confirm that nothing more is sent")


def test_a_wish_joins_the_conversation_it_is_about(here: Cast, line: Channel) -> None:
    text(here, line, "The bus is late")
    text(here, line, "stop texting me", sid="SM2")
    assert Message.objects.filter(ticket=Ticket.objects.get()).count() == 2


def test_words_of_danger_in_such_a_message_are_heard(here: Cast, line: Channel) -> None:
    text(here, line, "stop texting me. i want to die")
    place(Ticket.objects.get().id, now=timezone.now())
    assert Ticket.objects.get().crisis


@pytest.mark.parametrize("word", ["START", "unstop", "iniciar", "YES"])
def test_start_takes_a_wish_back(here: Cast, line: Channel, word: str) -> None:
    text(here, line, "no more texts")
    assert text(here, line, word, sid="SM2").reason == "keyword start"
    assert not OptOut.objects.exists()


def test_a_stop_ends_updates_on_outages_and_a_start_brings_none_back(here: Cast, line: Channel) -> None:
    now = timezone.now()
    row = Subscriber.objects.create(channel="sms", address=NUMBER, asked_at=now, confirmed_at=now)
    for number, word in enumerate(("STOP", "START")):
        text(here, line, word, sid=f"SM{number}")
    assert not OptOut.objects.exists()
    row.refresh_from_db()
    assert row.ended_at is not None


def test_yes_does_not_lift_a_bounce_nor_vanish(here: Cast, line: Channel) -> None:
    """Whoever writes can be written to again; and the word is a message."""
    text(here, line, "The bus is late")
    OptOut.objects.create(channel="sms", address=NUMBER, reason="unknown number", at=timezone.now())
    assert text(here, line, "YES", sid="SM2").state == "done"
    assert OptOut.objects.get().lifted_at is not None


@pytest.mark.parametrize("body", ["stop the bus from leaving early", "please cancel the bus for tomorrow", "no more"])
def test_a_request_ends_nothing(here: Cast, line: Channel, body: str) -> None:
    text(here, line, body)
    assert Ticket.objects.count() == 1
    assert not OptOut.objects.exists()


def test_administrators_read_why(here: Cast, line: Channel) -> None:
    text(here, line, "stop texting me")
    (row,) = told_of(list(OptOut.objects.all()), now=timezone.now())
    assert row.why.startswith("Somebody there asked in their own words for no more texts.")


def test_help_in_spanish_is_answered_in_spanish_to_come(here: Cast, line: Channel) -> None:
    assert text(here, line, "Ayuda").reason == "keyword help"
    assert Delivery.objects.get().purpose == "help"


def test_a_short_code_makes_a_quiet_ticket(here: Cast, line: Channel) -> None:
    envelope = text(here, line, "Your parcel is on its way", sender="22395")
    assert (envelope.state, envelope.reason) == ("done", "no-reply sender")
    assert not Delivery.objects.exists()
