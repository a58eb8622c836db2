"""The chat: answers from the articles, a person whenever one is wanted, and nothing of it lost or doubled on the way to people."""

import json
import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from delivery import actions as delivery
from delivery.models import Delivery
from districts.models import Account, ContactPoint, Person
from districts.queries import this_district
from districts.scope import district_scope
from intake.chat import actions, answering, limits, reaping
from intake.chat.actions import Where
from intake.chat.door import row, save_door
from intake.models import Channel, Chat, ChatLine, Envelope, MergeSuggestion
from intake.receiving import opening, receive, rereading
from intake.standing import forget_standing
from knowledge import actions as knowledge
from knowledge.models import Answer, Gap
from routing import actions as routing
from sla import actions as sla
from tests.conftest import NOW, Cast, visitor
from tests.test_knowledge_search import BUS, KEYS, LUNCH
from tickets import actions as tickets
from tickets import transcript
from tickets.models import Event, Link, Message, Ticket

ASKED = "The bus is late, where is it?"
DANGER = "I want to kill myself"


@pytest.fixture
def chat_on(here: Cast, tmp_path: Any) -> Iterator[Cast]:
    cache.clear()
    for name, text in (("bus", BUS), ("keys", KEYS), ("lunch", LUNCH)):
        (tmp_path / f"{name}.md").write_text(text)
    knowledge.load_articles(tmp_path, now=NOW)
    save_door(row(), open=True, sites=["https://www.school.example"], greeting="", by=None)
    yield here
    forget_standing()


def post(to: str, *, token: str = "", browser: Client | None = None, script: bool = True, **form: Any) -> Any:
    """As the frame's script sends it: without a cookie, the token in a header."""
    headers = {"Accept": "application/json" if script else "text/html"} | ({"X-Chat-Token": token} if token and script else {})
    form = {"said_id": str(uuid.uuid4()), **form} | ({"token": token} if token and not script else {})
    return (browser or Client(HTTP_HOST="cedar.localhost", enforce_csrf_checks=True)).post(f"/chat/{to}", form, headers=headers)


def begin(text: str = ASKED, **form: Any) -> dict[str, Any]:
    answer = post("say", text=text, **form)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def the_chat(told: dict[str, Any]) -> Chat:
    found: Chat = Chat.objects.get(token=told["token"])
    return found


def kinds(chat: Chat) -> list[str]:
    return [line.data.get("kind", line.who) for line in ChatLine.objects.filter(chat=chat).order_by("at", "id")]


def ticket_of(told: dict[str, Any]) -> Ticket:
    ticket = the_chat(told).ticket
    assert ticket is not None
    found: Ticket = Ticket.objects.select_related("requester", "team").get(id=ticket.id)
    return found


# --- answers ------------------------------------------------------------------------------------------------------------


def test_an_answer_is_quoted_word_for_word_with_its_source(chat_on: Cast) -> None:
    told = begin()
    shown = Answer.objects.get()
    assert (shown.question, shown.article.slug, shown.outcome) == (ASKED, "bus-is-late", "shown")
    assert "A yellow banner means the bus is more than 10 minutes behind." in told["talk"]
    assert 'href="/help/bus-is-late/"' in told["talk"]
    assert not Ticket.objects.exists()


def test_what_no_article_supports_is_a_gap_and_no_answer(chat_on: Cast) -> None:
    told = begin("Who won the chess tournament in 1987?")
    assert kinds(the_chat(told)) == ["visitor", "nothing"]
    assert Gap.objects.get().question == "Who won the chess tournament in 1987?"
    assert not Answer.objects.exists()


@pytest.mark.parametrize(
    "words", ["hello is anybody there", "No", "yes!", "¿Hola?", "Gracias, buenos días", "?", "ok", "👋", "I need help please"]
)
def test_a_greeting_a_yes_and_a_no_lead_to_a_person_and_to_no_guess(chat_on: Cast, words: str) -> None:
    told = begin(words)
    assert kinds(the_chat(told)) == ["visitor", "vague"]
    assert "near-list" not in told["talk"]
    assert "Talk to a person" in ChatLine.objects.get(who="product").text
    assert not Gap.objects.exists()


@pytest.mark.parametrize("words", ["bus", "504", "Hello, the bus is late"])
def test_a_short_question_is_one(words: str) -> None:
    assert answering.asks(words)


