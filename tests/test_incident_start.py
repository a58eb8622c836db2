"""An outage begins from a system's alert, a failed feed, a person; and a second report of the same is never a second outage."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from districts.actions import new_api_key
from districts.models import Role
from districts.scope import district_scope
from incidents import starting
from incidents.models import Happening, Incident, Level, Offer, PaperKind, ProcessRule, Task
from incidents.starting import New
from ownership.models import Process, System
from tests.conftest import NOW, Cast, sign_in, visitor
from tests.test_incidents import from_feed, make_plan, move
from tests.test_ownership import make_sync

MINUTE = timedelta(minutes=1)


@pytest.fixture
def plan(here: Cast) -> Cast:
    return make_plan(here)


class Watcher:
    """A system that watches others, with a key of the district."""

    def __init__(self, cast: Cast, name: str = "Watcher") -> None:
        self.client = visitor(cast.district)
        self.headers = {"Authorization": f"Bearer {new_api_key(name=name, role=Role.AGENT)}"}

    def alert(self, key: str, **more: Any) -> Any:
        body = {"title": "RosterPoint does not answer", "key": key, "systems": ["sis"], **more}
        return self.client.post("/api/outages", body, content_type="application/json", headers=self.headers)


def the_one() -> Incident:
    row: Incident = Incident.objects.get()
    return row


def reports() -> int:
    return Happening.objects.filter(what="joined").count()


def test_from_an_alert(plan: Cast) -> None:
    assert Watcher(plan).alert("1").status_code == 201
    assert (the_one().source, the_one().level) == ("alert", 1)
    assert Task.objects.filter(incident=the_one(), owner=plan.sam).count() == 2


def test_from_a_feed(plan: Cast) -> None:
    sync = make_sync(plan)
    ProcessRule.objects.create(process=sync.process, starts="start")
    from_feed(plan, sync)
    move(plan, NOW + MINUTE)
    assert (the_one().source, the_one().level, [row.process for row in the_one().processes.all()]) == ("feed", 1, [sync.process])
    move(plan, NOW + 2 * MINUTE)
    assert (Incident.objects.count(), reports()) == (1, 0)


def test_from_a_feed_that_is_offered_and_taken_up(plan: Cast) -> None:
    from_feed(plan, make_sync(plan))
    move(plan, NOW + MINUTE)
    offer = Offer.objects.get()
    local = timezone.localtime(NOW).strftime("%Y-%m-%dT%H:%M")
    values = {"title": "Attendance does not arrive", "scope": "district", "severity": "major", "began_at": local}
    sign_in(plan.lee, plan.district).post("/outages/new", {**values, "offer": str(offer.id)})
    assert (the_one().source, the_one().declared_by) == ("feed", plan.lee)
    assert offer.refresh().incident == the_one()


def test_from_a_person(plan: Cast) -> None:
    local = timezone.localtime(NOW).strftime("%Y-%m-%dT%H:%M")
    values = {"title": "No network", "scope": "district", "severity": "major", "began_at": local}
    sign_in(plan.bob, plan.district).post("/outages/new", values)
    assert (the_one().source, the_one().declared_by, the_one().commander) == ("person", plan.bob, plan.bob)


def test_a_second_alert_of_the_same_system_joins(plan: Cast) -> None:
    assert Watcher(plan).alert("1").status_code == 201
    again = Watcher(plan, "Another").alert("1", title="Time-out at RosterPoint")
    assert (again.status_code, again.json()["id"]) == (200, str(the_one().id))
    assert reports() == 1


def test_one_of_a_system_the_matrix_does_not_know_joins_too(plan: Cast) -> None:
    watcher = Watcher(plan)
    assert watcher.alert("1", systems=["wifi"]).status_code == 201
    assert watcher.alert("2", systems=["wifi"]).status_code == 200
    assert watcher.alert("3", systems=["printers"]).status_code == 201
    assert Incident.objects.count() == 2


def test_an_alert_joins_what_a_feed_began_and_a_feed_what_an_alert_began(plan: Cast) -> None:
    sync = make_sync(plan)
    Process.objects.filter(id=sync.process.id).update(source=System.objects.get(slug="sis"))
    ProcessRule.objects.create(process=sync.process, starts="start")
    from_feed(plan, sync)
    move(plan, NOW + MINUTE)
    assert Watcher(plan).alert("1").json()["id"] == str(the_one().id)


def test_a_feed_joins_what_an_alert_began(plan: Cast) -> None:
    Watcher(plan).alert("1")
    sync = make_sync(plan)
    Process.objects.filter(id=sync.process.id).update(source=System.objects.get(slug="sis"))
    ProcessRule.objects.create(process=sync.process, starts="start")
    from_feed(plan, sync)
    move(plan, NOW + MINUTE)
    assert [row.process for row in the_one().processes.all()] == [sync.process]
    assert reports() == 1


def test_once_it_is_over_the_next_alert_is_another_one(plan: Cast) -> None:
    watcher = Watcher(plan)
    watcher.alert("1")
    Incident.objects.update(state="resolved", resolved_at=NOW)
    assert watcher.alert("2").status_code == 201
    assert Incident.objects.count() == 2


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_two_at_the_same_moment_are_one(cedar: Cast) -> None:
    """Of a district that has no plan yet, too: it is laid down once."""
    with district_scope(cedar.district.id):
        sis = System.objects.create(slug="sis", name="RosterPoint")
    met = threading.Barrier(4)

    def report(n: int) -> None:
        try:
            met.wait(20)
            with district_scope(cedar.district.id):
                given = New(title=f"Down {n}", began_at=NOW, systems=[sis], source="alert", key=f"w {n % 2}")
                starting.start(given, by=None, now=NOW)
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(report, range(4)))
    with district_scope(cedar.district.id):
        assert (Incident.objects.count(), reports(), Level.objects.count(), PaperKind.objects.count()) == (1, 3, 5, 4)
