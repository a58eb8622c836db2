"""The outage run: who is sent for and when, what starts one, and what keeps it from being called over."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from delivery.models import Delivery
from districts.access import actor_for
from districts.contacts import email
from districts.models import Role, Site, Team
from districts.scope import district_scope
from incidents import actions, gate, levels, linking, paper, playbook, starting, subscribing, sweep
from incidents.models import (
    Action,
    Decision,
    Happening,
    Incident,
    Kind,
    Letter,
    Level,
    Offer,
    PaperForm,
    PaperKind,
    ProcessRule,
    Subscriber,
    Task,
    Update,
)  # fmt: skip
from incidents.starting import New
from ownership.models import Feed, OwnerRole, Process, System
from tests.conftest import NOW, Cast, a_ticket, person, sign_in
from tests.test_ownership import make_sync
from tests.test_ownership import sweep as sweep_feeds
from tickets.models import Message

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PLAN: list[dict[str, Any]] = [
    {"level": 1, "name": "System alert", "from_minute": 0, "to_minute": 15, "actor_role": "secretary",
     "actions": ["Confirm with two other users that it is widespread", "Switch to paper backup forms"]},
    {"level": 2, "name": "Initial response", "from_minute": 15, "to_minute": 30, "actor_role": "desk-lead",
     "actions": ["Confirm scope", "Check related systems"]},
    {"level": 3, "name": "Operational adjustment", "from_minute": 30, "to_minute": 60, "actor_role": "director",
     "actions": ["When the fix will take more than 2 hours, start contingency workflows",
                 "Transportation takes route changes by phone", "Each department lead confirms the backup is active"]},
    {"level": 4, "name": "Executive notification", "from_minute": 60, "to_minute": None, "actor_role": "superintendent",
     "actions": ["Decide if families are told", "Approve overtime for data entry after recovery"]},
    {"level": 5, "name": "Recovery validation", "from_minute": None, "to_minute": None, "after": "restoration",
     "actor_role": "coordinator",
     "actions": ["Reconcile paper records with entered data", "Each school confirms its entries",
                 "Transportation checks tomorrow's routes", "Close only after full validation"]},
]  # fmt: skip


@pytest.fixture
def plan(here: Cast) -> Cast:
    return make_plan(here)


def make_plan(cast: Cast) -> Cast:
    """Sam the secretary (Bob stands in), Hal of the desk, Dora the director, Sue the superintendent, Cleo the coordinator."""
    host, central = cast.district.host, Team.objects.create(slug="central", name="Central Office")
    for slug, name in (
        ("secretary", "Sam"),
        ("desk-lead", "Hal"),
        ("director", "Dora"),
        ("superintendent", "Sue"),
        ("coordinator", "Cleo"),
    ):
        cast.people[name.lower()] = person(name, f"{name.lower()}@{host}", role=Role.AGENT, team=central)
        OwnerRole.objects.create(slug=slug, name=slug.title(), holder=cast.people[name.lower()])
    OwnerRole.objects.filter(slug="secretary").update(deputy=cast.bob)
    playbook.load(PLAN)
    System.objects.create(slug="sis", name="RosterPoint")
    return cast


def begin(cast: Cast, *, now: datetime = NOW, **more: Any) -> Incident:
    values: dict[str, Any] = {
        "title": "RosterPoint is down",
        "began_at": now,
        "systems": list(System.objects.filter(slug="sis")),
        **more,
    }
    return starting.start(New(**values), by=cast.alice, now=now).incident


def move(cast: Cast, now: datetime) -> None:
    """What the task does in one district."""
    for drain in (sweep.look_at_feeds, sweep.move_incidents, sweep.send_updates, sweep.send_letters):
        drain(cast.district.id, now=now)


def told(who: Any) -> list[str]:
    return list(Delivery.objects.filter(person=who, channel="inapp").order_by("id").values_list("subject", flat=True))


def level_of(incident: Incident) -> int:
    return int(Incident.objects.get(id=incident.id).level)


# --- the playbook ------------------------------------------------------------------------------------------------------


def test_a_districts_own_plan_becomes_rows(plan: Cast) -> None:
    assert list(Level.objects.order_by("number").values_list("after_minutes", flat=True)) == [0, 15, 30, 60, None]
    kinds = {action.title: action.kind for action in Action.objects.all()}
    assert kinds["Transportation takes route changes by phone"] == Kind.BACKUP
    assert kinds["Decide if families are told"] == Kind.DECIDE
    assert kinds["Each school confirms its entries"] == Kind.SCHOOL
    assert kinds["Transportation checks tomorrow's routes"] == Kind.CHECK
    assert "Close only after full validation" not in kinds  # the gate sees to it
    assert Action.objects.get(kind=Kind.BACKUP).team == plan.transportation
    assert playbook.long_minutes() == 120


def test_loading_a_plan_again_leaves_what_was_edited(plan: Cast) -> None:
    Level.objects.filter(number=2).update(after_minutes=20)
    Action.objects.filter(title="Confirm scope").delete()
    playbook.load(PLAN)
    assert Level.objects.get(number=2).after_minutes == 20
    assert not Action.objects.filter(title="Confirm scope").exists()


def test_a_district_without_a_plan_has_one_when_it_needs_it(here: Cast) -> None:
    incident = starting.start(New(title="No network", began_at=NOW), by=here.alice, now=NOW).incident
    assert Level.objects.count() == 5
    assert incident.level == 1
    assert Task.objects.filter(incident=incident, owner__isnull=False).count() == 3


# --- levels by the clock -----------------------------------------------------------------------------------------------


def test_levels_begin_by_the_clock_and_each_owner_hears_once(plan: Cast) -> None:
    incident = begin(plan)
    assert level_of(incident) == 1
    assert told(plan.sam) == ["Outage, level 1: RosterPoint is down"]
    move(plan, NOW + 14 * MINUTE)
    assert level_of(incident) == 1
    move(plan, NOW + 15 * MINUTE)
    move(plan, NOW + 15 * MINUTE)
    assert level_of(incident) == 2
    assert told(plan.hal) == ["Outage, level 2: RosterPoint is down"]
    move(plan, NOW + 61 * MINUTE)
    assert level_of(incident) == 4
    assert told(plan.sue) == ["Outage, level 4: RosterPoint is down"]
    assert "Decide if families are told" in Delivery.objects.get(person=plan.sue, channel="email").body


def test_a_late_sweep_begins_every_level_that_is_due(plan: Cast) -> None:
    incident = begin(plan)
    move(plan, NOW + 3 * HOUR)
    assert level_of(incident) == 4
    assert sorted(set(Task.objects.filter(incident=incident).values_list("level", flat=True))) == [1, 2, 3, 4]


def test_a_step_that_is_late_climbs_to_the_next_in_line_and_wakes_nobody_twice(plan: Cast) -> None:
    incident = begin(plan)
    for minute in range(0, 120, 5):
        move(plan, NOW + minute * MINUTE)
    task = Task.objects.get(incident=incident, level=1, order=0)
    assert task.owner != plan.sam
    assert len(task.told) == len(set(task.told)) > 2
    assert told(plan.bob).count("Now with you: RosterPoint is down") == 1  # two steps, one letter
    keys = list(Delivery.objects.values_list("dedupe_key", flat=True))
    assert len(keys) == len(set(keys))


def test_a_step_that_is_done_climbs_no_more(plan: Cast) -> None:
    incident = begin(plan)
    for task in Task.objects.filter(incident=incident):
        assert actions.complete(task.id, by=plan.sam, evidence="Asked Jo and Kim", now=NOW + 5 * MINUTE)
        assert not actions.complete(task.id, by=plan.sam, evidence="Again", now=NOW + 6 * MINUTE)
    move(plan, NOW + 20 * MINUTE)
    assert "Now with you: RosterPoint is down" not in told(plan.bob)
    with pytest.raises(actions.Refused):
        actions.complete(task.id, by=plan.sam, evidence="  ", now=NOW)


def test_who_is_away_is_passed_over(plan: Cast) -> None:
    plan.sam.away_until = NOW.date() + timedelta(days=3)
    plan.sam.save()
    incident = begin(plan)
    assert Task.objects.filter(incident=incident, owner=plan.bob).count() == 2
    assert told(plan.sam) == []


def test_a_sweep_killed_half_way_loses_nothing_and_does_nothing_twice(plan: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = begin(plan)
    whole = levels.Mover.next_check

    def dies(self: levels.Mover, row: Incident) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(levels.Mover, "next_check", dies)
    with transaction.atomic():
        move(plan, NOW + 16 * MINUTE)
    assert level_of(incident) == 1
    assert told(plan.hal) == []
    monkeypatch.setattr(levels.Mover, "next_check", whole)
    move(plan, NOW + 16 * MINUTE + sweep.POISONED)
    assert told(plan.hal).count("Outage, level 2: RosterPoint is down") == 1


# --- starting ----------------------------------------------------------------------------------------------------------


def test_a_second_report_joins_the_one_that_runs(plan: Cast) -> None:
    first = begin(plan)
    again = starting.start(
        New(title="Cannot open RosterPoint", began_at=NOW, systems=list(System.objects.all())), by=plan.bob, now=NOW + MINUTE
    )
    assert (again.incident.id, again.new) == (first.id, False)
    assert Happening.objects.filter(incident=first, what="joined").count() == 1
    other = starting.start(
        New(title="Printers", began_at=NOW, systems=[System.objects.create(slug="print", name="PrintHub")]), by=plan.bob, now=NOW
    )
    assert other.new


def test_an_outage_of_another_school_is_another_one(plan: Cast) -> None:
    elm = Site.objects.create(code="ELM", name="Elm")
    first = begin(plan, scope="school", sites=[plan.maple])
    assert begin(plan, scope="school", sites=[elm]).id != first.id
    assert begin(plan, scope="school", sites=[plan.maple]).id == first.id


def test_an_alerts_key_is_once_even_when_it_is_over(plan: Cast) -> None:
    incident = begin(plan, key="probe-7", source="alert")
    actions.move_to(incident, state="false", by=plan.alice, now=NOW + MINUTE)
    assert begin(plan, key="probe-7", source="alert", now=NOW + HOUR).id == incident.id


@pytest.mark.parametrize(("rule", "outages", "offers"), [("start", 1, 0), ("offer", 0, 1), ("nothing", 0, 0)])
def test_a_failed_feed_does_what_its_process_says(plan: Cast, rule: str, outages: int, offers: int) -> None:
    sync = make_sync(plan)
    ProcessRule.objects.create(process=sync.process, starts=rule)
    from_feed(plan, sync)
    move(plan, NOW + MINUTE)
    move(plan, NOW + 2 * MINUTE)
    assert Incident.objects.count() == outages
    assert Offer.objects.filter(incident__isnull=True, declined_at__isnull=True).count() == offers
    assert Offer.objects.count() == 1
    assert told(plan.lee).count("Is this an outage? Attendance to transportation") == offers


def asks(person: Any) -> list[str]:
    return [row.body for row in Delivery.objects.filter(person=person, channel="inapp", subject__startswith="Is this an outage?")]


@pytest.mark.parametrize(
    ("kind", "outcome", "words"),
    [
        ("machine", "missed", "“Export confirmation” was expected by Tue, November 3, 10:00 AM and has not been heard of."),
        ("machine", "failed", "“Export confirmation” said at Tue, November 3, 10:00 AM that it failed."),
        ("check", "missed", "“Export confirmation” was to be signed by Tue, November 3, 10:00 AM, and nobody has signed it."),
        ("check", "failed", "Whoever looked at “Export confirmation” at Tue, November 3, 10:00 AM says that something is wrong."),
    ],
)
def test_an_offer_says_what_happened(plan: Cast, kind: str, outcome: str, words: str) -> None:
    feed = make_sync(plan).feed
    Feed.objects.filter(id=feed.id).update(kind=kind)
    feed.runs.create(outcome=outcome, at=NOW, expected_at=NOW)
    sweep_feeds(plan, NOW)
    move(plan, NOW + MINUTE)
    (body,) = asks(plan.lee)
    page = sign_in(plan.lee, plan.district).get("/outages/").content.decode().replace("\xa0", " ")
    assert words in body.replace("\u202f", " ")
    assert words in page.replace("\u202f", " ")


def test_one_process_is_offered_once_until_somebody_decides(plan: Cast) -> None:
    sync = make_sync(plan)
    second, third = (Feed.objects.create(process=sync.process, slug=name, name=name, terms="4 PM") for name in ("two", "three"))
    for minute, feed in enumerate([sync.feed, second]):
        feed.runs.create(outcome="missed", at=NOW, expected_at=NOW)
        sweep_feeds(plan, NOW + minute * MINUTE)
        move(plan, NOW + minute * MINUTE)
    assert len(asks(plan.lee)) == 1
    lee = sign_in(plan.lee, plan.district)
    page = lee.get("/outages/").content.decode()
    assert page.count("Is this an outage? Attendance to transportation") == 1
    assert "“two” was expected by" in page
    lee.post(f"/outages/offers/{Offer.objects.latest('made_at').id}/decline")
    assert Offer.objects.filter(declined_at__isnull=False, declined_by=plan.lee).count() == 2
    third.runs.create(outcome="failed", at=NOW + HOUR)
    sweep_feeds(plan, NOW + HOUR)
    move(plan, NOW + HOUR)
    assert len(asks(plan.lee)) == 2, "that is news"


def test_nothing_is_offered_of_a_process_whose_outage_runs(plan: Cast) -> None:
    sync = make_sync(plan)
    incident = begin(plan, processes=[sync.process])
    from_feed(plan, sync)
    move(plan, NOW + MINUTE)
    assert (asks(plan.lee), Offer.objects.get().incident) == ([], incident)


def from_feed(cast: Cast, sync: Any) -> None:
    from_run = sync.feed.runs.create(outcome="failed", at=NOW)
    assert from_run.handled_at is None
    sweep_feeds(cast, NOW)


def test_the_matrix_says_what_hangs_together(plan: Cast) -> None:
    sis, bus = System.objects.get(slug="sis"), System.objects.create(slug="routes", name="RouteWise")
    sync = make_sync(plan)
    Process.objects.filter(id=sync.process.id).update(source=sis, targets=["routes"])
    found = starting.related([sis])
    assert [process.id for process in found.processes] == [sync.process.id]
    assert found.systems == [bus]
    assert starting.named_in("rosterpoint does not open") == [sis]


# --- long outages ------------------------------------------------------------------------------------------------------


def test_a_long_outage_asks_each_department_once(plan: Cast) -> None:
    incident = begin(plan)
    actions.post(
        incident,
        audience="public",
        text="Back this afternoon",
        eta=NOW + 3 * HOUR,
        keep_eta=False,
        by=plan.alice,
        now=NOW + 10 * MINUTE,
    )
    asked = Task.objects.get(incident=incident, kind=Kind.BACKUP)
    assert asked.owner == plan.lena
    assert told(plan.lena) == ["Confirm your backup: RosterPoint is down"]
    for minute in (31, 40, 121):
        move(plan, NOW + minute * MINUTE)
    assert Task.objects.filter(incident=incident, kind=Kind.BACKUP).count() == 1
    assert told(plan.lena)[0:1] == ["Confirm your backup: RosterPoint is down"]
    assert Happening.objects.filter(incident=incident, what="long").count() == 1


def test_two_hours_without_an_expected_time_are_long(plan: Cast) -> None:
    incident = begin(plan)
    move(plan, NOW + 2 * HOUR)
    assert not Task.objects.filter(incident=incident, kind=Kind.BACKUP).exists()
    move(plan, NOW + 2 * HOUR + MINUTE)
    assert Task.objects.filter(incident=incident, kind=Kind.BACKUP).count() == 1


def test_what_executives_decide_stands_in_the_log(plan: Cast) -> None:
    incident = begin(plan)
    move(plan, NOW + HOUR)
    task = Task.objects.get(incident=incident, title="Decide if families are told")
    actions.complete(task.id, by=plan.sue, evidence="Yes, by 11", now=NOW + 65 * MINUTE)
    assert Decision.objects.get(incident=incident).answer == "Yes, by 11"


# --- paper and the gate ------------------------------------------------------------------------------------------------


def restored(cast: Cast, incident: Incident, now: datetime = NOW + HOUR) -> None:
    actions.move_to(incident, state="validating", by=cast.alice, now=now)


def test_numbers_are_read_as_people_write_them() -> None:
    assert paper.read_numbers("12-14, 20") == [12, 13, 14, 20]
    assert paper.read_numbers("E-0003; E-0005 – E-0006 9") == [3, 5, 6, 9]
    assert paper.spans([1, 2, 3, 7, 9, 10]) == "1–3, 7, 9–10"
    assert paper.read_numbers("e12, E-0013, 14", letter="E") == [12, 13, 14]
    for bad in ("", "twelve", "9-3", "1-99999", "A-0002", "E-1–A-3", "R3", "2, 2", "1-3, E-0003", "E", "5 5-6", "E-A-3"):
        with pytest.raises(paper.BadNumbers):
            paper.read_numbers(bad, letter="E")


def test_each_number_is_handed_out_once_and_accounted_for(plan: Cast) -> None:
    incident, kind = begin(plan), PaperKind.objects.get(slug="attendance")
    elm = Site.objects.create(code="ELM", name="Elm")
    paper.issue(incident, kind=kind, site=plan.maple, count=3, by=plan.alice, now=NOW)
    forms = paper.issue(incident, kind=kind, site=elm, count=2, by=plan.alice, now=NOW)
    assert [form.code for form in forms] == ["A-0004", "A-0005"]
    give: dict[str, Any] = {"kind": kind, "by": plan.alice, "now": NOW}
    assert paper.settle(incident, site=plan.maple, numbers=[1, 2], state="entered", **give) == 2
    for numbers, state, reason, why in (
        ([3, 4], "entered", "", "Handed out to Elm, not to Maple Ridge Elementary: A-0004. Nothing was changed."),
        ([3, 6, 7, 8, 12], "entered", "", "Never handed out to Maple Ridge Elementary: A-0006–A-0008, A-0012."),
        ([1, 2, 3], "entered", "", "Entered already: A-0001–A-0002."),
        ([2, 3], "void", "Torn", "Entered before, so not void: open it again first: A-0002."),
        ([3], "issued", "", "Not entered nor void, so there is nothing to open again: A-0003."),
    ):
        with pytest.raises(paper.BadNumbers, match=re.escape(why)):
            paper.settle(incident, site=plan.maple, numbers=numbers, state=state, reason=reason, **give)
    with pytest.raises(paper.BadNumbers):
        paper.settle(incident, site=plan.maple, numbers=[3], state="void", **give)
    assert PaperForm.objects.get(number=3).state == "issued"
    paper.settle(incident, site=plan.maple, numbers=[3], state="void", reason="Torn", **give)
    with pytest.raises(paper.BadNumbers, match=r"Void: open it again first: A-0003\."):
        paper.settle(incident, site=plan.maple, numbers=[3], state="entered", **give)
    with pytest.raises(paper.BadNumbers, match=r"Void already: A-0003\."):
        paper.settle(incident, site=plan.maple, numbers=[3], state="void", reason="Wet", **give)
    paper.settle(incident, site=plan.maple, numbers=[3], state="issued", **give)
    assert paper.settle(incident, site=plan.maple, numbers=[3], state="entered", **give) == 1


def test_the_letters_of_another_form_enter_nothing(plan: Cast) -> None:
    incident, kind = begin(plan), PaperKind.objects.get(slug="enrollment")
    paper.issue(incident, kind=kind, site=plan.maple, count=5, by=plan.alice, now=NOW)
    client, typed = sign_in(plan.alice, plan.district), {"kind": str(kind.id), "site": str(plan.maple.id), "state": "entered"}
    for numbers in ("A-0002", "R-3", "E-1, M-0004"):
        answer = client.post(f"/outages/{incident.id}/paper/settle", {**typed, "numbers": numbers})
        assert answer.status_code == 422
        assert "is of another form: the numbers here begin with E." in answer.content.decode()
        assert numbers in answer.content.decode()
    assert not PaperForm.objects.exclude(state="issued").exists()
    for numbers in ("2", "E-0003-E-0005"):
        client.post(f"/outages/{incident.id}/paper/settle", {**typed, "numbers": numbers})
    assert list(PaperForm.objects.filter(state="entered").order_by("number").values_list("number", flat=True)) == [2, 3, 4, 5]


def test_the_gate_lets_nothing_through_that_is_not_proved(plan: Cast) -> None:
    incident, kind = begin(plan, scope="school", sites=[plan.maple]), PaperKind.objects.get(slug="attendance")
    paper.issue(incident, kind=kind, site=plan.maple, count=2, by=plan.alice, now=NOW)
    with pytest.raises(actions.NotYet) as told_first:
        actions.resolve(incident, by=plan.alice, now=NOW + HOUR)
    assert [one.where for one in told_first.value.missing] == ["restored", "paper"]
    restored(plan, incident)
    with pytest.raises(actions.NotYet) as refused:
        actions.resolve(incident, by=plan.alice, now=NOW + HOUR)
    assert [one.what for one in refused.value.missing] == [
        "Maple Ridge Elementary: 2 paper forms are neither entered nor void.", "Transportation checks tomorrow's routes",
        "Maple Ridge Elementary: Each school confirms its entries",
    ]  # fmt: skip
    paper.settle(incident, kind=kind, site=plan.maple, numbers=[1], state="entered", by=plan.alice, now=NOW + HOUR)
    paper.settle(incident, kind=kind, site=plan.maple, numbers=[2], state="void", reason="Spoiled", by=plan.alice, now=NOW + HOUR)
    for task in Task.objects.filter(incident=incident, done_at__isnull=True):
        actions.complete(task.id, by=plan.cleo, evidence="Compared", said_by="Ms. Ortiz", now=NOW + 2 * HOUR)
    assert gate.missing(Incident.objects.get(id=incident.id)) == []
    assert actions.resolve(incident, by=plan.alice, now=NOW + 2 * HOUR).state == "resolved"
    assert Incident.objects.get(id=incident.id).check_at is None


def test_every_school_confirms_a_district_wide_outage(plan: Cast) -> None:
    for n in range(3):
        Site.objects.create(code=f"S{n}", name=f"School {n}")
    Site.objects.create(code="DO", name="District Office", is_school=False)
    incident = begin(plan)
    restored(plan, incident)
    assert Task.objects.filter(incident=incident, kind=Kind.SCHOOL).count() == 4


def test_a_school_added_late_confirms_too(plan: Cast) -> None:
    elm = Site.objects.create(code="ELM", name="Elm")
    incident = begin(plan, scope="school", sites=[plan.maple])
    restored(plan, incident)
    actions.set_scope(incident, scope="several", sites=[plan.maple, elm], by=plan.alice, now=NOW + HOUR)
    assert {task.site for task in Task.objects.filter(incident=incident, kind=Kind.SCHOOL)} == {plan.maple, elm}


def test_a_leader_may_close_it_with_a_reason_that_everybody_reads(plan: Cast) -> None:
    incident = begin(plan)
    restored(plan, incident)
    closed = actions.resolve(incident, by=plan.lee, override="Winter break begins", now=NOW + 2 * HOUR)
    assert (closed.state, closed.override_reason, closed.override_by) == ("resolved", "Winter break begins", plan.lee)
    assert Happening.objects.get(incident=incident, what="override").data["missing"]


def test_when_it_breaks_again_the_levels_go_on(plan: Cast) -> None:
    incident = begin(plan)
    restored(plan, incident, NOW + 10 * MINUTE)
    actions.move_to(incident, state="restoring", by=plan.alice, now=NOW + 12 * MINUTE)
    incident.refresh()
    assert incident.restored_at is None
    assert incident.check_at is not None
    move(plan, NOW + 16 * MINUTE)
    assert Task.objects.filter(incident=incident, level=2).exists()


# --- tickets -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(plan: Cast) -> tuple[Incident, list[Any]]:
    incident = begin(plan)
    maria = person("Maria", "maria@family.example", kind="parent")
    maria.language = "es"
    maria.save()
    rows = [
        a_ticket(plan, text="RosterPoint does not open"),
        a_ticket(plan, text="RosterPoint no abre", requester=maria, language="es"),
        a_ticket(plan, text="rosterpoint still down", now=NOW + MINUTE),  # Pat once more
    ]
    a_ticket(plan, text="The bus is late")
    return incident, rows


def test_tickets_that_speak_of_it_are_offered(plan: Cast, asked: tuple[Incident, list[Any]]) -> None:
    incident, rows = asked
    actor = _actor(plan.alice)
    assert {one.ticket.id for one in linking.suggestions(incident, actor)} == {row.id for row in rows}
    assert linking.incidents_for(rows[0]) == [(incident, False)]
    linking.link(incident, chosen=rows[:1], by=plan.alice, now=NOW)
    assert linking.incidents_for(rows[0]) == [(incident, True)]


def _actor(who: Any) -> Any:
    return actor_for(who)


def test_everybody_who_asked_is_answered_once_in_their_language(plan: Cast, asked: tuple[Incident, list[Any]]) -> None:
    incident, rows = asked
    assert linking.link(incident, chosen=rows, by=plan.alice, now=NOW) == 3
    assert linking.link(incident, chosen=rows, by=plan.alice, now=NOW) == 0
    assert (
        actions.answer(incident, text="It works again.", versions={"es": "Ya funciona."}, solves=True, by=plan.alice, now=NOW + HOUR)
        == 2
    )
    move(plan, NOW + HOUR)
    move(plan, NOW + HOUR)
    replies = {row.id: list(Message.objects.filter(ticket=row, kind="reply").values_list("text", flat=True)) for row in rows}
    assert replies == {rows[0].id: ["It works again."], rows[1].id: ["Ya funciona."], rows[2].id: []}
    assert {row.refresh().status for row in rows} == {"resolved"}
    assert Delivery.objects.filter(purpose="reply").count() == 2
    assert Letter.objects.filter(sent_at__isnull=True).count() == 0


def test_resolving_answers_and_resolves_the_linked_tickets(plan: Cast, asked: tuple[Incident, list[Any]]) -> None:
    incident, rows = asked
    linking.link(incident, chosen=rows[:2], by=plan.alice, now=NOW)
    restored(plan, incident)
    actions.resolve(incident, by=plan.lee, override="A drill", to_askers="Done", now=NOW + 2 * HOUR)
    move(plan, NOW + 2 * HOUR)
    assert {row.refresh().status for row in rows[:2]} == {"resolved"}


# --- subscribers -------------------------------------------------------------------------------------------------------


def subscribed(address: str, **more: Any) -> Subscriber:
    channel = "email" if "@" in address else "sms"
    row: Subscriber = Subscriber.objects.create(channel=channel, address=address, asked_at=NOW, **{"confirmed_at": NOW, **more})
    return row


def test_an_update_goes_to_each_subscriber_once(plan: Cast) -> None:
    elm = Site.objects.create(code="ELM", name="Elm")
    subscribed("a@x.example")
    subscribed("es@x.example", language="es")
    subscribed("elm@x.example", site=elm)
    subscribed("never@x.example", confirmed_at=None)
    subscribed("left@x.example", ended_at=NOW)
    subscribed("+19165550100")
    incident = begin(plan, scope="school", sites=[plan.maple])
    actions.post(incident, audience="public", text="We work on it.", versions={"es": "Trabajamos."}, by=plan.alice, now=NOW)
    for _ in range(2):
        move(plan, NOW)
    sent = {row.address: row.body for row in Delivery.objects.filter(purpose="status")}
    assert set(sent) == {"a@x.example", "es@x.example", "+19165550100"}
    assert sent["es@x.example"].startswith("Trabajamos.")
    assert "/status/leave/" in sent["a@x.example"]
    assert Update.objects.get().sent_at == NOW


def test_words_for_staff_go_to_no_subscriber(plan: Cast) -> None:
    subscribed("a@x.example")
    incident = begin(plan)
    actions.post(incident, audience="staff", text="The vendor's disk is full", by=plan.alice, now=NOW)
    move(plan, NOW)
    assert not Delivery.objects.filter(purpose="status").exists()
    assert Incident.objects.get(id=incident.id).shown_at is None


def test_nobody_is_signed_up_without_saying_so_themselves(plan: Cast) -> None:
    contact = email("new@x.example")
    assert contact is not None
    subscribing.ask(contact, language="en", site=None, now=NOW)
    subscribing.ask(contact, language="en", site=None, now=NOW + MINUTE)
    row = Subscriber.objects.get()
    letter = Delivery.objects.get(purpose="status")
    assert f"/status/confirm/{row.token}" in letter.body
    assert row.confirmed_at is None


def test_nothing_of_it_crosses_to_another_district(plan: Cast, oak: Cast) -> None:
    begin(plan)
    with district_scope(oak.district.id):
        assert Incident.objects.count() == 0
        assert Happening.objects.count() == 0


def test_a_sweep_opens_each_district_by_itself(cedar: Cast) -> None:
    """As the worker does it, with no district open around it."""
    with district_scope(cedar.district.id):
        incident = begin(make_plan(cedar))
        sync = make_sync(cedar)
    from_outside = (sweep.look_at_feeds, sweep.move_incidents, sweep.send_updates, sweep.send_letters)
    with district_scope(cedar.district.id):
        from_feed(cedar, sync)
    for drain in from_outside:
        drain(cedar.district.id, now=NOW + 20 * MINUTE)
    with district_scope(cedar.district.id):
        assert level_of(incident) == 2
        assert Offer.objects.count() == 1