def test_beside_articles_that_may_help_it_is_not_said_that_there_is_none(chat_on: Cast) -> None:
    near = [{"slug": "bus-is-late", "title": "The bus is late", "language": "en"}]
    with patch.object(answering, "answer", return_value=("nothing", {"near": near})):
        told = begin()
    assert "These may help:" in told["talk"]
    assert "no article" not in told["talk"]
    assert "near-head" not in told["talk"], "said once"


def test_what_is_for_staff_is_not_told_to_a_visitor_nor_to_staff_in_a_chat(chat_on: Cast) -> None:
    """Whoever has the token reads along."""
    words = "Where is the master key cabinet and the alarm code?"
    assert "master-keys" not in begin(words)["talk"]
    signed_in = Client(HTTP_HOST="cedar.localhost")
    signed_in.force_login(_account(chat_on.alice))
    assert "master-keys" not in post("say", browser=signed_in, text=words).json()["talk"]


def _account(who: Person) -> Account:
    assert who.account_ref
    return Account.objects.get(id=who.account_ref)


@pytest.mark.parametrize(("helped", "outcome"), [("yes", "solved"), ("no", "not_enough")])
def test_whether_it_helped_is_kept_and_the_first_word_stands(chat_on: Cast, helped: str, outcome: str) -> None:
    told = begin()
    answer = str(Answer.objects.get().id)
    assert post("helped", token=told["token"], answer=answer, helped=helped).status_code == 200
    post("helped", token=told["token"], answer=answer, helped="no" if helped == "yes" else "yes")
    assert Answer.objects.get().outcome == outcome
    assert kinds(the_chat(told)) == ["visitor", "answer", "glad" if helped == "yes" else "sorry"]


def test_the_same_passage_is_not_shown_twice(chat_on: Cast) -> None:
    told = begin()
    post("say", token=told["token"], text="But the bus is late, where is it?")
    assert kinds(the_chat(told)) == ["visitor", "answer", "visitor", "told"]


def test_nobody_judges_an_answer_of_another_chat(chat_on: Cast) -> None:
    begin()
    mine = begin("And what does a school lunch cost in middle school?")
    first = Answer.objects.order_by("at", "id")[0]
    assert post("helped", token=mine["token"], answer=str(first.id), helped="yes").status_code == 404
    assert Answer.objects.filter(outcome="solved").count() == 0


# --- to a person --------------------------------------------------------------------------------------------------------


def test_a_person_has_the_whole_conversation_as_the_first_message(chat_on: Cast) -> None:
    told = begin(page="https://www.school.example/contact")
    post("say", token=told["token"], text="He waits at Maple and 5th\n❘ and no bus came")
    post("person", token=told["token"], contact="Pat@Cedar-family.example", name="Pat")
    ticket = ticket_of(told)
    assert (ticket.channel, ticket.subject, ticket.requester) == ("chat", ASKED, chat_on.pat)
    message = Message.objects.get(ticket=ticket)
    said = message.text.split("\n")
    assert said[0].startswith("❘ ")
    assert "(America/Los_Angeles)" in said[0]
    local = the_chat(told).started_at.astimezone(chat_on.district.zone)
    assert f"❘ {local.hour % 12 or 12}:{local:%M %p} · Pat" in said
    assert "❘ This may answer it: “The bus is late or did not come”" in said
    assert transcript.words_in(message.text).split() == [*ASKED.split(), *"He waits at Maple and 5th | and no bus came".split()]
    assert "A yellow banner means the bus is more than 10 minutes behind." in message.quoted
    assert "https://www.school.example/contact" in message.quoted
    letter = Delivery.objects.get(about=ticket.id)
    assert (letter.channel, letter.address, letter.purpose) == ("email", "pat@cedar-family.example", "ack")
    envelope = Envelope.objects.get(channel="chat")
    assert (envelope.state, envelope.ticket_ref, envelope.external_id) == ("done", ticket.id, f"chat:{the_chat(told).id}")
    assert {(shown.outcome, shown.ticket_ref) for shown in Answer.objects.all()} == {("not_enough", ticket.id)}


def test_titles_of_articles_do_not_place_a_chat_nor_raise_an_alarm(chat_on: Cast) -> None:
    told = begin()
    line = ChatLine.objects.get(who="product")
    line.text = "This may answer it: “If a student has a gun or wants to kill himself”"
    line.save()
    post("person", token=told["token"], contact="pat@cedar-family.example")
    ticket = ticket_of(told)
    routing.place(ticket.id, now=timezone.now())
    ticket.refresh_from_db()
    assert (ticket.crisis, ticket.team) == (False, chat_on.front_office)


