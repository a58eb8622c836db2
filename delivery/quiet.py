"""Quiet hours: what tells staff of work waits for the morning, unless it is meant to wake them."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfoNotFoundError

import structlog

from delivery.models import Delivery
from districts.models import District

DAY = (time(6, 30), time(21, 0))
"""When notices to staff may leave by mail and SMS, on the district's clock: from the first on, until before the second."""
NOTICE = "notice"
LOUD = frozenset({Delivery.Channel.EMAIL, Delivery.Channel.SMS, Delivery.Channel.VOICE})
log = structlog.get_logger(__name__)


def may_wait(row: Delivery) -> bool:
    """A notice to staff that makes a noise and need not wake anybody. Letters to requesters and sign-in mail never wait."""
    return row.purpose == NOTICE and not row.wakes and row.channel in LOUD


def night_ends(now: datetime, district: District) -> datetime | None:
    """When the night is over that `now` lies in; None by day, and where nobody knows the district's time."""
    try:
        zone = district.zone
    except (ZoneInfoNotFoundError, ValueError):  # a slip in the set-up must not hold up what is sent
        log.warning("time_zone_unknown", district=str(district.id))
        return None
    begins, ends = DAY
    local = now.astimezone(zone)
    if begins <= local.time() < ends:
        return None
    day = local.date() + timedelta(days=1 if local.time() >= ends else 0)
    return datetime.combine(day, begins, tzinfo=zone).astimezone(UTC)
