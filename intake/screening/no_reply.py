"""Senders that nobody reads: a ticket, and no answer."""

from intake.channels.arrival import Arrival
from intake.screening.verdict import Verdict, quiet


def screen(arrival: Arrival) -> Verdict | None:
    return quiet("no-reply sender") if arrival.no_reply else None
