"""Text messages of one word that speak of texting itself: STOP, START, HELP."""

from intake.channels.arrival import Arrival
from intake.screening.verdict import Verdict, out


def screen(arrival: Arrival) -> Verdict | None:
    return out(f"keyword {arrival.keyword}", final=True) if arrival.keyword else None
