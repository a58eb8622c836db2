"""The matrix and its pages over HTTP, the address that feeds ping, and the file a district's matrix is loaded from."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from districts.models import Membership, Person, Role, Team
from districts.scope import district_scope
from ownership import actions, queries
from ownership.keeping.loading import load_matrix
from ownership.ladders import building, rehearsal
from ownership.models import Escalation, Feed, FeedRun, Ladder, LadderChange, OwnerRole, Process, Rung, Stage, Step
from ownership.overview import audit
from sla import terms
from tests.conftest import NOW, Cast, a_ticket, sign_in, visitor
from tests.test_ownership import FOUR_PM, HOUR, Sync, a_breach, away, make_sync, sweep

MATRIX = Path(__file__).parent.parent / "config" / "demo" / "data" / "cedar_valley" / "ownership.json"


@pytest.fixture
def rows(here: Cast) -> Sync:
    return make_sync(here)


# --- ping -------------------------------------------------------------------------------------------------------------


def post(client: Client, token: str, body: bytes, content_type: str = "application/json") -> Any:
    return client.post(f"/matrix/ping/{token}", body, content_type=content_type)


@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_a_ping_by_any_method_is_a_run(here: Cast, rows: Sync, method: str) -> None:
    answer = getattr(visitor(here.district), method)(f"/matrix/ping/{rows.feed.token}")
    assert answer.status_code == 200
    assert FeedRun.objects.get().outcome == "ok"
    assert rows.feed.refresh().state == Feed.State.ON_TIME


def test_a_ping_asks_little_of_the_database(here: Cast, rows: Sync, django_assert_max_num_queries: Any) -> None:
    client = visitor(here.district)
    client.get(f"/matrix/ping/{rows.feed.token}")
    with django_assert_max_num_queries(4):  # two for the scope inside the test's transaction; the feed, its run, its state
        client.get(f"/matrix/ping/{rows.feed.token}")


def test_a_ping_tells_outcome_counts_and_a_note(here: Cast, rows: Sync) -> None:
    body = {"outcome": "failed", "counts": {"rows": 412, "rejected": 3}, "note": "disk\nfull\0" + "x" * 900}
    assert post(visitor(here.district), rows.feed.token, json.dumps(body).encode()).status_code == 200
    run = FeedRun.objects.get()
    assert (run.outcome, run.counts) == ("failed", {"rows": 412, "rejected": 3})
    assert run.note.startswith("disk full")
    assert len(run.note) == 500
    assert rows.feed.refresh().state == Feed.State.FAILED


def test_any_other_text_is_a_note(here: Cast, rows: Sync) -> None:
    post(visitor(here.district), rows.feed.token, b"exported 412 rows", "application/x-www-form-urlencoded")
    assert FeedRun.objects.get().note == "exported 412 rows"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"outcome": "perhaps"}', 400), (b'{"counts": {"rows": "many"}}', 400), (b'{"counts": {"rows": NaN}}', 400),
        (b'{"counts": {"rows": 1e999}}', 400), (b'{"counts": {"r\\u0000": 1}}', 400), (b'{"counts": [1]}', 400), (b"{broken", 400),
        (b'{"note": 5}', 400), (b"\xff\xfe", 400), (b'{"a":' * 2000, 400), (b"x" * 10_001, 413),
        (b'{"counts": {"rows": ' + b"9" * 5000 + b"}}", 400), (b'{"note": "\\ud800 half"}', 200),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_understood_is_told_so_and_nothing_is_written(here: Cast, rows: Sync, body: bytes, status: int) -> None:
    answer = post(visitor(here.district), rows.feed.token, body)
    assert answer.status_code == status
    assert FeedRun.objects.count() == (1 if status == 200 else 0)


def test_a_wrong_token_and_another_districts_token_are_not_there(here: Cast, oak: Cast, rows: Sync) -> None:
    with district_scope(oak.district.id):
        theirs = make_sync(oak).feed
    client = visitor(here.district)
    for token in ("nosuchtoken", theirs.token, "%00", "é", "x" * 300, rows.feed.token + "a"):
        assert client.get(f"/matrix/ping/{token}").status_code == 404
    assert visitor(oak.district).get(f"/matrix/ping/{rows.feed.token}").status_code == 404
    assert not FeedRun.objects.exists()


def test_a_ping_may_not_delete(here: Cast, rows: Sync) -> None:
    assert visitor(here.district).delete(f"/matrix/ping/{rows.feed.token}").status_code == 405


# --- doors ------------------------------------------------------------------------------------------------------------

PAGES = ("/matrix/", "/matrix/attendance/", "/matrix/steps/")


@pytest.mark.parametrize("address", PAGES)
def test_staff_see_the_matrix_and_visitors_are_asked_to_sign_in(here: Cast, rows: Sync, address: str) -> None:
    assert sign_in(here.alice, here.district).get(address).status_code == 200
    answer = visitor(here.district).get(address)
    assert (answer.status_code, answer["Location"]) == (302, f"/account/login/?next={address}")


@pytest.mark.parametrize("address", PAGES)
def test_somebody_of_another_district_does_not_get_in(here: Cast, oak: Cast, rows: Sync, address: str) -> None:
    assert sign_in(oak.charlie, here.district).get(address).status_code == 403


def test_another_districts_process_is_not_there(oak: Cast, here: Cast, rows: Sync) -> None:
    with district_scope(oak.district.id):
        client = sign_in(oak.charlie, oak.district)
    assert client.get("/matrix/attendance/").status_code == 404
    assert "Attendance" not in client.get("/matrix/").content.decode()


def test_another_districts_steps_are_not_there(oak: Cast, here: Cast, rows: Sync) -> None:
    actions.ping(rows.feed, outcome="failed", counts={}, note="", now=NOW)
    sweep(here, NOW)
    with district_scope(oak.district.id):
        client = sign_in(oak.carla, oak.district)
    step, escalation = Step.objects.first(), Escalation.objects.get()
    assert step
    assert client.post(reverse("step_done", args=[step.id]), {"evidence": "mine"}).status_code == 404
    assert client.post(reverse("acknowledge_escalation", args=[escalation.id])).status_code == 404


def test_the_ping_address_is_for_administrators(here: Cast, rows: Sync) -> None:
    page = "/matrix/attendance/"
    assert rows.feed.token in sign_in(here.ada, here.district).get(page).content.decode()
    for someone in (here.alice, here.lena, here.lee):
        assert rows.feed.token not in sign_in(someone, here.district).get(page).content.decode()


# --- pages ------------------------------------------------------------------------------------------------------------


def test_a_row_names_its_owners_its_promise_and_its_state(here: Cast, rows: Sync) -> None:
    actions.ping(rows.feed, outcome="ok", counts={}, note="", now=NOW)
    page = sign_in(here.alice, here.district).get("/matrix/").content.decode()
    for words in ("Attendance to transportation", "Rosa", "Dan", "Daily by 4 PM", "On time", "On time: 1 day"):
        assert words in page


def test_the_matrix_costs_the_same_for_one_process_and_for_twenty(here: Cast, rows: Sync, django_assert_max_num_queries: Any) -> None:
    for n in range(20):
        make_sync(here, slug=f"process-{n}")
    client = sign_in(here.alice, here.district)
    with django_assert_max_num_queries(16):
        assert client.get("/matrix/").status_code == 200


def test_a_strip_says_the_worst_of_each_day(here: Cast, rows: Sync) -> None:
    actions.ping(rows.feed, outcome="ok", counts={}, note="", now=NOW - 24 * HOUR)
    sweep(here, FOUR_PM + HOUR)
    words = queries.matrix(now=FOUR_PM + 2 * HOUR, zone=here.district.zone).rows[0].strip
    assert words
    assert words.words == "Last 30 days: On time: 1 day; Did not run: 1 day (Nov. 3)"
    actions.ping(rows.feed.refresh(), outcome="ok", counts={}, note="", now=FOUR_PM + 2 * HOUR)
    strip = queries.matrix(now=FOUR_PM + 2 * HOUR, zone=here.district.zone).rows[0].strip
    assert strip
    assert [cell.kind for cell in strip.cells[-2:]] == ["ok", "late"]


def in_trouble(cast: Cast, rows: Sync) -> Escalation:
    actions.ping(rows.feed, outcome="failed", counts={}, note="disk full", now=NOW)
    sweep(cast, NOW)
    found: Escalation = Escalation.objects.get()
    return found


def test_a_step_is_done_by_a_form_that_wants_evidence(here: Cast, rows: Sync) -> None:
    in_trouble(here, rows)
    sign_up(rows.rosa, here)
    client = sign_in(rows.rosa, here.district)
    page = client.get("/matrix/steps/").content.decode()
    assert "Start the export by hand" in page
    assert "disk full" in page
    first, _second = Step.objects.order_by("order")
    done = reverse("step_done", args=[first.id])
    refused = client.post(done, {"evidence": "  "})
    assert refused.status_code == 422
    assert "Say in a few words what was done" in refused.content.decode()
    assert first.refresh().done_at is None
    answer = client.post(done, {"evidence": "Ran at 10:03", "next": "/matrix/attendance/"})
    assert (answer.status_code, answer["Location"]) == (302, "/matrix/attendance/")
    assert (first.refresh().done_by, first.evidence) == (rows.rosa, "Ran at 10:03")
    assert "Ran at 10:03" in client.get("/matrix/attendance/").content.decode()
    assert client.post(done, {"evidence": "again", "next": "//elsewhere.example/"})["Location"] == "/matrix/steps/"


def test_the_second_owner_finds_it_too_and_acknowledges(here: Cast, rows: Sync) -> None:
    escalation = in_trouble(here, rows)
    sign_up(rows.dan, here)
    client = sign_in(rows.dan, here.district)
    assert "I have it" in client.get("/matrix/steps/").content.decode()
    client.post(reverse("acknowledge_escalation", args=[escalation.id]))
    assert escalation.refresh().acknowledged_by == rows.dan
    page = client.get("/matrix/steps/").content.decode()
    assert "<bdi>Dan</bdi> has it" in page
    assert "I have it" not in page


def test_only_those_it_concerns_may_act(here: Cast, rows: Sync) -> None:
    escalation = in_trouble(here, rows)
    step = Step.objects.first()
    assert step
    acknowledge, done = reverse("acknowledge_escalation", args=[escalation.id]), reverse("step_done", args=[step.id])
    client = sign_in(here.alice, here.district)
    assert "I have it" not in client.get("/matrix/attendance/").content.decode()
    assert client.post(acknowledge).status_code == 403
    assert client.post(done, {"evidence": "x"}).status_code == 403
    assert sign_in(here.lena, here.district).post(done, {"evidence": "I called"}).status_code == 302, "leads may"
    assert visitor(here.district).post(acknowledge)["Location"].startswith("/account/login/")


def test_leads_see_everybodys_steps_and_agents_their_own(here: Cast, rows: Sync) -> None:
    in_trouble(here, rows)
    assert "Start the export by hand" in sign_in(here.lena, here.district).get("/matrix/steps/?whose=all").content.decode()
    assert "Start the export by hand" not in sign_in(here.alice, here.district).get("/matrix/steps/?whose=all").content.decode()


def test_the_lead_finds_the_late_ticket_and_its_step(here: Cast) -> None:
    ticket = a_ticket(here, team=here.transportation)
    a_breach(here, ticket)
    sweep(here, NOW)
    page = sign_in(here.lena, here.district).get("/matrix/steps/").content.decode()
    assert f"#{ticket.number}" in page
    assert "Contact the requester and set a new time" in page


def test_a_lead_tests_a_ladder_and_an_agent_may_not(here: Cast, rows: Sync) -> None:
    test = reverse("test_ladder", args=["attendance"])
    assert sign_in(here.alice, here.district).post(test).status_code == 403
    assert sign_in(here.lena, here.district).get(test).status_code == 405
    assert sign_in(here.lena, here.district).post(test).status_code == 302
    assert rows.ladder.refresh().tested_at


def sign_up(who: Person, cast: Cast) -> None:
    """Give a person of the cast a sign-in and a place in a team."""
    from districts.models import Account

    account = Account.objects.create(email=f"{who.id}@{cast.district.host}")
    who.account_ref = account.id
    who.save()
    Membership.objects.create(person=who, team=cast.technology, role=Role.AGENT)


# --- the matrix looks at itself ---------------------------------------------------------------------------------------


def found(cast: Cast, slug: str = "attendance") -> set[str]:
    matrix = queries.matrix(now=NOW, zone=cast.district.zone)
    return {str(finding.kind) for row in matrix.rows if row.process.slug == slug for finding in row.findings}


def test_the_audit_names_what_nobody_can_rely_on(here: Cast, rows: Sync) -> None:
    assert found(here) == {"never-measured", "untested"}
    Process.objects.update(secondary=None)
    assert "no-secondary" in found(here)
    Feed.objects.all().delete()
    assert "no-feed" in found(here)
    Process.objects.update(ladder=None, primary=None)
    assert {"no-ladder", "no-primary"} <= found(here)


def test_a_measured_and_tested_process_has_no_findings(here: Cast, rows: Sync) -> None:
    actions.ping(rows.feed, outcome="ok", counts={}, note="", now=NOW)
    rehearsal.rehearse(rows.ladder, process=rows.process, by=here.ada, now=NOW)
    assert found(here) == set()


def test_the_audit_finds_a_role_that_nobody_holds(here: Cast, rows: Sync) -> None:
    away(rows.rosa, NOW)
    assert "nobody" not in found(here), "she holds it, and an administrator stands in"
    assert "on-leave" in found(here)
    Membership.objects.filter(role=Role.ADMIN).delete()
    words = [f.words for f in queries.matrix(now=NOW, zone=here.district.zone).rows[0].findings if f.kind is audit.Kind.NOBODY]
    assert words == ["Nobody can be found for Clerk: an alert would pass it by."]


def test_the_audit_finds_one_person_in_both_places_and_terms_it_cannot_read(here: Cast, rows: Sync) -> None:
    OwnerRole.objects.update(holder=rows.rosa)
    Feed.objects.update(terms="now and then")
    assert {"same-person", "terms"} <= found(here)


def test_the_audit_finds_a_promise_too_late_for_the_process_it_feeds(here: Cast) -> None:
    load_matrix(json.loads(MATRIX.read_text()), NOW)
    assert "cut-off" in found(here, "attendance-to-transportation-sync"), "4 PM cannot feed a 3 PM vendor deadline"
    assert "cut-off" not in found(here, "route-changes-to-bus-vendor")


# --- loading ----------------------------------------------------------------------------------------------------------


def test_the_reference_matrix_loads_whole_and_twice_is_once(here: Cast) -> None:
    data = json.loads(MATRIX.read_text())
    Team.objects.create(slug="enrollment-registrar", name="Enrollment")
    counts = []
    for _ in range(2):
        load_matrix(data, NOW, holders={"registrar": here.alice})
        counts.append([model.objects.count() for model in (Process, Rung, Stage, Feed, OwnerRole)])
    assert counts[0] == counts[1]
    assert Process.objects.count() == 19
    assert [str(p) for p in Process.objects.order_by("id")[:2]] == ["New enrollment data flow", "Attendance to transportation sync"]
    for text in (*Process.objects.values_list("terms", flat=True), *Feed.objects.values_list("terms", flat=True)):
        assert str(terms.parse(text)) == text
    registrar = OwnerRole.objects.get(slug="registrar")
    assert registrar.holder == here.alice
    assert registrar.team
    assert Ladder.objects.filter(rungs__isnull=False).distinct().count() == 20  # one each, and the district's for tickets
    assert not Feed.objects.filter(alert_at__isnull=False).exists(), "watched from the first ping on"


ATTENDANCE = "attendance-to-transportation-sync"


def edited(here: Cast) -> Ladder:
    """The attendance's ladder, with its first rung changed and a new one on top by an administrator."""
    ladder = building.to_change(ATTENDANCE)
    first = Rung.objects.filter(ladder=ladder).order_by("level")[0]
    building.save_rung(ladder, first, {"channels": ["sms"], "actions": ["Call dispatch"], "step_minutes": 7}, by=here.ada, now=NOW)
    building.rename(ladder, "Buses first", by=here.ada, now=NOW)
    building.save_rung(ladder, None, {"after_minutes": 9_000, "team": here.technology}, by=here.ada, now=NOW)
    return ladder


