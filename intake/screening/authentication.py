"""Not from who it says: our own mail server found so, and the domain it names wishes such mail away (DMARC, RFC 7489 6.3).

It waits for a person. Lists and forwarding servers break honest mail, too; where the domain wishes nothing of the kind ("p=none") the
mail comes in, and its words stand at the desk as from a sender who is not confirmed.
"""

from intake.channels.arrival import Arrival
from intake.screening.verdict import Verdict, out


def screen(arrival: Arrival) -> Verdict | None:
    found = arrival.authentication
    return out(f"not from its sender: dmarc=fail, policy {found.policy}") if found.unwanted else None