def test_asked_for_twice_it_is_one_ticket(chat_on: Cast) -> None:
    told = begin()
    for contact in ("pat@cedar-family.example", "pat@cedar-family.example", ""):
        post("person", token=told["token"], contact=contact)
    assert Ticket.objects.filter(channel="chat").count() == 1
    assert Envelope.objects.filter(external_id__startswith="chat:").count() == 1
    assert Message.objects.count() == 1, "the answer was lost, and the same click came again: nothing new was said"


def test_a_person_is_had_at_once_without_a_question_before(chat_on: Cast) -> None:
    answer = post("person", text="The gym door does not lock", contact="(916) 555-0144")
    assert answer.status_code == 200
    assert not Answer.objects.exists()
    assert not Gap.objects.exists()
    assert Delivery.objects.get().address == "+19165550144"
    assert post("person", contact="pat@cedar-family.example").status_code == 422


@pytest.mark.parametrize("contact", ["nobody", "pat@", "12", "help@cedar.localhost"])
def test_a_way_that_leads_nowhere_is_said_and_nothing_is_done(chat_on: Cast, contact: str) -> None:
    Channel.objects.create(kind="email", address="help@cedar.localhost", name="Help")
    forget_standing()
    told = begin()
    answer = post("person", token=told["token"], contact=contact)
    assert answer.status_code == 422
    assert answer.json()["error"].endswith(".")
    assert the_chat(told).ticket is None


def test_who_leaves_no_way_is_helped_and_shown_the_link(chat_on: Cast) -> None:
    told = begin("The gym door does not lock")
    told = post("person", token=told["token"]).json()
    ticket = ticket_of(told)
    assert not ContactPoint.objects.filter(person=ticket.requester).exists()
    assert not Delivery.objects.filter(about=ticket.id).exists()
    assert f"http://cedar.localhost/r/{ticket.token}" in told["talk"]
    assert told["state"] == "unreached"
    assert Client(HTTP_HOST="cedar.localhost").get(f"/r/{ticket.token}").status_code == 200
    routing.place(ticket.id, now=timezone.now())
    replied(ticket, "We send a locksmith.", by=chat_on.alice)
    assert "We send a locksmith." in news(told).json()["talk"]


@pytest.mark.parametrize(("contact", "shown"), [("pat@cedar-family.example", "p…@c….example"), ("(916) 555-0144", "…0144")])
def test_who_left_an_address_and_got_no_letter_is_not_asked_for_one(chat_on: Cast, contact: str, shown: str) -> None:
    told = post("person", text="The gym door does not lock", contact=contact).json()
    Delivery.objects.filter(about=ticket_of(told).id).delete()  # too many in an hour: none was written
    told = post("say", token=told["token"], text="It is the north door").json()
    assert f"The answer also goes to {shown}." in told["talk"]
    assert "to no other place" not in told["talk"]
    assert "Keep this private link" in told["talk"], "nothing brought it there"
    assert told["state"] == "reached"
    assert "How can we reach you?" not in told["writing"]


def test_an_address_that_is_not_written_to_is_no_way_to_answer(chat_on: Cast) -> None:
    told = post("person", text="The gym door does not lock", contact="pat@cedar-family.example").json()
    Delivery.objects.filter(about=ticket_of(told).id).delete()
    delivery.opt_out(channel="email", address="pat@cedar-family.example", reason="bounced", now=timezone.now())
    assert post("say", token=told["token"], text="Hello?").json()["state"] == "unreached"


def test_a_way_left_later_is_acknowledged_and_answers_go_there(chat_on: Cast) -> None:
    told = post("person", text="The gym door does not lock").json()
    for _ in range(2):
        told = post("person", token=told["token"], contact="new@family.example", name="Nova").json()
    ticket = ticket_of(told)
    assert ticket.requester.name == "Nova"
    assert ContactPoint.objects.get(person=ticket.requester).value == "new@family.example"
    assert [letter.purpose for letter in Delivery.objects.filter(address="new@family.example")] == ["ack"]
    assert Message.objects.filter(ticket=ticket, text__contains="new@family.example").count() == 1
    assert told["state"] == "reached"


