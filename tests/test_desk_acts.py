"""What agents do from the ticket's page: each act through the browser's eyes, twice clicked, too late, and without scripts."""

import threading
import uuid
from datetime import timedelta
from typing import Any, cast

import pytest
import time_machine
from django.db import connections
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from delivery.models import Delivery, OptOut
from districts.models import Account, ContactPoint, Person
from districts.scope import district_scope
from routing import actions as routing
from routing.models import Decision, Handoff
from routing.short_text import segments
from sla import actions as sla
from sla.models import Clock
from tests.conftest import Cast, a_ticket, make_district, sign_in, visitor
from tickets import actions as tickets
from tickets.models import Event, Follower, Message, Ticket

Kind = Event.Kind


@pytest.fixture
def ticket(here: Cast) -> Ticket:
    opened = a_ticket(here, team=here.transportation, now=timezone.now() - timedelta(hours=1))
    sla.derive(opened, now=opened.opened_at)
    return opened


@pytest.fixture
def alice(here: Cast) -> Client:
    return sign_in(here.alice, here.district)


def last(ticket: Ticket) -> uuid.UUID:
    """What a page opened now has seen."""
    found = Message.objects.filter(ticket=ticket).order_by("-id").values_list("id", flat=True).first()
    return found or uuid.UUID(int=0)


def do(client: Client, ticket: Ticket, act: str, **values: Any) -> HttpResponse:
    """Post the form of an act, as a browser without scripts does."""
    if act in ("reply", "note"):
        values = {"last": last(ticket), **values}
    return cast("HttpResponse", client.post(f"/desk/{ticket.id}/{act}/?view=team", values))


def went_well(answer: HttpResponse, ticket: Ticket) -> None:
    assert answer.status_code == 302, answer.content.decode()
    assert answer["Location"] == f"/desk/{ticket.id}/?view=team"


def kinds(ticket: Ticket) -> list[str]:
    return list(Event.objects.filter(ticket=ticket).order_by("at", "id").values_list("kind", flat=True))


# --- each act ---------------------------------------------------------------------------------------------------------


def test_reply(here: Cast, alice: Client, ticket: Ticket) -> None:
    went_well(do(alice, ticket, "reply", text="It is on its way.\r\nAlice"), ticket)
    message = Message.objects.get(ticket=ticket, kind=Message.Kind.REPLY)
    assert (message.author, message.text) == (here.alice, "It is on its way.\nAlice")
    assert "It is on its way." in Delivery.objects.get(about=ticket.id, purpose="reply").body
    assert ticket.refresh().status == Ticket.Status.OPEN
    assert Clock.objects.get(ticket=ticket, kind="first").state == Clock.State.MET
    page = alice.get(f"/desk/{ticket.id}/").content.decode()
    assert "Your reply is on its way." in page
    assert "Your reply is on its way." not in alice.get(f"/desk/{ticket.id}/").content.decode()


def test_reply_and_wait(alice: Client, ticket: Ticket) -> None:
    went_well(do(alice, ticket, "reply", text="Which stop?", then="wait"), ticket)
    assert ticket.refresh().status == Ticket.Status.WAITING_REQUESTER
    assert Clock.objects.get(ticket=ticket, kind="resolve").state == Clock.State.PAUSED


def test_reply_and_resolve(alice: Client, ticket: Ticket) -> None:
    went_well(do(alice, ticket, "reply", text="It came.", then="resolve"), ticket)
    assert ticket.refresh().status == Ticket.Status.RESOLVED
    assert ticket.due_at is None


def test_a_note_stays_in_the_house(alice: Client, ticket: Ticket) -> None:
    went_well(do(alice, ticket, "note", text="The driver is new."), ticket)
    assert Message.objects.get(ticket=ticket, kind=Message.Kind.NOTE).text == "The driver is new."
    assert not Delivery.objects.filter(about=ticket.id).exists()


