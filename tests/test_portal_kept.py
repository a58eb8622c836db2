"""At the front door nothing that was typed is lost: by another language, Back, a page open too long, a form too large."""

import logging
import re
import uuid
from html import unescape
from typing import Any

import pytest
from django.contrib import messages
from django.contrib.messages.storage.base import Message as Note
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from delivery import actions as delivery
from delivery.models import Delivery, Receipt
from districts.models import District
from intake.screening import floods
from sla import actions as sla
from tests.conftest import Cast, a_ticket, sign_in, visitor
from tests.test_portal import TEXT, photo, send, ticket_of
from tickets import actions as tickets
from tickets.models import Attachment, Message, Ticket


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def strict(cast: Cast) -> Client:
    """A browser whose cookie is gone."""
    return Client(HTTP_HOST=cast.district.host, enforce_csrf_checks=True)


def fields(html: str, form: str) -> dict[str, Any]:
    """What the form with this id sends, as a browser without scripts does, before anything is pressed."""
    inside = re.search(rf'<form[^>]*id="{form}"[^>]*>(.*?)</form>', html, re.DOTALL)
    assert inside, html[:3000]
    sent: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", inside[1]):
        given = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        chosen = given.get("type") not in ("file", "radio", "checkbox") or " checked" in tag
        if "name" in given and chosen:
            value = unescape(given.get("value", ""))
            sent[given["name"]] = [*sent.get("kept", []), value] if given["name"] == "kept" else value
    for name, value in re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>([^<]*)</textarea>', inside[1]):
        sent[name] = unescape(value)
    for name, options in re.findall(r'<select[^>]*name="([\w.-]+)"[^>]*>(.*?)</select>', inside[1], re.DOTALL):
        option = re.search(r'<option value="([^"]*)" selected', options)
        sent[name] = option[1] if option else ""
    return sent


# --- addresses that only take a form -----------------------------------------------------------------------------------------


def test_who_comes_by_the_address_of_a_form_is_led_to_its_page(here: Cast) -> None:
    browser, token = visitor(here.district), a_ticket(here, now=timezone.now()).token
    for act in ("reply", "solved", "reopen"):
        answer = browser.get(f"/r/{token}/{act}")
        assert (answer.status_code, answer["Location"]) == (302, f"/r/{token}")
        assert answer["Cache-Control"] == "private, no-store"
        assert browser.put(f"/r/{token}/{act}").status_code == 405
    assert browser.get(f"/answers/{uuid.uuid4()}/solved")["Location"] == "/"


# --- another language --------------------------------------------------------------------------------------------------------


def test_another_language_keeps_an_empty_reply_s_page(here: Cast) -> None:
    browser, token = visitor(here.district), a_ticket(here, now=timezone.now()).token
    wrong = browser.post(f"/r/{token}/reply", {"form_id": str(uuid.uuid4()), "text": ""}).content.decode()
    assert 'form="reply" formnovalidate name="language" value="es"' in wrong
    answer = browser.post(f"/r/{token}/reply", {**fields(wrong, "reply"), "language": "es"})
    assert (answer.status_code, answer["Location"]) == (303, f"/r/{token}")
    assert '<html lang="es"' in browser.get(f"/r/{token}").content.decode()


def test_another_language_keeps_the_words_of_a_reply(here: Cast) -> None:
    ticket = a_ticket(here, now=timezone.now())
    browser = visitor(here.district)
    page = browser.post(f"/r/{ticket.token}/reply", {"text": "the blue one", "language": "es", "photos": [photo("bus.jpg")]})
    html = page.content.decode()
    assert '<html lang="es"' in html
    assert "the blue one</textarea>" in html
    assert 'name="kept"' in html
    assert Message.objects.filter(ticket=ticket).count() == 1
    assert '<html lang="es"' in browser.get("/").content.decode()


def test_another_language_keeps_every_field_of_the_form(here: Cast) -> None:
    browser = visitor(here.district)
    given = {"step": "send", "text": TEXT, "contact": "pat@", "name": "Pat", "site": "MRE", "room": "12", "form_id": str(uuid.uuid4())}
    html = browser.post("/", {**given, "language": "es", "photos": [photo("bus.jpg")]}).content.decode()
    assert '<html lang="es"' in html
    assert {name: value for name, value in fields(html, "still").items() if name in given} == given
    assert "aria-invalid" not in html, "nothing was sent, so nothing is wrong yet"
    assert Ticket.objects.count() == 0


