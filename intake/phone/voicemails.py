"""A recording's words, when they come after it: by them it is found, named in lists, and placed by triage where nobody was sure."""

from datetime import datetime

from intake.channels.arrival import Arrival
from intake.wording import subject_of
from routing import actions as routing
from tickets import rereading
from tickets.models import Ticket
from tickets.transcript import asides, words_in


def words_came(ticket: Ticket, arrival: Arrival, *, now: datetime) -> None:
    """`arrival` has just been written into the ticket that its recording, or its words, opened."""
    words = words_in(arrival.text)
    if not words:
        return
    first = rereading.opening_text(ticket)
    if ticket.subject in asides(first) and not words_in(first):
        rereading.name(ticket, subject_of(words), words)
    routing.look_again(ticket, now=now)
