"""Feeds: the evidence that a process works. What is told says that it ran; a time that passes in silence says that it did not.

`expected_at` is the next promised time that no run has met yet. A run meets it when it comes after it, or up to half a day
before (and no earlier than halfway from the time before it): a second export at 5 PM does not stand for tomorrow's at 4 PM.
Terms of an interval ("every 60 minutes") start again with each run. A run that only started, that said neither, or that is held
meets nothing. In summer, on holidays and in breaks nothing is expected, unless the feed is told otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.utils.translation import gettext as _

from districts.calendar import ONE_DAY, Calendar, DayKind
from districts.models import District, Person
from districts.queries import calendar_of, this_district
from districts.scope import district_scope
from ownership.feeds import rows
from ownership.holds import holding, judging
from ownership.holds.rules import Reason
from ownership.ladders import climbing, notices
from ownership.models import Feed, FeedRun
from ownership.playbooks import failing
from ownership.triggers.firing import fire
from sla import clock, terms
from sla.promise import Every

EARLY = timedelta(hours=12)
OFTEN = timedelta(hours=1)  # a feed that is late already is not written down more often than this
BATCH = 200
POISONED = timedelta(hours=1)
LOOKED_AHEAD = timedelta(days=400)
Outcome, State = FeedRun.Outcome, Feed.State
QUIET_DAYS = frozenset({DayKind.SUMMER, DayKind.HOLIDAY, DayKind.BREAK, DayKind.CLOSURE})
IN_TROUBLE = (State.LATE, State.FAILED, State.PARTIAL)
SAYS = {  # what the feed is after each; a start changes nothing
    Outcome.OK: State.ON_TIME, Outcome.FAILED: State.FAILED, Outcome.PARTIAL: State.PARTIAL, Outcome.HELD: State.HELD,
    Outcome.UNKNOWN: State.UNKNOWN,
}  # fmt: skip
EVENTS = {  # of triggers
    Outcome.OK: "feed.ok", Outcome.FAILED: "feed.failed", Outcome.HELD: "feed.held", Outcome.MISSED: "feed.late",
}  # fmt: skip
CONTENT = "sha256"  # in the evidence of a file
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Told:
    """What came from a feed, whatever the door: an outcome of `FeedRun.Outcome`, and what stands behind it."""

    outcome: str = Outcome.OK
    counts: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    way: str = FeedRun.Way.PING
    key: str = ""  # what its sender calls this run; the same told twice counts once
    evidence: Mapping[str, Any] = field(default_factory=dict)
    by: Person | None = None
    due: datetime | None = None  # the one time that it is about, whatever is expected next: of a check, or of a cut-off


def hear(feed: Feed, told: Told, *, now: datetime, district: District | None = None, judged: bool = False) -> FeedRun:
    """Write down what a feed told, and move on what is expected next; a feed that is back ends its ladder.

    A run that breaks a rule of the feed is held (`outcome` is then HELD), unless somebody has `judged` it already.
    Of what was told of this run before (the same `key`, and nothing else since), the row of that time.
    """
    if told.key and (before := _told_before(feed, told)):
        return before
    district = district or this_district()
    calendar = calendar_of(district, now=now)
    if feed.alert_at and feed.alert_at <= now:
        miss(feed, now=now, calendar=calendar)  # late beyond its grace, and the sweep has not been here yet
    reasons = [] if judged or not feed.rules else _reasons(feed, told, now=now, district=district)
    if reasons and told.key and (stopped := FeedRun.objects.filter(feed=feed, key=told.key, outcome=Outcome.HELD).first()):
        return stopped  # its start, or its end, is held: no second hold under one name
    if reasons:
        told = replace(told, outcome=Outcome.HELD, evidence={**told.evidence, "told": told.outcome})
    run = _start(feed, told, now=now) if told.outcome == Outcome.STARTED else _end(feed, told, now=now, calendar=calendar)
    if reasons:
        holding.hold(feed, run, reasons, now=now)
    if feed.releases:
        _release(feed, run, now=now)
    return run


def _release(feed: Feed, run: FeedRun, *, now: datetime) -> None:
    """Whoever waits for what this feed tells hears it at once."""
    event = EVENTS.get(Outcome(run.outcome))
    if event:
        payload = {"counts": run.counts, "run": run.key or str(run.id), "note": run.note, "at": run.at.isoformat()}
        fire(event, payload=payload, key=f"run:{run.id}", feed=feed, now=now)


def _told_before(feed: Feed, told: Told) -> FeedRun | None:
    """A start and an end of one run have the same key; each counts once, and so does one that was held. But one that ends otherwise
    than was said before (it was run again), or that brings another file, is told anew. A start that comes late starts nothing."""
    starts = told.outcome == Outcome.STARTED
    before = [run for run in rows.named(feed, told.key) if (_said(run) == Outcome.STARTED) == starts]
    if not before or starts:
        return before[0] if before else None
    brought = told.evidence.get(CONTENT)
    same = _said(before[-1]) == told.outcome and (not brought or brought == before[-1].evidence.get(CONTENT))
    return before[-1] if same else None


def _said(run: FeedRun) -> str:
    return str(run.evidence.get("told", run.outcome) if run.outcome == Outcome.HELD else run.outcome)


def _reasons(feed: Feed, told: Told, *, now: datetime, district: District) -> list[Reason]:
    if told.outcome not in (Outcome.OK, Outcome.PARTIAL, Outcome.STARTED) or holding.released(feed, told.key):
        return []
    return judging.reasons(feed, told.counts, at=now, zone=district.zone, only_starts=told.outcome == Outcome.STARTED)


def _start(feed: Feed, told: Told, *, now: datetime) -> FeedRun:
    run = _run(feed, told, now=now, handled_at=now)
    feed.started_at = now
    expect(feed, feed.expected_at)
    rows.write(feed, run)
    return run


def _end(feed: Feed, told: Told, *, now: datetime, calendar: Calendar) -> FeedRun:
    aside = told.outcome == Outcome.UNKNOWN  # a word that says neither ends no run, and settles nothing
    before, delivered = feed.state, told.outcome in (Outcome.OK, Outcome.FAILED, Outcome.PARTIAL)
    expected = feed.expected_at or next_time(feed, calendar, after=now)
    met = expected if delivered and expected and meets(feed, calendar, expected, now) else None
    due = met or (_missed(feed) if before in IN_TROUBLE else None)
    if told.due:
        met, due = expected if expected and expected.replace(microsecond=0) == told.due else None, told.due
    run = _run(
        feed, told, now=now, expected_at=due, handled_at=None if told.outcome in (Outcome.FAILED, Outcome.PARTIAL) else now,
        late_seconds=int((now - due).total_seconds()) if due and now > due else None,
        took_seconds=max(0, int((now - feed.started_at).total_seconds())) if feed.started_at and not aside else None,
    )  # fmt: skip
    feed.started_at, feed.last_ping_at = feed.started_at if aside else None, now
    if delivered or told.outcome == Outcome.HELD or before not in (*IN_TROUBLE, State.HELD):
        feed.state = SAYS[Outcome(told.outcome)]
    expect(feed, next_time(feed, calendar, after=now if _restarts(feed) else max(now, met)) if met else expected)
    rows.write(feed, run)
    if before == State.HELD and delivered:
        holding.overtake(feed, by=run, now=now)
    if before in (*IN_TROUBLE, State.HELD) and told.outcome == Outcome.OK:
        climbing.back(feed, now=now)
        failing.back(feed, now=now)
    return run


def settle(feed: Feed) -> None:
    """A run that was held is not used, and nothing has failed by it: the feed is what its last other run said."""
    said = FeedRun.objects.filter(feed=feed).exclude(outcome__in=[Outcome.HELD, Outcome.STARTED, Outcome.UNKNOWN])
    last = said.order_by("-at", "-id").values_list("outcome", flat=True).first()
    feed.state = State.NEW if last is None else SAYS.get(Outcome(last), State.LATE)
    Feed.objects.filter(id=feed.id).update(state=feed.state)


def _run(feed: Feed, told: Told, *, now: datetime, **values: Any) -> FeedRun:
    return FeedRun(
        feed=feed, outcome=told.outcome, way=told.way, key=told.key, counts=dict(told.counts), evidence=dict(told.evidence), by=told.by,
        note=told.note, at=now, **values,
    )  # fmt: skip


def watch(district_id: UUID, *, now: datetime) -> int:
    """Write down every run that was promised and did not come; two sweeps at once write it once."""
    seen: set[UUID] = set()
    with district_scope(district_id):
        calendar = calendar_of(this_district(), now=now)
    while batch := _miss_batch(district_id, seen, calendar, now):
        seen |= batch
        if len(batch) < BATCH:
            break
    return len(seen)


def miss(feed: Feed, *, now: datetime, calendar: Calendar) -> bool:
    """A promised run did not come, or one that started did not end. False: somebody else saw to it, or nobody watches it."""
    if not feed.active:
        Feed.objects.filter(id=feed.id).update(alert_at=None, ask_at=None)
        return False
    expected, alert_at = feed.expected_at, feed.alert_at
    silent = bool(expected and expected + timedelta(minutes=feed.grace_minutes) <= now)
    upcoming, started = expected, feed.started_at
    if silent:
        upcoming = next_time(feed, calendar, after=now)
        if feed.state == State.LATE and upcoming and upcoming - now < OFTEN:
            upcoming = next_time(feed, calendar, after=now + OFTEN)
    feed.state, feed.started_at = State.HELD if feed.state == State.HELD else State.LATE, None
    expect(feed, upcoming)
    note = _started_only(started, now) if started else ""
    due = expected if silent else _end_of(feed, started)
    run = _run(feed, Told(Outcome.MISSED, note=note, way=""), now=now, expected_at=due)
    written = rows.write_missed(feed, run, alert_at=alert_at)
    if written and feed.releases:
        _release(feed, run, now=now)
    return written


def _started_only(started: datetime, now: datetime) -> str:
    with climbing.Climber(now).words():
        return _("It said at %(time)s that it started, and has not ended.") % {"time": notices.clock(started)}


def _end_of(feed: Feed, started: datetime | None) -> datetime | None:
    return started + timedelta(minutes=feed.longest_minutes) if started and feed.longest_minutes else None


def expect(feed: Feed, at: datetime | None) -> None:
    """Set, without saving, when the feed is expected next and when its silence becomes an alert."""
    feed.expected_at = at
    silent = at + timedelta(minutes=feed.grace_minutes) if at else None
    ends = [moment for moment in (silent, _end_of(feed, feed.started_at)) if moment]
    feed.alert_at = min(ends) if ends and feed.active else None
    feed.ask_at = at if feed.kind == Feed.Kind.CHECK and feed.active else None


def promised_after(feed: Feed, calendar: Calendar, *, at: datetime) -> datetime | None:
    """The time that it promised next after `at`, as `Told.due` names it. None: there is none, or it starts again with each run."""
    found = None if _restarts(feed) else next_time(feed, calendar, after=at)
    return found.replace(microsecond=0) if found else None


def next_time(feed: Feed, calendar: Calendar, *, after: datetime) -> datetime | None:
    """The next promised run; None where the terms name no time, or cannot be read (the matrix's own audit says so)."""
    try:
        promised = terms.parse(feed.terms)
    except terms.NotUnderstood:
        log.warning("feed_terms_not_understood", feed=str(feed.id))
        return None
    if feed.all_year:
        return clock.next_expected(promised, calendar.without_days_off(), after=after)
    at = clock.next_expected(promised, calendar, after=after)
    return _past_days_off(promised, calendar, at) if at and _restarts(feed) else at


def _past_days_off(promised: terms.Terms, calendar: Calendar, at: datetime) -> datetime | None:
    """An interval runs day and night, but nobody waits for it in summer: its first time on a day that is no day off."""
    day = first = calendar.local_date(at)
    while calendar.day_kind(day) in QUIET_DAYS and day - first < LOOKED_AHEAD:
        day += ONE_DAY
    return at if day == first else clock.next_expected(promised, calendar, after=calendar.at_local(day, 0))


def meets(feed: Feed, calendar: Calendar, expected: datetime, at: datetime) -> bool:
    """Does a run at this moment stand for that time?"""
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
    said = FeedRun.objects.filter(feed=feed).exclude(outcome__in=[Outcome.STARTED, Outcome.UNKNOWN, Outcome.HELD])
    last = said.order_by("-at", "-id").values_list("outcome", "expected_at").first()
    return last[1] if last and last[0] != Outcome.OK else None


def _miss_batch(district_id: UUID, seen: set[UUID], calendar: Calendar, now: datetime) -> set[UUID]:
    """One transaction, one savepoint. Where one feed goes wrong, all is undone, and each is looked at by itself."""
    with district_scope(district_id):
        due = Feed.objects.filter(alert_at__lte=now).exclude(id__in=seen).order_by("alert_at").select_for_update(skip_locked=True)
        feeds = list(due[:BATCH])
        try:
            with transaction.atomic():
                for feed in feeds:
                    miss(feed, now=now, calendar=calendar)
        except SoftTimeLimitExceeded:  # this sweep's time is up
            raise
        except Exception as error:  # noqa: BLE001  which feed it was, and what is wrong with it, is found one by one
            log.warning("feeds_one_by_one", feeds=len(feeds), error=type(error).__name__)
            _one_by_one(list(due.filter(id__in=[feed.id for feed in feeds])), calendar, now)
        return {feed.id for feed in feeds}


def _one_by_one(feeds: Sequence[Feed], calendar: Calendar, now: datetime) -> None:
    """A feed that cannot be looked at is put off for an hour, so that it cannot stop the others."""
    for feed in feeds:
        try:
            with transaction.atomic():
                miss(feed, now=now, calendar=calendar)
        except SoftTimeLimitExceeded:
            raise
        except Exception:  # a feed of whatever kind of trouble must not stop the others
            log.exception("feed_not_watched", feed=str(feed.id))
            Feed.objects.filter(id=feed.id).update(alert_at=now + POISONED)
