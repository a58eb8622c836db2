"""The outage's pages as people use them, the status page as anybody reads it, and the address for watching systems."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.utils import timezone

from delivery.models import Delivery
from districts.actions import new_api_key
from districts.models import Role, Site
from incidents import actions, linking
from incidents.models import (
    Action,
    Decision,
    Happening,
    Incident,
    Kind,
    LinkedTicket,
    PaperForm,
    PaperKind,
    ProcessRule,
    Subscriber,
    Task,
    Update,
)
from ownership.models import Process, System
from tests.conftest import Cast, a_ticket, sign_in, visitor
from tests.test_incidents import begin, make_plan, move

SECRET = "Their disk is full"


@pytest.fixture
def plan(here: Cast) -> Cast:
    return make_plan(here)


@pytest.fixture
def incident(plan: Cast) -> Incident:
    return begin(plan, now=timezone.now())


def said(response: Any) -> str:
    return str(response.content.decode())


def declared(**more: Any) -> dict[str, Any]:
    local = timezone.localtime(timezone.now()).strftime("%Y-%m-%dT%H:%M")
    return {"title": "RosterPoint does not open", "scope": "district", "severity": "major", "began_at": local, **more}


def test_a_person_declares_one(plan: Cast) -> None:
    client = sign_in(plan.alice, plan.district)
    page = client.get("/outages/")
    assert "Nothing is down" in said(page)
    sis = System.objects.get(slug="sis")
    response = client.post("/outages/new", declared(systems=[str(sis.id)], shown="on", seen="Attendance cannot be entered."))
    incident = Incident.objects.get()
    assert response.headers["Location"] == f"/outages/{incident.id}/"
    assert (incident.declared_by, incident.source, incident.level) == (plan.alice, "person", 1)
    page = client.get(f"/outages/{incident.id}/")
    assert "Confirm with two other users that it is widespread" in said(page)
    assert "due in" in said(page)
    assert "Attendance cannot be entered." in said(visitor(plan.district).get("/status/"))


def test_what_cannot_be_is_said_and_what_was_typed_is_kept(plan: Cast) -> None:
    client = sign_in(plan.alice, plan.district)
    response = client.post("/outages/new", declared(scope="school"))
    assert response.status_code == 422
    assert "Tick the schools that are affected." in said(response)
    assert "RosterPoint does not open" in said(response)
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    ("since", "why"), [("0001-01-01T10:00", "more than a year ago"), ("2019-05-01T10:00", "more than a year ago"),
                       ("9999-12-31T23:59", "in the future")],
)  # fmt: skip
def test_since_when_is_a_time_that_can_be(plan: Cast, incident: Incident, since: str, why: str) -> None:
    client = sign_in(plan.alice, plan.district)
    asked = client.post("/outages/new", declared(began_at=since))
    assert asked.status_code == 422
    assert why in said(asked)
    words = client.post(f"/outages/{incident.id}/words", {"title": "Slow", "severity": "minor", "began_at": since})
    assert why in said(words)
    update = client.post(f"/outages/{incident.id}/update", {"audience": "staff", "text": "Soon", "state": "confirmed", "eta": since})
    assert "more than a year from now" in said(update)
    assert Incident.objects.count() == 1


def test_a_second_person_is_asked_whether_it_is_the_same(plan: Cast, incident: Incident) -> None:
    client, sis = sign_in(plan.bob, plan.district), System.objects.get(slug="sis")
    asked = client.post("/outages/new", declared(systems=[str(sis.id)]))
    assert "runs already" in said(asked)
    assert Incident.objects.count() == 1
    client.post("/outages/new", declared(systems=[str(sis.id)], join="1"))
    assert Incident.objects.count() == 1
    client.post("/outages/new", declared(systems=[str(sis.id)], anew="1"))
    assert Incident.objects.count() == 2


def test_from_a_ticket_what_is_known_is_filled_in_and_it_is_linked(plan: Cast) -> None:
    ticket = a_ticket(plan, text="RosterPoint is down at Maple", site=plan.maple, now=timezone.now())
    client = sign_in(plan.alice, plan.district)
    form = said(client.get(f"/outages/new?ticket={ticket.id}"))
    assert f"From ticket #{ticket.number}" in form
    assert 'value="RosterPoint is down at Maple"' in form
    client.post("/outages/new", declared(ticket=str(ticket.id), scope="school", sites=[str(plan.maple.id)]))
    assert LinkedTicket.objects.get().ticket == ticket
    assert Incident.objects.get().source == "ticket"


def test_an_update_sets_state_and_time_and_what_is_for_staff_stays_inside(plan: Cast, incident: Incident) -> None:
    client = sign_in(plan.alice, plan.district)
    eta = timezone.localtime(timezone.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    client.post(f"/outages/{incident.id}/update", {"audience": "staff", "text": SECRET, "state": "identified", "eta": eta})
    assert "RosterPoint" not in said(visitor(plan.district).get("/status/feed.atom"))
    client.post(
        f"/outages/{incident.id}/update",
        {"audience": "public", "text": "We know why.", "text_es": "Sabemos por qué.", "state": "identified", "eta": eta},
    )
    for address in ("/status/", f"/status/{incident.id}/", "/status/feed.atom", "/status/feed.rss"):
        page = visitor(plan.district).get(address)
        assert page.status_code == 200
        assert "We know why." in said(page)
        assert SECRET not in said(page)
        assert not any(name in said(page) for name in ("Alice", "Sam"))
    spanish = visitor(plan.district).get("/status/", headers={"accept-language": "es"})
    assert "Sabemos por qué." in said(spanish)
    assert Incident.objects.get().state == "identified"
    assert SECRET in said(client.get(f"/outages/{incident.id}/"))


def test_what_is_not_shown_is_not_there(plan: Cast, incident: Incident, oak: Cast) -> None:
    assert visitor(plan.district).get(f"/status/{incident.id}/").status_code == 404
    actions.post(incident, audience="public", text="Down", by=plan.alice, now=timezone.now())
    assert visitor(plan.district).get(f"/status/{incident.id}/").status_code == 200
    assert visitor(oak.district).get(f"/status/{incident.id}/").status_code == 404
    assert "RosterPoint" not in said(visitor(oak.district).get("/status/"))


def test_the_status_page_of_a_school_leaves_the_others_out(plan: Cast) -> None:
    elm = Site.objects.create(code="ELM", name="Elm")
    begin(plan, now=timezone.now(), scope="school", sites=[plan.maple], shown=True)
    assert "RosterPoint is down" in said(visitor(plan.district).get("/status/?school=MRE"))
    assert "RosterPoint is down" not in said(visitor(plan.district).get(f"/status/?school={elm.code}"))


def test_caches_may_keep_the_status_page_but_not_that_of_somebody_signed_in(plan: Cast) -> None:
    assert visitor(plan.district).get("/status/").headers["Cache-Control"].startswith("public, max-age=20")
    page = visitor(plan.district).get("/status/")
    assert "sessionid" not in page.cookies
    assert "private" in sign_in(plan.alice, plan.district).get("/status/").headers["Cache-Control"]


def test_subscribing_takes_two_steps_and_ends_with_one_link(plan: Cast) -> None:
    cache.clear()  # an address may ask so many times an hour, and others here had the same
    somebody = visitor(plan.district)
    assert somebody.post("/status/subscribe", {"contact": "not an address"}).status_code == 422
    answer = said(somebody.post("/status/subscribe", {"contact": "New@X.example", "school": "MRE"}))
    row = Subscriber.objects.get()
    assert (row.address, row.confirmed_at) == ("new@x.example", None)
    assert "One more step" in answer
    link = next(word for word in Delivery.objects.get(purpose="status").body.split() if "/status/confirm/" in word)
    path, asked = urlsplit(link).path, urlsplit(link).query
    somebody.get(f"{path}?{asked}")
    assert Subscriber.objects.get().confirmed_at is None  # a program that follows links confirms nothing
    somebody.post(f"{path}?{asked}")
    row.refresh_from_db()
    assert row.confirmed_at is not None
    assert row.site == plan.maple
    leave = path.replace("confirm", "leave")
    somebody.get(leave)
    assert Subscriber.objects.get().ended_at is None
    somebody.post(leave)
    assert Subscriber.objects.get().ended_at is not None
    assert somebody.get("/status/confirm/nonsense").status_code == 404


def test_a_notice_leads_to_one_button(plan: Cast, incident: Incident) -> None:
    actions.post(
        incident,
        audience="staff",
        text="Long",
        eta=timezone.now() + timedelta(hours=5),
        keep_eta=False,
        by=plan.alice,
        now=timezone.now(),
    )
    task = Task.objects.get(kind=Kind.BACKUP)
    letter = Delivery.objects.get(person=plan.lena, channel="email")
    assert letter.link == f"/outages/{incident.id}/steps/{task.id}/"
    client = sign_in(plan.lena, plan.district)
    assert "Yes, our backup is active" in said(client.get(letter.link))
    assert Task.objects.get(id=task.id).done_at is None
    client.post(letter.link, {"evidence": "The backup is active."})
    task.refresh()
    assert (task.done_by, task.evidence) == (plan.lena, "The backup is active.")


def test_a_step_needs_a_word_of_proof(plan: Cast, incident: Incident) -> None:
    task = Task.objects.filter(incident=incident).order_by("order")[0]
    client = sign_in(plan.sam, plan.district) if plan.sam.account_ref else sign_in(plan.alice, plan.district)
    assert client.post(f"/outages/{incident.id}/steps/{task.id}/", {"evidence": " "}).status_code == 422
    client.post(f"/outages/{incident.id}/steps/{task.id}/", {"evidence": "Asked Jo and Kim"})
    assert "Asked Jo and Kim" in said(client.get(f"/outages/{incident.id}/"))


def test_paper_is_handed_out_printed_and_accounted_for(plan: Cast, incident: Incident) -> None:
    client, kind = sign_in(plan.alice, plan.district), PaperKind.objects.get(slug="enrollment")
    at = f"/outages/{incident.id}/paper/"
    client.post(f"{at}issue", {"kind": str(kind.id), "site": str(plan.maple.id), "count": "3"})
    sheets = said(client.get(f"{at}{plan.maple.id}/enrollment/"))
    assert [f"E-000{n}" in sheets for n in (1, 2, 3, 4)] == [True, True, True, False]
    assert "3 missing: 1–3" in said(client.get(at))
    give = {"kind": str(kind.id), "site": str(plan.maple.id)}
    client.post(f"{at}settle", {**give, "numbers": "1-2", "state": "entered"})
    wrong = client.post(f"{at}settle", {**give, "numbers": "3", "state": "void"})
    assert (wrong.status_code, "Say why they are void" in said(wrong)) == (422, True)
    client.post(f"{at}settle", {**give, "numbers": "3", "state": "void", "reason": "Coffee"})
    assert "Every form is accounted for" in said(client.get(at))
    assert PaperForm.objects.get(number=3).settled_by == plan.alice


def test_the_gate_asks_first_and_only_a_lead_overrides(plan: Cast, incident: Incident) -> None:
    at = f"/outages/{incident.id}/resolve"
    assert sign_in(plan.bob, plan.district).post(at, {"override": "Because"}).status_code == 403
    lee = sign_in(plan.lee, plan.district)
    lee.post(at, {"sure": "1"})
    assert Incident.objects.get().is_running
    asked = lee.post(at, {"override": "Winter break"})
    assert "What has left cannot be called back." in said(asked)
    assert Incident.objects.get().is_running
    lee.post(at, {"override": "Winter break", "sure": "1"})
    assert Incident.objects.get().state == "resolved"
    assert "Winter break" in said(lee.get(f"/outages/{incident.id}/"))
    assert "Winter break" in said(lee.get(f"/outages/{incident.id}/review/"))


def test_tickets_are_offered_linked_and_answered_from_the_page(plan: Cast, incident: Incident) -> None:
    ticket = a_ticket(plan, text="RosterPoint is slow", now=timezone.now())
    client = sign_in(plan.alice, plan.district)
    assert f"#{ticket.number}" in said(client.get(f"/outages/{incident.id}/"))
    client.post(f"/outages/{incident.id}/link", {"ticket": [str(ticket.id)]})
    client.post(f"/outages/{incident.id}/answer", {"text": "We know, and work on it."})
    move(plan, timezone.now())
    assert "We know, and work on it." in Delivery.objects.get(purpose="reply").body
    assert linking.incidents_for(ticket) == [(incident, True)]
    client.post(f"/outages/{incident.id}/unlink", {"ticket": str(ticket.id)})
    assert not LinkedTicket.objects.exists()


def test_scope_and_words_are_changed_at_the_page(plan: Cast, incident: Incident) -> None:
    client = sign_in(plan.alice, plan.district)
    client.post(f"/outages/{incident.id}/scope", {"scope": "school", "sites": [str(plan.maple.id)], "systems": []})
    incident.refresh()
    assert (incident.scope, incident.sites.count(), incident.systems.count()) == ("school", 1, 0)
    wrong = client.post(f"/outages/{incident.id}/words", {"title": "", "severity": "minor"})
    assert wrong.status_code == 422
    local = timezone.localtime(incident.began_at).strftime("%Y-%m-%dT%H:%M")
    client.post(
        f"/outages/{incident.id}/words",
        {"title": "Slow", "title_es": "Lento", "seen": "", "severity": "minor", "began_at": local, "cause": SECRET},
    )
    assert Incident.objects.get().versions == {"es": {"title": "Lento"}}
    client.post(f"/outages/{incident.id}/decide", {"question": "Tell families?", "answer": "Not yet"})
    assert Decision.objects.get().by == plan.alice


def test_what_was_learned_becomes_a_step(plan: Cast, incident: Incident) -> None:
    client = sign_in(plan.alice, plan.district)
    client.post(f"/outages/{incident.id}/review/", {"text": "Print forms ahead", "owner": str(plan.bob.id)})
    finding = Task.objects.get(kind=Kind.FINDING)
    assert finding.owner == plan.bob
    client.post(f"/outages/{incident.id}/review/", {"finding": str(finding.id), "text": "Print 200 forms ahead", "owner": ""})
    assert Task.objects.get(kind=Kind.FINDING).title == "Print 200 forms ahead"


def test_the_plan_is_edited_by_administrators_only(plan: Cast) -> None:
    assert sign_in(plan.alice, plan.district).get("/setup/outages/").status_code == 403
    client = sign_in(plan.ada, plan.district)
    page = said(client.get("/setup/outages/"))
    assert "@transportation: Transportation takes route changes by phone" in page
    level = Action.objects.get(kind=Kind.BACKUP).level
    at, prefix = f"/setup/outages/levels/{level.id}", str(level.number)
    lines = "Call around\n? Close early\n@technology: Spare laptops"
    typed = {"name": "Adjust", "after_minutes": "25", "step_minutes": "20", "actions": lines}
    given = {f"{prefix}-{name}": value for name, value in typed.items()}
    client.post(at, given)
    assert [(a.kind, a.title) for a in level.actions.order_by("order")] == [
        ("do", "Call around"), ("decide", "Close early"), ("backup", "Spare laptops"),
    ]  # fmt: skip
    wrong = client.post(at, {**given, f"{prefix}-actions": "@nobody: x"})
    assert (wrong.status_code, level.actions.count()) == (422, 3)
    process = Process.objects.create(slug="p", name="P")
    client.post("/setup/outages/rules", {"long_minutes": "90", f"process-{process.id}": "start"})
    assert ProcessRule.objects.get().starts == "start"


# --- the address for watching systems ----------------------------------------------------------------------------------


def test_an_alert_begins_an_outage_once(plan: Cast) -> None:
    key = new_api_key(name="Watcher", role=Role.AGENT)
    client = visitor(plan.district)
    alert = {"title": "RosterPoint does not answer", "key": "probe-7", "systems": ["sis"], "schools": ["MRE"]}

    def send(**more: Any) -> Any:
        return client.post(
            "/api/outages", {**alert, **more}, content_type="application/json", headers={"Authorization": f"Bearer {key}"}
        )

    first = send()
    assert first.status_code == 201, first.content
    assert send().status_code == 200
    assert send(key="probe-8").json()["id"] == first.json()["id"]  # another alert of the same: it joins
    incident = Incident.objects.get()
    assert (incident.source, incident.scope, incident.level, incident.declared_by) == ("alert", "school", 1, None)


def test_an_alert_is_not_refused_for_a_name_that_the_district_does_not_have(plan: Cast) -> None:
    key = new_api_key(name="Watcher", role=Role.AGENT)
    alert = {"title": "Wi-Fi is down", "key": "w", "systems": ["wifi"], "schools": ["MRE", "NOPE"], "began_at": "2199-01-01T00:00:00Z"}
    headers = {"Authorization": f"Bearer {key}"}
    sent = visitor(plan.district).post("/api/outages", alert, content_type="application/json", headers=headers)
    assert sent.status_code == 201, sent.content
    incident = Incident.objects.get()
    assert incident.scope == "district"  # one of its schools is not known: better told too widely
    assert incident.began_at <= incident.detected_at
    assert Happening.objects.get(what="declared").data["systems"] == ["wifi", "NOPE"]


def test_what_cannot_be_read_is_told_as_at_every_door_for_programs(plan: Cast) -> None:
    headers = {"Authorization": f"Bearer {new_api_key(name='Watcher', role=Role.AGENT)}"}
    for body, status, slug in (("[" * 100_000, 400, "malformed"), ('{"title": 7, "key": "k"}', 400, "invalid"), ("{}", 400, "invalid")):
        answer = visitor(plan.district).post("/api/outages", body, content_type="application/json", headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (status, f"/api/#{slug}"), body[:30]
    assert not Incident.objects.exists()


def test_only_a_key_of_the_district_may_declare(plan: Cast) -> None:
    response = visitor(plan.district).post("/api/outages", {"title": "x", "key": "y"}, content_type="application/json")
    assert response.status_code in (401, 403)
    assert not Incident.objects.exists()


def test_updates_are_never_edited(plan: Cast, incident: Incident) -> None:
    first = actions.post(incident, audience="public", text="One", by=plan.alice, now=timezone.now())
    actions.post(incident, audience="public", text="Two", by=plan.alice, now=timezone.now())
    assert Update.objects.get(id=first.id).text == "One"


def test_a_ticket_is_offered_the_outage_beside_it(plan: Cast, incident: Incident) -> None:
    ticket = a_ticket(plan, text="RosterPoint is slow", now=timezone.now())
    client = sign_in(plan.alice, plan.district)
    assert f"/outages/beside/{ticket.id}/" in said(client.get(f"/desk/{ticket.id}/"))
    block = said(client.get(f"/outages/beside/{ticket.id}/", HTTP_HX_REQUEST="true"))
    assert "It is part of this" in block
    other = a_ticket(plan, text="The bus is late", now=timezone.now())
    assert "Declare it" in said(client.get(f"/outages/beside/{other.id}/", HTTP_HX_REQUEST="true"))