def rungs_as_they_are(slug: str) -> list[tuple[Any, ...]]:
    return list(
        Rung.objects.filter(ladder__slug=slug).order_by("level")
        .values_list("level", "after_minutes", "role", "team", "channels", "actions", "step_minutes", "wakes")
    )  # fmt: skip


def load_again(*options: str) -> str:
    said = StringIO()
    call_command("load_matrix", str(MATRIX), "--district", "cedar", *options, stdout=said)
    return said.getvalue()


def test_what_was_changed_here_is_kept_when_the_file_is_loaded_again_and_is_said(here: Cast) -> None:
    assert "kept" not in load_again()
    other = rungs_as_they_are("new-enrollment-data-flow")
    Rung.objects.filter(ladder__slug="new-enrollment-data-flow", level=1).update(after_minutes=3)  # as an older file had it
    ladder = edited(here)
    before, said = rungs_as_they_are(ATTENDANCE), load_again()
    assert rungs_as_they_are(ATTENDANCE) == before
    assert ladder.refresh().name == "Buses first"
    assert f"ladder {ATTENDANCE} kept as it was changed here on 2026-11-03" in said
    assert said.count("kept as") == 1
    assert "--take-file" in said
    assert rungs_as_they_are("new-enrollment-data-flow") == other, "what nobody changed here is the file's"
    assert Process.objects.get(slug=ATTENDANCE).ladder == ladder


