"""The front door as people without an account, without scripts and without patience use it."""

import io
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from delivery.models import Delivery
from districts.brand import accent_css, contrast, parse
from districts.models import Account, ContactPoint, Service
from districts.scope import district_scope
from intake.form.popular import popular_services
from intake.models import Envelope
from knowledge.models import Answer, Article, Gap
from sla import actions as sla
from tests.conftest import PASSWORD, Cast, a_ticket, sign_in, visitor
from tickets import actions as tickets
from tickets.models import Attachment, Message, Ticket

TEXT = "the bus didn't come to Maple and 5th again"


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def lunch(here: Cast) -> Article:
    article: Article = Article.objects.create(
        slug="meal-prices", title="Meal prices", audience=["family"], published_at=timezone.now(),
        body="**Prices.** A lunch costs $3.65 in middle school.\n\n**Menus.** See the website.",
    )  # fmt: skip
    return article


def photo(name: str = "leak.jpg", size: tuple[int, int] = (40, 30)) -> SimpleUploadedFile:
    made = io.BytesIO()
    Image.new("RGB", size, "navy").save(made, "JPEG")
    return SimpleUploadedFile(name, made.getvalue(), "image/jpeg")


def send(browser: Client, **fields: Any) -> Any:
    values = {"step": "send", "form_id": str(uuid.uuid4()), "text": TEXT, "contact": "555 010 4477", **fields}
    return browser.post("/", {k: v for k, v in values.items() if v is not None})


def ticket_of(response: Any) -> Ticket:
    assert response.status_code == 303, response.content.decode()[:2000]
    ticket: Ticket = Ticket.objects.get(token=re.fullmatch(r"/r/([a-z0-9]+)\?new=1", response["Location"])[1])  # type: ignore[index]
    return ticket


# --- asking ------------------------------------------------------------------------------------------------------------


def test_the_front_door_is_one_box(here: Cast) -> None:
    page = visitor(here.district).get("/")
    html = page.content.decode()
    assert page.status_code == 200
    assert html.count("<textarea") == 1
    assert "What do you need help with?" in html
    assert 'href="/find"' in html


def test_without_scripts_from_the_box_to_a_number(here: Cast) -> None:
    """Two ordinary forms; every field of the second comes from its HTML."""
    browser = visitor(here.district)
    second = browser.post("/", {"step": "ask", "text": TEXT}).content.decode()
    assert TEXT in second.replace("&#x27;", "'")
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', second))
    response = browser.post("/", {**hidden, "text": TEXT, "contact": "pat@family.example", "name": "Pat"})
    ticket = ticket_of(response)
    assert (ticket.channel, ticket.requester.name) == ("web", "Pat")
    page = browser.get(response["Location"]).content.decode()
    assert f"#{ticket.number}" in page
    assert "finding the right team" in page


def test_the_words_are_asked_for_where_there_are_none(here: Cast) -> None:
    response = visitor(here.district).post("/", {"step": "ask", "text": "  \0 "})
    assert response.status_code == 422
    assert b"in a few words" in response.content


@pytest.mark.parametrize("contact", ["", "pat@", "12", "call me", "pat@family", "\0"])
def test_without_a_way_to_answer_nothing_is_sent_and_nothing_lost(here: Cast, contact: str) -> None:
    response = send(visitor(here.district), contact=contact, name="Pat", room="12", site="MRE")
    html = response.content.decode()
    assert response.status_code == 422
    assert Ticket.objects.count() == 0
    assert Envelope.objects.count() == 0
    for kept in ("bus didn&#x27;t come", 'value="Pat"', 'value="12"', 'value="MRE" selected'):
        assert kept in html
    assert 'aria-invalid="true"' in html


def test_null_bytes_are_left_out(here: Cast) -> None:
    ticket = ticket_of(send(visitor(here.district), text="no\0 heat\0", name="P\0at", room="1\0"))
    assert Message.objects.get(ticket=ticket).text == "no heat"
    assert ticket.room == "1"


