"""Doors for Twilio: text messages, calls, and recordings of calls.

Each call is signed with the token of the number's account, over our address and the form; nobody else is let in. What is said to us
is written down before Twilio hears yes; it is looked up in the district of the host that was called, and nowhere else.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from delivery import twilio
from districts.queries import this_district
from intake.actions import accept
from intake.channels import sms, voicemail
from intake.models import Channel
from intake.phone import numbers, telephone
from tickets.models import ChannelKind

NOTHING_TO_SAY = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
Answer = Callable[[HttpRequest, Channel], HttpResponse]


def signed_by(kind: str) -> Callable[[Answer], Callable[..., HttpResponse]]:
    """For Twilio alone, calling about a number of this district."""

    def decorate(answer: Answer) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @require_POST
        @wraps(answer)
        def door(request: HttpRequest, channel_id: UUID) -> HttpResponse:
            channel = numbers.line(channel_id, kind)
            if channel is None:
                raise Http404
            if not twilio.signed(request, secret=numbers.token(channel)):
                return HttpResponseForbidden("wrong signature\n", content_type="text/plain")
            numbers.learn(channel, request.POST.get("AccountSid", ""))
            return answer(request, channel)

        return door

    return decorate


@signed_by(ChannelKind.SMS)
def sms_webhook(request: HttpRequest, channel: Channel) -> HttpResponse:
    """One text message; the answer goes out later as a delivery, not as TwiML."""
    form = sms.fields(request.body)
    message_sid = form.get("MessageSid") or form.get("SmsSid", "")
    if not message_sid or not form.get("From"):
        return HttpResponseBadRequest("MessageSid and From are needed\n", content_type="text/plain")
    _write_down(request, channel, message_sid, {"to": form.get("To", "")})
    return _twiml(NOTHING_TO_SAY)


@signed_by(ChannelKind.PHONE)
def voice_webhook(request: HttpRequest, channel: Channel) -> HttpResponse:
    """A call comes in, or goes on: what the caller hears next."""
    district, step = this_district(), request.GET.get("step", "")
    caller = request.POST.get("From") or request.GET.get("caller", "")
    if step == "done":
        return _twiml(telephone.thank(district, language=request.GET.get("language", "")))
    if step == "language":
        return _twiml(telephone.go_on(channel, district, key=request.POST.get("Digits", ""), caller=caller))
    return _twiml(telephone.greet(channel, district, caller=caller))


@signed_by(ChannelKind.PHONE)
def voicemail_webhook(request: HttpRequest, channel: Channel) -> HttpResponse:
    """A recording is made, or written down by a machine. Who called stands in our own address, which is signed too."""
    form = sms.fields(request.body)
    recording = voicemail.recording_of(form)
    if not recording:
        return HttpResponseBadRequest("RecordingSid is needed\n", content_type="text/plain")
    meta = {key: request.GET.get(key, "") for key in ("caller", "language")}
    _write_down(request, channel, f"{recording}/words" if voicemail.about_words(form) else recording, meta)
    return _twiml(NOTHING_TO_SAY)


def _write_down(request: HttpRequest, channel: Channel, external_id: str, meta: dict[str, Any]) -> None:
    told = {"remote": request.META.get("REMOTE_ADDR", ""), **meta}
    accept(source=channel, channel=channel.kind, external_id=external_id, raw=request.body, meta=told, now=timezone.now())


def _twiml(said: str) -> HttpResponse:
    return HttpResponse(said, content_type="text/xml")