def test_the_files_version_is_taken_when_that_is_asked_for_and_then_stays_the_files(here: Cast) -> None:
    load_again()
    first = rungs_as_they_are(ATTENDANCE)
    ladder = edited(here)
    changed = rungs_as_they_are(ATTENDANCE)
    assert f"ladder {ATTENDANCE} would be taken from the file" in load_again("--take-file", "--dry-run")
    assert rungs_as_they_are(ATTENDANCE) == changed
    said = load_again("--take-file")
    assert f"ladder {ATTENDANCE} taken from the file, and what was changed here gone" in said
    assert rungs_as_they_are(ATTENDANCE) == first
    assert (ladder.refresh().name, ladder.edited_at) == ("Attendance to transportation sync", None)
    last = LadderChange.objects.filter(ladder=ladder).latest("at")
    assert (last.by, last.words) == (None, ["Taken from the file that the matrix is loaded from."])
    assert "kept" not in load_again()


def test_a_file_that_is_no_matrix_loads_nothing(here: Cast, tmp_path: Path) -> None:
    load_again()
    for name, text, words in (("a", "{", "no JSON"), ("b", "[]", "not a matrix"), ("c", '{"processes": [{}], "roles": []}', "systems")):
        file = tmp_path / name
        file.write_text(text)
        with pytest.raises(CommandError, match=words):
            call_command("load_matrix", str(file), "--district", "cedar")
    with pytest.raises(CommandError, match="no district"):
        call_command("load_matrix", str(MATRIX), "--district", "nowhere")
    with pytest.raises(CommandError, match="No such file"):
        call_command("load_matrix", str(tmp_path / "nothing"), "--district", "cedar")
    assert Process.objects.count() == 19


