"""The bell and its notices, what did not arrive, what the demo kept, and the doors for providers' receipts."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseStopPolling

from delivery import actions, calls, lines, queries, receipts, segments, sending, twilio
from delivery.models import Delivery
from delivery.transports import email
from districts.access import Actor, Can, require
from districts.models import District, Person
from districts.told import readable

PAGE = 25
Door = Callable[..., HttpResponse]


def for_people(view: Door) -> Door:
    """For somebody this district knows; asks others to sign in."""

    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if _actor(request).person is None:
            raise PermissionDenied("not a person of this district")
        return view(request, *args, **kwargs)

    return door


@require_GET
@for_people
def notices(request: HttpRequest) -> HttpResponse:
    found, more = _page(request, queries.notices_of(_me(request)))
    return render(request, "delivery/notices.html", {"notices": found, **more, "unread": queries.unread(_me(request))})


@require_POST
@for_people
def notices_read(request: HttpRequest) -> HttpResponse:
    actions.mark_read(person=_me(request), now=timezone.now())
    return redirect("notices")


@require_GET
@for_people
def notice(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Read it, and go to what it speaks of."""
    found = get_object_or_404(queries.notices_of(_me(request)), id=notice_id)
    actions.mark_read(person=_me(request), now=timezone.now(), only=found.id)
    return redirect(found.link if url_has_allowed_host_and_scheme(found.link, allowed_hosts=None) else "notices")


@never_cache
@require_GET
def bell(request: HttpRequest) -> HttpResponse:
    """A fragment for the link in the shell, polled; who is not signed in any more stops asking."""
    person = _actor(request).person
    if person is None:
        return HttpResponseStopPolling()
    return render(request, "delivery/bell.html", {"unread": queries.unread(person), "counted": queries.COUNTED})


@require_GET
@for_people
def not_arrived(request: HttpRequest) -> HttpResponse:
    require(_actor(request), Can.ADMIN)
    now = timezone.now()
    found, more = _page(request, queries.not_arrived(now=now))
    context = {"deliveries": found, "doubted": queries.doubted(now=now)[:PAGE], **more, "days": queries.LOOK_BACK.days}
    return render(request, "delivery/not_arrived.html", context)


@require_POST
@for_people
def send_again(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    require(_actor(request), Can.ADMIN)
    if actions.send_again(delivery_id, now=timezone.now()):
        messages.success(request, _("On its way again."))
    else:
        messages.error(request, _("This message cannot be sent again."))
    return redirect("not_arrived")


@require_GET
@for_people
def stopped(request: HttpRequest) -> HttpResponse:
    """Addresses nobody is written to at, and why; and those that an administrator, or a letter from there, let through again."""
    require(_actor(request), Can.ADMIN)
    now = timezone.now()
    rows, more = _page(request, queries.stopped(now=now))
    context = {"stopped": queries.told_of(rows, now=now), **more, "days": queries.LOOK_BACK.days}
    return render(request, "delivery/stopped.html", context)


@require_POST
@for_people
def write_again(request: HttpRequest, opt_out_id: UUID) -> HttpResponse:
    require(_actor(request), Can.ADMIN)
    if actions.write_again(opt_out_id, by=_me(request), now=timezone.now()):
        messages.success(request, _("It is written to again. What was held back before stays unsent."))
    else:
        messages.error(request, _("This address is written to already."))
    return redirect("stopped")


@require_GET
def kept(request: HttpRequest) -> HttpResponse:
    """The demo's outbox, open to everybody there and nowhere else: it shows private links and sign-in codes."""
    if not settings.DEMO:
        raise Http404
    channel, address = request.GET.get("channel", ""), request.GET.get("address", "").strip().lower()
    known = channel if channel in Delivery.Channel.values else ""
    found, more = _page(request, queries.kept(channel=known, address=address))
    district = _district(request)
    for letter in found:
        letter.district, letter.body = district, sending.words(letter)
        letter.size = _size(letter)  # type: ignore[attr-defined]
    context = {
        "letters": found, "channel": known, "address": address, **more,
        "channels": [Delivery.Channel.EMAIL, Delivery.Channel.SMS],
        "from_email": email.sender(district), "from_number": lines.first(district).number,
    }  # fmt: skip
    return render(request, "delivery/kept.html", context)


def _size(letter: Delivery) -> dict[str, Any] | None:
    """Of a text message: its parts as they are billed, and which letters make it long."""
    if letter.channel != Delivery.Channel.SMS:
        return None
    return {"parts": segments.count(letter.body), "letters": segments.units(letter.body), "odd": segments.odd(letter.body)[:8]}


@csrf_exempt
@require_POST
def sms_receipt(request: HttpRequest, delivery_id: UUID, tries: int) -> HttpResponse:
    """Twilio's status callback, to the address we gave with that try of the message."""
    account = lines.sent_with(queries.sent_from(delivery_id))
    if not twilio.signed(request, secret=account.token):
        return HttpResponseForbidden("wrong signature\n", content_type="text/plain")
    told = request.POST
    known = receipts.from_sms(
        delivery_id, tries=tries, ref=told.get("MessageSid", ""), status=told.get("MessageStatus", ""), code=told.get("ErrorCode", ""),
        now=timezone.now(),
    )  # fmt: skip
    return HttpResponse(status=204 if known else 404)


@csrf_exempt
@require_POST
def call_receipt(request: HttpRequest, delivery_id: UUID, tries: int) -> HttpResponse:
    """The district's telephone system tells what came of a call, to the address that was given with it; signed as our own posts are."""
    hook = calls.hook()
    header = request.headers.get("X-Front-Door-Signature", "")
    if hook is None or not calls.signed(hook.key, header, now=int(timezone.now().timestamp()), body=request.body):
        return HttpResponseForbidden("wrong signature\n", content_type="text/plain")
    status = _told(request.body)
    if status not in (receipts.ANSWERED, *receipts.NOT_ANSWERED):
        return HttpResponse("no such status\n", status=400, content_type="text/plain")
    known = receipts.from_call(delivery_id, tries=tries, status=status, now=timezone.now())
    return HttpResponse(status=204 if known else 404)


def _told(body: bytes) -> str:
    """`{"status": "answered"}`; empty where it cannot be read."""
    try:
        with readable():
            given = json.loads(body)
    except ValueError:
        return ""
    return str(given.get("status", "")) if isinstance(given, dict) else ""


def _page[M: Model](request: HttpRequest, rows: QuerySet[M]) -> tuple[list[M], dict[str, Any]]:
    """One page and the numbers of its neighbours; nothing is counted."""
    given = request.GET.get("page", "")
    number = max(1, int(given)) if given.isascii() and given.isdigit() and len(given) < 6 else 1
    found = list(rows[(number - 1) * PAGE : number * PAGE + 1])
    words = request.GET.copy()
    words.pop("page", None)
    return found[:PAGE], {
        "newer": number - 1,
        "older": number + 1 if len(found) > PAGE else 0,
        "filters": words.urlencode(),
    }


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]


def _me(request: HttpRequest) -> Person:
    return cast(Person, _actor(request).person)


def _district(request: HttpRequest) -> District:
    return cast(District, request.district)  # type: ignore[attr-defined]
