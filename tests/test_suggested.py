"""Suggested replies: words with their source for whoever replies, of what they and the requester may read; never sent by themselves."""

import re
import uuid
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from districts.access import actor_for
from districts.models import ContactPoint, Person, Site
from districts.scope import district_scope
from knowledge.embedding import meaning
from knowledge.models import Article
from knowledge.redaction.people import forget, roster_of
from routing.queue import Desk
from routing.suggested import nearness
from routing.suggested.offers import Offers, Source, offers_for
from routing.suggested.wording import blanks_in, fold, spoken, unnamed
from tests.conftest import NOW, Cast, a_ticket, sign_in
from tickets import actions as tickets
from tickets.models import Message, Ticket

ASKED = "I forgot the password of my school account and cannot sign in"
SOLVED = "Your password is reset: sign in with the new one, and choose a password of your own."


@pytest.fixture(autouse=True)
def _nobody_known_from_before() -> None:
    forget()


@pytest.fixture
def article(here: Cast) -> Article:
    body = (
        "**Forgotten password.** Go to [the reset page](https://portal.cedar.example/reset) and type your school account. "
        "A new password has to have 14 characters.\n\n**Locked out.** After five wrong tries the account opens again in 15 minutes."
    )
    return an_article("password-reset", "Reset a forgotten password", body, services=["password-reset"])


def an_article(slug: str, title: str, body: str, **more: Any) -> Article:
    values = {"audience": ["parent", "staff"], "keywords": "forgot my password · locked out", "published_at": NOW, **more}
    return Article.objects.create(slug=slug, title=title, body=body, **values)  # type: ignore[no-any-return]


def asked(here: Cast, text: str = ASKED, **more: Any) -> Ticket:
    values: dict[str, Any] = {"team": here.technology, "service": here.password_reset, **more}
    return a_ticket(here, text=text, **values)


def solved(here: Cast, text: str, reply: str, **more: Any) -> Ticket:
    """One that somebody answered and solved two hours later."""
    ticket = asked(here, text, **more)
    tickets.reply(ticket, by=here.bob, words=tickets.Words(text=reply), now=NOW + timedelta(hours=1))
    tickets.resolve(ticket, by=here.bob, now=NOW + timedelta(hours=2))
    return ticket


def offers(ticket: Ticket, here: Cast, who: Person | None = None) -> Offers:
    client = sign_in(who or here.bob, here.district)
    answer = client.get(f"/desk/{ticket.id}/suggested/", HTTP_HX_REQUEST="true")
    assert answer.status_code == 200
    found = answer.context["offers"]
    assert isinstance(found, Offers)
    return found


# --- from articles ----------------------------------------------------------------------------------------------------


def test_a_passage_is_offered_word_for_word_with_its_source(here: Cast, article: Article) -> None:
    ticket = asked(here)
    page = sign_in(here.bob, here.district).get(f"/desk/{ticket.id}/suggested/", HTTP_HX_REQUEST="true").content.decode()
    assert '<a href="/help/password-reset/" lang="en">Reset a forgotten password</a>' in page
    assert "Use it" in page
    assert "**" not in page
    assert "<html" not in page
    offer = offers(ticket, here).replies[0]
    bare = re.sub(r"[*\[\]()]|https\S+|\s+", "", article.body)
    for line in re.split(r"(?<=\.)\s+|\n", offer.quoted):
        assert re.sub(r"[()]|https\S+|\s+", "", line) in bare
    assert "the reset page (https://portal.cedar.example/reset)" in offer.quoted
    assert offer.words.endswith("From “Reset a forgotten password”: http://cedar.localhost/help/password-reset/")


def test_what_is_for_staff_only_is_quoted_to_staff_only(here: Cast) -> None:
    an_article("admins", "Reset a forgotten password for somebody else", "Open the console and press reset password.",
               audience=["staff"], services=["password-reset"])  # fmt: skip
    parents, staffs = asked(here), asked(here, requester=here.alice)
    assert offers(parents, here).replies == []
    assert [(one.article.slug, one.staff_only) for one in offers(parents, here).to_read] == [("admins", True)]
    assert [one.key for one in offers(staffs, here).replies] == ["article.admins"]


