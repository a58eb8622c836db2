"""The doors for what a provider tells of mail that we sent: delivered, bounced, complained of. By Anymail's views.

A district's own login opens the door of its own host, and what comes by it speaks of that district's deliveries alone. The server's
secret itself opens a door only where the operator has a house account: mail leaves through a provider's API for all districts.

As with mail that comes in, a call is looked at before the request's transaction (who calls, what it brings, what Amazon signed), and
written down within it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import structlog
from anymail.exceptions import AnymailAPIError, AnymailConfigurationError, AnymailImproperlyInstalled
from anymail.signals import tracking
from anymail.urls import urlpatterns as anymail
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from delivery import provider_login, receipts, sns
from delivery.provider_login import EVENTS, said
from districts.arriving import with_whole_body
from districts.models import District
from districts.told import Unreadable, is_text, readable

log = structlog.get_logger(__name__)
_told: ContextVar[list[Any] | None] = ContextVar("told", default=None)


@dataclass(frozen=True)
class Brought:
    """By one call; `answer`: what the provider is told once the events are written down."""

    answer: HttpResponse
    events: Sequence[Any] = ()


class AmazonSes(sns.Signed, AmazonSESTrackingWebhookView):
    """Only what Amazon signed."""


def stranger(request: HttpRequest) -> HttpResponse | None:
    """The answer to whoever has no login of the district of this host, nor that of the house account; None: it is the provider."""
    return provider_login.turned_away(request, *logins(request.district))  # type: ignore[attr-defined]


def logins(district: District) -> tuple[str, ...]:
    own = provider_login.login_of(district, EVENTS)
    return (own, provider_login.server_secret()) if has_house_account() else (own,)


def has_house_account() -> bool:
    """Mail leaves through the operator's account at a provider, which calls with one secret for all."""
    return str(settings.MAILERS["default"]["BACKEND"]).startswith("anymail.")


def door_of(pattern: URLPattern) -> Callable[..., HttpResponse]:
    """Around Anymail's view of one provider, or ours in its place."""
    theirs: type = pattern.callback.view_class  # type: ignore[attr-defined]
    kind = AmazonSes if theirs is AmazonSESTrackingWebhookView else theirs

    def listen(request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        request.brought = _brought(kind, request, *args, **kwargs)  # type: ignore[attr-defined]

    @with_whole_body(listen, at_the_door=stranger)
    @csrf_exempt
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":  # some look whether anybody is there
            return _view(kind, request, *args, **kwargs)
        brought: Brought = request.brought  # type: ignore[attr-defined]
        for event in brought.events:
            receipts.from_mail(event, now=timezone.now())
        return brought.answer

    return door


def _brought(kind: type, request: HttpRequest, *args: Any, **kwargs: Any) -> Brought:
    """With no transaction open. Raises what Django answers with 400 (a wrong signature), and sns.NoCertificate."""
    if answer := stranger(request):
        return Brought(answer)
    try:
        with _listening() as events, readable():
            answer = _view(kind, request, *args, **kwargs)
        _must_be_text(events)
    except (AnymailConfigurationError, AnymailImproperlyInstalled) as error:
        log.error("mail_events_not_set_up", error=type(error).__name__, view=kind.__name__)
        return Brought(said(404, "not set up for this"))
    except (AnymailAPIError, LookupError, ValueError, TypeError, AttributeError) as error:  # what Anymail raises on other shapes
        log.warning("mail_events_unreadable", error=type(error).__name__)
        return Brought(said(400, "not what this provider sends"))
    return Brought(answer, events)


def _must_be_text(events: Sequence[Any]) -> None:
    """Raises Unreadable where what is looked for, or written down, is nothing the database takes."""
    for one in events:
        if not is_text(*(str(given) for given in (one.message_id, one.event_type, one.mta_response, one.description))):
            raise Unreadable("letters that are none")


def _view(kind: type, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Made anew for each call: it asks for the login that we have looked at."""
    mine: Any = kind(webhook_secret=[one for one in logins(request.district) if one])  # type: ignore[attr-defined]
    mine.setup(request, *args, **kwargs)
    answer: HttpResponse = mine.dispatch(request, *args, **kwargs)
    return answer


@contextmanager
def _listening() -> Iterator[list[Any]]:
    events: list[Any] = []
    token = _told.set(events)
    try:
        yield events
    finally:
        _told.reset(token)


@receiver(tracking)
def on_tracking(event: Any, **_kwargs: Any) -> None:
    """Anymail's views tell each event by this signal, within their call."""
    events = _told.get()
    if events is None:
        raise RuntimeError("a provider's event outside of its hook")
    events.append(event)


# Mandrill's asks for another key; mail coming in is intake's: nobody would listen to it here.
doors = [
    URLPattern(one.pattern, door_of(one), name=one.name)
    for one in anymail
    if str(one.pattern).endswith("tracking/") and "mandrill" not in str(one.pattern)
]
