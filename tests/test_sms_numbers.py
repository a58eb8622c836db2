"""Set-up: an administrator adds the numbers that people text and call."""

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from delivery import lines
from delivery.models import Line
from districts.scope import district_scope
from intake.models import Channel
from intake.phone import numbers
from intake.phone.numbers import token
from intake.standing import forget_standing
from tests.conftest import Cast, sign_in
from tests.texting import ACCOUNT, SECRET, a_line, call, post


@pytest.fixture(autouse=True)
def _the_products_account(settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = SECRET


@pytest.fixture
def admin(here: Cast) -> Client:
    return sign_in(here.ada, here.district)


def fill(client: Client, path: str = "/setup/numbers/new", **values: str) -> Any:
    """The form as it is opened, with these values."""
    page = client.get(path).content.decode()
    seen = re.search(r'name="seen" value="([^"]*)"', page)
    given = {"address": "(916) 555-0144", "does": "both", "name": "Texts", "team": "", "account": ACCOUNT, "token": SECRET, **values}
    return client.post(path, {"seen": seen[1] if seen else "", **given})


def errors(answer: HttpResponse) -> str:
    assert answer.status_code == 422
    return answer.content.decode()


def test_a_number_for_both_is_two_doors(here: Cast, admin: Client) -> None:
    assert fill(admin)["Location"] == "/setup/numbers/"
    texts, calls = Channel.objects.get(kind="sms"), Channel.objects.get(kind="phone")
    assert texts.address == calls.address == "+19165550144"
    page = admin.get("/setup/numbers/").content.decode()
    assert f"http://cedar.localhost/hooks/sms/{texts.id}" in page
    assert f"http://cedar.localhost/hooks/voice/{calls.id}" in page
    assert SECRET not in page
    assert call(texts, "The bus is late").status_code == 200, "and it works at once"
    assert post(f"/hooks/voice/{calls.id}", {"CallSid": "CA1"}).status_code == 200


def test_a_teams_own_number(here: Cast, admin: Client) -> None:
    fill(admin, does="sms", team=str(here.transportation.id))
    assert Channel.objects.get(kind="sms").team == here.transportation
    assert not Channel.objects.filter(kind="phone").exists()


@pytest.mark.parametrize("address", ["", "555", "12345", "(000) 555-0144", "call me", "+1 900 555 0144"])
def test_what_is_no_number_is_said(admin: Client, address: str) -> None:
    page = errors(fill(admin, address=address))
    assert "There is no such number" in page or "This field is required" in page


def test_a_number_without_a_token_would_refuse_everything(admin: Client) -> None:
    assert "Without it nobody can prove to be Twilio" in errors(fill(admin, token=""))
    assert not Channel.objects.filter(kind="sms").exists()


def test_the_token_stays_as_long_as_no_other_is_given(here: Cast, admin: Client) -> None:
    fill(admin, does="phone", token="their own")
    door = Channel.objects.get(kind="phone")
    path = f"/setup/numbers/{door.id}/"
    assert "their own" not in admin.get(path).content.decode()
    assert fill(admin, path, name="Buses", token="").status_code == 302
    assert (door.refresh().name, token(door)) == ("Buses", "their own")
    fill(admin, path, token="another")
    assert token(door) == "another"


def test_the_token_is_sealed_and_never_shown(here: Cast, admin: Client) -> None:
    fill(admin, token="their own")
    kept = Line.objects.get().secret
    assert kept
    assert "their own" not in kept
    for page in ("/setup/numbers/", f"/setup/numbers/{Channel.objects.get(kind='sms').id}/"):
        assert "their own" not in admin.get(page).content.decode()
        assert kept not in admin.get(page).content.decode()


def test_a_token_is_the_accounts_and_is_given_once(here: Cast, admin: Client) -> None:
    fill(admin, does="sms", token="their own")
    assert fill(admin, address="(916) 555-0145", does="sms", token="").status_code == 302, "the account is known"
    fill(admin, f"/setup/numbers/{Channel.objects.get(address='+19165550144').id}/", token="a new one")
    assert [token(door) for door in Channel.objects.filter(kind="sms")] == ["a new one", "a new one"]
    other = "AC" + "9" * 32
    assert "Without it nobody can prove" in errors(fill(admin, address="(916) 555-0146", does="sms", account=other, token=""))
    moved = fill(admin, f"/setup/numbers/{Channel.objects.get(address='+19165550145').id}/", account=other, token="")
    assert "Without it nobody can prove" in errors(moved), "no account is given the token of another"


@pytest.mark.parametrize("sid", ["", "AC1", "SK0123456789abcdef0123456789abcdef", "ACzz23456789abcdef0123456789abcdef"])
def test_an_account_is_named_whole(admin: Client, sid: str) -> None:
    assert "An Account SID begins with AC" in errors(fill(admin, account=sid))
    assert not Channel.objects.filter(kind="sms").exists()


def test_one_from_before_learns_its_account_from_a_signed_call(here: Cast, admin: Client) -> None:
    door = a_line()
    Line.objects.update(account="", texts=False)
    forget_standing()
    told = "Its Account SID is missing: answers leave from another number"
    assert told in admin.get("/setup/numbers/").content.decode()
    assert call(door, "hi", secret="guessed").status_code == 403
    assert not Line.objects.get().account
    assert call(door, "hi").status_code == 200
    assert (Line.objects.get().account, Line.objects.get().texts) == (ACCOUNT, True)
    assert told not in admin.get("/setup/numbers/").content.decode()
    assert call(door, "hi", AccountSid="AC" + "9" * 32, sid="SM2").status_code == 200
    assert Line.objects.get().account == ACCOUNT, "once"


def test_the_first_number_is_one(here: Cast, admin: Client) -> None:
    fill(admin, does="sms")
    fill(admin, address="(916) 555-0145", does="sms", first="on")
    page = admin.get("/setup/numbers/").content.decode()
    assert page.count("first texts leave from here") == 1
    assert lines.first(here.district).number == "+19165550145"
    fill(admin, f"/setup/numbers/{Channel.objects.get(address='+19165550144').id}/", first="on", token="")
    assert lines.first(here.district).number == "+19165550144"
    admin.post(f"/setup/numbers/{Channel.objects.get(address='+19165550144').id}/switch", {"to": "off"})
    assert lines.first(here.district).number == "+19165550145", "what is off sends nothing"


def test_the_number_and_what_it_does_stay(here: Cast, admin: Client) -> None:
    fill(admin, does="sms")
    line = Channel.objects.get(kind="sms")
    fill(admin, f"/setup/numbers/{line.id}/", address="(916) 555-0199", does="phone")
    assert (line.refresh().address, line.kind) == ("+19165550144", "sms")


def test_the_products_own_account_is_named_and_not_copied(here: Cast, admin: Client, settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = ""
    assert 'name="house"' not in admin.get("/setup/numbers/new").content.decode()
    settings.TWILIO_AUTH_TOKEN = "the product's own"
    assert 'name="house"' not in admin.get("/setup/numbers/new").content.decode(), "no number is given to the district"
    settings.HOUSE_NUMBERS = ["cedar.localhost/+19165550144"]
    fill(admin, does="sms", house="on", token="", account="")
    line = Channel.objects.get(kind="sms")
    assert (Line.objects.get().secret, token(line)) == ("", "the product's own")
    assert fill(admin, f"/setup/numbers/{line.id}/", token="").status_code == 422, "taken back, it needs one of its own"


def test_only_what_the_operator_gave_is_of_the_products_account(here: Cast, admin: Client, settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = "the product's own"
    settings.HOUSE_NUMBERS = ["oak.localhost/+19165550144", "cedar.localhost/+19165550145"]
    given = {"does": "sms", "first": "on", "token": "", "account": ""}
    assert "has not given this number" in errors(fill(admin, house="on", **given))
    assert "Another district has this number" in errors(fill(admin)), "nor by an account of one's own"
    assert not Line.objects.exists()
    assert fill(admin, address="(916) 555-0145", house="on", **given).status_code == 302
    assert lines.first(here.district).account.token == "the product's own"


def test_a_number_sends_the_texts_of_one_district(here: Cast, oak: Cast, admin: Client) -> None:
    with district_scope(oak.district.id):
        numbers.belongs("+19165550144", account=lines.Account(ACCOUNT, SECRET), texts=True)
    assert "Another district has this number" in errors(fill(admin))
    assert not Channel.objects.filter(kind__in=["sms", "phone"]).exists()
    with district_scope(oak.district.id):
        Line.objects.update(texts=False)
    assert fill(admin, does="sms").status_code == 302
    door = Channel.objects.get(kind="sms")
    admin.post(f"/setup/numbers/{door.id}/switch", {"to": "off"})
    with district_scope(oak.district.id):
        Line.objects.update(texts=True)
    page = admin.post(f"/setup/numbers/{door.id}/switch", {"to": "on"}, follow=True).content.decode()
    assert "Another district has this number" in page
    assert not door.refresh().active


@pytest.mark.parametrize("there", ["sms", "phone"])
def test_twice_is_said(admin: Client, there: str) -> None:
    fill(admin, does=there)
    assert "The district has this number already." in errors(fill(admin, does="both"))
    assert Channel.objects.filter(kind__in=["sms", "phone"]).count() == 1, "nothing by halves"


def test_one_that_is_off_takes_nothing_in(here: Cast, admin: Client) -> None:
    fill(admin, does="sms")
    line = Channel.objects.get(kind="sms")
    admin.post(f"/setup/numbers/{line.id}/switch", {"to": "off"})
    assert call(line, "hi").status_code == 404
    admin.post(f"/setup/numbers/{line.id}/switch", {"to": "on"})
    assert call(line, "hi").status_code == 200


def test_texts_that_leave_from_elsewhere_are_told(here: Cast, admin: Client, settings: Settings) -> None:
    settings.SMS_FROM = ""
    a_line()
    Line.objects.update(account="", texts=False)
    assert "Your texts do not leave" in admin.get("/setup/numbers/").content.decode()
    settings.SMS_FROM = "+12025550100"
    assert "Your texts leave from +12025550100, which is none of these" in admin.get("/setup/numbers/").content.decode()
    Line.objects.update(account=ACCOUNT, texts=True)
    assert "Your texts leave" not in admin.get("/setup/numbers/").content.decode()


def test_the_overview_says_when_there_is_none(admin: Client) -> None:
    assert "No number for text messages." in admin.get("/setup/").content.decode()
    fill(admin)
    page = admin.get("/setup/").content.decode()
    assert "No number for text messages." not in page
    assert "1 number" in page


def test_neighbours_and_agents_see_nothing(here: Cast, oak: Cast, admin: Client) -> None:
    with district_scope(oak.district.id):
        theirs = Channel.objects.create(kind="sms", address="+12025550111", name="Oak texts")
    assert admin.get(f"/setup/numbers/{theirs.id}/").status_code == 404
    assert "+12025550111" not in admin.get("/setup/numbers/").content.decode()
    mail = Channel.objects.create(kind="email", address="help@cedar.localhost", name="Help")
    assert admin.get(f"/setup/numbers/{mail.id}/").status_code == 404, "a mail address is no number"
    assert sign_in(here.alice, here.district).get("/setup/numbers/").status_code == 403
