"""Mail that a provider takes in for a district: each one's own payload, secret and verdict; written down once, then told yes."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from delivery import sns
from delivery.provider_login import login_of
from districts import arriving
from districts.models import District
from districts.scope import district_scope
from intake.mail import hooks, relayed
from intake.models import Channel, Envelope
from intake.receiving import receive
from intake.standing import forget_standing
from intake.urls_hooks import inbound
from tests.conftest import Cast, a_ticket
from tests.sns_topic import certificate
from tests.sns_topic import signed as signed_by_amazon
from tests.test_intake_mail import a_mail
from tests.test_sla_sweep import COMMITTED
from tickets.models import Attachment, Message, Ticket
from tickets.reply_token import local_part

SECRET = "user:pass"
KEY = "mailgun-key-of-this-test"
HELP = "help@cedar.localhost"
PAT = "pat@cedar-family.example"
LATIN = b"\r\n".join([
    b"From: Pat <pat@cedar-family.example>", b"To: help@cedar.localhost", b"Message-ID: <l@x.example>", b"Subject: Bus",
    b"Content-Type: text/plain; charset=iso-8859-1", b"Content-Transfer-Encoding: 8bit", b"",
    b"El autob\xfas no lleg\xf3 hoy a la escuela.", b"",
])  # fmt: skip


@pytest.fixture
def provider(here: Cast, settings: Any, tmp_path: Any) -> Cast:
    settings.MEDIA_ROOT = tmp_path
    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": SECRET, "MAILGUN_WEBHOOK_SIGNING_KEY": KEY}
    Channel.objects.create(kind="email", address=HELP, name="Help")
    return here


@pytest.fixture(autouse=True)
def _certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Amazon SNS shows it."""
    monkeypatch.setattr(sns, "fetch", lambda _url: certificate())
    sns.certificate.cache_clear()


def post(path: str, data: Any, *, secret: str | None = None, host: str = "cedar.localhost", kind: str = "", **headers: str) -> Any:
    if secret is None:
        secret = login_of(District.objects.filter(host=host).first() or District())
    headers = {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode(), **headers} if secret else headers
    client = Client(HTTP_HOST=host, raise_request_exception=False)
    more: Any = {"content_type": kind} if kind else {}
    return client.post(f"/hooks/mail/{path}", data, headers=headers, **more)


def kept() -> Envelope:
    envelope: Envelope = Envelope.objects.get()
    return envelope


# --- Postmark -----------------------------------------------------------------------------------------------------------


def postmark(raw: bytes | None = None, *, to: str = HELP, headers: dict[str, str] | None = None, **more: Any) -> Any:
    """postmarkapp.com/developer/webhooks/inbound-webhook"""
    told = {"Return-Path": f"<{PAT}>", **(headers or {})}
    event: dict[str, Any] = {
        "FromName": "Pat Parent", "MessageStream": "inbound", "From": PAT,
        "FromFull": {"Email": PAT, "Name": "Pat Parent", "MailboxHash": ""}, "To": to,
        "ToFull": [{"Email": to, "Name": "", "MailboxHash": ""}], "Cc": "", "CcFull": [], "Bcc": "", "BccFull": [],
        "OriginalRecipient": to, "Subject": "The bus", "MessageID": "73e6d360-66eb-11e1-8e72-a8904824019b", "ReplyTo": "",
        "MailboxHash": "", "Date": "Fri, 1 Aug 2026 16:45:32 -04:00", "TextBody": "The bus did not come again.",
        "HtmlBody": "<p>The bus did not come again.</p>", "StrippedTextReply": "", "Tag": "",
        "Headers": [
            *({"Name": name, "Value": value} for name, value in told.items()), {"Name": "Message-ID", "Value": "<p1@family.example>"},
        ],
        "Attachments": [{"Name": "note.txt", "Content": base64.b64encode(b"stop 5").decode(), "ContentType": "text/plain",
                         "ContentLength": 6, "ContentID": ""}],
    }  # fmt: skip
    if raw is not None:
        event["RawEmail"] = raw.decode()
    return post("postmark/inbound/", json.dumps(event), kind="application/json", **more)


