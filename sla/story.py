"""A ticket's facts → its clocks, purely. Those that begin again are in `sla.runs`.

Clocks are derived again from the same facts whenever something changes, so no act can leave a wrong one behind.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from districts.calendar import Calendar, Span
from sla.clock import due_at, warn_at
from sla.promise import Terms
from sla.terms import parse

SETTLED = timedelta(seconds=1)


Landing = tuple[datetime, str | None, str]  # when, from which team where it is known, on which


class State(StrEnum):
    """The same words as `Clock.State`."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    VOID = "void"


@dataclass(frozen=True)
class Story:
    """What the events of a ticket tell its clocks."""

    opened_at: datetime
    answered_at: datetime | None = None  # first reply, or resolved without one (by the requester: while it stays so)
    resolved_at: datetime | None = None  # last time, unless reopened since
    merged_at: datetime | None = None
    pauses: tuple[Span, ...] = ()  # waiting on the requester, or resolved until it was reopened
    away: tuple[Span, ...] = ()  # thought to be somebody else's care before anybody had answered: solved by the requester until it
    # was reopened, or merged into another until it was taken apart
    paused_since: datetime | None = None
    asked_at: datetime | None = None  # the requester's words that nobody has answered yet
    answers: tuple[Span, ...] = ()  # (asked, answered)
    landings: tuple[Landing, ...] = ()


@dataclass(frozen=True)
class Reading:
    """A clock as the facts have it."""

    state: State
    started_at: datetime
    due_at: datetime | None
    warn_at: datetime | None = None
    ended_at: datetime | None = None
    terms: str = ""  # those of before, where they were broken already; else what is promised now


@dataclass(frozen=True)
class Kept:
    """What was told before: a clock as it was last derived."""

    terms: str
    state: str
    started_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    breached_at: datetime | None


@dataclass
class _Telling:
    story: Story
    closed: list[Span] = field(default_factory=list)
    answers: list[Span] = field(default_factory=list)
    away: list[Span] = field(default_factory=list)
    landings: list[Landing] = field(default_factory=list)
    unanswered: Story | None = None  # as it was when the requester said that it was solved, and nobody had answered

    def asked(self, at: datetime) -> None:
        if self.story.asked_at is None:
            self.story = replace(self.story, asked_at=at)

    def pause(self, at: datetime) -> None:
        if self.story.paused_since is None:
            self.story = replace(self.story, paused_since=at)

    def go_on(self, at: datetime) -> None:
        since = self.story.paused_since
        if since is not None:
            if since < at:
                self.closed.append((since, at))
            self.story = replace(self.story, paused_since=None)

    def answered(self, at: datetime) -> None:
        if self.story.asked_at is not None:
            self.answers.append((self.story.asked_at, at))
        self.story = replace(self.story, asked_at=None, answered_at=self.story.answered_at or at)

    def resolved(self, at: datetime, *, by_asker: bool) -> None:
        """The requester's own word ends their waiting, as long as it holds; it is no answer of ours."""
        if self.story.resolved_at is None:
            self.unanswered = self.story if by_asker and self.story.answered_at is None else None
            self.answered(at)
            self.pause(at)
            self.story = replace(self.story, resolved_at=at)

    def reopened(self, at: datetime) -> None:
        since = self.story.resolved_at
        if since is not None:
            if self.unanswered and self.story.answered_at == since:
                self._still_unanswered(self.unanswered, (since, at))
            self.story = replace(self.story, resolved_at=None)
            self.go_on(at)

    def merged(self, at: datetime, data: Mapping[str, Any]) -> None:
        if "from" not in data:  # of the survivor, whose own story goes on
            self.story = replace(self.story, merged_at=self.story.merged_at or at)

    def unmerged(self, at: datetime, data: Mapping[str, Any]) -> None:
        """Meanwhile the need was the survivor's: that time counts in no promise of its own."""
        since = self.story.merged_at
        if since is None or "from" in data:
            return
        self.story = replace(self.story, merged_at=None)
        if self.story.answered_at is None and since < at:
            self.away.append((since, at))
        if self.story.paused_since is None and since < at:
            self.closed.append((since, at))

    def landed(self, at: datetime, data: Mapping[str, Any]) -> None:
        to = data.get("to") or data.get("team")
        if to:
            self.landings.append((at, data.get("from"), to))

    def _still_unanswered(self, before: Story, away: Span) -> None:
        if before.asked_at is not None:
            self.answers.pop()
        self.away.append(away)
        self.story = replace(self.story, answered_at=None, asked_at=before.asked_at)


