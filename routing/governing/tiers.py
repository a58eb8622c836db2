"""How far a machine's reading of a text may go in this district, service by service.

Automatic: it places what it is sure of. Suggestion: the front office gets it, with the team that is likeliest and one button. Person
only: the same, and it is shown to nobody but those who may read such a ticket; the usual for sensitive services. Shadow: whatever the
tier, it decides and records, and acts on nothing. What the asker chose, the district's rules and words of danger are no reading.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from districts.models import Service
from routing.models import Tier, TriagePolicy

__all__ = ["Leave", "Policies", "Tier", "policies", "usual_tier"]


@dataclass(frozen=True)
class Leave:
    """What triage may do with a ticket that it reads as one of a service."""

    tier: str
    shadow: bool

    @property
    def acts(self) -> bool:
        return self.tier == Tier.AUTOMATIC and not self.shadow


@dataclass(frozen=True)
class Policies:
    """The administrator's rows: the district's own under None, and those of single services."""

    rows: Mapping[UUID | None, TriagePolicy] = field(default_factory=dict)

    def leave(self, service: Service | None) -> Leave:
        own, everywhere = self.of(service.id if service else None), self.rows.get(None)
        tier = (own.tier if own else "") or self.usual(service)
        said = own.shadow if own and own.shadow is not None else everywhere.shadow if everywhere else False
        return Leave(tier, bool(said))

    def usual(self, service: Service | None) -> str:
        """Where nothing is said of the service itself."""
        everywhere = self.rows.get(None)
        return usual_tier(service, everywhere.tier if everywhere else "")

    def of(self, service_id: UUID | None) -> TriagePolicy | None:
        return self.rows.get(service_id) if service_id else None

    def threshold(self, service_id: UUID | None, measured: float) -> float:
        """Confidence from which it acts: the service's, the district's, or what the model was `measured` to need."""
        for row in (self.of(service_id), self.rows.get(None)):
            if row and row.threshold is not None:
                return row.threshold
        return measured


def usual_tier(service: Service | None, everywhere: str = "") -> str:
    if service and service.sensitive:
        return Tier.PERSON
    return everywhere or Tier.AUTOMATIC


def policies() -> Policies:
    """One short read."""
    return Policies({row.service_id: row for row in TriagePolicy.objects.all()})
