"""A founded district is set up by pages alone, until a parent's request lands at its team with a promise."""

import io
import re
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django.utils.text import slugify
from pytest_django import Settings

from delivery.models import Delivery
from districts.models import District
from districts.scope import district_scope
from routing import placing, training
from sla.models import Clock
from tests.conftest import Cast
from tests.filling import fill
from tickets.models import Ticket

OFFERED = {
    "Bus is late": (
        "Transportation",
        ["the bus did not come", "our bus is late again", "where is the bus", "the bus left without my child", "bus 12 is late"],
    ),
    "Heating and repairs": (
        "Facilities",
        ["the heating is out", "a window is broken", "the classroom is cold", "the door does not close", "water on the floor"],
    ),
    "Lunch account": (
        "Food Services",
        ["lunch money is gone", "add money to the lunch account", "charged twice for lunch", "free lunch form", "menu for the week"],
    ),
    "Enrollment": (
        "Registrar",
        ["enroll my daughter", "we are moving here", "proof of address", "birth certificate for kindergarten", "transfer records"],
    ),
    "Password reset": (
        "Technology",
        ["forgot my password", "cannot log in", "locked out of my account", "chromebook asks for a password", "reset my login"],
    ),
    "Pay question": (
        "Payroll",
        ["my paycheck is wrong", "overtime was not paid", "change direct deposit", "tax form W-2", "sick leave on my pay stub"],
    ),
}


@pytest.fixture
def elm(oak: Cast, settings: Settings) -> District:
    cache.clear()
    settings.DELIVERY_KEEP = True
    call_command("new_district", "elm.example.org", "Elm Union Schools", "--admin", "head@elm.example", stdout=io.StringIO())
    return District.objects.get(host="elm.example.org")


def sign_in_by_code(district: District, email: str) -> Client:
    browser = Client(HTTP_HOST=district.host)
    browser.post("/account/login/code/", {"email": email})
    with district_scope(district.id):
        code = re.search(r"^[A-Z0-9-]{6,12}$", Delivery.objects.get(purpose="sign-in", address=email).body, re.M)
    assert code
    assert browser.post("/account/login/code/confirm/", {"code": code[0]}).status_code == 302
    return browser


def lead_of(team: str) -> str:
    return f"{slugify(team)}@elm.example"


def choice(page: str, browser: Client, label: str) -> str:
    """The team that a person chooses by its name."""
    choices = browser.get(page).context["form"].fields["team"].choices
    return next(str(value) for value, words in choices if words == label)


def add(browser: Client, page: str, **values: object) -> None:
    assert fill(browser, page, **values).status_code == 302, values


def set_up(browser: Client) -> None:
    add(browser, "/setup/sites/new", name="Elm Elementary", code="ELM", aliases="Elm")
    for team, _phrases in OFFERED.values():
        add(browser, "/setup/teams/new", name=team)
    for bound in browser.get("/setup/people/new").context["form"].in_teams():
        add(browser, "/setup/people/new", name=f"Lead of {bound.label}", email=lead_of(bound.label), **{bound.name: "lead"})
    more = {"audience": ["family"], "first": "within 2 business hours", "resolve": "same-day"}
    for name, (team, phrases) in OFFERED.items():
        where = choice("/setup/services/new", browser, team)
        add(browser, "/setup/services/new", name=name, team=where, example_phrases="\n".join(phrases), **more)
    add(browser, "/setup/calendar/", kind="holiday", name="New Year", first=f"{timezone.localdate().year + 1}-01-01")
    where = choice("/setup/addresses/new", browser, "Transportation")
    add(browser, "/setup/addresses/new", local="buses", name="Buses", team=where)


def test_from_nothing_to_a_promise_by_pages_alone(elm: District) -> None:
    browser = sign_in_by_code(elm, "head@elm.example")
    assert "things are missing" in browser.get("/setup/").content.decode()
    set_up(browser)
    assert "Nothing is missing" in browser.get("/setup/").content.decode()
    assert training.retrain(elm.id, now=timezone.now()) is not None, "what the hourly task does"

    asked = {
        "text": "My child's bus did not come this morning",
        "contact": "parent@elm-family.example",
        "step": "send",
        "form_id": str(uuid4()),
    }
    parent = Client(HTTP_HOST=elm.host)
    answer = parent.post("/", asked)
    assert answer.status_code == 303
    assert placing.drain(elm.id) == 1
    with district_scope(elm.id):
        ticket = Ticket.objects.select_related("team", "service").get()
        assert ticket.service is not None
        assert (ticket.team.name, ticket.service.name) == ("Transportation", "Bus is late")
        assert set(Clock.objects.values_list("kind", "terms")) == {("first", "within 2 business hours"), ("resolve", "same-day")}
        assert ticket.due_at is not None
    assert "Transportation" in parent.get(answer.headers["Location"]).content.decode()
    lead = sign_in_by_code(elm, lead_of("Transportation"))
    assert f"#{ticket.number}" in lead.get(f"/desk/{ticket.id}/").content.decode()