def test_assign_to_me_to_a_colleague_and_to_nobody(here: Cast, alice: Client, ticket: Ticket) -> None:
    went_well(do(alice, ticket, "assign", person=here.alice.id), ticket)
    assert ticket.refresh().assignee == here.alice
    went_well(do(alice, ticket, "assign", person=here.lena.id), ticket)
    assert Ticket.objects.get(id=ticket.id).assignee == here.lena
    went_well(do(alice, ticket, "assign", person=""), ticket)
    assert Ticket.objects.get(id=ticket.id).assignee is None


def test_only_members_of_the_holding_team_can_have_it(here: Cast, oak: Cast, alice: Client, ticket: Ticket) -> None:
    for who in (here.bob.id, here.pat.id, oak.charlie.id, uuid.uuid4()):
        answer = do(alice, ticket, "assign", person=who)
        assert answer.status_code == 422
        assert b"Only members of Transportation can have it." in answer.content
    assert ticket.refresh().assignee is None


def test_hand_off_says_what_is_known_and_asked(here: Cast, alice: Client, ticket: Ticket) -> None:
    tickets.assign(ticket, to=here.alice, by=here.alice, now=timezone.now())
    asked = {"team": here.technology.id, "known": "The tablet of bus 12 is dead.", "asked": "Bring another one."}
    went_well(do(alice, ticket, "hand-off", **asked), ticket)
    ticket = Ticket.objects.get(id=ticket.id)
    assert (ticket.team, ticket.assignee) == (here.technology, None)
    handoff = Handoff.objects.get(ticket=ticket)
    assert (handoff.from_team, handoff.to_team, handoff.by) == (here.transportation, here.technology, here.alice)
    page = sign_in(here.bob, here.district).get(f"/desk/{ticket.id}/").content.decode()
    assert "Transportation → Technology" in page
    assert "The tablet of bus 12 is dead." in page
    assert "Bring another one." in page


@pytest.mark.parametrize("missing", ["team", "known", "asked"])
def test_a_hand_off_with_something_missing_keeps_the_rest(here: Cast, alice: Client, ticket: Ticket, missing: str) -> None:
    values: dict[str, Any] = {"team": here.technology.id, "known": "KNOWN", "asked": "ASKED"} | {missing: " "}
    answer = do(alice, ticket, "hand-off", **values)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert ("KNOWN" in page) == (missing != "known")
    assert ("ASKED" in page) == (missing != "asked")
    assert (f'<option value="{here.technology.id}" selected>' in page) == (missing != "team")
    assert ticket.refresh().team == here.transportation


def test_a_hand_off_to_itself_or_to_another_districts_team_is_refused(here: Cast, oak: Cast, alice: Client, ticket: Ticket) -> None:
    for team in (here.transportation, oak.transportation):
        assert do(alice, ticket, "hand-off", team=team.id, known="k", asked="a").status_code == 422
    assert not Handoff.objects.exists()


def test_a_hand_off_out_of_sight_ends_at_the_queue(here: Cast) -> None:
    private = a_ticket(here, team=here.safety, service=here.counseling)
    private.assignee = here.alice
    private.save()
    alice = sign_in(here.alice, here.district)
    values = {"team": here.technology.id, "known": "k", "asked": "a"}
    answer = do(alice, private, "hand-off", **values)
    assert answer["Location"] == "/desk/?view=team"
    assert f"Technology has ticket #{private.number} now." in alice.get("/desk/").content.decode()


def test_wait_and_go_on(alice: Client, ticket: Ticket) -> None:
    went_well(do(alice, ticket, "wait", on="wait_other"), ticket)
    assert ticket.refresh().status == Ticket.Status.WAITING_OTHER
    went_well(do(alice, ticket, "wait", on="wait_asker"), ticket)
    assert ticket.refresh().status == Ticket.Status.WAITING_REQUESTER
    went_well(do(alice, ticket, "resume"), ticket)
    assert ticket.refresh().status == Ticket.Status.OPEN
    assert do(alice, ticket, "wait", on="resolved").status_code == 422


