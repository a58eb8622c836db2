"""What the form asks about a service: of whom, when, in whose language; what is said of a wrong answer, and where the answers go."""

import re
import uuid
from typing import Any

import pytest
from django.utils import timezone, translation

from districts.models import Person
from districts.scope import district_scope
from intake.form import questions as pure
from intake.form import setting_questions as setting
from intake.form.questions import Choice, Question, Tongue
from intake.models import Envelope
from intake.models import Question as Row
from intake.receiving import receive
from routing import foresight, placing, triage
from tests.conftest import Cast, sign_in, visitor
from tests.test_portal_kept import fields
from tickets.actions import NewAnswer
from tickets.models import Answer, Ticket

EN, ES = Tongue("en", "en"), Tongue("es", "en")
WHAT = (Choice("lost", {"en": "Lost", "es": "Se perdió"}), Choice("dead", {"en": "Does not start"}))


def question(key: str, kind: str = pure.TEXT, **more: Any) -> Question:
    return Question(**{"key": key, "kind": kind, "label": {"en": key.title()}, "help": {}, **more})


REPAIR = [
    question("what", pure.CHOICE, choices=WHAT, required=True),
    question("where", after="what", after_values=["lost"], required=True),
    question("police", pure.YES_NO, after="where"),
    question("report", after="police", after_values=["yes"], required=True),
]


def keys(asked: list[Question]) -> list[str]:
    return [one.key for one in asked]


# --- which are asked --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({}, ["what"]),
        ({"what": "dead"}, ["what"]),
        ({"what": "lost"}, ["what", "where"]),
        ({"what": "lost", "where": " "}, ["what", "where"]),
        ({"what": "lost", "where": "gym"}, ["what", "where", "police"]),
        ({"what": "lost", "where": "gym", "police": "yes"}, ["what", "where", "police", "report"]),
        ({"what": "dead", "where": "gym", "police": "yes"}, ["what"]),  # no link of the chain holds by itself
    ],
)
def test_a_question_waits_for_an_answer_all_the_way_up(given: dict[str, str], asked: list[str]) -> None:
    assert keys(pure.now_asked(REPAIR, given)) == asked


def test_questions_that_wait_for_each_other_or_for_nobody_are_never_asked() -> None:
    ring = [question("a", after="b"), question("b", after="c"), question("c", after="a"), question("own", after="own")]
    lost = question("lost", after="gone")
    given = dict.fromkeys(["a", "b", "c", "own", "gone"], "x")
    assert keys(pure.now_asked([*ring, lost, question("plain")], given)) == ["plain"]


@pytest.mark.parametrize(
    ("audience", "kind", "meant"),
    [
        ([], "", True), ([], "staff", True), (["staff"], "", False), (["staff"], "staff", True), (["staff"], "teacher", True),
        (["family"], "", True), (["family"], "parent", True), (["family"], "guardian", True), (["family"], "student", False),
        (["staff", "student"], "", True), (["student"], "staff", False), (["vendor"], "public", True),
    ],
)  # fmt: skip
def test_who_is_asked(audience: list[str], kind: str, meant: bool) -> None:
    assert bool(pure.for_whom([question("q", audience=audience)], kind)) is meant


# --- answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_that_is_not_asked_for_any_more_is_dropped() -> None:
    given = {"what": "dead", "where": "gym", "police": "yes", "report": "12"}
    assert pure.check(REPAIR, given, EN) == ([NewAnswer("what", "What", "Does not start")], {})


