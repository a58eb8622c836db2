"""SMS through Twilio's REST API. It knows no idempotency key: a message whose answer was lost is never sent again."""

import logging
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
from delivery.lines import Account
from delivery.transports import AccountRefused, Outgoing, Sent, TryLater, Uncertain, Undeliverable, Unreachable, connecting
from districts.links import absolute

TIMEOUT = 15.0  # seconds to connect, and seconds of silence
OPTED_OUT = 21610
# A sender or a queue of ours, not the receiver: twilio.com/docs/api/errors
OURS = frozenset({21603, 21606, 21611, 21659, 21660, 63038})
NO_ACCOUNT = frozenset({401, 404, 20003, 20005, 20404})  # wrong credentials, suspended, no such account
GATEWAY = (502, 504)  # somebody between us and Twilio does not know what became of it
_quiet = logging.getLogger("delivery.twilio")  # the library logs eight lines a call
_quiet.setLevel(logging.WARNING)


class Clients:
    """A client for each account of a batch, over one session."""

    def __init__(self, http: TwilioHttpClient) -> None:
        self._http = http
        self._made: dict[Account, Client] = {}

    def of(self, account: Account) -> Client:
        """Raises AccountRefused where the account is not known whole."""
        if not (account.sid and account.token):
            raise AccountRefused("no account to send by: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or the number's own in Set-up")
        if account not in self._made:
            client = self._made[account] = Client(account.sid, account.token, http_client=self._http)
            client.api.base_url = settings.TWILIO_API
        return self._made[account]


@contextmanager
def connected() -> Iterator[Clients]:
    with connecting("Twilio set-up"):
        http = TwilioHttpClient(timeout=TIMEOUT, logger=_quiet)
    try:
        yield Clients(http)
    finally:
        http.session.close()


def send(message: Outgoing, over: Clients) -> Sent:
    if message.sender is None or not message.sender.number:
        raise TryLater("no number to send from: add one in Set-up, or set the district's phone in E.164, or SMS_FROM")
    with connecting("Twilio set-up"):
        client = over.of(message.sender.account)
    try:
        made = client.messages.create(
            to=message.address, from_=message.sender.number, body=message.body,
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
        return AccountRefused(words)
    if error.status >= 500 or error.status == 429 or error.code in OURS:
        return TryLater(words)
    return Undeliverable(words, opted_out=error.code == OPTED_OUT)


def _lost(error: web.RequestException) -> Exception:
    """No answer. Safe to try again only where the request surely never left."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    never_left = isinstance(error, web.ConnectTimeout | web.SSLError | web.ProxyError) or isinstance(reason, NewConnectionError)
    words = f"Twilio: {type(error).__name__}"
    return Unreachable(words) if never_left else Uncertain(words)