SPAM_ASSASSIN = {
    "X-Spam-Checker-Version": "SpamAssassin 3.4.0 (2014-02-07) on p-pm-inboundg02a-aws-euwest1a", "X-Spam-Status": "No",
    "X-Spam-Score": "-0.1", "X-Spam-Tests": "DKIM_SIGNED,DKIM_VALID,DKIM_VALID_AU,SPF_PASS",
    "Received-SPF": "Pass (sender SPF authorized) identity=mailfrom; client-ip=209.85.160.180; receiver=cedar",
}  # fmt: skip


def test_postmark_in_pieces(provider: Cast) -> None:
    assert [postmark(headers=SPAM_ASSASSIN).status_code for _twice in range(2)] == [200, 200]
    envelope = kept()
    assert (envelope.external_id, envelope.meta["recipients"], envelope.meta["return_path"]) == ("p1@family.example", [HELP], PAT)
    assert "authentication" not in envelope.meta, "anybody can write these fields into a mail"
    assert envelope.meta["spam"] == {"flagged": False, "score": -0.1}
    receive.drain(provider.district.id)
    message = Message.objects.get()
    assert (message.author, message.text) == (provider.pat, "The bus did not come again.")
    assert Attachment.objects.get().name == "note.txt"


@pytest.mark.parametrize("body", ["[" * 100_000, '{"Headers":' * 100_000, "[" * 990, "null", "1" * 5000])
def test_json_that_nobody_means_is_refused(provider: Cast, body: str) -> None:
    for door in ("postmark/inbound/", "mailersend/inbound/", "postal/inbound/", "brevo/inbound/"):
        assert post(door, body, kind="application/json").status_code in (200, 400, 404), door
    assert not Envelope.objects.exists()


def test_a_mail_is_kept_whatever_is_told_beside_it(provider: Cast) -> None:
    odd = "a\0\ud800b"
    headers = {"Return-Path": f"<{odd}@x.example>", "X-Spam-Status": odd, "X-Spam-Score": odd}
    event = {
        "MessageID": odd, "OriginalRecipient": f"help{odd}@x.example", "RawEmail": a_mail("The bus").decode(),
        "Headers": [{"Name": name, "Value": value} for name, value in headers.items()],
    }  # fmt: skip
    assert post("postmark/inbound/", json.dumps(event), kind="application/json").status_code == 200
    assert kept().meta["provider"] == "ab"


def test_postmark_whole(provider: Cast) -> None:
    raw = a_mail("Where is the bus of Maple Ridge?")
    assert postmark(raw).status_code == 200
    assert bytes(kept().raw) == raw


def test_what_a_sender_wrote_below_the_providers_verdict_is_not_its_verdict(provider: Cast) -> None:
    """Postmark tells what it found among the mail's own fields: there only what speaks against the sender counts."""
    event_headers = [
        {"Name": "Received-SPF", "Value": "Fail (sender not authorized)"}, {"Name": "Received-SPF", "Value": "Pass"},
        {"Name": "X-Spam-Tests", "Value": "DKIM_SIGNED"}, {"Name": "X-Spam-Tests", "Value": "DKIM_VALID_AU"},
    ]  # fmt: skip
    event = {"FromFull": {"Email": PAT}, "Headers": event_headers, "OriginalRecipient": HELP, "RawEmail": a_mail().decode()}
    assert post("postmark/inbound/", json.dumps(event), kind="application/json").status_code == 200
    assert kept().meta["authentication"] == "postmark; spf=fail; dkim=fail"


# --- Mailgun ------------------------------------------------------------------------------------------------------------


def mailgun(path: str = "mailgun/inbound/", *, key: str = KEY, files: Any = None, **given: str) -> Any:
    """documentation.mailgun.com: what a route's forward() sends."""
    stamp, token = str(int(time.time())), "c" * 50
    fields = {
        "timestamp": stamp, "token": token, "recipient": HELP, "sender": PAT, "from": f"Pat Parent <{PAT}>", "subject": "Bus",
        "signature": hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest(), **given,
    }  # fmt: skip
    return post(path, {**fields, **(files or {})})


