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
TeamKey = tuple[UUID | None, int | None]  # team, priority


@dataclass(frozen=True)
class Rules:
    """A district and its policies."""

    district: District
    policies: Mapping[Key, Terms] = field(default_factory=dict)
    for_teams: Mapping[TeamKey, Terms] = field(default_factory=dict)

    def own_time(self, team_id: UUID | None, *, priority: int) -> Terms | None:
        """The team's at this priority, the team's, any team's at this priority, any team's; None: nothing is promised inside."""
        for key in ((team_id, priority), (team_id, None), (None, priority), (None, None)):
            found = self.for_teams.get(key)
            if found is not None:
                return found
        return None

    def terms(self, kind: str, *, service_id: UUID | None, priority: int) -> Terms:
        """Service, then priority, then the district's own, then the usual; the next response is promised like the first."""
        for key in ((kind, service_id, priority), (kind, service_id, None), (kind, None, priority), (kind, None, None)):
            found = self.policies.get(key)
            if found is not None:
                return found
        if kind == ClockKind.NEXT_RESPONSE:
            return self.terms(ClockKind.FIRST_RESPONSE, service_id=service_id, priority=priority)
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
    rules = Rules(this_district(), *_policies())
    _rules[district_id] = time.monotonic() + KEEP_SECONDS, rules
    return rules


def forget_rules(district_id: UUID) -> None:
    _rules.pop(district_id, None)


def _policies() -> tuple[dict[Key, Terms], dict[TeamKey, Terms]]:
    policies: dict[Key, Terms] = {}
    for_teams: dict[TeamKey, Terms] = {}
    for kind, service_id, priority, team_id, text in Policy.objects.values_list("kind", "service_id", "priority", "team_id", "terms"):
        try:
            terms = parse(text)
        except NotUnderstood:  # written past set_policy: the next rule holds
            log.warning("policy_not_understood", terms=text)
            continue
        if kind == ClockKind.TEAM:
            for_teams[team_id, priority] = terms
        else:
            policies[kind, service_id, priority] = terms
    return policies, for_teams