def test_the_same_form_twice_is_one_request(here: Cast) -> None:
    browser, form = visitor(here.district), str(uuid.uuid4())
    first, second = send(browser, form_id=form), send(browser, form_id=form)
    assert first["Location"] == second["Location"]
    assert Ticket.objects.count() == 1
    assert Envelope.objects.count() == 1


def test_a_made_up_form_id_gets_a_new_one(here: Cast) -> None:
    response = send(visitor(here.district), form_id="' OR 1=1")
    assert response.status_code == 422
    fresh = re.search(r'name="form_id" value="([^"]+)"', response.content.decode())
    assert fresh
    assert uuid.UUID(fresh[1])


def test_photos_come_along(here: Cast) -> None:
    ticket = ticket_of(send(visitor(here.district), photos=[photo(), photo("b.jpg", (20, 20))]))
    assert sorted(Attachment.objects.filter(message__ticket=ticket).values_list("name", flat=True)) == ["b.jpg", "leak.jpg"]


def test_a_photo_that_is_too_large_is_named_and_the_text_kept(here: Cast, settings: Any) -> None:
    settings.MAX_FILE_BYTES = 1000
    response = send(visitor(here.district), photos=[photo("huge wall.jpg", (900, 900))])
    html = response.content.decode()
    assert response.status_code == 422
    assert "huge wall.jpg: It is larger" in html
    assert "bus didn&#x27;t come" in html
    assert Ticket.objects.count() == 0


def test_a_program_is_not_taken_for_a_photo(here: Cast) -> None:
    bad = SimpleUploadedFile("photo.jpg", b"MZ\x90\0" * 50, "image/jpeg")
    response = send(visitor(here.district), photos=[bad, photo("good.jpg")])
    assert response.status_code == 422
    assert b"photo.jpg" in response.content
    html = response.content.decode()
    assert "good.jpg is kept" in html
    kept = re.search(r'name="kept" value="([^"]+)" checked', html)
    assert kept
    ticket = ticket_of(send(visitor(here.district), kept=[kept[1], "forged"], photos=[photo("good.jpg")]))  # chosen again
    assert Attachment.objects.get(message__ticket=ticket).name == "good.jpg"


def test_a_kept_photo_is_its_own_district_s(here: Cast, oak: Cast) -> None:
    html = send(visitor(here.district), contact="", photos=[photo("mine.jpg")]).content.decode()
    kept = re.search(r'name="kept" value="([^"]+)" checked', html)
    assert kept
    send(visitor(oak.district), kept=[kept[1]])
    with district_scope(oak.district.id):
        assert Attachment.objects.count() == 0


def test_six_photos_are_one_too_many(here: Cast) -> None:
    response = send(visitor(here.district), photos=[photo(f"{n}.jpg", (n + 8, 8)) for n in range(6)])
    assert response.status_code == 422
    assert b"At most 5 files" in response.content


def test_place_and_service_are_known_from_the_door_one_came_by(here: Cast) -> None:
    browser = visitor(here.district)
    page = browser.get("/at/MRE/Lab%202").content.decode()
    assert "Maple Ridge Elementary" in page
    assert "Maple Ridge Elementary · Lab 2" in page
    assert "Maple Ridge Elementary · room 12b" in browser.get("/at/MRE/12b").content.decode()
    second = browser.post(
        "/", {"step": "ask", "text": "no heat", "site": "MRE", "room": "Lab 2", "service": "bus-late"}
    ).content.decode()
    assert 'value="MRE" selected' in second
    ticket = ticket_of(send(browser, site="MRE", room="Lab 2", service="bus-late"))
    assert (ticket.site, ticket.room, ticket.service, ticket.team) == (here.maple, "Lab 2", here.bus_late, here.transportation)


def test_unknown_places_and_services_are_no_error(here: Cast, oak: Cast) -> None:
    browser = visitor(here.district)
    assert browser.get("/at/NOPE/%00x").status_code == 200
    assert browser.get("/?service=nope&site=%00").status_code == 200
    assert ticket_of(send(browser, site="NOPE", service="nope")).service is None


