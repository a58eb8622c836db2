"""Twilio's webhook, conversations by number, and the words that end them."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from twilio.request_validator import RequestValidator

from delivery import actions as delivery
from delivery.models import Delivery, Line, OptOut
from delivery.sending import drain
from districts.scope import district_scope
from intake.models import Channel, Envelope, SmsAsk
from intake.receiving import receive
from intake.standing import forget_standing
from tests.conftest import Cast, a_ticket
from tests.texting import NUMBER, SECRET, a_line, call, text
from tickets import actions as tickets
from tickets.models import Message, Ticket


@pytest.fixture
def line(here: Cast) -> Channel:
    return a_line()


def test_a_signed_text_is_written_down_and_answered_empty(here: Cast, line: Channel) -> None:
    answer = call(line, "The bus did not come")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml")
    assert answer.content.endswith(b"<Response></Response>")
    envelope = Envelope.objects.get()
    assert (envelope.state, envelope.external_id, envelope.source) == ("pending", "SM1", line)
    assert receive.drain(here.district.id) == 1
    ticket = Ticket.objects.get()
    assert (ticket.channel, ticket.subject) == ("sms", "The bus did not come")
    assert (Delivery.objects.get().channel, Delivery.objects.get().address) == ("sms", NUMBER)


def test_the_address_is_signed_as_the_sender_saw_it_behind_a_proxy(here: Cast, line: Channel, settings: Any) -> None:
    settings.PUBLIC_SCHEME = "https"
    form = {"MessageSid": "SM1", "From": NUMBER, "Body": "hi"}
    path = f"/hooks/sms/{line.id}?x=1"
    signature = RequestValidator(SECRET).compute_signature(f"https://cedar.localhost{path}", form)
    client = Client(HTTP_HOST="cedar.localhost:8000")
    kind = "application/x-www-form-urlencoded"
    assert client.post(path, urlencode(form), content_type=kind, headers={"X-Twilio-Signature": signature}).status_code == 200


@pytest.mark.parametrize("case", ["wrong secret", "no signature", "other words", "door without a secret"])
def test_a_wrong_signature_is_refused_and_nothing_is_kept(here: Cast, line: Channel, case: str) -> None:
    if case == "wrong secret":
        answer = call(line, "hi", secret="guessed")
    elif case == "door without a secret":
        Line.objects.all().delete()
        forget_standing()
        answer = call(line, "hi", secret="")
    else:
        form = {"MessageSid": "SM1", "From": NUMBER, "Body": "hi"}
        path = f"/hooks/sms/{line.id}"
        signature = RequestValidator(SECRET).compute_signature(f"http://cedar.localhost{path}", form)
        sent = urlencode({**form, "Body": "other"} if case == "other words" else form)
        headers = {"X-Twilio-Signature": signature} if case == "other words" else {}
        client = Client(HTTP_HOST="cedar.localhost")
        answer = client.post(path, sent, content_type="application/x-www-form-urlencoded", headers=headers)
    assert answer.status_code == 403
    assert not Envelope.objects.exists()


def test_another_districts_door_is_not_there(here: Cast, line: Channel, oak: Cast) -> None:
    assert call(line, "hi", host="oak.localhost").status_code == 404
    assert call(line, "hi", host="nobody.localhost").status_code == 404
    assert Client(HTTP_HOST="cedar.localhost").get(f"/hooks/sms/{line.id}").status_code == 405


def test_a_form_without_an_id_or_a_sender_is_refused(here: Cast, line: Channel) -> None:
    assert call(line, "hi", sid="").status_code == 400
    assert call(line, "hi", sender="").status_code == 400


def test_the_same_message_twice_is_once(here: Cast, line: Channel) -> None:
    text(here, line, "The bus")
    text(here, line, "The bus")
    assert (Envelope.objects.count(), Ticket.objects.count()) == (1, 1)


def test_a_second_text_joins_the_conversation_for_72_hours(here: Cast, line: Channel) -> None:
    text(here, line, "The bus did not come")
    text(here, line, "It is bus 14", sid="SM2")
    ticket = Ticket.objects.get()
    assert list(Message.objects.filter(ticket=ticket).order_by("at").values_list("text", flat=True)) == [
        "The bus did not come",
        "It is bus 14",
    ]
    assert not SmsAsk.objects.exists()


def test_a_text_after_the_answer_takes_the_conversation_up_again(here: Cast, line: Channel) -> None:
    text(here, line, "The bus did not come")
    tickets.resolve(Ticket.objects.get(), by=here.alice, now=timezone.now())
    text(here, line, "It did not come today either", sid="SM2")
    assert Ticket.objects.get().status == Ticket.Status.OPEN


def test_a_number_does_not_join_a_conversation_by_mail(here: Cast, line: Channel) -> None:
    here.pat.contact_points.create(kind="phone", value=NUMBER)
    mine = a_ticket(here, now=timezone.now())
    text(here, line, "Another thing")
    assert Ticket.objects.exclude(id=mine.id).get().requester == here.pat


@pytest.mark.parametrize("word", ["STOP", "stop.", " Stop ", "REVOKE", "OptOut", "opt-out", "STOPALL", "Unsubscribe", "CANCEL", "end"])
def test_stop_words_end_it(here: Cast, line: Channel, word: str) -> None:
    envelope = text(here, line, word)
    assert (envelope.state, envelope.reason) == ("screened", "keyword stop")
    assert (OptOut.objects.get().address, OptOut.objects.get().channel) == (NUMBER, "sms")
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("body", ["Stop sending the bus so early", "please help my son", "yes", "the end of the line"])
def test_sentences_are_requests(here: Cast, line: Channel, body: str) -> None:
    assert text(here, line, body).state == "done"
    assert not OptOut.objects.exists()


def test_after_stop_a_request_is_still_received_and_start_begins_again(here: Cast, line: Channel) -> None:
    delivery.opt_out(channel="sms", address=NUMBER, reason="texted STOP", now=timezone.now())
    text(here, line, "The bus did not come")
    Delivery.objects.update(not_before=timezone.now())
    drain(here.district.id)
    assert Delivery.objects.get().state == Delivery.State.SUPPRESSED
    text(here, line, "START", sid="SM2")
    assert not OptOut.objects.exists()


def test_the_providers_own_reading_of_a_keyword_counts(here: Cast, line: Channel) -> None:
    assert text(here, line, "ARRET", OptOutType="STOP").reason == "keyword stop"


def test_help_is_answered_with_the_crisis_line_first_and_once(here: Cast, line: Channel) -> None:
    type(here.district).objects.filter(id=here.district.id).update(phone="916 555 0100", crisis_phone="988")
    text(here, line, "HELP")
    text(here, line, "help", sid="SM2")
    answer = Delivery.objects.get()
    assert answer.body.startswith("In danger now? Call 911 or 988.")
    assert "STOP" in answer.body


def test_null_bytes_and_odd_senders(here: Cast, line: Channel) -> None:
    assert text(here, line, "The b\0us").state == "done"
    assert Message.objects.get().text == "The bus"
    assert text(here, line, "Your code is 1", sid="SM2", sender="AMAZON").state == "dead"


def test_texts_of_two_districts_do_not_meet(here: Cast, line: Channel, oak: Cast) -> None:
    text(here, line, "The bus did not come")
    with district_scope(oak.district.id):
        other = a_line()
        assert call(other, "The bus did not come", host="oak.localhost").status_code == 200
        receive.drain(oak.district.id)
        assert Ticket.objects.filter(channel="sms").count() == 1
    assert Ticket.objects.count() == 1