def test_who_leaves_a_known_address_later_is_who_has_it(chat_on: Cast) -> None:
    told = post("person", text="The gym door does not lock", name="P").json()
    post("person", token=told["token"], contact="pat@cedar-family.example")
    ticket = ticket_of(told)
    assert ticket.requester == chat_on.pat
    assert {message.author for message in Message.objects.filter(ticket=ticket)} == {chat_on.pat}
    letter = Delivery.objects.get(about=ticket.id, purpose="ack")
    assert (letter.address, letter.person) == ("pat@cedar-family.example", chat_on.pat)
    assert "by email. You may close this window." in news(told).json()["talk"]
    replied(ticket, "We send a locksmith.", by=chat_on.alice)
    assert Delivery.objects.get(about=ticket.id, purpose="reply").address == "pat@cedar-family.example"


def test_nobody_becomes_somebody_who_works_here_or_a_second_person(chat_on: Cast) -> None:
    told = post("person", text="The gym door does not lock").json()
    post("person", token=told["token"], contact="alice@cedar.localhost")
    assert ticket_of(told).requester != chat_on.alice
    post("person", token=told["token"], contact="new@family.example")
    post("person", token=told["token"], contact="pat@cedar-family.example")
    nova = ticket_of(told).requester
    assert ContactPoint.objects.get(person=nova).value == "new@family.example"
    offered = {frozenset((row.one, row.other)) for row in MergeSuggestion.objects.all()}
    assert offered == {frozenset((chat_on.alice, nova)), frozenset((chat_on.pat, nova))}


# --- later --------------------------------------------------------------------------------------------------------------


def replied(ticket: Ticket, text: str, *, by: Person) -> None:
    tickets.reply(Ticket.objects.get(id=ticket.id), by=by, words=tickets.Words(text=text), now=timezone.now())


def news(told: dict[str, Any], seen: str = "") -> Any:
    return Client(HTTP_HOST="cedar.localhost").get("/chat/news", {"seen": seen}, headers={"X-Chat-Token": told["token"]})


def handed(contact: str = "pat@cedar-family.example") -> dict[str, Any]:
    told = begin("The gym door does not lock")
    return dict(post("person", token=told["token"], contact=contact).json())


def test_what_is_said_later_is_a_message_once(chat_on: Cast) -> None:
    told, said_id = handed(), str(uuid.uuid4())
    for _ in range(3):
        assert post("say", token=told["token"], text="It is the north door", said_id=said_id).status_code == 200
    messages = Message.objects.filter(ticket=ticket_of(told)).order_by("at")
    assert [message.text for message in messages][1:] == ["It is the north door"]
    assert messages[1].channel == "chat"
    envelope = Envelope.objects.get(external_id=said_id)
    assert (envelope.state, envelope.ticket_ref) == ("done", ticket_of(told).id)
    assert post("say", token=told["token"], text="Something else", said_id=said_id).status_code == 409
    assert Gap.objects.count() == 1, "people have it: nothing is looked up any more"


def test_answers_of_people_come_into_the_open_chat_and_notes_do_not(chat_on: Cast) -> None:
    told = handed()
    ticket, now = ticket_of(told), timezone.now()
    assert news(told, told["seen"]).status_code == 204
    tickets.note(ticket, by=chat_on.alice, words=tickets.Words(text="secret note"), now=now)
    tickets.reply(ticket, by=chat_on.alice, words=tickets.Words(text="We are on <b>our</b> way."), now=now)
    answer = news(told, told["seen"])
    assert answer.status_code == 200
    shown = answer.json()["talk"]
    assert "We are on &lt;b&gt;our&lt;/b&gt; way." in shown
    assert "Alice" in shown
    assert "secret note" not in shown


def test_mail_of_the_requester_shows_in_the_chat_too(chat_on: Cast) -> None:
    told = handed()
    ticket = ticket_of(told)
    tickets.requester_wrote(
        ticket, author=chat_on.pat, channel="email", words=tickets.Words(text="By mail: still open"), now=timezone.now()
    )
    assert "By mail: still open" in news(told).json()["talk"]


