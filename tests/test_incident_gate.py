"""Ways round the recovery gate: each is refused, or is a decision with a name and a reason that everybody reads."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from delivery.models import Delivery
from districts.actions import new_api_key
from districts.models import Role, Site
from incidents import actions, gate, linking, paper, starting
from incidents.happening import record
from incidents.models import Action, Decision, Happening, Incident, Kind, Level, PaperKind, Task
from incidents.starting import New
from ownership.models import System
from tests.conftest import NOW, Cast, a_ticket, sign_in, visitor
from tests.test_incidents import begin, make_plan, move, restored
from tickets import actions as tickets
from tickets import merging
from tickets.states import close, resolve

HOUR = timedelta(hours=1)


@pytest.fixture
def plan(here: Cast) -> Cast:
    return make_plan(here)


@pytest.fixture
def elm(plan: Cast) -> Site:
    row: Site = Site.objects.create(code="ELM", name="Elm")
    return row


@pytest.fixture
def both(plan: Cast, elm: Site) -> Incident:
    return begin(plan, scope="several", sites=[plan.maple, elm])


def state(incident: Incident) -> str:
    return str(Incident.objects.get(id=incident.id).state)


def wanting(incident: Incident) -> list[str]:
    return [one.what for one in gate.missing(Incident.objects.get(id=incident.id))]


def schools(incident: Incident) -> set[str]:
    return {task.site.name for task in Task.objects.filter(incident=incident, kind=Kind.SCHOOL) if task.site}


@pytest.mark.parametrize("method", ["put", "patch", "delete", "get"])
def test_the_api_only_reports(plan: Cast, both: Incident, method: str) -> None:
    headers = {"Authorization": f"Bearer {new_api_key(name='Watcher', role=Role.ADMIN)}"}
    client = visitor(plan.district)
    for path in ("/api/outages", f"/api/outages/{both.id}"):
        answer = getattr(client, method)(path, {"state": "resolved"}, content_type="application/json", headers=headers)
        assert answer.status_code in (404, 405)
    posted = client.post(
        "/api/outages", {"title": "Fine again", "key": "k", "systems": ["sis"], "state": "resolved"},
        content_type="application/json", headers=headers,
    )  # fmt: skip
    assert posted.status_code == 200
    assert state(both) == "suspected"
    by_machine = client.post(f"/outages/{both.id}/resolve", {"override": "x", "sure": "1"}, headers=headers)
    assert by_machine.status_code in (302, 401, 403)
    assert state(both) == "suspected"


def test_no_form_sets_it_resolved(plan: Cast, both: Incident) -> None:
    client = sign_in(plan.ada, plan.district)
    for name in ("resolved", "nonsense"):
        answer = client.post(f"/outages/{both.id}/update", {"audience": "staff", "text": "Over", "state": name})
        assert answer.status_code == 422
    with pytest.raises(actions.Refused):
        actions.post(both, audience="staff", text="Over", state="resolved", by=plan.ada, now=NOW)
    assert state(both) == "suspected"


def test_what_was_confirmed_is_no_false_alarm(plan: Cast, both: Incident) -> None:
    actions.move_to(both, state="confirmed", by=plan.alice, now=NOW)
    actions.move_to(both, state="suspected", by=plan.alice, now=NOW)
    with pytest.raises(actions.Refused, match="recovery gate"):
        actions.move_to(both, state="false", by=plan.alice, now=NOW)
    restored(plan, both)
    with pytest.raises(actions.Refused, match="recovery gate"):
        actions.move_to(both, state="false", by=plan.ada, now=NOW + HOUR)
    assert state(both) == "validating"
    page = sign_in(plan.alice, plan.district).get(f"/outages/{both.id}/").content.decode()
    assert 'value="false"' not in page


def test_nor_is_one_whose_paper_is_out(plan: Cast, both: Incident) -> None:
    kind = PaperKind.objects.get(slug="attendance")
    paper.issue(both, kind=kind, site=plan.maple, count=1, by=plan.alice, now=NOW)
    with pytest.raises(actions.Refused, match="Paper forms are out"):
        actions.move_to(both, state="false", by=plan.alice, now=NOW)
    paper.settle(both, kind=kind, site=plan.maple, numbers=[1], state="void", reason="Never used", by=plan.alice, now=NOW)
    actions.move_to(both, state="false", by=plan.alice, now=NOW)
    assert state(both) == "false"


def test_tickets_that_are_resolved_closed_or_merged_end_no_outage(plan: Cast, both: Incident) -> None:
    rows = [a_ticket(plan, text="RosterPoint is down") for _ in range(3)]
    linking.link(both, chosen=rows, by=plan.alice, now=NOW)
    restored(plan, both)
    before = wanting(both)
    merging.merge(rows[2].refresh(), into=rows[1].refresh(), by=plan.alice, why="The same", now=NOW + HOUR)
    for row in rows[:2]:
        ticket = row.refresh()
        resolve(ticket, by=plan.alice, now=NOW + HOUR)
        close(ticket, by=plan.alice, now=NOW + HOUR)
    move(plan, NOW + 2 * HOUR)
    assert (state(both), wanting(both)) == ("validating", before)


def test_a_school_is_taken_out_only_with_a_reason_in_the_log(plan: Cast, both: Incident) -> None:
    with pytest.raises(actions.Refused, match="Elm"):
        actions.set_scope(both, scope="school", sites=[plan.maple], by=plan.alice, now=NOW)
    client = sign_in(plan.alice, plan.district)
    only = {"scope": "school", "sites": [str(plan.maple.id)]}
    asked = client.post(f"/outages/{both.id}/scope", only)
    assert asked.status_code == 422
    assert "Say why they are taken out: Elm." in asked.content.decode()
    client.post(f"/outages/{both.id}/scope", {**only, "reason": "Elm has another system"})
    decision = Decision.objects.get(incident=both)
    assert (decision.question, decision.answer, decision.by) == ("Taken out of the outage: Elm", "Elm has another system", plan.alice)
    assert both.sites.count() == 1


def test_all_schools_but_one_are_taken_out_with_a_reason_too(plan: Cast, elm: Site) -> None:
    incident = begin(plan)
    with pytest.raises(actions.Refused, match="Elm"):
        actions.set_scope(incident, scope="school", sites=[plan.maple], by=plan.alice, now=NOW)


def test_a_school_that_was_asked_stays_asked(plan: Cast, both: Incident) -> None:
    restored(plan, both)
    actions.set_scope(both, scope="school", sites=[plan.maple], reason="Not theirs", by=plan.alice, now=NOW + HOUR)
    assert "Elm: Each school confirms its entries" in wanting(both)


def test_a_school_with_paper_confirms_though_it_was_taken_out(plan: Cast, elm: Site, both: Incident) -> None:
    kind = PaperKind.objects.get(slug="attendance")
    paper.issue(both, kind=kind, site=elm, count=1, by=plan.alice, now=NOW)
    actions.set_scope(both, scope="school", sites=[plan.maple], reason="Not theirs", by=plan.alice, now=NOW)
    restored(plan, both)
    assert schools(both) == {"Elm", "Maple Ridge Elementary"}
    assert "Elm: 1 paper form is neither entered nor void." in wanting(both)


def test_void_paper_has_a_name_and_a_reason(plan: Cast, both: Incident) -> None:
    kind = PaperKind.objects.get(slug="attendance")
    paper.issue(both, kind=kind, site=plan.maple, count=30, by=plan.alice, now=NOW)
    for reason in ("", "   "):
        with pytest.raises(paper.BadNumbers):
            paper.settle(both, kind=kind, site=plan.maple, numbers=range(1, 31), state="void", reason=reason, by=plan.bob, now=NOW)
    paper.settle(both, kind=kind, site=plan.maple, numbers=range(1, 31), state="void", reason="Left in the rain", by=plan.bob, now=NOW)
    said = Happening.objects.filter(incident=both, what="paper").order_by("-at", "-id")[0]
    assert (said.by, said.data["numbers"], said.data["reason"]) == (plan.bob, "1–30", "Left in the rain")
    restored(plan, both)
    for task in Task.objects.filter(incident=both, done_at__isnull=True):
        actions.complete(task.id, by=plan.cleo, evidence="Compared", said_by="Ms. Ortiz", now=NOW + HOUR)
    sure = sign_in(plan.lee, plan.district).post(f"/outages/{both.id}/resolve", {"override": ""}).content.decode()
    assert "30 paper forms are void" in sure
    assert "Left in the rain" in sure


def test_paper_that_is_opened_again_stands_in_the_timeline_and_breaks_no_page(plan: Cast, both: Incident) -> None:
    kind = PaperKind.objects.get(slug="attendance")
    give: dict[str, Any] = {"kind": kind, "site": plan.maple, "by": plan.alice, "now": NOW}
    paper.issue(both, count=5, **give)
    paper.settle(both, numbers=[1, 2, 3], state="entered", **give)
    paper.settle(both, numbers=[1, 2, 3], state="issued", **give)
    old = Happening.objects.filter(incident=both, what="paper").order_by("-at", "-id")[0].data
    record(both, "paper", now=NOW, **{**old, "act": "issued", "numbers": "2"})  # as it was written once
    client = sign_in(plan.alice, plan.district)
    for page in ("", "review/"):
        answer = client.get(f"/outages/{both.id}/{page}")
        assert answer.status_code == 200
        assert "Attendance forms of Maple Ridge Elementary open again: 1–3" in answer.content.decode()
        assert "Attendance forms of Maple Ridge Elementary open again: 2" in answer.content.decode()
        assert "Attendance forms 1–5 handed out to Maple Ridge Elementary" in answer.content.decode()


def test_what_was_proved_before_it_broke_again_is_proved_anew(plan: Cast, both: Incident) -> None:
    restored(plan, both, NOW + HOUR)
    for task in Task.objects.filter(incident=both, done_at__isnull=True):
        actions.complete(task.id, by=plan.cleo, evidence="Compared", said_by="Ms. Ortiz", now=NOW + HOUR)
    assert wanting(both) == []
    actions.move_to(both, state="confirmed", by=plan.alice, now=NOW + 2 * HOUR)
    restored(plan, both, NOW + 3 * HOUR)
    assert len(wanting(both)) == 3
    with pytest.raises(actions.NotYet):
        actions.resolve(both, by=plan.lee, now=NOW + 3 * HOUR)
    assert Happening.objects.get(incident=both, what="again").data["titles"]
    said = Happening.objects.filter(incident=both, what="done").values_list("data__evidence", flat=True)
    assert "Compared" in said
    letters = Delivery.objects.filter(person=plan.cleo, channel="inapp", dedupe_key__contains="again")
    assert letters.exists()


def test_a_school_added_between_two_breakdowns_confirms_too(plan: Cast, elm: Site) -> None:
    oak = Site.objects.create(code="OAK", name="Oak")
    incident = begin(plan, scope="school", sites=[plan.maple])
    restored(plan, incident, NOW + HOUR)
    for task in Task.objects.filter(incident=incident, done_at__isnull=True):
        actions.complete(task.id, by=plan.cleo, evidence="Compared", said_by="Ms. Ortiz", now=NOW + HOUR)
    actions.move_to(incident, state="identified", by=plan.alice, now=NOW + 2 * HOUR)
    actions.set_scope(incident, scope="several", sites=[plan.maple, elm, oak], by=plan.alice, now=NOW + 2 * HOUR)
    assert schools(incident) == {"Maple Ridge Elementary"}
    restored(plan, incident, NOW + 3 * HOUR)
    assert schools(incident) == {"Maple Ridge Elementary", "Elm", "Oak"}
    assert len(wanting(incident)) == 4
    assert Task.objects.filter(incident=incident, kind=Kind.SCHOOL, owner__isnull=True).count() == 0


def test_a_school_that_reports_it_while_it_is_checked_confirms_too(plan: Cast, elm: Site) -> None:
    incident = begin(plan, scope="several", sites=[plan.maple])
    restored(plan, incident)
    both_of = [plan.maple, elm]
    starting.start(
        New(title="Down", began_at=NOW, systems=list(System.objects.all()), scope="several", sites=both_of),
        by=plan.alice,
        now=NOW + HOUR,
    )
    assert schools(incident) == {"Maple Ridge Elementary", "Elm"}


def test_a_school_confirms_each_thing_that_the_plan_asks_of_it(plan: Cast, both: Incident) -> None:
    Action.objects.create(level=Level.objects.get(number=5), order=20, title="Each school counts its meals", kind=Kind.SCHOOL)
    restored(plan, both)
    restored(plan, both, NOW + 2 * HOUR)
    asked = Task.objects.filter(incident=both, kind=Kind.SCHOOL)
    assert sorted((task.site.code, task.title.split(": ")[1]) for task in asked if task.site) == [
        ("ELM", "Each school confirms its entries"), ("ELM", "Each school counts its meals"),
        ("MRE", "Each school confirms its entries"), ("MRE", "Each school counts its meals"),
    ]  # fmt: skip


@pytest.fixture
def asked_school(plan: Cast, both: Incident) -> Task:
    restored(plan, both)
    found: Task = Task.objects.get(incident=both, kind=Kind.SCHOOL, site=plan.maple)
    return found


def test_nobody_of_another_department_confirms_for_a_school(plan: Cast, both: Incident, asked_school: Task) -> None:
    with pytest.raises(actions.Refused, match="Somebody of Maple Ridge Elementary"):
        actions.complete(asked_school.id, by=plan.bob, evidence="Fine", said_by="Ms. Ortiz", now=NOW + HOUR)
    client, at = sign_in(plan.bob, plan.district), f"/outages/{both.id}/steps/{asked_school.id}/"
    page = client.get(at).content.decode()
    assert "Somebody of Maple Ridge Elementary confirms this" in page
    assert "<textarea" not in page
    assert f'id="e-{asked_school.id}"' not in client.get(f"/outages/{both.id}/").content.decode()
    client.post(at, {"evidence": "Fine", "said_by": "Ms. Ortiz"})
    assert Task.objects.get(id=asked_school.id).done_at is None


def test_a_school_confirms_for_itself_with_one_tap(plan: Cast, both: Incident, asked_school: Task) -> None:
    plan.bob.site = plan.maple
    plan.bob.save()
    client, at = sign_in(plan.bob, plan.district), f"/outages/{both.id}/steps/{asked_school.id}/"
    assert "Yes, everything is entered" in client.get(at).content.decode()
    client.post(at, {"evidence": "Everything is entered."})
    done = Task.objects.get(id=asked_school.id)
    assert (done.done_by, done.said_by) == (plan.bob, "")


def test_who_leads_confirms_for_a_school_with_the_name_of_who_said_so(plan: Cast, both: Incident, asked_school: Task) -> None:
    client, at = sign_in(plan.lee, plan.district), f"/outages/{both.id}/steps/{asked_school.id}/"
    assert "Yes, everything is entered" not in client.get(at).content.decode()
    refused = client.post(at, {"evidence": "Asked by telephone"})
    assert refused.status_code == 422
    assert "Write the name of whoever at the school said so." in refused.content.decode()
    assert "Asked by telephone" in refused.content.decode()
    with pytest.raises(actions.Refused, match="Write who at Maple Ridge Elementary said so"):
        actions.complete(asked_school.id, by=plan.lee, evidence="Asked", now=NOW + HOUR)
    client.post(at, {"evidence": "Asked by telephone", "said_by": "Ms. Ortiz, secretary"})
    done = Task.objects.get(id=asked_school.id)
    assert (done.done_by, done.said_by) == (plan.lee, "Ms. Ortiz, secretary")
    for page in ("", "review/"):
        assert "(said at the school: Ms. Ortiz, secretary)" in client.get(f"/outages/{both.id}/{page}").content.decode()


def test_to_say_twice_that_it_works_again_asks_nobody_twice(plan: Cast, both: Incident) -> None:
    restored(plan, both, NOW + HOUR)
    for task in Task.objects.filter(incident=both, done_at__isnull=True):
        actions.complete(task.id, by=plan.cleo, evidence="Compared", said_by="Ms. Ortiz", now=NOW + HOUR)
    restored(plan, both, NOW + 2 * HOUR)
    assert wanting(both) == []


def test_a_report_while_it_is_checked_is_one_check_more(plan: Cast, both: Incident) -> None:
    restored(plan, both)
    given = New(title="Still down at Elm", began_at=NOW, systems=list(System.objects.all()), source="alert", key="w 9")
    for _ in range(2):
        starting.start(given, by=None, now=NOW + 2 * HOUR)
    doubts = [one for one in wanting(both) if "Reported again: Still down at Elm" in one]
    assert len(doubts) == 2
    assert Task.objects.filter(incident=both, title__startswith="Reported again", owner__isnull=False).count() == 2


def test_a_plan_that_is_changed_while_an_outage_runs_stands_in_its_timeline(plan: Cast, both: Incident) -> None:
    last = Level.objects.get(number=5)
    typed = {"name": last.name, "after_minutes": "", "step_minutes": "240", "actions": ""}
    client, at = sign_in(plan.ada, plan.district), f"/setup/outages/levels/{last.id}"
    asked = client.post(at, {f"5-{name}": value for name, value in typed.items()})
    assert asked.status_code == 422
    assert "Say why its recovery gate is to do without: Each school confirms its entries; " in asked.content.decode().replace(
        "&#x27;", "'"
    )
    assert last.actions.count() == 2
    client.post(at, {f"5-{name}": value for name, value in {**typed, "reason": "Nobody is at school"}.items()})
    assert last.actions.count() == 0
    decision = Decision.objects.get(incident=both)
    assert (decision.by, decision.answer) == (plan.ada, "Nobody is at school")
    said = Happening.objects.get(incident=both, what="plan")
    assert (said.by, said.data["level"]) == (plan.ada, 5)


def test_whoever_leads_it_closes_only_what_is_proved(plan: Cast, both: Incident) -> None:
    client = sign_in(plan.bob, plan.district)
    client.post(f"/outages/{both.id}/command")
    restored(plan, both)
    at = f"/outages/{both.id}/resolve"
    assert client.post(at, {"override": "I say so", "sure": "1"}).status_code == 403
    client.post(at, {"sure": "1"})
    assert state(both) == "validating"


def test_words_that_are_changed_stand_in_the_timeline(plan: Cast, both: Incident) -> None:
    actions.describe(
        both, title="Slow", seen="", severity="minor", cause="", began_at=NOW, versions={}, by=plan.bob, now=timezone.now()
    )
    said = Happening.objects.get(incident=both, what="words")
    assert (said.by, said.data["before"]) == (plan.bob, "RosterPoint is down")


def test_no_act_of_a_ticket_touches_an_outage(plan: Cast, both: Incident) -> None:
    ticket = a_ticket(plan)
    linking.link(both, chosen=[ticket], by=plan.alice, now=NOW)
    tickets.reply(ticket, by=plan.alice, words=tickets.Words(text="Done"), solved=True, now=NOW)
    assert state(both) == "suspected"


def ways() -> Any:
    """Every address of an outage's page, for the test that none of them resolves."""
    return ["update", "words", "scope", "related", "command", "decide", "link", "unlink", "answer", "paper/issue", "paper/settle"]


@pytest.mark.parametrize("way", ways())
def test_no_other_address_takes_a_state(plan: Cast, both: Incident, way: str) -> None:
    values = {"state": "resolved", "text": "Over", "audience": "staff", "sure": "1", "override": "x"}
    sign_in(plan.ada, plan.district).post(f"/outages/{both.id}/{way}", values)
    assert state(both) == "suspected"
