"""Articles for those who keep them: versions, approval, two who write at once, and what readers see meanwhile."""

import threading
import time
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connections
from django.http import HttpResponse
from django.test import Client

from delivery.models import Delivery
from districts.models import Membership, Role
from districts.scope import district_scope
from knowledge.keeping import actions, queries
from knowledge.keeping.actions import ChangedMeanwhile, NotPossible
from knowledge.keeping.differences import lines
from knowledge.keeping.written import Content, of_version
from knowledge.models import Answer, Article, ArticleVersion, GapGroup
from knowledge.passages import lines as lines_of
from knowledge.passages import passages
from knowledge.queries import search
from knowledge.rendering import to_html
from knowledge.tidy import TooDense, tidy
from tests.conftest import NOW, Cast, sign_in, visitor
from tests.filling import errors, filled

State = ArticleVersion.State
TEXT = "**Lost on the bus.** Call dispatch at 360-555-0140 before 5 PM. The driver keeps it for 5 days."


def content(cast: Cast, **other: Any) -> Content:
    values: dict[str, Any] = {
        "title": "Something was left on the bus", "body": TEXT, "audience": ("family", "student"), "team": cast.transportation.id,
        "summary": "Call dispatch.", "keywords": ("left my bag",), "review_by": date(2027, 8, 25),
    }  # fmt: skip
    return Content(**(values | other))


def published(cast: Cast, **other: Any) -> Article:
    version = actions.save(None, content=content(cast, **other), seen=None, by=cast.alice, now=NOW, propose=True)
    article: Article = actions.publish(version.article, seen=version.number, by=cast.lena, now=NOW).article
    return article


def form(client: Client, path: str, **changes: Any) -> Any:
    page = client.get(path)
    assert page.status_code == 200, page.content.decode()[:500]
    sent = filled(page.context["form"]) | {"seen": page.context.get("seen", 0), "key": page.context.get("key", "")} | changes
    return client.post(path, {name: value for name, value in sent.items() if value is not None})


def act(client: Client, article: Article, what: str, **given: Any) -> HttpResponse:
    last = queries.last_version(article)
    values = {"seen": last.number if last else 0} | given
    return client.post(f"/articles/{article.id}/{what}", values)  # type: ignore[return-value]


# --- a draft, and what readers see ------------------------------------------------------------------------------------


def test_an_agent_proposes_a_lead_of_the_owner_approves_and_readers_see_it_then(here: Cast) -> None:
    agent = sign_in(here.alice, here.district)
    values = {"title": "Lost on the bus", "body": TEXT, "audience": ["family"], "team": str(here.transportation.id), "propose": "1"}
    answer = form(agent, "/articles/new", **values)
    assert answer.status_code == 302
    article = Article.objects.get()
    assert (article.slug, article.published_at, article.summary[:16]) == ("lost-on-the-bus", None, "Lost on the bus.")
    assert visitor(here.district).get("/help/lost-on-the-bus/").status_code == 404
    assert act(agent, article, "publish").status_code == 403
    assert act(sign_in(here.bob, here.district), article, "publish").status_code == 403
    assert act(sign_in(here.lena, here.district), article, "publish").status_code == 302
    article.refresh_from_db()
    version = ArticleVersion.objects.get()
    assert (version.state, version.by, version.judged_by) == (State.PUBLISHED, here.alice, here.lena)
    assert "before 5 PM" in visitor(here.district).get("/help/lost-on-the-bus/").content.decode()
    assert search("what if I left my bag on the bus", audience="family", language="en", floor=0.0)[0].article == article


def test_a_change_of_a_published_article_is_a_draft_beside_it(here: Cast) -> None:
    article = published(here)
    answer = form(sign_in(here.alice, here.district), f"/articles/{article.id}/edit", body=TEXT.replace("5 days", "9 days"), draft="1")
    assert answer.status_code == 302
    shown = visitor(here.district).get(f"/help/{article.slug}/").content.decode()
    assert "5 days" in shown
    assert "9 days" not in shown
    page = sign_in(here.lena, here.district).get(f"/articles/{article.id}/").content.decode()
    assert "<del>5</del>" in page
    assert "<ins>9</ins>" in page
    draft = queries.open_version(article)
    assert draft is not None
    actions.publish(article, seen=draft.number, by=here.lena, now=NOW)
    assert "9 days" in visitor(here.district).get(f"/help/{article.slug}/").content.decode()
    states = list(ArticleVersion.objects.order_by("number").values_list("state", flat=True))
    assert states == [State.REPLACED, State.PUBLISHED]