def test_what_is_asked_for_most_comes_first_and_nothing_sensitive(here: Cast) -> None:
    now = timezone.now()
    ticket, _m = tickets.open_ticket(
        requester=here.pat, channel="web", subject="x", words=tickets.Words(text="x"), team=here.technology,
        service=here.bus_late, now=now,
    )  # fmt: skip
    Service.objects.create(slug="aaa", name="Aaa first by name", team=here.technology, audience=["parent"])
    names = [service.name for service in popular_services(staff=False, now=now)]
    assert names == [ticket.service.name, "Aaa first by name"]  # type: ignore[union-attr]  # not staff's, not counseling
    assert [s.slug for s in popular_services(staff=True, now=now)] == ["password-reset"]


# --- answers -----------------------------------------------------------------------------------------------------------


def test_an_answer_with_its_source_comes_first(lunch: Article, here: Cast) -> None:
    html = visitor(here.district).post("/", {"step": "ask", "text": "what does a lunch cost in middle school"}).content.decode()
    assert "$3.65" in html
    assert 'href="/help/meal-prices/"' in html
    assert "This solved it" in html
    assert html.index("$3.65") < html.index('name="contact"')
    assert Answer.objects.get().outcome == "shown"


def test_this_solved_it_sends_nothing(lunch: Article, here: Cast) -> None:
    browser = visitor(here.district)
    browser.post("/", {"step": "ask", "text": "what does a lunch cost in middle school"})
    answer = Answer.objects.get()
    assert browser.post(f"/answers/{answer.id}/solved").status_code == 200
    assert Answer.objects.get().outcome == "solved"
    assert Ticket.objects.count() == 0
    assert browser.post(f"/answers/{uuid.uuid4()}/solved").status_code == 200


def test_a_request_after_an_answer_says_it_was_not_enough(lunch: Article, here: Cast) -> None:
    browser = visitor(here.district)
    browser.post("/", {"step": "ask", "text": "what does a lunch cost in middle school"})
    ticket = ticket_of(send(browser, answer=str(Answer.objects.get().id)))
    answer = Answer.objects.get()
    assert (answer.outcome, answer.ticket_ref) == ("not_enough", ticket.id)
    ticket_of(send(browser, answer="nonsense"))


def test_what_nobody_wrote_about_is_a_gap_not_an_answer(lunch: Article, here: Cast) -> None:
    html = visitor(here.district).post("/", {"step": "ask", "text": "who won the 1912 election"}).content.decode()
    assert "This may answer it" not in html
    assert Gap.objects.get().question == "who won the 1912 election"


def test_words_of_danger_get_no_automatic_answer_but_the_crisis_line(lunch: Article, here: Cast) -> None:
    type(here.district).objects.filter(id=here.district.id).update(crisis_phone="555-0199")
    html = visitor(here.district).post("/", {"step": "ask", "text": "I want to kill myself at lunch in middle school"}).content.decode()
    assert "988" in html
    assert "555-0199" in html
    assert "This may answer it" not in html
    assert Answer.objects.count() == 0
    assert Gap.objects.count() == 0
    assert 'name="contact"' in html  # one can still send it


def test_staff_articles_answer_staff_only(here: Cast) -> None:
    Article.objects.create(
        slug="keys",
        title="Where the master key is kept",
        audience=["staff"],
        published_at=timezone.now(),
        body="The master key is kept in the cabinet of the main office.",
    )
    question = {"step": "ask", "text": "where is the master key kept?"}
    assert "kept in the cabinet" not in visitor(here.district).post("/", question).content.decode()
    assert "kept in the cabinet" in sign_in(here.bob, here.district).post("/", question).content.decode()


def test_somebody_signed_in_need_not_type_their_address(here: Cast) -> None:
    html = sign_in(here.bob, here.district).post("/", {"step": "ask", "text": "projector"}).content.decode()
    assert f'value="bob@{here.district.host}"' in html


# --- the requester's own page ---------------------------------------------------------------------------------------------


def test_unknown_and_foreign_links_are_not_there(here: Cast, oak: Cast) -> None:
    with district_scope(oak.district.id):
        foreign = Ticket.objects.get()
    browser = visitor(here.district)
    for token in (foreign.token, "x" * 26, "%00", "a" * 500):
        assert browser.get(f"/r/{token}").status_code == 404
        assert browser.post(f"/r/{token}/reply", {"text": "hi"}).status_code == 404
        assert browser.post(f"/r/{token}/solved").status_code == 404
    assert visitor(oak.district).get(f"/r/{foreign.token}").status_code == 200


