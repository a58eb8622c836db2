"""Quick log: a call becomes a ticket in one act, once, in the right hands."""

import re
import uuid
from datetime import timedelta
from typing import Any, cast

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from delivery.models import Delivery
from districts import contacts
from districts.models import ContactPoint, Person
from districts.scope import district_scope
from intake import contacts as intake_contacts
from intake.contacts import BadContact
from routing.models import Decision
from tests.conftest import Cast, a_ticket, sign_in
from tickets.models import Event, Message, Ticket


@pytest.fixture
def alice(here: Cast) -> Client:
    return sign_in(here.alice, here.district)


def log(client: Client, what: str = "Bus 12 left early\nat Maple and 5th", **values: Any) -> HttpResponse:
    """Post the form as it is opened, with these fields filled in."""
    return cast("HttpResponse", client.post("/desk/log/", {"what": what, "once": uuid.uuid4(), **values}))


def newest() -> Ticket:
    return Ticket.objects.order_by("-number")[0]


def test_the_form_opens_with_ones_own_team_chosen(here: Cast, alice: Client) -> None:
    page = alice.get("/desk/log/").content.decode()
    assert re.search(rf'name="team" value="{here.transportation.id}" checked', page)
    assert re.search(r'name="once" value="[0-9a-f-]{36}"', page)
    assert "autofocus" in page


def test_a_call_kept_by_ones_own_team(here: Cast, alice: Client) -> None:
    where: dict[str, Any] = {"team": here.transportation.id, "service": here.bus_late.id, "site": here.maple.id}
    answer = log(alice, contact="(530) 555-0144", name="Pia Caller", **where)
    ticket = newest()
    assert answer["Location"] == "/desk/"
    assert (ticket.channel, ticket.team, ticket.assignee, ticket.service, ticket.site) == (
        "phone", here.transportation, here.alice, here.bus_late, here.maple,
    )  # fmt: skip
    assert (ticket.subject, ticket.priority, ticket.status) == ("Bus 12 left early", here.bus_late.priority, Ticket.Status.NEW)
    assert ticket.requester.name == "Pia Caller"
    assert ContactPoint.objects.get(person=ticket.requester).value == "+15305550144"
    assert Message.objects.get(ticket=ticket).text == "Bus 12 left early\nat Maple and 5th"
    assert ticket.placed_at is not None
    decision = Decision.objects.get(ticket=ticket)
    assert (decision.engine, decision.team, decision.automatic) == ("person", here.transportation, False)
    assert ticket.due_at is not None
    assert Delivery.objects.get(about=ticket.id, purpose="ack").address == "+15305550144"
    assert Event.objects.get(ticket=ticket, kind=Event.Kind.OPENED).by == here.alice
    assert f"Logged as #{ticket.number}." in alice.get("/desk/").content.decode()


def test_a_call_left_to_triage(here: Cast, alice: Client) -> None:
    log(alice, team="")
    ticket = newest()
    assert (ticket.placed_at, ticket.team, ticket.assignee) == (None, here.front_office, None)


def test_already_solved_is_one_tick_and_counts(here: Cast, alice: Client) -> None:
    log(alice, team=here.transportation.id, solved="on", contact="pat@cedar-family.example")
    ticket = newest()
    assert (ticket.status, ticket.assignee, ticket.requester) == (Ticket.Status.RESOLVED, here.alice, here.pat)
    assert ticket.resolved_at is not None
    assert not Delivery.objects.filter(about=ticket.id).exists()


def test_a_caller_without_an_address_is_somebody_new(here: Cast, alice: Client) -> None:
    before = Person.objects.count()
    log(alice, name="")
    assert Person.objects.count() == before + 1
    assert not ContactPoint.objects.filter(person=newest().requester).exists()
    assert alice.get(f"/desk/{newest().id}/").status_code == 200


def test_two_clicks_are_one_ticket_and_two_calls_are_two(here: Cast, alice: Client) -> None:
    before = Ticket.objects.count()
    once = uuid.uuid4()
    for _ in range(3):
        assert log(alice, once=once).status_code == 302
    assert Ticket.objects.count() == before + 1
    log(alice)
    assert Ticket.objects.count() == before + 2


