"""Thirty days of a district's feeds: most ran in time, some late, one has not come today."""

import random
from datetime import datetime, timedelta

from districts.calendar import Calendar
from ownership import feeds
from ownership.models import Feed, FeedRun, Ladder

DAYS = 30
LATE = 0.06  # share of runs that came late


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
    at = feeds.next_time(feed, calendar, after=until - timedelta(days=DAYS))
    while at and at < until:
        came = at + timedelta(minutes=dice.randint(3, 12) if dice.random() > LATE else dice.randint(20, 90))
        if came < until:
            feed.alert_at = None  # what came too late then is told as late, and alerts nobody now
            feeds.ping(feed, outcome=FeedRun.Outcome.OK, counts={"records": dice.randint(40, 400)}, note="", now=came)
        following = feeds.next_time(feed, calendar, after=max(at, came))
        at = following if following and following > at else None