def test_another_language_at_the_box(here: Cast) -> None:
    browser = visitor(here.district)
    page = browser.get("/at/MRE/Lab%202").content.decode()
    empty = browser.post("/", {**fields(page, "ask"), "language": "es"})
    assert (empty.status_code, empty["Location"]) == (303, "/?site=MRE&room=Lab+2")
    typed = browser.post("/", {**fields(page, "ask"), "text": "no hay luz", "language": "es"}).content.decode()
    assert "no hay luz</textarea>" in typed
    assert fields(typed, "ask")["room"] == "Lab 2"


def test_a_language_the_district_does_not_speak_is_none(here: Cast) -> None:
    answer = visitor(here.district).post("/", {"step": "ask", "text": TEXT, "language": "xx"})
    assert '<html lang="en"' in answer.content.decode()
    assert "django_language" not in answer.cookies


def test_another_language_at_find(here: Cast) -> None:
    browser = visitor(here.district)
    assert 'value="pat@"' in browser.post("/find", {"contact": "pat@", "language": "es"}).content.decode()
    assert browser.post("/find", {"contact": "", "language": "es"})["Location"] == "/find"
    assert not Delivery.objects.exists()


def test_enter_never_presses_a_language(here: Cast) -> None:
    """A form's first button is the one that Enter presses, wherever it stands."""
    html = visitor(here.district).post("/", {"step": "ask", "text": TEXT}).content.decode()
    first = re.search(r'<button[^>]*form="still"[^>]*>', html)
    assert first
    assert "name=" not in first[0]


# --- a page that was open too long --------------------------------------------------------------------------------------------


def test_a_form_without_its_token_comes_again_with_every_word_and_file(here: Cast) -> None:
    browser = strict(here)
    page = send(browser, contact="pat@family.example", name="Pat", room="12", site="MRE", photos=[photo("leak.jpg")])
    html = page.content.decode()
    assert page.status_code == 403
    assert "The page was open too long" in html
    assert Ticket.objects.count() == 0
    form = fields(html, "still")
    assert form["text"] == TEXT
    assert "csrftoken" in browser.cookies
    ticket = ticket_of(browser.post("/", form))
    assert (ticket.requester.name, ticket.room, ticket.site) == ("Pat", "12", here.maple)
    assert Attachment.objects.get(message__ticket=ticket).name == "leak.jpg"


def test_the_box_a_reply_and_a_search_come_again_too(here: Cast) -> None:
    token = a_ticket(here, now=timezone.now()).token
    for path, given, kept in (
        ("/", {"step": "ask", "text": "no heat in 12"}, "no heat in 12</textarea>"),
        (f"/r/{token}/reply", {"text": "it came at last"}, "it came at last</textarea>"),
        ("/find", {"contact": "pat@family.example"}, 'value="pat@family.example"'),
        (f"/r/{token}/solved", {}, 'id="reply"'),
    ):
        page = strict(here).post(path, given)
        assert page.status_code == 403, path
        assert kept in page.content.decode(), path
        assert "Please press the button once more".lower() in page.content.decode().lower()
    assert Ticket.objects.get(token=token).is_live
    assert strict(here).post("/r/" + "x" * 26 + "/reply", {"text": "x"}).status_code == 404


def test_elsewhere_it_says_how_to_go_on_and_leads_to_the_page(here: Cast) -> None:
    host = here.district.host
    page = strict(here).post("/language/", {"language": "es"}, headers={"Referer": f"http://{host}/help/?q=bus"})
    assert page.status_code == 403
    assert 'href="/help/?q=bus"' in page.content.decode()
    assert "still in the form" not in page.content.decode()
    foreign = strict(here).post("/language/", {"language": "es"}, headers={"Referer": "https://evil.example/x"})
    assert 'href="/"' in foreign.content.decode()
    assert "evil" not in foreign.content.decode()


# --- back ---------------------------------------------------------------------------------------------------------------------


def test_the_browser_may_keep_a_form_for_back_and_nobody_else_may(here: Cast) -> None:
    browser, token = visitor(here.district), a_ticket(here, now=timezone.now()).token
    for answer in (
        browser.get("/"),
        browser.get("/at/MRE/12"),
        browser.post("/", {"step": "ask", "text": TEXT}),
        send(browser, contact=""),
        browser.post(f"/r/{token}/reply", {"text": ""}),
        browser.post("/find", {"contact": "pat@"}),
        strict(here).post("/", {"step": "ask", "text": TEXT}),
    ):
        assert answer["Cache-Control"] == "private, no-cache"
    assert browser.get(f"/r/{token}")["Cache-Control"] == "private, no-store"


