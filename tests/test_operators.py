"""The operators' admin: who may enter, and what a district's row may be made to say."""

import json
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from districts import queries
from districts.models import Account, District
from districts.scope import district_scope
from sla import policies
from sla.actions import derive, drain_stale
from sla.models import Clock, ClockKind
from sla.policies import Rules
from tests.conftest import NOW, PASSWORD, Cast, a_ticket, sign_in, visitor
from tests.test_founding import HOST, found
from tickets.models import Ticket

OPERATOR = "root@operators.example"


@pytest.fixture(autouse=True)
def _no_attempts_from_before() -> None:
    cache.clear()


@pytest.fixture
def root(db: None) -> Account:
    account: Account = Account.objects.create_superuser(OPERATOR, PASSWORD)
    return account


def browser() -> Client:
    return Client(HTTP_HOST="localhost")


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def log_in(client: Client, password: str = PASSWORD, where: str = "/operator/") -> Any:
    return client.post("/account/login/", {"login": OPERATOR, "password": password, "next": where}, follow=True)


@pytest.fixture
def inside(root: Account) -> Client:
    """An operator who has passed both steps."""
    secret = generate_totp_secret()
    TOTP.activate(root, secret)
    client = browser()
    log_in(client)
    assert client.post("/account/2fa/authenticate/", {"code": code_of(secret)}).status_code == 302
    assert client.get("/operator/").status_code == 200
    return client


# --- who may enter --------------------------------------------------------------------------------------------------------


def test_the_first_operator_sets_up_an_authenticator_and_enters(root: Account) -> None:
    """From `createsuperuser` to the admin, with no mail going out."""
    client = browser()
    page = client.get("/operator/", follow=True)
    assert page.redirect_chain[-1][0].startswith("/account/login/?next=")
    page = log_in(client)
    assert page.redirect_chain[-1][0].startswith("/account/reauthenticate/?next=")
    assert client.get("/operator/districts/district/").status_code == 302, "not by the password alone"
    page = client.post("/account/reauthenticate/", {"password": PASSWORD, "next": "/account/2fa/totp/activate/"}, follow=True)
    secret = client.session["mfa.totp.secret"]
    assert page.status_code == 200
    assert secret in page.text
    page = client.post("/account/2fa/totp/activate/", {"code": code_of(secret)}, follow=True)
    assert page.redirect_chain[-1][0] == "/account/2fa/recovery-codes/"
    page = client.get("/operator/", follow=True)
    assert page.redirect_chain[-1][0].startswith("/account/2fa/reauthenticate/?next=")
    page = client.post("/account/2fa/reauthenticate/", {"code": code_of(secret), "next": "/operator/"}, follow=True)
    assert page.redirect_chain[-1][0] == "/operator/"
    assert "District" in page.text