def test_what_is_missing_is_said_of_each() -> None:
    needed = [question(kind, kind, required=True, choices=WHAT) for kind in (pure.TEXT, pure.LONG, pure.CHOICE, pure.YES_NO, pure.DATE)]
    answers, wrong = pure.check(needed, {pure.TEXT: "   "}, EN)
    assert answers == []
    assert wrong == {
        "text": "Please answer this.", "long": "Please answer this.", "choice": "Please choose one.", "yes_no": "Please choose one.",
        "date": "Please give a date.",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "said", "kept"),
    [
        (pure.DATE, "2026-11-03", "Tuesday, Nov. 3, 2026"),
        (pure.DATE, "11/3/2026", "Tuesday, Nov. 3, 2026"),
        (pure.DATE, "25/11/2026", "Wednesday, Nov. 25, 2026"),
        (pure.DATE, "2026-02-30", None),
        (pure.DATE, "13/13/2026", None),
        (pure.DATE, "tomorrow", None),
        (pure.DATE, "0026-11-03", None),
        (pure.NUMBER, "3", "3"),
        (pure.NUMBER, " 1,200 ", "1200"),
        (pure.NUMBER, "1 200 000", "1200000"),
        (pure.NUMBER, "2,5", "2.5"),
        (pure.NUMBER, "-4.50", "-4.5"),
        (pure.NUMBER, "0", "0"),
        (pure.NUMBER, "three", None),
        (pure.NUMBER, "NaN", None),
        (pure.NUMBER, "1e99", None),
        (pure.NUMBER, "Infinity", None),
        (pure.CHOICE, "lost", "Lost"),
        (pure.CHOICE, "Lost", None),
        (pure.YES_NO, "yes", "Yes"),
        (pure.YES_NO, "maybe", None),
        (pure.TEXT, "  one\n two  ", "one two"),
        (pure.TEXT, "x" * 300, "x" * 199 + "…"),
        (pure.LONG, "one\ntwo", "one\ntwo"),
        (pure.LONG, "x" * 3000, "x" * 1000),
    ],
)
def test_answers_are_read_as_people_write_them(kind: str, said: str, kept: str | None) -> None:
    with translation.override("en"):
        answers, wrong = pure.check([question("q", kind, choices=WHAT)], {"q": said}, EN)
    assert [one.value for one in answers] == ([kept] if kept else [])
    assert bool(wrong) is (kept is None)
    assert all(sentence.endswith(".") for sentence in wrong.values())


def test_a_page_in_spanish_asks_in_spanish_and_its_answers_are_worked_on_in_the_first_language() -> None:
    asked = [
        question("what", pure.CHOICE, choices=WHAT, label={"en": "What?", "es": "¿Qué?"}), question("room", label={"en": "Room?"}),
        question("police", pure.YES_NO, label={"en": "Told the police?", "es": "¿Avisó a la policía?"}),
    ]  # fmt: skip
    with translation.override("es"):
        answers, _wrong = pure.check(asked, {"what": "lost", "room": "12", "police": "yes"}, ES)
        shown = pure.show(asked, {"what": "dead"}, {}, ES)
        told = [pure.again(one, kept.label, kept.value, ES) for one, kept in zip(asked, answers, strict=True)]
        gone = pure.again(None, "What?", "Lost", ES), pure.again(asked[0], "What was it?", "Broken", ES)
    assert answers == [
        NewAnswer("what", "What?", "Lost"),
        NewAnswer("room", "Room?", "12"),
        NewAnswer("police", "Told the police?", "Yes"),
    ]
    assert told == [("¿Qué?", "Se perdió"), ("Room?", "12"), ("¿Avisó a la policía?", "Sí")]
    assert gone == (("What?", "Lost"), ("¿Qué?", "Broken"))  # the question is gone; its words are others now
    assert (shown[0].label, shown[0].choices) == ("¿Qué?", [("lost", "Se perdió"), ("dead", "Does not start")])
    assert Tongue("fr", "de").of({"es": "solo"}) == "solo"
    assert Tongue("fr", "de").of({}) == ""


def test_only_answers_are_read_out_of_a_form() -> None:
    sent = {"q.bus": "42", "q.": "x", "q.a b": "x", "q." + "k" * 61: "x", "text": "no", "q.long": "y" * 5000, "q.null": "a\0b"}
    assert pure.read_given(sent) == {"bus": "42", "long": "y" * 1000, "null": "ab"}
    assert len(pure.read_given({f"q.k{n}": "x" for n in range(500)})) == pure.MOST


