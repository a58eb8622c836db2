"""SMS, against a small local server that speaks Twilio's REST API, and the status callbacks that follow."""

import base64
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings
from twilio.request_validator import RequestValidator

from delivery import actions, segments, sending
from delivery import twilio as twilio_calls
from delivery.models import Delivery, OptOut, Receipt
from delivery.transports import sms
from districts.jobs import MAX_ATTEMPTS
from districts.scope import district_scope
from tests.conftest import Cast, visitor

TOKEN = "a token of this test"
PAT = "+15095550111"


class Twilio(ThreadingHTTPServer):
    """Answers with (status, body) per number, 201 and a fresh sid for the others; `hang` holds the answer back."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Messages)
        self.asked: list[dict[str, str]] = []
        self.paths: set[str] = set()
        self.logins: set[str] = set()
        self.answers: dict[str, tuple[int, Any]] = {}
        self.hang = threading.Event()
        self.hanging: set[str] = set()


class Messages(BaseHTTPRequestHandler):
    server: Twilio
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        asked = {key: values[0] for key, values in form.items()}
        self.server.asked.append(asked)
        self.server.paths.add(self.path)
        self.server.logins.add(self.headers["Authorization"])
        if asked["To"] in self.server.hanging:
            self.server.hang.wait(5)
        sid = f"SM{len(self.server.asked):032d}"
        status, body = self.server.answers.get(asked["To"], (201, {"sid": sid, "status": "queued"}))
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: Any) -> None:
        pass


def no(status: int, code: int, words: str) -> tuple[int, Any]:
    return status, {"code": code, "message": words, "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status}


@pytest.fixture
def twilio(settings: Settings) -> Iterator[Twilio]:
    yield from serve(settings)


def serve(settings: Settings) -> Iterator[Twilio]:
    server = Twilio()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings.TWILIO_API = f"http://127.0.0.1:{server.server_address[1]}"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC1", TOKEN
    settings.SMS_FROM, settings.DELIVERY_KEEP = "+15095550000", False
    yield server
    server.hang.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _awake() -> None:
    sending._rests.clear()


def queue(to: str = PAT, **more: Any) -> Delivery:
    words = "We have it.\n#1001 http://cedar.localhost/r/abc"
    values: dict[str, Any] = {"channel": "sms", "body": words, "purpose": "ack", **more}
    row = actions.send(address=to, dedupe_key=f"test:{Delivery.objects.count()}", now=timezone.now(), **values)
    assert row is not None
    return row


def test_a_text_message_goes_out_with_where_to_report_back(here: Cast, twilio: Twilio) -> None:
    row = queue()
    assert sending.drain(here.district.id) == 1
    row.refresh()
    assert twilio.asked == [
        {
            "To": PAT,
            "From": "+15095550000",
            "Body": row.body,
            "StatusCallback": f"http://cedar.localhost/notices/hooks/sms/{row.id}/1",
        }
    ]
    assert twilio.paths == {"/2010-04-01/Accounts/AC1/Messages.json"}
    assert twilio.logins == {"Basic " + base64.b64encode(f"AC1:{TOKEN}".encode()).decode()}
    assert (row.state, row.provider_ref) == ("sent", "SM" + "1".zfill(32))


@pytest.mark.parametrize(("phone", "number"), [("+15095551234", "+15095551234"), ("(509) 555-1234", "+15095550000")])
def test_it_comes_from_the_districts_number_where_that_is_one(here: Cast, twilio: Twilio, phone: str, number: str) -> None:
    here.district.phone = phone
    here.district.save()
    queue()
    sending.drain(here.district.id)
    assert twilio.asked[0]["From"] == number


def test_without_a_number_to_send_from_it_waits_and_says_so(here: Cast, twilio: Twilio, settings: Settings) -> None:
    settings.SMS_FROM = ""
    row = queue()
    sending.drain(here.district.id)
    assert row.refresh().state == "pending"
    assert "SMS_FROM" in row.error
    assert twilio.asked == []


def test_a_number_that_opted_out_is_refused_and_remembered(here: Cast, twilio: Twilio) -> None:
    twilio.answers[PAT] = no(400, 21610, "Attempt to send to unsubscribed recipient")
    row = queue()
    sending.drain(here.district.id)
    row.refresh()
    assert (row.state, row.sent_at) == ("failed", None)
    assert row.error.startswith("21610")
    assert OptOut.objects.get().address == PAT
    assert queue().state == "suppressed"


def test_an_invalid_number_is_refused(here: Cast, twilio: Twilio) -> None:
    twilio.answers["+1"] = no(400, 21211, "The 'To' number +1 is not a valid phone number")
    row, fine = queue("+1"), queue()
    sending.drain(here.district.id)
    assert (row.refresh().state, fine.refresh().state) == ("failed", "sent")
    assert not OptOut.objects.exists()


@pytest.mark.parametrize(
    "answer", [no(500, 20500, "Internal server error"), no(429, 20429, "Too many requests"), no(400, 21611, "From queue full")]
)
def test_trouble_at_the_provider_is_tried_later_until_dead(here: Cast, twilio: Twilio, answer: tuple[int, Any]) -> None:
    twilio.answers[PAT] = answer
    row = queue()
    sending.drain(here.district.id)
    row.refresh()
    assert (row.state, row.attempts, row.sent_at) == ("pending", 1, None)
    assert row.not_before > timezone.now()
    Delivery.objects.update(not_before=timezone.now(), attempts=MAX_ATTEMPTS - 1)
    sending.drain(here.district.id)
    assert row.refresh().state == "dead"


def test_a_lost_answer_is_uncertain_and_never_sent_again(here: Cast, twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sms, "TIMEOUT", 0.3)
    twilio.hanging.add(PAT)
    twilio.answers["+15095550112"] = (504, "gateway")
    hung, gateway, fine = queue(), queue("+15095550112"), queue("+15095550113")
    sending.drain(here.district.id)
    assert [row.refresh().state for row in (hung, gateway, fine)] == ["uncertain", "uncertain", "sent"]
    sending.drain(here.district.id)
    assert len(twilio.asked) == 3


def test_an_answer_that_makes_no_sense_is_uncertain(here: Cast, twilio: Twilio) -> None:
    twilio.answers[PAT] = (201, "<html>")
    row = queue()
    sending.drain(here.district.id)
    assert row.refresh().state == "uncertain"


@pytest.mark.parametrize("cut", ["account", "connection"])
def test_a_provider_that_takes_nobody_costs_no_attempts(here: Cast, twilio: Twilio, settings: Settings, cut: str) -> None:
    if cut == "account":
        twilio.answers = {PAT: no(401, 20003, "Authenticate")}
    else:
        settings.TWILIO_API = "http://127.0.0.1:9"
    first, second = queue(), queue("+15095550112")
    sending.drain(here.district.id)
    for row in (first, second):
        row.refresh()
        assert (row.state, row.attempts, row.sent_at, row.lease_until) == ("pending", 0, None, None)


def test_a_sender_that_died_before_the_call_is_followed_by_another(here: Cast, twilio: Twilio) -> None:
    row = queue(not_before=timezone.now() - timedelta(minutes=5))
    sending.claim(here.district.id, now=timezone.now() - timedelta(minutes=2))
    sending.drain(here.district.id)
    assert row.refresh().state == "sent"


def test_a_sender_that_died_during_the_call_leaves_it_uncertain(here: Cast, twilio: Twilio) -> None:
    row = queue(not_before=timezone.now() - timedelta(minutes=5))
    past = timezone.now() - timedelta(minutes=2)
    claimed = sending.claim(here.district.id, now=past)[1][0]
    assert sending.begin(claimed, now=past)
    assert sending.drain(here.district.id) == 1
    row.refresh()
    assert (row.state, row.lease_until) == ("uncertain", None)
    assert twilio.asked == []
    assert sending.record(claimed, state="sent", now=past) == 0


def test_a_call_in_progress_is_left_alone(here: Cast, twilio: Twilio) -> None:
    row = queue()
    claimed = sending.claim(here.district.id, now=timezone.now())[1][0]
    sending.begin(claimed, now=timezone.now())
    assert sending.drain(here.district.id) == 0
    assert not sending.begin(row, now=timezone.now()), "a claim that is not ours begins nothing"
    assert row.refresh().state == "pending"


def test_a_text_whose_senders_all_died_is_given_up(here: Cast, twilio: Twilio) -> None:
    row = queue()
    Delivery.objects.filter(id=row.id).update(attempts=MAX_ATTEMPTS)
    assert sending.drain(here.district.id) == 1
    row.refresh()
    assert (row.state, row.attempts) == ("dead", MAX_ATTEMPTS)
    assert "none came to an end" in row.error
    assert twilio.asked == []


def test_mail_that_cannot_be_set_up_holds_up_no_text(here: Cast, twilio: Twilio, settings: Settings) -> None:
    """Postmark without its token: its backend raises as soon as it is made."""
    settings.MAILERS = {"default": {"BACKEND": "anymail.backends.postmark.EmailBackend", "OPTIONS": {}}}
    settings.ANYMAIL = {}
    mail, text = queue("pat@cedar-family.example", channel="email"), queue()
    sending.drain(here.district.id)
    assert text.refresh().state == "sent"
    mail.refresh()
    assert (mail.state, mail.attempts, mail.lease_until) == ("pending", 0, None)
    assert mail.error.startswith("mail set-up: ")


def test_a_long_message_keeps_its_link() -> None:
    body = "word " * 500 + "\n#1001 http://cedar.localhost/r/abc"
    cut = sms.written(body)
    assert segments.count(cut) == segments.MOST
    assert cut.endswith("word...\n#1001 http://cedar.localhost/r/abc")
    assert sms.written("short") == "short"


# --- what Twilio tells us later ----------------------------------------------------------------------------------------


def tell(
    client: Client, row: Delivery, *, tries: int | None = None, token: str = TOKEN, host: str = "cedar.localhost", **form: str
) -> int:
    """One signed status callback, for the last try where none is named; returns the answer's status."""
    path = f"/notices/hooks/sms/{row.id}/{row.refresh().tries if tries is None else tries}"
    signature = RequestValidator(token).compute_signature(f"http://{host}{path}", form)
    return client.post(path, form, headers={"X-Twilio-Signature": signature}).status_code


