"""What is said in an outage goes out once: pressed twice, by two people at the same moment, or by one who has not read the other."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone

from delivery.models import Delivery
from districts.models import Person
from districts.scope import district_scope
from incidents import actions, linking, paper, starting
from incidents.models import Decision, Incident, Letter, PaperForm, PaperKind, Update
from incidents.saying import Meanwhile, Typed
from incidents.starting import New
from tests.conftest import NOW, Cast, a_ticket, sign_in
from tests.test_incidents import begin, make_plan, move, subscribed


@pytest.fixture
def plan(here: Cast) -> Cast:
    return make_plan(here)


@pytest.fixture
def incident(plan: Cast) -> Incident:
    found = begin(plan, now=timezone.now())
    linking.link(found, chosen=[a_ticket(plan, text="RosterPoint is down")], by=plan.alice, now=NOW)
    return found


FORMS = {"answer": {"text": "We know of it."}, "update": {"audience": "public", "text": "We know of it.", "state": "confirmed"}}


def form_of(page: str, way: str) -> dict[str, str]:
    """What a browser sends along with it."""
    found = re.search(
        rf'action="[^"]*/{way}".*?name="key" value="([^"]+)"><input type="hidden" name="seen" value="([^"]+)"', page, re.S
    )
    assert found
    return {"key": found[1], "seen": found[2]}


def said(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_decision_paper_and_an_outage_that_are_pressed_twice_are_one(plan: Cast, incident: Incident) -> None:
    now, kind = timezone.now(), PaperKind.objects.order_by("letter")[0]
    given = New(title="The phones are dead", began_at=now)
    for at, there in ((now, 1), (now + timedelta(seconds=2), 1), (now + timedelta(minutes=1), 2)):
        actions.decide(incident, question="Close early?", answer="No", by=plan.lee, now=at)
        handed = paper.issue(incident, kind=kind, site=plan.maple, count=3, by=plan.lee, now=at)
        starting.start(given, by=plan.lee, now=at)
        assert Decision.objects.filter(question="Close early?").count() == there
        assert PaperForm.objects.filter(incident=incident).count() == 3 * there
        assert [form.number for form in handed] == [n + 3 * (there - 1) for n in (1, 2, 3)]
        assert Incident.objects.filter(title=given.title).count() == there
    actions.decide(incident, question="Close early?", answer="No", by=plan.alice, now=now)
    assert Decision.objects.filter(question="Close early?").count() == 3, "another person's is another"


@pytest.mark.parametrize("way", ["answer", "update"])
def test_a_form_that_is_pressed_twice_is_sent_once(plan: Cast, incident: Incident, way: str) -> None:
    subscribed("a@x.example")
    client, at = sign_in(plan.lee, plan.district), f"/outages/{incident.id}/"
    typed = {**FORMS[way], **form_of(said(client.get(at)), way)}
    for _ in range(2):
        assert client.post(f"{at}{way}", typed).status_code == 302
    move(plan, timezone.now())
    assert Update.objects.filter(incident=incident).count() == 1
    assert Delivery.objects.filter(purpose__in=["reply", "status"]).count() == 1


@pytest.mark.parametrize("way", ["answer", "update"])
def test_whoever_has_not_read_the_other_is_shown_what_was_said(plan: Cast, incident: Incident, way: str) -> None:
    first, second, at = sign_in(plan.lee, plan.district), sign_in(plan.ada, plan.district), f"/outages/{incident.id}/"
    mine, other = (form_of(said(client.get(at)), way) for client in (first, second))
    first.post(f"{at}{way}", {**FORMS[way], **mine})
    asked = second.post(f"{at}{way}", {**FORMS[way], **other, "text": "It is the network."})
    assert asked.status_code == 422
    assert f"{plan.lee.name} has just said this, so yours was not sent:" in said(asked)
    assert "We know of it." in said(asked)
    assert "It is the network.</textarea>" in said(asked)
    assert Update.objects.filter(incident=incident).count() == 1
    again = second.post(f"{at}{way}", {**FORMS[way], **form_of(said(asked), way), "text": "It is the network."})
    assert again.status_code == 302
    assert Update.objects.filter(incident=incident).count() == 2


def test_words_for_staff_wait_for_nobody(plan: Cast, incident: Incident) -> None:
    for text in ("One", "Two"):
        actions.post(incident, audience="staff", text=text, by=plan.alice, typed=Typed(uuid4()), now=NOW)
    assert Update.objects.filter(incident=incident).count() == 2


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("two_people", [True, False])
def test_two_at_the_same_moment_tell_everybody_once(cedar: Cast, two_people: bool) -> None:
    with district_scope(cedar.district.id):
        incident = begin(make_plan(cedar))
        linking.link(incident, chosen=[a_ticket(cedar, text=f"RosterPoint is down {n}") for n in range(2)], by=cedar.alice, now=NOW)
    met, key, refused = threading.Barrier(2), uuid4(), []

    def press(by: Person) -> None:
        typed = Typed(uuid4() if two_people else key)
        try:
            met.wait(20)
            for say in (answer, post):
                with district_scope(cedar.district.id):
                    try:
                        say(by, typed)
                    except Meanwhile as other:
                        refused.append(other.other.text)
        finally:
            connections["default"].close()

    def answer(by: Person, typed: Typed) -> None:
        actions.answer(incident, text="We know.", by=by, typed=typed, now=NOW)

    def post(by: Person, typed: Typed) -> None:
        public = Typed(uuid4() if two_people else uuid4_of(key), typed.seen)
        actions.post(incident, audience="public", text="We know.", by=by, typed=public, now=NOW)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(press, [cedar.alice, cedar.lee]))
    with district_scope(cedar.district.id):
        assert sorted(Update.objects.values_list("audience", flat=True)) == ["askers", "public"]
        assert Letter.objects.count() == 2  # one is answered, the other says where: both are of the same person
    assert refused == (["We know.", "We know."] if two_people else [])


def uuid4_of(key: Any) -> Any:
    """Another key, the same for both who press."""
    return type(key)(int=key.int ^ 1)
