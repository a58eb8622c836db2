"""Where should it go, how sure are we, and why."""

from dataclasses import dataclass, field
from datetime import datetime

from districts.models import Priority, Service, Site, Team
from districts.queries import front_office
from tickets.models import Ticket


@dataclass(frozen=True)
class Guess:
    """One place it might belong."""

    team: Team
    service: Service | None
    confidence: float


@dataclass(frozen=True)
class Choice:
    """What triage chose. `confidence` runs from 0 to 1; `reasons` are sentences for staff."""

    engine: str
    team: Team
    service: Service | None = None
    priority: int = Priority.NORMAL
    confidence: float = 0.0
    reasons: list[str] = field(default_factory=list)
    alternatives: list[Guess] = field(default_factory=list)
    crisis: bool = False
    site: Site | None = None
    room: str = ""
    asset_tag: str = ""
    model_version: int | None = None


def decide(ticket: Ticket, text: str, *, now: datetime) -> Choice:
    if ticket.service is not None:
        return Choice("asked", ticket.service.team, ticket.service, ticket.service.priority, 1.0, ["The person chose it on the form."])
    return Choice("front_office", front_office(), reasons=["Nothing said where it belongs."])
