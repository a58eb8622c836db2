"""What the district knows: who may read it, what answers a question, and what is honest to leave unanswered."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from districts.access import VISITOR, Actor, actor_for
from districts.models import Service
from districts.scope import district_scope
from knowledge import actions, queries
from knowledge.folder import NotAnArticle, read
from knowledge.models import Answer, Article, ArticleVersion, Gap
from knowledge.passages import lines, passages
from knowledge.rendering import to_html
from tests.conftest import NOW, Cast, sign_in, visitor

BUS = """---
slug: bus-is-late
title: "The bus is late or did not come"
audience: [family, student, staff]
services: [bus-late]
language: en
review_by: 2027-08-25
owner_team: transportation
---

# The bus is late or did not come

**Look at BusWatch first.** A yellow banner means the bus is more than 10 minutes behind.

**At the stop**
- Be there 5 minutes early.
- Wait 15 minutes past the time on your card, then call dispatch: 360-555-0140.
"""
BUS_ES = BUS.replace("slug: bus-is-late", "slug: bus-is-late-es").replace("language: en", "language: es\ntranslation_of: bus-is-late")
BUS_ES = BUS_ES.replace("The bus is late or did not come", "El autobús viene tarde o no pasó").replace(
    "A yellow banner means the bus is more than 10 minutes behind.", "El letrero amarillo quiere decir que el autobús tarda."
)
KEYS = """---
slug: master-keys
title: "Master keys and alarm codes"
audience: [staff]
services: []
language: en
owner_team: technology
---

The master key cabinet opens with the code from the principal. Never lend a master key.
"""
LUNCH = """---
slug: meal-prices
title: "Meal prices"
audience: [family]
services: []
language: en
---

**Prices.** A lunch costs $3.65 in middle school. Breakfast is free for every student.

**Menus.** They are on the website, in four languages.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"bus.md": BUS, "bus-es.md": BUS_ES, "keys.md": KEYS, "lunch.md": LUNCH}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def known(here: Cast, folder: Path) -> Cast:
    actions.load_articles(folder, now=NOW)
    return here


def test_articles_come_in_once_and_again_only_where_they_changed(here: Cast, folder: Path) -> None:
    assert actions.load_articles(folder, now=NOW) == 4
    assert actions.load_articles(folder, now=NOW) == 0
    (folder / "lunch.md").write_text(LUNCH.replace("$3.65", "$3.75"))
    assert actions.load_articles(folder, now=NOW) == 1
    lunch = Article.objects.get(slug="meal-prices")
    assert "$3.75" in lunch.body
    versions = list(ArticleVersion.objects.filter(article=lunch).order_by("number").values_list("number", flat=True))
    assert versions == [1, 2]


def test_an_article_knows_its_owner_its_translation_and_the_words_people_use(known: Cast) -> None:
    bus = Article.objects.get(slug="bus-is-late")
    assert (bus.team, bus.review_by, bus.audience) == (known.transportation, date(2027, 8, 25), ["family", "student", "staff"])
    assert "the bus did not come" in bus.keywords  # an example phrase of its service
    assert Article.objects.get(slug="bus-is-late-es").translation_of == bus
    assert not bus.body.startswith("#")


def test_a_file_without_front_matter_is_refused_by_name() -> None:
    with pytest.raises(NotAnArticle, match=r"notes\.md"):
        read("notes.md", "just words")
    with pytest.raises(NotAnArticle, match="no title"):
        read("x.md", "---\nslug: x\n---\nbody")


def test_a_question_finds_the_paragraph_that_answers_it(known: Cast) -> None:
    (best, *_rest) = queries.search("what does a lunch cost in middle school", audience="family", language="en")
    assert best.article.slug == "meal-prices"
    assert best.answers
    assert "$3.65" in best.passage
    assert "four languages" not in best.passage


def test_everyday_words_find_the_words_of_the_district(known: Cast) -> None:
    found = queries.search("tuition for lunches?", audience="family", language="en", floor=0.0)  # articles say: price, costs
    assert found[0].article.slug == "meal-prices"


def test_spanish_finds_spanish(known: Cast) -> None:
    found = queries.search("el autobús no pasó", audience="family", language="es")
    assert [one.article.slug for one in found] == ["bus-is-late-es"]


@pytest.mark.parametrize("question", ["who won the election of 1912", "", "   ", "¿?", "\0\0", "' | ! & <-> (", "the of and"])
def test_what_nobody_wrote_about_is_not_answered(known: Cast, question: str) -> None:
    assert queries.search(question, audience="family", language="en") == []


def test_a_very_long_question_is_answered_like_any_other(known: Cast) -> None:
    assert queries.search("lunch cost in middle school? " + "x" * 100_000, audience="family", language="en", floor=0.0)


def test_staff_only_articles_are_found_by_staff_alone(known: Cast) -> None:
    question = "code of the master key cabinet"
    assert queries.search(question, audience="staff", language="en")[0].article.slug == "master-keys"
    beside = queries.search(question, audience="family", language="en", floor=0.0, limit=50)
    assert "master-keys" not in [one.article.slug for one in beside]


def test_an_unpublished_article_answers_nobody(known: Cast) -> None:
    Article.objects.filter(slug="meal-prices").update(published_at=None)
    assert queries.search("what does a lunch cost", audience="staff", language="en") == []


def test_another_district_knows_nothing_of_it(known: Cast, oak: Cast) -> None:
    with district_scope(oak.district.id):
        assert queries.search("what does a lunch cost in middle school", audience="staff", language="en") == []
        assert list(queries.published(VISITOR)) == []
    assert visitor(oak.district).get("/help/meal-prices/").status_code == 404


