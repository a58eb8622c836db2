"""One sender writing without end: a loop between two machines, or our acknowledgements used to flood somebody's mailbox.

Counted per person and hour. Above the first cap nothing is answered any more (the visitor of the form sees the number on the
page anyway); above the second, mail and texts make no more tickets and wait on the administrator's page.
"""

from datetime import timedelta

from intake.channels.arrival import Arrival
from intake.screening.verdict import Verdict, out, quiet
from tickets.models import ChannelKind

WINDOW = timedelta(hours=1)
ANSWERED = 5
RECEIVED = 30
TOO_MANY = "too many in an hour"
MACHINES = (ChannelKind.EMAIL, ChannelKind.SMS)


def screen(arrival: Arrival, lately: int, joins: bool = False) -> Verdict | None:
    """`lately`: tickets of this sender within WINDOW; `joins`: it is a word in one that is there, which is never kept out."""
    if lately >= RECEIVED and not joins and arrival.channel in MACHINES:
        return out(TOO_MANY)
    return quiet("many in an hour: not answered") if lately >= ANSWERED else None