def test_resolve_and_reopen(alice: Client, ticket: Ticket) -> None:
    went_well(do(alice, ticket, "resolve"), ticket)
    assert ticket.refresh().status == Ticket.Status.RESOLVED
    assert "Reopen" in alice.get(f"/desk/{ticket.id}/").content.decode()
    went_well(do(alice, ticket, "reopen"), ticket)
    assert ticket.refresh().status == Ticket.Status.OPEN


def test_what_was_resolved_long_ago_is_not_reopened(here: Cast, alice: Client, ticket: Ticket) -> None:
    tickets.resolve(ticket, by=here.alice, now=timezone.now() - timedelta(days=30))
    answer = do(alice, ticket, "reopen")
    assert answer.status_code == 422
    assert b"open a new ticket that follows up on it" in answer.content
    assert ticket.refresh().status == Ticket.Status.RESOLVED


def test_a_resolved_ticket_is_answered_but_does_not_wait(here: Cast, alice: Client, ticket: Ticket) -> None:
    """An act that turns out impossible half-way leaves nothing behind: no message, and no letter."""
    tickets.resolve(ticket, by=here.alice, now=timezone.now())
    answer = do(alice, ticket, "reply", text="One more thing?", then="wait")
    assert answer.status_code == 422
    assert "One more thing?" in answer.content.decode()
    assert not Message.objects.filter(ticket=ticket, kind=Message.Kind.REPLY).exists()
    assert not Delivery.objects.filter(about=ticket.id, purpose="reply").exists()
    went_well(do(alice, ticket, "reply", text="One more thing."), ticket)


def test_priority(alice: Client, ticket: Ticket) -> None:
    went_well(do(alice, ticket, "priority", priority=1), ticket)
    assert ticket.refresh().priority == 1
    for wrong in ("0", "5", "", "x"):
        assert do(alice, ticket, "priority", priority=wrong).status_code == 422
    assert ticket.refresh().priority == 1


def test_follow(here: Cast, ticket: Ticket) -> None:
    bob = sign_in(here.bob, here.district)
    for _ in range(2):
        went_well(do(bob, ticket, "follow"), ticket)
    assert [row.person for row in Follower.objects.filter(ticket=ticket)] == [here.bob]
    assert "act-follow" not in bob.get(f"/desk/{ticket.id}/").content.decode()


def test_a_correction_moves_the_ticket_and_teaches(here: Cast, alice: Client, ticket: Ticket) -> None:
    decision = Decision.objects.create(
        ticket=ticket, engine="classifier", service=here.bus_late, team=here.transportation, confidence=0.7
    )
    assert b"Choose from all services" in alice.get(f"/desk/{ticket.id}/").content
    assert b"Password reset (Technology)" in alice.get(f"/desk/{ticket.id}/?correct=1").content
    went_well(do(alice, ticket, "correct", service=here.password_reset.id), ticket)
    decision.refresh()
    assert (decision.corrected_service, decision.corrected_team, decision.corrected_by) == (
        here.password_reset, here.technology, here.alice,
    )  # fmt: skip
    ticket = Ticket.objects.get(id=ticket.id)
    assert (ticket.team, ticket.service) == (here.technology, here.password_reset)
    assert "Alice put it right; triage had chosen Late or missing bus." in alice.get(f"/desk/{ticket.id}/").content.decode()


def test_a_correction_names_something_that_is_there(here: Cast, oak: Cast, alice: Client, ticket: Ticket) -> None:
    for values in ({}, {"service": oak.bus_late.id}, {"team": oak.technology.id}, {"service": "x"}):
        assert do(alice, ticket, "correct", **values).status_code == 422
    went_well(do(alice, ticket, "correct", team=here.front_office.id), ticket)
    assert Ticket.objects.get(id=ticket.id).team == here.front_office


