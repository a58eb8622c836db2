"""What the floors below left to be seen to: broken promises and feeds in trouble become ladders; ladders that are due climb.

Rows are held and passed over by others (SKIP LOCKED), so two sweeps at once do no harm. What a batch does is written in a handful of
statements; where one row goes wrong, all of it is undone, and each is done by itself: that one is left as it was, and stops no other.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from districts.models import DistrictModel
from districts.scope import district_scope
from ownership.ladders.climbing import TICKETS, WITH_OWNERS, Climber, escalations, ladder_of
from ownership.models import Escalation, Feed, FeedRun
from ownership.playbooks import failing
from sla.models import Breach
from tickets.models import Ticket

type Handle[Row] = Callable[[Row, Climber], None]
BATCH = 100
ENOUGH = 3.0  # seconds for one kind of work of one district: with thousands of them the promises are looked at in between
POISONED = timedelta(hours=1)  # a ladder that cannot be climbed is put off, and tried again
STALE = timedelta(hours=12)  # trouble this long after a ladder began, with nobody left to call, begins a new one
log = structlog.get_logger(__name__)


class Overtaken(RuntimeError):
    """Somebody else has seen to a row that we hold: it cannot be."""


def collect_breaches(district_id: UUID, *, now: datetime) -> int:
    """Each broken promise begins the district's ladder for tickets, once."""

    def due() -> QuerySet[Breach]:
        rows = Breach.objects.select_related("clock", "team", "ticket__team", "ticket__requester")
        return rows.filter(handled_at__isnull=True).order_by("noticed_at", "id")

    return _drain(district_id, due, _breach, now, claimed="handled_at")


def collect_runs(district_id: UUID, *, now: datetime) -> int:
    """Each feed in trouble begins its process's ladder; more trouble of the same feed joins the ladder that is being climbed."""

    def due() -> QuerySet[FeedRun]:
        return FeedRun.objects.filter(handled_at__isnull=True).order_by("at", "id")

    return _drain(district_id, due, _run, now, claimed="handled_at", apart=True)


def climb(district_id: UUID, *, now: datetime) -> int:
    """Ladders whose next rung is due; and those whose ticket was resolved meanwhile are ended."""

    def due() -> QuerySet[Escalation]:
        return escalations().filter(climb_at__lte=now).order_by("climb_at", "id")

    def settled() -> QuerySet[Escalation]:
        resolved = escalations().filter(ended_at__isnull=True, ticket__isnull=False).exclude(ticket__status__in=Ticket.LIVE)
        return resolved.order_by("began_at", "id")

    return _drain(district_id, due, _climb, now) + _drain(district_id, settled, _climb, now)


def _drain[Row: DistrictModel](
    district_id: UUID, due: Callable[[], QuerySet[Row]], handle: Handle[Row], now: datetime, *, claimed: str = "", apart: bool = False
) -> int:  # fmt: skip
    """`claimed`: the column that says of a row that it was seen to. `apart`: what is done with one row is seen by the next."""
    done, failed, until = 0, set[UUID](), time.monotonic() + ENOUGH
    while True:
        with district_scope(district_id):
            held = due().exclude(id__in=failed).select_for_update(of=("self",), skip_locked=True)
            rows = list(held[:BATCH])
            if rows and (apart or not _at_once(rows, handle, Climber(now), claimed)):
                failed |= _one_by_one(rows if apart else list(held[:BATCH]), handle, Climber(now), claimed)
            done += len(rows)
        if len(rows) < BATCH or time.monotonic() > until:
            return done - len(failed)


def _at_once[Row: DistrictModel](rows: Sequence[Row], handle: Handle[Row], climber: Climber, claimed: str) -> bool:
    """All of them, in a handful of statements. False: one of them went wrong, and nothing was done."""
    try:
        with transaction.atomic(), climber.at_once():
            _claim(rows, claimed, climber.now)
            for row in rows:
                handle(row, climber)
    except SoftTimeLimitExceeded:  # this sweep's time is up
        raise
    except Exception as error:  # noqa: BLE001  which row it was, and what is wrong with it, is found one by one
        log.warning("ladders_one_by_one", rows=len(rows), error=type(error).__name__)
        return False
    return True


def _one_by_one[Row: DistrictModel](rows: Sequence[Row], handle: Handle[Row], climber: Climber, claimed: str) -> set[UUID]:
    """Ids of the rows that failed: each is undone by itself. What the others are told leaves together, in this transaction."""
    failed = set[UUID]()
    with climber.post.together():
        for row in rows:
            try:
                with transaction.atomic(), climber.post.unless_it_fails():
                    _claim([row], claimed, climber.now)
                    handle(row, climber)
            except SoftTimeLimitExceeded:
                raise
            except Exception:  # a row of whatever kind of trouble must not stop the ladders of the others
                log.exception("ladder_failed", kind=type(row).__name__, row=str(row.id))
                failed.add(row.id)
                climber.forget()
    Escalation.objects.filter(id__in=failed).update(climb_at=climber.now + POISONED)
    return failed


def _claim[Row: DistrictModel](rows: Sequence[Row], column: str, now: datetime) -> None:
    """Seen to, each once: the rows are held, and were looked at again when they were."""
    if column:
        ids = [row.id for row in rows]
        changed = type(rows[0]).objects.filter(**{"id__in": ids, f"{column}__isnull": True}).update(**{column: now})
        if changed != len(ids):
            raise Overtaken


def _breach(breach: Breach, climber: Climber) -> None:
    if breach.ticket.is_live and not breach.clock.ended_at:
        climber.begin(Escalation(ladder=climber.fallback(TICKETS), breach=breach, ticket=breach.ticket))


def _run(run: FeedRun, climber: Climber) -> None:
    rows = Feed.objects.select_related(*(f"process__{name}" for name in WITH_OWNERS)).select_for_update(of=("self",))
    run.feed = feed = rows.get(id=run.feed_id)
    if feed.state == Feed.State.ON_TIME and (_came(run) or (feed.last_ping_at and feed.last_ping_at >= run.at)):
        climber.post.recovered(run, climber.owners_now(feed.process))
        return
    earlier = escalations().filter(feed_run__feed=feed, ended_at__isnull=True).select_for_update(of=("self",)).first()
    if earlier and (earlier.climb_at or earlier.began_at > climber.now - STALE):
        climber.join(earlier, run)
    else:
        if earlier:
            with climber.words():
                climber.end(earlier, why=_("It happened again, and a new ladder was begun."))
        climber.begin(Escalation(ladder=ladder_of(feed.process), feed_run=run, process=feed.process))
    if run.outcome in (FeedRun.Outcome.FAILED, FeedRun.Outcome.PARTIAL) or (run.outcome == FeedRun.Outcome.MISSED and earlier):
        _begin_playbook(run, climber)


def _came(run: FeedRun) -> bool:
    """It was told in the very moment in which it was missed."""
    if run.outcome != FeedRun.Outcome.MISSED or run.expected_at is None:
        return False
    came: bool = FeedRun.objects.filter(feed=run.feed_id, outcome=FeedRun.Outcome.OK, expected_at=run.expected_at).exists()
    return came


def _begin_playbook(run: FeedRun, climber: Climber) -> None:
    """For what failed, and for what is late a second time. Whatever goes wrong with it, the ladder is climbed."""
    try:
        with transaction.atomic(), climber.post.unless_it_fails():
            failing.open_for(run, now=climber.now, post=climber.post)
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log.exception("playbook_not_begun", run=str(run.id))


def _climb(escalation: Escalation, climber: Climber) -> None:
    climber.climb(escalation)