def test_the_page_is_kept_from_engines_caches_and_other_sites(here: Cast) -> None:
    page = visitor(here.district).get(f"/r/{a_ticket(here).token}")
    assert page["Cache-Control"] == "private, no-store"
    assert page["Referrer-Policy"] == "same-origin"
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert b'name="robots" content="noindex' in page.content


def test_it_tells_the_team_and_the_time_but_no_note(here: Cast) -> None:
    now = timezone.now()
    ticket = a_ticket(here, now=now)
    tickets.place(ticket, team=here.transportation, service=here.bus_late, priority=1, now=now, data={})
    sla.derive(ticket, now=now)
    tickets.note(ticket, by=here.alice, words=tickets.Words(text="secret: driver was ill"), now=now)
    tickets.reply(ticket, by=here.alice, words=tickets.Words(text="Another bus is on its way"), now=now)
    html = visitor(here.district).get(f"/r/{ticket.token}").content.decode()
    assert "<strong>Transportation</strong> has it" in html
    assert "Another bus is on its way" in html
    assert "Being worked on" in html
    assert "secret" not in html


def test_a_reply_twice_is_once_and_wakes_the_ticket(here: Cast) -> None:
    ticket = a_ticket(here, now=timezone.now())
    tickets.wait_for(ticket, on=Ticket.Status.WAITING_REQUESTER, by=here.alice, now=timezone.now())
    sla.derive(ticket, now=timezone.now())
    browser, form = visitor(here.district), {"form_id": str(uuid.uuid4()), "text": "it came at 8:20"}
    for _ in range(2):
        assert browser.post(f"/r/{ticket.token}/reply", form).status_code == 303
    assert list(Message.objects.filter(ticket=ticket, text="it came at 8:20").values_list("channel", flat=True)) == ["web"]
    ticket.refresh_from_db()
    assert ticket.status == Ticket.Status.OPEN
    assert ticket.derived_at >= ticket.facts_at  # its promises follow at once
    envelope = Envelope.objects.get()
    assert (envelope.state, envelope.ticket_ref) == (Envelope.State.DONE, ticket.id)


def test_a_reply_with_a_photo_alone_will_do_and_an_empty_one_will_not(here: Cast) -> None:
    ticket = a_ticket(here, now=timezone.now())
    browser = visitor(here.district)
    empty = browser.post(f"/r/{ticket.token}/reply", {"form_id": str(uuid.uuid4()), "text": " \0"})
    assert empty.status_code == 422
    assert browser.post(f"/r/{ticket.token}/reply", {"form_id": "junk", "text": "", "photos": [photo()]}).status_code == 303
    assert Attachment.objects.count() == 1


def test_a_refused_file_keeps_the_words(here: Cast) -> None:
    ticket = a_ticket(here, now=timezone.now())
    bad = SimpleUploadedFile("x.exe", b"MZ\x90\0" * 50)
    page = visitor(here.district).post(f"/r/{ticket.token}/reply", {"text": "look at this", "photos": [bad, photo("good.jpg")]})
    assert page.status_code == 422
    assert "look at this</textarea>" in page.content.decode()
    assert "x.exe" in page.content.decode()
    assert "good.jpg is kept" in page.content.decode()
    assert Message.objects.filter(ticket=ticket).count() == 1


def test_danger_to_a_person_is_not_ended_by_whoever_holds_the_link(here: Cast) -> None:
    ticket = a_ticket(here, team=here.safety)
    Ticket.objects.filter(id=ticket.id).update(crisis=True, assignee=here.olive, placed_at=timezone.now())
    browser = visitor(here.district)
    for _twice in range(2):
        assert browser.post(f"/r/{ticket.token}/solved")["Location"].endswith("?said=reply")
    ticket = Ticket.objects.get()
    assert ticket.is_live
    assert [row.text for row in Message.objects.order_by("at")][1:] == ["It's solved"], "their word, for people to judge"
    assert Delivery.objects.filter(dedupe_key__startswith="wrote:").exists()


