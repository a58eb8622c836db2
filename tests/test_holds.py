"""What stops a run before it does harm: rules over counts, a named person who decides, and those downstream who hear of it."""

import json
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.utils import timezone

from districts.actions import new_api_key
from districts.models import Membership, Person, Role
from districts.scope import district_scope
from ownership import actions
from ownership.feeds import saying
from ownership.feeds.pings import Told
from ownership.holds import deciding, judging, words
from ownership.holds.rules import BadRule, Facts, Kind, Reason, Rule, judge, rules_of
from ownership.models import Escalation, Feed, FeedRun, Hold, HoldEntry, OwnerRole, Reconciliation, Stage, System
from tests.conftest import NOW, Cast, person, sign_in, visitor
from tests.test_ownership import DAY, FOUR_PM, HOUR, MINUTE, Sync, make_sync, sweep, told

ZONE = ZoneInfo("America/Los_Angeles")
ABSENCE = {"kind": "share", "count": "absent", "of": "enrolled", "percent": 50}
COUNTS = {"absent": 412, "enrolled": 800}


@pytest.fixture
def sync(here: Cast) -> Sync:
    made = make_sync(here)
    guard(made, ABSENCE)
    bus = person("Bea", "bea@cedar.localhost", role=Role.AGENT, team=here.transportation)
    dispatcher = OwnerRole.objects.create(slug="dispatcher", name="Dispatcher", holder=bus)
    Stage.objects.create(process=made.process, order=1, name="Import into routing", role=dispatcher)
    return made


def a_lead(here: Cast, sync: Sync) -> Person:
    """Somebody who signs in, and is second for the process."""
    OwnerRole.objects.filter(slug="attendance-supervisor").update(holder=here.alice)
    return here.alice


def guard(sync: Sync, *rules: dict[str, Any]) -> None:
    sync.feed.rules = list(rules)
    Feed.objects.filter(id=sync.feed.id).update(rules=sync.feed.rules)


def ran(sync: Sync, counts: dict[str, float], *, now: datetime = NOW, **more: Any) -> FeedRun:
    return actions.hear(Feed.objects.select_related("process").get(id=sync.feed.id), Told(counts=counts, **more), now=now)


def state(sync: Sync) -> str:
    return str(Feed.objects.get(id=sync.feed.id).state)


def judged(
    rule: dict[str, Any], counts: dict[str, float], *, at: datetime = NOW, before: Sequence[dict[str, float]] = ()
) -> list[Reason]:
    return judge([Rule.read(rule)], Facts(counts, at, ZONE, before))


# --- rules, without a database ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "counts", "held"),
    [
        (ABSENCE, {"absent": 400, "enrolled": 800}, False),  # exactly half is not more than half
        (ABSENCE, {"absent": 401, "enrolled": 800}, True),
        (ABSENCE, {"absent": 1, "enrolled": 0}, True),
        (ABSENCE, {"absent": 0, "enrolled": 0}, False),
        (ABSENCE, {"enrolled": 800}, True),  # it cannot be judged
        ({"kind": "source", "count": "rows", "of": "source_rows", "percent": 1}, {"rows": 990, "source_rows": 1000}, False),
        ({"kind": "source", "count": "rows", "of": "source_rows", "percent": 1}, {"rows": 1011, "source_rows": 1000}, True),
        ({"kind": "above", "count": "removed", "limit": 10}, {"removed": 10}, False),
        ({"kind": "above", "count": "removed", "limit": 10}, {"removed": 11}, True),
        ({"kind": "below", "count": "rows", "limit": 1}, {"rows": 0}, True),
    ],
)
def test_a_rule_holds_what_is_over_it(rule: dict[str, Any], counts: dict[str, float], held: bool) -> None:
    assert bool(judged(rule, counts)) is held