def test_the_shells_operator_needs_no_mail(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", email=OPERATOR, interactive=False, verbosity=0)
    assert EmailAddress.objects.filter(email=OPERATOR, verified=True, primary=True).exists()


def test_an_operator_with_an_authenticator_does_not_enter_by_password(root: Account) -> None:
    secret = generate_totp_secret()
    TOTP.activate(root, secret)
    client = browser()
    page = log_in(client)
    assert page.redirect_chain[-1][0].startswith("/account/2fa/authenticate/")
    assert client.get("/operator/").status_code == 302
    client.post("/account/2fa/authenticate/", {"code": "000000"})
    assert client.get("/operator/").status_code == 302


def test_the_admins_own_login_takes_no_password(root: Account) -> None:
    client = browser()
    answer = client.post("/operator/login/", {"username": OPERATOR, "password": PASSWORD})
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/account/login/")
    assert "_auth_user_id" not in client.session


def test_sixty_guesses_are_not_all_looked_at(root: Account, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {}
    client = browser()
    answers = [log_in(client, password=f"guess {n}") for n in range(60)]
    assert 429 in {answer.status_code for answer in answers}
    assert "Too many" in answers[7].text
    assert "_auth_user_id" not in client.session
    log_in(client)
    assert "_auth_user_id" not in client.session, "nor is the right one, now"


def test_somebody_without_the_mark_does_not_enter(cedar: Cast) -> None:
    account = Account.objects.get(email="ada@cedar.localhost")
    client = browser()
    client.force_login(account)
    assert client.get("/operator/", follow=True).status_code == 403


def test_a_demonstration_may_do_without(root: Account, settings: Settings) -> None:
    settings.OPERATOR_MFA = False
    client = browser()
    page = log_in(client)
    assert page.redirect_chain[-1][0] == "/operator/"


@pytest.mark.parametrize("page", ["login/", "password/reset/", "login/code/"])
def test_sign_in_pages_work_on_the_operators_host(db: None, page: str) -> None:
    assert browser().get(f"/account/{page}").status_code == 200


# --- people with a role in a district ---------------------------------------------------------------------------------------


def test_staff_are_asked_for_a_second_step_where_it_is_required(here: Cast, settings: Settings) -> None:
    client = sign_in(here.alice, here.district)
    assert client.get("/desk/").status_code == 200
    settings.REQUIRE_STAFF_MFA = True
    answer = client.get("/desk/")
    assert (answer.status_code, answer["Location"]) == (302, "/account/2fa/totp/activate/?next=%2Fdesk%2F")
    assert client.get("/api/v1/tickets").status_code == 302
    assert client.get("/account/2fa/").status_code == 200
    assert visitor(here.district).get("/").status_code == 200
    Authenticator.objects.create(user_id=here.alice.account_ref, type="totp", data={"secret": generate_totp_secret()})
    answer = client.get("/desk/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == "/account/2fa/reauthenticate/?next=%2Fdesk%2F"


def test_staff_who_passed_it_go_on(here: Cast, settings: Settings) -> None:
    settings.REQUIRE_STAFF_MFA = True
    account = Account.objects.get(email="alice@cedar.localhost")
    secret = generate_totp_secret()
    TOTP.activate(account, secret)
    client = sign_in(here.alice, here.district)
    client.post("/account/2fa/reauthenticate/", {"code": code_of(secret), "next": "/desk/"})
    assert client.get("/desk/").status_code == 200


# --- a district's row -------------------------------------------------------------------------------------------------------


def form_of(client: Client, district: District) -> dict[str, Any]:
    """What the page's form would send, unchanged."""
    page = client.get(f"/operator/districts/district/{district.id}/change/")
    assert page.status_code == 200
    values = page.context["adminform"].form.initial
    form: dict[str, Any] = {}
    for name, field in page.context["adminform"].form.fields.items():
        value = field.prepare_value(values[name])
        form[name] = "" if value is None else value
    return {name: value for name, value in form.items() if value is not False}


def save(client: Client, district: District, **changes: Any) -> Any:
    return client.post(f"/operator/districts/district/{district.id}/change/", form_of(client, district) | changes)


def errors_of(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(re.findall(r'class="errorlist"[^>]*>(.*?)</ul>', answer.text, re.S))


def test_a_founded_district_is_saved_as_it_is(inside: Client) -> None:
    found()
    district = District.objects.get(host=HOST)
    assert save(inside, district).status_code == 302
    after = District.objects.get(host=HOST)
    assert (after.hours, after.school_release, after.languages) == (district.hours, {}, ["en", "es"])
    assert save(inside, district, hours="", school_release="", languages="", sms_codes="").status_code == 302
    after.refresh_from_db()
    assert (after.hours, after.school_release, after.languages, after.sms_codes) == ([], {}, [], [])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Mars/Olympus"), ("host", "no host"), ("host", "-a.example"), ("host", "a..example"), ("host", "localhost"),
        ("accent", "blue"), ("languages", '["en", "xx"]'), ("languages", '"en"'), ("languages", '["en", "en"]'), ("languages", "{"),
        ("hours", '[{"windows": [["16:00", "08:00"]]}]'), ("hours", '{"a": 1}'), ("hours", '[{"days": [7]}]'), ("hours", "[5]"),
        ("hours", '[{"from": "2026-05-01", "to": "2026-04-01"}]'), ("school_release", '{"9": "15:00"}'),
        ("school_release", '{"0": "late"}'), ("school_release", "[]5"), ("sms_codes", '["+1"]'), ("sms_codes", '[1]'),
        ("last_day", "1999-01-01"),
    ],
)  # fmt: skip
def test_what_would_break_a_district_is_refused(inside: Client, cedar: Cast, field: str, value: str) -> None:
    before = District.objects.values().get(id=cedar.district.id)
    answer = save(inside, cedar.district, **{"first_day": "2026-09-01", field: value})
    assert errors_of(answer)
    assert District.objects.values().get(id=cedar.district.id) == before


def test_the_operators_own_host_is_no_districts(inside: Client, cedar: Cast, settings: Settings) -> None:
    settings.OPERATOR_HOSTS = ["localhost", "operators.example.org"]
    assert "own host" in errors_of(save(inside, cedar.district, host="operators.example.org"))


def test_a_host_is_kept_as_browsers_send_it(inside: Client, cedar: Cast) -> None:
    assert save(inside, cedar.district, host=" Help.Cedar.Example.ORG. ").status_code == 302
    assert District.objects.get(id=cedar.district.id).host == "help.cedar.example.org"
    assert Client(HTTP_HOST="Help.Cedar.Example.ORG").get("/").status_code == 200
    assert Client(HTTP_HOST="cedar.localhost").get("/").status_code == 404


def test_a_closed_district_is_answered_no_more(inside: Client, cedar: Cast) -> None:
    assert visitor(cedar.district).get("/").status_code == 200
    form = form_of(inside, cedar.district)
    del form["active"]
    assert inside.post(f"/operator/districts/district/{cedar.district.id}/change/", form).status_code == 302
    assert visitor(cedar.district).get("/").status_code == 404


def test_new_hours_move_every_promise(inside: Client, cedar: Cast) -> None:
    """Also where this process still remembers the old ones, as every worker does."""
    with district_scope(cedar.district.id):
        ticket = a_ticket(cedar)
        derive(ticket, now=NOW)
        before = Clock.objects.get(ticket=ticket, kind=ClockKind.RESOLUTION).due_at
    later = [{"days": [0, 1, 2, 3, 4], "windows": [["12:00", "13:00"]]}]
    assert save(inside, cedar.district, hours=json.dumps(later)).status_code == 302
    queries._districts[cedar.district.id] = time.monotonic() + 10, cedar.district
    policies._rules[cedar.district.id] = time.monotonic() + 10, Rules(cedar.district)
    drain_stale(cedar.district.id, now=NOW + timedelta(hours=1))
    with district_scope(cedar.district.id):
        after = Clock.objects.get(ticket=ticket, kind=ClockKind.RESOLUTION).due_at
        assert Ticket.objects.get(id=ticket.id).due_at
    assert before
    assert after
    assert after == before + timedelta(hours=2), "10:00 of the third day is not open any more"


def test_a_new_name_moves_none(inside: Client, cedar: Cast) -> None:
    with district_scope(cedar.district.id):
        facts_at = a_ticket(cedar).facts_at
    assert save(inside, cedar.district, name="Cedar Valley Unified").status_code == 302
    with district_scope(cedar.district.id):
        assert Ticket.objects.get().facts_at == facts_at


def test_nothing_is_deleted_there(inside: Client, cedar: Cast) -> None:
    assert inside.get(f"/operator/districts/district/{cedar.district.id}/delete/").status_code == 403
    action = {"action": "delete_selected", "_selected_action": str(cedar.district.id), "post": "yes"}
    inside.post("/operator/districts/district/", action)
    assert District.objects.filter(id=cedar.district.id).exists()
    assert inside.get(f"/operator/districts/account/{cedar.ada.account_ref}/delete/").status_code == 403


def test_an_authenticator_is_taken_away_there_and_its_secret_never_shown(inside: Client) -> None:
    mine = Authenticator.objects.get(type="totp")
    page = inside.get(f"/operator/mfa/authenticator/{mine.id}/change/").content.decode()
    assert "created at" in page.lower()
    assert mine.data["secret"] not in page + inside.get("/operator/mfa/authenticator/").content.decode()
    other = TOTP.activate(Account.objects.create(email="lost@operators.example"), generate_totp_secret()).instance
    assert inside.post(f"/operator/mfa/authenticator/{other.id}/delete/", {"post": "yes"}).status_code == 302
    assert list(Authenticator.objects.filter(type="totp")) == [mine]


def test_pages_that_packages_bring_are_not_there(inside: Client) -> None:
    for path in ("account/emailaddress/", "auth/group/"):
        assert inside.get(f"/operator/{path}").status_code == 404


def test_an_account_made_there_has_a_lower_case_address_and_no_password(inside: Client) -> None:
    inside.post("/operator/districts/account/add/", {"email": "Second@Operators.example", "is_active": "on", "is_staff": "on"})
    account = Account.objects.get(email="second@operators.example")
    assert not account.has_usable_password()


def test_a_sign_in_is_not_renamed_there(inside: Client, cedar: Cast) -> None:
    """The old address would go on getting codes for it; what else is on the page is changed."""
    assert cedar.alice.account_ref
    account = Account.objects.get(id=cedar.alice.account_ref)
    EmailAddress.objects.create(user=account, email=account.email, verified=True, primary=True)
    path = f"/operator/districts/account/{account.id}/change/"
    assert "email" not in inside.get(path).context["adminform"].form.fields
    assert inside.post(path, {"email": "mallory@new.example", "name": "Alice B.", "is_active": "on"}).status_code == 302
    account.refresh_from_db()
    assert (account.email, account.name) == ("alice@cedar.localhost", "Alice B.")
    assert list(EmailAddress.objects.filter(user=account).values_list("email", flat=True)) == [account.email]


def test_a_bare_row_is_valid(db: None) -> None:
    District(slug="bare", name="Bare", host="bare.example.org").full_clean()
    with pytest.raises(ValidationError, match="host name"):
        District(slug="bare", name="Bare", host="Bare.example.org").full_clean()
