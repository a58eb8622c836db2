"""A ticket and what its events tell → the rows of its clocks."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from districts.calendar import Calendar
from districts.queries import calendar_of
from sla import runs, story
from sla.models import Clock, ClockKind
from sla.policies import Rules
from sla.promise import Terms
from sla.runs import Run
from sla.story import Kept, Reading, State, Story
from tickets.models import Ticket

Row = tuple[str, int]  # kind, run
Judge = Callable[..., Reading]


@dataclass(frozen=True)
class Deriving:
    ticket: Ticket
    told: Story
    rules: Rules
    before: Mapping[Row, Clock]
    now: datetime

    def clocks(self) -> Iterator[Clock]:
        """All that are promised; those that are not promised any more are void."""
        made = [*self._requesters(), *self._answers(), *self._tenures()]
        yield from made
        there = {(clock.kind, clock.run) for clock in made}
        for (kind, run), old in self.before.items():
            if (kind, run) not in there and old.ended_at is None:
                yield self._row(kind, run, Reading(State.VOID, old.started_at, None, ended_at=self.now), old.terms, old.team_id, None)

    def _requesters(self) -> Iterator[Clock]:
        for kind, judge in ((ClockKind.FIRST_RESPONSE, story.first_response), (ClockKind.RESOLUTION, story.resolution)):
            yield self._clock(kind, Run(0, self.told.opened_at), judge, self._terms(kind))

    def _answers(self) -> Iterator[Clock]:
        for run in runs.answers(self.told):
            if self._promised(ClockKind.NEXT_RESPONSE, run):
                judge = partial(runs.next_response, self._since(ClockKind.NEXT_RESPONSE, run))
                yield self._clock(ClockKind.NEXT_RESPONSE, run, judge, self._terms(ClockKind.NEXT_RESPONSE))

    def _tenures(self) -> Iterator[Clock]:
        if not self.rules.for_teams:
            return
        for run in runs.tenures(self.told, self.ticket.team_id, self.ticket.placed_at):
            terms = self.rules.own_time(run.team_id, priority=self.ticket.priority)
            if terms and self._promised(ClockKind.TEAM, run):
                yield self._clock(ClockKind.TEAM, run, partial(runs.own_time, self._since(ClockKind.TEAM, run)), terms)

    def _terms(self, kind: str) -> Terms:
        return self.rules.terms(kind, service_id=self.ticket.service_id, priority=self.ticket.priority)

    def _promised(self, kind: str, run: Run) -> bool:
        """What was over before there was such a promise is judged by none."""
        return run.ended_at is None or (kind, run.number) in self.before or run.ended_at > self.ticket.derived_at

    def _since(self, kind: str, run: Run) -> Run:
        """Clocks were derived since it began, and it had none: nothing was promised then, so it counts from now."""
        new = (kind, run.number) not in self.before and run.started_at <= self.ticket.derived_at
        return Run(run.number, run.ended_at or self.now, run.ended_at, run.team_id) if new else run

    def _clock(self, kind: str, run: Run, judge: Judge, terms: Terms) -> Clock:
        old = self.before.get((kind, run.number))
        kept = Kept(old.terms, old.state, old.started_at, old.due_at, old.ended_at, old.breached_at) if old else None
        found = judge(self.told, terms, self._calendar(), before=kept, now=self.now)
        settled = old is not None and found.ended_at is not None and old.ended_at == found.ended_at
        team_id = old.team_id if old and settled else run.team_id or self.ticket.team_id
        return self._row(kind, run.number, found, old.terms if old and settled else found.terms or str(terms), team_id, old)

    def _row(self, kind: str, run: int, found: Reading, terms: str, team_id: UUID, old: Clock | None) -> Clock:
        return Clock(
            ticket=self.ticket, kind=kind, run=run, state=found.state, started_at=found.started_at, due_at=found.due_at,
            ended_at=found.ended_at, derived_at=self.now, check_at=check_at(found, old), team_id=team_id, terms=terms,
        )  # fmt: skip

    def _calendar(self) -> Calendar:
        return calendar_of(self.rules.district, self.ticket.site_id, now=self.now)


def is_settled(clock: Clock, before: Mapping[Row, Clock]) -> bool:
    """Ended and judged when it was derived before: there is nothing to write."""
    old = before.get((clock.kind, clock.run))
    return old is not None and old.ended_at is not None and old.ended_at == clock.ended_at


def check_at(found: Reading, old: Clock | None) -> datetime | None:
    """The next warning or breach to notice; each happens once. What ended late before anybody looked is noticed too."""
    if old and old.breached_at:
        return None
    if found.state is State.MISSED:
        return found.due_at
    if found.state is not State.RUNNING:
        return None
    return found.due_at if old and old.warned_at else found.warn_at