def test_a_line_opens_what_was_resolved_and_goes_to_where_it_was_merged(chat_on: Cast) -> None:
    told = handed()
    ticket = ticket_of(told)
    tickets.resolve(ticket, by=chat_on.alice, now=timezone.now())
    post("say", token=told["token"], text="It is open again")
    ticket.refresh_from_db()
    assert ticket.status == "open"
    other, _message = tickets.open_ticket(
        requester=chat_on.bob, channel="web", subject="Gym", words=tickets.Words(text="The gym again"), team=chat_on.technology,
        now=timezone.now(),
    )  # fmt: skip
    replied(other, "for bob alone", by=chat_on.alice)
    tickets.merge(ticket, into=other, by=chat_on.alice, why="The same door.", now=timezone.now())
    post("say", token=told["token"], text="Anybody there?")
    ticket.refresh_from_db()
    assert ticket.status == "merged"
    assert Message.objects.filter(ticket=other, text="Anybody there?").count() == 1
    replied(other, "for both", by=chat_on.alice)
    shown = news(told).json()["talk"]
    assert "for both" in shown
    assert "for bob alone" not in shown
    assert "The gym again" not in shown


def test_a_typed_address_reads_nothing_of_its_owners_other_request(chat_on: Cast) -> None:
    """Anybody can type Pat's address; that the two became one need lets nobody read Pat's words, nor the answers to them."""
    other, _message = tickets.open_ticket(
        requester=chat_on.pat, channel="email", subject="Gym", words=tickets.Words(text="private words of Pat"),
        team=chat_on.technology, now=timezone.now(),
    )  # fmt: skip
    told = handed()
    tickets.merge(ticket_of(told), into=other, by=chat_on.alice, why="The same door.", now=timezone.now())
    later = tickets.Words(text="and more of Pat's")
    tickets.requester_wrote(other, author=chat_on.pat, channel="email", words=later, now=timezone.now())
    replied(other, "an answer to Pat", by=chat_on.alice)
    told = post("say", token=told["token"], text="Anybody there?").json()
    for words in ("private words of Pat", "and more of Pat's", "an answer to Pat"):
        assert words not in told["talk"]
    assert "Anybody there?" in told["talk"]
    assert "we do not know who is reading here" in told["talk"]


def test_what_was_solved_long_ago_is_followed_by_another(chat_on: Cast) -> None:
    told = handed()
    old = ticket_of(told)
    Ticket.objects.filter(id=old.id).update(status="closed", resolved_at=NOW.replace(year=2025))
    told = post("say", token=told["token"], text="The lock is broken once more").json()
    new = ticket_of(told)
    assert new != old
    assert new.requester == old.requester
    assert Link.objects.get(ticket=new).other == old
    assert f"#{new.number}" in told["talk"]


# --- danger -------------------------------------------------------------------------------------------------------------


def test_words_of_danger_show_the_crisis_line_and_call_a_person_at_once(chat_on: Cast) -> None:
    told = begin(DANGER)
    ticket = ticket_of(told)
    assert (ticket.team, ticket.crisis, ticket.priority) == (chat_on.safety, True, 1)
    assert "988" in told["talk"]
    assert not Answer.objects.exists()
    assert kinds(the_chat(told)) == ["visitor", "danger", "alarmed"]
    assert "contact" in told["writing"], "how can we reach you?"


def test_words_of_danger_are_heard_later_too(chat_on: Cast) -> None:
    told = handed()
    told = post("say", token=told["token"], text=DANGER).json()
    assert "988" in told["talk"]
    ticket = ticket_of(told)
    assert (ticket.team, ticket.crisis) == (chat_on.safety, True)
    assert Event.objects.filter(ticket=ticket, kind="danger").count() == 1


def test_words_of_danger_pass_the_limits(chat_on: Cast) -> None:
    told = begin()
    with patch.object(limits, "say", side_effect=limits.TooMuch(60)):
        refused = post("say", token=told["token"], text="and another thing")
        assert (refused.status_code, refused["Retry-After"]) == (429, "60")
        assert post("say", token=told["token"], text=DANGER).status_code == 200
    assert ticket_of(told).crisis


# --- nothing lost -------------------------------------------------------------------------------------------------------


