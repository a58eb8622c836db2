"""Sign-in mail through allauth's own views."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client, RequestFactory
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from delivery import actions, sending
from delivery.adapter import AccountAdapter
from delivery.models import Delivery
from districts.models import Account, District, Person
from districts.scope import district_scope
from tests.conftest import NOW, PASSWORD, Cast, visitor


@pytest.fixture(autouse=True)
def _no_limits_from_before() -> None:
    cache.clear()


def account_of(person: Person) -> Account:
    assert person.account_ref
    return Account.objects.get(id=person.account_ref)


def ask_for_code(district: District, email: str) -> tuple[Client, str]:
    """(browser, what the page answers)"""
    client = visitor(district)
    answer = client.post("/account/login/code/", {"email": email}, follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0].startswith("/account/login/code/confirm/")
    return client, answer.text.replace(email, "")


def test_a_code_by_mail_lets_a_known_person_in(here: Cast, settings: Settings) -> None:
    settings.DELIVERY_KEEP = True
    client, _page = ask_for_code(here.district, "Alice@cedar.localhost")
    letter = Delivery.objects.get()
    assert (letter.purpose, letter.channel, letter.address) == ("sign-in", "email", "alice@cedar.localhost")
    assert letter.person == here.alice
    assert letter.subject == "Your sign-in code for Cedar"
    sending.drain(here.district.id)
    code = re.search(r"^[A-Z0-9-]{6,12}$", letter.refresh().body, re.M)
    assert code, letter.body
    answer = client.post("/account/login/code/confirm/", {"code": code[0]})
    assert (answer.status_code, answer["Location"]) == (302, "/desk/")
    assert client.get("/notices/").status_code == 200


def test_nobody_learns_whether_an_address_is_known(here: Cast, oak: Cast) -> None:
    _browser, known = ask_for_code(here.district, "alice@cedar.localhost")
    assert Delivery.objects.count() == 1
    for email in ("nobody@example.com", "pat@cedar-family.example", "charlie@oak.localhost"):
        _browser, unknown = ask_for_code(here.district, email)
        assert without_tokens(unknown) == without_tokens(known)
    assert Delivery.objects.count() == 1, "no letter to a stranger, to somebody without a sign-in, or to another district's people"
    assert mail.outbox == []


def without_tokens(page: str) -> str:
    return re.sub(r'(csrfmiddlewaretoken" value=|nonce=|X-CSRFToken": )"[^"]*"', "", page)


def test_an_address_only_the_sign_in_has_is_known_too(here: Cast) -> None:
    account = account_of(here.alice)
    account.email = "alice@home.example"
    account.save()
    ask_for_code(here.district, "alice@home.example")
    assert Delivery.objects.get().person == here.alice


def test_a_new_password_is_asked_for_on_the_districts_own_name(here: Cast, settings: Settings) -> None:
    settings.PUBLIC_PORT = ":8000"
    account = account_of(here.alice)
    account.set_password(PASSWORD)
    account.save()
    client = Client(HTTP_HOST="cedar.localhost:9999")
    client.post("/account/password/reset/", {"email": account.email})
    letter = Delivery.objects.get(purpose="sign-in")
    link = re.search(r"http://cedar\.localhost:8000(/account/password/reset/key/\S+)", letter.body)
    assert link, letter.body
    form = client.get(link[1], follow=True)
    assert form.status_code == 200
    assert 'name="password1"' in form.text


def test_a_second_address_is_confirmed_by_mail_to_it(here: Cast) -> None:
    account = account_of(here.alice)
    EmailAddress.objects.create(user=account, email=account.email, primary=True, verified=True)
    client = visitor(here.district)
    client.force_login(account)
    client.post("/account/email/", {"action_add": "", "email": "alice@home.example"})
    letter = Delivery.objects.get(address="alice@home.example")
    assert re.search(r"http://cedar\.localhost/account/confirm-email/\S+", letter.body)
    assert letter.person == here.alice


@pytest.mark.parametrize("reason", ["bounced 5.1.1", "marked as spam"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_code_is_tried_at_an_address_that_is_not_written_to_otherwise(here: Cast, settings: Settings, reason: str, when: str) -> None:
    """Who is locked out could not ask anybody to lift it: an administrator without a password least of all."""
    settings.DELIVERY_KEEP, settings.REDIS_URL = False, ""
    address = "ada@cedar.localhost"
    if when == "before":
        actions.opt_out(channel="email", address=address, reason=reason, now=NOW)
    ask_for_code(here.district, address)
    if when == "after":
        actions.opt_out(channel="email", address=address, reason=reason, now=NOW)
    letter = Delivery.objects.get()
    assert letter.state == "pending"
    sending._rests.clear()
    sending.drain(here.district.id)
    assert letter.refresh().state == "sent"
    assert [one.to for one in mail.outbox] == [[address]]


def test_nobody_signs_up(here: Cast) -> None:
    form = {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD}
    visitor(here.district).post("/account/signup/", form)
    assert not Account.objects.filter(email="new@example.com").exists()
    assert not AccountAdapter().is_open_for_signup(RequestFactory().get("/"))


def test_outside_districts_a_letter_goes_by_djangos_mail_after_the_transaction(
    db: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        AccountAdapter().send_mail("account/email/login_code", "root@example.com", {"code": "ABC-DEF"})
        assert mail.outbox == []
    assert "ABC-DEF" in mail.outbox[0].body


@pytest.mark.parametrize("district", ["cedar", "oak"])
def test_a_sign_in_is_a_districts_own(cedar: Cast, oak: Cast, district: str) -> None:
    """One person, two districts, one account: the letter belongs to the district whose door was used."""
    account = Account.objects.get(email="alice@cedar.localhost")
    with district_scope(oak.district.id):
        Person.objects.create(name="Alice, visiting", account_ref=account.id)
    used = cedar if district == "cedar" else oak
    ask_for_code(used.district, account.email)
    for cast in (cedar, oak):
        with district_scope(cast.district.id):
            assert Delivery.objects.filter(purpose="sign-in").count() == (cast is used)


@pytest.mark.parametrize(
    ("who", "home"), [("alice", "/desk/"), ("lena", "/desk/"), ("lee", "/today/"), ("ada", "/today/"), ("pat", "/")]
)
def test_whoever_signs_in_comes_to_their_work(here: Cast, who: str, home: str) -> None:
    person: Person = getattr(here, who)
    if person.account_ref is None:
        person.account_ref = Account.objects.create(email="pat@cedar-family.example", name="Pat").id
        person.save()
    account = account_of(person)
    account.set_password(PASSWORD)
    account.save()
    EmailAddress.objects.create(user=account, email=account.email, verified=True, primary=True)
    form = {"login": account.email, "password": PASSWORD}
    assert visitor(here.district).post("/account/login/", form)["Location"] == home
    asked = visitor(here.district).post("/account/login/", {**form, "next": "/help/"})
    assert asked["Location"] == "/help/", "a page that was asked for comes first"


def test_a_person_of_another_district_has_no_work_here(here: Cast, oak: Cast) -> None:
    account = account_of(oak.charlie)
    account.set_password(PASSWORD)
    account.save()
    EmailAddress.objects.create(user=account, email=account.email, verified=True, primary=True)
    answer = visitor(here.district).post("/account/login/", {"login": account.email, "password": PASSWORD})
    assert answer["Location"] == "/"