def test_solved_and_open_again(here: Cast) -> None:
    ticket = a_ticket(here, now=timezone.now())
    browser = visitor(here.district)
    for _ in range(2):
        assert browser.post(f"/r/{ticket.token}/solved").status_code == 303
    ticket.refresh_from_db()
    assert (ticket.status, ticket.closed_at) == (Ticket.Status.CLOSED, ticket.resolved_at)
    assert "Solved and closed" in browser.get(f"/r/{ticket.token}").content.decode()
    assert browser.post(f"/r/{ticket.token}/reopen").status_code == 303
    ticket.refresh_from_db()
    assert ticket.is_live


def test_after_two_weeks_it_is_a_new_request(here: Cast) -> None:
    long_ago = timezone.now() - timedelta(days=20)
    ticket = a_ticket(here, now=long_ago)
    tickets.resolve(ticket, by=here.alice, now=long_ago)
    browser = visitor(here.district)
    assert browser.post(f"/r/{ticket.token}/reopen").status_code == 422
    late = browser.post(f"/r/{ticket.token}/reply", {"form_id": str(uuid.uuid4()), "text": "again!"})
    assert late.status_code == 422
    assert b"14 days" in late.content
    assert Message.objects.filter(ticket=ticket).count() == 1
    assert b"New request" in browser.get(f"/r/{ticket.token}").content


def test_the_assignee_hears_of_a_reply(here: Cast) -> None:
    ticket = a_ticket(here, now=timezone.now(), team=here.transportation)
    tickets.assign(ticket, to=here.alice, by=here.alice, now=timezone.now())
    visitor(here.district).post(f"/r/{ticket.token}/reply", {"form_id": str(uuid.uuid4()), "text": "more"})
    assert Delivery.objects.get(channel="inapp", person=here.alice).about == ticket.id