# --- the form ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def asks(here: Cast) -> Cast:
    make = Row.objects.create
    what = make(
        service=here.bus_late, key="trip", kind="choice", label={"en": "Which trip?", "es": "¿Cuál viaje?"}, required=True, position=1,
        choices=[{"value": "am", "label": {"en": "Morning", "es": "Mañana"}}, {"value": "pm", "label": {"en": "Afternoon"}}],
    )  # fmt: skip
    make(service=here.bus_late, key="stop", label={"en": "Which stop?"}, required=True, position=2, after=what, after_values=["am"])
    make(service=here.bus_late, key="driver", label={"en": "Driver’s radio"}, audience=["staff"], position=3)
    make(service=here.bus_late, key="old", label={"en": "Old question"}, active=False, required=True)
    return here


def send(cast: Cast, browser: Any = None, **more: Any) -> Any:
    form = {
        "step": "send", "form_id": str(uuid.uuid4()), "text": "the bus was late", "contact": "pat@cedar-family.example",
        "service": "bus-late", **more,
    }  # fmt: skip
    return (browser or visitor(cast.district)).post("/", form)


def told(response: Any) -> list[tuple[str, str]]:
    assert response.status_code == 303, response.content.decode()[:3000]
    ticket = Ticket.objects.get(token=response["Location"].split("/r/")[1].split("?")[0])
    return list(Answer.objects.filter(ticket=ticket).order_by("position").values_list("key", "value"))


def test_answers_go_with_the_request_and_are_on_its_page_and_at_the_desk(asks: Cast) -> None:
    response = send(asks, **{"q.trip": "am", "q.stop": "Maple & 5th", "seen": ["trip", "stop"]})
    assert told(response) == [("trip", "Morning"), ("stop", "Maple & 5th")]
    page = visitor(asks.district).get(response["Location"]).content.decode()
    assert "Maple &amp; 5th" in page
    ticket = Ticket.objects.get()
    desk = sign_in(asks.alice, asks.district).get(f"/desk/{ticket.id}/").content.decode()
    assert re.search(r"<dt><bdi>Which stop\?</bdi></dt><dd[^>]*>Maple &amp; 5th</dd>", desk)


def test_a_page_without_scripts_comes_again_with_the_question_that_came_up(asks: Cast) -> None:
    browser = visitor(asks.district)
    first = send(asks, browser, **{"q.trip": "am", "seen": ["trip"], "contact": "pat@cedar-family.example"})
    page = first.content.decode()
    assert first.status_code == 422
    assert "One more question, then it is sent." in page
    assert "Please answer this." not in page  # nobody has seen it yet
    again = fields(page, "still") | {"q.trip": "am"}
    assert again["q.stop"] == ""
    wrong = browser.post("/", {**again, "seen": ["trip", "stop"]})
    assert 'href="#q-stop"' in wrong.content.decode()
    assert told(browser.post("/", {**again, "q.stop": "Oak", "seen": ["trip", "stop"]})) == [("trip", "Morning"), ("stop", "Oak")]


def test_everything_that_is_wrong_is_said_at_once_and_every_answer_is_kept(asks: Cast) -> None:
    response = send(asks, contact="nobody", **{"q.trip": "", "q.stop": "Maple", "seen": ["trip", "stop"]})
    page = response.content.decode()
    assert response.status_code == 422
    assert 'href="#contact"' in page
    assert '<a href="#q-trip">“Which trip?”: Please choose one.</a>' in page, "which one, where several want a choice"
    assert page.index('href="#contact"') < page.index('href="#q-trip"'), "in the order of the form"
    assert 'aria-invalid="true"' in page
    assert not Envelope.objects.exists()


def test_answers_survive_another_language_a_lost_cookie_and_the_way_back_to_the_box(asks: Cast) -> None:
    browser = visitor(asks.district)
    form = {"step": "send", "text": "late", "service": "bus-late", "q.trip": "am", "q.stop": "Maple", "seen": ["trip", "stop"]}
    spanish = browser.post("/", {**form, "language": "es"}).content.decode()
    assert "¿Cuál viaje?" in spanish
    assert re.search(r'value="am"[^>]* checked', spanish)
    box = browser.post("/", {**form, "change": "1"}).content.decode()
    sent = fields(box, "ask")
    assert (sent["q.trip"], sent["q.stop"]) == ("am", "Maple")
    assert fields(browser.post("/", {**sent, "text": "later"}).content.decode(), "still")["q.stop"] == "Maple"


