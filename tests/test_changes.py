"""Changes: one record on its way to each target, how long that takes, and who is called for what is missing."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from delivery.models import Delivery
from districts.actions import new_api_key
from districts.models import Person, Role
from districts.scope import district_scope
from ownership import actions
from ownership.changes import lags, recording, sweeping
from ownership.changes.recording import Arrived, Left, NotNow
from ownership.ladders import climbing
from ownership.models import Change, Confirmation, Escalation, OwnerRole, Process, Step, System
from tests.conftest import NOW, Cast, sign_in
from tests.test_ownership import Sync, make_sync, told

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
URL = "/matrix/changes/attendance"


@pytest.fixture
def sync(here: Cast) -> Sync:
    """From Compass to RouteWise and MealTrack, within 4 hours; Rosa owns it."""
    found = make_sync(here)
    source = System.objects.create(slug="compass", name="Compass")
    System.objects.create(slug="routewise", name="RouteWise")
    System.objects.create(slug="mealtrack", name="MealTrack")
    Process.objects.filter(id=found.process.id).update(
        targets=["routewise", "mealtrack"], terms="within 4 hours of real time", source=source
    )
    found.process.refresh_from_db()
    return found


def leave(sync: Sync, *keys: str, at: datetime = NOW, now: datetime = NOW) -> recording.Taken:
    rows = [Left(key=key, at=at, record=f"r-{key}", name=f"Name {key}", what="moved") for key in keys]
    return recording.left(sync.process, rows, now=now)


def arrive(sync: Sync, target: str, *keys: str, at: datetime = NOW + HOUR, now: datetime | None = None) -> recording.Taken:
    return recording.confirmed(sync.process, target, [Arrived(key=key, at=at) for key in keys], now=now or at)


def sweep(cast: Cast, now: datetime) -> int:
    return sweeping.sweep(cast.district.id, now=now)


# --- it leaves and arrives --------------------------------------------------------------------------------------------


def test_a_change_counts_once_and_is_due_by_the_terms(here: Cast, sync: Sync) -> None:
    assert leave(sync, "a", "b", "a") == recording.Taken(new=2, before=1)
    assert leave(sync, "b", "c") == recording.Taken(new=1, before=1)
    change = Change.objects.get(key="a")
    assert (change.targets, change.due_at, change.check_at) == (["routewise", "mealtrack"], NOW + 4 * HOUR, NOW + 4 * HOUR)


def test_working_hours_are_the_schools(here: Cast, sync: Sync) -> None:
    sync.process.terms = "within 4 business hours"
    leave(sync, "a", at=datetime(2026, 11, 6, 23, 30, tzinfo=UTC))  # Friday, 15:30; school closes at 16:30
    assert Change.objects.get().due_at == datetime(2026, 11, 9, 18, 30, tzinfo=UTC)  # Monday, 10:30


@pytest.mark.parametrize("terms", ["", "whenever we like", "48-hour notice"])
def test_without_a_promise_nobody_is_called(here: Cast, sync: Sync, terms: str) -> None:
    sync.process.terms = terms
    leave(sync, "a")
    assert (Change.objects.get().due_at, sweep(here, NOW + 90 * DAY)) == (None, 0)


def test_the_last_target_makes_it_done(here: Cast, sync: Sync) -> None:
    leave(sync, "a", "b")
    assert arrive(sync, "routewise", "a", "b").new == 2
    assert Change.objects.filter(done_at__isnull=True).count() == 2
    arrive(sync, "mealtrack", "a", at=NOW + 3 * HOUR)
    change = Change.objects.get(key="a")
    assert (change.done_at, change.check_at) == (NOW + 3 * HOUR, None)
    assert Confirmation.objects.get(change=change, target="mealtrack").lag_seconds == 3 * 3600
    assert Change.objects.get(key="b").check_at == NOW + 4 * HOUR


def test_a_confirmation_counts_once_and_the_unknown_are_named(here: Cast, sync: Sync) -> None:
    leave(sync, "a")
    assert arrive(sync, "routewise", "a", "late", "late") == recording.Taken(new=1, unknown=("late",))
    assert arrive(sync, "routewise", "a", at=NOW + 9 * HOUR) == recording.Taken(before=1)
    assert Confirmation.objects.get().at == NOW + HOUR
    assert arrive(sync, "compass", "a") == recording.Taken(unexpected=("a",))
    leave(sync, "late")
    assert arrive(sync, "routewise", "late").new == 1


def test_a_target_that_knows_only_the_record_confirms_what_had_left(here: Cast, sync: Sync) -> None:
    rows = [Left(key="first", at=NOW, record="417"), Left(key="second", at=NOW + 3 * HOUR, record="417")]
    recording.left(sync.process, rows, now=NOW + 3 * HOUR)
    recording.confirmed(sync.process, "routewise", [Arrived(record="417", at=NOW + HOUR)], now=NOW + 3 * HOUR)
    assert list(Confirmation.objects.values_list("change__key", flat=True)) == ["first"]


def test_a_thousand_are_a_handful_of_statements(here: Cast, sync: Sync) -> None:
    keys = [f"k{n}" for n in range(1000)]
    with CaptureQueriesContext(connection) as asked:
        leave(sync, *keys)
    assert len(asked) <= 6
    with CaptureQueriesContext(connection) as asked:
        assert arrive(sync, "routewise", *keys).new == 1000
    assert len(asked) <= 8


def test_by_hand_and_need_not_arrive(here: Cast, sync: Sync) -> None:
    leave(sync, "a", "b")
    a, b = (Change.objects.get(key=key) for key in "ab")
    assert recording.confirm_by_hand(a.id, "mealtrack", by=sync.rosa, now=NOW + HOUR)
    assert not recording.confirm_by_hand(a.id, "mealtrack", by=sync.dan, now=NOW + HOUR)
    assert Confirmation.objects.get().by == sync.rosa
    with pytest.raises(NotNow):
        recording.confirm_by_hand(a.id, "compass", by=sync.rosa, now=NOW)
    with pytest.raises(NotNow):
        recording.waive(b.id, by=sync.rosa, why=" ", now=NOW)
    assert recording.waive(b.id, by=sync.rosa, why="Moved away again", now=NOW)
    assert not recording.waive(b.id, by=sync.rosa, why="twice", now=NOW)
    assert (b.refresh().why, b.waived_by, b.check_at) == ("Moved away again", sync.rosa, None)


# --- what is missing calls somebody -----------------------------------------------------------------------------------


def test_what_is_missing_climbs_one_ladder_and_what_arrives_ends_it(here: Cast, sync: Sync) -> None:
    leave(sync, "a", "b")
    leave(sync, "c", at=NOW + 2 * HOUR, now=NOW + 2 * HOUR)
    arrive(sync, "routewise", "a")
    assert sweep(here, NOW + 3 * HOUR) == 0
    assert (sweep(here, NOW + 5 * HOUR), sweep(here, NOW + 5 * HOUR), sweep(here, NOW + 7 * HOUR)) == (2, 0, 1)
    ladder = Escalation.objects.get()
    assert (ladder.process, ladder.ladder, ladder.level) == (sync.process, sync.ladder, 1)
    assert told(sync.rosa) == ["Missing downstream: Attendance to transportation"]
    assert Step.objects.filter(escalation=ladder, owner=sync.rosa, done_at__isnull=True).count() == 2
    arrive(sync, "routewise", "b", "c", at=NOW + 8 * HOUR)
    arrive(sync, "mealtrack", "a", "b", at=NOW + 8 * HOUR)
    assert ladder.refresh().ended_at is None
    arrive(sync, "mealtrack", "c", at=NOW + 8 * HOUR)
    assert ladder.refresh().ended_at == NOW + 8 * HOUR
    assert told(sync.rosa)[-1] == "Over: Attendance to transportation"
    assert not Step.objects.filter(done_at__isnull=True).exists()


def test_the_notice_counts_and_names_nobody(here: Cast, sync: Sync) -> None:
    leave(sync, "a", "b")
    arrive(sync, "routewise", "a")
    sweep(here, NOW + 5 * HOUR)
    body = _letter(sync.rosa)
    assert "2 changes are missing downstream: MealTrack 2, RouteWise 1." in body
    assert "http://cedar.localhost/matrix/changes/attendance/" in body
    assert "Name" not in body


def _letter(who: Person) -> str:
    return str(Delivery.objects.filter(person=who, channel="inapp").latest("id").body)


def test_waiving_the_last_one_ends_the_ladder(here: Cast, sync: Sync) -> None:
    leave(sync, "a")
    sweep(here, NOW + 5 * HOUR)
    recording.waive(Change.objects.get().id, by=sync.rosa, why="Moved away", now=NOW + 6 * HOUR)
    assert Escalation.objects.get().ended_at == NOW + 6 * HOUR


def test_a_ladder_that_was_forgotten_does_not_hide_new_trouble(here: Cast, sync: Sync) -> None:
    leave(sync, "a")
    sweep(here, NOW + 5 * HOUR)
    actions.acknowledge(Escalation.objects.get().id, by=sync.rosa, now=NOW + 5 * HOUR)
    Escalation.objects.update(climb_at=None)
    leave(sync, "b", at=NOW + 3 * DAY, now=NOW + 3 * DAY)
    sweep(here, NOW + 4 * DAY)
    assert list(Escalation.objects.order_by("began_at").values_list("ended_at", flat=True)) == [NOW + 4 * DAY, None]


def test_a_process_that_cannot_be_called_stops_no_other(here: Cast, sync: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Process.objects.create(slug="other", name="Other", targets=["routewise"], terms="within 4 hours of real time")
    leave(sync, "a")
    recording.left(other, [Left(key="x", at=NOW)], now=NOW)
    usual = climbing.ladder_of
    monkeypatch.setattr(sweeping, "ladder_of", lambda process: usual(process) if process.id == sync.process.id else 1 / 0)
    sweep(here, NOW + 5 * HOUR)
    assert Escalation.objects.get().process == sync.process
    assert Change.objects.get(key="x").check_at == NOW + 6 * HOUR


# --- how long it takes ------------------------------------------------------------------------------------------------


def measured(sync: Sync, minutes: Sequence[int]) -> None:
    leave(sync, *(f"m{n}" for n in range(len(minutes))))
    rows = [Arrived(key=f"m{n}", at=NOW + took * MINUTE) for n, took in enumerate(minutes)]
    recording.confirmed(sync.process, "routewise", rows, now=NOW + DAY)


def test_the_distribution_of_a_pair(here: Cast, sync: Sync) -> None:
    measured(sync, [*range(10, 110, 10), 600])  # 10 to 100 minutes, and one of ten hours
    leave(sync, "gone")
    routewise, mealtrack = lags.pairs(sync.process, now=NOW + DAY)
    assert (routewise.slug, routewise.arrived, routewise.counts) == ("routewise", 11, (5, 5, 1, 0, 0))
    assert (routewise.median, routewise.nine_of_ten, routewise.longest) == (3600, 6000, 36000)
    assert (routewise.promised, routewise.kept, routewise.overdue) == (11, 10, 1)
    assert routewise.share_kept == 83  # ten of twelve
    assert routewise.finding == "9 of 10 arrive in RouteWise within 1 h 40 min"
    assert (mealtrack.arrived, mealtrack.overdue, mealtrack.share_kept) == (0, 12, 0)


def test_clocks_that_disagree_are_under_an_hour(here: Cast, sync: Sync) -> None:
    measured(sync, [-3])
    assert lags.pairs(sync.process, now=NOW + DAY)[0].counts[0] == 1


# --- the doors --------------------------------------------------------------------------------------------------------


def door(path: str, body: Any, *, key: str | None = None, kind: str = "application/json") -> Any:
    headers = {"Authorization": f"Bearer {key or new_api_key(name='SIS', role=Role.AGENT)}"}
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    with time_machine.travel(NOW + HOUR, tick=False):
        return Client(HTTP_HOST="cedar.localhost").post(f"{URL}{path}", sent, content_type=kind, headers=headers)


def test_machines_tell_by_json_and_csv(here: Cast, sync: Sync) -> None:
    answer = door(
        "/left", {"changes": [{"key": "a", "record": 417, "name": "Ana Ruiz", "what": "new", "at": "2026-11-03T10:30:00-08:00"}]}
    )
    assert (answer.status_code, answer.json()) == (200, {"new": 1, "before": 0, "unknown": [], "unexpected": []})
    answer = door("/left", "key,record,name,at\nb,418,José Peña,2026-11-03 10:15\n".encode(), kind="text/csv; charset=utf-8")
    assert answer.json()["new"] == 1
    b = Change.objects.get(key="b")
    assert (b.name, b.record, b.left_at) == ("José Peña", "418", NOW + 15 * MINUTE)  # a time without an offset is the district's
    answer = door("/at/routewise", {"arrived": [{"record": "417"}, {"key": "b"}, {"key": "early"}]})
    assert (answer.status_code, answer.json()) == (202, {"new": 2, "before": 0, "unknown": ["early"], "unexpected": []})
    assert door("/at/mealtrack", b"record\n417\n", kind="text/csv").json()["new"] == 1
    assert Change.objects.get(key="a").done_at == NOW + HOUR


def test_every_fault_names_its_row_and_nothing_is_taken(here: Cast, sync: Sync) -> None:
    rows = [{"key": "good"}, {"record": "1"}, {"key": "x", "at": "tomorrow"}, {"key": "y" * 121, "at": "2030-01-01T10:00:00Z"}, 7]
    answer = door("/left", rows)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert {error["pointer"] for error in answer.json()["errors"]} == {
        "/changes/1/key", "/changes/2/at", "/changes/3/key", "/changes/3/at", "/changes/4/",
    }  # fmt: skip
    answer = door("/left", b"key,at\na,2026-11-03 10:00\nb,soon\n", kind="text/csv")
    assert answer.json()["errors"][0]["detail"].startswith("Row 2: ")
    assert not Change.objects.exists()


@pytest.mark.parametrize(
    ("path", "body", "kind", "status"),
    [
        ("/left", b"{", "application/json", 400), ("/left", b'{"rows": []}', "application/json", 400),
        ("/left", b"\xff\xfe", "text/csv", 400), ("/left", b"a,b\n1,2\n", "text/csv", 400), ("/left", b"<a/>", "text/xml", 415),
        ("/at/nowhere", b"[]", "application/json", 404), ("/left", b"[" + b"{}," * 1000 + b"{}]", "application/json", 413),
        ("/left", b" " * (1024 * 1024 + 1), "application/json", 413),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_told(here: Cast, sync: Sync, path: str, body: bytes, kind: str, status: int) -> None:
    assert door(path, body, kind=kind).status_code == status


def test_only_a_key_of_this_district_opens_the_doors(here: Cast, oak: Cast, sync: Sync) -> None:
    with district_scope(oak.district.id):
        foreign = new_api_key(name="Oak", role=Role.ADMIN)
    assert door("/left", [], key=foreign).status_code == 401
    assert Client(HTTP_HOST="cedar.localhost").post(f"{URL}/left", b"[]", content_type="application/json").status_code == 401
    body: dict[str, Any] = {"path": f"{URL}/left", "data": b"[]", "content_type": "application/json"}
    assert sign_in(here.alice, here.district).post(**body).status_code == 403
    assert sign_in(here.lena, here.district).post(**body).status_code == 200


# --- the page ---------------------------------------------------------------------------------------------------------


def page(who: Person, cast: Cast, path: str = "/", at: datetime = NOW + 5 * HOUR) -> Any:
    with time_machine.travel(at, tick=False):
        return sign_in(who, cast.district).get(f"{URL}{path}")


def test_owners_and_leads_see_names_and_others_counts(here: Cast, sync: Sync) -> None:
    leave(sync, "a")
    assert "Name a" in page(here.lena, here).content.decode()
    shown = page(here.bob, here).content.decode()
    assert "1 change has not arrived everywhere" in shown
    assert "Name a" not in shown
    assert page(here.bob, here, "/missing.csv").status_code == 403
    assert "Name a" not in page(here.alice, here).content.decode()
    OwnerRole.objects.filter(slug="attendance-supervisor").update(deputy=here.alice)
    assert "Name a" in page(here.alice, here).content.decode()


def test_the_page_says_what_was_found_and_what_is_missing(here: Cast, sync: Sync) -> None:
    measured(sync, range(5, 130, 5))
    shown = page(here.lee, here).content.decode()
    assert "<h1>9 of 10 arrive in RouteWise within 1 h 53 min</h1>" in shown
    assert "25 changes have not arrived everywhere" in shown
    assert "100 % within the promise" in shown
    assert "Still measuring" not in shown
    narrowed = page(here.lee, here, "/?target=routewise").content.decode()
    assert "Nothing is missing" in narrowed


def test_baseline_first_promise_second(here: Cast, sync: Sync) -> None:
    Process.objects.update(terms="")
    sync.process.terms = ""
    measured(sync, [60] * 12)
    shown = page(here.ada, here).content.decode()
    assert "After 20 changes a promise can be chosen; these are 12." in shown
    assert "/setup/matrix/attendance/" in shown
    assert "/setup/matrix/attendance/" not in page(here.lena, here).content.decode()
    leave(sync, *(f"n{n}" for n in range(8)))
    arrive(sync, "routewise", *(f"n{n}" for n in range(8)))
    assert (
        "20 changes were measured: 90 % arrived in RouteWise within 1 h. A promise can be chosen now."
        in page(here.ada, here).content.decode()
    )


def test_the_list_is_worked_off(here: Cast, sync: Sync) -> None:
    leave(sync, "a", "b")
    a, b = (Change.objects.get(key=key) for key in "ab")
    lena, bob = sign_in(here.lena, here.district), sign_in(here.bob, here.district)
    assert bob.post(f"{URL}/{a.id}/by-hand", {"target": "routewise"}).status_code == 403
    assert (
        lena.post(f"{URL}/{a.id}/by-hand", {"target": "routewise", "in": "routewise"})["Location"] == f"{URL}/?target=routewise#missing"
    )
    assert lena.post(f"{URL}/{b.id}/waive", {"why": ""}).status_code == 302
    assert b.refresh().waived_at is None
    lena.post(f"{URL}/{b.id}/waive", {"why": "Left the district"})
    assert (b.refresh().waived_by, Confirmation.objects.get().by) == (here.lena, here.lena)
    other = Process.objects.create(slug="other", name="Other", targets=["routewise"])
    assert lena.post(f"/matrix/changes/{other.slug}/{a.id}/by-hand", {"target": "mealtrack"}).status_code == 404


def test_the_file_runs_nothing_in_a_spreadsheet(here: Cast, sync: Sync) -> None:
    recording.left(sync.process, [Left(key="=1+1", at=NOW, name='=HYPERLINK("http://x")', what="-2")], now=NOW)
    answer = page(here.lena, here, "/missing.csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[1][0] == '\'=HYPERLINK("http://x")'
    assert (rows[1][2], rows[1][5], rows[1][6]) == ("'-2", "RouteWise, MealTrack", "'=1+1")


def test_another_districts_changes_are_not_there(here: Cast, oak: Cast, sync: Sync) -> None:
    leave(sync, "a")
    with district_scope(oak.district.id):
        assert not Change.objects.exists()
        assert sign_in(oak.carla, oak.district).get(f"{URL}/").status_code == 404