def test_the_owner_is_told_of_a_proposal_and_the_writer_of_what_became_of_it(here: Cast) -> None:
    version = actions.save(None, content=content(here), seen=None, by=here.alice, now=NOW, propose=True)
    assert list(Delivery.objects.values_list("person__name", "channel")) == [("Lena", "inapp")]
    actions.send_back(version.article, seen=1, reason="The number is the old one.", by=here.lena, now=NOW)
    told = Delivery.objects.get(person=here.alice)
    assert told.body == "The number is the old one."
    page = sign_in(here.alice, here.district).get(f"/articles/{version.article_id}/").content.decode()
    assert "The number is the old one." in page
    shown = sign_in(here.alice, here.district).get(f"/articles/{version.article_id}/edit").context["form"]["body"].value()
    assert shown == TEXT  # one goes on with what was sent back


def test_without_an_owner_administrators_approve(here: Cast) -> None:
    version = actions.save(None, content=content(here, team=None), seen=None, by=here.alice, now=NOW, propose=True)
    assert list(Delivery.objects.values_list("person__name", flat=True)) == ["Ada"]
    assert act(sign_in(here.lena, here.district), version.article, "publish").status_code == 403
    assert act(sign_in(here.lee, here.district), version.article, "publish").status_code == 403
    assert act(sign_in(here.ada, here.district), version.article, "publish").status_code == 302


def test_whoever_may_approve_saves_and_publishes_at_once_and_nobody_else(here: Cast) -> None:
    values = {"title": "Bus passes", "body": TEXT, "audience": ["family"], "publish": "1"}
    form(sign_in(here.lena, here.district), "/articles/new", **values, team=str(here.transportation.id))
    assert Article.objects.get(slug="bus-passes").published_at is not None
    form(sign_in(here.lena, here.district), "/articles/new", **(values | {"title": "Laptops"}), team=str(here.technology.id))
    assert ArticleVersion.objects.get(article__slug="laptops").state == State.PROPOSED
    form(sign_in(here.alice, here.district), "/articles/new", **(values | {"title": "Bus cards"}), team=str(here.transportation.id))
    assert ArticleVersion.objects.get(article__slug="bus-cards").state == State.PROPOSED


def test_a_reason_is_asked_for_and_nothing_is_done_without(here: Cast) -> None:
    article = published(here)
    answer = act(sign_in(here.lena, here.district), article, "unpublish", reason=" ")
    assert answer.status_code == 422
    assert Article.objects.get().published_at is not None
    act(sign_in(here.lena, here.district), article, "unpublish", reason="It is the wrong number.")
    assert Article.objects.get().published_at is None
    assert visitor(here.district).get(f"/help/{article.slug}/").status_code == 404
    withdrawn = ArticleVersion.objects.get()
    assert (withdrawn.state, withdrawn.reason, withdrawn.judged_by) == (State.WITHDRAWN, "It is the wrong number.", here.lena)


# --- versions ---------------------------------------------------------------------------------------------------------


def test_every_save_is_a_version_and_an_old_one_becomes_a_new_one(here: Cast) -> None:
    article = published(here)
    second = actions.save(article, content=content(here, title="Other"), seen=1, by=here.alice, now=NOW)
    third = actions.save(article, content=content(here, title="Third"), seen=2, by=here.lena, now=NOW + timedelta(minutes=1))
    assert [second.number, third.number] == [2, 3]
    page = sign_in(here.lena, here.district).get(f"/articles/{article.id}/versions/3/?with=1").content.decode()
    assert "Something was left on the bus" in page
    assert "Third" in page
    assert act(sign_in(here.alice, here.district), article, "restore", number=1, seen=3).status_code == 302
    restored = ArticleVersion.objects.get(number=4)
    assert (restored.title, restored.state, restored.by) == ("Something was left on the bus", State.DRAFT, here.alice)
    assert of_version(restored, article) == content(here)


def test_saved_twice_as_it_is_makes_one_version(here: Cast) -> None:
    article = published(here)
    one = actions.save(article, content=content(here, title="Other"), seen=1, by=here.alice, now=NOW)
    same = actions.save(article, content=content(here, title="Other"), seen=2, by=here.alice, now=NOW)
    assert one == same


