"""A mail that went through more servers than any mail does: it goes in a circle (RFC 5321 6.3)."""

from intake.channels.arrival import Arrival
from intake.screening.verdict import Verdict, out

MOST = 50  # servers; a mail from abroad through a list and two forwarders has a dozen


def screen(arrival: Arrival) -> Verdict | None:
    return out(f"loop: {arrival.hops} servers") if arrival.hops > MOST else None