@pytest.fixture
def sent(here: Cast, settings: Settings) -> Delivery:
    settings.TWILIO_AUTH_TOKEN = TOKEN
    row = queue()
    Delivery.objects.filter(id=row.id).update(state="sent", provider_ref="SM1", sent_at=timezone.now())
    return row.refresh()


def test_a_receipt_is_noted_once(here: Cast, sent: Delivery) -> None:
    client = visitor(here.district)
    for _ in range(2):
        assert tell(client, sent, MessageSid="SM1", MessageStatus="delivered") == 204
    assert [receipt.kind for receipt in Receipt.objects.filter(delivery=sent)] == ["delivered"]
    assert sent.refresh().state == "sent"


def test_a_wrong_signature_or_no_token_opens_no_door(here: Cast, sent: Delivery, settings: Settings) -> None:
    client = visitor(here.district)
    form: Any = {"MessageSid": "SM1", "MessageStatus": "failed"}
    assert tell(client, sent, token="guessed", **form) == 403
    assert client.post(f"/notices/hooks/sms/{sent.id}/0", form).status_code == 403
    assert tell(client, sent, host="oak.localhost", **form) == 403
    settings.TWILIO_AUTH_TOKEN = ""
    assert tell(client, sent, token="", **form) == 403
    assert sent.refresh().state == "sent"
    assert not Receipt.objects.exists()


