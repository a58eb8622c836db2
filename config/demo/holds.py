"""A night on which the roster lost a tenth of its students: stopped, and waiting for a word."""

import random
from datetime import datetime, timedelta

from ownership.feeds.pings import Told, hear
from ownership.models import Feed, FeedRun

PROCESS = "rosters-to-learning-apps"
STUDENTS = 9_120
RULES = [
    {"kind": "share", "count": "removed", "of": "before", "percent": 5},
    {"kind": "usual", "count": "records", "percent": 20, "minutes": 120},
]
AGO = timedelta(minutes=25)


def tell_holds(*, now: datetime, dice: random.Random) -> None:
    """Of the district in scope: figures of a roster in its runs, two rules, and one run that is held."""
    feed = Feed.objects.select_related("process__primary", "process__secondary").filter(process__slug=PROCESS).order_by("slug").first()
    if feed is None:
        return
    runs = list(FeedRun.objects.filter(feed=feed, outcome=FeedRun.Outcome.OK))
    for run in runs:
        run.counts = _usual(dice)
    FeedRun.objects.bulk_update(runs, ["counts"])
    feed.rules = RULES
    feed.save(update_fields=["rules"])
    hear(feed, Told(counts={"records": STUDENTS - 934, "before": STUDENTS, "added": 11, "removed": 945}), now=now - AGO)


def _usual(dice: random.Random) -> dict[str, float]:
    added, removed = dice.randint(2, 30), dice.randint(1, 25)
    return {"records": STUDENTS + added - removed, "before": STUDENTS, "added": added, "removed": removed}
