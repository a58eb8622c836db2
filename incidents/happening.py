"""What happened, written down once: the timeline, the review and the feed of updates read nothing else."""

from datetime import datetime
from typing import Any

from districts.models import Person
from incidents.models import Happening, Incident

What = Happening.What


def record(incident: Incident, what: str, *, now: datetime, by: Person | None = None, **data: Any) -> Happening:
    """`data`: what is needed to say it later, in words that are values (names, minutes), not sentences."""
    row: Happening = Happening.objects.create(incident=incident, what=what, by=by, at=now, data=data)
    return row
