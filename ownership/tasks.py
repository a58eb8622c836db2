"""The worker's doorway."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog
from celery import shared_task
from django.utils import timezone

from districts.jobs import each_district
from ownership import collecting, feeds

SWEPT = (
    ("feeds", feeds.watch),
    ("breaches", collecting.collect_breaches),
    ("feed_runs", collecting.collect_runs),
    ("ladders", collecting.climb),
)
log = structlog.get_logger(__name__)


@shared_task(name="ownership.sweep")
def sweep() -> int:
    """Watch the feeds, collect what broke, climb what is due: every district that has such rows."""
    now = timezone.now()
    return sum(each_district(queue, partial(_unharmed, queue, drain, now)) for queue, drain in SWEPT)


def _unharmed(queue: str, drain: Callable[..., int], now: datetime, district_id: UUID) -> int:
    """A district that cannot be swept, of whatever kind its trouble is, does not stop the others."""
    try:
        return drain(district_id, now=now)
    except Exception:
        log.exception("sweep_failed", queue=queue, district=str(district_id))
        return 0