def test_one_whose_review_date_has_passed_says_so(here: Cast, article: Article) -> None:
    Article.objects.filter(id=article.id).update(review_by=date(2020, 1, 1), updated_at=timezone.now())
    ticket = asked(here)
    assert offers(ticket, here).replies[0].out_of_date
    assert "May be out of date" in sign_in(here.bob, here.district).get(f"/desk/{ticket.id}/suggested/").content.decode()


@pytest.mark.parametrize("text", ["The roof of the gym leaks onto the floor", "😀", "asdf", "?"])
def test_where_nothing_fits_it_says_so(here: Cast, article: Article, text: str) -> None:
    ticket = asked(here, text, service=None, team=here.front_office)
    assert offers(ticket, here).replies == []
    assert (
        "Nothing the district knows answers this."
        in sign_in(here.bob, here.district).get(f"/desk/{ticket.id}/suggested/").content.decode()
    )


def test_an_answer_is_in_the_language_of_who_asked(here: Cast, article: Article) -> None:
    body = "**Contraseña olvidada.** Vaya a la página de inicio y pida una contraseña nueva. Tiene 14 letras."
    spanish = an_article("contrasena", "Restablecer una contraseña olvidada", body, language="es", translation_of=article,
                         keywords="olvidé mi contraseña", services=["password-reset"])  # fmt: skip
    ticket = asked(here, "olvidé mi contraseña y no puedo entrar a mi cuenta", language="es")
    assert [one.key for one in offers(ticket, here).replies] == [f"article.{spanish.slug}"]
    spanish.delete()
    assert offers(ticket, here).replies == [], "an English one is no answer"


def test_words_of_danger_are_answered_by_a_person_alone(here: Cast, article: Article) -> None:
    ticket = asked(here)
    Ticket.objects.filter(id=ticket.id).update(crisis=True)
    found = offers(ticket, here)
    assert (found.replies, found.solved, found.to_read) == ([], [], [])


# --- from solved tickets ----------------------------------------------------------------------------------------------


def test_what_solved_a_similar_one_is_offered(here: Cast) -> None:
    before = solved(here, "I forgot my password and cannot sign in to my account", SOLVED)
    found = offers(asked(here), here)
    assert [one.solved.id for one in found.solved] == [before.id]
    assert found.solved[0].same_service
    offer = found.replies[0]
    assert (offer.source, offer.words, offer.link) == (Source.TICKET, SOLVED, f"/desk/{before.id}/")


def test_the_last_reply_before_it_was_solved_counts_and_notes_never(here: Cast) -> None:
    before = asked(here, "I forgot my password and cannot sign in to my account")
    for hour, text in enumerate(("Which account is the password for, please tell us the name?", SOLVED), 1):
        tickets.reply(before, by=here.bob, words=tickets.Words(text=text), now=NOW + timedelta(hours=hour))
    tickets.note(before, by=here.bob, words=tickets.Words(text="The password of this family is always the dog's name."), now=NOW)
    tickets.resolve(before, by=here.bob, now=NOW + timedelta(hours=3))
    tickets.reply(before, by=here.bob, words=tickets.Words(text="We sent the password survey to you."), now=NOW + timedelta(hours=9))
    assert [one.words for one in offers(asked(here), here).replies] == [SOLVED]


def test_thanks_and_promises_solved_nothing(here: Cast) -> None:
    for n in range(3):
        solved(here, f"I forgot my password and cannot sign in, again {n}", "Thank you for telling us. We are on it and will be back.")
    found = offers(asked(here), here)
    assert len(found.solved) == 3
    assert found.replies == []


def test_another_family_does_not_stand_in_it(here: Cast) -> None:
    other = Person.objects.create(name="Mateo Quispe", kind="student", roster_id="447213")
    ContactPoint.objects.create(person=other, kind="email", value="quispe@family.example")
    reply = (
        "Hi Mateo,\n\nyour password is reset for student 447213. We wrote to quispe@family.example and called 253-555-0142, "
        "12 Oak Street. Mateo can sign in now. Bob"
    )
    solved(here, "I forgot my password and cannot sign in to my account", reply, requester=other)
    offer = offers(asked(here), here).replies[0]
    for private in ("Mateo", "Quispe", "447213", "quispe", "0142", "Oak Street", "Bob"):
        assert private.lower() not in offer.words.lower()
    assert "your password is reset for student [number]" in offer.words
    assert {"[name]", "[number]", "[email address]", "[phone number]"} <= set(offer.blanks)
    page = sign_in(here.bob, here.district).get(f"/desk/{asked(here).id}/suggested/").content.decode()
    assert "To fill in: [name], [number]" in page