IN_PIECES = {
    "message-headers": json.dumps([
        ["X-Mailgun-Spf", "Pass"], ["From", f"Pat Parent <{PAT}>"], ["To", HELP], ["Subject", "Bus"],
        ["Message-Id", "<m1@family.example>"], ["Date", "Fri, 1 Aug 2026 16:45:32 -0400"],
    ]),
    "body-plain": "The bus did not come.\r\nAgain.", "stripped-text": "The bus did not come.", "body-html": "<p>Not here.</p>",
    "X-Mailgun-Spf": "Pass", "X-Mailgun-Dkim-Check-Result": "Pass", "X-Mailgun-Sflag": "No", "X-Mailgun-Sscore": "0.4",
    "attachment-count": "1",
}  # fmt: skip


def test_mailgun_in_pieces(provider: Cast) -> None:
    for _twice in range(2):
        file = SimpleUploadedFile("stop.txt", b"stop 5 is closed", "text/plain")
        assert mailgun(files={"attachment-1": file}, **IN_PIECES).status_code == 200
    envelope = kept()
    assert envelope.meta["authentication"] == "mailgun; spf=pass smtp.mailfrom=cedar-family.example; dkim=pass"
    receive.drain(provider.district.id)
    assert Message.objects.get().text.split() == ["The", "bus", "did", "not", "come.", "Again."]
    assert Attachment.objects.get().name == "stop.txt"


def test_mailgun_whole_byte_for_byte(provider: Cast) -> None:
    body = (
        b"".join(
            b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value.encode())
            for name, value in signed().items()
        )
        + b'--x\r\nContent-Disposition: form-data; name="body-mime"\r\n\r\n'
        + LATIN
        + b"\r\n--x--\r\n"
    )
    assert post("mailgun/inbound_mime/", body, kind="multipart/form-data; boundary=x").status_code == 200
    assert bytes(kept().raw) == LATIN
    receive.drain(provider.district.id)
    assert Message.objects.get().text == "El autobús no llegó hoy a la escuela."


def signed(key: str = KEY) -> dict[str, str]:
    stamp, token = str(int(time.time())), "c" * 50
    signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {"timestamp": stamp, "token": token, "signature": signature, "recipient": HELP, "sender": PAT}


def test_mailgun_without_files_sends_a_plain_form(provider: Cast) -> None:
    from_form = "&".join(f"{name}={value.replace('@', '%40')}" for name, value in signed().items())
    mail = base64.b16encode(LATIN).decode()
    encoded = "".join(f"%{mail[at : at + 2]}" for at in range(0, len(mail), 2))
    body = f"{from_form}&body-mime={encoded}".encode()
    assert post("mailgun/inbound_mime/", body, kind="application/x-www-form-urlencoded").status_code == 200
    assert bytes(kept().raw) == LATIN


@pytest.mark.parametrize("key", ["another-key", " "])
def test_mailgun_with_a_wrong_signature(provider: Cast, key: str) -> None:
    assert mailgun(key=key, **IN_PIECES).status_code == 400
    assert not Envelope.objects.exists()


def test_mailgun_without_its_key_takes_nothing(provider: Cast, settings: Any) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}
    assert mailgun(key="", **IN_PIECES).status_code == 404


# --- SendGrid -----------------------------------------------------------------------------------------------------------

GRID = {
    "dkim": "{@cedar-family.example : pass}", "SPF": "pass", "sender_ip": "209.85.160.180", "spam_score": "0.012",
    "spam_report": "Spam detection software…", "envelope": json.dumps({"to": [HELP], "from": PAT}), "to": HELP,
    "from": f"Pat Parent <{PAT}>", "subject": "Bus", "charsets": json.dumps({"to": "UTF-8", "subject": "UTF-8", "text": "UTF-8"}),
}  # fmt: skip
GRID_HEADERS = (
    f"Received: by mx0047p1mdw1.sendgrid.net\nFrom: Pat Parent <{PAT}>\nTo: {HELP}\nSubject: Bus\nMessage-ID: <s1@family.example>\n"
    "Date: Fri, 1 Aug 2026 16:45:32 -0400\nMIME-Version: 1.0\n"
)