def read(opened_at: datetime, facts: Iterable[Mapping[str, Any]]) -> Story:
    """Fold a ticket's events, oldest first ({"kind", "at", "data"}, see tickets.queries.facts_of; "by_asker": the requester did it)."""
    told = _Telling(Story(opened_at, asked_at=opened_at))
    for fact in facts:
        at = fact["at"]
        match fact["kind"]:
            case "replied":
                told.unanswered = None
                told.answered(at)
            case "asker_wrote":
                told.asked(at)
            case "waiting" if fact["data"].get("on") == "wait_asker":
                told.pause(at)
            case "waiting" | "resumed":
                told.go_on(at)
            case "resolved" | "closed":
                told.resolved(at, by_asker=bool(fact.get("by_asker")))
            case "reopened":
                told.reopened(at)
            case "merged":
                told.merged(at, fact["data"])
            case "unmerged":
                told.unmerged(at, fact["data"])
            case "placed" | "handed_off" | "danger":
                told.landed(at, fact["data"])
    return replace(
        told.story, pauses=tuple(told.closed), answers=tuple(told.answers), away=tuple(told.away), landings=tuple(told.landings)
    )


def first_response(story: Story, terms: Terms, calendar: Calendar, *, before: Kept | None, now: datetime) -> Reading:
    """Waiting on the requester does not pause it: nobody has answered yet. What they thought solved meanwhile needed no answer."""
    return reading(replace(story, pauses=story.away, paused_since=None), story.answered_at, terms, calendar, before, now)


def resolution(story: Story, terms: Terms, calendar: Calendar, *, before: Kept | None, now: datetime) -> Reading:
    return reading(story, story.resolved_at, terms, calendar, before, now)


def reading(story: Story, ended: datetime | None, terms: Terms, calendar: Calendar, before: Kept | None, now: datetime) -> Reading:
    """Of what began when `story` has it opened, and ended at `ended`."""
    if before and before.ended_at is not None and before.ended_at == ended:  # judged by the terms of its time, once
        return Reading(State(before.state), before.started_at, before.due_at, ended_at=ended)
    if story.merged_at is not None and ended is None:
        return Reading(State.VOID, story.opened_at, None, ended_at=story.merged_at)
    broken = _broken(before, story, calendar, ended or story.paused_since or now)
    start, due = broken or _promised(story, ended, terms, calendar, before, now)
    kept = before.terms if before and broken else ""
    if ended is not None:
        late = ended > due or bool(before and before.breached_at)
        return Reading(State.MISSED if late else State.MET, start, due, ended_at=ended, terms=kept)
    if story.paused_since is not None and story.paused_since < due:
        return Reading(State.PAUSED, start, None)
    return Reading(State.RUNNING, start, due, warn_at(terms, start, due, calendar, story.pauses), terms=kept)


def _broken(before: Kept | None, story: Story, calendar: Calendar, judged: datetime) -> tuple[datetime, datetime] | None:
    """(counted from, due) of a promise that is broken, noticed or not: it is judged by the terms of its time, and other terms mend
    nothing. None where it was good, as it was told and as the facts are known now.
    """
    if before is None or (before.ended_at is not None and not before.breached_at):
        return None
    if before.breached_at:
        return (before.started_at, before.due_at) if before.due_at else None
    if before.state not in (State.RUNNING, State.PAUSED) or (before.due_at and before.due_at > judged):
        return None
    due = due_at(parse(before.terms), before.started_at, calendar, story.pauses)
    return (before.started_at, due) if due <= judged else None


def _promised(
    story: Story, ended: datetime | None, terms: Terms, calendar: Calendar, before: Kept | None, now: datetime
) -> tuple[datetime, datetime]:
    """(counted from, due). Counted from the opening, unless our own change today would make it late at once.

    Other terms, or a corrected calendar, may put a promise that was still good into the past. It is then counted from the
    latest moment that keeps what was promised before, else from now: the due time moves, it is not broken by the change.
    """
    start = before.started_at if before and before.terms == str(terms) else story.opened_at
    due = due_at(terms, start, calendar, story.pauses)
    judged = ended or story.paused_since or now
    promised = _good_until(before, story, calendar, judged)
    if due > judged or promised is None:
        return start, due
    start = _latest_start(lambda at: due_at(terms, at, calendar, story.pauses), start, judged, promised)
    due = due_at(terms, start, calendar, story.pauses)
    if due > judged:
        return start, due
    return judged, due_at(terms, judged, calendar, story.pauses)


def _good_until(before: Kept | None, story: Story, calendar: Calendar, judged: datetime) -> datetime | None:
    """What was promised before, where that promise was still good at `judged`."""
    if before is None:
        return None
    promised = before.due_at
    if before.state == State.PAUSED:
        promised = due_at(parse(before.terms), before.started_at, calendar, story.pauses)
    return promised if promised and promised > judged else None


def _latest_start(due_from: Callable[[datetime], datetime], low: datetime, high: datetime, promised: datetime) -> datetime:
    """The latest start between `low` and `high` that is due by `promised`: due times never fall when starts rise."""
    if due_from(high) <= promised:
        return high
    while high - low > SETTLED:
        middle = low + (high - low) / 2
        low, high = (middle, high) if due_from(middle) <= promised else (low, middle)
    return low
