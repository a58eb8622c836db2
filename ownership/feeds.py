"""Feeds: the evidence that a process works. A ping says it ran; a time that passes without one says it did not.

`expected_at` is the next promised time that no run has met yet. A run meets it when it comes after it, or up to half a day
before (and no earlier than halfway from the time before it): a second export at 5 PM does not stand for tomorrow's at 4 PM.
Terms of an interval ("every 60 minutes") start again with each run.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connection, transaction

from districts.calendar import Calendar
from districts.models import District
from districts.queries import calendar_of, this_district
from districts.scope import district_scope
from ownership import ladders
from ownership.models import Feed, FeedRun
from sla import clock, terms
from sla.promise import Every

EARLY = timedelta(hours=12)
OFTEN = timedelta(hours=1)  # a feed that is late already is not written down more often than this
BATCH = 200
POISONED = timedelta(hours=1)
Outcome, State = FeedRun.Outcome, Feed.State
log = structlog.get_logger(__name__)


def ping(
    feed: Feed, *, outcome: str, counts: Mapping[str, float], note: str, now: datetime, district: District | None = None
) -> FeedRun:  # fmt: skip
    """It ran, or says that it failed. Moves on what is expected next; a feed that is back ends its ladder."""
    calendar = calendar_of(district or this_district(), now=now)
    if feed.alert_at and feed.alert_at <= now:
        miss(feed, now=now, calendar=calendar)  # late beyond its grace, and the sweep has not been here yet
    in_trouble = feed.state in (State.LATE, State.FAILED)
    expected = feed.expected_at or next_time(feed, calendar, after=now)
    met = expected if expected and _meets(feed, calendar, expected, now) else None
    due = met or (_missed(feed) if in_trouble else None)
    run = FeedRun(
        feed=feed, outcome=outcome, at=now, expected_at=due, counts=dict(counts), note=note,
        late_seconds=int((now - due).total_seconds()) if due and now > due else None,
        handled_at=now if outcome == Outcome.OK else None,
    )  # fmt: skip
    feed.state, feed.last_ping_at = (State.ON_TIME if outcome == Outcome.OK else State.FAILED), now
    expect(feed, next_time(feed, calendar, after=now if _restarts(feed) else max(now, met)) if met else expected)
    _write(feed, run)
    if in_trouble and outcome == Outcome.OK:
        ladders.back(feed, now=now)
    return run


def _write(feed: Feed, run: FeedRun) -> None:
    """The run and the feed's new state, in one trip to the database: pings are the most frequent thing that comes in."""
    statement = (
        f"WITH run AS (INSERT INTO {FeedRun._meta.db_table}"
        " (id, district_id, feed_id, outcome, expected_at, at, late_seconds, counts, note, handled_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s))"
        f" UPDATE {Feed._meta.db_table} SET state = %s, last_ping_at = %s, expected_at = %s, alert_at = %s"
        " WHERE district_id = %s AND id = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [
            run.id, run.district_id, feed.id, run.outcome, run.expected_at, run.at, run.late_seconds, json.dumps(run.counts), run.note,
            run.handled_at, feed.state, feed.last_ping_at, feed.expected_at, feed.alert_at, feed.district_id, feed.id,
        ])  # fmt: skip


def watch(district_id: UUID, *, now: datetime) -> int:
    """Write down every run that was promised and did not come; two sweeps at once write it once."""
    seen: set[UUID] = set()
    with district_scope(district_id):
        calendar = calendar_of(this_district(), now=now)
    while batch := _miss_batch(district_id, seen, calendar, now):
        seen |= batch
    return len(seen)


def miss(feed: Feed, *, now: datetime, calendar: Calendar) -> bool:
    """A promised run did not come. False: somebody else has seen to it, or nobody watches this feed any more."""
    if not feed.active:
        Feed.objects.filter(id=feed.id).update(alert_at=None)
        return False
    expected, alert_at, was_late = feed.expected_at, feed.alert_at, feed.state == State.LATE
    upcoming = next_time(feed, calendar, after=now)
    if was_late and upcoming and upcoming - now < OFTEN:
        upcoming = next_time(feed, calendar, after=now + OFTEN)
    feed.state = State.LATE
    expect(feed, upcoming)
    hit = Feed.objects.filter(id=feed.id, alert_at=alert_at).update(
        state=feed.state, expected_at=feed.expected_at, alert_at=feed.alert_at
    )
    if hit:
        FeedRun(feed=feed, outcome=Outcome.MISSED, at=now, expected_at=expected).save(force_insert=True)
    return bool(hit)


def expect(feed: Feed, at: datetime | None) -> None:
    """Set, without saving, when the feed is expected next and when its silence becomes an alert."""
    feed.expected_at = at
    feed.alert_at = at + timedelta(minutes=feed.grace_minutes) if at and feed.active else None


def next_time(feed: Feed, calendar: Calendar, *, after: datetime) -> datetime | None:
    """The next promised run; None where the terms name no time, or cannot be read (the matrix's own audit says so)."""
    try:
        return clock.next_expected(terms.parse(feed.terms), calendar, after=after)
    except terms.NotUnderstood:
        log.warning("feed_terms_not_understood", feed=str(feed.id))
        return None


def _meets(feed: Feed, calendar: Calendar, expected: datetime, at: datetime) -> bool:
    if at >= expected or _restarts(feed):
        return True
    window, before = EARLY, next_time(feed, calendar, after=expected - 2 * EARLY)
    while before and before < expected:
        window = min(EARLY, (expected - before) / 2)
        before = next_time(feed, calendar, after=before)
    return expected - at <= window


def _restarts(feed: Feed) -> bool:
    try:
        recurring = terms.parse(feed.terms).recurring
    except terms.NotUnderstood:
        return False
    return bool(recurring) and all(isinstance(clause.term, Every) for clause in recurring)


def _missed(feed: Feed) -> datetime | None:
    """The time that the feed in trouble did not meet, so that what comes now is known to be late for it."""
    last = FeedRun.objects.filter(feed=feed).order_by("-at", "-id").values_list("outcome", "expected_at").first()
    return last[1] if last and last[0] != Outcome.OK else None


def _miss_batch(district_id: UUID, seen: set[UUID], calendar: Calendar, now: datetime) -> set[UUID]:
    """One transaction. A feed that cannot be looked at is put off for an hour, so that it cannot stop the others."""
    with district_scope(district_id):
        due = Feed.objects.filter(alert_at__lte=now).exclude(id__in=seen)
        feeds = list(due.order_by("alert_at").select_for_update(skip_locked=True)[:BATCH])
        for feed in feeds:
            try:
                with transaction.atomic():
                    miss(feed, now=now, calendar=calendar)
            except Exception:  # a feed of whatever kind of trouble must not stop the others
                log.exception("feed_not_watched", feed=str(feed.id))
                Feed.objects.filter(id=feed.id).update(alert_at=now + POISONED)
        return {feed.id for feed in feeds}
