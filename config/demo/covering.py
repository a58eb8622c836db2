"""What rests on people in the demonstration: work done by hand, who is trained to stand in, somebody who is away, and a trigger."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from districts.models import Person, Role
from districts.queries import this_district
from ownership.covering import overrides, rotation
from ownership.covering.overrides import months_on
from ownership.duty.roles import working
from ownership.models import Leave, Override, Process, TriggerCall
from ownership.triggers import firing, keeping

DAY = timedelta(days=1)
# what, why, minutes, days ago, goes on for so many days from now, how often logged, slug of the process
BY_HAND = (
    ("Types the bus changes into the routing software", "The export drops apartment numbers", 12, 70, 20, 14,
     "route-changes-to-bus-vendor"),
    ("Copies new students into the lunch list", "The nightly file has no students who came today", 8, 45, -9, 22,
     "enrollment-counts-to-food-vendor"),
    ("Checks the custody list against the release cards", "The two systems name guardians in different ways", 25, 25, 40, 6,
     "custody-order-to-release"),
    ("Mails the room changes to Facilities on Fridays", "Nobody reads the calendar there", 10, 12, 18, 2, ""),
)  # fmt: skip
URL = "https://familyport.example/hooks/grades"


def tell_covering(*, now: datetime, dice: random.Random) -> None:
    """Where the matrix knows processes, and teams have more than one to do the work."""
    pairs = list(_pairs())
    if not pairs or not Process.objects.exists():
        return
    for number, row in enumerate(BY_HAND):
        doer, other = pairs[number % len(pairs)]
        override = _by_hand(row, doer, now=now, dice=dice)
        if number < 2:  # of the others nobody is trained
            month = months_on(this_district().today(now), 1) if number else None
            rotation.plan("override", slug=str(override.id), person=other, teacher=doer, month=month, by=other, now=now - 3 * DAY)
    today = this_district().today(now)
    doer, other = pairs[2 % len(pairs)]
    Leave.objects.create(person=doer, first=today + 5 * DAY, last=today + 9 * DAY, cover=other, by=doer, at=now - 2 * DAY)
    _trigger(other, now=now)


def _pairs() -> Iterator[tuple[Person, Person]]:
    """(an agent, somebody else of the team), of each team that has both."""
    teams: dict[str, list[Person]] = {}
    agents = working().filter(team__isnull=False).select_related("person", "team").order_by("team__slug", "role", "person__name")
    for row in agents.filter(role__in=(Role.AGENT, Role.LEAD)):
        teams.setdefault(str(row.team_id), []).append(row.person)
    for people in teams.values():
        if len(people) > 1:
            yield people[0], people[1]


def _at_work(at: datetime, dice: random.Random) -> datetime:
    """On that day, or the working day before it, between 8 and 3."""
    local = at.astimezone(this_district().zone).replace(hour=8, minute=0) + timedelta(minutes=dice.randint(0, 420))
    return local - max(0, local.weekday() - 4) * DAY


def _by_hand(row: tuple[str, str, int, int, int, int, str], doer: Person, *, now: datetime, dice: random.Random) -> Override:
    what, why, minutes, ago, goes_on, logged, slug = row
    began, today = now - ago * DAY, this_district().today(now)
    process = Process.objects.filter(slug=slug).first()
    until = months_on(this_district().today(began), 1)
    override = overrides.write_down(what, why=why, process=process, minutes=minutes, until=until, by=doer, now=began)
    for n in range(logged):
        at = began + (now - began) * (n + dice.random()) / logged
        overrides.did_it(override, by=doer, times=dice.choice((1, 1, 1, 2, 3)), now=min(_at_work(at, dice), now))
    Override.objects.filter(id=override.id).update(until=today + goes_on * DAY, review_at=now + 6 * DAY)
    return override


def _trigger(by: Person, *, now: datetime) -> None:
    """It was released by hand in the last term, and taken."""
    values = {"name": "Report cards to FamilyPort", "event": "grades-final", "url": URL, "feed": None, "process": None}
    trigger, _key = keeping.add(values, now=now)
    at = now - 20 * DAY
    firing.fire("grades-final", payload={"by": by.name, "words": "First quarter"}, key="quarter-1", now=at)
    TriggerCall.objects.filter(trigger=trigger).update(
        state=TriggerCall.State.DONE, attempts=1, answered=202, answer="queued", done_at=at + timedelta(seconds=2)
    )  # fmt: skip
