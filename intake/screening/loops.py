"""Our own letter sent back as it was, by a mailbox that passes everything on: it bears the mark of this district's letters.

An answer to our letter does not bear it: programs of people copy no such field.
"""

from districts.models import District
from intake.channels.arrival import Arrival
from intake.screening.verdict import Verdict, out


def screen(arrival: Arrival, district: District) -> Verdict | None:
    ours = any(one.rpartition("@")[2] == district.host for one in arrival.loops)
    return out("loop: our own letter") if ours else None
