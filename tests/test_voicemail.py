"""The telephone: what a caller hears, the recording and its transcript in either order, and who called."""

import io
import re
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from django.utils import timezone
from pytest_django import Settings

from delivery.models import Delivery
from districts.models import ContactPoint, Person
from districts.scope import district_scope
from intake.models import Channel, Envelope
from intake.phone import media, numbers, telephone
from intake.receiving import receive
from routing.placing import place
from routing.words import whole_text
from tests.conftest import Cast, sign_in
from tests.test_sms_fetching import Store, gives, serve, status
from tests.texting import ACCOUNT, NUMBER, SECRET, a_line, of_the_house, post
from tickets import actions as tickets
from tickets import files
from tickets.models import Attachment, Message, Ticket

RECORDING = "RE0123456789abcdef0123456789abcdef"


@pytest.fixture
def line(here: Cast) -> Channel:
    here.district.sms_codes = ["1"]
    type(here.district).objects.filter(id=here.district.id).update(phone="+19165550100")
    return a_line("phone")


@pytest.fixture
def twilio(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    settings.MEDIA_FROM_HERE, settings.MEDIA_ROOT = True, tmp_path
    monkeypatch.setattr(media, "FETCHING", 1.0)
    monkeypatch.setitem(media._rest, "until", 0.0)
    for store in serve(None):
        store.say[f"{address()}.mp3"] = gives(a_wave())
        yield store


def a_wave(seconds: int = 1) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as made:  # type: ignore[no-untyped-call]
        made.setnchannels(1)
        made.setsampwidth(1)
        made.setframerate(8000)
        made.writeframes(bytes([128]) * 8000 * seconds)
    return out.getvalue()


def address() -> str:
    return f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}"


def back(here: Cast, line: Channel, form: dict[str, str], *, caller: str = NUMBER, **more: str) -> Envelope:
    """One of the two callbacks, received."""
    query = urlencode({"caller": caller, **more})
    answer = post(f"/hooks/voicemail/{line.id}?{query}", {"AccountSid": ACCOUNT, "CallSid": "CA1", "RecordingSid": RECORDING, **form})
    assert answer.status_code == 200, answer.content
    receive.drain(here.district.id)
    newest: Envelope = Envelope.objects.exclude(meta__has_key="late").latest("received_at")
    return newest


def recorded(here: Cast, line: Channel, store: Store, **more: str) -> Envelope:
    form = {"RecordingUrl": f"http://127.0.0.1:{store.port}{address()}", "RecordingStatus": "completed", "RecordingDuration": "42"}
    return back(here, line, {**form, **more})


def heard(here: Cast, line: Channel, words: str = "The bus did not come to Maple and 5th", **more: str) -> Envelope:
    form = {"TranscriptionSid": "TR1", "TranscriptionText": words, "TranscriptionStatus": "completed", "From": NUMBER}
    return back(here, line, {**form, **more})


# --- recording and transcript -----------------------------------------------------------------------------------------


def test_a_recording_becomes_a_ticket_with_the_recording(here: Cast, line: Channel, twilio: Store) -> None:
    envelope = recorded(here, line, twilio)
    ticket, file = Ticket.objects.get(), Attachment.objects.get()
    assert (envelope.state, envelope.channel, envelope.external_id) == ("done", "phone", RECORDING)
    assert (ticket.channel, ticket.subject, Message.objects.get().text) == ("phone", "[voicemail, 42 s]", "❘ [voicemail, 42 s]")
    assert (file.name, file.content_type) == ("voicemail.wav", "audio/wav"), "told by its bytes"
    assert files.read(file)[:4] == b"RIFF"
    assert twilio.asked[0][0].endswith(".mp3")
    assert ContactPoint.objects.get(person=ticket.requester).value == NUMBER
    assert Delivery.objects.get(purpose="ack").address == NUMBER


@pytest.mark.parametrize("first", ["recording", "transcript"])
def test_the_two_are_one_ticket_in_either_order_and_twice(here: Cast, line: Channel, twilio: Store, first: str) -> None:
    acts: list[Callable[[], Envelope]] = [lambda: recorded(here, line, twilio), lambda: heard(here, line)]
    for act in (acts if first == "recording" else acts[::-1]) * 2:
        assert act().state == "done"
    ticket = Ticket.objects.get()
    texts = sorted(Message.objects.filter(ticket=ticket).values_list("text", flat=True))
    assert texts == ["❘ [voicemail, 42 s]", "❘ [voicemail, as a machine heard it]\nThe bus did not come to Maple and 5th"]
    assert Attachment.objects.count() == 1
    assert Envelope.objects.count() == 2
    assert Delivery.objects.filter(purpose="ack").count() == 1