def test_staff_are_asked_what_visitors_are_not(asks: Cast) -> None:
    seen = visitor(asks.district).get("/questions?service=bus-late").content.decode()
    theirs = sign_in(asks.alice, asks.district).get("/questions?service=bus-late").content.decode()
    assert ("Which trip?" in seen, "radio" in seen, "Old question" in seen) == (True, True, False)
    assert "Driver’s radio" not in seen
    assert "Driver’s radio" in theirs
    assert '<template data-question="stop"' in seen


def test_another_district_s_questions_are_not_ours(asks: Cast, oak: Cast) -> None:
    with district_scope(oak.district.id):
        Row.objects.create(service=oak.bus_late, key="noise", label={"en": "Oak noise?"}, required=True)
    assert "Oak noise" not in visitor(asks.district).get("/questions?service=bus-late").content.decode()
    assert "Which trip" not in visitor(oak.district).get("/questions?service=bus-late").content.decode()


def test_a_page_without_scripts_has_a_button_for_another_service(asks: Cast) -> None:
    page = send(asks, look="1", contact="").content.decode()
    assert "Which trip?" in page
    assert "Not sent yet" not in page
    assert not Ticket.objects.exists()


def test_whoever_writes_of_danger_is_not_held_up_by_a_question(asks: Cast) -> None:
    response = send(asks, text="a boy on the bus says he will kill himself", seen=["trip"])
    assert response.status_code == 303
    danger_in_an_answer = send(asks, text="the bus", **{"q.trip": "am", "q.stop": "he has a gun at the stop", "seen": []})
    assert danger_in_an_answer.status_code == 303
    for ticket in Ticket.objects.all():
        placing.place(ticket.id, now=timezone.now())
        assert (ticket.refresh().crisis, ticket.refresh().team) == (True, asks.safety)


def test_no_question_is_asked_where_there_is_danger(asks: Cast) -> None:
    page = visitor(asks.district).post("/", {"step": "ask", "text": "I want to kill myself", "service": "bus-late"}).content.decode()
    assert "Which trip?" not in page
    assert 'data-keep="no"' in page


def test_what_it_probably_is_about_says_what_is_asked_and_nothing_more(asks: Cast, monkeypatch: Any) -> None:
    monkeypatch.setattr(foresight, "SURE", (lambda _question: triage.Choice("rule", asks.transportation, asks.bus_late),))
    browser = visitor(asks.district)
    page = browser.post("/", {"step": "ask", "text": "where is it, we have waited for an hour"}).content.decode()
    assert "Probably: Late or missing bus" in page
    assert "Which trip?" in page
    form = fields(page, "still")
    assert (form["guess"], form["service"]) == ("bus-late", "")
    sent = browser.post("/", {**form, "contact": "pat@cedar-family.example", "q.trip": "pm", "seen": ["trip"]})
    assert told(sent) == [("trip", "Afternoon")]
    assert Ticket.objects.get().service is None  # triage decides, by its words and the answers


def test_nobody_is_held_up_by_a_guess(asks: Cast, monkeypatch: Any) -> None:
    """It may be wrong: what must be answered of a service one chose is optional here."""
    monkeypatch.setattr(foresight, "SURE", (lambda _question: triage.Choice("rule", asks.transportation, asks.bus_late),))
    browser = visitor(asks.district)
    page = browser.post("/", {"step": "ask", "text": "where is it, we have waited for an hour"}).content.decode()
    assert not re.search(r'name="q\.trip"[^>]* required', page)
    assert told(browser.post("/", {**fields(page, "still"), "contact": "pat@cedar-family.example"})) == []


def test_a_foresight_that_fails_costs_nobody_the_form(asks: Cast, monkeypatch: Any) -> None:
    monkeypatch.setattr(foresight, "SURE", (lambda _question: 1 / 0,))
    assert visitor(asks.district).post("/", {"step": "ask", "text": "hello"}).status_code == 200
    assert foresight.likely_service("hello", kind="public") is None


def test_a_service_of_staff_alone_is_no_visitor_s_choice_unless_its_link_says_so(asks: Cast) -> None:
    asks.password_reset.audience = ["staff"]
    asks.password_reset.save()
    browser = visitor(asks.district)
    assert "Password reset" not in browser.post("/", {"step": "ask", "text": "help"}).content.decode()
    assert "Password reset" in browser.post("/", {"step": "ask", "text": "help", "service": "password-reset"}).content.decode()


