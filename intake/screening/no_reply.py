"""Senders that nobody reads: a ticket, and no answer."""

from districts.models import District
from intake.channels.arrival import Arrival
from intake.screening.verdict import Verdict, quiet


def screen(arrival: Arrival, district: District) -> Verdict | None:
    return quiet("no-reply sender") if arrival.no_reply else None