def test_the_same_callback_in_other_words_is_once(here: Cast, line: Channel, twilio: Store) -> None:
    """A retry may bring the fields in another order, and others."""
    for more in ({}, {"ApiVersion": "2010-04-01"}, {"ErrorCode": "11200", "ErrorUrl": "https://cedar.localhost/x"}):
        heard(here, line, **more)
        recorded(here, line, twilio, **more)
    assert (Envelope.objects.count(), Message.objects.count(), Attachment.objects.count()) == (2, 2, 1)


def test_both_at_once_are_one_ticket(here: Cast, line: Channel, twilio: Store) -> None:
    query = urlencode({"caller": NUMBER})
    for form in ({"RecordingUrl": f"http://127.0.0.1:{twilio.port}{address()}"}, {"TranscriptionText": "The bus is late"}):
        post(f"/hooks/voicemail/{line.id}?{query}", {"RecordingSid": RECORDING, **form})
    receive.drain(here.district.id)
    assert (Ticket.objects.count(), Message.objects.count()) == (1, 2)


def test_words_of_danger_in_a_transcript_are_heard(here: Cast, line: Channel, twilio: Store) -> None:
    recorded(here, line, twilio)
    ticket = Ticket.objects.get()
    place(ticket.id, now=timezone.now())
    heard(here, line, "my son says he wants to kill himself")
    assert ticket.refresh().crisis
    assert ticket.team == here.safety


def test_a_transcript_places_what_nobody_has_touched(here: Cast, line: Channel, twilio: Store) -> None:
    recorded(here, line, twilio)
    ticket = Ticket.objects.get()
    place(ticket.id, now=timezone.now())
    assert ticket.refresh().team == here.front_office
    heard(here, line, "the bus did not come, where is the bus")
    assert ticket.refresh().placed_at is None, "triage looks once more"
    assert ticket.subject == "the bus did not come, where is the bus", "and lists name it by its words"
    place(ticket.id, now=timezone.now())
    assert ticket.refresh().placed_at is not None
    found = sign_in(here.alice, here.district).get("/desk/", {"q": "where bus"}).content.decode()
    assert f"#{ticket.number}" in found, "and are found by them"


def test_what_a_person_has_touched_stays_where_it_is(here: Cast, line: Channel, twilio: Store) -> None:
    recorded(here, line, twilio)
    ticket = Ticket.objects.get()
    place(ticket.id, now=timezone.now())
    tickets.assign(ticket.refresh(), to=here.olive, by=here.olive, now=timezone.now())
    heard(here, line, "the bus did not come, where is the bus")
    assert ticket.refresh().placed_at is not None
    assert ticket.assignee == here.olive


def test_how_it_came_says_nothing_of_whose_it_is(here: Cast, line: Channel, twilio: Store) -> None:
    """A team that looks after the telephones would get every voicemail."""
    recorded(here, line, twilio)
    ticket = Ticket.objects.get()
    texts = Message.objects.filter(ticket=ticket).values_list("text", flat=True)
    assert whole_text(ticket.subject, texts, channel=ticket.channel) == ""
    heard(here, line, "my voicemail does not work")
    ticket.refresh()
    assert whole_text(ticket.subject, texts.all(), channel=ticket.channel).strip() == "my voicemail does not work"


def test_a_recording_that_is_not_there_yet_comes_later(here: Cast, line: Channel, twilio: Store) -> None:
    ready = twilio.say.pop(f"{address()}.mp3")
    recorded(here, line, twilio)
    assert Message.objects.get().text == "❘ [voicemail, 42 s]\n\n[File not here yet: voicemail. It is being fetched.]"
    twilio.say[f"{address()}.mp3"] = ready
    Envelope.objects.filter(state="pending").update(lease_until=None)
    receive.drain(here.district.id)
    assert Message.objects.get().text == "❘ [voicemail, 42 s]"
    assert Attachment.objects.count() == 1


def test_what_is_no_sound_is_not_kept(here: Cast, line: Channel, twilio: Store) -> None:
    twilio.say[f"{address()}.mp3"] = gives(b"MZ\x90\x00 a program")
    recorded(here, line, twilio)
    assert not Attachment.objects.exists()
    assert Message.objects.get().text.endswith("[File not kept: voicemail. The recording cannot be played: call back.]")


@pytest.mark.parametrize(
    "form",
    [{"RecordingStatus": "absent"}, {"RecordingStatus": "in-progress"}, {"RecordingDuration": "0"}, {"RecordingUrl": ""}],
)
def test_nothing_recorded_is_no_ticket(here: Cast, line: Channel, twilio: Store, form: dict[str, str]) -> None:
    envelope = recorded(here, line, twilio, **form)
    assert (envelope.state, envelope.reason) == ("screened", "nothing was said")


