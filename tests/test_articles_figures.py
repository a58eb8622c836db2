"""How articles do: who reads them, for what they are shown; and the day by which they are to be checked."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from delivery.models import Delivery
from districts.access import actor_for
from districts.models import Membership, Role
from districts.scope import district_scope
from intake.chat.answering import answer as chat_answer
from knowledge.keeping import actions, notices, statistics
from knowledge.keeping.upkeep import keep_all
from knowledge.models import Answer, Article, Reading
from tests.conftest import NOW, Cast, a_ticket, sign_in, visitor
from tests.test_articles import TEXT, act, content, published

TODAY = date(2026, 11, 3)


def today() -> date:
    return timezone.localdate()


def test_readings_are_counted_by_day_reader_and_language_and_of_nobody(here: Cast) -> None:
    article, path = published(here), "/help/something-was-left-on-the-bus/"
    family = visitor(here.district)
    for _time in range(3):
        assert family.get(path).status_code == 200
    visitor(here.district).get(path, HTTP_ACCEPT_LANGUAGE="es")
    sign_in(here.alice, here.district).get(path)
    rows = sorted(Reading.objects.values_list("audience", "language", "times"))
    assert rows == [
        ("public", "en", 3),
        ("public", "es", 1),
        ("staff", "en", 1),
    ]
    assert {field.name for field in Reading._meta.fields} == {"id", "district", "article", "day", "audience", "language", "times"}
    found = statistics.figures([article.id], today=timezone.localdate(), now=timezone.now())[article.id]
    assert (found.read, found.weeks[-1], found.bars[-1]) == (5, 5, (5, 100))


def test_who_only_asks_for_the_head_or_fetches_ahead_has_read_nothing(here: Cast) -> None:
    published(here)
    client = visitor(here.district)
    client.head("/help/something-was-left-on-the-bus/")
    client.get("/help/something-was-left-on-the-bus/", HTTP_SEC_PURPOSE="prefetch;prerender")
    assert not Reading.objects.exists()


def test_a_reading_costs_one_statement(here: Cast, django_assert_num_queries: Any) -> None:
    article = published(here)
    with django_assert_num_queries(0):  # it goes past Django's cursor: one statement, prepared
        statistics.count_reading(article, audience="public", language="en", day=TODAY)
    assert Reading.objects.get().times == 1


def test_figures_of_the_list_and_of_the_article(here: Cast) -> None:
    article = published(here)
    for outcome in ("shown", "solved", "solved", "solved", "not_enough"):
        Answer.objects.create(question="bag", article=article, passage="x", outcome=outcome, at=timezone.now())
    Answer.objects.create(question="old", article=article, passage="x", outcome="solved", at=timezone.now() - timedelta(days=200))
    page = sign_in(here.lena, here.district).get("/articles/").content.decode()
    assert "5 times shown" in page
    assert "75 % enough" in page
    assert sign_in(here.lena, here.district).get(f"/articles/{article.id}/").context["figures"].not_enough == 1


def test_questions_are_shown_as_asked_only_to_who_may_open_what_came_of_them(here: Cast) -> None:
    article = published(here)
    mine = a_ticket(here, text="My daughter Ana Petrovic lost a bag, call 360-555-0199")
    hidden = a_ticket(here, text="secret", team=here.safety, sensitive=True)
    rows = (("Ana Petrovic lost a bag", mine.id), ("about my counseling", hidden.id), ("call Ana Petrovic at 360-555-0199", None))
    for text, ref in rows:
        Answer.objects.create(question=text, article=article, passage="x", ticket_ref=ref)
    told = [one.text for one in statistics.questions(article, _actor(here, "alice"))]
    assert "Ana Petrovic lost a bag" in told
    assert not any("counseling" in text for text in told)
    (redacted,) = [text for text in told if text.startswith("call")]
    assert "360-555-0199" not in redacted
    assert "Petrovic" not in redacted


def _actor(cast: Cast, name: str) -> Any:
    return actor_for(getattr(cast, name))


def test_readings_of_long_ago_are_forgotten(here: Cast) -> None:
    article = published(here)
    for days in (10, 399, 401):
        statistics.count_reading(article, audience="public", language="en", day=TODAY - timedelta(days=days))
    assert statistics.forget(today=TODAY) == 1


# --- the day by which it is to be checked -----------------------------------------------------------------------------


@pytest.fixture
def late(here: Cast) -> Article:
    return published(here, review_by=timezone.localdate() - timedelta(days=2))


SAID = "May be out of date: it was to be checked by"


def test_readers_are_told_on_the_page_beside_an_answer_and_in_the_chat(here: Cast, late: Article) -> None:
    client = visitor(here.district)
    assert "may be out of date" in client.get(f"/help/{late.slug}/").content.decode()
    asked = client.post("/", {"step": "ask", "text": "something was left on the bus, whom do I call"})
    assert "This may answer it" in asked.content.decode()
    assert SAID in asked.content.decode()
    kind, told = chat_answer("something was left on the bus, whom do I call", language="en", shown=(), now=timezone.now())
    assert (kind, told["check_by"]) == ("answer", late.review_by.isoformat())  # type: ignore[union-attr]
    page = render_to_string(
        "intake/chat.html#line", {"entry": {"kind": "answer", "data": told, "at": timezone.now()}, "talk": {"with_people": True}}
    )
    assert SAID in page


def test_an_article_in_time_says_nothing_of_it(here: Cast) -> None:
    published(here, review_by=timezone.localdate())
    client = visitor(here.district)
    asked = client.post("/", {"step": "ask", "text": "something was left on the bus, whom do I call"}).content.decode()
    assert "This may answer it" in asked
    assert SAID not in asked
    assert "may be out of date" not in client.get("/help/something-was-left-on-the-bus/").content.decode()


def test_leads_are_told_once_for_each_date_and_see_how_many(here: Cast, late: Article) -> None:
    Delivery.objects.all().delete()
    day = timezone.localdate()
    for _hour in range(3):
        notices.remind(today=day, now=timezone.now())
    assert list(Delivery.objects.values_list("person__name", flat=True)) == ["Lena"]
    lead, other = sign_in(here.lena, here.district), sign_in(here.ada, here.district)
    assert "1 of your teams" in lead.get("/articles/").content.decode()
    assert other.get("/articles/").context["counts"]["overdue"] == 1
    assert sign_in(here.bob, here.district).get("/articles/").context["counts"] == {}


def test_still_right_until_another_day(here: Cast, late: Article) -> None:
    assert act(sign_in(here.alice, here.district), late, "still-right", review_by="2099-01-01").status_code == 403
    lead: Client = sign_in(here.lena, here.district)
    assert act(lead, late, "still-right", review_by="2020-01-01").status_code == 422
    assert act(lead, late, "still-right", review_by="nonsense").status_code == 422
    assert act(lead, late, "still-right", review_by=(timezone.localdate() + timedelta(days=365)).isoformat()).status_code == 302
    late.refresh_from_db()
    assert not late.is_out_of_date(timezone.localdate())
    assert (late.body, late.shown) == (TEXT, 2)


def test_the_hourly_upkeep_goes_over_every_district(here: Cast, oak: Cast) -> None:
    version = actions.save(None, content=content(here, review_by=NOW.date() - timedelta(days=1)), seen=None, by=here.alice, now=NOW)
    actions.publish(version.article, seen=1, by=here.lena, now=NOW)
    with district_scope(oak.district.id):
        Membership.objects.create(person=oak.charlie, team=oak.transportation, role=Role.LEAD)
    keep_all(now=NOW)
    assert Delivery.objects.filter(dedupe_key__contains="review:").count() == 1
    with district_scope(oak.district.id):
        assert not Delivery.objects.filter(dedupe_key__contains="review:").exists()
