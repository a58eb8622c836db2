"""A service with its promises: what administrators change, each in one act."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from districts import actions as districts
from districts.models import Person, Service
from sla import actions
from sla.models import Policy

log = structlog.get_logger(__name__)

Key = actions.Key


def save_service(
    service: Service | None, *, values: Mapping[str, Any], promises: Mapping[str, str], by: Person | None, now: datetime
) -> Service:
    """`promises`: terms by kind of clock, empty for none of its own. Open tickets get the new time. Raises NotUnderstood,
    and Taken (districts.actions) where somebody added one of this name just now."""
    with transaction.atomic():
        saved = districts.save_service(service, **values, by=by)
        promise({(kind, saved, None, None): terms for kind, terms in promises.items()}, by=by, now=now)
    return saved


def promise(promises: Mapping[Key, str], *, by: Person | None, now: datetime) -> int:
    """Set those that have terms and withdraw the others; returns how many changed. Raises NotUnderstood."""
    had = {(p.kind, p.service_id, p.priority, p.team_id): p.terms for p in Policy.objects.all()}
    changed = {key: terms for key, terms in promises.items() if had.get(_ids(key), "") != terms}
    wanted = [
        actions.NewPolicy(kind, terms, service, priority, team) for (kind, service, priority, team), terms in changed.items() if terms
    ]
    with transaction.atomic():
        if wanted:
            actions.set_policies(wanted, now=now)
        actions.withdraw_policies([key for key, terms in changed.items() if not terms], now=now)
    for (kind, service, priority, team), terms in changed.items():
        log.info(
            "promise_changed", kind=kind, service=service and str(service.id), priority=priority, team=team and str(team.id),
            terms=terms, by=by and str(by.id),
        )  # fmt: skip
    return len(changed)


def _ids(key: Key) -> tuple[str, UUID | None, int | None, UUID | None]:
    kind, service, priority, team = key
    return kind, service.id if service else None, priority, team.id if team else None
