"""Reads: ladders as their pages show them, who is on call now and next, who is on leave, and one's own shifts."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from icalendar import Calendar, Event  # type: ignore[import-untyped]

from districts.access import Actor, Can, may
from districts.models import Person
from districts.queries import this_district
from ownership.duty.oncall import Plan, Shift
from ownership.duty.roles import Roster, working
from ownership.ladders.climbing import kept_or_drafted, whom
from ownership.models import Escalation, Ladder, Leave, Process, Rotation, Rung, Swap
from ownership.queries import RungView

AHEAD = timedelta(days=28)  # of shifts shown
IN_FILE = timedelta(days=180)  # of shifts in a calendar file


@dataclass(frozen=True)
class LadderRow:
    ladder: Ladder
    rungs: int
    processes: int
    default: bool


@dataclass(frozen=True)
class OnCall:
    """A rotation as it stands. `called`, `then_called`: who is really sent for, now and next, which may be somebody who stands in."""

    plan: Plan
    now: Shift | None
    next: Shift | None
    called: Person | None
    then_called: Person | None
    shifts: Sequence[Shift]
    swaps: Sequence[Swap]

    @property
    def next_stands_in(self) -> bool:
        return self.next is not None and self.then_called is not None and self.then_called != self.next.person

    @property
    def stands_in(self) -> bool:
        return self.now is not None and self.called is not None and self.called != self.now.person


def staff() -> QuerySet[Person]:
    """Everybody with a role in the district, by name."""
    return Person.objects.filter(id__in=working().values("person_id")).order_by("name", "id")


def ladders(defaults: Collection[str]) -> list[LadderRow]:
    """All of them, those a district begins with too, where they have not been needed yet."""
    standing = Counter(Rung.objects.values_list("ladder_id", flat=True))
    used = Counter(Process.objects.filter(ladder__isnull=False).values_list("ladder_id", flat=True))
    named = Ladder.objects.order_by("name", "id")
    rows = [LadderRow(row, standing[row.id], used[row.id], row.slug in defaults) for row in named]
    known = {row.ladder.slug for row in rows if row.rungs}
    drafts = [kept_or_drafted(slug) for slug in defaults if slug not in known]
    return [LadderRow(row, len(rungs), 0, True) for row, rungs in drafts] + [
        row for row in rows if row.ladder.slug in known or not row.default
    ]


def rung_views(rungs: Sequence[Rung], *, now: datetime, about: Escalation | None = None) -> list[RungView]:
    """With whoever would be called today; nobody where that depends on the ticket."""
    roster = Roster(now)
    return [RungView(rung, whom(rung, about or Escalation(), roster)) for rung in rungs]


def used_by(ladder: Ladder) -> QuerySet[Process]:
    return Process.objects.filter(ladder=ladder).order_by("name")


def get_ladder(slug: str) -> tuple[Ladder, list[Rung]]:
    """Raises Http404."""
    try:
        return kept_or_drafted(slug)
    except Ladder.DoesNotExist:
        raise Http404 from None


def on_call(now: datetime) -> list[OnCall]:
    """Every rotation, now and next, with four weeks ahead."""
    roster = Roster(now)
    return [_on_call(plan, roster) for plan in roster.staff.plans]


def _on_call(plan: Plan, roster: Roster) -> OnCall:
    duty, following, now = plan.on_duty(roster.now), plan.next(roster.now), roster.now
    ahead = sorted((swap for swap in plan.swaps if swap.ends_at > now), key=lambda swap: swap.starts_at)
    then = _called(plan, roster.at(following.begins), following) if following else None
    return OnCall(plan, duty, following, _called(plan, roster, duty), then, plan.shifts(now, now + AHEAD), ahead)


def _called(plan: Plan, roster: Roster, duty: Shift | None) -> Person | None:
    rotation = plan.rotation
    if rotation.role:
        return roster.find(rotation.role).owner
    return roster.on_call(rotation.team_id).owner if rotation.team_id else duty.person if duty else None


def leaves(now: datetime) -> QuerySet[Leave]:
    """Of today and to come."""
    today = this_district().today(now)
    return Leave.objects.filter(last__gte=today).select_related("person", "cover", "by").order_by("first", "id")


def may_change_leave(actor: Actor, person: Person) -> bool:
    """One's own, and for leads everybody's."""
    return actor.person is not None and (actor.person.id == person.id or may(actor, Can.LEAD))


def may_swap(actor: Actor, rotation: Rotation) -> bool:
    """Leads, and those who take turns in it."""
    if actor.person is None or not actor.is_staff:
        return False
    return may(actor, Can.LEAD) or rotation.places.filter(person=actor.person).exists()


def own_shifts(person: Person, *, now: datetime, ahead: timedelta = AHEAD) -> list[tuple[Rotation, Shift]]:
    """Of all rotations, by time."""
    plans = Roster(now).staff.plans
    mine = [(plan.rotation, s) for plan in plans for s in plan.shifts(now, now + ahead) if s.person == person]
    return sorted(mine, key=lambda row: row[1].begins)


def shifts_file(person: Person, *, now: datetime) -> bytes:
    """RFC 5545, times in UTC: half a year of a person's own shifts. A shift keeps its UID, so that no calendar shows it twice."""
    file: Any = Calendar()
    file.add("prodid", "-//front door//on call//EN")
    file.add("version", "2.0")
    for rotation, shift in own_shifts(person, now=now, ahead=IN_FILE):
        event: Any = Event()
        event.add("uid", f"{rotation.id.hex}-{shift.begins:%Y%m%dT%H%M%SZ}@{this_district().host}")
        event.add("dtstamp", now)
        event.add("dtstart", shift.begins)
        event.add("dtend", shift.ends)
        event.add("summary", rotation.name)
        file.add_component(event)
    return bytes(file.to_ical())
