"""A mail provider's webhooks (Postmark's form, through Anymail), and what the mail becomes by them."""

import base64
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone
from pytest_django import Settings
from requests import Response

from delivery import actions, receipts, sending
from delivery.models import Delivery, OptOut, Receipt
from delivery.provider_login import EVENTS, login_of
from delivery.transports import TryLater, Undeliverable, Unreachable, email
from districts.models import District
from districts.scope import district_scope
from tests.conftest import Cast, visitor

SECRET = "postmark:secret of this test"
HOOK = "/notices/hooks/mail/postmark/tracking/"
AT = datetime(2026, 11, 3, 18, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _secret(settings: Settings) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET, "POSTMARK_SERVER_TOKEN": "token"}


@pytest.fixture
def house_account(settings: Settings) -> None:
    """Mail leaves through the operator's account at a provider."""
    settings.MAILERS = {"default": {"BACKEND": "anymail.backends.postmark.EmailBackend", "OPTIONS": {}}}


@pytest.fixture
def mail(here: Cast) -> Delivery:
    row = actions.send(
        channel="email", address="pat@cedar-family.example", body="hello", subject="Your request", purpose="ack",
        dedupe_key="ack:1", message_id="ack.1@cedar.localhost", now=timezone.now(),
    )  # fmt: skip
    assert row is not None
    Delivery.objects.filter(id=row.id).update(state="sent", sent_at=timezone.now())
    return row.refresh()


def tell(district: District, secret: str | None = None, **event: Any) -> int:
    secret = login_of(district, EVENTS) if secret is None else secret
    given = base64.b64encode(secret.encode()).decode()
    headers = {"Authorization": f"Basic {given}"}
    return visitor(district).post(HOOK, event, content_type="application/json", headers=headers).status_code


def bounce(mail: Delivery, **more: Any) -> dict[str, Any]:
    return {
        "RecordType": "Bounce", "Type": "HardBounce", "ID": 42, "MessageID": str(uuid4()), "Email": "somebody@else.example",
        "Description": "The server was unable to deliver your message", "Details": "smtp;550 5.1.1 no such user",
        "BouncedAt": "2026-11-03T18:00:00Z", "Metadata": {"delivery": str(mail.id)}, **more,
    }  # fmt: skip


def test_a_hard_bounce_fails_the_mail_and_ends_the_address_it_went_to(here: Cast, mail: Delivery) -> None:
    for _ in range(2):
        assert tell(here.district, **bounce(mail)) == 200
    mail.refresh()
    assert (mail.state, mail.error) == ("failed", "bounced: smtp;550 5.1.1 no such user")
    assert Receipt.objects.get(delivery=mail).kind == "bounced"
    gone = OptOut.objects.get()
    assert (gone.channel, gone.address, gone.reason) == ("email", "pat@cedar-family.example", "bounced")


@pytest.mark.parametrize("more", [{"Type": "SoftBounce"}, {"Details": "smtp;452 4.2.2 mailbox full"}])
def test_a_soft_bounce_fails_the_mail_and_spares_the_address(here: Cast, mail: Delivery, more: dict[str, Any]) -> None:
    tell(here.district, **bounce(mail, **more))
    assert mail.refresh().state == "failed"
    assert not OptOut.objects.exists()


def test_a_complaint_ends_the_address(here: Cast, mail: Delivery) -> None:
    tell(here.district, **bounce(mail, RecordType="SpamComplaint", Type="SpamComplaint"))
    assert mail.refresh().state == "failed"
    assert OptOut.objects.get().reason == "marked as spam"


def test_an_unsubscription_ends_the_address_and_says_nothing_of_the_mail(here: Cast, mail: Delivery) -> None:
    event: dict[str, Any] = {"RecordType": "SubscriptionChange", "SuppressSending": True, "SuppressionReason": "ManualSuppression"}
    tell(here.district, **event, Recipient=mail.address, Metadata={"delivery": str(mail.id)})
    assert mail.refresh().state == "sent"
    assert OptOut.objects.get().reason == "unsubscribed"


