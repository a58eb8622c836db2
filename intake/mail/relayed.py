"""Mail that a provider takes in for us (Postmark, Mailgun, SendGrid, Amazon SES and others), by Anymail's views.

A provider's call is looked at before the request's transaction: who calls, what it brings, and with Amazon SES what lies in a bucket.
Within the transaction the mails are written down, byte for byte where the provider passes them on so; then it is told yes.
"""

import hashlib
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from email import policy as policies
from typing import Any

from anymail.exceptions import AnymailConfigurationError
from anymail.signals import AnymailInboundEvent, inbound
from anymail.webhooks.amazon_ses import AmazonSESInboundWebhookView
from anymail.webhooks.sendgrid import SendGridInboundWebhookView
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.views.decorators.csrf import csrf_exempt

from delivery import sns
from delivery.provider_login import login_of
from districts.told import cleaned
from intake.channels import parts
from intake.channels.headers import Headers
from intake.mail.posted import head_of
from intake.mail.verdicts import verdicts

AS_THEY_CAME = policies.default.clone(refold_source="none", utf8=True, linesep="\r\n")
MOST_RECIPIENTS = 100


class TooLarge(Exception):
    """More than MAX_MAIL_BYTES."""


@dataclass(frozen=True)
class Relayed:
    """One mail as a provider brought it."""

    raw: bytes
    return_path: str | None
    taken_for: tuple[str, ...]  # addresses of the envelope, lower case
    named: tuple[str, ...]  # and those in its own header
    event_id: str
    told: dict[str, Any]  # the provider's verdicts


@dataclass
class _Call:
    """What one call of a provider has brought so far. `whole`: the bytes of its mail, where they came beside Anymail's reading."""

    whole: bytes | None = None
    mails: list[Relayed] = field(default_factory=list)


_call: ContextVar[_Call | None] = ContextVar("call", default=None)


@contextmanager
def listening(whole: bytes | None) -> Iterator[list[Relayed]]:
    """Mails that Anymail's view reads within the block. `whole`: the bytes of the one in a form."""
    call = _Call(whole)
    token = _call.set(call)
    try:
        yield call.mails
    finally:
        _call.reset(token)


@receiver(inbound)
def on_inbound(event: AnymailInboundEvent, esp_name: str, **_kwargs: Any) -> None:
    """Anymail's views tell each mail by this signal, within their call."""
    call = _call.get()
    if call is None:
        raise RuntimeError("a provider's mail outside of its hook")
    raw = call.whole if call.whole is not None else _raw(event)
    if len(raw) > settings.MAX_MAIL_BYTES:
        raise TooLarge
    headers = Headers(parts.parse(head_of(raw)))  # Python's parser breaks on some
    named = (one.address for name in ("to", "cc") for one in headers.addresses(name))
    call.mails.append(
        Relayed(
            raw=raw, return_path=cleaned(event.message.envelope_sender), taken_for=_lower(_taken_for(event)), named=_lower(named),
            event_id=cleaned(str(event.event_id or "")), told=cleaned(verdicts(esp_name, event, headers)),
        )
    )  # fmt: skip


def _lower(addresses: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cleaned(one).strip().lower() for one in addresses if one))[:MOST_RECIPIENTS]


def _taken_for(event: AnymailInboundEvent) -> Iterator[str]:
    """Amazon SES tells all recipients of its receipt, Anymail the first."""
    yield event.message.envelope_recipient or ""
    receipt = event.esp_event.get("receipt") if isinstance(event.esp_event, dict) else None
    yield from map(str, (receipt or {}).get("recipients", ()))


def _raw(event: AnymailInboundEvent) -> bytes:
    """The mail as the provider got it, where it passes that on; else as it can be put together again."""
    told = event.esp_event if isinstance(event.esp_event, dict) else {}
    if isinstance(told.get("RawEmail"), str):  # Postmark
        return str(told["RawEmail"]).encode("utf-8", "surrogateescape")
    if isinstance(told.get("content"), str):  # Amazon SES, in its notice
        given = str(told["content"])
        encoded = told.get("receipt", {}).get("action", {}).get("encoding") == "BASE64"
        return b64decode(given) if encoded else given.encode("utf-8", "surrogateescape")
    return together(event.message)


def together(message: Any) -> bytes:
    """One that came in pieces. The same pieces are the same bytes, so that one that is brought twice is known again."""
    for at, part in enumerate(message.walk()):
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            part.set_boundary(_boundary(message, at))
    try:
        return bytes(message.as_bytes(policy=AS_THEY_CAME))
    except Exception:  # noqa: BLE001  a header that no mail can carry: its words are kept all the same
        return _plainly(message)


def _boundary(message: Any, at: int) -> str:
    told = "\n".join(str(message.get(name, "")) for name in ("message-id", "date", "from", "subject"))
    return f"=_{at}_{hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _plainly(message: Any) -> bytes:
    fields = [f"{name}: {' '.join(str(value).split())}" for name, value in message.raw_items() if name.lower() not in _OF_A_BODY]
    head = "\r\n".join([*fields, "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"])
    return f"{head}\r\n\r\n{message.text or message.html or ''}".encode("utf-8", "replace")


_OF_A_BODY = frozenset({"mime-version", "content-type", "content-transfer-encoding"})


class SendGrid(SendGridInboundWebhookView):
    """Anymail warns, with every call, that it has no account there to try its view with; our own tests hold SendGrid's payloads."""

    def __init__(self, **kwargs: Any) -> None:
        super(SendGridInboundWebhookView, self).__init__(**kwargs)


class AmazonSes(sns.Signed, AmazonSESInboundWebhookView):
    """Of a mail in a bucket the bytes are kept as they are fetched; Anymail is given what it looks at, the headers.

    Amazon signs what any customer's topic tells, and the server's key may read many buckets: only one that SES_BUCKETS names for this
    district's host is asked.
    """

    def fetch_s3_chunks(self, bucket_name: str, object_key: str) -> Iterator[bytes]:
        wanted = f"{self.request.district.host}/{bucket_name}"  # type: ignore[attr-defined]
        if wanted not in settings.SES_BUCKETS:
            raise AnymailConfigurationError(f"SES_BUCKETS does not name {wanted!r}")
        client = self.get_boto_client("s3")
        try:
            with closing(client.get_object(Bucket=bucket_name, Key=object_key)["Body"]) as body:
                whole = bytes(body.read(settings.MAX_MAIL_BYTES + 1))
        finally:
            client.close()
        call = _call.get()
        if call is not None:
            call.whole = whole
        yield head_of(whole)


OWN_VIEWS: dict[type, type] = {SendGridInboundWebhookView: SendGrid, AmazonSESInboundWebhookView: AmazonSes}


def view_of(pattern: URLPattern) -> Callable[..., HttpResponse]:
    """Anymail's view, or ours in its place."""
    theirs: type = pattern.callback.view_class  # type: ignore[attr-defined]
    kind = OWN_VIEWS.get(theirs, theirs)

    @csrf_exempt
    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Made anew for each call: it asks for the login of the district that was called."""
        mine: Any = kind(webhook_secret=login_of(request.district))  # type: ignore[attr-defined]
        mine.setup(request, *args, **kwargs)
        answer: HttpResponse = mine.dispatch(request, *args, **kwargs)
        return answer

    return view


def body_of(request: HttpRequest) -> bytes:
    """All of it, past DATA_UPLOAD_MAX_MEMORY_SIZE: our own limit is below what was let in."""
    request._body = request.read()  # type: ignore[attr-defined]
    return request.body