def test_where_receiving_fails_the_words_wait_for_a_worker_in_order(chat_on: Cast) -> None:
    told = begin("The gym door does not lock")
    with patch.object(opening, "take_in", side_effect=RuntimeError("boom")):
        told = post("person", token=told["token"], contact="pat@cedar-family.example").json()
    assert told["state"] == "waiting"
    post("say", token=told["token"], text="It is the north door")
    post("person", token=told["token"], contact="pat@cedar-family.example")
    post("person", token=told["token"], contact="(916) 555-0144")
    assert Envelope.objects.filter(state="pending").count() == 3
    assert not Ticket.objects.filter(channel="chat").exists()
    receive.drain(chat_on.district.id)
    ticket = ticket_of(told)
    assert Ticket.objects.filter(channel="chat").count() == 1
    assert ticket.requester == chat_on.pat
    assert [m.text for m in Message.objects.filter(ticket=ticket).order_by("at", "id")][1] == "It is the north door"
    assert f"#{ticket.number}" in news(told).json()["talk"]


def test_the_first_line_sent_twice_begins_one_chat(chat_on: Cast) -> None:
    said_id = str(uuid.uuid4())
    first, again = begin(said_id=said_id), begin(said_id=said_id)
    assert first["token"] == again["token"]
    assert Chat.objects.count() == 1
    assert ChatLine.objects.filter(who="visitor").count() == 1
    assert post("say", text="not my words", said_id=said_id).status_code == 409


# --- privacy and limits -------------------------------------------------------------------------------------------------


def test_nothing_is_read_without_the_token(chat_on: Cast, oak: Cast) -> None:
    told = begin()
    client = Client(HTTP_HOST="cedar.localhost")
    for token in ("", "x" * 26, "\0", told["token"][:-1], told["token"].upper()):
        assert client.get("/chat/news", headers={"X-Chat-Token": token.replace("\0", "%00")}).status_code == 404, token
        assert client.get(f"/chat/c/{token or 'x'}").status_code == 404
    elsewhere = Client(HTTP_HOST="oak.localhost")
    assert elsewhere.get("/chat/news", headers={"X-Chat-Token": told["token"]}).status_code == 404
    assert elsewhere.get(f"/chat/c/{told['token']}").status_code == 404
    assert post("say", token="x" * 26, text="hello").status_code == 404