def test_sensitive_ones_are_seen_by_those_who_may_and_their_words_by_nobody(here: Cast) -> None:
    private = solved(here, "My daughter forgot her password and cannot sign in", SOLVED, team=here.safety, service=here.counseling)
    assert private.refresh().sensitive
    ticket = asked(here, service=here.counseling, team=here.safety)
    Ticket.objects.filter(id=ticket.id).update(sensitive=False)
    assert offers(ticket, here).solved == []
    tickets.follow(private, person=here.bob, now=NOW)
    found = offers(ticket, here)
    assert [one.solved.id for one in found.solved] == [private.id]
    assert found.replies == []


def test_what_is_open_merged_in_danger_or_in_another_language_is_not_offered(here: Cast) -> None:
    text = "I forgot my password and cannot sign in to my account"
    asked(here, text)
    merged = solved(here, text, SOLVED)
    Ticket.objects.filter(id=merged.id).update(status="merged")
    danger, spanish = solved(here, text, SOLVED), solved(here, text, SOLVED, language="es")
    Ticket.objects.filter(id=danger.id).update(crisis=True)
    found = offers(asked(here), here)
    assert {one.solved.id for one in found.solved} <= {danger.id, spanish.id}
    assert found.replies == []


def test_nothing_comes_from_another_district(here: Cast, oak: Cast) -> None:
    with district_scope(oak.district.id):
        ticket = a_ticket(oak, text=ASKED, team=oak.technology, service=oak.password_reset)
        tickets.reply(ticket, by=oak.charlie, words=tickets.Words(text=SOLVED), now=NOW + timedelta(hours=1))
        tickets.resolve(ticket, by=oak.charlie, now=NOW + timedelta(hours=2))
    with district_scope(here.district.id):
        found = offers(asked(here), here)
    assert (found.replies, found.solved) == ([], [])


def test_another_service_has_to_be_very_near(here: Cast) -> None:
    solved(here, "the bus did not come to Maple and 5th", "The bus comes at seven again from tomorrow on, we changed the driver.",
           team=here.transportation, service=here.bus_late)  # fmt: skip
    same = solved(here, ASKED, SOLVED, service=None)
    assert [one.solved.id for one in offers(asked(here), here).solved] == [same.id]


@pytest.mark.parametrize("engine", [True, False])
def test_it_goes_by_words_where_meaning_cannot_be_had(here: Cast, monkeypatch: pytest.MonkeyPatch, engine: bool) -> None:
    if not engine:
        monkeypatch.setattr(meaning, "one", lambda text: None)
        monkeypatch.setattr(meaning, "embed", lambda texts: None)
    before = solved(here, "I forgot my password and cannot sign in to my account", SOLVED)
    assert [one.solved.id for one in offers(asked(here), here).solved] == [before.id]


