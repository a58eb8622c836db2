"""Clocks derived from the facts of a ticket."""

from datetime import timedelta

from sla.actions import derive
from sla.models import Clock
from tests.conftest import NOW, Cast, a_ticket


def test_a_new_ticket_has_both_clocks(here: Cast) -> None:
    ticket = a_ticket(here)
    derive(ticket, now=NOW)
    first, resolve = Clock.objects.filter(ticket=ticket).order_by("kind")
    assert (first.kind, first.terms, first.due_at) == ("first", "within 4 business hours", NOW + timedelta(hours=4))
    assert resolve.due_at == NOW + timedelta(days=3)
    assert ticket.refresh().due_at == first.due_at
