"""Which terms apply: the district's policies, the most particular first, kept a few seconds in this process."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from districts.models import District, Priority
from districts.queries import this_district
from districts.scope import require_district_id
from sla.models import ClockKind, Policy
from sla.promise import Terms
from sla.terms import NotUnderstood, parse

KEEP_SECONDS = 10  # another process's change of a policy is seen after so long
MOST_KEPT = 2_000
log = structlog.get_logger(__name__)

# What a district promises that has not written its own policies.
USUAL: Mapping[tuple[str, int], str] = {
    (ClockKind.FIRST_RESPONSE, Priority.URGENT): "within 30 minutes",
    (ClockKind.RESOLUTION, Priority.URGENT): "within 4 hours",
    (ClockKind.FIRST_RESPONSE, Priority.HIGH): "within 2 business hours",
    (ClockKind.RESOLUTION, Priority.HIGH): "within 1 business day",
    (ClockKind.FIRST_RESPONSE, Priority.NORMAL): "within 4 business hours",
    (ClockKind.RESOLUTION, Priority.NORMAL): "within 3 business days",
    (ClockKind.FIRST_RESPONSE, Priority.LOW): "within 1 business day",
    (ClockKind.RESOLUTION, Priority.LOW): "within 5 business days",
}

Key = tuple[str, UUID | None, int | None]  # kind, service, priority


@dataclass(frozen=True)
class Rules:
    """A district and its policies."""

    district: District
    policies: Mapping[Key, Terms] = field(default_factory=dict)

    def terms(self, kind: str, *, service_id: UUID | None, priority: int) -> Terms:
        """Service, then priority, then the district's own, then the usual."""
        for key in ((kind, service_id, priority), (kind, service_id, None), (kind, None, priority), (kind, None, None)):
            found = self.policies.get(key)
            if found is not None:
                return found
        return parse(USUAL[kind, priority])


_rules: dict[UUID, tuple[float, Rules]] = {}


def rules_here() -> Rules:
    """Of the district in scope; two small queries every KEEP_SECONDS."""
    district_id = require_district_id()
    kept = _rules.get(district_id)
    if kept and kept[0] > time.monotonic():
        return kept[1]
    if len(_rules) >= MOST_KEPT:
        _rules.clear()
    rules = Rules(this_district(), _policies())
    _rules[district_id] = time.monotonic() + KEEP_SECONDS, rules
    return rules


def forget_rules(district_id: UUID) -> None:
    _rules.pop(district_id, None)


def _policies() -> dict[Key, Terms]:
    out: dict[Key, Terms] = {}
    for kind, service_id, priority, text in Policy.objects.values_list("kind", "service_id", "priority", "terms"):
        try:
            out[kind, service_id, priority] = parse(text)
        except NotUnderstood:  # written past set_policy: the next rule holds
            log.warning("policy_not_understood", terms=text)
    return out
