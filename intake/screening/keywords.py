"""Text messages of one word that speak of texting itself: STOP, START, HELP."""

from intake.channels.arrival import Arrival
from intake.screening.verdict import Verdict, out, quiet


def screen(arrival: Arrival) -> Verdict | None:
    """A wish for silence in other words ends the texts, and people read what else is meant."""
    if arrival.texting.unwanted:
        return quiet("asked for no more texts")
    return out(f"keyword {arrival.keyword}", final=True) if arrival.keyword else None
