"""Text messages of one word that speak of texting itself: STOP, START, HELP."""

from districts.models import District
from intake.channels.arrival import Arrival
from intake.screening.verdict import Verdict, out


def screen(arrival: Arrival, district: District) -> Verdict | None:
    return out(f"keyword {arrival.keyword}") if arrival.keyword else None