def test_the_operating_models_promises_are_in_the_grammar(here: Cast) -> None:
    load_matrix(json.loads(MATRIX.read_text()), NOW)
    said = dict(Process.objects.values_list("slug", "terms"))
    assert said["new-enrollment-data-flow"] == (
        "within 4 business hours on school days, within 24 hours during breaks, daily checks at 10 AM and 3 PM"
    )
    assert said["attendance-to-transportation-sync"] == "daily by 4 PM"
    assert said["schedule-changes-to-facilities"] == "48-hour notice"
    assert said["iep-updates-to-classroom"] == "same-day"
    assert said["emergency-contact-updates"] == "real time"
    assert said["enrollment-counts-to-food-vendor"] == "by 2 PM for next-day service"
    feed = Feed.objects.get(process__slug="new-enrollment-data-flow")
    assert (feed.terms, feed.expected_at) == ("daily checks at 10 AM and 3 PM", NOW + 5 * HOUR)


def test_the_matrix_is_read_by_state_and_by_pages_with_trouble_on_top(here: Cast) -> None:
    for n in range(53):
        process = Process.objects.create(slug=f"p-{n:02}", name=f"Process {n:02}")
        if n < 52:
            Feed.objects.create(
                process=process, slug=process.slug, name="Feed", terms="daily by 4 PM", state="failed" if n == 51 else "ok"
            )
    client = sign_in(here.alice, here.district)

    def named(query: str = "") -> list[str]:
        return re.findall(r'href="/matrix/(p-\d\d)/"', client.get(f"/matrix/{query}").content.decode().partition("<tbody")[2])

    first, second = named(), named("?page=2")
    assert (first[0], len(set(first)), len(set(second))) == ("p-51", 50, 3)
    assert not set(first) & set(second)
    assert set(named("?state=failed")) == {"p-51"}
    assert set(named("?state=none")) == {"p-52"}
    assert named("?state=nonsense&page=nonsense") == first


def test_stages_are_owned_by_whoever_receives(here: Cast) -> None:
    load_matrix(json.loads(MATRIX.read_text()), NOW)
    legs = Stage.objects.filter(process__slug="new-enrollment-data-flow").order_by("order").values_list("name", "role__slug")
    assert list(legs) == [
        ("Leaves Compass", "registrar"), ("Arrives in RouteWise", "transportation-supervisor"),
        ("Arrives in MealTrack", "food-service-manager"), ("Arrives in MyCedar", "data-coordinator"),
    ]  # fmt: skip


@pytest.mark.parametrize("slug", json.loads(MATRIX.read_text())["processes"], ids=lambda p: p["slug"])
def test_every_process_of_the_reference_matrix_has_a_page(here: Cast, slug: dict[str, Any]) -> None:
    load_matrix({**json.loads(MATRIX.read_text()), "processes": [slug]}, NOW, holders={slug["primary_owner_role"]: here.alice})
    page = sign_in(here.alice, here.district).get(f"/matrix/{slug['slug']}/")
    assert page.status_code == 200
    for rung in slug["escalation"]:
        for action in rung["actions"]:
            assert action.split("'")[0] in page.content.decode()