def test_from_the_form_back_to_the_box_and_forth_again_with_everything(here: Cast) -> None:
    browser = visitor(here.district)
    form = fields(browser.post("/", {"step": "ask", "text": TEXT, "service": "bus-late"}).content.decode(), "still")
    filled = {**form, "contact": "pat@family.example", "name": "Pat", "site": "MRE", "room": "12"}
    box = browser.post("/", {**filled, "change": "1", "photos": [photo("stop.jpg")]}).content.decode()
    assert "What you need" in box or "what do you need" in box
    back = {**fields(box, "ask"), "text": "the bus to Maple came too early"}
    again = fields(browser.post("/", back).content.decode(), "still")
    assert again == {**filled, "text": "the bus to Maple came too early", "kept": again["kept"], **_token(again)}
    ticket = ticket_of(browser.post("/", again))
    assert (ticket.requester.name, ticket.service, ticket.room) == ("Pat", here.bus_late, "12")
    assert Attachment.objects.get(message__ticket=ticket).name == "stop.jpg"


def _token(form: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in form.items() if name == "csrfmiddlewaretoken"}


# --- whether the link was sent ------------------------------------------------------------------------------------------------


NOT_SENT = "Keep this link: it was not sent to you"


def test_it_says_by_what_the_link_came(here: Cast) -> None:
    browser = visitor(here.district)
    texted = browser.get(send(browser)["Location"]).content.decode()
    assert "You get it as a text message too." in texted
    mailed = browser.get(send(browser, contact="pat@family.example")["Location"]).content.decode()
    assert "You get it by email too." in mailed
    assert NOT_SENT not in texted + mailed


def test_where_no_text_leaves_none_is_promised_and_none_is_made(here: Cast, settings: Settings) -> None:
    settings.SMS_FROM = ""
    browser = visitor(here.district)
    asked = browser.post("/", {"step": "ask", "text": "the bus is late"}).content.decode()
    assert "We send no text messages; with a phone number alone we call you." in asked
    page = browser.get(send(browser)["Location"]).content.decode()
    assert "You get it as a text message too." not in page
    assert NOT_SENT in page
    assert "we call the number that you left" in page
    ticket = Ticket.objects.get()
    desk = sign_in(here.alice, here.district)
    Ticket.objects.filter(id=ticket.id).update(team=here.transportation)
    shown = desk.get(f"/desk/{ticket.id}/").content.decode()
    assert "Can only be called: no text message leaves the district." in shown
    assert "A reply stands on their page, and they are not told of it." in shown
    assert "It leaves as a text message" not in shown
    tickets.reply(tickets.take(ticket), by=here.alice, words=tickets.Words(text="It comes"), now=timezone.now())
    assert not Delivery.objects.filter(channel="sms").exists(), "none that is tried for half an hour and dies"
    overview = sign_in(here.ada, here.district).get("/setup/").content.decode()
    assert "Texts cannot leave" in overview
    ticket.requester.contact_points.create(kind="email", value="pat@family.example")
    tickets.reply(tickets.take(ticket), by=here.alice, words=tickets.Words(text="It came"), now=timezone.now())
    assert Delivery.objects.get(purpose="reply").channel == "email"


def test_of_many_requests_only_those_say_so_that_were_acknowledged(here: Cast) -> None:
    browser = visitor(here.district)
    pages = [browser.get(send(browser, text=f"thing {n}", contact="a@family.example")["Location"]).content.decode() for n in range(8)]
    sent = ["You get it by email too." in html for html in pages]
    assert sent == [True] * floods.ANSWERED + [False] * (8 - floods.ANSWERED)
    assert sent.count(True) == Delivery.objects.filter(purpose="ack").count()
    token = Ticket.objects.order_by("number").last().token  # type: ignore[union-attr]
    assert NOT_SENT in pages[-1]
    assert f"http://{here.district.host}/r/{token}</p>" in pages[-1]
    assert NOT_SENT in browser.get(f"/r/{token}").content.decode(), "and on every later visit"


def test_a_number_abroad_and_one_that_texted_stop_have_no_other_copy(here: Cast) -> None:
    browser = visitor(here.district)
    assert NOT_SENT in browser.get(send(browser, contact="+44 20 7946 0958")["Location"]).content.decode()
    delivery.opt_out(channel="sms", address="+15550104477", reason="texted STOP", now=timezone.now())
    assert NOT_SENT in browser.get(send(browser)["Location"]).content.decode()


@pytest.mark.parametrize("state", [Delivery.State.FAILED, Delivery.State.DEAD, Delivery.State.SUPPRESSED])
def test_a_letter_that_did_not_leave_is_no_copy(here: Cast, state: str) -> None:
    browser = visitor(here.district)
    ticket = ticket_of(send(browser))
    Delivery.objects.filter(about=ticket.id).update(state=state)
    assert NOT_SENT in browser.get(f"/r/{ticket.token}").content.decode()


