"""Whose turn it is: days or weeks on the district's clock, and swaps over them. Pure.

A turn begins at the hand-over time of a local date, and is turned to UTC for that date: across a change of daylight saving it is an
hour shorter or longer, and nobody is on call twice or not at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from districts.models import Person
from ownership.models import Rotation, Swap

FAR = timedelta(days=366)  # how far ahead anybody's next turn is looked for


@dataclass(frozen=True)
class Shift:
    """From `begins` until before `ends`, UTC. `swap`: it is somebody else's turn."""

    person: Person
    begins: datetime
    ends: datetime
    swap: Swap | None = None


@dataclass(frozen=True)
class Plan:
    """A rotation with its people in order and its swaps."""

    rotation: Rotation
    people: Sequence[Person]
    swaps: Sequence[Swap]
    zone: ZoneInfo

    def on_duty(self, at: datetime) -> Shift | None:
        """Who is on call; None before the rotation begins, and where it has no people and no swap."""
        swapped = [swap for swap in self.swaps if swap.starts_at <= at < swap.ends_at]
        if swapped:
            last = max(swapped, key=lambda swap: (swap.at, swap.id))
            return Shift(last.person, last.starts_at, last.ends_at, last)
        return self.turn(at)

    def turn(self, at: datetime) -> Shift | None:
        """By the order alone."""
        if not self.people or at < self._begins(0):
            return None
        number = (at.astimezone(self.zone).date() - self.rotation.starts_on).days // self._days
        while self._begins(number) > at:
            number -= 1
        return Shift(self.people[number % len(self.people)], self._begins(number), self._begins(number + 1))

    def shifts(self, since: datetime, until: datetime) -> list[Shift]:
        """All of them between two moments, the first and the last as they are cut by these; swaps cut turns."""
        edges = sorted({since, until, *(edge for edge in self._edges(since, until) if since < edge < until)})
        found: list[Shift] = []
        for begins, ends in pairwise(edges):
            duty = self.on_duty(begins)
            if duty is None:
                continue
            begun = begins if _new(duty, begins) or not found or not _same(found[-1], duty, begins) else found.pop().begins
            found.append(Shift(duty.person, begun, ends, duty.swap))
        return found

    def next(self, now: datetime) -> Shift | None:
        """The next time that somebody else is on call."""
        duty = self.on_duty(now)
        later = self.shifts(now, now + FAR) if len(self.people) > 1 or self.swaps or duty is None else []
        return next((shift for shift in later if shift.begins > now and (duty is None or shift.person != duty.person)), None)

    @property
    def _days(self) -> int:
        return 7 if self.rotation.turn == Rotation.Turn.WEEK else 1

    def _begins(self, number: int) -> datetime:
        day = self.rotation.starts_on + timedelta(days=number * self._days)
        at = time(self.rotation.hands_over // 60, self.rotation.hands_over % 60)
        return datetime.combine(day, at, tzinfo=self.zone).astimezone(UTC)

    def _edges(self, since: datetime, until: datetime) -> Iterator[datetime]:
        for swap in self.swaps:
            yield from (swap.starts_at, swap.ends_at)
        turn = self.turn(max(since, self._begins(0)))
        while turn and turn.begins < until:
            yield from (turn.begins, turn.ends)
            turn = self.turn(turn.ends)


def _same(before: Shift, duty: Shift, begins: datetime) -> bool:
    """It goes on from the shift before."""
    return before.ends == begins and before.person == duty.person and before.swap == duty.swap


def _new(duty: Shift, begins: datetime) -> bool:
    """The same person's next turn is a shift of its own."""
    return duty.swap is None and duty.begins == begins
