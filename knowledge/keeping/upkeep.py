"""Once an hour: whose article is to be checked, and what is forgotten."""

from datetime import datetime
from uuid import UUID

from districts.jobs import one_by_one, shuffled
from districts.models import District
from districts.queries import this_district
from districts.scope import district_scope
from knowledge.gaps import reading
from knowledge.keeping import notices, statistics


def keep_all(*, now: datetime) -> int:
    """Every active district; returns how many people were to be told, and how many rows went."""
    ids = shuffled(District.objects.filter(active=True).values_list("id", flat=True))
    return one_by_one(ids, lambda district_id: _keep(district_id, now=now), failed="articles_upkeep_failed")


def _keep(district_id: UUID, *, now: datetime) -> int:
    with district_scope(district_id):
        today = this_district().today(now)
        done = notices.remind(today=today, now=now) + statistics.forget(today=today)
        return done + reading.hush(now=now) + reading.forget(now=now)
