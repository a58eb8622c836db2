"""Three days later: the words get a ticket at once, and a question asks, once, where they belong."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from delivery.models import Delivery, OptOut
from intake.models import Channel, Envelope, SmsAsk
from intake.receiving import receive
from routing.placing import place
from tests.conftest import Cast
from tests.texting import NUMBER, a_line, call, text
from tickets import actions as tickets
from tickets.models import Event, Link, Message, Ticket

FOUR_DAYS = timedelta(days=4)


@pytest.fixture
def line(here: Cast) -> Channel:
    return a_line()


@pytest.fixture
def old(here: Cast, line: Channel) -> Ticket:
    """A conversation by text of four days ago."""
    text(here, line, "Bus 12 is late again, at Maple and 5th, every morning", sid="SM0")
    return aged(Ticket.objects.get())


def aged(ticket: Ticket, by: timedelta = FOUR_DAYS) -> Ticket:
    at = timezone.now() - by
    Message.objects.filter(ticket=ticket).update(at=at)
    Ticket.objects.filter(id=ticket.id).update(facts_at=at, derived_at=at, opened_at=at)
    return ticket.refresh()


def newest() -> Ticket:
    return Ticket.objects.order_by("-number")[0]


def question() -> Delivery:
    return Delivery.objects.get(purpose="ask")


def test_late_words_have_a_ticket_at_once_and_a_question(here: Cast, line: Channel, old: Ticket) -> None:
    envelope = text(here, line, "Where is the bus?")
    new = newest()
    assert (envelope.state, envelope.ticket_ref, new.id == old.id) == ("done", new.id, False)
    assert Link.objects.get(ticket=new).kind == Link.Kind.MAY_BELONG
    assert question().body == (
        f"Is #{new.number} about #{old.number} (Bus 12 is late again, at Maple and...)? "
        "Reply YES to add it there, NO if it is something new."
    )
    ack = Delivery.objects.get(purpose="ack", about=new.id)
    assert question().not_before > ack.not_before, "read after the acknowledgement"
    assert (question().address, question().about) == (NUMBER, new.id)


@pytest.mark.parametrize("word", ["YES", "sí", "Si.", "y", "1"])
def test_yes_makes_one_of_two(here: Cast, line: Channel, old: Ticket, word: str) -> None:
    text(here, line, "Where is the bus?")
    new = newest()
    place(new.id, now=timezone.now())
    envelope = text(here, line, word, sid="SM2")
    assert (envelope.state, envelope.reason, envelope.ticket_ref) == ("done", "answer to our question", new.id)
    assert Message.objects.get(envelope_ref=envelope.id).ticket == new, "what they answered stands in its conversation"
    assert new.refresh().merged_into == old
    assert SmsAsk.objects.get().answer == "yes"
    assert old.refresh().is_live
    assert (
        Event.objects.get(ticket=new, kind=Event.Kind.MERGED)
        .data["why"]
        .endswith(f"answered by text that it belongs to #{old.number}.")
    )
    text(here, line, "It is bus 12", sid="SM3")
    assert Message.objects.get(text="It is bus 12").ticket == old, "and goes on there"
    assert Ticket.objects.count() == 2


@pytest.mark.parametrize("word", ["NO", "n", "2"])
def test_no_ends_the_question(here: Cast, line: Channel, old: Ticket, word: str) -> None:
    text(here, line, "My lunch card is lost")
    new = newest()
    assert text(here, line, word, sid="SM2").reason == "answer to our question"
    assert (new.refresh().merged_into, SmsAsk.objects.get().answer) == (None, "no")
    text(here, line, "It is a blue card", sid="SM3")
    assert Message.objects.get(text="It is a blue card").ticket == new


def test_anything_else_is_the_next_message_of_the_new_one(here: Cast, line: Channel, old: Ticket) -> None:
    text(here, line, "Where is the bus?")
    text(here, line, "yes it is the same bus", sid="SM2")
    assert Message.objects.get(text="yes it is the same bus").ticket == newest()
    assert SmsAsk.objects.get().answered_at is None
    assert text(here, line, "YES", sid="SM3").reason == "", "it is no answer any more, after other words of theirs"
    assert (newest().merged_into, SmsAsk.objects.get().answer) == (None, "late")


@pytest.mark.parametrize("word", ["NO", "YES"])
@pytest.mark.parametrize("about", ["new", "old"])
def test_what_a_person_asked_since_is_answered_to_them(here: Cast, line: Channel, old: Ticket, word: str, about: str) -> None:
    text(here, line, "My son missed lunch today")
    new = newest()
    place(new.id, now=timezone.now())
    words = tickets.Words(text="Is he allergic to peanuts? Please answer yes or no.")
    tickets.reply(new.refresh() if about == "new" else old.refresh(), by=here.alice, words=words, now=timezone.now(), wait=True)
    assert Delivery.objects.get(purpose="reply").address == NUMBER
    envelope = text(here, line, word, sid="SM2")
    assert (envelope.state, envelope.reason) == ("done", "")
    assert Message.objects.get(text=word).envelope_ref == envelope.id
    assert (new.refresh().merged_into, SmsAsk.objects.get().answer) == (None, "late")


def test_an_answer_that_waited_for_the_morning_and_left_since_counts_too(here: Cast, line: Channel, old: Ticket) -> None:
    tickets.reply(old, by=here.alice, words=tickets.Words(text="Is it still late?"), now=timezone.now())
    text(here, line, "My son missed lunch today")
    Delivery.objects.filter(purpose="reply").update(state="sent", sent_at=timezone.now())
    assert text(here, line, "YES", sid="SM2").reason == ""
    assert newest().merged_into is None


def test_an_answer_is_read_by_whoever_works_on_it(here: Cast, line: Channel, old: Ticket) -> None:
    """It may have been meant for them."""
    text(here, line, "My lunch card is lost")
    new = newest()
    place(new.id, now=timezone.now())
    tickets.assign(new.refresh(), to=here.alice, by=here.alice, now=timezone.now())
    envelope = text(here, line, "NO", sid="SM2")
    assert [(m.text, m.envelope_ref) for m in Message.objects.filter(ticket=new).order_by("at")][-1] == ("NO", envelope.id)
    assert Delivery.objects.filter(dedupe_key__startswith=f"wrote:{envelope.id}", person=here.alice).exists()


def test_a_yes_that_nobody_asked_for_is_a_message(here: Cast, line: Channel) -> None:
    assert text(here, line, "YES").state == "done"
    assert Ticket.objects.get().subject == "YES"
    assert not OptOut.objects.exists()


def test_the_second_yes_is_a_message(here: Cast, line: Channel, old: Ticket) -> None:
    text(here, line, "Where is the bus?")
    text(here, line, "YES", sid="SM2")
    second = text(here, line, "YES", sid="SM3")
    assert (second.state, second.reason) == ("done", "")
    assert Message.objects.get(envelope_ref=second.id).ticket == old


def test_the_same_yes_twice_is_once(here: Cast, line: Channel, old: Ticket) -> None:
    text(here, line, "Where is the bus?")
    for _ in range(2):
        text(here, line, "YES", sid="SM2")
    assert Message.objects.filter(text="YES").count() == 1
    assert Envelope.objects.filter(external_id="SM2").count() == 1


def test_a_question_older_than_72_hours_eats_no_yes(here: Cast, line: Channel, old: Ticket) -> None:
    text(here, line, "Where is the bus?")
    new = newest()
    SmsAsk.objects.update(asked_at=timezone.now() - timedelta(hours=73))
    assert text(here, line, "YES", sid="SM2").state == "done"
    assert Message.objects.get(text="YES").ticket == new
    assert (SmsAsk.objects.get().answer, new.refresh().merged_into) == ("late", None)


def test_one_question_a_number(here: Cast, line: Channel, old: Ticket) -> None:
    text(here, line, "Where is the bus?")
    aged(newest())
    text(here, line, "And my lunch card?", sid="SM2")
    assert Ticket.objects.count() == 3
    assert SmsAsk.objects.count() == Delivery.objects.filter(purpose="ask").count() == 1


def test_within_72_hours_nothing_is_asked(here: Cast, line: Channel, old: Ticket) -> None:
    aged(old, timedelta(hours=71))
    text(here, line, "Where is the bus?")
    assert Message.objects.get(text="Where is the bus?").ticket == old
    assert not SmsAsk.objects.exists()


def test_a_change_of_the_calendar_is_no_word_of_the_conversation(here: Cast, line: Channel, old: Ticket) -> None:
    tickets.touch_live(now=timezone.now())
    text(here, line, "Where is the bus?")
    assert newest() != old
    assert SmsAsk.objects.get().about == old


@pytest.mark.parametrize("days", [3, 20])
def test_what_is_over_is_asked_about_while_it_can_be_opened_again(here: Cast, line: Channel, old: Ticket, days: int) -> None:
    at = timezone.now() - timedelta(days=days, hours=1)
    tickets.resolve(old, by=here.alice, now=at)
    Ticket.objects.filter(id=old.id).update(resolved_at=at, facts_at=at)
    text(here, line, "Where is the bus?")
    assert SmsAsk.objects.exists() == (days == 3)
    if days == 3:
        text(here, line, "YES", sid="SM2")
        assert old.refresh().is_live, "a need that is open is not lost in what is over"


def test_words_of_danger_are_heard_and_nothing_is_asked(here: Cast, line: Channel, old: Ticket) -> None:
    text(here, line, "I want to kill myself")
    place(newest().id, now=timezone.now())
    assert newest().crisis
    assert not SmsAsk.objects.exists()


def test_what_may_not_be_merged_is_told_to_staff(here: Cast, line: Channel, old: Ticket) -> None:
    text(here, line, "Where is the bus?")
    new = newest()
    Ticket.objects.filter(id=new.id).update(sensitive=True)
    assert text(here, line, "YES", sid="SM2").reason == "answer to our question"
    assert new.refresh().merged_into is None
    assert f"belongs to #{old.number}" in Message.objects.get(ticket=new, kind=Message.Kind.NOTE).text


def test_no_subject_of_a_sensitive_ticket_goes_to_a_number(here: Cast, line: Channel, old: Ticket) -> None:
    """The number may have another owner by now."""
    Ticket.objects.filter(id=old.id).update(sensitive=True)
    text(here, line, "Where is the bus?")
    assert f"about #{old.number}? Reply" in question().body
    assert "Bus" not in question().body


def test_to_a_number_that_opted_out_nothing_is_asked_and_its_yes_means_texts_again(here: Cast, line: Channel, old: Ticket) -> None:
    text(here, line, "STOP", sid="SM1")
    text(here, line, "Where is the bus?", sid="SM2")
    assert not SmsAsk.objects.exists()
    assert text(here, line, "YES", sid="SM3").reason == "keyword start"
    assert not OptOut.objects.exists()


def test_stop_ends_the_question(here: Cast, line: Channel, old: Ticket) -> None:
    text(here, line, "Where is the bus?")
    text(here, line, "STOP", sid="SM2")
    text(here, line, "START", sid="SM3")
    assert text(here, line, "YES", sid="SM4").state == "done"
    assert newest().merged_into is None


def test_many_answers_at_once_are_counted(here: Cast, line: Channel, old: Ticket) -> None:
    """accepted = tickets + messages + screened"""
    bodies = ["Where is the bus?", "YES", "thanks", "NO", "Sí", "bus 12"]
    for number, body in enumerate(bodies):
        call(line, body, sid=f"SM{number + 1}")
    receive.drain(here.district.id)
    rows: Any = Envelope.objects.exclude(external_id="SM0")
    written = Message.objects.exclude(envelope_ref=None).exclude(ticket=old, text__startswith="Bus 12 is late").count()
    assert rows.count() == len(bodies) == written + rows.filter(state="screened").count()


def test_the_question_is_asked_in_their_language(here: Cast, line: Channel, old: Ticket) -> None:
    text(here, line, "¿Dónde está el autobús de mi hija?")
    assert newest().language == "es"
    assert question().address == NUMBER