@pytest.mark.parametrize(
    ("signed_over", "opens"), [("https://cedar.localhost", True), ("http://cedar.localhost", True), ("https://oak.localhost", False)]
)
def test_twilio_signs_the_public_address_or_the_one_it_called(here: Cast, settings: Settings, signed_over: str, opens: bool) -> None:
    settings.PUBLIC_SCHEME = "https"  # a proxy ends TLS and tells nobody
    form = {"From": PAT, "Body": "hi"}
    given = RequestValidator(TOKEN).compute_signature(f"{signed_over}/hooks?x=1", form)
    request = RequestFactory().post("/hooks?x=1", form, headers={"Host": "cedar.localhost", "X-Twilio-Signature": given})
    request.district = here.district  # type: ignore[attr-defined]
    assert twilio_calls.signed(request, secret=TOKEN) is opens
    assert not twilio_calls.signed(request, secret="")
    assert not twilio_calls.signed(request, secret="another")


def test_a_message_that_was_not_delivered_failed(here: Cast, sent: Delivery) -> None:
    tell(visitor(here.district), sent, MessageSid="SM1", MessageStatus="undelivered", ErrorCode="30003")
    sent.refresh()
    assert (sent.state, sent.error) == ("failed", "Twilio undelivered 30003")
    assert not OptOut.objects.exists()


def test_a_number_that_cannot_take_messages_is_not_written_to_again(here: Cast, sent: Delivery) -> None:
    tell(visitor(here.district), sent, MessageSid="SM1", MessageStatus="undelivered", ErrorCode="30006")
    assert OptOut.objects.get().reason == "cannot take messages"
    assert queue().state == "suppressed"


