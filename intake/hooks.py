"""Doors for providers: text messages from Twilio, mail from whatever service takes it in for a district.

A hook checks who calls, writes the envelope down and answers; a worker does the rest. It names nothing of another district:
everything is looked up in the district of the host that was called.
"""

from functools import wraps
from typing import Any, Protocol
from uuid import UUID

import structlog
from anymail.signals import AnymailInboundEvent, inbound
from django.conf import settings
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from delivery import twilio
from districts.models import District
from districts.queries import this_district
from intake import queries
from intake.actions import accept
from intake.channels import sms
from intake.channels.fingerprint import digest
from intake.mail_door import message_id
from tickets.models import ChannelKind

NOTHING_TO_SAY = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
HOOK_OVERHEAD = 3 / 2  # base64 and JSON around a mail
log = structlog.get_logger(__name__)


class NoMailbox(Exception):
    """The district takes no mail; answered 500, so that the provider keeps it and tries again."""


class View(Protocol):
    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse: ...


@csrf_exempt
@require_POST
def sms_webhook(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    """Twilio's form for one text message; the answer goes out later as a delivery, not as TwiML."""
    channel = queries.number(channel_id)
    if channel is None:
        raise Http404
    raw = request.body
    if not twilio.signed(request, secret=channel.secret):
        return HttpResponseForbidden("wrong signature\n", content_type="text/plain")
    form = sms.fields(raw)
    message_sid = form.get("MessageSid") or form.get("SmsSid", "")
    if not message_sid or not form.get("From"):
        return HttpResponseBadRequest("MessageSid and From are needed\n", content_type="text/plain")
    meta = {"remote": request.META.get("REMOTE_ADDR", ""), "to": form.get("To", ""), "media": sms.media(form)}
    accept(source=channel, channel=ChannelKind.SMS, external_id=message_sid, raw=raw, meta=meta, now=timezone.now())
    return HttpResponse(NOTHING_TO_SAY, content_type="text/xml")


def mail_hook(view: View) -> View:
    """Around Anymail's view of a provider: nobody is let in while no secret is set, and a whole mail fits in."""

    @csrf_exempt
    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.ANYMAIL.get("WEBHOOK_SECRET"):
            raise Http404("set ANYMAIL_WEBHOOK_SECRET")
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.MAX_MAIL_BYTES * HOOK_OVERHEAD:
            return HttpResponse("too large\n", status=413, content_type="text/plain")
        if request.content_type == "application/json":
            request._body = request.read()  # past DATA_UPLOAD_MAX_MEMORY_SIZE, below our own limit
        return view(request, *args, **kwargs)

    return door


@receiver(inbound)
def on_inbound(event: AnymailInboundEvent, **_kwargs: Any) -> None:
    """A mail that a provider took in for the district of the host it called.

    One that names no address of ours (a blind copy, a list, another domain that forwards) goes to the general mailbox: the
    provider has told its sender yes. Where the district takes no mail at all the provider is told to come again.
    """
    raw = _raw(event)
    district = this_district()
    recipients = _recipients(event, district)
    named = (queries.mailbox(address.rpartition("@")[0], district) for address in recipients)
    source = next((found for found in named if found), None) or queries.general_mailbox()
    if source is None:
        log.error("no_mailbox", event_id=str(event.event_id))
        raise NoMailbox
    accept(
        source=source, channel=ChannelKind.EMAIL, external_id=message_id(raw) or f"sha256:{digest(raw)}", raw=raw,
        meta={"return_path": event.message.envelope_sender, "recipients": recipients, "provider": str(event.event_id or "")},
        now=timezone.now(),
    )  # fmt: skip


def _raw(event: AnymailInboundEvent) -> bytes:
    """The mail as the provider got it, where it passes that on; else as it can be put together again."""
    given = event.esp_event.get("RawEmail") if isinstance(event.esp_event, dict) else None
    return given.encode("utf-8", "surrogateescape") if isinstance(given, str) else bytes(event.message.as_bytes())


def _recipients(event: AnymailInboundEvent, district: District) -> list[str]:
    """Addresses of this district's host, the envelope's first."""
    message = event.message
    named = [message.envelope_recipient or "", *(str(one.addr_spec) for one in [*message.to, *message.cc])]
    return list(dict.fromkeys(one.lower() for one in named if one.lower().endswith(f"@{district.host}")))