def test_a_delivered_mail_is_noted_and_found_by_its_message_id_too(here: Cast, mail: Delivery) -> None:
    event = SimpleNamespace(
        event_type="delivered", metadata={}, message_id="<ack.1@cedar.localhost>", mta_response=None, description=None,
        reject_reason=None, esp_event={},
    )  # fmt: skip
    assert receipts.from_mail(event, now=AT)
    assert Receipt.objects.get(delivery=mail).kind == "delivered"
    event.message_id = "<other@cedar.localhost>"
    assert not receipts.from_mail(event, now=AT)


def test_a_delivered_mail_whose_answer_we_lost_is_not_sent_again(here: Cast, mail: Delivery) -> None:
    Delivery.objects.update(state="pending", attempts=1)
    delivered = {"RecordType": "Delivery", "MessageID": "pm-1", "Recipient": mail.address, "DeliveredAt": "2026-11-03T18:00:00Z"}
    tell(here.district, **delivered, Metadata={"delivery": str(mail.id)})
    assert mail.refresh().state == "sent"
    assert mail.provider_ref == "pm-1"


def test_a_late_bounce_does_not_touch_what_a_person_sent_again(here: Cast, mail: Delivery) -> None:
    Delivery.objects.update(state="failed")
    late = bounce(mail)["Metadata"] | {"tries": "0"}
    assert actions.send_again(mail.id, now=timezone.now())
    tell(here.district, **bounce(mail, Metadata=late))
    assert mail.refresh().state == "pending"
    assert OptOut.objects.get().reason == "bounced", "the address is known to be dead all the same"
    tell(here.district, **bounce(mail, Metadata=late | {"tries": "1"}))
    assert mail.refresh().state == "failed"


@pytest.mark.parametrize("secret", ["", "postmark:guessed", SECRET])
def test_a_stranger_is_not_heard(here: Cast, mail: Delivery, secret: str) -> None:
    """Nor whoever has the server's secret, where nothing leaves through the server's own account."""
    assert tell(here.district, secret, **bounce(mail)) == 401
    assert mail.refresh().state == "sent"


@pytest.mark.usefixtures("house_account")
def test_the_servers_secret_is_heard_where_the_operator_has_an_account(here: Cast, oak: Cast, mail: Delivery) -> None:
    assert tell(oak.district, SECRET, **bounce(mail)) == 200
    assert mail.refresh().state == "sent", "at another district's host it changes nothing"
    assert tell(here.district, SECRET, **bounce(mail)) == 200
    assert mail.refresh().state == "failed"


def test_the_login_of_one_district_opens_no_other_and_that_for_mail_coming_in_opens_none(here: Cast, oak: Cast, mail: Delivery) -> None:
    for login in (login_of(oak.district, EVENTS), login_of(here.district)):
        assert tell(here.district, login, **bounce(mail)) == 401
    assert mail.refresh().state == "sent"


