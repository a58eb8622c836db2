"""Reads of what was promised."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from sla import words
from sla.models import Clock, ClockKind
from sla.terms import NotUnderstood, parse
from tickets.models import Ticket

ORDER = {kind: n for n, kind in enumerate(ClockKind.values)}


@dataclass(frozen=True)
class ClockView:
    """A clock as a person reads it."""

    kind: str
    label: str
    state: str
    due_at: datetime | None
    ended_at: datetime | None
    late: bool
    words: str  # "due in 2 h 10 min", "late by 1 day", "waiting on requester", "kept"
    sentence: str  # what was promised: "Within 4 hours of office time."


def clocks_of(ticket: Ticket, *, now: datetime) -> list[ClockView]:
    """First response, next response, resolution, the team's own; none before the ticket was first derived. One query.

    Of clocks that begin again the last run only.
    """
    last = {c.kind: c for c in Clock.objects.filter(ticket=ticket).order_by("run")}
    shown = [c for c in last.values() if not (c.kind == ClockKind.TEAM and c.state == Clock.State.VOID)]  # nobody promises it any more
    return [view(c, now=now) for c in sorted(shown, key=lambda c: ORDER[c.kind])]


def next_promise(ticket: Ticket) -> Clock | None:
    """What the requester is promised first among what is still running; a team's own time is none of theirs."""
    running = Clock.objects.filter(ticket=ticket, state=Clock.State.RUNNING).exclude(kind=ClockKind.TEAM)
    return running.order_by("due_at").first()


def view(clock: Clock, *, now: datetime) -> ClockView:
    running = clock.state == Clock.State.RUNNING
    late = clock.state == Clock.State.MISSED or (running and clock.due_at is not None and clock.due_at <= now)
    return ClockView(
        kind=clock.kind, label=str(ClockKind(clock.kind).label), state=clock.state, due_at=clock.due_at, ended_at=clock.ended_at,
        late=late, words=_words(clock, now), sentence=sentence(clock.terms),
    )  # fmt: skip


def sentence(terms: str) -> str:
    try:
        return parse(terms).sentence()
    except NotUnderstood:
        return terms


def _words(clock: Clock, now: datetime) -> str:
    match clock.state:
        case Clock.State.RUNNING:
            return words.due(clock.due_at, now=now)
        case Clock.State.PAUSED:
            return _("waiting on requester")
        case Clock.State.MISSED if clock.due_at and clock.ended_at and clock.ended_at > clock.due_at:
            return _("late by %(time)s") % {"time": words.left(clock.ended_at - clock.due_at)}
        case Clock.State.MISSED:
            return _("late")
        case Clock.State.MET:
            return _("kept")
    return _("not needed")