def test_no_cookie_is_set_or_wanted_and_nothing_may_be_kept(chat_on: Cast) -> None:
    answer = post("say", text=ASKED)
    assert not answer.cookies
    assert "no-store" in answer["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in answer
    panel = Client(HTTP_HOST="cedar.localhost").get("/chat/panel")
    assert not panel.cookies


def test_a_page_that_is_no_word_or_a_book_is_refused(chat_on: Cast) -> None:
    assert post("say", text=" \0 ").status_code == 422
    assert post("say", text="word " * 900).status_code == 422
    assert not ChatLine.objects.exists()
    assert post("say", text="Hel\0lo, the bus is late ❤").status_code == 200
    assert ChatLine.objects.get(who="visitor").text == "Hello, the bus is late ❤"


def test_one_address_begins_only_so_many_chats(chat_on: Cast) -> None:
    with patch("intake.chat.limits.within", side_effect=lambda name, *_a, **_k: name != "chats"):
        refused = post("say", text=ASKED)
    assert (refused.status_code, int(refused["Retry-After"]) > 0) == (429, True)
    assert not Chat.objects.exists()


def test_after_many_lines_a_person_is_wanted(chat_on: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_LINES", 1)
    told = begin()
    post("say", token=told["token"], text="and another")
    assert kinds(the_chat(told))[-1] == "long"


def test_switched_off_it_begins_no_chat_and_ends_none(chat_on: Cast) -> None:
    told = handed()
    save_door(row(), open=False, sites=[], greeting="", by=None)
    client = Client(HTTP_HOST="cedar.localhost")
    assert client.get("/chat/").status_code == 404
    assert client.get("/chat/panel").status_code == 404
    assert post("say", text=ASKED).status_code == 404
    assert post("say", token=told["token"], text="still there?").status_code == 200


def test_a_district_that_never_asked_for_it_has_no_chat(here: Cast) -> None:
    forget_standing()
    assert visitor(here.district).get("/chat/").status_code == 404
    assert post("say", text=ASKED).status_code == 404


# --- without scripts ----------------------------------------------------------------------------------------------------


def test_without_scripts_it_is_a_page_with_forms(chat_on: Cast) -> None:
    browser = Client(HTTP_HOST="cedar.localhost", enforce_csrf_checks=True)
    assert 'action="/chat/say"' in browser.get("/chat/").content.decode()
    sent = post("say", browser=browser, script=False, text=ASKED)
    assert sent.status_code == 303
    page = browser.get(sent["Location"].split("#")[0])
    shown = page.content.decode()
    assert "A yellow banner" in shown
    assert "noindex" in page["X-Robots-Tag"]
    token = Chat.objects.get().token
    wrong = post("person", browser=browser, script=False, token=token, contact="nobody")
    assert wrong.status_code == 422
    assert 'value="nobody"' in wrong.content.decode()
    assert post("person", browser=browser, script=False, token=token, contact="pat@cedar-family.example").status_code == 303
    assert f"#{Ticket.objects.get(channel='chat').number}" in browser.get(f"/chat/c/{token}").content.decode()


def test_who_goes_back_and_writes_something_else_adds_it_to_the_running_chat(chat_on: Cast) -> None:
    assert "private" in Client(HTTP_HOST="cedar.localhost").get("/chat/")["Cache-Control"]
    said_id = str(uuid.uuid4())
    post("say", script=False, text=ASKED, said_id=said_id)
    token = Chat.objects.get().token
    again = post("say", script=False, text="And it is cold", said_id=said_id)
    shown = again.content.decode()
    assert (again.status_code, "not sent yet" in shown, "write it again" in shown) == (409, True, False)
    assert f'name="token" value="{token}"' in shown
    assert ">And it is cold</textarea>" in shown
    assert said_id not in shown
    post("say", script=False, text="And it is cold", token=token)
    assert Chat.objects.count() == 1


def test_without_scripts_the_words_stay_beside_an_address_that_is_none(chat_on: Cast) -> None:
    wrong = post("person", script=False, text="The gym door does not lock", contact="nobody").content.decode()
    box = re.search(r'<textarea[^>]*id="first-text"[^>]*>([^<]*)', wrong)
    assert box
    assert box[1] == "The gym door does not lock"


def test_it_speaks_the_language_of_the_page_it_stands_on(chat_on: Cast) -> None:
    client = Client(HTTP_HOST="cedar.localhost", HTTP_ACCEPT_LANGUAGE="en")
    assert 'lang="es"' in client.get("/chat/panel?lang=es-MX").content.decode()
    assert 'lang="en"' in client.get("/chat/panel?lang=vi").content.decode()
    told = begin("El autobús viene tarde, ¿dónde está?", language="es")
    assert the_chat(told).language == "es"


def test_json_is_what_is_said_it_is(chat_on: Cast) -> None:
    told = begin()
    assert set(told) == {"token", "seen", "state", "talk", "writing"}
    assert json.dumps(told)
    assert this_district().host == "cedar.localhost"
    assert actions.begin(said_id=uuid.uuid4(), text="x", where=Where("xx"), now=NOW).language == "en"


def test_another_districts_chat_is_no_message_here(chat_on: Cast, oak: Cast) -> None:
    with district_scope(oak.district.id):
        save_door(row(), open=True, sites=[], greeting="", by=None)
        theirs = actions.begin(said_id=uuid.uuid4(), text=ASKED, where=Where("en"), now=NOW)
    assert not Chat.objects.filter(id=theirs.id).exists()
    sla.derive(ticket_of(handed()), now=timezone.now())


def test_abandoned_chats_go_and_those_that_became_requests_stay(chat_on: Cast, oak: Cast) -> None:
    abandoned, asked = begin(), handed()
    with patch.object(opening, "take_in", side_effect=RuntimeError("boom")):
        waiting = post("person", text="The gym door does not lock").json()
    assert reaping.reap(chat_on.district.id, now=timezone.now()) == 0
    later = timezone.now() + reaping.KEPT + timedelta(hours=1)
    assert reaping.reap(oak.district.id, now=later) == 0
    assert reaping.reap(chat_on.district.id, now=later) == 1
    left = set(Chat.objects.values_list("token", flat=True))
    assert left == {asked["token"], waiting["token"]}
    assert not ChatLine.objects.filter(chat__token=abandoned["token"]).exists()
    assert news(abandoned).status_code == 404


def test_reading_its_envelopes_again_changes_nothing(chat_on: Cast) -> None:
    told = begin("El autobús no llegó otra vez, ¿dónde está?", language="es")
    post("person", token=told["token"], contact="pat@cedar-family.example", name="Pat")
    post("say", token=told["token"], text="Es la parada de Maple")
    became = {rereading.again(row.district_id, row.id, asked=rereading.Asked()).became for row in Envelope.objects.all()}
    assert became == {rereading.Became.SAME}