def test_what_is_usual_is_the_middle_of_the_same_weekdays_and_nothing_is_usual_of_two() -> None:
    rule = {"kind": "usual", "count": "rows", "percent": 20}
    before: list[dict[str, float]] = [{"rows": 100}, {"rows": 110}, {"rows": 5}]  # a bad day does not move the middle far
    assert not judged(rule, {"rows": 119}, before=before)
    (found,) = judged(rule, {"rows": 125}, before=before)
    assert (found.value, found.usual, found.limit) == (25.0, 100.0, 20)
    assert not judged(rule, {"rows": 1}, before=before[:2])


def test_a_freeze_holds_from_its_first_minute_to_its_last_on_the_districts_clock() -> None:
    rule = {"kind": "freeze", "hours": 48, "on": ["2026-12-18T08:00"]}
    release = datetime(2026, 12, 18, 16, 0, tzinfo=UTC)
    frozen = [bool(judged(rule, {}, at=release + step)) for step in (-48 * HOUR - MINUTE, -48 * HOUR, -MINUTE, timedelta())]
    assert frozen == [False, True, True, False]


def test_a_run_that_only_starts_is_judged_by_what_it_tells() -> None:
    rule = Rule.read(ABSENCE)
    assert not judge([rule], Facts({}, NOW, ZONE, only_starts=True))
    assert judge([rule], Facts(COUNTS, NOW, ZONE, only_starts=True))