def test_every_act_brings_the_promises_up_to_date(here: Cast, alice: Client, ticket: Ticket) -> None:
    acts: list[tuple[str, dict[str, Any]]] = [
        ("note", {"text": "n"}), ("reply", {"text": "r"}), ("assign", {"person": here.alice.id}), ("priority", {"priority": 2}),
        ("wait", {"on": "wait_asker"}), ("resume", {}), ("follow", {}), ("correct", {"service": here.bus_late.id}),
        ("hand-off", {"team": here.technology.id, "known": "k", "asked": "a"}), ("resolve", {}), ("reopen", {}),
    ]  # fmt: skip
    for act, values in acts:
        went_well(do(alice, ticket, act, **values), ticket)
        now = Ticket.objects.get(id=ticket.id)
        assert now.derived_at == now.facts_at, act


# --- what the requester hears of a ticket that is solved ----------------------------------------------------------------


def solved_letters(ticket: Ticket) -> list[Delivery]:
    return list(Delivery.objects.filter(about=ticket.id, purpose="solved").order_by("created_at"))


def test_whoever_asked_is_told_that_it_is_solved_once_each_time(alice: Client, ticket: Ticket) -> None:
    routing.acknowledge(ticket, now=timezone.now())
    for _ in range(2):
        went_well(do(alice, ticket, "resolve"), ticket)
    letter = solved_letters(ticket)[0]
    assert len(solved_letters(ticket)) == 1
    assert (letter.channel, letter.address, letter.subject) == (
        "email",
        "pat@cedar-family.example",
        f"Re: Your request #{ticket.number}",
    )
    assert f"Your request #{ticket.number} is marked as solved." in letter.body
    assert "If it is not, reply to this mail within 14 days, or open it again here: http://cedar.localhost" in letter.body
    assert f"/r/{ticket.token}" in letter.body
    assert "the requester is told" in alice.get(f"/desk/{ticket.id}/").content.decode()
    went_well(do(alice, ticket, "reopen"), ticket)
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        went_well(do(alice, ticket, "resolve"), ticket)
    assert len(solved_letters(ticket)) == 2


def test_the_word_that_it_is_solved_is_in_their_language_and_short_as_a_text(here: Cast, alice: Client) -> None:
    ContactPoint.objects.create(person=here.pat, kind="phone", value="+15305550144")
    ticket = a_ticket(here, team=here.transportation, channel="sms", language="es", now=timezone.now())
    routing.acknowledge(ticket, now=timezone.now())
    went_well(do(alice, ticket, "resolve"), ticket)
    (letter,) = solved_letters(ticket)
    assert (letter.channel, letter.address) == ("sms", "+15305550144")
    assert f"#{ticket.number}" in letter.body
    assert f"/r/{ticket.token}" in letter.body
    assert segments(letter.body) <= 2


def test_send_and_resolve_is_one_letter_that_says_both(alice: Client, ticket: Ticket) -> None:
    routing.acknowledge(ticket, now=timezone.now())
    went_well(do(alice, ticket, "reply", text="It came.", then="resolve"), ticket)
    assert solved_letters(ticket) == []
    body = Delivery.objects.get(about=ticket.id, purpose="reply").body
    assert "We marked your request as solved. If it is not, reply to this mail within 14 days" in body
    assert body.index("It came.") < body.index("marked your request") < body.index("-- \n")


def test_a_reply_that_resolves_nothing_says_nothing_of_it(alice: Client, ticket: Ticket) -> None:
    went_well(do(alice, ticket, "reply", text="It came."), ticket)
    assert "solved" not in Delivery.objects.get(about=ticket.id, purpose="reply").body