def test_a_script_that_sends_goes_on_by_itself(asks: Cast) -> None:
    form = {"step": "send", "form_id": str(uuid.uuid4()), "text": "the bus", "contact": "pat@cedar-family.example"}
    answer = visitor(asks.district).post("/", form, headers={"X-Sent-By": "script"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["X-Go"] == f"/r/{Ticket.objects.get().token}?new=1"


def test_answers_are_read_again_out_of_the_envelope(asks: Cast) -> None:
    told(send(asks, **{"q.trip": "pm", "seen": ["trip"]}))
    envelope = Envelope.objects.get()
    assert receive.read(envelope, bytes(envelope.raw)).answers == (NewAnswer("trip", "Which trip?", "Afternoon"),)


# --- the editor -------------------------------------------------------------------------------------------------------


def edit(cast: Cast, service: Any, row: Row | None = None, *, who: Person | None = None, **more: Any) -> Any:
    client = sign_in(who or cast.ada, cast.district)
    where = f"/setup/services/{service.id}/questions/{f'{row.id}/' if row else 'new'}"
    page = client.get(where).content.decode()
    seen = re.search(r'name="seen" value="([^"]*)"', page)
    form = {"seen": seen[1] if seen else "", "kind": "text", "active": "on", "label_en": "Which bus?", "after": "", **more}
    return client.post(where, form)


def test_an_administrator_writes_a_question_in_two_languages(here: Cast) -> None:
    answer = edit(
        here, here.bus_late, label_en="Which trip?", label_es="¿Cuál viaje?", kind="choice", choices_en="Morning\nAfternoon",
        choices_es="Mañana\nTarde", required="on", audience=["family", "student"],
    )  # fmt: skip
    assert answer.status_code == 302
    row = Row.objects.get()
    assert (row.key, row.kind, row.required, row.audience) == ("which-trip", "choice", True, ["family", "student"])
    assert row.label == {"en": "Which trip?", "es": "¿Cuál viaje?"}
    assert row.choices == [
        {"value": "morning", "label": {"en": "Morning", "es": "Mañana"}},
        {"value": "afternoon", "label": {"en": "Afternoon", "es": "Tarde"}},
    ]
    page = sign_in(here.ada, here.district).get(f"/setup/services/{here.bus_late.id}/questions/?in=es&as=student").content.decode()
    assert "¿Cuál viaje?" in page
    assert "Tarde" in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"label_en": ""}, "This field is required."),
        ({"kind": "choice", "choices_en": "Only one"}, "Write at least two, one a line."),
        ({"kind": "choice", "choices_en": "A\nB", "choices_es": "A"}, "1 lines here, 2 in the first language"),
        ({"kind": "video"}, "Select a valid choice"),
        ({"after": str(uuid.uuid4())}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_with_a_question_is_said(here: Cast, typed: dict[str, Any], said: str) -> None:
    answer = edit(here, here.bus_late, **typed)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Row.objects.exists()


def test_only_administrators_and_only_of_their_district(here: Cast, oak: Cast) -> None:
    assert edit(here, here.bus_late, who=here.lena).status_code == 403
    with district_scope(oak.district.id):
        theirs = Row.objects.create(service=oak.bus_late, key="k", label={"en": "Oak?"})
    client = sign_in(here.ada, here.district)
    assert client.get(f"/setup/services/{oak.bus_late.id}/questions/").status_code == 404
    assert client.get(f"/setup/services/{here.bus_late.id}/questions/{theirs.id}/").status_code == 404
    assert client.post(f"/setup/services/{here.bus_late.id}/questions/{theirs.id}/remove").status_code == 404
    assert client.post(f"/setup/services/{here.bus_late.id}/questions/{theirs.id}/move", {"to": "up"}).status_code == 404


def test_a_condition_is_chosen_among_the_others_and_never_makes_a_ring(asks: Cast) -> None:
    trip, stop = Row.objects.get(key="trip"), Row.objects.get(key="stop")
    page = sign_in(asks.ada, asks.district).get(f"/setup/services/{asks.bus_late.id}/questions/{trip.id}/").content.decode()
    assert str(stop.id) not in page.split('id="id_after"')[1].split("</select>")[0]
    assert edit(asks, asks.bus_late, trip, after=str(stop.id)).status_code == 422
    chosen: dict[str, Any] = {f"values_{trip.id}": ["pm"]}
    answer = edit(asks, asks.bus_late, label_en="Which corner?", after=str(trip.id), **chosen)
    assert answer.status_code == 302
    made = Row.objects.get(key="which-corner")
    assert (made.after, made.after_values) == (trip, ["pm"])
    assert [row.key for row in setting.of_service(asks.bus_late)].index("which-corner") == 3  # behind what waits for the same


def test_order_is_changed_but_no_question_stands_above_the_one_it_waits_for(asks: Cast) -> None:
    client, stop = sign_in(asks.ada, asks.district), Row.objects.get(key="stop")
    where = f"/setup/services/{asks.bus_late.id}/questions"
    client.post(f"{where}/{stop.id}/move", {"to": "down"})
    assert [row.key for row in setting.of_service(asks.bus_late)] == ["old", "trip", "driver", "stop"]
    for _time in range(2):
        page = client.post(f"{where}/{stop.id}/move", {"to": "up"}, follow=True).content.decode()
    assert "It stays below the question it waits for." in page
    assert [row.key for row in setting.of_service(asks.bus_late)] == ["old", "trip", "stop", "driver"]


def test_a_question_others_wait_for_is_not_taken_away_and_answers_stay(asks: Cast) -> None:
    told(send(asks, **{"q.trip": "am", "q.stop": "Maple", "seen": ["trip", "stop"]}))
    client, trip, stop = sign_in(asks.ada, asks.district), Row.objects.get(key="trip"), Row.objects.get(key="stop")
    where = f"/setup/services/{asks.bus_late.id}/questions"
    page = client.post(f"{where}/{trip.id}/remove", follow=True).content.decode()
    assert "“Which stop?” waits for an answer to it." in page
    for row in (stop, trip):
        client.post(f"{where}/{row.id}/remove")
    assert not Row.objects.filter(id__in=[trip.id, stop.id]).exists()
    assert Answer.objects.count() == 2


def test_a_choice_that_is_worded_anew_is_still_waited_for() -> None:
    had = [{"value": "am", "label": {"en": "Morning"}}, {"value": "pm", "label": {"en": "Afternoon"}}]
    anew = setting.choices_of({"en": ["Morning", "After school"]}, "en", had)
    assert [one["value"] for one in anew] == ["am", "pm"]
    more = setting.choices_of({"en": ["Afternoon", "Noon", "Morning"]}, "en", had)
    assert [one["value"] for one in more] == ["pm", "noon", "am"]
    assert [one["value"] for one in setting.choices_of({"en": ["Sí", "¡Sí!", "Sí?"]}, "en", [])] == ["si", "si-2", "si-3"]


def test_the_list_warns_of_a_question_that_is_never_asked_and_of_a_language_that_lacks(asks: Cast) -> None:
    stop = Row.objects.get(key="stop")
    stop.after_values = ["gone"]
    stop.save()
    page = sign_in(asks.ada, asks.district).get(f"/setup/services/{asks.bus_late.id}/questions/").content.decode()
    assert "never asked: nobody can give the answer it waits for" in page
    assert "not in español" in page


def test_two_editors_at_once_are_told(asks: Cast) -> None:
    trip = Row.objects.get(key="driver")
    answer = edit(asks, asks.bus_late, trip, seen="something else", label_en="Mine")
    assert answer.status_code == 422
    assert "Somebody else changed this" in answer.content.decode()


def test_no_more_than_a_form_can_bear(here: Cast) -> None:
    for n in range(setting.MOST):
        Row.objects.create(service=here.bus_late, key=f"k{n}", label={"en": f"Question {n}?"}, position=n)
    assert edit(here, here.bus_late).status_code == 404
    assert (
        "Add a question" not in sign_in(here.ada, here.district).get(f"/setup/services/{here.bus_late.id}/questions/").content.decode()
    )
