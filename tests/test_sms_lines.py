"""Which number a text leaves from, by whose account, and whom we believe about it."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from twilio.request_validator import RequestValidator

from delivery import actions as delivery
from delivery import lines, sending
from delivery.lines import Account
from delivery.models import Delivery, Line, NumberUsed
from districts.models import uuid7
from districts.scope import district_scope
from intake.channels.arrival import Media
from intake.models import Channel, Envelope
from intake.phone import media, numbers
from intake.receiving import receive
from tests.conftest import Cast
from tests.test_delivery_sms import TOKEN, Twilio, no, serve
from tests.texting import FORM, NUMBER, call
from tickets import actions as tickets
from tickets.models import Ticket

MAIN, BUSES, CALLS = "+19165550100", "+19165550200", "+19165550300"
THEIRS, OTHER = Account("AC" + "1" * 32, "their token"), Account("AC" + "2" * 32, "their other token")


@pytest.fixture
def twilio(settings: Settings) -> Iterator[Twilio]:
    yield from serve(settings)


@pytest.fixture(autouse=True)
def _awake() -> None:
    sending._rests.clear()


@pytest.fixture
def doors(here: Cast) -> dict[str, Channel]:
    """A number for everybody, which is the first, and one of the buses, each of an account of the district's own."""
    made = {}
    for number, account in ((MAIN, THEIRS), (BUSES, OTHER)):
        made[number] = numbers.save(
            None, kind="sms", address=number, name=number, team=None, account=account, first=number == MAIN, by=None
        )
    return made


def text(here: Cast, door: Channel, account: Account, body: str, sid: str, sender: str = NUMBER) -> Ticket | None:
    """Somebody texts it; what they are answered leaves."""
    assert call(door, body, sid=sid, secret=account.token, sender=sender, AccountSid=account.sid).status_code == 200
    receive.drain(here.district.id)
    came = Envelope.objects.filter(external_id=sid).values("ticket_ref")
    send(here)
    return Ticket.objects.filter(id__in=came).first()


def send(here: Cast) -> None:
    Delivery.objects.filter(state="pending").update(not_before=timezone.now())
    sending.drain(here.district.id)


def reply(here: Cast, ticket: Ticket, words: str) -> None:
    tickets.reply(tickets.take(ticket), by=here.alice, words=tickets.Words(text=words), now=timezone.now())
    send(here)


def left_from(twilio: Twilio) -> list[str]:
    return [asked["From"] for asked in twilio.asked]


def basic(account: Account) -> str:
    return "Basic " + base64.b64encode(f"{account.sid}:{account.token}".encode()).decode()


def queue(key: str, to: str = NUMBER, **more: Any) -> Delivery:
    return delivery.send(channel="sms", address=to, body="Hello", dedupe_key=key, purpose="ack", now=timezone.now(), **more)


# --- which number -----------------------------------------------------------------------------------------------------


def test_an_answer_leaves_from_the_number_that_was_texted(here: Cast, doors: dict[str, Channel], twilio: Twilio) -> None:
    first = text(here, doors[BUSES], OTHER, "The bus did not come", "SM1")
    assert first is not None
    assert left_from(twilio) == [BUSES]
    assert twilio.paths == {f"/2010-04-01/Accounts/{OTHER.sid}/Messages.json"}
    assert twilio.logins == {basic(OTHER)}
    second = text(here, doors[MAIN], THEIRS, "The projector is broken", "SM2", sender="+19165550155")
    assert second is not None
    reply(here, first, "It comes at eight")
    reply(here, second, "Somebody looks at it")
    assert left_from(twilio) == [BUSES, MAIN, BUSES, MAIN]
    assert set(Delivery.objects.filter(channel="sms").values_list("about", "sent_from")) == {(first.id, BUSES), (second.id, MAIN)}


def test_one_person_two_numbers_two_conversations(here: Cast, doors: dict[str, Channel], twilio: Twilio) -> None:
    bus = text(here, doors[BUSES], OTHER, "The bus did not come", "SM1")
    assert bus is not None
    Ticket.objects.update(opened_at=timezone.now() - timedelta(days=30), channel="sms")
    lines.used(address=NUMBER, number=MAIN, about=uuid7(), now=timezone.now())
    reply(here, bus, "It comes at eight")
    assert left_from(twilio)[-1] == BUSES, "however lately they texted the other"
    queue("about nothing")
    send(here)
    assert left_from(twilio)[-1] == MAIN, "else the one they texted last"


def test_who_goes_on_by_another_number_is_answered_there(here: Cast, doors: dict[str, Channel], twilio: Twilio) -> None:
    ticket = text(here, doors[BUSES], OTHER, "The bus did not come", "SM1")
    assert text(here, doors[MAIN], THEIRS, "It is number 12", "SM2") == ticket
    assert ticket is not None
    reply(here, ticket, "Thank you")
    assert left_from(twilio)[-1] == MAIN
    assert NumberUsed.objects.get().number == MAIN


def test_a_first_text_leaves_from_the_first_number(here: Cast, doors: dict[str, Channel], twilio: Twilio) -> None:
    queue("one")
    send(here)
    Line.objects.update(first=False)
    Line.objects.filter(number=BUSES).update(first=True)
    queue("two")
    send(here)
    assert left_from(twilio) == [MAIN, BUSES]


@pytest.mark.parametrize("word", ["HELP", "ALTO"])
def test_help_and_farewell_leave_from_the_number_that_was_texted(
    here: Cast,
    doors: dict[str, Channel],
    twilio: Twilio,
    word: str,
) -> None:
    text(here, doors[BUSES], OTHER, word, "SM1")
    assert left_from(twilio) == [BUSES]