@pytest.mark.parametrize(
    ("code", "barred"),
    [("30003", ""), ("30004", ""), ("30005", "unknown number"), ("30006", "cannot take messages"), ("30007", ""), ("30008", ""),
     ("21610", "opted out")],
)  # fmt: skip
def test_what_each_code_of_the_carriers_means(here: Cast, sent: Delivery, code: str, barred: str) -> None:
    """A phone that is off, or a filter, may take the next; a number that is no mobile's, or wants none, does not."""
    tell(visitor(here.district), sent, MessageSid="SM1", MessageStatus="undelivered", ErrorCode=code)
    sent.refresh()
    assert (sent.state, sent.error) == ("failed", f"Twilio undelivered {code}")
    assert list(OptOut.objects.values_list("reason", flat=True)) == ([barred] if barred else [])
    assert queue().state == ("suppressed" if barred else "pending")


def test_how_many_parts_were_sent_is_kept(here: Cast, twilio: Twilio) -> None:
    short, long, spanish = queue(body="x" * 160), queue(body="x" * 161), queue(body="á" * 71)
    sending.drain(here.district.id)
    assert [row.refresh().segments for row in (short, long, spanish)] == [1, 2, 2]


def test_marks_that_cost_a_part_are_written_plainly_and_accents_stay(here: Cast, twilio: Twilio) -> None:
    queue(body="It’s “fixed” – see you at 8\u202fAM… · Pat")
    queue(body="La maestra dijo “mañana”, ¿sí?")
    sending.drain(here.district.id)
    assert [asked["Body"] for asked in twilio.asked] == ['It\'s "fixed" - see you at 8 AM... - Pat', "La maestra dijo “mañana”, ¿sí?"]


def test_a_receipt_settles_what_was_uncertain(here: Cast, sent: Delivery) -> None:
    Delivery.objects.filter(id=sent.id).update(state="uncertain", provider_ref="", error="answer lost")
    tell(visitor(here.district), sent, MessageSid="SM7", MessageStatus="sent")
    sent.refresh()
    assert (sent.state, sent.provider_ref, sent.error) == ("sent", "SM7", "")


def test_a_receipt_that_comes_before_our_own_note_wins(here: Cast, twilio: Twilio) -> None:
    row = queue()
    claimed = sending.claim(here.district.id, now=timezone.now())[1][0]
    sending.begin(claimed, now=timezone.now())
    tell(visitor(here.district), row, MessageSid="SM7", MessageStatus="delivered")
    assert sending.record(claimed, state="sent", now=timezone.now(), provider_ref="SM7") == 0
    assert (row.refresh().state, row.provider_ref) == ("sent", "SM7")


def test_a_receipt_for_an_earlier_try_says_nothing_of_the_last(here: Cast, sent: Delivery) -> None:
    tell(visitor(here.district), sent, MessageSid="SM0", MessageStatus="failed", ErrorCode="30008")
    assert sent.refresh().state == "sent"
    assert Receipt.objects.get().detail == "30008 SM0"


@pytest.mark.parametrize("was", ["uncertain", "failed"])
def test_a_late_receipt_does_not_touch_what_a_person_sent_again(here: Cast, twilio: Twilio, sent: Delivery, was: str) -> None:
    Delivery.objects.filter(id=sent.id).update(state=was, provider_ref="" if was == "uncertain" else "SM1", tries=1)
    assert actions.send_again(sent.id, now=timezone.now())
    client = visitor(here.district)
    late: Any = {"MessageSid": "SM1", "MessageStatus": "failed", "ErrorCode": "30006"}
    assert tell(client, sent, tries=1, **late) == 204
    assert sent.refresh().state == "pending"
    sending.drain(here.district.id)
    assert twilio.asked[0]["StatusCallback"].endswith(f"/{sent.id}/{sent.refresh().tries}")
    assert tell(client, sent, tries=1, **late) == 204
    assert sent.refresh().state == "sent"
    assert not OptOut.objects.exists()
    assert Receipt.objects.get().detail == "30006 SM1", "noted all the same"
    assert tell(client, sent, MessageSid=sent.provider_ref, MessageStatus="undelivered", ErrorCode="30003") == 204
    assert sent.refresh().state == "failed"


def test_another_districts_host_does_not_know_the_message(here: Cast, oak: Cast, sent: Delivery) -> None:
    client = visitor(oak.district)
    assert tell(client, sent, tries=0, host="oak.localhost", MessageSid="SM1", MessageStatus="failed") == 404
    with district_scope(here.district.id):
        assert sent.refresh().state == "sent"