def test_who_never_heard_of_us_and_who_solved_it_themselves_are_told_nothing(here: Cast, alice: Client, ticket: Ticket) -> None:
    went_well(do(alice, ticket, "resolve"), ticket)  # nobody was acknowledged: a machine's mail, or a call
    own = a_ticket(here, team=here.transportation, requester=here.alice, now=timezone.now())
    routing.acknowledge(own, now=timezone.now())
    went_well(do(alice, own, "resolve"), own)
    theirs = a_ticket(here, team=here.transportation, now=timezone.now())
    routing.acknowledge(theirs, now=timezone.now())
    visitor(here.district).post(f"/r/{theirs.token}/solved")
    assert theirs.refresh().status == Ticket.Status.CLOSED
    assert not Delivery.objects.filter(purpose="solved").exists()


# --- empty, twice, too late -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["reply", "note"])
def test_nothing_typed_is_said_and_nothing_is_kept(alice: Client, ticket: Ticket, act: str) -> None:
    for text in ("", " \n ", "\0", "x" * 20_001):
        answer = do(alice, ticket, act, text=text)
        assert answer.status_code == 422
    assert Message.objects.filter(ticket=ticket).count() == 1
    assert b"Nothing was typed yet." in do(alice, ticket, act, text="").content


@pytest.mark.parametrize("act", ["reply", "note"])
def test_two_clicks_are_one_message(alice: Client, ticket: Ticket, act: str) -> None:
    seen = last(ticket)
    for _ in range(3):
        went_well(do(alice, ticket, act, text="Once.", last=seen), ticket)
    assert Message.objects.filter(ticket=ticket, kind=act).count() == 1
    assert Delivery.objects.filter(about=ticket.id, purpose="reply").count() == (1 if act == "reply" else 0)


@pytest.mark.parametrize(("then", "state"), [("resolve", "resolved"), ("wait", "wait_asker")])
def test_send_and_then_send_and_more_from_the_same_form_does_the_more(alice: Client, ticket: Ticket, then: str, state: str) -> None:
    seen = last(ticket)
    went_well(do(alice, ticket, "reply", text="Done.", last=seen), ticket)
    for _ in range(2):
        went_well(do(alice, ticket, "reply", text="Done.", last=seen, then=then), ticket)
    assert ticket.refresh().status == state
    assert Message.objects.filter(ticket=ticket, kind=Message.Kind.REPLY).count() == 1
    assert kinds(ticket).count(Kind.RESOLVED if then == "resolve" else Kind.WAITING) == 1


def test_a_late_second_click_resolves_nothing_that_was_opened_again(here: Cast, alice: Client, ticket: Ticket) -> None:
    seen = last(ticket)
    went_well(do(alice, ticket, "reply", text="Done.", last=seen, then="resolve"), ticket)
    tickets.reopen(ticket.refresh(), by=here.pat, now=timezone.now())
    went_well(do(alice, ticket, "reply", text="Done.", last=seen, then="resolve"), ticket)
    assert ticket.refresh().status == Ticket.Status.OPEN


def test_the_same_words_again_from_a_fresh_page_are_a_second_message(alice: Client, ticket: Ticket) -> None:
    for _ in range(2):
        went_well(do(alice, ticket, "reply", text="Thank you."), ticket)
    assert Message.objects.filter(ticket=ticket, kind=Message.Kind.REPLY).count() == 2


def test_two_clicks_on_other_acts_are_one(here: Cast, alice: Client, ticket: Ticket) -> None:
    for act, values in (
        ("wait", {"on": "wait_other"}), ("resume", {}), ("assign", {"person": here.alice.id}), ("priority", {"priority": 1}),
        ("hand-off", {"team": here.technology.id, "known": "k", "asked": "a"}), ("resolve", {}), ("reopen", {}),
    ):  # fmt: skip
        for _ in range(2):
            went_well(do(alice, ticket, act, **values), ticket)
    done = kinds(ticket)
    for kind in (Kind.WAITING, Kind.RESUMED, Kind.ASSIGNED, Kind.PRIORITY, Kind.HANDED_OFF, Kind.RESOLVED, Kind.REOPENED):
        assert done.count(kind) == 1, kind