def test_a_transcript_that_failed_is_no_message(here: Cast, line: Channel, twilio: Store) -> None:
    recorded(here, line, twilio)
    assert heard(here, line, "", TranscriptionStatus="failed").state == "screened"
    assert Message.objects.count() == 1


# --- who called -------------------------------------------------------------------------------------------------------


def test_a_caller_we_know_is_recognised(here: Cast, line: Channel, twilio: Store) -> None:
    here.pat.contact_points.create(kind="phone", value=NUMBER)
    recorded(here, line, twilio)
    assert Ticket.objects.get().requester == here.pat


@pytest.mark.parametrize("caller", ["anonymous", "+266696687", "Restricted", "", "sip:x@y"])
def test_a_hidden_number_is_taken_all_the_same(here: Cast, line: Channel, twilio: Store, caller: str) -> None:
    before = Person.objects.count()
    form = {"RecordingUrl": f"http://127.0.0.1:{twilio.port}{address()}", "RecordingDuration": "42"}
    back(here, line, form, caller=caller)
    back(here, line, {"TranscriptionText": "the bus is late"}, caller=caller)
    assert Message.objects.filter(ticket=Ticket.objects.get()).count() == 2
    assert Person.objects.count() == before + 1
    assert not Delivery.objects.exists()


def test_no_text_goes_abroad(here: Cast, line: Channel) -> None:
    back(here, line, {"TranscriptionText": "the bus is late"}, caller="+447723456789")
    assert Ticket.objects.count() == 1
    assert not Delivery.objects.exists()


def test_a_district_without_a_number_for_texts_sends_none(here: Cast, line: Channel, settings: Settings) -> None:
    type(here.district).objects.filter(id=here.district.id).update(phone="(916) 555-0100")
    settings.SMS_FROM = ""
    back(here, line, {"TranscriptionText": "the bus is late"})
    assert Ticket.objects.count() == 1
    assert not Delivery.objects.exists()


# --- the doors --------------------------------------------------------------------------------------------------------


def test_wrong_calls_are_refused(here: Cast, line: Channel, oak: Cast) -> None:
    form = {"RecordingSid": RECORDING, "TranscriptionText": "hi"}
    for door in ("voicemail", "voice"):
        assert post(f"/hooks/{door}/{line.id}", form, secret="guessed").status_code == 403
        assert post(f"/hooks/{door}/{line.id}", form, host="oak.localhost").status_code == 404
    assert post(f"/hooks/voicemail/{line.id}", {"CallSid": "CA1"}).status_code == 400
    assert post(f"/hooks/voicemail/{line.id}", {"RecordingSid": "../../x"}).status_code == 400
    assert post(f"/hooks/sms/{line.id}", form).status_code == 404, "a number for calls takes no texts"
    numbers.switch(line, active=False, by=None)
    assert post(f"/hooks/voice/{line.id}", form).status_code == 404
    assert not Envelope.objects.exists()


def test_the_caller_in_our_own_address_is_signed_too(here: Cast, line: Channel) -> None:
    """Nobody can put another number there."""
    path = f"/hooks/voicemail/{line.id}?caller=%2B19165550144"
    assert post(path, {"RecordingSid": RECORDING, "TranscriptionText": "hi"}).status_code == 200
    other = post(path.replace("0144", "0199"), {"RecordingSid": RECORDING, "TranscriptionText": "hi"}, secret="guessed")
    assert other.status_code == 403


def test_the_products_own_account_may_sign(here: Cast, line: Channel, settings: Settings) -> None:
    of_the_house(settings)
    form = {"From": NUMBER}
    assert post(f"/hooks/voice/{line.id}", form, secret="").status_code == 403
    settings.TWILIO_AUTH_TOKEN = "the product's own"
    assert post(f"/hooks/voice/{line.id}", form, secret="the product's own").status_code == 200
    assert post(f"/hooks/voice/{line.id}", form, secret=SECRET).status_code == 403


# --- what is heard ----------------------------------------------------------------------------------------------------


def twiml(line: Channel, query: str = "", **form: str) -> ElementTree.Element:
    answer = post(f"/hooks/voice/{line.id}{query}", {"CallSid": "CA1", "From": NUMBER, "To": line.address, **form})
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml")
    return ElementTree.fromstring(answer.content)