def test_words_of_danger_go_to_triage_whoever_took_the_call(here: Cast, alice: Client) -> None:
    log(alice, what="A student told me he wants to kill himself", team=here.transportation.id, solved="on")
    ticket = newest()
    assert (ticket.placed_at, ticket.status) == (None, Ticket.Status.NEW)
    assert "it goes to the safety team now and stays open" in alice.get("/desk/").content.decode()


def test_save_and_log_another(alice: Client) -> None:
    assert log(alice, next="another")["Location"] == "/desk/log/"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("what", "  ", "Say in a few words what it was about."),
        ("contact", "call me", "Neither a mail address nor a phone number"),
        ("contact", "a@b", "Neither a mail address nor a phone number"),
        ("contact", "12", "Neither a mail address nor a phone number"),
        ("once", "x", "This form was too old."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(alice: Client, field: str, value: str, words: str) -> None:
    before = Ticket.objects.count()
    answer = log(alice, **{"name": "Pia & Co", field: value})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "Pia &amp; Co" in page
    assert Ticket.objects.count() == before
    once = re.search(r'name="once" value="([0-9a-f-]{36})"', page)
    assert once
    assert log(alice, once=once[1]).status_code == 302


def test_teams_and_services_of_others_are_refused(here: Cast, oak: Cast, alice: Client) -> None:
    wrong: list[dict[str, Any]] = [{"team": here.technology.id}, {"team": oak.transportation.id}, {"service": oak.bus_late.id}]
    for values in wrong:
        assert log(alice, **values).status_code == 422


def test_leaders_without_a_team_let_triage_place_it(here: Cast) -> None:
    client = sign_in(here.lee, here.district)
    assert "I do, for" not in client.get("/desk/log/").content.decode()
    assert log(client).status_code == 302


def test_the_caller_is_recognised_by_number(here: Cast, alice: Client) -> None:
    ContactPoint.objects.create(person=here.pat, kind="phone", value="+15305550144")
    ticket = a_ticket(here)
    private = a_ticket(here, text="private thing", team=here.safety, service=here.counseling)
    page = alice.get("/desk/log/caller/", {"contact": "530 555 0144"}).content.decode()
    assert "Pat Parent" in page
    assert f"#{ticket.number}" in page
    assert f"#{private.number}" not in page
    assert "Somebody new" in alice.get("/desk/log/caller/", {"contact": "530 555 0145"}).content.decode()
    assert alice.get("/desk/log/caller/", {"contact": "53"}).content.strip() == b""


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Pat@Example.org ", ("email", "pat@example.org")), ("530-555-0144", ("phone", "+15305550144")),
        ("+44 20 7946 0958", ("phone", "+442079460958")), ("", None), ("Pat", None), ("@", None), ("12", None), ("a@b@c.de", None),
    ],
)  # fmt: skip
def test_contacts_are_read_as_they_are_kept(typed: str, read: tuple[str, str] | None) -> None:
    assert contacts.either(typed) == (contacts.Contact(*read) if read else None)


def test_an_address_that_is_too_long_for_mail_is_none_at_any_door(alice: Client) -> None:
    """RFC 5321: 254 characters. Cut to that, it would be somebody else's."""
    label = "a" * 63
    address = f"{'b' * 60}@{label}.{label}.{label}.example"
    assert len(address) > 254
    assert contacts.either(address) is None
    with pytest.raises(BadContact):
        intake_contacts.read(address)
    assert b"Somebody new" not in alice.get("/desk/log/caller/", {"contact": address}).content


# --- who calls, and what they have open ---------------------------------------------------------------------------------


@pytest.fixture
def known(here: Cast) -> Ticket:
    """Pat has called before, and has something open."""
    here.pat.contact_points.create(kind="phone", value="+15305550144")
    return a_ticket(here, text="bus 12 is late", channel="phone", now=timezone.now())


def test_a_caller_is_recognised_while_the_number_is_typed(here: Cast, alice: Client, known: Ticket) -> None:
    page = alice.get("/desk/log/").content.decode()
    assert 'hx-trigger="input changed delay:250ms"' in page
    shown = alice.get("/desk/log/caller/", {"contact": "530 555 0144"}).content.decode()
    assert "Pat Parent" in shown
    assert f'name="add_to" value="{known.id}"' in shown
    assert alice.get("/desk/log/caller/", {"contact": "530 55"}).content.decode().strip() == ""