def test_a_version_from_before_versions_kept_everything_is_restored_with_what_the_article_has(here: Cast) -> None:
    article = published(here)
    ArticleVersion.objects.update(rest={})
    actions.save(article, content=content(here, title="Other"), seen=1, by=here.alice, now=NOW)
    restored = actions.restore(article, number=1, seen=2, by=here.alice, now=NOW)
    assert of_version(restored, article).audience == ("family", "student")


def test_pages_of_versions_that_are_not_there_are_not_found(here: Cast) -> None:
    article, client = published(here), sign_in(here.lena, here.district)
    for path in ("versions/7/", "versions/99999999999999999999/"):
        assert client.get(f"/articles/{article.id}/{path}").status_code == 404
    assert client.get(f"/articles/{article.id}/versions/1/?with=%00x").status_code == 200
    assert act(client, article, "restore", number="x").status_code == 404
    assert act(client, article, "burn").status_code == 404


# --- two at once ------------------------------------------------------------------------------------------------------


def test_the_later_of_two_is_told_what_changed_and_loses_nothing(here: Cast) -> None:
    article, late = published(here), sign_in(here.bob, here.district)
    path = f"/articles/{article.id}/edit"
    shown = late.get(path)
    quick = form(sign_in(here.alice, here.district), path, body=TEXT.replace("5 PM", "4 PM"), draft="1")
    assert quick.status_code == 302
    mine = filled(shown.context["form"]) | {"seen": shown.context["seen"], "body": TEXT.replace("5 days", "9 days"), "draft": "1"}
    answer = late.post(path, mine)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Alice saved version 2 while you were writing" in page
    assert "<del>5</del>" in page
    assert "<ins>4</ins>" in page
    assert "9 days" in answer.context["form"]["body"].value()
    again = late.post(path, mine | {"seen": answer.context["seen"]})
    assert again.status_code == 302
    assert [version.body for version in ArticleVersion.objects.order_by("number")][1:] == [
        TEXT.replace("5 PM", "4 PM"), TEXT.replace("5 days", "9 days"),
    ]  # fmt: skip


def test_nobody_approves_what_they_have_not_seen(here: Cast) -> None:
    version = actions.save(None, content=content(here), seen=None, by=here.alice, now=NOW, propose=True)
    actions.save(version.article, content=content(here, body=f"{TEXT} Or keep it."), seen=1, by=here.bob, now=NOW, propose=True)
    answer = act(sign_in(here.lena, here.district), version.article, "publish", seen=1)
    assert answer.status_code == 422
    assert "Bob has saved version 2 meanwhile" in answer.content.decode()
    assert Article.objects.get().published_at is None


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_two_who_save_in_the_same_moment_one_is_told(cedar: Cast, oak: Cast) -> None:
    with district_scope(cedar.district.id):
        article = published(cedar)
    together, told = threading.Barrier(2), []

    def save(title: str) -> None:
        try:
            with district_scope(cedar.district.id):
                mine = Article.objects.get(id=article.id)
                together.wait(timeout=10)
                actions.save(mine, content=content(cedar, title=title), seen=1, by=cedar.alice, now=NOW)
                told.append("saved")
        except ChangedMeanwhile as quicker:
            told.append(f"after {quicker.latest.number}")
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=save, args=(title,)) for title in ("One", "Other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(told) == ["after 2", "saved"]
    with district_scope(cedar.district.id):
        assert ArticleVersion.objects.count() == 2


def test_two_presses_on_a_new_article_make_one(here: Cast) -> None:
    client = sign_in(here.alice, here.district)
    page = client.get("/articles/new")
    sent = {"title": "Once", "body": TEXT, "audience": ["family"], "language": "en", "key": page.context["key"], "draft": "1"}
    first, second = client.post("/articles/new", sent), client.post("/articles/new", sent)
    assert first.headers["Location"] == second.headers["Location"]
    assert Article.objects.count() == ArticleVersion.objects.count() == 1


# --- thrown away ------------------------------------------------------------------------------------------------------


def test_a_draft_nobody_has_read_goes_and_a_published_article_stays(here: Cast) -> None:
    version = actions.save(None, content=content(here), seen=None, by=here.alice, now=NOW)
    group = GapGroup.objects.create(
        language="en", measure="meaning", centre=b"", question="?", first_at=NOW, last_at=NOW, state="drafted", article=version.article
    )
    assert act(sign_in(here.bob, here.district), version.article, "throw-away").status_code == 403
    assert act(sign_in(here.alice, here.district), version.article, "throw-away").status_code == 302
    assert not Article.objects.exists()
    group.refresh_from_db()
    assert (group.state, group.article) == (GapGroup.State.OPEN, None)
    article = published(here)
    actions.save(article, content=content(here, title="Other"), seen=1, by=here.alice, now=NOW)
    assert act(sign_in(here.lena, here.district), article, "throw-away").status_code == 302
    assert Article.objects.get().title == "Something was left on the bus"
    assert queries.open_version(article) is None


def test_an_article_taken_from_the_site_while_somebody_reads_its_answer(here: Cast) -> None:
    article = published(here)
    answer = Answer.objects.create(question="bag on the bus", article=article, passage=TEXT)
    actions.unpublish(article, seen=1, reason="wrong", by=here.lena, now=NOW)
    client = visitor(here.district)
    assert client.get(f"/help/{article.slug}/").status_code == 404
    assert client.post(f"/answers/{answer.id}/solved").status_code in {200, 302}
    answer.refresh_from_db()
    assert answer.outcome == Answer.Outcome.SOLVED
    with pytest.raises(NotPossible):
        actions.throw_away(article, seen=1, by=here.lena, now=NOW)


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["", "   \n\n", "\0"])
def test_an_empty_text_is_not_saved(here: Cast, body: str) -> None:
    answer = form(sign_in(here.alice, here.district), "/articles/new", title="A", audience=["family"], body=body, draft="1")
    assert "body" in errors(answer)
    assert not Article.objects.exists()