def test_sendgrid_in_pieces(provider: Cast) -> None:
    for _twice in range(2):
        file = SimpleUploadedFile("stop.txt", b"stop 5 is closed", "text/plain")
        info = json.dumps({"attachment1": {"filename": "stop.txt", "name": "stop.txt", "type": "text/plain"}})
        fields = {**GRID, "headers": GRID_HEADERS, "text": "The bus did not come.", "html": "<p>The bus did not come.</p>"}
        answer = post("sendgrid/inbound/", {**fields, "attachments": "1", "attachment-info": info, "attachment1": file})
        assert answer.status_code == 200
    envelope = kept()
    assert envelope.meta["authentication"] == (
        "sendgrid; spf=pass smtp.mailfrom=cedar-family.example; dkim=pass header.d=cedar-family.example"
    )
    assert envelope.meta["spam"] == {"score": 0.012}
    receive.drain(provider.district.id)
    assert Message.objects.get().text == "The bus did not come."
    assert Attachment.objects.get().name == "stop.txt"


def test_sendgrid_whole_and_large(provider: Cast) -> None:
    """One field of the form is the mail: more than Django takes for a field."""
    raw = a_mail("Where is the bus?\n" + ("x" * 70 + "\n") * 50_000)
    assert len(raw) > 3_000_000
    assert post("sendgrid/inbound/", {**GRID, "email": raw.decode()}).status_code == 200
    assert bytes(kept().raw) == raw


# --- Amazon SES ---------------------------------------------------------------------------------------------------------


def ses(message: Any, *, kind: str = "Notification", secret: str | None = None, by: str = "amazon", **more: Any) -> Any:
    """docs.aws.amazon.com/sns: what a topic posts; the message is SES's notice (receiving-email-notifications-contents)."""
    notice = {
        "Type": kind, "MessageId": "8f6dee70-c885-558a-be7d-bd48bbf5335e", "TopicArn": "arn:aws:sns:us-east-1:111111111111:cedar",
        "Message": json.dumps(message), "Timestamp": "2026-08-01T18:20:02.032Z", **more,
    }  # fmt: skip
    notice = signed_by_amazon(notice, by=by)
    headers = {"x-amz-sns-message-type": kind, "x-amz-sns-message-id": notice["MessageId"]}
    return post("amazon_ses/inbound/", json.dumps(notice), kind="text/plain; charset=UTF-8", secret=secret, **headers)


def ses_notice(raw: bytes | None, *, policy: str = "", **verdicts: str) -> dict[str, Any]:
    action: dict[str, str] = {
        "type": "S3",
        "topicArn": "arn:…",
        "bucketName": "cedar-mail",
        "objectKey": "in/abc",
        "objectKeyPrefix": "",
    }
    if raw is not None:
        action = {"type": "SNS", "topicArn": "arn:aws:sns:us-east-1:111111111111:cedar", "encoding": "BASE64"}
    given = {"spf": "PASS", "dkim": "PASS", "dmarc": "PASS", "spam": "PASS", "virus": "PASS", **verdicts}
    return {
        "notificationType": "Received",
        "receipt": {
            "timestamp": "2026-08-01T18:20:01.000Z", "processingTimeMillis": 222, "recipients": [HELP, "buses@cedar.localhost"],
            "action": action, **({"dmarcPolicy": policy} if policy else {}),
            **{f"{name}Verdict": {"status": status} for name, status in given.items()},
        },
        "mail": {"timestamp": "2026-08-01T18:20:01.000Z", "source": PAT, "messageId": "jili9m351il3gkburn7o2f0u6788stij94c8ld01",
                 "destination": [HELP], "headersTruncated": False, "headers": [], "commonHeaders": {}},
        **({"content": base64.b64encode(raw).decode()} if raw is not None else {}),
    }  # fmt: skip


def test_amazon_ses_within_its_notice(provider: Cast) -> None:
    Channel.objects.create(kind="email", address="buses@cedar.localhost", name="Buses", team=provider.transportation)
    assert [ses(ses_notice(LATIN)).status_code for _twice in range(2)] == [200, 200]
    envelope = kept()
    assert bytes(envelope.raw) == LATIN
    assert envelope.meta["recipients"] == [HELP, "buses@cedar.localhost"], "all for whom it was taken in"
    assert envelope.meta["authentication"] == "amazonses; spf=pass; dkim=pass; dmarc=pass header.from=cedar-family.example"
    assert envelope.meta["spam"] == {"flagged": False}