def test_the_house_sends_for_a_district_without_a_number_of_its_own(here: Cast, twilio: Twilio) -> None:
    numbers.save(None, kind="phone", address=CALLS, name="Calls", team=None, account=THEIRS, first=False, by=None)
    queue("one")
    send(here)
    assert (left_from(twilio), twilio.paths) == (["+15095550000"], {"/2010-04-01/Accounts/AC1/Messages.json"}), (
        "a number for calls is none"
    )


def test_a_number_of_the_house_has_no_copy_of_its_token(
    here: Cast, doors: dict[str, Channel], twilio: Twilio, settings: Settings
) -> None:
    settings.HOUSE_NUMBERS = [f"cedar.localhost/{CALLS}"]
    house = numbers.save(None, kind="sms", address=CALLS, name="Ours", team=None, account=None, first=True, by=None)
    queue("one")
    send(here)
    assert (left_from(twilio), Line.objects.get(number=house.address).secret) == ([CALLS], "")
    assert twilio.logins == {basic(Account("AC1", TOKEN))}


@pytest.mark.parametrize("told", [[], [f"oak.localhost/{CALLS}"], [f"cedar.localhost/{CALLS}", f"oak.localhost/{CALLS}"]])
def test_the_houses_account_sends_from_no_number_that_it_has_not_given(
    here: Cast, doors: dict[str, Channel], twilio: Twilio, settings: Settings, told: list[str]
) -> None:
    numbers.belongs(CALLS, texts=True, first=True)
    settings.HOUSE_NUMBERS = told
    assert lines.first(here.district).account == Account("", "")
    queue("one")
    send(here)
    assert left_from(twilio) == []


def test_one_that_was_switched_off_sends_nothing_more(here: Cast, doors: dict[str, Channel], twilio: Twilio) -> None:
    ticket = text(here, doors[BUSES], OTHER, "The bus did not come", "SM1")
    assert ticket is not None
    numbers.switch(doors[BUSES], active=False, by=None)
    reply(here, ticket, "It comes at eight")
    assert left_from(twilio) == [BUSES, MAIN]


# --- one account in trouble stops no other ----------------------------------------------------------------------------


def test_a_wrong_token_holds_up_no_other_account(here: Cast, doors: dict[str, Channel], twilio: Twilio) -> None:
    twilio.answers["+19165550190"] = no(401, 20003, "Authenticate")
    wrong = queue("wrong", to="+19165550190", sent_from=BUSES)
    behind = queue("behind", to="+19165550191", sent_from=BUSES)
    others = [queue(f"other {n}", to=f"+1916555017{n}", sent_from=MAIN) for n in range(3)]
    send(here)
    assert {row.refresh().state for row in others} == {"sent"}
    assert (wrong.refresh().state, wrong.attempts, behind.refresh().state) == ("pending", 0, "pending")
    assert "20003" in wrong.error
    asked = len(twilio.asked)
    later = queue("later", sent_from=MAIN)
    send(here)
    assert later.refresh().state == "sent"
    assert len(twilio.asked) == asked + 1, "the refused account rests"
    sending._rests.clear()
    twilio.answers.clear()
    send(here)
    assert (wrong.refresh().state, behind.refresh().state) == ("sent", "sent")


def test_a_token_that_cannot_be_opened_waits_in_sight(here: Cast, doors: dict[str, Channel], twilio: Twilio) -> None:
    Line.objects.filter(number=MAIN).update(secret="sealed under a key that is gone")
    row = queue("one")
    send(here)
    assert row.refresh().state == "pending"
    assert "no account to send by" in row.error
    assert twilio.asked == [], "and no other number speaks for it"


# --- what carriers tell us --------------------------------------------------------------------------------------------


def tell(row: Delivery, token: str, host: str = "cedar.localhost") -> int:
    form = {"MessageSid": row.provider_ref, "MessageStatus": "delivered"}
    path = f"/notices/hooks/sms/{row.id}/{row.tries}"
    signature = RequestValidator(token).compute_signature(f"http://{host}{path}", form)
    headers = {"X-Twilio-Signature": signature}
    return Client(HTTP_HOST=host).post(path, urlencode(form), content_type=FORM, headers=headers).status_code


def test_a_receipt_is_signed_by_the_account_that_sent(here: Cast, doors: dict[str, Channel], twilio: Twilio) -> None:
    row = queue("one", sent_from=BUSES)
    send(here)
    row.refresh()
    assert tell(row, OTHER.token) == 204
    assert tell(row, THEIRS.token) == tell(row, TOKEN) == tell(row, "") == 403, "another account knows nothing of it"


def test_one_that_the_house_sent_is_told_of_by_the_house(here: Cast, twilio: Twilio) -> None:
    row = queue("one")
    send(here)
    numbers.belongs(BUSES, account=OTHER, texts=True)
    row.refresh()
    assert tell(row, TOKEN) == 204
    assert tell(row, OTHER.token) == 403


def test_a_neighbours_token_proves_nothing_here(here: Cast, oak: Cast, doors: dict[str, Channel], twilio: Twilio) -> None:
    with district_scope(oak.district.id):
        numbers.belongs(BUSES, account=Account("AC" + "3" * 32, "oak's token"), texts=True)
    row = queue("one", sent_from=BUSES)
    send(here)
    assert tell(row.refresh(), "oak's token") == 403


def test_the_login_for_pictures_is_that_of_the_number(here: Cast, doors: dict[str, Channel]) -> None:
    path = f"https://api.twilio.com/2010-04-01/Accounts/{OTHER.sid}/Messages/MM1/Media/ME1"
    asked = Media(path, "image-1", "image/jpeg", OTHER.sid)
    assert media._login(Envelope(source=doors[BUSES]), asked, here.district.id) == (OTHER.sid, OTHER.token)
    assert media._login(Envelope(source=doors[MAIN]), asked, here.district.id) is None
