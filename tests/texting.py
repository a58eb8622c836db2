"""Twilio as it calls us: signed forms for text messages, calls and recordings."""

from typing import Any
from urllib.parse import urlencode

from django.test import Client
from pytest_django import Settings
from twilio.request_validator import RequestValidator

from delivery.lines import Account
from districts.queries import this_district
from intake.models import Channel, Envelope
from intake.phone import numbers
from intake.receiving import receive
from intake.standing import forget_standing
from tests.conftest import Cast

NUMBER = "+19165550144"
SECRET = "an-auth-token"
ACCOUNT = "AC0123456789abcdef0123456789abcdef"
FORM = "application/x-www-form-urlencoded"


def a_line(kind: str = "sms", **more: Any) -> Channel:
    """A number of the district's own account."""
    made: Channel = Channel.objects.create(kind=kind, address="+19165550100", name="The line", **more)
    own(texts=kind == "sms")
    return made


def own(number: str = "+19165550100", *, token: str = SECRET, account: str = ACCOUNT, texts: bool = True) -> None:
    """The number is of an account of the district's own."""
    numbers.belongs(number, account=Account(account, token), texts=texts)
    forget_standing()


def of_the_house(settings: Settings, number: str = "+19165550100") -> None:
    """Given to the district in scope."""
    settings.HOUSE_NUMBERS = [*settings.HOUSE_NUMBERS, f"{this_district().host}/{number}"]
    numbers.belongs(number, texts=True)
    forget_standing()


def post(path: str, form: dict[str, str], *, secret: str = SECRET, host: str = "cedar.localhost") -> Any:
    signature = RequestValidator(secret).compute_signature(f"http://{host}{path}", form)
    return Client(HTTP_HOST=host).post(path, urlencode(form), content_type=FORM, headers={"X-Twilio-Signature": signature})


def call(
    line: Channel,
    body: str,
    *,
    sid: str = "SM1",
    secret: str = SECRET,
    sender: str = NUMBER,
    host: str = "cedar.localhost",
    **more: str,
) -> Any:
    form = {"MessageSid": sid, "From": sender, "To": line.address, "Body": body, "NumMedia": "0", "AccountSid": ACCOUNT, **more}
    return post(f"/hooks/sms/{line.id}", form, secret=secret, host=host)


def text(here: Cast, line: Channel, body: str, **more: str) -> Envelope:
    """Sent and received; the envelope as it is then."""
    answer = call(line, body, **more)
    assert answer.status_code == 200, answer.content
    receive.drain(here.district.id)
    newest: Envelope = Envelope.objects.exclude(meta__has_key="late").latest("received_at")
    return newest