def test_no_more_is_read_than_there_is_time_for(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    read = list[int]()
    monkeypatch.setattr(meaning, "one", lambda text: np.zeros(384, np.float32))
    monkeypatch.setattr(meaning, "embed", lambda texts: read.append(len(texts)))
    monkeypatch.setattr(nearness, "SECONDS", -1.0)
    others = [(uuid.uuid4(), f"text {n}") for n in range(50)]
    assert nearness.nearness("a text", "en", others) == {}
    assert read == []


# --- using one --------------------------------------------------------------------------------------------------------


def test_use_it_puts_it_in_the_reply_box_and_sends_nothing(here: Cast, article: Article) -> None:
    ticket = asked(here)
    client = sign_in(here.bob, here.district)
    page = client.get(f"/desk/{ticket.id}/", {"use": "article.password-reset", "view": "team"}).content.decode()
    box = re.search(r'<textarea[^>]*id="reply-text"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert box
    assert "A new password has to have 14 characters." in box[1]
    assert not Message.objects.filter(ticket=ticket, kind=Message.Kind.REPLY).exists()


@pytest.mark.parametrize("key", ["article.nothing", f"ticket.{uuid.UUID(int=7)}", "<script>", "\0", "x" * 3000])
def test_a_link_brings_no_words_of_its_own(here: Cast, article: Article, key: str) -> None:
    page = sign_in(here.bob, here.district).get(f"/desk/{asked(here).id}/", {"use": key})
    assert page.status_code == 200
    assert re.search(r'id="reply-text"[^>]*></textarea>', page.content.decode())


def test_a_reply_in_which_something_is_to_be_filled_in_does_not_go_out(here: Cast) -> None:
    ticket = asked(here)
    client, last = sign_in(here.bob, here.district), Message.objects.get(ticket=ticket).id
    sent = client.post(f"/desk/{ticket.id}/reply/", {"text": "Hi [name], it is reset.", "last": last})
    assert sent.status_code == 422
    assert "Not sent yet. Fill in, or take out: [name]" in sent.content.decode()
    assert "Hi [name], it is reset." in sent.content.decode(), "what was typed is kept"
    assert client.post(f"/desk/{ticket.id}/reply/", {"text": "Hi Pat [parent], it is reset.", "last": last}).status_code == 302


def test_only_who_may_work_it_sees_them(here: Cast, oak: Cast) -> None:
    private = a_ticket(here, team=here.safety, service=here.counseling)
    assert sign_in(here.bob, here.district).get(f"/desk/{private.id}/suggested/").status_code == 404
    assert sign_in(oak.charlie, oak.district).get(f"/desk/{asked(here).id}/suggested/").status_code == 404


def test_what_it_asks_of_the_database_does_not_grow(here: Cast, article: Article) -> None:
    for n in range(12):
        solved(here, f"I forgot my password and cannot sign in to account {n}", SOLVED, site=here.maple)
    desk, ticket = Desk(actor_for(here.bob), timezone.now()), asked(here, site=here.maple)
    offers_for(ticket, desk)
    with CaptureQueriesContext(connection) as done:
        found = offers_for(Ticket.objects.select_related("requester", "service").get(id=ticket.id), desk)
    assert len(found.solved) == 5
    assert len(done.captured_queries) <= 16, "\n".join(query["sql"][:150] for query in done.captured_queries)


# --- words ------------------------------------------------------------------------------------------------------------


def test_what_the_district_is_reached_by_stays(here: Cast) -> None:
    Site.objects.filter(id=here.maple.id).update(phone="(360) 555-0117")
    ours, theirs = "Call 360-555-0117 or write to help@cedar.localhost", "ticket+1001-abcdefghijklmnopqrstuvwxyz@cedar.localhost"
    said = unnamed(f"{ours}, not to 360-555-0199 or {theirs}.", language="en")
    assert ours in said
    assert "0199" not in said
    assert "abcdefghijklmnopqrstuvwxyz" not in said


@pytest.mark.parametrize("said", ["zbigniewa", "ZBIGNIEWA", "tchorz", "Tchórz", "kwelly-brontosh", "S44871"])
def test_whoever_the_district_knows_is_found_however_it_is_written(here: Cast, oak: Cast, said: str) -> None:
    Person.objects.create(name="Zbigniewa Tchórz", kind="student", roster_id="S44871")
    Person.objects.create(name="Kwelly-Brontosh", kind="student")
    assert said.casefold() not in unnamed(f"we gave it to {said} today", language="en").casefold()
    assert "brontosh" in known(here) - known(oak)


def known(cast: Cast) -> set[str]:
    with district_scope(cast.district.id):
        return set(roster_of("kwelly brontosh").people)


def test_links_and_long_words(here: Cast) -> None:
    assert spoken("See [the form](/help/form/) or [mail us](mailto:help@x.example).") == (
        "See the form (http://cedar.localhost/help/form/) or mail us (help@x.example)."
    )
    head, rest = fold("One sentence here. " * 60)
    assert head.endswith(".")
    assert len(head) <= 240 < len(head) + len(rest)
    assert fold("Short.") == ("Short.", "")
    assert blanks_in("[date] and [name], [name]", "en") == ["[date]", "[name]"]