def test_a_question_that_asks_how_much_is_not_answered_without_an_amount(known: Cast) -> None:
    sure = queries.search("menus website", audience="family", language="en", floor=0.0)[0].score
    unsure = queries.search("how much menus website", audience="family", language="en", floor=0.0)[0].score
    assert unsure < sure


def test_answers_and_gaps_are_kept_and_the_first_word_stands(known: Cast) -> None:
    found = queries.search("what does a lunch cost in middle school", audience="family", language="en")[0]
    answer = actions.show_answer(question="lunch\0?", found=found, language="en", now=NOW)
    assert Answer.objects.get(id=answer.id).outcome == "shown"
    assert actions.mark_outcome(answer_id=answer.id, outcome="solved")
    assert not actions.mark_outcome(answer_id=answer.id, outcome="solved")
    assert actions.mark_outcome(answer_id=answer.id, outcome="not_enough", ticket_ref=answer.id)
    assert Answer.objects.get(id=answer.id).question == "lunch?"
    gap = actions.record_gap(question="who won", language="en", best_score=0.1, now=NOW)
    assert Gap.objects.get(id=gap.id).question == "who won"


def test_paragraphs_know_the_bold_line_above_them() -> None:
    found = passages(
        "**At the stop**\n- early\n- wait\n\nPlain words.\n\n**Cost:** $5\n\nMore.\n\n**Where**\n\nHere.\n\nThere.\n\n## Later\ntext"
    )
    assert [(p.heading, p.text.split("\n")[0]) for p in found] == [
        ("At the stop", "At the stop"), ("", "Plain words."), ("Cost:", "Cost: $5"), ("", "More."),
        ("Where", "Where"), ("Where", "There."), ("Later", "text"),
    ]  # fmt: skip


def test_a_line_is_the_least_that_says_something() -> None:
    """ "$3.65" says nothing without its column, "Wednesday" nothing without what is done then."""
    body = (
        "| | Middle | High |\n|---|---|---|\n| Breakfast | $2.25 | |\n| Lunch | $3.65 | $3.80 |\n\n"
        "**Trash**\n- Recycling: Wednesday\n\n**Lost a key?** Tell the office. No copies. It costs $25 a key."
    )
    assert [one.told("Prices") for one in lines(passages(body))] == [
        "Prices. Breakfast: Middle $2.25", "Prices. Lunch: Middle $3.65, High $3.80", "Prices. Trash: Recycling: Wednesday",
        "Prices. Lost a key? Tell the office.", "Prices. Lost a key?: No copies. It costs $25 a key.",
    ]  # fmt: skip
    assert all(part.markdown in body for part in passages(body))


def test_markdown_becomes_html_that_can_do_no_harm() -> None:
    page = to_html(
        "**At the stop**\n- be early\n\n[x](javascript:alert(1)) <script>alert(1)</script> <img src=x onerror=alert(1)>\n\n"
        "Call 360-555-0140, see https://bus.example/a.\n\n**Prices**\n| A | B |\n|---|---|\n| 1 | 2 |"
    )
    assert "<h2>At the stop</h2>" in page
    assert "<li>be early</li>" in page
    assert 'href="tel:360-555-0140"' in page
    assert 'href="https://bus.example/a"' in page
    assert "<td>2</td>" in page
    for bad in ("<script", "javascript:", "<img", "onerror"):
        assert bad not in page


def test_the_list_shows_each_article_once_in_the_readers_language(known: Cast) -> None:
    titles = {article.title for article in queries.listed(VISITOR, "es")}
    assert titles == {"El autobús viene tarde o no pasó", "Meal prices"}
    staff = {article.slug for article in queries.listed(actor_for(known.bob), "en")}
    assert staff == {"bus-is-late", "meal-prices", "master-keys"}


def test_help_pages_in_words(known: Cast) -> None:
    browser = visitor(known.district)
    page = browser.get("/help/").content.decode()
    assert "Meal prices" in page
    assert "Master keys" not in page
    found = browser.get("/help/", {"q": "lunch cost"}).content.decode()
    assert "$3.65" in found
    assert "Nothing written about this yet" in browser.get("/help/", {"q": "zeppelin"}).content.decode()
    article = browser.get("/help/bus-is-late/").content.decode()
    assert 'href="/help/bus-is-late-es/"' in article
    assert "Aug. 25, 2027" in article


def test_staff_only_article_is_not_there_for_the_public(known: Cast) -> None:
    assert visitor(known.district).get("/help/master-keys/").status_code == 404
    page = sign_in(known.bob, known.district).get("/help/master-keys/")
    assert page.status_code == 200
    assert b"Staff only" in page.content


@pytest.mark.parametrize("address", ["/help/?q=%00", "/help/?q=" + "a" * 5000, "/help/?q=%27%3B--", "/help/nothing-here/"])
def test_strange_addresses_get_an_answer(known: Cast, address: str) -> None:
    assert visitor(known.district).get(address).status_code in (200, 404)


def test_an_article_past_its_date_says_so(known: Cast) -> None:
    Article.objects.filter(slug="meal-prices").update(review_by=date(2020, 1, 2))
    assert b"may be out of date" in visitor(known.district).get("/help/meal-prices/").content


def test_staff_audience_is_told_by_work_or_by_kind(known: Cast) -> None:
    assert queries.audience_of(VISITOR) == "public"
    assert queries.audience_of(actor_for(known.alice)) == "staff"
    assert queries.audience_of(Actor(person=known.pat)) == "public"


def test_services_of_the_district_feed_the_keywords(here: Cast, folder: Path) -> None:
    Service.objects.filter(slug="bus-late").update(example_phrases=["stranded at the corner"])
    actions.load_articles(folder, now=NOW)
    found: Any = queries.search("stranded corner", audience="family", language="en", floor=0.0)
    assert found[0].article.slug == "bus-is-late"
