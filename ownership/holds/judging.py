"""The counts a feed told, laid beside its rules and what it told before."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Max
from django.db.models.functions import ExtractIsoWeekDay, TruncDate

from ownership.holds.rules import Facts, Reason, Rule, judge, needs_history, rules_of
from ownership.models import Feed, FeedRun

LOOKS_BACK = timedelta(days=92)
MOST_BEFORE = 8  # runs of the same weekday
MOST_READ = 400


def reasons(feed: Feed, counts: Mapping[str, float], *, at: datetime, zone: ZoneInfo, only_starts: bool = False) -> list[Reason]:
    """Why a run with these counts is to be held; one query where a rule asks for what is usual."""
    rules = rules_of(feed.rules)
    before = usual_runs(feed, at=at, zone=zone) if needs_history(rules) else ()
    return judge(rules, Facts(counts, at, zone, before, only_starts))


def usual_runs(feed: Feed, *, at: datetime, zone: ZoneInfo) -> list[dict[str, float]]:
    """Counts of runs that went through on the same weekday, the newest first: the last of each day, however many a day has."""
    today = at.astimezone(zone).date()
    went = FeedRun.objects.filter(feed=feed, outcome=FeedRun.Outcome.OK, at__gte=at - LOOKS_BACK, at__lt=at).exclude(counts={})
    days = went.annotate(day=TruncDate("at", tzinfo=zone), weekday=ExtractIsoWeekDay("at", tzinfo=zone))
    same: Any = days.filter(weekday=today.isoweekday()).exclude(day=today).values("day").annotate(last=Max("at")).order_by("-day")
    last = [row["last"] for row in same[:MOST_BEFORE]]
    rows = FeedRun.objects.filter(feed=feed, outcome=FeedRun.Outcome.OK, at__in=last).order_by("-at", "-id")
    return list(rows.values_list("counts", flat=True)[:MOST_BEFORE])


def _same_weekday(runs: Iterable[tuple[datetime, dict[str, float]]], *, at: datetime, zone: ZoneInfo) -> list[dict[str, float]]:
    day = at.astimezone(zone).date()
    last_of: dict[object, dict[str, float]] = {}
    for when, counts in runs:
        local = when.astimezone(zone).date()
        if local != day and local.weekday() == day.weekday() and counts:
            last_of.setdefault(local, counts)
    return list(last_of.values())[:MOST_BEFORE]


def backtest(feed: Feed, rules: Sequence[Rule], *, now: datetime, zone: ZoneInfo) -> list[tuple[FeedRun, list[Reason]]]:
    """Of the runs of the last quarter, those that these rules would have held, the newest first; one query."""
    rows = FeedRun.objects.filter(feed=feed, outcome__in=[FeedRun.Outcome.OK, FeedRun.Outcome.HELD], at__gte=now - LOOKS_BACK)
    runs = list(rows.order_by("-at", "-id")[:MOST_READ])
    held = []
    for n, run in enumerate(runs):
        earlier = [(one.at, one.counts) for one in runs[n + 1 :] if one.outcome == FeedRun.Outcome.OK]
        before = _same_weekday(earlier, at=run.at, zone=zone)
        if found := judge(rules, Facts(run.counts, run.at, zone, before)):
            held.append((run, found))
    return held