@pytest.mark.django_db(databases=["default", "owner"], transaction=True)
def test_two_clicks_at_the_same_time_are_one_reply() -> None:
    cedar = make_district("cedar", "cedar.localhost", "America/Los_Angeles", "cedar")
    with district_scope(cedar.district.id):
        ticket = a_ticket(cedar, team=cedar.transportation)
        seen = last(ticket)
        clients = [sign_in(cedar.alice, cedar.district) for _ in range(4)]
    answers: list[int] = []
    ready = threading.Barrier(len(clients))

    def click(client: Client) -> None:
        ready.wait()
        try:
            answers.append(client.post(f"/desk/{ticket.id}/reply/", {"text": "Once.", "last": seen}).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=click, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302] * 4
    with district_scope(cedar.district.id):
        assert Message.objects.filter(ticket=ticket, kind=Message.Kind.REPLY).count() == 1


def test_somebody_who_was_quicker_is_shown_and_what_was_typed_is_kept(here: Cast, alice: Client, ticket: Ticket) -> None:
    seen = last(ticket)
    tickets.reply(ticket, by=here.lena, words=tickets.Words(text="Lena was quicker."), now=timezone.now())
    answer = do(alice, ticket, "reply", text="Slow & careful <words>.", last=seen, then="resolve")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "something was written while you were typing" in page
    assert "<blockquote><strong>Lena</strong>" in page
    assert "Slow &amp; careful &lt;words&gt;.</textarea>" in page
    assert f'name="last" value="{last(ticket)}"' in page
    assert Message.objects.filter(ticket=ticket, author=here.alice).count() == 0
    assert ticket.refresh().status == Ticket.Status.OPEN
    went_well(do(alice, ticket, "reply", text="Slow & careful <words>.", last=last(ticket)), ticket)


def test_what_the_requester_wrote_meanwhile_counts_too_and_ones_own_note_does_not(here: Cast, alice: Client, ticket: Ticket) -> None:
    seen = last(ticket)
    went_well(do(alice, ticket, "note", text="Calling the yard."), ticket)
    went_well(do(alice, ticket, "reply", text="We are on it.", last=seen), ticket)
    tickets.requester_wrote(ticket, author=here.pat, channel="sms", words=tickets.Words(text="It came!"), now=timezone.now())
    assert do(alice, ticket, "note", text="Still calling.", last=seen).status_code == 422


def test_a_form_without_what_it_had_seen_is_refused(alice: Client, ticket: Ticket) -> None:
    for seen in ("", "nonsense"):
        assert do(alice, ticket, "reply", text="x", last=seen).status_code == 422
    assert Message.objects.filter(ticket=ticket).count() == 1


# --- who, and how -----------------------------------------------------------------------------------------------------


def test_agents_of_other_teams_may_act_on_what_is_not_sensitive(here: Cast, ticket: Ticket) -> None:
    went_well(do(sign_in(here.bob, here.district), ticket, "reply", text="Bob helps."), ticket)


def test_people_without_a_role_may_not(here: Cast, ticket: Ticket) -> None:
    account = Account(email="pat@cedar-family.example")
    account.set_unusable_password()
    account.save()
    Person.objects.filter(id=here.pat.id).update(account_ref=account.id)
    here.pat.refresh()
    assert do(sign_in(here.pat, here.district), ticket, "reply", text="x").status_code == 403
    assert do(Client(HTTP_HOST=here.district.host), ticket, "reply", text="x").status_code == 401
    assert Message.objects.filter(ticket=ticket).count() == 1


def test_a_form_from_elsewhere_is_refused(here: Cast, ticket: Ticket) -> None:
    client = Client(HTTP_HOST=here.district.host, enforce_csrf_checks=True)
    client.force_login(Account.objects.get(email="alice@cedar.localhost"))
    assert client.post(f"/desk/{ticket.id}/resolve/").status_code == 403
    assert ticket.refresh().status == Ticket.Status.NEW


