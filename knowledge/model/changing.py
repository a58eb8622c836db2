"""An administrator changes the switch, the purposes or the budget."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from districts.models import Person
from knowledge.models import ModelSettings


def change(*, on: bool, purposes: Iterable[str], budget: Decimal, by: Person | None, now: datetime) -> ModelSettings:
    """What this month has cost stays."""
    values = {"on": on, "purposes": sorted(purposes), "budget": budget, "changed_by": by, "changed_at": now}
    row, _made = ModelSettings.objects.update_or_create(defaults=values)
    return row
