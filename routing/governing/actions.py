"""What an administrator decides about triage: how far it may go, which correction was a mistake, which version is in use."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.utils.translation import gettext as _

from districts.models import Person, Service
from districts.scope import require_district_id
from routing.governing import curve
from routing.governing.curve import Curve
from routing.models import Decision, TrainedModel, TriagePolicy

LOWEST = 0.3  # nothing less sure is placed, however right it was
NEVER = 1.1  # a threshold that nothing reaches: people decide
State = TrainedModel.State
log = structlog.get_logger(__name__)


class NotThere(Exception):
    """In words for the person: it cannot be gone back to."""


@dataclass(frozen=True)
class Wish:
    """`tier` empty: as usual. `shadow` None, of a service: as the district. `wanted` None: what the model needs by itself."""

    tier: str = ""
    shadow: bool | None = None
    wanted: float | None = None


def set_policy(service: Service | None, *, wish: Wish, by: Person | None, now: datetime) -> TriagePolicy:
    """Of the district, or of one service. Its threshold is where the curve of today has the wanted share right."""
    row = TriagePolicy.objects.filter(service=service).first() or TriagePolicy(service=service)
    row.tier, row.shadow, row.wanted = wish.tier, wish.shadow, wish.wanted
    row.threshold = None if wish.wanted is None else threshold_for(_curve(service, now=now), wanted=wish.wanted)
    row.changed_by, row.changed_at = by, now
    row.save()
    log.info(
        "triage_policy", service=service.slug if service else "", tier=row.tier, shadow=row.shadow, wanted=row.wanted,
        threshold=row.threshold, by=str(by.id) if by else "",
    )  # fmt: skip
    return row


def _curve(service: Service | None, *, now: datetime) -> Curve:
    return curve.of_service(service, now=now) if service else curve.of_district(now=now)


def threshold_for(known: Curve, *, wanted: float) -> float | None:
    """None: nothing is known, and the model's own holds. NEVER where no part of what was seen was right so often."""
    if not known.pairs:
        return None
    point = known.for_precision(wanted)
    return max(LOWEST, point.threshold) if point else NEVER


def retune(*, now: datetime) -> None:
    """After a training: the thresholds of what was wanted, on what is known by now."""
    for row in TriagePolicy.objects.filter(wanted__isnull=False).select_related("service"):
        found = threshold_for(_curve(row.service, now=now), wanted=row.wanted or 0.0)
        if found != row.threshold:
            TriagePolicy.objects.filter(id=row.id).update(threshold=found)


def set_mistake(decision: Decision, *, mistaken: bool, by: Person | None, now: datetime) -> None:
    """Nothing is learned from this correction from now on, or again. The ticket stays where it is."""
    decision.mistaken_at, decision.mistaken_by = (now, by) if mistaken else (None, None)
    decision.save(update_fields=["mistaken_at", "mistaken_by"])
    log.info("correction_mistaken" if mistaken else "correction_counts", decision=str(decision.id), by=str(by.id) if by else "")


def go_back(version: int, *, by: Person | None, why: str, now: datetime) -> TrainedModel:
    """Use this version again; those after it are taken back. Until newer tickets show that another is no worse, it stays.

    Raises NotThere.
    """
    rows = TrainedModel.objects.defer("blob").select_for_update()
    row = rows.filter(version=version, state__in=(State.RETIRED, State.UNDONE)).exclude(blob=b"").first()
    if row is None:
        raise NotThere(_("Version %(version)d is not kept any more.") % {"version": version})
    rows.filter(state=State.ACTIVE).update(state=State.UNDONE, why=why[:300])
    row.state, row.returned_at, row.returned_by, row.why = State.ACTIVE, now, by, why[:300]
    row.save(update_fields=["state", "returned_at", "returned_by", "why"])
    log.info("model_gone_back", district=str(require_district_id()), version=version, by=str(by.id) if by else "")
    return row
