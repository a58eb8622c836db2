"""A district's switch, and what it spends: no question is asked that could cost more than is left of the month.

Before a question, the most that it may cost is taken from the month; afterwards what it did not cost is given back. One conditional
UPDATE each: of workers side by side only as many get through as the money is for. A worker that dies leaves the most taken.
"""

from datetime import datetime
from decimal import Decimal

from django.db.models import F, Q
from django.db.models.functions import Greatest

from districts.models import District
from districts.scope import require_district_id
from knowledge.model.endpoint import endpoint
from knowledge.models import ModelSettings, Purpose


def settings_row() -> ModelSettings:
    """Of the district in scope; not written yet where there is none."""
    return ModelSettings.objects.first() or ModelSettings()


def switched_on(purpose: Purpose) -> bool:
    """Is a model plugged in, and may it be asked for this in the district in scope? A test may be made while the switch is off."""
    if endpoint() is None:
        return False
    row = settings_row()
    return purpose == Purpose.TEST or (row.on and purpose in row.purposes)


def month_of(now: datetime) -> str:
    """On the clock of the district in scope: 2026-11."""
    zone = District.objects.get(id=require_district_id()).zone
    return f"{now.astimezone(zone):%Y-%m}"


def spent(now: datetime) -> Decimal:
    """US dollars this month, with the most that questions under way may cost."""
    row = settings_row()
    return row.charged if row.month == month_of(now) else Decimal(0)


def reserve(most: Decimal, *, now: datetime) -> bool:
    """Take `most` from the month; False where so much is not left."""
    month = month_of(now)
    if not ModelSettings.objects.exists():
        ModelSettings.objects.bulk_create([ModelSettings(month=month)], ignore_conflicts=True)
    ModelSettings.objects.filter(~Q(month=month)).update(month=month, charged=0)
    rows = ModelSettings.objects.filter(charged__lte=F("budget") - most)
    return bool(rows.update(charged=F("charged") + most))


def settle(most: Decimal, cost: Decimal, *, now: datetime) -> None:
    """`now`: of the reservation. What was taken in a month that has ended is not given back to the next."""
    rows = ModelSettings.objects.filter(month=month_of(now))
    rows.update(charged=Greatest(F("charged") - most + cost, Decimal(0)))
