"""The same text or recording told twice is one, though Twilio tells it with other fields the second time."""

from urllib.parse import urlencode

import pytest

from intake.channels.callbacks import digest
from intake.models import Envelope
from tests.conftest import Cast
from tests.texting import a_line, text
from tickets.models import Message

FALLBACK = {"ErrorCode": "11200", "ErrorUrl": "https://cedar.localhost/hooks/sms/x"}


@pytest.mark.parametrize("more", [{}, FALLBACK, {"ApiVersion": "2010-04-01", "SmsStatus": "received", "FromCity": "DAVIS"}])
def test_a_text_that_is_told_again_is_one(here: Cast, more: dict[str, str]) -> None:
    line = a_line()
    text(here, line, "Bus 12 is late")
    text(here, line, "Bus 12 is late", **more)
    assert Envelope.objects.count() == Message.objects.count() == 1


@pytest.mark.parametrize(
    "more", [{"Body": "Bus 13 is late"}, {"From": "+19165550145"}, {"NumMedia": "1", "MediaUrl0": "https://x.example/"}]
)
def test_a_reused_id_with_another_message_is_another(here: Cast, more: dict[str, str]) -> None:
    assert digest(said(**more)) != digest(said())


def test_neither_order_nor_what_is_said_of_the_call_itself_makes_another() -> None:
    assert digest(said(**FALLBACK)) == digest(b"&".join(reversed(said().split(b"&"))))
    assert len({digest(b"no form"), digest(b"none either")}) == 2


def test_a_recording_its_failure_and_its_words_are_three() -> None:
    made = {"RecordingSid": "RE1", "CallSid": "CA1", "RecordingStatus": "completed", "RecordingUrl": "https://api.twilio.com/RE1"}
    absent = {"RecordingSid": "RE1", "CallSid": "CA1", "RecordingStatus": "absent"}
    words = {"RecordingSid": "RE1", "CallSid": "CA1", "TranscriptionSid": "TR1", "TranscriptionText": "Bus 12 is late"}
    forms = [urlencode(form | more).encode() for form in (made, absent, words) for more in ({}, FALLBACK)]
    assert len({digest(form) for form in forms}) == 3


def said(**more: str) -> bytes:
    form = {"MessageSid": "SM1", "From": "+19165550144", "To": "+19165550100", "Body": "Bus 12 is late", "NumMedia": "0", **more}
    return urlencode(form).encode()