def test_enter_saves_a_new_ticket_and_adds_to_none(here: Cast, alice: Client, known: Ticket) -> None:
    """Enter presses the first button of a form, which must not be one of the caller's tickets."""
    page = alice.post("/desk/log/", {"look": "1", "what": "x", "contact": "5305550144", "once": uuid.uuid4()}).content.decode()
    form = page[page.index("data-quick") :]
    assert form.index("<button") < form.index('name="add_to"')
    assert "name=" not in form[form.index("<button") : form.index(">", form.index("<button"))]


def test_a_call_is_added_to_what_they_have_open(here: Cast, alice: Client, known: Ticket) -> None:
    before = Ticket.objects.count()
    once = uuid.uuid4()
    for _ in range(2):
        answer = log(alice, "It was late again today", contact="530 555 0144", add_to=known.id, once=once)
        assert answer["Location"] == f"/desk/{known.id}/"
    assert Ticket.objects.count() == before
    said = Message.objects.filter(ticket=known).latest("at")
    assert said.text == "It was late again today\n\n❘ [by telephone or in person, taken down by Alice]"
    assert (said.author, said.channel, Message.objects.filter(ticket=known).count()) == (here.pat, "phone", 2)


def test_words_of_danger_are_heard_there_too_and_not_solved(here: Cast, alice: Client, known: Ticket) -> None:
    log(alice, "He says he wants to kill himself", add_to=known.id, contact="5305550144", solved="on")
    assert known.refresh().crisis
    assert known.is_live
    assert known.team == here.safety


def test_an_added_call_may_solve_it(here: Cast, alice: Client, known: Ticket) -> None:
    log(alice, "It came after all", add_to=known.id, contact="5305550144", solved="on")
    assert known.refresh().status == Ticket.Status.RESOLVED


@pytest.mark.parametrize("which", ["closed long ago", "of the neighbours", "nothing"])
def test_what_cannot_be_added_to_loses_no_words(here: Cast, oak: Cast, alice: Client, known: Ticket, which: str) -> None:
    wanted: Any = known.id if which == "closed long ago" else uuid.uuid4()
    if which == "closed long ago":
        at = timezone.now() - timedelta(days=30)
        Ticket.objects.filter(id=known.id).update(status="closed", resolved_at=at, closed_at=at)
    elif which == "of the neighbours":
        with district_scope(oak.district.id):
            wanted = Ticket.objects.get().id
    answer = log(alice, "It was late again", add_to=wanted, contact="5305550144")
    assert answer.status_code == 422
    assert "Nothing can be added to that ticket any more." in answer.content.decode()
    assert "It was late again" in answer.content.decode()


def test_without_scripts_who_it_is_is_a_button(here: Cast, alice: Client, known: Ticket) -> None:
    before = Ticket.objects.count()
    answer = alice.post("/desk/log/", {"look": "1", "what": "The bus", "contact": "530 555 0144", "once": uuid.uuid4()})
    page = answer.content.decode()
    assert (answer.status_code, Ticket.objects.count()) == (200, before)
    assert "Pat Parent" in page
    assert ">The bus</textarea>" in page
    assert f'value="{known.id}"' in page


def test_a_walk_in_without_an_address_has_a_name_and_the_agent(here: Cast, alice: Client) -> None:
    log(alice, "Lost a blue jacket", name="Grandma Ruth", team="")
    ticket = newest()
    assert (ticket.requester.name, ticket.opened_by, ticket.channel) == ("Grandma Ruth", here.alice, "phone")
    assert not Delivery.objects.filter(about=ticket.id).exists()


def test_sensitive_tickets_of_a_caller_are_not_shown_to_others(here: Cast, alice: Client, known: Ticket) -> None:
    Ticket.objects.filter(id=known.id).update(sensitive=True, team=here.safety)
    assert "bus 12 is late" not in alice.get("/desk/log/caller/", {"contact": "5305550144"}).content.decode()
    assert log(alice, "more", add_to=known.id, contact="5305550144").status_code == 422