def test_a_megabyte_of_markdown_is_refused_and_given_back(here: Cast) -> None:
    large = "a line of words\n" * 65_000
    answer = form(sign_in(here.alice, here.district), "/articles/new", title="A", audience=["family"], body=large, draft="1")
    assert "body" in errors(answer)
    assert answer.context["form"]["body"].value() == large
    seen = sign_in(here.alice, here.district).post("/articles/preview", {"title": "A", "body": large})
    assert seen.status_code == 200
    assert "cannot be saved like that" in seen.content.decode()


@pytest.mark.parametrize("sign", ["[", "![", "[a](", "<http://a", "[x\n", "*", "> ", "  - x\n", "`", "<div>", "<!--", "- ", "_a"])
def test_what_nobody_writes_is_looked_at_in_a_moment(sign: str) -> None:
    """100,000 open brackets took the reader of Markdown minutes, thousands of levels more than Python goes down."""
    text = sign * (100_000 // len(sign))
    began = time.process_time()
    to_html(text)
    try:
        lines_of(passages(tidy(text)))
    except TooDense:
        pass
    assert time.process_time() - began < 5


def test_what_people_write_is_left_as_it_is() -> None:
    text = "**A.** One  \ntwo [x](https://example.org)\n\n| a | b |\n|---|---|\n" + "| [c](https://example.org) | d |\n" * 200
    assert tidy(text) == text.strip()
    assert to_html(text).count("<a ") == 201


def test_scripts_are_shown_to_nobody(here: Cast) -> None:
    bad = f"{TEXT}\n\n<script>alert(1)</script><img src=x onerror=alert(2)> [x](javascript:alert(3)) <iframe src='//evil'></iframe>"
    seen = sign_in(here.alice, here.district).post("/articles/preview", {"title": "<b>t</b>", "body": bad}).content.decode()
    for sign in ("<script", "onerror", "javascript:", "<iframe", "<b>t"):
        assert sign not in seen
    assert "&lt;b&gt;t" in seen
    article = published(here, body=bad, title="<script>x</script>")
    for path in (f"/help/{article.slug}/", f"/articles/{article.id}/", f"/articles/{article.id}/versions/1/"):
        page = sign_in(here.lena, here.district).get(path).content.decode()
        assert "alert(1)</script>" not in page, path
        assert "<script>x" not in page, path


def test_addresses_are_once_and_stay_when_the_title_changes(here: Cast) -> None:
    published(here)
    second = published(here)
    assert second.slug == "something-was-left-on-the-bus-2"
    client = sign_in(here.lena, here.district)
    values = {"title": "B", "body": TEXT, "audience": ["family"], "draft": "1"}
    assert "slug" in errors(form(client, "/articles/new", **values, slug=second.slug))
    assert "slug" in errors(form(client, "/articles/new", **values, slug="a b/c"))
    form(client, f"/articles/{second.id}/edit", title="Other words", slug="elsewhere", publish="1")
    second.refresh_from_db()
    assert (second.title, second.slug) == ("Other words", "something-was-left-on-the-bus-2")


def test_right_to_left_and_titles_in_letters_no_address_has(here: Cast) -> None:
    arabic = published(here, title="مواعيد الحافلة المدرسية", body="**الحافلة.** تصل في الساعة 7:40.", language="ar")
    assert arabic.slug
    page = visitor(here.district).get(f"/help/{arabic.slug}/").content.decode()
    assert 'lang="ar"' in page
    assert 'dir="auto"' in page
    assert sign_in(here.lena, here.district).get("/articles/").status_code == 200


def test_translations_make_no_circle(here: Cast) -> None:
    one, other = published(here), published(here, language="es", title="Otro")
    actions.save(one, content=content(here, translation_of=other.id), seen=1, by=here.alice, now=NOW)
    actions.save(other, content=content(here, language="es", title="Otro", translation_of=one.id), seen=1, by=here.alice, now=NOW)
    actions.publish(one, seen=2, by=here.lena, now=NOW)
    with pytest.raises(NotPossible):
        actions.publish(other, seen=2, by=here.lena, now=NOW)
    for wrong in ({"translation_of": one.id}, {"translation_of": other.id, "language": "es"}):
        with pytest.raises(NotPossible):
            actions.save(one, content=content(here, **wrong), seen=2, by=here.alice, now=NOW)


def test_blanks_of_a_draft_keep_it_from_being_published(here: Cast) -> None:
    version = actions.save(None, content=content(here, body=f"{TEXT} Ask [name]."), seen=None, by=here.alice, now=NOW, propose=True)
    with pytest.raises(NotPossible, match=r"\[name\]"):
        actions.publish(version.article, seen=1, by=here.lena, now=NOW)
    linked = actions.save(
        version.article, content=content(here, body=f"{TEXT} See [name](https://example.org)."), seen=1, by=here.alice, now=NOW
    )
    assert actions.publish(linked.article, seen=2, by=here.lena, now=NOW).state == State.PUBLISHED


def test_no_articles_at_all(here: Cast) -> None:
    client = sign_in(here.lena, here.district)
    page = client.get("/articles/")
    assert page.status_code == 200
    assert "No articles yet" in page.content.decode()
    assert client.get("/articles/?state=nonsense&due=x&team=%00&page=99&q=%00").status_code == 200


# --- who may ----------------------------------------------------------------------------------------------------------


def test_whoever_does_not_work_here_keeps_nothing(here: Cast, oak: Cast) -> None:
    article = published(here)
    for path in ("/articles/", "/articles/new", f"/articles/{article.id}/", f"/articles/{article.id}/edit", "/articles/import"):
        assert visitor(here.district).get(path).status_code == 302
        answer = sign_in(oak.charlie, here.district).get(path)
        assert answer.status_code in {302, 403, 404}
    assert sign_in(here.lena, here.district).get("/articles/import").status_code == 403
    with district_scope(oak.district.id):
        assert not Article.objects.exists()


def test_a_list_of_two_hundred_is_paged_filtered_and_costs_as_many_queries_as_one_of_two(
    here: Cast, django_assert_max_num_queries: Any
) -> None:
    Article.objects.bulk_create(
        Article(slug=f"a-{n}", title=f"A very long title {n} " * 8, body=TEXT, audience=["family"], published_at=NOW,
                team=here.transportation if n % 2 else here.technology, review_by=date(2026, 1, 1) if n % 3 else None)
        for n in range(200)
    )  # fmt: skip
    Membership.objects.create(person=here.lena, team=here.technology, role=Role.LEAD)
    client = sign_in(here.lena, here.district)
    client.get("/articles/")
    with django_assert_max_num_queries(30):
        page = client.get("/articles/?team=transportation&due=overdue&page=2")
    assert page.context["page"].paginator.count == sum(1 for n in range(200) if n % 2 and n % 3)
    assert len(page.context["rows"]) == 27
    assert client.get("/articles/").context["counts"]["overdue"] == 133


def test_differences_of_long_texts_are_found_in_a_moment() -> None:
    before = "\n".join(f"line {n} of many" for n in range(5000)) + "\n" * 5000
    found = lines(before, before.replace("line 17 ", "line seventeen "))
    assert [line.kind for line in found if line.kind in ("gone", "new")] == ["gone", "new"]