def test_htmx_gets_the_fragment_with_the_same_words(alice: Client, ticket: Ticket) -> None:
    htmx = {"HX-Request": "true", "HX-Target": "work"}
    answer = alice.post(f"/desk/{ticket.id}/note/?view=team", {"text": "Noted.", "last": last(ticket)}, follow=True, headers=htmx)
    page = answer.content.decode()
    assert page.strip().startswith('<div id="work"')
    assert "<html" not in page
    assert "Your note is kept." in page
    assert "Noted." in page
    empty = alice.post(f"/desk/{ticket.id}/note/", {"text": "", "last": last(ticket)}, headers=htmx)
    assert empty.status_code == 422
    assert empty.content.decode().strip().startswith('<div id="work"')


def test_a_form_sent_after_signing_out_stays_and_says_what_to_do(here: Cast, ticket: Ticket) -> None:
    client = Client(HTTP_HOST=here.district.host, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="work")
    answer = client.post(f"/desk/{ticket.id}/note/", {"text": "typed", "last": last(ticket)})
    assert answer.status_code == 401
    said = answer.json()
    assert said["say"].startswith("You are signed out. What you typed is still here")
    assert said["link"] == f"/account/login/?next=%2Fdesk%2F{ticket.id}%2F"


def test_a_look_at_something_after_signing_out_takes_no_form_away(here: Cast, ticket: Ticket) -> None:
    """The pane's own requests, in the middle of a reply."""
    at = f"http://cedar.localhost/desk/{ticket.id}/?view=team"
    client = Client(HTTP_HOST=here.district.host, HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL=at)
    for path in (f"/desk/{ticket.id}/?correct=1", f"/desk/{ticket.id}/suggested/"):
        answer = client.get(path)
        assert answer.status_code == 401
        assert "HX-Redirect" not in answer
    log = client.get("/desk/log/caller/", HTTP_HX_CURRENT_URL="http://cedar.localhost/desk/log/")
    assert log.json()["link"] == "/account/login/?next=%2Fdesk%2Flog%2F"


@pytest.mark.parametrize(
    ("path", "values"),
    [("reply/", {"text": "Typed <b> & long."}), ("note/", {"text": "Typed <b> & long."}),
     ("hand-off/", {"known": "Typed <b> & long.", "asked": "Second field"})],
)  # fmt: skip
def test_without_scripts_the_words_come_back_to_copy(here: Cast, ticket: Ticket, path: str, values: dict[str, str]) -> None:
    answer = visitor(here.district).post(f"/desk/{ticket.id}/{path}", values | {"last": last(ticket)})
    page = answer.content.decode()
    assert answer.status_code == 401
    assert "Typed &lt;b&gt; &amp; long.</textarea>" in page
    assert ("Second field</textarea>" in page) == (path == "hand-off/")
    assert f'href="/account/login/?next=%2Fdesk%2F{ticket.id}%2F"' in page
    assert answer["Cache-Control"] == "private, no-store"
    assert Message.objects.filter(ticket=ticket).count() == 1


def test_a_call_that_was_logged_too_late_comes_back_too(here: Cast) -> None:
    page = visitor(here.district).post("/desk/log/", {"what": "Bus 12 is late", "contact": "530 555 0144"}).content.decode()
    assert "Bus 12 is late</textarea>" in page
    assert "530 555 0144</textarea>" in page
    assert 'href="/account/login/?next=%2Fdesk%2Flog%2F"' in page


@pytest.mark.parametrize(
    "act", ["reply", "note", "assign", "hand-off", "wait", "resume", "resolve", "reopen", "priority", "follow", "correct"]
)
def test_an_acts_address_opened_leads_to_the_ticket_and_does_nothing(alice: Client, ticket: Ticket, act: str) -> None:
    before = kinds(ticket)
    answer = alice.get(f"/desk/{ticket.id}/{act}/")
    assert (answer.status_code, answer["Location"]) == (302, f"/desk/{ticket.id}/")
    assert kinds(ticket) == before