@pytest.mark.parametrize(
    "bad",
    [
        {}, {"kind": "magic"}, {"kind": "share", "count": "a"}, {"kind": "share", "count": "a", "of": "b", "percent": "x"},
        {"kind": "freeze", "hours": 48}, {"kind": "freeze", "hours": 1, "on": ["soon"]}, 7,
        {"kind": "source", "count": "rows", "of": "rows", "percent": 1},
        {"kind": "above", "count": "a", "minutes": 0},
        {"kind": "above", "count": "a", "limit": True}, {"kind": "above", "count": "a", "limit": float("nan")},
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused_and_stops_no_feed(bad: Any) -> None:
    with pytest.raises(BadRule):
        Rule.read(bad)
    assert rules_of([bad, ABSENCE]) == [Rule.read(ABSENCE)]


def test_rules_and_reasons_come_back_as_they_were_kept_and_speak() -> None:
    for given in (ABSENCE, {"kind": "freeze", "hours": 48.0, "on": ["2026-12-18T08:00"], "role": "registrar", "minutes": 30}):
        rule = Rule.read(given)
        assert Rule.read(rule.kept()) == rule
    (found,) = judged(ABSENCE, dict(COUNTS))
    assert Reason.read(found.kept()) == found
    assert words.sentence(found.rule) == "Held when “absent” is more than 50 % of “enrolled”."
    assert words.reason(found) == "51.5 %: “absent” is 412 of 800 “enrolled”, and may be 50 % at most."
    assert {kind for kind, _said in _kinds()} == set(Kind)


def _kinds() -> list[tuple[Kind, str]]:
    made = {
        Kind.SHARE: ABSENCE, Kind.USUAL: {"kind": "usual", "count": "a", "percent": 1},
        Kind.SOURCE: {"kind": "source", "count": "a", "of": "b", "percent": 1},
        Kind.ABOVE: {"kind": "above", "count": "a", "limit": 1},
        Kind.BELOW: {"kind": "below", "count": "a", "limit": 1},
        Kind.FREEZE: {"kind": "freeze", "hours": 1, "on": ["2026-12-18T08:00"]},
    }  # fmt: skip
    return [(kind, words.sentence(Rule.read(given))) for kind, given in made.items()]


# --- what a ping says ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "query", "body", "expected"),
    [
        ("", {}, b"", ("ok", {}, "", "")),
        ("start", {"run": "42"}, b"", ("started", {}, "", "42")),
        ("0", {}, b"", ("ok", {}, "", "")),
        ("137", {}, b"killed", ("failed", {}, "killed", "")),
        ("", {"rows": "412", "share": "0.5"}, b"", ("ok", {"rows": 412, "share": 0.5}, "", "")),
        ("partial", {"rows": "1"}, b'{"counts": {"rows": 2}, "note": "half", "run": "r"}', ("partial", {"rows": 2}, "half", "r")),
        ("fail", {}, b'{"outcome": "ok"}', ("ok", {}, "", "")),
    ],
)
def test_a_ping_says_it_by_its_address_its_query_and_its_body(end: str, query: dict[str, str], body: bytes, expected: Any) -> None:
    said = saying.said(body, end=end, query=query)
    assert (said.outcome, said.counts, said.note, said.key) == expected


@pytest.mark.parametrize(
    ("end", "query", "body"),
    [
        ("maybe", {}, b""),
        ("", {"rows": "many"}, b""),
        ("", {"rows": "nan"}, b""),
        ("", {"run": "x" * 101}, b""),
        ("", {}, b'{"run": 7}'),
    ],
)
def test_a_ping_that_says_nonsense_hears_so(end: str, query: dict[str, str], body: bytes) -> None:
    with pytest.raises(saying.BadPing):
        saying.said(body, end=end, query=query)


# --- a day on which half of the district is absent -------------------------------------------------------------------


def test_the_day_half_are_absent_is_held_asked_about_and_released(here: Cast, sync: Sync) -> None:
    run = ran(sync, dict(COUNTS), now=FOUR_PM - 10 * MINUTE)
    assert (run.outcome, state(sync)) == ("held", "held")
    hold = Hold.objects.get()
    assert (hold.person, hold.state, hold.due_at) == (sync.rosa, "waiting", FOUR_PM + 50 * MINUTE)
    assert told(sync.rosa) == ["Held: Export confirmation"]
    assert told(sync.dan) == ["Held: Export confirmation"], "the second owner hears it too"
    bea = sync.process.stages.get().role.holder
    assert told(bea) == ["On hold: Attendance to transportation"], "whoever imports it does not count on it"

    assert deciding.ask(hold.id, of=here.alice, by=sync.rosa, question="Is it the flu?", now=FOUR_PM)
    assert deciding.answer(hold.id, by=here.alice, words="The scanner was off at Oak.", now=FOUR_PM + MINUTE)
    assert "Answered: Export confirmation" in told(sync.rosa)
    with pytest.raises(deciding.WordMissing):
        deciding.release(hold.id, by=sync.rosa, why=" \n", now=FOUR_PM)
    assert deciding.release(hold.id, by=sync.rosa, why="Counted again by hand.", now=FOUR_PM + 5 * MINUTE)
    assert not deciding.reject(hold.id, by=sync.dan, why="No.", now=FOUR_PM + 6 * MINUTE), "decided once"

    last = FeedRun.objects.order_by("-at").first()
    assert last is not None
    assert (last.outcome, last.counts, last.late_seconds) == ("ok", COUNTS, 300)
    assert (state(sync), "Released: Export confirmation" in told(bea)) == ("ok", True)
    acts = list(HoldEntry.objects.order_by("at", "id").values_list("act", flat=True))
    assert acts == ["held", "asked", "answered", "released"]
    sweep(here, FOUR_PM + 2 * HOUR)
    assert not Escalation.objects.exists(), "the promise was kept within its grace"


def test_whoever_was_asked_may_answer_and_no_other_of_that_name(here: Cast, sync: Sync) -> None:
    alike = person("Alice", "alice.two@cedar.localhost", role=Role.AGENT, team=here.technology)
    assert alike.name == here.alice.name
    ran(sync, dict(COUNTS))
    hold = Hold.objects.get()
    deciding.ask(hold.id, of=here.alice, by=sync.rosa, question="Is it the flu?", now=NOW)
    Person.objects.filter(id=here.alice.id).update(name="Alice Married")
    asked, other, address = sign_in(here.alice, here.district), sign_in(alike, here.district), f"/matrix/holds/{hold.id}/"
    assert [client.post(f"{address}answer", {"why": "It is."}).status_code for client in (other, asked)] == [403, 302]
    assert ["Say what you know" in client.get(address).content.decode() for client in (other, asked)] == [False, True]
    assert "Told: Alice<" in asked.get(address).content.decode(), "what was said keeps the name of then"

    deciding.release(hold.id, by=sync.rosa, why="It is right.", now=NOW + MINUTE)
    assert "Released: Export confirmation" in told(here.alice)
    assert "Released: Export confirmation" not in told(alike)


def test_whoever_was_asked_and_has_left_hears_nothing_more(here: Cast, sync: Sync) -> None:
    ran(sync, dict(COUNTS))
    hold = Hold.objects.get()
    deciding.ask(hold.id, of=here.alice, by=sync.rosa, question="Is it the flu?", now=NOW)
    Membership.objects.filter(person=here.alice).delete()
    assert sign_in(here.alice, here.district).post(f"/matrix/holds/{hold.id}/answer", {"why": "It is."}).status_code == 403
    deciding.reject(hold.id, by=sync.rosa, why="No.", now=NOW + MINUTE)
    assert "Rejected: Export confirmation" not in told(here.alice)


def test_beside_the_counts_stands_what_the_lists_said_last(here: Cast, sync: Sync) -> None:
    System.objects.create(slug="routewise", name="RouteWise")
    for days, target, wrong in ((3, "routewise", 50), (1, "routewise", 3), (2, "", 0)):
        Reconciliation.objects.create(
            process=sync.process, target=target, at=NOW - days * DAY, left_name="a.csv", right_name="b.csv",
            counts={"keys": 100, "different": wrong}, worked=["7"],
        )  # fmt: skip
    ran(sync, dict(COUNTS))
    shown = sign_in(a_lead(here, sync), here.district).get(f"/matrix/holds/{Hold.objects.get().id}/").content.decode()
    assert "RouteWise, compared on Nov. 2, 2026: 3 % of the records were different, 2 % are left to see to." in shown
    assert "Two lists, compared on Nov. 1, 2026: 0 % of the records were different" in shown
    assert "50 %" not in shown.partition("What it told")[2].partition("What was said and done")[0]


def test_nobody_decides_and_the_ladder_is_climbed_once(here: Cast, sync: Sync) -> None:
    guard(sync, ABSENCE | {"minutes": 20})
    ran(sync, dict(COUNTS))
    deciding.left_lying(here.district.id, now=NOW + 19 * MINUTE)
    sweep(here, NOW + 19 * MINUTE)
    assert not Escalation.objects.exists()
    for late in (20, 25):
        deciding.left_lying(here.district.id, now=NOW + late * MINUTE)
        sweep(here, NOW + late * MINUTE)
    escalation = Escalation.objects.get()
    assert told(sync.rosa)[-1] == "Held: Attendance to transportation"
    deciding.release(Hold.objects.get().id, by=sync.dan, why="It is right.", now=NOW + 30 * MINUTE)
    escalation.refresh_from_db()
    assert escalation.ended_at == NOW + 30 * MINUTE


def test_a_held_run_keeps_no_promise(here: Cast, sync: Sync) -> None:
    ran(sync, {"absent": 1, "enrolled": 800}, now=NOW - DAY)
    ran(sync, dict(COUNTS), now=FOUR_PM - 10 * MINUTE)
    sweep(here, FOUR_PM + 16 * MINUTE)
    assert FeedRun.objects.filter(outcome="missed").count() == 1
    assert (Escalation.objects.count(), state(sync)) == (1, "held"), "the ladder is climbed, and the page still says why"


def test_a_rejected_run_failed_and_brings_up_the_ladder(here: Cast, sync: Sync) -> None:
    ran(sync, dict(COUNTS))
    deciding.reject(Hold.objects.get().id, by=sync.rosa, why="The scanner was off.", now=NOW + MINUTE)
    sweep(here, NOW + 2 * MINUTE)
    assert (state(sync), Escalation.objects.count()) == ("failed", 1)


def test_a_run_refused_in_a_freeze_has_not_failed(here: Cast, sync: Sync) -> None:
    ran(sync, {"absent": 1, "enrolled": 800}, now=NOW - DAY)
    local = (NOW + DAY).astimezone(here.district.zone)
    guard(sync, {"kind": "freeze", "hours": 48, "on": [f"{local:%Y-%m-%dT%H:%M}"]})
    ran(sync, {"absent": 1, "enrolled": 800})
    deciding.reject(Hold.objects.get().id, by=sync.rosa, why="After the report cards.", now=NOW + MINUTE)
    sweep(here, NOW + 2 * MINUTE)
    assert (state(sync), Escalation.objects.count()) == ("ok", 0)


def test_a_later_run_overtakes_what_waits(here: Cast, sync: Sync) -> None:
    ran(sync, dict(COUNTS))
    ran(sync, dict(COUNTS), now=NOW + MINUTE)
    assert sorted(Hold.objects.values_list("state", flat=True)) == ["rejected", "waiting"]
    ran(sync, {"absent": 3, "enrolled": 800}, now=NOW + 2 * MINUTE)
    assert set(Hold.objects.values_list("state", flat=True)) == {"rejected"}
    assert state(sync) == "ok"


def test_a_run_that_tells_nothing_leaves_what_was_seen_to_be_decided(here: Cast, sync: Sync) -> None:
    ran(sync, dict(COUNTS))
    ran(sync, {}, now=NOW + MINUTE)
    assert list(Hold.objects.values_list("state", flat=True)) == ["waiting", "waiting"]
    assert state(sync) == "held"


def test_a_program_whose_run_was_overtaken_is_told_so(here: Cast, sync: Sync) -> None:
    client, where = visitor(here.district), f"/matrix/ping/{sync.feed.token}"
    assert client.post(f"{where}?absent=400&enrolled=700&run=A").status_code == 423
    assert client.post(f"{where}?absent=401&enrolled=700&run=B").status_code == 423
    for answer in (client.get(f"{where}/held?run=A"), client.post(f"{where}?absent=400&enrolled=700&run=A")):
        assert (answer.status_code, answer.content.split(b":")[0].strip()) == (409, b"OVERTAKEN")
    deciding.reject(Hold.objects.get(state="waiting").id, by=sync.rosa, why="No.", now=NOW + MINUTE)
    assert client.get(f"{where}/held?run=B").content.strip() == b"REJECTED"


def test_what_was_rejected_may_fail_and_be_brought_again_under_its_name(here: Cast, sync: Sync) -> None:
    held = ran(sync, dict(COUNTS), key="monday")
    deciding.reject(Hold.objects.get().id, by=sync.rosa, why="No.", now=NOW + MINUTE)
    assert ran(sync, dict(COUNTS), key="monday", now=NOW + 2 * MINUTE).id == held.id
    assert ran(sync, {}, key="monday", outcome="failed", now=NOW + 3 * MINUTE).outcome == "failed"


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_two_who_decide_at_once_decide_once(cedar: Cast) -> None:
    here = cedar
    with district_scope(here.district.id):
        sync = make_sync(here)
        guard(sync, ABSENCE)
        ran(sync, dict(COUNTS))
        hold = Hold.objects.get()
    won: list[bool] = []

    def decide(verb: Any, who: Any) -> None:
        with district_scope(here.district.id):
            won.append(verb(hold.id, by=who, why="So be it.", now=NOW + MINUTE))
        connections.close_all()

    both = [threading.Thread(target=decide, args=pair) for pair in ((deciding.release, sync.rosa), (deciding.reject, sync.dan))]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(won) == [False, True]
    with district_scope(here.district.id):
        assert HoldEntry.objects.filter(act__in=["released", "rejected"]).count() == 1


def test_the_same_run_told_twice_is_held_once(here: Cast, sync: Sync) -> None:
    first, again = (ran(sync, dict(COUNTS), now=NOW + step * MINUTE, key="night-7") for step in (0, 1))
    assert (first.id, Hold.objects.count()) == (again.id, 1)
    ran(sync, {}, now=NOW + 2 * MINUTE, key="night-7", outcome="started")
    assert FeedRun.objects.filter(key="night-7").count() == 2, "its start is another thing than its end"


# --- starts ----------------------------------------------------------------------------------------------------------


def test_a_run_that_started_and_does_not_end_is_late_before_its_promise(here: Cast, sync: Sync) -> None:
    Feed.objects.filter(id=sync.feed.id).update(rules=[], longest_minutes=30)
    ran(sync, {}, now=NOW - DAY)
    ran(sync, {}, now=NOW, outcome="started")
    sweep(here, NOW + 29 * MINUTE)
    assert state(sync) == "ok"
    sweep(here, NOW + 31 * MINUTE)
    missed = FeedRun.objects.get(outcome="missed")
    assert (state(sync), missed.note.split("\n")[0].startswith("It said at")) == ("late", True)
    ended = ran(sync, {}, now=NOW + 40 * MINUTE)
    assert (ended.took_seconds, state(sync)) == (None, "ok"), "what began so long ago was given up"
    ran(sync, {}, now=NOW + HOUR, outcome="started")
    assert ran(sync, {}, now=NOW + HOUR + MINUTE).took_seconds == 60


def test_neither_good_nor_bad_is_unknown_and_meets_nothing(here: Cast, sync: Sync) -> None:
    guard(sync)
    ran(sync, {}, now=NOW - DAY)
    ran(sync, {}, now=FOUR_PM - MINUTE, outcome="unknown")
    assert state(sync) == "unknown"
    sweep(here, FOUR_PM + 16 * MINUTE)
    assert state(sync) == "late"


def test_a_word_that_says_neither_ends_no_run_and_takes_no_hold_off(here: Cast, sync: Sync) -> None:
    Feed.objects.filter(id=sync.feed.id).update(longest_minutes=30)
    ran(sync, {}, outcome="started")
    ran(sync, {}, now=NOW + MINUTE, outcome="unknown")
    assert Feed.objects.get(id=sync.feed.id).started_at == NOW
    ran(sync, dict(COUNTS), now=NOW + 2 * MINUTE)
    ran(sync, {}, now=NOW + 3 * MINUTE, outcome="unknown")
    assert state(sync) == "held"
    ran(sync, {"absent": 1, "enrolled": 800}, now=NOW + 4 * MINUTE)
    assert Hold.objects.get().state == "rejected", "overtaken all the same"
    assert "No longer held: Export confirmation" in told(sync.rosa)


def test_a_decided_hold_calls_nobody_any_more(here: Cast, sync: Sync) -> None:
    ran(sync, {"absent": 1, "enrolled": 800}, now=NOW - DAY)
    local = (NOW + DAY).astimezone(here.district.zone)
    guard(sync, {"kind": "freeze", "hours": 48, "on": [f"{local:%Y-%m-%dT%H:%M}"], "minutes": 10})
    ran(sync, {"absent": 1, "enrolled": 800})
    deciding.left_lying(here.district.id, now=NOW + 10 * MINUTE)
    sweep(here, NOW + 10 * MINUTE)
    assert Escalation.objects.get().ended_at is None
    deciding.reject(Hold.objects.get().id, by=sync.rosa, why="After the report cards.", now=NOW + 20 * MINUTE)
    assert (Escalation.objects.get().ended_at, state(sync)) == (NOW + 20 * MINUTE, "ok")


def test_a_start_that_is_released_is_held_no_longer(here: Cast, sync: Sync) -> None:
    ran(sync, {"absent": 1, "enrolled": 800}, now=NOW - DAY)
    ran(sync, dict(COUNTS), outcome="started")
    deciding.release(Hold.objects.get().id, by=sync.rosa, why="It snows.", now=NOW + MINUTE)
    feed = Feed.objects.get(id=sync.feed.id)
    assert (feed.state, feed.started_at) == ("ok", NOW + MINUTE)


def test_half_a_run_calls_the_owners(here: Cast, sync: Sync) -> None:
    guard(sync)
    ran(sync, {"rows": 10}, outcome="partial")
    sweep(here, NOW + MINUTE)
    assert (state(sync), told(sync.rosa)) == ("partial", ["In part: Attendance to transportation"])


def test_an_hourly_feed_is_quiet_in_summer_unless_told(here: Cast, sync: Sync) -> None:
    guard(sync)
    Feed.objects.filter(id=sync.feed.id).update(terms="every 60 minutes")
    here.district.first_day, here.district.last_day = date(2026, 9, 1), date(2027, 6, 18)
    here.district.save()
    july = datetime(2027, 7, 6, 18, 0, tzinfo=UTC)
    ran(sync, {}, now=july)
    quiet = Feed.objects.get(id=sync.feed.id).expected_at
    assert quiet is None or quiet > july + 20 * DAY
    Feed.objects.filter(id=sync.feed.id).update(all_year=True, expected_at=None)
    ran(sync, {}, now=july + MINUTE)
    assert Feed.objects.get(id=sync.feed.id).expected_at == july + MINUTE + HOUR


# --- machines, and people --------------------------------------------------------------------------------------------


def test_a_program_is_told_to_stop_and_learns_what_was_decided(here: Cast, sync: Sync) -> None:
    client, address = visitor(here.district), f"/matrix/ping/{sync.feed.token}"
    assert client.get(f"{address}/held").status_code == 200
    answer = client.post(f"{address}/start?absent=412&enrolled=800&run=n1")
    assert (answer.status_code, answer.content.startswith(b"HELD")) == (423, True)
    assert client.get(f"{address}/held").status_code == 423
    assert client.post(f"{address}/start?absent=412&enrolled=800&run=n1").status_code == 423, "told again, it is held once"
    deciding.release(Hold.objects.get().id, by=sync.rosa, why="It snows.", now=timezone.now())
    assert client.get(f"{address}/held").content == b"RELEASED\n"
    assert client.post(f"{address}/start?absent=412&enrolled=800&run=n1").status_code == 200, "what was released may begin again"
    assert FeedRun.objects.filter(outcome="started").count() == 1
    assert client.post(f"{address}/0?absent=412&enrolled=800&run=n1").status_code == 200, "released once, it is not asked again"
    assert client.post(f"{address}/0?absent=412&enrolled=800&run=n2").status_code == 423
    assert client.post(f"{address}/start?absent=412&enrolled=800&run=n2").status_code == 423, "one name is held once"
    assert [client.get(f"{address}/held?run={run}").status_code for run in ("n1", "n2", "n3", "%00")] == [200, 423, 200, 400]
    deciding.reject(Hold.objects.get(state="waiting").id, by=sync.rosa, why="No.", now=timezone.now())
    assert client.post(f"{address}/start?absent=412&enrolled=800&run=n2").status_code == 409
    assert client.get(f"{address}/held?run=n2").status_code == 409
    assert client.get(f"{address}/nonsense").status_code == 400
    assert client.get(f"{address}?rows=many").status_code == 400


def test_a_system_tells_of_a_run_with_its_key(here: Cast, oak: Cast, sync: Sync) -> None:
    key = new_api_key(name="SIS", role=Role.AGENT)
    with district_scope(oak.district.id):
        foreign = new_api_key(name="SIS", role=Role.AGENT)
    client, address = visitor(here.district), f"/matrix/feeds/{sync.feed.slug}/runs"

    def tell(data: Any, with_key: str = key, to: str = address) -> Any:
        return client.post(to, json.dumps(data), content_type="application/json", headers={"Authorization": f"Bearer {with_key}"})

    answers = [tell({"counts": {"absent": 4, "enrolled": 800}, "run": "n1"}) for _twice in range(2)]
    assert [(answer.status_code, answer.json()["outcome"]) for answer in answers] == [(201, "ok")] * 2
    assert FeedRun.objects.get().way == "api"
    assert tell({"counts": COUNTS, "outcome": "started", "run": "n2"}).status_code == 423
    wrong: list[Any] = [{"outcome": "perhaps"}, {"counts": {"rows": "many"}}, {"counts": []}, {"run": "x" * 101}, []]
    assert [tell(bad).status_code for bad in wrong] == [400] * 5
    assert [tell({}, foreign).status_code, tell({}, to="/matrix/feeds/none/runs").status_code] == [401, 404]
    listed = client.get(address, headers={"Authorization": f"Bearer {key}"}).json()
    assert [row["outcome"] for row in listed] == ["held", "ok"]
    assert sign_in(here.lena, here.district).get(address).status_code == 401


def test_who_may_look_and_who_may_decide(here: Cast, oak: Cast, sync: Sync) -> None:
    ran(sync, dict(COUNTS))
    hold = Hold.objects.get()
    page, release = f"/matrix/holds/{hold.id}/", f"/matrix/holds/{hold.id}/release"
    assert visitor(here.district).get(page).status_code == 302
    assert sign_in(here.bob, here.district).get(page).status_code == 200
    assert sign_in(here.bob, here.district).post(release, {"why": "x"}).status_code == 403
    with district_scope(oak.district.id):
        assert sign_in(oak.charlie, oak.district).get(page).status_code == 404
    rosa = sign_in(a_lead(here, sync), here.district)
    assert "51.5" in rosa.get(page).content.decode()
    assert rosa.post(release, {"why": " "}).status_code == 422
    assert rosa.post(release, {"why": "It is the flu."}).status_code == 302
    assert "It is the flu." in rosa.get(page).content.decode()
    assert sign_in(here.bob, here.district).get("/matrix/holds/").status_code == 200


def test_rules_are_written_tried_on_the_past_and_taken_away(here: Cast, sync: Sync) -> None:
    guard(sync)
    for ago in range(1, 5):
        ran(sync, {"absent": 500 if ago == 2 else 5, "enrolled": 800}, now=timezone.now() - ago * DAY)
    ada, page = sign_in(here.ada, here.district), f"/matrix/holds/rules/{sync.feed.slug}/"
    assert sign_in(here.alice, here.district).get(page).status_code == 403
    typed = {"kind": "share", "count": "absent", "of": "enrolled", "minutes": 60}
    assert ada.post(page, typed).status_code == 422, "a share of how much?"
    assert ada.post(page, typed | {"percent": 50}).status_code == 302
    shown = ada.get(page).content.decode()
    assert "In the last three months 1 run would have been held" in shown
    (kept,) = Feed.objects.get(id=sync.feed.id).rules
    sentence = words.sentence(Rule.read(kept))
    assert ada.post(f"{page}0/remove", {"rule": "another"}).status_code == 302
    assert Feed.objects.get(id=sync.feed.id).rules
    ada.post(f"{page}0/remove", {"rule": sentence})
    assert Feed.objects.get(id=sync.feed.id).rules == []


def test_what_is_usual_is_read_from_runs_that_went_through(here: Cast, sync: Sync) -> None:
    guard(sync)
    for week in range(1, 5):
        ran(sync, {"rows": 100 + week}, now=NOW - 7 * week * DAY)
        ran(sync, {"rows": 7}, now=NOW - (7 * week + 1) * DAY)
    guard(sync, {"kind": "usual", "count": "rows", "percent": 20})
    assert ran(sync, {"rows": 110}).outcome == "ok"
    assert ran(sync, {"rows": 7}, now=NOW + MINUTE).outcome == "held"
    for hour in range(1, 4):
        ran(sync, {"rows": 500}, now=NOW - 7 * DAY - hour * HOUR)
    found = judging.usual_runs(Feed.objects.get(id=sync.feed.id), at=NOW + MINUTE, zone=here.district.zone)
    assert [counts["rows"] for counts in found] == [101, 102, 103, 104]