def test_what_amazon_did_not_sign_is_refused(provider: Cast) -> None:
    assert ses(ses_notice(LATIN), by="somebody").status_code == 400
    assert not Envelope.objects.exists()


def test_amazon_ses_tells_what_the_domain_wishes(provider: Cast) -> None:
    assert ses(ses_notice(LATIN, policy="REJECT", dmarc="FAIL", spam="GRAY", dkim="PROCESSING_FAILED")).status_code == 200
    told = kept().meta
    assert told["authentication"] == "amazonses; spf=pass; dkim=temperror; dmarc=fail policy.published-domain-policy=reject"
    assert "spam" not in told, "not sure is not told"


def test_amazon_sns_is_asked_for_the_secret(provider: Cast) -> None:
    """It sends none before it is asked."""
    answer = ses(ses_notice(LATIN), secret="")
    assert (answer.status_code, answer["WWW-Authenticate"][:5]) == (401, "Basic")
    assert ses(ses_notice(LATIN), secret="user:guess").status_code == 401
    assert not Envelope.objects.exists()


@dataclass
class Amazon:
    """S3 and SNS as far as a district's mail needs them, on this machine."""

    url: str
    objects: dict[str, bytes] = field(default_factory=dict)
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    in_transaction: list[bool] = field(default_factory=list)