def test_files_are_downloads_that_can_do_nothing(here: Cast, oak: Cast) -> None:
    browser = visitor(here.district)
    ticket = ticket_of(send(browser, photos=[photo("my leak.jpg")]))
    attachment = Attachment.objects.get()
    page = browser.get(f"/r/{ticket.token}/files/{attachment.id}", follow=True)
    assert page.status_code == 200
    assert page["Content-Type"] == "image/jpeg"
    assert page["Content-Disposition"] == 'inline; filename="my leak.jpg"'
    assert page["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in page["Content-Security-Policy"]
    assert Image.open(io.BytesIO(page.content)).size == (40, 30)
    other = a_ticket(here, now=timezone.now())
    assert browser.get(f"/r/{other.token}/files/{attachment.id}").status_code == 404
    assert browser.get(f"/r/{ticket.token}/files/{uuid.uuid4()}").status_code == 404


def test_a_note_s_file_is_not_the_requester_s(here: Cast) -> None:
    ticket = a_ticket(here, now=timezone.now())
    kept = tickets.NewFile(name="n.txt", content_type="text/plain", size=1, sha256="0" * 64, path="x")
    note = tickets.note(ticket, by=here.alice, words=tickets.Words(text="n", files=[kept]), now=timezone.now())
    attachment = Attachment.objects.get(message=note)
    assert visitor(here.district).get(f"/r/{ticket.token}/files/{attachment.id}").status_code == 404


def test_the_page_refreshes_itself_only_when_there_is_news(here: Cast) -> None:
    ticket = a_ticket(here, now=timezone.now())
    browser = visitor(here.district)
    html = browser.get(f"/r/{ticket.token}").content.decode()
    assert '<noscript><meta http-equiv="refresh"' in html
    poll = re.search(r'hx-get="([^"]+part=live[^"]+)"', html)
    assert poll
    address = poll[1].replace("&amp;", "&")
    assert browser.get(address, headers={"HX-Request": "true"}).status_code == 204
    tickets.place(ticket, team=here.technology, service=None, priority=3, now=timezone.now(), data={})
    news = browser.get(address, headers={"HX-Request": "true"})
    assert news.status_code == 200
    assert "Technology" in news.content.decode()
    assert "<html" not in news.content.decode()
    assert "say" in news["HX-Trigger"]


def test_a_merged_request_leads_to_the_one_it_lives_on_in(here: Cast) -> None:
    mine, survivor = a_ticket(here, now=timezone.now()), a_ticket(here, now=timezone.now())
    Ticket.objects.filter(id=mine.id).update(merged_into=survivor, status=Ticket.Status.MERGED)
    assert visitor(here.district).get(f"/r/{mine.token}")["Location"].startswith(f"/r/{survivor.token}?k=")


def test_merged_into_somebody_else_s_shows_nothing_of_theirs(here: Cast) -> None:
    mine = a_ticket(here, now=timezone.now(), text="my words")
    theirs = a_ticket(here, now=timezone.now(), text="words of a stranger", requester=here.bob)
    Ticket.objects.filter(id=mine.id).update(merged_into=theirs, status=Ticket.Status.MERGED)
    html = visitor(here.district).get(f"/r/{mine.token}").content.decode()
    assert "my words" in html
    assert "stranger" not in html
    assert theirs.token not in html


# --- finding it again --------------------------------------------------------------------------------------------------------


def test_links_go_to_the_address_they_belong_to_and_the_page_tells_nothing(here: Cast) -> None:
    ticket = a_ticket(here, now=timezone.now())
    browser = visitor(here.district)
    known = browser.post("/find", {"contact": "Pat@cedar-family.example"})
    unknown = browser.post("/find", {"contact": "Joe@cedar-family.example"})
    said = [re.sub(r'(value|nonce)="[^"]*"|(pat|joe)@', "", page.content.decode(), flags=re.IGNORECASE) for page in (known, unknown)]
    assert said[0] == said[1]
    letter = Delivery.objects.get(purpose="links")
    assert letter.address == "pat@cedar-family.example"
    assert f"/r/{ticket.token}" in letter.body
    browser.post("/find", {"contact": "pat@cedar-family.example"})
    assert Delivery.objects.filter(purpose="links").count() == 1  # once an hour


def test_nothing_open_nothing_sent(here: Cast) -> None:
    ticket = a_ticket(here, now=timezone.now())
    tickets.resolve(ticket, by=None, now=timezone.now())
    assert visitor(here.district).post("/find", {"contact": "pat@cedar-family.example"}).status_code == 200
    assert Delivery.objects.filter(purpose="links").count() == 0


def test_a_phone_gets_a_text(here: Cast) -> None:
    ContactPoint.objects.create(person=here.pat, kind="phone", value="+15550104477")
    a_ticket(here, now=timezone.now())
    visitor(here.district).post("/find", {"contact": "(555) 010-4477"})
    assert Delivery.objects.get(purpose="links").channel == "sms"


def test_find_says_what_an_address_looks_like(here: Cast) -> None:
    page = visitor(here.district).post("/find", {"contact": "pat@"})
    assert page.status_code == 422
    assert b'value="pat@"' in page.content


def test_another_district_s_requests_are_not_found_here(here: Cast, oak: Cast) -> None:
    visitor(here.district).post("/find", {"contact": "pat@oak-family.example"})
    assert Delivery.objects.filter(purpose="links").count() == 0


# --- signing in ------------------------------------------------------------------------------------------------------------


def test_sign_in_pages_are_the_districts_own(here: Cast) -> None:
    browser = visitor(here.district)
    for address, words in {
        "/account/login/": "Staff sign-in", "/account/login/code/": "sign-in code", "/account/password/reset/": "Password Reset",
    }.items():  # fmt: skip
        html = browser.get(address).content.decode()
        assert words in html
        assert here.district.name in html
        assert 'class="btn' in html
        assert "placeholder" not in html
    wrong = browser.post("/account/login/", {"login": "nobody@x.example", "password": "wrong"}).content.decode()
    assert 'class="alert alert-danger" role="alert"' in wrong


def test_a_password_opens_the_desk_s_door(here: Cast) -> None:
    account = Account.objects.get(email=f"alice@{here.district.host}")
    account.set_password(PASSWORD)
    account.save()
    EmailAddress.objects.create(user=account, email=account.email, verified=True, primary=True)
    browser = visitor(here.district)
    answer = browser.post("/account/login/", {"login": account.email, "password": PASSWORD, "next": "/desk/"})
    assert (answer.status_code, answer["Location"]) == (302, "/desk/")
    assert "Back to the desk" in browser.get("/account/2fa/").content.decode()
    confirm = browser.get("/account/2fa/totp/activate/", follow=True)
    assert "Confirm Access" in confirm.content.decode()
    scan = browser.post(confirm.redirect_chain[-1][0], {"password": PASSWORD}, follow=True).content.decode()
    assert 'alt="QR code' in scan


# --- every page ------------------------------------------------------------------------------------------------------------


def test_one_language_is_as_good_as_the_other(here: Cast) -> None:
    browser = visitor(here.district)
    assert 'lang="es"' in browser.get("/").content.decode()  # the button that switches
    answer = browser.post("/language/", {"language": "es", "next": "/find"})
    assert answer["Location"] == "/find"
    assert '<html lang="es"' in browser.get("/").content.decode()


def test_a_visitor_sees_no_staff_navigation_and_staff_find_their_desk(here: Cast) -> None:
    assert 'href="/desk/"' not in visitor(here.district).get("/").content.decode()
    assert 'href="/desk/"' in sign_in(here.alice, here.district).get("/").content.decode()


def test_errors_are_pages_of_the_district(here: Cast) -> None:
    missing = visitor(here.district).get("/nowhere")
    assert missing.status_code == 404
    assert b"This page is not here" in missing.content
    strict = Client(HTTP_HOST=here.district.host, enforce_csrf_checks=True)
    refused = strict.post("/", {"step": "ask", "text": "hi"})
    assert refused.status_code == 403
    assert b"The page was open too long" in refused.content


def test_a_host_nobody_knows_says_so(here: Cast) -> None:
    page = Client(HTTP_HOST="nowhere.example").get("/")
    assert page.status_code == 404
    assert b"nowhere.example" in page.content


def test_operators_see_the_doors_only_in_the_demo(here: Cast, settings: Any) -> None:
    settings.DEMO = True
    assert here.district.host in Client(HTTP_HOST="localhost").get("/").content.decode()
    settings.DEMO = False
    assert here.district.host not in Client(HTTP_HOST="localhost").get("/").content.decode()


@pytest.mark.parametrize("address", ["/", "/find", "/help/", "/account/login/", "/account/password/reset/", "/nowhere"])
def test_no_page_needs_what_the_policy_forbids(here: Cast, address: str) -> None:
    """No style attribute, no script in the page, no handler: the content security policy would stop it."""
    page = visitor(here.district).get(address)
    html = page.content.decode()
    assert "style=" not in html
    assert not re.search(r"\son\w+=", html)
    assert re.findall(r"<script(?![^>]*src=)", html) == []
    nonce = re.search(r"'nonce-([^']+)'", page["Content-Security-Policy"])
    assert nonce
    assert f'<style nonce="{nonce[1]}">' in html


@pytest.mark.parametrize("accent", ["#1f5fae", "#ffd400", "#ffffff", "#000000", "#0a7", "junk", "#e91e63", "</style>"])
def test_any_accent_can_be_read(accent: str) -> None:
    css = accent_css(accent)
    assert css.count("<") == 0
    (light, light_text), (dark, dark_text) = re.findall(r"--accent:(#\w+);--accent-fg:(#\w+)", css)
    assert contrast(parse(light), parse("#ffffff")) >= 4.5
    assert contrast(parse(light), parse(light_text)) >= 4.5
    assert contrast(parse(dark), parse("#19202a")) >= 4.5
    assert contrast(parse(dark), parse(dark_text)) >= 4.5


def test_sending_costs_few_queries(here: Cast, django_assert_max_num_queries: Any) -> None:
    browser = visitor(here.district)
    send(browser)  # makes what is made once
    with django_assert_max_num_queries(22):
        assert send(browser).status_code == 303
