"""SMS through Twilio's REST API. It knows no idempotency key: a message whose answer was lost is never sent again."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.urls import reverse
from requests import exceptions as web  # type: ignore[import-untyped]
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

from delivery import segments
from delivery.transports import Outgoing, Sent, TryLater, Uncertain, Undeliverable, Unreachable, connecting
from districts.links import absolute
from districts.models import District

TIMEOUT = 15.0  # seconds to connect, and seconds of silence
OPTED_OUT = 21610
# A sender or a queue of ours, not the receiver: twilio.com/docs/api/errors
OURS = frozenset({21603, 21606, 21611, 21659, 21660, 63038})
NO_ACCOUNT = frozenset({401, 404, 20003, 20005, 20404})  # wrong credentials, suspended, no such account
GATEWAY = (502, 504)  # somebody between us and Twilio does not know what became of it
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_quiet = logging.getLogger("delivery.twilio")  # the library logs eight lines a call
_quiet.setLevel(logging.WARNING)


def sender(district: District) -> str:
    """The number it comes from: the district's where that is E.164, else the house's; empty where there is neither."""
    return district.phone if _E164.fullmatch(district.phone) else settings.SMS_FROM


@contextmanager
def connected() -> Iterator[Client]:
    if not (settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN):
        raise Unreachable("set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN")
    with connecting("Twilio set-up"):
        http = TwilioHttpClient(timeout=TIMEOUT, logger=_quiet)
        client = Client(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=http)
        client.api.base_url = settings.TWILIO_API
    try:
        yield client
    finally:
        http.session.close()


def send(message: Outgoing, over: Client) -> Sent:
    number = sender(message.district)
    if not number:
        raise TryLater("no number to send from: set the district's phone in E.164, or SMS_FROM")
    try:
        made = over.messages.create(
            to=message.address, from_=number, body=message.body,
            status_callback=absolute(message.district, reverse("sms_receipt", args=[message.id, message.tries])),
        )  # fmt: skip
    except (TwilioRestException, TwilioServiceException) as error:
        raise _refused(error) from error
    except web.RequestException as error:
        raise _lost(error) from error
    return Sent(str(made.sid or ""))


def written(body: str) -> str:
    """As it leaves: in the alphabet that costs least, no longer than carriers carry (and Twilio takes: 1,600 characters)."""
    return segments.smart(segments.fitted(segments.smart(body)))


def _refused(error: TwilioRestException | TwilioServiceException) -> Exception:
    words = f"{error.code} {getattr(error, 'msg', '') or getattr(error, 'title', '')}"
    if error.status in GATEWAY:
        return Uncertain(words)
    if error.code in NO_ACCOUNT:
        return Unreachable(words)
    if error.status >= 500 or error.status == 429 or error.code in OURS:
        return TryLater(words)
    return Undeliverable(words, opted_out=error.code == OPTED_OUT)


def _lost(error: web.RequestException) -> Exception:
    """No answer. Safe to try again only where the request surely never left."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    never_left = isinstance(error, web.ConnectTimeout | web.SSLError | web.ProxyError) or isinstance(reason, NewConnectionError)
    words = f"Twilio: {type(error).__name__}"
    return Unreachable(words) if never_left else Uncertain(words)