@pytest.fixture
def amazon(provider: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Amazon]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = mine.objects.get(self.path.split("?")[0])
            self._answer(200 if found is not None else 404, found or b"<Error><Code>NoSuchKey</Code></Error>")

        def do_POST(self) -> None:
            mine.asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            namespace = "http://sns.amazonaws.com/doc/2010-03-31/"
            arn = "<SubscriptionArn>arn:aws:sns:us-east-1:111111111111:cedar:1</SubscriptionArn>"
            body = f'<ConfirmSubscriptionResponse xmlns="{namespace}"><ConfirmSubscriptionResult>{arn}</ConfirmSubscriptionResult>'
            self._answer(200, f"{body}<ResponseMetadata/></ConfirmSubscriptionResponse>".encode())

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    mine = Amazon(f"http://127.0.0.1:{server.server_address[1]}")
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "y"), ("AWS_DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(name, value)
    settings.ANYMAIL = {**settings.ANYMAIL, "AMAZON_SES_CLIENT_PARAMS": {"endpoint_url": mine.url}}
    settings.SES_BUCKETS = ["cedar.localhost/cedar-mail"]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield mine
    server.shutdown()
    server.server_close()


def test_amazon_ses_from_a_bucket(amazon: Amazon) -> None:
    amazon.objects["/cedar-mail/in/abc"] = LATIN
    assert ses(ses_notice(None)).status_code == 200
    assert bytes(kept().raw) == LATIN


@pytest.mark.parametrize("buckets", [[], ["oak.localhost/cedar-mail"], ["cedar.localhost/other"]])
def test_no_bucket_is_asked_that_is_not_this_districts(amazon: Amazon, settings: Any, buckets: list[str]) -> None:
    """Nothing proves that Amazon wrote the notice."""
    amazon.objects["/cedar-mail/in/abc"] = LATIN
    settings.SES_BUCKETS = buckets
    assert ses(ses_notice(None)).status_code == 404
    assert not Envelope.objects.exists()


def test_a_bucket_that_has_it_not_is_asked_again(amazon: Amazon) -> None:
    assert ses(ses_notice(None)).status_code >= 400, "the topic comes again"
    assert not Envelope.objects.exists()


def test_a_mail_in_a_bucket_that_is_too_large_is_told(amazon: Amazon, settings: Any) -> None:
    settings.MAX_MAIL_BYTES = 1000
    amazon.objects["/cedar-mail/in/abc"] = LATIN + b"x" * 2000
    assert ses(ses_notice(None)).status_code == 413


def test_a_topic_is_subscribed_to_when_it_knows_the_secret(amazon: Amazon) -> None:
    url = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription"
    assert ses("You have chosen to subscribe…", kind="SubscriptionConfirmation", Token="t0ken", SubscribeURL=url).status_code == 200
    assert [(one["Action"], one["Token"]) for one in amazon.asked] == [(["ConfirmSubscription"], ["t0ken"])]
    wrong = ses("You have chosen…", kind="SubscriptionConfirmation", Token="t0ken", SubscribeURL=url, secret="user:guess")
    assert (wrong.status_code, len(amazon.asked)) == (401, 1)


@COMMITTED
def test_no_transaction_is_open_while_a_bucket_is_asked(cedar: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": SECRET}
    with district_scope(cedar.district.id):
        Channel.objects.create(kind="email", address=HELP, name="Help")
    seen: list[bool] = []

    def fetched(*_args: object, **_more: object) -> Iterator[bytes]:
        seen.append(connection.in_atomic_block)
        yield LATIN

    monkeypatch.setattr(relayed.AmazonSes, "fetch_s3_chunks", fetched)
    assert ses(ses_notice(None)).status_code == 200
    assert seen == [False]
    with district_scope(cedar.district.id):
        assert bytes(kept().raw) == LATIN


# --- all of them --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["postmark/inbound/", "sendgrid/inbound/", "mailgun/inbound/", "amazon_ses/inbound/", "mailjet/inbound/"]
)
def test_nobody_is_let_in_without_the_secret(provider: Cast, settings: Any, path: str) -> None:
    mail = {**GRID, "email": a_mail().decode(), **signed()}
    for guess in ("user:guess", "", SECRET):
        assert post(path, mail, secret=guess).status_code == 401
    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": ""}
    assert post(path, mail).status_code == 404
    assert not Envelope.objects.exists()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{"), ("application/json", b"[]"), ("application/json", b'{"RawEmail": 5}'), ("text/plain", b"\xff\xfe"),
        ("multipart/form-data", b"no boundary"), ("multipart/form-data; boundary=x", b"--x\r\n\r\n"),
        ("multipart/form-data; boundary=x", b""), ("application/x-www-form-urlencoded", b"a=%ZZ&=&&&;"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["postmark/inbound/", "sendgrid/inbound/", "mailgun/inbound/", "amazon_ses/inbound/"])
def test_what_no_provider_sends_is_refused_and_breaks_nothing(provider: Cast, path: str, kind: str, body: bytes) -> None:
    assert post(path, body, kind=kind).status_code == 400
    assert not Envelope.objects.exists()


def test_a_mail_that_breaks_others_parsers_is_written_down(provider: Cast) -> None:
    broken = b'From: "a\xff <pat@cedar-family.example>, =?utf-8?b?=?=@@ <,;:>\r\nTo: (((( <>,, help@cedar.localhost\r\n' + (
        b"Message-ID: <<>>\r\nContent-Type: multipart/mixed; boundary*0*=x; boundary\r\n\r\n--\r\nhello\r\n"
    )
    assert ses(ses_notice(broken)).status_code == 200
    assert bytes(kept().raw) == broken


def test_a_mail_in_pieces_that_no_mail_can_carry_keeps_its_words(provider: Cast) -> None:
    headers = {"X-Odd": "a\nb", "X-\u00fcml": "\udcff", "To ": "x"}
    event = {
        "FromFull": {"Email": PAT, "Name": "P\u00e1t"}, "OriginalRecipient": HELP, "Subject": "El autob\u00fas",
        "TextBody": "No lleg\u00f3 \ud83d\ude8c.", "Headers": [{"Name": name, "Value": value} for name, value in headers.items()],
    }  # fmt: skip
    answer = post("postmark/inbound/", json.dumps(event), kind="application/json")
    assert answer.status_code in (200, 400), answer.content
    if answer.status_code == 200:
        receive.drain(provider.district.id)
        assert "No llegó" in Message.objects.get().text


def test_too_large_is_told(provider: Cast, settings: Any) -> None:
    settings.MAX_MAIL_BYTES = 100_000
    big = a_mail("x\n" * 60_000)
    assert post("sendgrid/inbound/", {**GRID, "email": big.decode()}).status_code == 413
    assert ses(ses_notice(big)).status_code == 413
    assert not Envelope.objects.exists()


def test_mail_for_the_neighbours_is_not_taken_in(provider: Cast, oak: Cast) -> None:
    """A route with the wrong host: no district reads another's mail, and the provider says so until it is mended."""
    assert postmark(a_mail(to="help@oak.localhost"), to="help@oak.localhost").status_code == 404
    with district_scope(oak.district.id):
        assert not Envelope.objects.exists()
    assert not Envelope.objects.exists()
    assert postmark(a_mail(), host="nowhere.localhost").status_code == 404


def test_a_channel_elsewhere_is_found_by_its_whole_address(provider: Cast) -> None:
    elsewhere = Channel.objects.create(kind="email", address="help@school.example", name="Old help", team=provider.technology)
    assert postmark(a_mail("My password is lost", to="help@school.example"), to="x@inbound.postmarkapp.example").status_code == 200
    assert (kept().source, kept().meta["recipients"]) == (elsewhere, ["help@school.example"])
    receive.drain(provider.district.id)
    assert Ticket.objects.get().team == provider.technology


def test_the_login_of_one_district_opens_no_other(provider: Cast, oak: Cast) -> None:
    """Nor does the server's secret, from which both follow."""
    for known in (login_of(oak.district), SECRET):
        event = {"FromFull": {"Email": PAT}, "OriginalRecipient": HELP, "RawEmail": a_mail().decode()}
        answer = post("postmark/inbound/", json.dumps(event), kind="application/json", secret=known)
        assert answer.status_code == 401
    assert not Envelope.objects.exists()
    assert login_of(oak.district) != login_of(provider.district)


def test_who_calls_is_asked_before_anything_is_read(provider: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    for reads in ("_read", "_let_go"):
        monkeypatch.setattr(arriving, reads, lambda *_args, name=reads: read.append(name))
    monkeypatch.setattr(relayed, "body_of", lambda _request: read.append("body_of"))
    for kind in ("application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        assert post("postmark/inbound/", b"x" * 4_000_000, kind=kind, secret="user:guess").status_code == 401
    assert read == []


@pytest.mark.parametrize("hop", ["mx.school.example", "sendgrid"])
def test_staff_are_proven_only_where_the_address_names_the_provider(provider: Cast, hop: str) -> None:
    Channel.objects.update(trusted_hop=hop)
    forget_standing()
    ticket = a_ticket(provider, team=provider.transportation)
    to = f"{local_part(ticket)}@cedar.localhost"
    claim = f"{hop}; dkim=pass header.d=cedar.localhost"
    raw = a_mail("Mine", sender="Alice <alice@cedar.localhost>", to=to, Authentication_Results=claim)
    envelope = json.dumps({"to": [to], "from": "alice@cedar.localhost"})
    given = {**GRID, "envelope": envelope, "dkim": "{@cedar.localhost : pass}", "email": raw.decode()}
    assert post("sendgrid/inbound/", given).status_code == 200
    receive.drain(provider.district.id)
    noted = Message.objects.filter(ticket=ticket, kind="note", author=provider.alice)
    assert noted.exists() is (hop == "sendgrid")


def test_of_a_provider_that_tells_nothing_no_field_of_the_mail_is_believed(provider: Cast) -> None:
    """Its sender may have handed it to the provider straight, with our own server's name in it."""
    Channel.objects.update(trusted_hop="mx.school.example")
    forget_standing()
    raw = a_mail(Authentication_Results="mx.school.example; dkim=pass header.d=cedar-family.example")
    assert postmark(raw).status_code == 200
    assert "trusted_hop" not in kept().meta
    receive.drain(provider.district.id)
    assert Message.objects.get().sender_check == ""


def test_whoever_looks_whether_anybody_is_there_is_answered(provider: Cast) -> None:
    assert Client(HTTP_HOST="cedar.localhost").head("/hooks/mail/postmark/inbound/").status_code == 200
    assert Client(HTTP_HOST="cedar.localhost").get("/hooks/mail/postmark/inbound/").status_code == 405


def test_each_provider_has_its_door() -> None:
    names = {one.name for one in inbound}
    assert {"postmark_inbound_webhook", "mailgun_inbound_webhook", "sendgrid_inbound_webhook", "amazon_ses_inbound_webhook"} <= names


def test_the_secret_is_looked_at_before_the_mail_is_kept(provider: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "_write_down", lambda _mail: pytest.fail("written down"))
    assert postmark(a_mail(), secret="user:guess").status_code == 401
