"""If this breaks then, who is told when? Worked out with the people of that time; nothing is written, and nobody is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from delivery import quiet
from districts.models import Person
from ownership.duty.contacts import Contacts, Way
from ownership.duty.roles import Roster
from ownership.ladders.climbing import Stop, owners, walk, whom
from ownership.models import Escalation, Rung


@dataclass(frozen=True)
class Heard:
    """A channel, and when something arrives by it. `waits`: it is night, and the rung does not wake."""

    way: Way
    at: datetime
    waits: bool


@dataclass(frozen=True)
class Told:
    person: Person
    via: str
    ways: Sequence[Heard]


@dataclass(frozen=True)
class Line:
    """One rung of the table; without `rung`: nobody is left, and the ladder looks again in an hour."""

    at: datetime
    rung: Rung | None
    people: Sequence[Told]
    skipped: Sequence[Rung]


def preview(rungs: Sequence[Rung], *, about: Escalation, at: datetime, roster: Roster) -> list[Line]:
    """`about`: an escalation that is not saved, with the process or the ticket it would be for. Nobody acknowledges."""
    stops = walk(rungs, began=at, find=lambda rung, then: whom(rung, about, roster.at(then)))
    people = [_people(stop, about, roster, first=n == 0) for n, stop in enumerate(stops)]
    known = Contacts((person for several in people for person, _via in several), now=at)
    return [_line(stop, told, known, roster) for stop, told in zip(stops, people, strict=True)]


def _people(stop: Stop, about: Escalation, roster: Roster, *, first: bool) -> list[tuple[Person, str]]:
    """With the first rung both owners of a process are told, whoever stands on it."""
    told = {person.id: (person, str(stop.found.via.label)) for person in stop.found.people}
    for role in owners(about.process) if first else ():
        if owner := roster.at(stop.at).find(role).owner:
            told.setdefault(owner.id, (owner, role.name))
    return list(told.values())


def _line(stop: Stop, people: Sequence[tuple[Person, str]], known: Contacts, roster: Roster) -> Line:
    rung = stop.rung
    told = [Told(person, via, [_heard(way, rung, stop.at, roster) for way in known.ways(person, rung.channels)])
            for person, via in people] if rung else []  # fmt: skip
    return Line(stop.at, rung, told, stop.skipped)


def _heard(way: Way, rung: Rung, at: datetime, roster: Roster) -> Heard:
    loud = way.channel in quiet.LOUD and not rung.wakes
    until = quiet.night_ends(at, roster.district) if loud else None
    return Heard(way, until or at, until is not None)
