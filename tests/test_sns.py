"""What says that Amazon SNS posted it is believed where SNS signed it, with a certificate from a host of its own."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from anymail.exceptions import AnymailWebhookValidationFailure
from django.db import connection
from django.test import Client
from django.utils import timezone
from urllib3.exceptions import ConnectTimeoutError

from delivery import actions, sns
from delivery.models import Delivery
from delivery.provider_login import EVENTS, login_of
from tests.conftest import Cast
from tests.sns_topic import CERTIFICATE_AT, certificate, signed
from tests.test_sla_sweep import COMMITTED

NOTICE = {
    "Type": "Notification", "MessageId": "8f6dee70-c885-558a-be7d-bd48bbf5335e", "TopicArn": "arn:aws:sns:us-east-1:111111111111:cedar",
    "Message": "{}", "Timestamp": "2026-08-01T18:20:02.032Z",
}  # fmt: skip


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Where certificates were asked for."""
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return certificate()

    monkeypatch.setattr(sns, "fetch", fetch)
    sns.certificate.cache_clear()
    yield asked
    sns.certificate.cache_clear()


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("more", [{}, {"Subject": "Amazon SES Email Receipt"}])
def test_what_sns_signed_is_believed_and_its_certificate_asked_for_once(asked: list[str], version: str, more: dict[str, str]) -> None:
    for _twice in range(2):
        sns.verify(signed({**NOTICE, **more}, version=version))
    assert asked == [CERTIFICATE_AT]


@pytest.mark.parametrize("wrong", [
    {"Message": "{ }"}, {"MessageId": "x"}, {"Subject": "added"}, {"TopicArn": "arn:aws:sns:us-east-1:2:oak"}, {"Signature": "bm8="},
    {"Signature": "é"}, {"Signature": ""}, {"SignatureVersion": "2"}, {"SignatureVersion": "3"}, {"SignatureVersion": None},
    {"Type": "SubscriptionConfirmation"}, {"Type": "Other"},
])  # fmt: skip
def test_what_was_changed_is_not(wrong: dict[str, Any]) -> None:
    with pytest.raises(AnymailWebhookValidationFailure):
        sns.verify({**signed(NOTICE), **wrong})


def test_what_somebody_else_signed_is_not() -> None:
    with pytest.raises(AnymailWebhookValidationFailure):
        sns.verify(signed(NOTICE, by="somebody"))


@pytest.mark.parametrize("url", [
    "http://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem", "https://sns.us-east-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem",
    "https://evil.example/SimpleNotificationService-1.pem", "https://sns.us-east-1.amazonaws.com@evil.example/SimpleNotificationService-1.pem",
    "https://sns.us-east-1.amazonaws.com:8443/SimpleNotificationService-1.pem", "https://evil.s3.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
    "https://sns.us-east-1.amazonaws.com/evil.pem", "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem?x=1", "", "https://[",
    "https://sns.us-east-1.amazonaws.com/../SimpleNotificationService-1.pem", "https://sns.amazonaws.com/SimpleNotificationService-1.pem",
])  # fmt: skip
def test_no_other_host_is_asked_for_a_certificate(asked: list[str], url: str) -> None:
    with pytest.raises(AnymailWebhookValidationFailure):
        sns.verify(signed({**NOTICE, "SigningCertURL": url}))
    assert asked == []


def test_a_certificate_of_any_region_is_asked_for() -> None:
    for region in ("us-gov-west-1", "eu-central-2", "ap-southeast-3"):
        assert sns.is_amazons(f"https://sns.{region}.amazonaws.com/SimpleNotificationService-ab12.pem")
    assert sns.is_amazons("https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-ab12.pem")


# --- events about mail we sent ------------------------------------------------------------------------------------------


@pytest.fixture
def told(settings: Any) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "server:secret"}


def tell(cast: Cast, mail: Delivery | None, **how: Any) -> int:
    event = {
        "eventType": "Bounce", "bounce": {"bounceType": "Permanent", "bounceSubType": "General", "feedbackId": "f", "timestamp":
            "2026-08-01T18:20:02.032Z", "bouncedRecipients": [{"emailAddress": "pat@cedar-family.example", "status": "5.1.1"}]},
        "mail": {"messageId": "ses-1", "destination": ["pat@cedar-family.example"], "timestamp": "2026-08-01T18:20:00Z",
                 "tags": {}, "headers": [{"name": "X-Metadata", "value": json.dumps({"delivery": str(mail.id if mail else "")})}]},
    }  # fmt: skip
    notice = signed({**NOTICE, "Message": json.dumps(event)}, **how)
    headers = {
        "x-amz-sns-message-type": "Notification", "x-amz-sns-message-id": NOTICE["MessageId"],
        "Authorization": "Basic " + base64.b64encode(login_of(cast.district, EVENTS).encode()).decode(),
    }  # fmt: skip
    client = Client(HTTP_HOST=cast.district.host, raise_request_exception=False)
    return client.post(
        "/notices/hooks/mail/amazon_ses/tracking/", json.dumps(notice), content_type="text/plain", headers=headers
    ).status_code


@pytest.mark.usefixtures("told")
def test_an_event_of_amazon_ses_is_heard_where_it_is_signed(here: Cast) -> None:
    mail = actions.send(
        channel="email", address="pat@cedar-family.example", body="hello", subject="s", purpose="ack", dedupe_key="1",
        message_id="ack.1@cedar.localhost", now=timezone.now(),
    )  # fmt: skip
    Delivery.objects.update(state="sent")
    assert mail
    assert tell(here, mail, by="somebody") == 400
    assert mail.refresh().state == "sent"
    assert tell(here, mail) == 200
    assert mail.refresh().state == "failed"


@pytest.mark.usefixtures("told")
def test_where_the_certificate_cannot_be_had_now_amazon_comes_again(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(_url: str) -> bytes:
        raise ConnectTimeoutError(None, "too slow")  # type: ignore[arg-type]

    monkeypatch.setattr(sns, "fetch", fetch)
    assert tell(here, None) == 500


@COMMITTED
@pytest.mark.usefixtures("told")
def test_no_transaction_is_open_while_a_certificate_is_asked_for(cedar: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def fetch(_url: str) -> bytes:
        seen.append(connection.in_atomic_block)
        return certificate()

    monkeypatch.setattr(sns, "fetch", fetch)
    assert tell(cedar, None) == 200
    assert seen == [False]
