"""Whoever works here asks for somebody else: it is that person's request, and says who asked."""

import json
import re
import uuid
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from delivery.models import Delivery
from districts.models import ContactPoint, Person
from intake import actions as intake
from intake.actions import Asking
from intake.models import Envelope
from intake.receiving import opening, receive
from intake.receiving.attaching import Kept
from routing import acknowledgement
from tests.conftest import Cast, sign_in, visitor
from tickets.models import Event, Follower, Message, Ticket

WORDS = "Please move the stop to Alder for the family on Fern"


def send(client: Client, **typed: str) -> Any:
    form = {"step": "send", "form_id": str(uuid.uuid4()), "text": WORDS, "contact": "alice@cedar.localhost", **typed}
    return client.post("/", form)


def said(response: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def test_it_is_their_request_and_whoever_asked_follows_it(here: Cast) -> None:
    alice = sign_in(here.alice, here.district)
    assert "For somebody else?" in said(alice.post("/", {"step": "ask", "text": WORDS}))
    done = send(alice, their_contact="Pat@cedar-family.example", their_name="Somebody")
    ticket = Ticket.objects.get()
    assert (ticket.requester, ticket.opened_by, ticket.channel) == (here.pat, here.alice, "web")
    assert Follower.objects.get(ticket=ticket).person == here.alice
    assert Event.objects.get(ticket=ticket, kind="opened").by == here.alice
    assert Message.objects.get(ticket=ticket).author == here.alice
    assert here.pat.refresh().name == "Pat Parent"
    assert done["Location"] == f"/desk/{ticket.id}/"
    page = said(alice.get(done["Location"]))
    assert f"#{ticket.number} is opened for Pat Parent, who is told that you asked." in page
    assert "Alice opened it: Web form" in page
    assert "Alice: Please move the stop" not in said(visitor(here.district).get(f"/r/{ticket.token}"))


def test_the_letter_goes_to_them_and_names_who_asked(here: Cast) -> None:
    send(sign_in(here.alice, here.district), their_contact="new@family.example", their_name="Ana Ruiz")
    letter = Delivery.objects.get(purpose="ack")
    assert (letter.address, letter.person.name if letter.person else "") == ("new@family.example", "Ana Ruiz")
    assert "Alice asked us this for you." in letter.body
    page = said(visitor(here.district).get(f"/r/{Ticket.objects.get().token}"))
    assert "Alice" in page
    assert "You " not in page.split("Conversation")[1].split("Write a reply")[0]


def test_by_text_message_too(here: Cast) -> None:
    send(sign_in(here.alice, here.district), their_contact="253 555 0142")
    letter = Delivery.objects.get(purpose="ack")
    assert letter.channel == "sms"
    assert letter.body.startswith("Alice asked us this for you.")


def test_of_whoever_is_not_signed_in_or_has_no_role_it_is_nothing(here: Cast) -> None:
    client = visitor(here.district)
    assert "For somebody else?" not in said(client.post("/", {"step": "ask", "text": WORDS}))
    send(client, contact="joe@family.example", their_contact="pat@cedar-family.example")
    ticket = Ticket.objects.get()
    assert (ticket.requester.contact_points.get().value, ticket.opened_by) == ("joe@family.example", None)
    assert not Follower.objects.exists()


@pytest.mark.parametrize("typed", [{"their_name": "Ana Ruiz"}, {"their_contact": "ana at home"}])
def test_without_a_way_to_answer_them_it_is_not_taken_and_all_is_kept(here: Cast, typed: dict[str, str]) -> None:
    answer = send(sign_in(here.alice, here.district), **typed)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert 'href="#their_contact"' in html
    assert 'id="their-contact-error"' in html
    assert all(f'value="{value}"' in html for value in typed.values())
    assert not Ticket.objects.exists()


def test_for_oneself_it_is_one_s_own(here: Cast) -> None:
    send(sign_in(here.alice, here.district), their_contact="alice@cedar.localhost")
    ticket = Ticket.objects.get()
    assert (ticket.requester, ticket.opened_by) == (here.alice, None)


def test_sent_twice_it_is_one(here: Cast) -> None:
    alice, form = sign_in(here.alice, here.district), str(uuid.uuid4())
    for _click in range(2):
        send(alice, their_contact="pat@cedar-family.example", form_id=form)
    assert Ticket.objects.count() == 1


def test_an_envelope_says_who_asked_and_one_from_before_says_nothing(here: Cast) -> None:
    plain, behalf = Asking(text="x", contact="a@b.example"), Asking(text="x", contact="a@b.example", by=here.alice)
    assert "by" not in json.loads(plain.as_bytes())
    assert json.loads(behalf.as_bytes())["by"] == str(here.alice.id)


def test_what_failed_is_received_later_with_who_asked(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    asking = Asking(text=WORDS, contact="pat@cedar-family.example", by=here.alice)
    with monkeypatch.context() as patch:
        patch.setattr(opening, "take_in", lambda *a, **k: 1 / 0)
        received = intake.receive_web(asking, form_id=uuid.uuid4(), now=timezone.now())
    assert received.ticket is None
    envelope = Envelope.objects.get()
    ticket = receive.receive(envelope, receive.read(envelope, bytes(envelope.raw)), Kept(()), now=timezone.now())
    assert ticket
    assert ticket.opened_by == here.alice


def test_a_call_that_was_written_down_says_nothing_of_it(here: Cast) -> None:
    """Whoever called asked themselves."""
    client = sign_in(here.alice, here.district)
    client.post("/desk/log/", {"what": "bus 9 is late", "contact": "pat@cedar-family.example", "once": str(uuid.uuid4())})
    ticket = Ticket.objects.get()
    assert ticket.opened_by == here.alice
    assert "Alice asked" not in acknowledgement.letter_of(ticket, now=timezone.now()).body


def test_nobody_new_is_made_of_who_asks(here: Cast) -> None:
    people = Person.objects.count()
    send(sign_in(here.alice, here.district), their_contact="pat@cedar-family.example")
    assert Person.objects.count() == people
    assert ContactPoint.objects.filter(value="alice@cedar.localhost").count() == 1
