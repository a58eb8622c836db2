"""Thirty days of a district's feeds: most ran in time, some late, one has not come today."""

import random
from datetime import datetime, timedelta

from districts.calendar import Calendar
from ownership.feeds import pings
from ownership.models import Feed, FeedRun, Ladder

DAYS = 30
LATE = 0.06  # share of runs that came late
APART = timedelta(hours=5)  # a feed that runs every hour is told by a few runs a day


def tell_feeds(calendar: Calendar, *, now: datetime, dice: random.Random) -> None:
    """Ping every feed but two through its last days, and test most ladders some weeks ago."""
    rows = list(Feed.objects.filter(active=True).select_related("process").order_by("slug"))
    never, stopped = rows[-1:], rows[:1]
    for feed in rows:
        if feed in never:
            continue
        until = now - timedelta(days=1) if feed in stopped else now
        _runs(feed, calendar, until, dice)
    for ladder in Ladder.objects.order_by("slug"):
        if dice.random() < 0.7:
            ladder.tested_at = now - timedelta(days=dice.randint(5, 90))
            ladder.save(update_fields=["tested_at"])


def _runs(feed: Feed, calendar: Calendar, until: datetime, dice: random.Random) -> None:
    """Rows as pings would have left them; the last one is a ping, which says what is expected next."""
    rows: list[FeedRun] = []
    at = pings.next_time(feed, calendar, after=until - timedelta(days=DAYS))
    while at and at < until:
        came = at + timedelta(minutes=dice.randint(3, 12) if dice.random() > LATE else dice.randint(20, 90))
        rows.append(
            FeedRun(
                feed=feed,
                outcome=FeedRun.Outcome.OK,
                expected_at=at,
                at=came,
                handled_at=came,
                note="",
                late_seconds=int((came - at).total_seconds()),
                counts={"records": dice.randint(40, 400)},
            )
        )
        following = pings.next_time(feed, calendar, after=max(at, came) + APART)
        at = following if following and following > at else None
    if rows:
        *told, last = [row for row in rows if row.at < until]
        FeedRun.objects.bulk_create(told)
        feed.expected_at, feed.alert_at = last.expected_at, None
        pings.hear(feed, pings.Told(last.outcome, last.counts), now=last.at)
