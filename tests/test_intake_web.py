"""The web form's envelope and ticket: one transaction, once, and nothing lost."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from delivery.models import Delivery
from intake import actions
from intake.models import Envelope
from sla.models import Clock
from tests.conftest import NOW, Cast
from tickets.models import Event, Message, Ticket


def submit(text: str = "The bus didn't come to Maple and 5th again", contact: str = "(916) 555-0144", **more: Any) -> actions.Received:
    values: dict[str, Any] = {"form_id": uuid.uuid4(), "now": NOW, **more}
    return actions.receive_web(text=text, contact=contact, **values)


def test_a_form_becomes_a_ticket_with_promises_and_an_acknowledgement(here: Cast) -> None:
    received = submit(name="Pat", language="es")
    ticket = received.ticket
    assert ticket is not None
    assert (ticket.number, ticket.channel, ticket.language, ticket.team) == (1001, "web", "es", here.front_office)
    assert received.envelope.state == Envelope.State.DONE and received.envelope.ticket_ref == ticket.id
    assert Message.objects.get(ticket=ticket).envelope_ref == received.envelope.id
    assert Event.objects.get(ticket=ticket).kind == Event.Kind.OPENED
    assert Clock.objects.filter(ticket=ticket).count() == 2
    letter = Delivery.objects.get(about=ticket.id)
    assert (letter.channel, letter.address, letter.purpose) == ("sms", "+19165550144", "ack")


def test_a_submit_costs_few_statements(here: Cast) -> None:
    submit(contact="pat@cedar-family.example")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        submit("Another thing", contact="pat@cedar-family.example")
    for q in queries:
        print(q["sql"][:150])
    assert len(queries) <= 16
