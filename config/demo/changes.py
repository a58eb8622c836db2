"""Thirty days of enrollments on their way to the systems that must have them: most in hours, some overnight, a handful missing."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from config.demo.people import names
from districts.calendar import ONE_DAY, Calendar
from ownership.changes import recording
from ownership.changes.recording import Arrived, Left
from ownership.models import Process

DAYS = 30
USUAL = {  # slug of a system → (minutes that half of them take, how far they spread)
    "new-enrollment-data-flow": {"routewise": (75, 0.75), "mealtrack": (55, 0.6), "mycedar": (18, 0.5)},
    "enrollment-to-device": {"asset-inventory": (430, 0.9), "mycedar": (22, 0.6)},
}
OTHERS = (90, 0.8)
A_DAY = {"new-enrollment-data-flow": (6, 13), "enrollment-to-device": (3, 8)}
WHAT = ("new at {school}", "moved to {school}", "new address", "withdrawn", "meal status changed")
SCHOOLS = ("Maple Ridge", "Cedar Grove", "Fir Street", "Lakeview", "Summit")
FORGOTTEN = 3  # of each process: in one system they have not arrived for days


def tell_changes(calendar: Calendar, *, now: datetime, dice: random.Random) -> None:
    """As the systems would have told; what has not arrived is found by the sweep."""
    people = islice(names(), 300, None)
    for process in Process.objects.filter(slug__in=USUAL).order_by("slug"):
        if process.targets:
            _tell(process, list(_left(process, calendar, people, now, dice)), now, dice)


def _left(process: Process, calendar: Calendar, people: Iterator[str], now: datetime, dice: random.Random) -> Iterator[Left]:
    number = 0
    day = calendar.local_date(now - timedelta(days=DAYS))
    while day <= calendar.local_date(now):
        for _one in range(dice.randint(*A_DAY[process.slug]) if day.weekday() < 5 else 0):
            at = calendar.at_local(day, dice.randint(8 * 60, 16 * 60))
            number += 1
            if at < now:
                what = dice.choice(WHAT).format(school=dice.choice(SCHOOLS))
                key = f"{process.slug}-{day:%m%d}-{number}"
                yield Left(key=key, at=at, record=str(204_000 + number), name=next(people), what=what)
        day += ONE_DAY


def _tell(process: Process, changes: list[Left], now: datetime, dice: random.Random) -> None:
    recording.left(process, changes, now=now)
    older = [change for change in changes if now - 5 * ONE_DAY < change.at < now - 1.5 * ONE_DAY]
    forgotten = {change.key for change in older[:: max(1, len(older) // FORGOTTEN)][:FORGOTTEN]}
    for target in process.targets:
        arrived = (_arrived(change, process, target, dice) for change in changes)
        lacks = forgotten if target == process.targets[0] else set[str]()
        told = [one for one in arrived if one.at < now and one.key not in lacks]
        recording.confirmed(process, target, told, now=now)


def _arrived(change: Left, process: Process, target: str, dice: random.Random) -> Arrived:
    half, spread = USUAL[process.slug].get(target, OTHERS)
    minutes = half * dice.lognormvariate(0, spread)
    return Arrived(key=change.key, at=change.at + timedelta(minutes=minutes))
