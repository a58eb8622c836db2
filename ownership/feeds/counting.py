"""What was expected of feeds, and what came of it: a promised time counts once, however often a feed tells.

A run that stands for no promised time (a feed tried by hand, a second export at 5 PM) is no part of it. A time belongs to the
checkpoint before which it was first told of: what was missed there, and came later, was missed.
"""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import TruncSecond

from ownership.models import FeedRun

FEED, PROCESS = "feed_id", "feed__process_id"
EARLIER = timedelta(days=7)  # how far back a time may have been told of before: what comes later still is rare
Outcome = FeedRun.Outcome
CAME = Q(outcome=Outcome.OK)
LATE = Q(late_seconds__gt=60 * F("feed__grace_minutes"))
TOLD = Q(outcome__in=[Outcome.OK, Outcome.FAILED, Outcome.PARTIAL, Outcome.HELD])


def since(at: datetime) -> dict[UUID, Counter[str]]:
    """Process → expected, ok, late, missed: promised times; failed, partial, held: runs. Two queries."""
    found: dict[UUID, Counter[str]] = defaultdict(Counter)
    for row in [*_times(at), *_runs(at)]:
        found[row.pop(PROCESS)].update({name: n for name, n in row.items() if name != FEED})
    return found


def by_feed(at: datetime, *, until: datetime) -> dict[UUID, Counter[str]]:
    """Feed → the same, of what was told from then until then. Two queries."""
    found: dict[UUID, Counter[str]] = defaultdict(Counter)
    for row in [*_times(at, until), *_runs(at, until)]:
        found[row.pop(FEED)].update({name: n for name, n in row.items() if name != PROCESS})
    return found


def _times(at: datetime, until: datetime | None = None) -> list[dict[str, Any]]:
    """A row for each feed. A time that a good run stands for came, whatever else was told of it."""
    before = FeedRun.objects.filter(feed=OuterRef("feed"), expected_at=OuterRef("expected_at"), at__lt=at, at__gte=at - EARLIER)
    runs = _told(at, until).filter(expected_at__isnull=False).filter(~Exists(before))
    rows: Any = runs.annotate(time=TruncSecond("expected_at")).values(FEED, PROCESS).annotate(
        expected=_distinct(Q()), told=_distinct(TOLD), came=_distinct(CAME), ok=_distinct(CAME & ~LATE),
    )  # fmt: skip
    return [{FEED: row[FEED], PROCESS: row[PROCESS], **_settled(row)} for row in rows.order_by()]


def _told(at: datetime, until: datetime | None) -> QuerySet[FeedRun]:
    rows = FeedRun.objects.filter(at__gte=at)
    return rows.filter(at__lt=until) if until else rows


def _settled(row: dict[str, Any]) -> dict[str, int]:
    late, missed = row["came"] - row["ok"], row["expected"] - row["told"]
    return {"expected": row["expected"], "ok": row["ok"], "late": late, "missed": missed}


def _distinct(which: Q) -> Count:
    return Count("time", distinct=True, filter=which)


def _runs(at: datetime, until: datetime | None = None) -> list[dict[str, Any]]:
    kinds = {str(one): Count("id", filter=Q(outcome=one)) for one in (Outcome.FAILED, Outcome.PARTIAL, Outcome.HELD)}
    return list(_told(at, until).values(FEED, PROCESS).annotate(**kinds).order_by())