def test_a_merged_ticket_leads_to_the_one_that_lives(here: Cast, alice: Client, ticket: Ticket) -> None:
    other = a_ticket(here, team=here.transportation)
    ticket.status, ticket.merged_into = Ticket.Status.MERGED, other
    ticket.save()
    page = alice.get(f"/desk/{ticket.id}/").content.decode()
    assert f'href="/desk/{other.id}/"' in page
    assert 'id="reply"' not in page
    assert do(alice, ticket, "note", text="x").status_code == 422


# --- what a page that comes back shows ----------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [{"text": ""}, {"text": "late", "last": uuid.UUID(int=0)}])
def test_a_form_that_comes_back_is_a_read_of_a_sensitive_ticket(here: Cast, alice: Client, values: dict[str, Any]) -> None:
    private = a_ticket(here, team=here.transportation, service=here.counseling, now=timezone.now())
    answer = do(alice, private, "reply", **values)
    assert answer.status_code == 422
    assert b"the bus didn" in answer.content
    assert Event.objects.filter(ticket=private, kind=Kind.READ, by=here.alice).count() == 1


def test_an_act_alone_is_no_read(here: Cast, alice: Client) -> None:
    private = a_ticket(here, team=here.transportation, service=here.counseling, now=timezone.now())
    went_well(do(alice, private, "note", text="Called."), private)
    assert not Event.objects.filter(ticket=private, kind=Kind.READ).exists()


@pytest.mark.parametrize(("then", "state"), [("", "open"), ("wait", "wait_asker"), ("resolve", "resolved")])
def test_a_reply_to_nobody_says_so_and_gives_the_link(here: Cast, alice: Client, then: str, state: str) -> None:
    nameless = Person.objects.create(name="")
    walked_in = a_ticket(here, team=here.transportation, requester=nameless, now=timezone.now())
    before = alice.get(f"/desk/{walked_in.id}/").content.decode()
    assert f"http://cedar.localhost/r/{walked_in.token}" in before.replace(":8000", "")
    went_well(do(alice, walked_in, "reply", text="It is in the lost and found.", then=then), walked_in)
    page = alice.get(f"/desk/{walked_in.id}/").content.decode()
    assert "Your reply stands on their page. They have no address here: call them, or give them the link:" in page
    assert "on its way" not in page
    assert "alert-warning" in page
    assert walked_in.refresh().status == state
    assert "lost and found" in visitor(here.district).get(f"/r/{walked_in.token}").content.decode()


def test_a_reply_to_an_address_that_wants_none_says_so(here: Cast, alice: Client, ticket: Ticket) -> None:
    OptOut.objects.create(channel="email", address="pat@cedar-family.example", reason="stop")
    went_well(do(alice, ticket, "reply", text="It came."), ticket)
    page = alice.get(f"/desk/{ticket.id}/").content.decode()
    assert "They take no messages at their address" in page


@pytest.mark.parametrize("act", ["hand-off", "correct", "priority"])
def test_promises_are_derived_once(here: Cast, alice: Client, ticket: Ticket, act: str, monkeypatch: pytest.MonkeyPatch) -> None:
    derived, derive_all = list[int](), sla.derive_all

    def counted(rows: Any, *, now: Any) -> None:
        derived.append(len(rows))
        derive_all(rows, now=now)

    monkeypatch.setattr(sla, "derive_all", counted)
    values: dict[str, dict[str, Any]] = {
        "hand-off": {"team": here.technology.id, "known": "k", "asked": "a"}, "correct": {"service": here.password_reset.id},
        "priority": {"priority": 1},
    }  # fmt: skip
    assert do(alice, ticket, act, **values[act]).status_code == 302
    assert derived == [1]
    assert ticket.refresh().derived_at == ticket.facts_at
