"""A bad day gone through on a clock of its own: feeds fall silent or fail, and the product does what it would do.

Everything happens for real (the sweeps, the ladders, the notices) in a transaction that is taken back at its end: nobody is told, no
row stays but the account of it. While it runs, a second or two, the district's feeds and ladders are held: real pings wait for it.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Min
from django.utils.translation import gettext as _

from delivery.models import Delivery
from delivery.quiet import NOTICE
from districts.models import Person
from districts.queries import calendar_of, this_district
from districts.scope import require_district_id
from ownership.cadence import found
from ownership.feeds import pings
from ownership.feeds.pings import Told, expect, hear, next_time
from ownership.ladders import collecting
from ownership.models import Escalation, Feed, FeedRun, Hold, Ladder, Process, Simulation
from sla.models import Breach

MOST_FEEDS, LONGEST = 20, 72  # hours
LONGEST_RUN = 5.0  # seconds: while it runs, real pings wait
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
SILENT, FAILED = "silent", "failed"


@dataclass(frozen=True)
class Injected:
    """What goes wrong: a feed that says nothing, or that says it failed, so many minutes after the beginning."""

    feed: str  # slug
    how: str = SILENT
    after: int = 0

    def kept(self) -> dict[str, Any]:
        return {"feed": self.feed, "how": self.how, "after": self.after}


class NothingToTry(ValueError):
    """The text says what is missing."""


def simulate(
    injected: Sequence[Injected], *, name: str, starts_at: datetime, hours: int, by: Person, now: datetime
) -> Simulation:  # fmt: skip
    """Go through it, and keep what would have happened and what was found. Raises NothingToTry."""
    feeds = {feed.slug: feed for feed in Feed.objects.select_related("process").filter(slug__in=[one.feed for one in injected])}
    wrong = [one for one in injected[:MOST_FEEDS] if one.feed in feeds]
    if not wrong:
        raise NothingToTry(_("Choose at least one feed that falls silent or fails."))
    hours = max(1, min(hours, LONGEST))
    known = frozenset(Escalation.objects.filter(feed_run__feed__in=list(feeds.values())).values_list("id", flat=True))
    with _taken_back():
        account = _play(wrong, feeds, starts_at=starts_at, until=starts_at + timedelta(hours=hours))
        findings = found.findings(account, wrong, feeds, starts_at=starts_at, known=known)
    row = Simulation(
        name=name, at=now, by=by, starts_at=starts_at, hours=hours, injected=[one.kept() for one in wrong], told=account,
        findings=findings,
    )  # fmt: skip
    row.save(force_insert=True)
    _date(wrong, feeds, findings, now=now)
    return row


class _Over(Exception):
    pass


@contextmanager
def _taken_back() -> Iterator[None]:
    """What is written in here is undone, and what was to happen after commit does not."""
    try:
        with transaction.atomic():
            yield
            raise _Over
    except _Over:
        return


def _play(wrong: Sequence[Injected], feeds: Mapping[str, Feed], *, starts_at: datetime, until: datetime) -> list[dict[str, Any]]:
    district_id = require_district_id()
    _alone()
    pending = sorted((one for one in wrong if one.how == FAILED), key=lambda one: one.after)
    for one in wrong:
        if one.how == SILENT:
            _wait_for(feeds[one.feed], after=starts_at + timedelta(minutes=one.after))
    account: list[dict[str, Any]] = []
    seen = _newest()
    at = starts_at
    stop = time.monotonic() + LONGEST_RUN
    while True:
        if time.monotonic() > stop:
            raise NothingToTry(_("This is too much at once: choose fewer feeds, or fewer hours."))
        while pending and starts_at + timedelta(minutes=pending[0].after) <= at:
            feed = Feed.objects.select_related("process").get(slug=pending.pop(0).feed)
            hear(feed, Told(FeedRun.Outcome.FAILED, note=_("The simulation says so.")), now=at, judged=True)
        pings.watch(district_id, now=at)
        collecting.collect_runs(district_id, now=at)
        collecting.climb(district_id, now=at)
        told, seen = _told_since(seen, at=at)
        account += told
        later = _next(pending, starts_at, after=at)
        if later is None or later > until:
            break
        at = later
    return account


def _alone() -> None:
    """Nothing else is going on: what is open now is somebody's work, and not the simulation's."""
    Feed.objects.update(alert_at=None, ask_at=None)
    Escalation.objects.filter(ended_at__isnull=True).update(ended_at=LONG_AGO, climb_at=None)
    Hold.objects.filter(due_at__isnull=False).update(due_at=None)
    FeedRun.objects.filter(handled_at__isnull=True).update(handled_at=LONG_AGO)
    Breach.objects.filter(handled_at__isnull=True).update(handled_at=LONG_AGO)


def _wait_for(feed: Feed, *, after: datetime) -> None:
    """Its next time passes in silence. A feed that is asked for at no time by itself cannot be missed: the findings say so."""
    feed.active = True
    expect(feed, next_time(feed, calendar_of(this_district(), now=after), after=after))
    feed.state = Feed.State.ON_TIME
    Feed.objects.filter(id=feed.id).update(
        active=True, expected_at=feed.expected_at, alert_at=feed.alert_at, state=feed.state, started_at=None
    )


def _next(pending: Sequence[Injected], starts_at: datetime, *, after: datetime) -> datetime | None:
    """When something happens next: a feed is late, a rung is due, or the next one fails."""
    times = [
        Feed.objects.filter(alert_at__gt=after).aggregate(at=Min("alert_at"))["at"],
        Escalation.objects.filter(climb_at__gt=after).aggregate(at=Min("climb_at"))["at"],
        starts_at + timedelta(minutes=pending[0].after) if pending else None,
    ]
    return min((at for at in times if at), default=None)


def _newest() -> Any:
    return set(Delivery.objects.order_by("-id").values_list("id", flat=True)[:1])


def _told_since(seen: Any, *, at: datetime) -> tuple[list[dict[str, Any]], Any]:
    """Whoever was told since, a line for each person and thing."""
    last = max(seen, default=None)
    rows = Delivery.objects.filter(created_at=at, purpose=NOTICE).order_by("id").select_related("person")
    new = list(rows.filter(id__gt=last) if last else rows)
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for row in new:
        who = row.person.name if row.person else row.address
        line = lines.setdefault((who, row.subject), {"at": at.isoformat(), "who": who, "what": row.subject, "by": []})
        line["by"] = [*line["by"], str(row.channel)]
    return list(lines.values()), {new[-1].id} if new else seen


def _date(wrong: Sequence[Injected], feeds: Mapping[str, Feed], findings: Sequence[Mapping[str, Any]], *, now: datetime) -> None:
    """Each process that was gone through has its date; its ladder too, where every rung had somebody."""
    processes = {feeds[one.feed].process_id for one in wrong}
    Process.objects.filter(id__in=processes).update(tested_at=now)
    bad = {finding["process"] for finding in findings if finding["kind"] in found.LADDER}
    good = Process.objects.filter(id__in=processes, ladder__isnull=False).exclude(slug__in=bad)
    Ladder.objects.filter(id__in=good.values("ladder_id")).update(tested_at=now)