def test_what_no_provider_sends_breaks_nothing(here: Cast) -> None:
    assert tell(here.district, RecordType="Bounce", Type=[], Metadata=7) == 400


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"RecordType":' + '{"a":' * 100_000, "[" * 990, '"' + "[" * 5000, "{}", "[]", "null", "1" * 5000]
)
def test_json_that_nobody_means_is_refused(here: Cast, body: str) -> None:
    given = base64.b64encode(login_of(here.district, EVENTS).encode()).decode()
    answer = visitor(here.district).post(HOOK, body, content_type="application/json", headers={"Authorization": f"Basic {given}"})
    assert answer.status_code in (200, 400)


@pytest.mark.parametrize("letter", ["\0", "\ud800"])
@pytest.mark.parametrize("field", ["MessageID", "Details", "Description", "Email"])
def test_letters_that_nothing_can_be_written_with_are_no_failure(here: Cast, mail: Delivery, field: str, letter: str) -> None:
    nothing: tuple[dict[str, Any], ...] = ({}, {"Metadata": {}})
    for more in nothing:
        assert tell(here.district, **bounce(mail, **{field: f"a{letter}b"}, **more)) in (200, 400)
    assert tell(here.district, **bounce(mail, Metadata={"delivery": letter, "tries": letter})) in (200, 400)


def test_with_no_secret_set_nobody_is_heard(here: Cast, mail: Delivery, settings: Settings) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": ""}
    assert tell(here.district, **bounce(mail)) == 404
    assert mail.refresh().state == "sent"


def test_mail_coming_in_has_no_door_here(here: Cast) -> None:
    assert visitor(here.district).post("/notices/hooks/mail/postmark/inbound/").status_code == 404


def test_another_districts_host_changes_nothing(here: Cast, oak: Cast, mail: Delivery) -> None:
    assert tell(oak.district, **bounce(mail)) == 200
    assert mail.refresh().state == "sent"
    with district_scope(oak.district.id):
        assert not OptOut.objects.exists()


# --- sending by a provider's API ----------------------------------------------------------------------------------------


@pytest.fixture
def postmark(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, Any]]:
    """What the API answers, in order; kept away from the network at the last step before it."""
    settings.MAILERS = {"default": {"BACKEND": "anymail.backends.postmark.EmailBackend", "OPTIONS": {}}}
    settings.DELIVERY_KEEP = False
    answers: list[tuple[int, Any]] = []

    def send(_self: Any, request: Any, **_kwargs: Any) -> Response:
        response = Response()
        response.status_code, body = answers.pop(0)
        response._content = body(request) if callable(body) else body
        response.request = request
        return response

    monkeypatch.setattr("requests.adapters.HTTPAdapter.send", send)
    return answers


def test_a_providers_api_gets_our_id_and_gives_us_its_own(here: Cast, mail: Delivery, postmark: list[tuple[int, Any]]) -> None:
    seen: list[bytes] = []

    def take(request: Any) -> bytes:
        seen.append(request.body if isinstance(request.body, bytes) else request.body.encode())
        return b'{"ErrorCode": 0, "Message": "OK", "MessageID": "pm-1", "To": "pat@cedar-family.example"}'

    postmark.append((200, take))
    Delivery.objects.update(state="pending")
    sending._rests.clear()
    assert sending.drain(here.district.id) == 1
    assert (mail.refresh().state, mail.provider_ref) == ("sent", "pm-1")
    assert json.loads(seen[0])["Metadata"] == {"delivery": str(mail.id), "tries": "0"}
    assert b"<ack.1@cedar.localhost>" in seen[0]


@pytest.mark.parametrize(
    ("status", "error"), [(500, TryLater), (429, TryLater), (401, Unreachable), (422, Undeliverable)]
)  # fmt: skip
def test_what_an_apis_no_means(
    here: Cast, mail: Delivery, postmark: list[tuple[int, Any]], status: int, error: type[Exception]
) -> None:
    postmark.append((status, b'{"ErrorCode": 300, "Message": "no"}'))
    mail.district = here.district
    with pytest.raises(error), email.connected() as over:
        email.send(sending.outgoing(mail), over)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("Found inactive addresses: pat@cedar-family.example. Inactive recipients are ones that bounced.", Undeliverable),
        ("Something new", TryLater),
    ],
)
def test_an_inactive_address_is_undeliverable(
    here: Cast, mail: Delivery, postmark: list[tuple[int, Any]], words: str, error: type[Exception]
) -> None:
    postmark.append((422, json.dumps({"ErrorCode": 406, "Message": words}).encode()))
    mail.district = here.district
    with pytest.raises(error), email.connected() as over:
        email.send(sending.outgoing(mail), over)


def test_a_letter_is_an_ordinary_django_message(here: Cast, mail: Delivery) -> None:
    mail.district = here.district
    assert isinstance(email.compose(sending.outgoing(mail)), EmailMessage)
