"""The roll-out board: how far each process has come, and the one thing to do next."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from ownership.duty.roles import Found, Roster
from ownership.ladders.climbing import WITH_OWNERS
from ownership.models import Feed, FeedRun, Process, Rung
from ownership.overview import rollout
from ownership.overview.audit import names_a_time, understood
from ownership.overview.rollout import Facts, FeedFacts
from ownership.views import actor_of


@login_required
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Everybody who works here sees it; administrators find links to what is to be done."""
    actor = actor_of(request)
    found = rollout.board(_facts(Roster(timezone.now(), request.district)))  # type: ignore[attr-defined]
    return render(request, "ownership/rollout.html", {"board": found, "may_set_up": actor.is_admin})


def _facts(roster: Roster) -> Iterator[Facts]:
    """Of every process. Eight queries at most, however many there are."""
    runs = _runs(roster.now)
    return (_of(process, roster, runs[process.id]) for process in _processes())


def _processes() -> QuerySet[Process]:
    rungs = Rung.objects.filter(ladder=OuterRef("ladder"))
    rows = Process.objects.select_related(*WITH_OWNERS).annotate(has_rungs=Exists(rungs))
    return rows.prefetch_related("feeds").order_by("id")


def _runs(now: datetime) -> Counter[UUID]:
    """Process → runs that were seen lately; one that did not come was not seen."""
    since = now - timedelta(days=rollout.WITHIN_DAYS)
    seen = FeedRun.objects.filter(at__gte=since).exclude(outcome=FeedRun.Outcome.MISSED)
    rows: Any = seen.values("feed__process_id").annotate(n=Count("id")).order_by()
    return Counter({row["feed__process_id"]: row["n"] for row in rows})


def _of(process: Any, roster: Roster, runs: int) -> Facts:
    """`process`: with `has_rungs`, as `_processes` reads it."""
    found = roster.find(process.primary) if process.primary else Found()
    return Facts(
        slug=process.slug, name=process.name, suffers=process.get_path_display(),
        primary=process.primary.name if process.primary else "", person=found.owner.name if found.owner else "",
        via=str(found.via.label) if found.owner and found.stands_in else "",
        secondary=process.secondary.name if process.secondary else "", has_source=process.source_id is not None,
        has_targets=bool(process.targets), baseline=process.baseline, runs=runs, readable=understood(process.terms) is not None,
        ladder=process.ladder.slug if process.ladder else "", has_rungs=process.has_rungs,
        feeds=[_feed(feed) for feed in process.feeds.all() if feed.active],
    )  # fmt: skip


def _feed(feed: Feed) -> FeedFacts:
    return FeedFacts(feed.name, seen=feed.last_ping_at is not None, timed=names_a_time(feed.terms))