def test_the_crisis_line_comes_first_in_every_language(here: Cast, line: Channel) -> None:
    type(here.district).objects.filter(id=here.district.id).update(crisis_phone="916-555-0199")
    said = twiml(line)
    first, english, spanish, *rest = said
    assert (first.text, first.attrib["language"]) == ("Cedar", "en-US")
    assert english.text == "In danger now? Call 9 1 1. Crisis line: call or text 9 8 8, or 9 1 6, 5 5 5, 0 1 9 9."
    assert spanish.attrib["language"] == "es-MX"
    assert [one.tag for one in rest] == ["Gather", "Say", "Record", "Say", "Hangup"]


def test_the_recording_comes_back_to_our_own_doors(here: Cast, line: Channel) -> None:
    record = next(one for one in twiml(line) if one.tag == "Record")
    door = f"http://cedar.localhost/hooks/voicemail/{line.id}?caller=%2B19165550144&language=en"
    assert record.attrib["recordingStatusCallback"] == record.attrib["transcribeCallback"] == door
    assert (record.attrib["transcribe"], record.attrib["maxLength"], record.attrib["finishOnKey"]) == ("true", "120", "#")
    assert record.attrib["action"].startswith(f"http://cedar.localhost/hooks/voice/{line.id}?step=done")


def test_a_key_chooses_spanish_which_no_machine_writes_down(here: Cast, line: Channel, twilio: Store) -> None:
    said = twiml(line, "?step=language&caller=%2B19165550144", Digits="2")
    assert [one.tag for one in said] == ["Say", "Record", "Say", "Hangup"]
    assert said[0].attrib["language"] == "es-MX"
    assert said[1].attrib["transcribe"] == "false"
    assert "language=es" in said[1].attrib["recordingStatusCallback"]
    back(here, line, {"RecordingUrl": f"http://127.0.0.1:{twilio.port}{address()}", "RecordingDuration": "42"}, language="es")
    assert Ticket.objects.get().language == "es"


@pytest.mark.parametrize("key", ["1", "9", "0", "#", ""])
def test_any_other_key_is_the_first_language(here: Cast, line: Channel, key: str) -> None:
    assert twiml(line, "?step=language", Digits=key)[0].attrib["language"] == "en-US"


def test_thanks_and_goodbye(here: Cast, line: Channel) -> None:
    said = twiml(line, "?step=done&language=en", RecordingUrl="x")
    assert [one.tag for one in said] == ["Say", "Hangup"]
    assert twiml(line, "?step=done&language=xx")[0].attrib["language"] == "en-US"


def test_a_district_of_one_language_offers_no_choice(here: Cast, line: Channel) -> None:
    type(here.district).objects.filter(id=here.district.id).update(languages=["en", "vi"])
    assert "Gather" not in [one.tag for one in twiml(line)]


def test_markup_in_a_districts_name_is_only_said(here: Cast, line: Channel) -> None:
    type(here.district).objects.filter(id=here.district.id).update(name="<Dial>900</Dial> & Sons")
    assert twiml(line)[0].text == "<Dial>9 0 0</Dial> & Sons"
    assert not [one for one in twiml(line).iter() if one.tag == "Dial"]


def test_numbers_are_said_digit_by_digit() -> None:
    assert telephone._spoken("Call 988, or (916) 555-0199.") == "Call 9 8 8, or 9 1 6, 5 5 5, 0 1 9 9."


# --- at the desk ------------------------------------------------------------------------------------------------------


def test_it_can_be_played_at_the_desk(here: Cast, line: Channel, twilio: Store) -> None:
    recorded(here, line, twilio)
    client = sign_in(here.alice, here.district)
    page: Any = client.get(f"/desk/{Ticket.objects.get().id}/").content.decode()
    found = re.search(r'<audio controls[^>]* src="([^"]+)"', page)
    assert found
    answer = client.get(found[1], follow=True)
    assert (answer.status_code, answer["Content-Type"]) == (200, "audio/wav")
    assert answer["X-Content-Type-Options"] == "nosniff"
    part = client.get(found[1], headers={"Range": "bytes=0-3"}, follow=True)
    assert (part.status_code, part.getvalue(), part["Content-Range"]) == (206, b"RIFF", f"bytes 0-3/{len(a_wave())}")


def test_another_district_hears_nothing(here: Cast, line: Channel, twilio: Store, oak: Cast) -> None:
    recorded(here, line, twilio)
    with district_scope(oak.district.id):
        assert not Ticket.objects.filter(channel="phone").exists()


def test_a_refused_answer_of_the_provider_costs_no_words(here: Cast, line: Channel, twilio: Store) -> None:
    twilio.say[f"{address()}.mp3"] = status(410)
    recorded(here, line, twilio)
    assert Message.objects.get().text == "❘ [voicemail, 42 s]\n\n[File not kept: voicemail. It could not be fetched.]"
