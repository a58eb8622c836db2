"""Clocks that begin again: the answer to each word of the requester's, and the time of each team that has the ticket. Purely.

Runs are numbered in the order of the facts. Facts are only ever added, so a run keeps its number, and its row.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from districts.calendar import Calendar
from sla.promise import Terms
from sla.story import Kept, Reading, Story, reading


@dataclass(frozen=True)
class Run:
    number: int
    started_at: datetime
    ended_at: datetime | None = None
    team_id: UUID | None = None  # whose own time it is


def answers(story: Story) -> Iterator[Run]:
    """After the first answer: from the requester's first word that nobody has answered to the public reply."""
    asked = [*story.answers, (story.asked_at, None)] if story.asked_at else story.answers
    for number, (since, answered) in enumerate(asked):
        if number:
            yield Run(number - 1, since, answered)


def tenures(story: Story, team_id: UUID, placed_at: datetime | None) -> Iterator[Run]:
    """From when the ticket landed on a team until it left it, or was resolved. Nobody has it before it is placed."""
    landed = list(_landings(story, team_id, placed_at))
    for number, (at, team) in enumerate(landed):
        left = landed[number + 1][0] if number + 1 < len(landed) else story.resolved_at
        yield Run(number, at, left, team)


def _landings(story: Story, team_id: UUID, placed_at: datetime | None) -> Iterator[tuple[datetime, UUID]]:
    """A team that gets what it has already goes on with it."""
    known = story.landings
    if placed_at is not None and not known:
        known = ((placed_at, None, str(team_id)),)
    first = known[0] if known else None
    if first and first[1] and placed_at is not None and placed_at < first[0]:  # opened by staff with its team
        known = ((max(placed_at, story.opened_at), None, first[1]), *known)
    last = ""
    for at, _from, to in known:
        if to != last:
            yield at, UUID(to)
        last = to


def next_response(run: Run, story: Story, terms: Terms, calendar: Calendar, *, before: Kept | None, now: datetime) -> Reading:
    """Waiting on the requester does not pause it: they have written."""
    told = replace(story, opened_at=run.started_at, pauses=story.away, paused_since=None)
    return reading(told, run.ended_at, terms, calendar, before, now)


def own_time(run: Run, story: Story, terms: Terms, calendar: Calendar, *, before: Kept | None, now: datetime) -> Reading:
    """Waiting on the requester pauses it, as it pauses the resolution."""
    paused = story.paused_since
    if paused is not None and paused < run.started_at:
        paused = run.started_at
    told = replace(story, opened_at=run.started_at, paused_since=paused)
    return reading(told, run.ended_at, terms, calendar, before, now)
