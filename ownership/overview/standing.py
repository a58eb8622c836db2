"""Whether a process is in trouble: one answer for the matrix, the checkpoint and its mail."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.utils.translation import ngettext

from ownership.models import Escalation, Feed
from tickets.models import Ticket

WORST_FIRST = (
    Feed.State.FAILED, Feed.State.LATE, Feed.State.HELD, Feed.State.PARTIAL, Feed.State.UNKNOWN, Feed.State.ON_TIME, Feed.State.NEW,
)  # fmt: skip
TROUBLED = (Feed.State.FAILED, Feed.State.LATE, Feed.State.HELD, Feed.State.PARTIAL)
OPEN = Q(ended_at__isnull=True) & (Q(ticket__isnull=True) | Q(ticket__status__in=Ticket.LIVE))


def worst(feeds: Iterable[Feed]) -> str:
    """The worst state of the feeds that are watched; empty without one."""
    states = {feed.state for feed in feeds if feed.active}
    return next((str(state) for state in WORST_FIRST if state in states), "")


def label(state: str) -> str:
    return str(Feed.State(state).label) if state else ""


def in_trouble(state: str, *, ladders: int) -> bool:
    """A feed of it is late, failed, held or partial, or somebody was called for it: a ladder of it is being climbed."""
    return state in TROUBLED or ladders > 0


def said(state: str, *, ladders: int) -> str:
    """In a word or two: its state, and the ladders where the state says nothing of trouble."""
    if state in TROUBLED or not ladders:
        return label(state)
    climbed = ngettext("%(n)s ladder being climbed", "%(n)s ladders being climbed", ladders) % {"n": ladders}
    return "; ".join(filter(None, [label(state), climbed]))


def ladders() -> dict[UUID, int]:
    """Process → ladders of it that are being climbed or waited on; without those that have none. One query."""
    rows: Any = Escalation.objects.filter(OPEN, process__isnull=False).values("process_id").annotate(n=Count("id"))
    return {row["process_id"]: row["n"] for row in rows.order_by()}
