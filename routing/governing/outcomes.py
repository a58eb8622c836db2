"""What became of what triage said: a district's own tickets, with people's last word on each.

A person's word is a correction, or, where a person replied or resolved it, the team that has it by then. Where the front office
answered by itself, nobody said whose it was, and the ticket is counted for nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from districts.models import Service, Team
from districts.queries import front_office
from routing.governing.figures import Outcome
from routing.models import Decision
from routing.triage import READERS
from tickets.models import Event

MOST = 5_000  # tickets, the newest
BACK = timedelta(days=365)


class Row(NamedTuple):
    """What is read of a decision, and of its ticket by now."""

    id: UUID
    ticket_id: UUID
    at: datetime
    engine: str
    team_id: UUID
    service_id: UUID | None
    confidence: float
    automatic: bool
    shadow: bool
    suggested_team_id: UUID | None
    suggested_service_id: UUID | None
    suggested_by: str
    alternatives: list[dict[str, Any]]
    model_version: int | None
    corrected_at: datetime | None
    mistaken_at: datetime | None
    corrected_team_id: UUID | None
    corrected_service_id: UUID | None
    ticket__team_id: UUID
    ticket__service_id: UUID | None
    ticket__channel: str
    ticket__language: str
    settled: bool


@dataclass(frozen=True)
class Judged:
    """One ticket: what triage said, and what it was. `service_id`: which triage meant."""

    outcome: Outcome
    ticket_id: UUID
    service_id: UUID | None
    at: datetime
    channel: str
    by: str
    version: int | None
    shadow: bool

    @property
    def would(self) -> bool:
        """Placed by itself, or it would have been, had it not only been watched."""
        return bool(self.outcome.given["automatic"]) or self.shadow


@dataclass(frozen=True)
class Names:
    """Slugs of teams and services."""

    teams: Mapping[UUID, str]
    services: Mapping[UUID, str]
    office: UUID

    @classmethod
    def read(cls) -> "Names":
        teams, services = Team.objects.values_list("id", "slug"), Service.objects.values_list("id", "slug")
        return cls(dict(teams), dict(services), front_office().id)


def judged(*, since: datetime, service: Service | None = None, by: str = "") -> list[Judged]:
    """Of tickets that triage read after `since`, the newest first; `service`: those alone that it took for one of these; `by`: those
    alone that this engine read."""
    names = Names.read()
    seen: set[UUID] = set()
    found = []
    for values in _decisions(since, service, by).values_list(*Row._fields)[:MOST]:
        row = Row(*values)
        one = None if row.ticket_id in seen else of_row(row, names)  # of two decisions the later
        seen.add(row.ticket_id)
        if one:
            found.append(one)
    return found


def _decisions(since: datetime, service: Service | None, by: str) -> Any:
    acted = Event.objects.filter(
        ticket=OuterRef("ticket_id"), kind__in=(Event.Kind.REPLIED, Event.Kind.RESOLVED), by__isnull=False
    )  # fmt: skip
    read = Q(engine__in=READERS) | Q(suggested_team__isnull=False)
    rows = Decision.objects.filter(read, at__gte=since, ticket__merged_into__isnull=True, ticket__crisis=False)
    if service:
        rows = rows.filter(Q(suggested_service=service) | Q(suggested_team__isnull=True, service=service))
    if by:
        rows = rows.filter(Q(suggested_by=by) | Q(suggested_team__isnull=True, engine=by))
    return rows.annotate(settled=Exists(acted)).order_by("-at", "-id")


def of_row(row: Row, names: Names) -> Judged | None:
    """None: nobody has said yet whose it is."""
    truth = _truth(row, names)
    if truth is None:
        return None
    team, service = (row.suggested_team_id, row.suggested_service_id) if row.suggested_team_id else (row.team_id, row.service_id)
    said = [names.teams.get(team or row.team_id, ""), *(guess["team"] for guess in row.alternatives)]
    given = {
        "team": said[0], "service": names.services.get(service) if service else None, "teams": list(dict.fromkeys(said))[:3],
        "automatic": row.automatic and not row.suggested_team_id, "engine": row.engine,
    }  # fmt: skip
    labels = {"team": names.teams.get(truth[0], ""), "service": names.services.get(truth[1]) if truth[1] else None}
    outcome = Outcome(labels, row.ticket__language or "en", given, [row.confidence], 0.0)
    return Judged(
        outcome, row.ticket_id, service, row.at, row.ticket__channel, row.suggested_by or row.engine, row.model_version, row.shadow
    )


def _truth(row: Row, names: Names) -> tuple[UUID, UUID | None] | None:
    if row.corrected_at and row.mistaken_at is None and row.corrected_team_id:
        return row.corrected_team_id, row.corrected_service_id
    if row.corrected_at or not row.settled or row.ticket__team_id == names.office:
        return None
    return row.ticket__team_id, row.ticket__service_id


def pairs(found: Sequence[Judged]) -> list[tuple[float, bool]]:
    """(how sure, right) of each."""
    return [(one.outcome.sure, one.outcome.right) for one in found]