def test_a_letter_that_came_back_is_no_copy_and_an_answer_is_one(here: Cast) -> None:
    browser = visitor(here.district)
    ticket = ticket_of(send(browser))
    Delivery.objects.filter(about=ticket.id).update(state=Delivery.State.SENT)
    Receipt.objects.create(delivery=Delivery.objects.get(about=ticket.id, purpose="ack"), kind="bounced")
    assert NOT_SENT in browser.get(f"/r/{ticket.token}").content.decode()
    tickets.reply(ticket, by=here.alice, words=tickets.Words(text="on it"), now=timezone.now())
    assert NOT_SENT not in browser.get(f"/r/{ticket.token}").content.decode()


# --- what is said once ----------------------------------------------------------------------------------------------------------


def test_refused_files_are_a_list_beside_their_field_and_linked_from_above(here: Cast) -> None:
    bad = [SimpleUploadedFile(f"bad{n}.exe", b"MZ\x90\0" * 50) for n in range(4)]
    html = send(visitor(here.district), photos=bad).content.decode()
    ticket = a_ticket(here, now=timezone.now())
    reply = visitor(here.district).post(
        f"/r/{ticket.token}/reply", {"text": "look", "photos": [SimpleUploadedFile(f"bad{n}.exe", b"MZ\x90\0" * 50) for n in range(4)]}
    )
    for page in (html, reply.content.decode()):
        assert [page.count(f"bad{n}.exe:") for n in range(4)] == [1, 1, 1, 1]
        listed = re.search(r'<ul class="[^"]*" id="photos-error">(.*?)</ul>', page, re.DOTALL)
        assert listed
        assert listed[1].count("<li>") == 4
        assert '<a href="#photos">Look at your files: not all of them were taken.</a>' in page
        assert 'id="photos"' in page


def test_the_phone_number_and_the_way_to_follow_up_stand_once(here: Cast) -> None:
    District.objects.filter(id=here.district.id).update(phone="555-0142")
    browser = visitor(here.district)
    box, find = browser.get("/").content.decode(), browser.get("/find").content.decode()
    form = browser.post("/", {"step": "ask", "text": TEXT}).content.decode()
    assert [page.count('href="tel:555-0142"') for page in (box, find, form)] == [1, 1, 1]
    assert box.count('href="/find"') == 1
    assert find.count('href="/find"') == 0


def test_by_when_a_person_answers_is_said_as_one_says_it(here: Cast) -> None:
    ticket = a_ticket(here, now=timezone.now())
    tickets.place(ticket, team=here.transportation, service=here.bus_late, priority=3, now=timezone.now(), data={})
    sla.derive(ticket, now=timezone.now())
    assert "A person will answer you by " in visitor(here.district).get(f"/r/{ticket.token}").content.decode()


def test_after_a_mistaken_it_s_solved_the_first_answer_is_promised_again(here: Cast) -> None:
    browser = visitor(here.district)
    ticket = a_ticket(here, now=timezone.now())
    tickets.place(ticket, team=here.transportation, service=here.bus_late, priority=3, now=timezone.now(), data={})
    sla.derive(ticket, now=timezone.now())
    browser.post(f"/r/{ticket.token}/solved")
    browser.post(f"/r/{ticket.token}/reopen")
    assert "A person will answer you by " in browser.get(f"/r/{ticket.token}").content.decode()


def test_a_message_of_error_looks_like_one(here: Cast) -> None:
    said = [Note(messages.ERROR, "It is not there."), Note(messages.SUCCESS, "Done.")]
    html = render_to_string("parts/messages.html", {"messages": said})
    assert ("alert-danger" in html, "alert-success" in html, "alert-error" in html) == (True, True, False)


# --- too much ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("multipart", [True, False])
def test_more_text_than_a_form_takes_is_answered_in_words_and_is_no_error(
    here: Cast, settings: Any, caplog: pytest.LogCaptureFixture, multipart: bool
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000
    given = {"step": "send", "text": "long " * 4000}
    browser = visitor(here.district)
    answer = browser.post("/", given) if multipart else browser.post("/", "text=" + "long+" * 4000, "application/x-www-form-urlencoded")
    assert answer.status_code == 413
    assert "Attach it as a file" in answer.content.decode()
    assert here.district.name in answer.content.decode()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info] == []
    assert any("form_too_large" in str(record.msg) for record in caplog.records)


def test_more_files_than_a_form_takes_are_answered_the_same(here: Cast, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    answer = send(visitor(here.district), photos=[photo(f"{n}.jpg") for n in range(3)])
    assert answer.status_code == 413
    assert "Send 5 now" in answer.content.decode()


def test_staff_get_the_same_page(here: Cast, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000
    answer = sign_in(here.alice, here.district).post("/desk/log/", {"text": "long " * 4000})
    assert answer.status_code == 413
