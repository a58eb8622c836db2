"""The monthly rotation: who learns what from whom, month by month; proposed from what rests on one person and has no cover."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from districts.models import Person
from districts.queries import this_district
from ownership.covering.keypersons import Register, Risk, covers, names
from ownership.covering.overrides import months_on
from ownership.duty.roles import working
from ownership.models import Cover

AHEAD = 6  # months shown
A_MONTH = 2  # things one person learns or teaches in a month, at most
PROPOSED = 8


@dataclass(frozen=True)
class Lesson:
    """A planned cover, with the name of what is learnt."""

    cover: Cover
    name: str


@dataclass(frozen=True)
class Month:
    first: date
    lessons: Sequence[Lesson]
    past: bool = False


@dataclass(frozen=True)
class Proposal:
    risk: Risk
    learner: Person
    month: date


def month_of(day: date) -> date:
    return day.replace(day=1)


def plan(
    kind: str, *, slug: str, person: Person, teacher: Person | None, month: date | None, note: str = "", by: Person, now: datetime
) -> Cover:  # fmt: skip
    """Somebody stands in for it. `month`: in which they learn it; None: they are trained. What was known of the two is replaced."""
    values = {
        "teacher": teacher, "planned_for": month_of(month) if month else None, "trained_at": None if month else now, "note": note[:300],
        "at": now, "by": by,
    }  # fmt: skip
    cover: Cover = Cover.objects.update_or_create(kind=kind, slug=slug, person=person, defaults=values)[0]
    return cover


def trained(cover_id: UUID, *, by: Person, now: datetime) -> bool:
    """False: they were before."""
    return bool(Cover.objects.filter(id=cover_id, trained_at__isnull=True).update(trained_at=now, by=by, at=now))


def move(cover_id: UUID, *, month: date) -> bool:
    return bool(Cover.objects.filter(id=cover_id, trained_at__isnull=True).update(planned_for=month_of(month)))


def remove(cover: Cover) -> None:
    cover.delete()


# --- what is planned ----------------------------------------------------------------------------------------------------


def calendar(*, now: datetime) -> list[Month]:
    """What should have been learnt already, then each month from this one on."""
    this, named = month_of(this_district().today(now)), names()
    lessons: dict[date, list[Lesson]] = {months_on(this, n): [] for n in range(AHEAD)}
    past: list[Lesson] = []
    for cover in planned():
        name, _team = named.get((cover.kind, cover.slug), ("", None))
        if name and cover.planned_for:
            where = past if cover.planned_for < this else lessons.setdefault(cover.planned_for, [])
            where.append(Lesson(cover, name))
    rows = [Month(first, lessons[first]) for first in sorted(lessons)]
    return ([Month(months_on(this, -1), past, past=True)] if past else []) + rows


def planned() -> list[Cover]:
    return list(covers().filter(trained_at__isnull=True, planned_for__isnull=False).order_by("planned_for", "person__name", "id"))


def proposals(found: Register, *, now: datetime, most: int = PROPOSED) -> list[Proposal]:
    """The riskiest that nobody is trained for or plans to learn: by whoever of the same team has least on their plate."""
    book = Book(found, now=now)
    return [one for risk in found.uncovered if not risk.thing.planned and (one := book.propose(risk))][:most]


class Book:
    """Who has how much on their plate, and in which months people learn or teach; what is proposed counts for the next proposal."""

    def __init__(self, found: Register, *, now: datetime) -> None:
        self.work: Counter[UUID] = Counter()
        for thing in found.things:
            self.work.update(thing.did)
        self.busy: Counter[tuple[UUID, date]] = Counter()
        self.learns: Counter[UUID] = Counter()
        for cover in planned():
            self._put(cover.person_id, cover.teacher_id, cover.planned_for)
        self.teams = _teams()
        self.first = months_on(month_of(this_district().today(now)), 1)

    def propose(self, risk: Risk) -> Proposal | None:
        learner = self._learner(risk)
        if learner is None:
            return None
        month = self._month(learner.id, risk.person.id)
        self._put(learner.id, risk.person.id, month)
        return Proposal(risk, learner, month)

    def _learner(self, risk: Risk) -> Person | None:
        teams = [risk.thing.team_id] if risk.thing.team_id in self.teams else [*self._teams_of(risk.person)]
        people = {one.id: one for team in teams if team for one in self.teams[team] if one.id != risk.person.id}
        ranked = sorted(people.values(), key=lambda one: (self.learns[one.id], self.work[one.id], one.name, one.id))
        return ranked[0] if ranked else None

    def _teams_of(self, person: Person) -> list[UUID]:
        return [team for team, people in self.teams.items() if person in people]

    def _month(self, learner: UUID, teacher: UUID) -> date:
        month = self.first
        while self.busy[learner, month] >= A_MONTH or self.busy[teacher, month] >= A_MONTH:
            month = months_on(month, 1)
        return month

    def _put(self, learner: UUID, teacher: UUID | None, month: date | None) -> None:
        self.learns[learner] += 1
        if month:
            for one in filter(None, (learner, teacher)):
                self.busy[one, month] += 1


def _teams() -> Mapping[UUID, list[Person]]:
    """Teams of more than one, with those who work in them."""
    found: dict[UUID, dict[UUID, Person]] = {}
    for row in working().filter(team__isnull=False).select_related("person").order_by("person__name", "id"):
        if row.team_id:
            found.setdefault(row.team_id, {})[row.person_id] = row.person
    return {team: list(people.values()) for team, people in found.items() if len(people) > 1}
