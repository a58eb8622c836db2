"""The status page and its feeds as programs read them, cheap when everybody looks at once; subscribing, which floods nobody."""

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, cast
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from delivery import optouts, sending
from delivery.models import Delivery
from delivery.transports import email
from districts.contacts import either
from incidents import actions, subscribing
from incidents.models import Incident, Subscriber, Update
from tests.conftest import NOW, Cast, sign_in, visitor
from tests.test_incidents import begin, make_plan, move, subscribed

ATOM = "{http://www.w3.org/2005/Atom}"
RFC822 = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}")


@pytest.fixture(autouse=True)
def _nobody_has_asked() -> None:
    cache.clear()


@pytest.fixture
def plan(here: Cast) -> Cast:
    return make_plan(here)


@pytest.fixture
def shown(plan: Cast) -> Incident:
    incident = begin(plan, now=timezone.now(), shown=True)
    actions.post(incident, audience="public", text="First & <b>last</b>\x0b\nline", by=plan.alice, now=timezone.now())
    actions.post(incident, audience="public", text="Second", versions={"es": "Segundo"}, by=plan.alice, now=timezone.now())
    return incident


def xml(response: Any) -> ET.Element:
    return ET.fromstring(response.content)


def text_of(element: ET.Element, path: str) -> str:
    found = element.findtext(path)
    assert found, path
    return found


# --- feeds --------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("shown")
def test_the_feed_is_rss_2_0(plan: Cast) -> None:
    """https://www.rssboard.org/rss-specification, and what its profile asks for besides."""
    answer = visitor(plan.district).get("/status/feed.rss?school=MRE&language=es")
    assert answer.headers["Content-Type"] == "application/rss+xml; charset=utf-8"
    root = xml(answer)
    channel = root.find("channel")
    assert channel is not None
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    assert all(text_of(channel, name) for name in ("title", "link", "description", "language"))
    assert RFC822.fullmatch(text_of(channel, "lastBuildDate"))
    own = channel.find(f"{ATOM}link")
    assert own is not None
    assert own.get("rel") == "self"
    assert (own.get("href") or "").endswith("/status/feed.rss?school=MRE&language=es")
    items = channel.findall("item")
    guids = [item.find("guid") for item in items]
    assert len({guid.text for guid in guids if guid is not None}) == len(items) == 2
    assert {guid.get("isPermaLink") for guid in guids if guid is not None} == {"false"}
    for item in items:
        assert urlsplit(text_of(item, "link")).netloc.startswith(plan.district.host)
        assert RFC822.fullmatch(text_of(item, "pubDate"))
    assert [text_of(item, "description") for item in items] == ["Segundo", "First &amp; &lt;b&gt;last&lt;/b&gt;<br>line"]
    times = [parsedate_to_datetime(text_of(item, "pubDate")) for item in items]
    assert times == sorted(times, reverse=True)


@pytest.mark.usefixtures("shown")
def test_the_other_feed_is_atom(plan: Cast) -> None:
    """RFC 4287 4.1.1: an id, a title, when it changed, an author."""
    root = xml(visitor(plan.district).get("/status/feed.atom"))
    assert text_of(root, f"{ATOM}author/{ATOM}name") == plan.district.name
    assert datetime.fromisoformat(text_of(root, f"{ATOM}updated"))
    ids = [text_of(entry, f"{ATOM}id") for entry in root.findall(f"{ATOM}entry")]
    assert len(set(ids)) == 2
    assert all(one.startswith("urn:uuid:") for one in ids)
    assert {link.get("rel") for link in root.findall(f"{ATOM}link")} == {"alternate", "self"}


def test_a_guid_stays_when_more_is_said(plan: Cast, shown: Incident) -> None:
    def guids() -> list[str]:
        return [text_of(item, "guid") for item in xml(visitor(plan.district).get("/status/feed.rss")).iter("item")]

    before = guids()
    actions.post(shown, audience="public", text="Third", by=plan.alice, now=timezone.now())
    assert guids()[1:] == before


def test_a_feed_has_no_more_than_the_newest_hundred(plan: Cast, shown: Incident) -> None:
    rows = [Update(incident=shown, audience="public", state="confirmed", text=f"n{n}", at=timezone.now()) for n in range(150)]
    Update.objects.bulk_create(rows)
    actions.post(shown, audience="public", text="The last", by=plan.alice, now=timezone.now())
    items = list(xml(visitor(plan.district).get("/status/feed.rss")).iter("item"))
    assert (len(items), items[0].findtext("description")) == (100, "The last")


# --- cheap --------------------------------------------------------------------------------------------------------------

PAGES = ["/status/", "/status/feed.rss", "/status/feed.atom"]


@pytest.mark.usefixtures("shown")
@pytest.mark.parametrize("path", PAGES)
def test_whoever_has_it_is_told_so(plan: Cast, path: str) -> None:
    somebody = visitor(plan.district)
    first = somebody.get(path)
    again = somebody.get(path, headers={"if-none-match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "Content-Security-Policy" not in again.headers  # or the kept page's own nonce would be refused
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    if path != "/status/":
        since = somebody.get(path, headers={"if-modified-since": first.headers["Last-Modified"]})
        assert since.status_code == 304


@pytest.mark.parametrize("path", PAGES)
def test_what_is_said_is_there_at_once(plan: Cast, shown: Incident, path: str) -> None:
    somebody = visitor(plan.district)
    first = somebody.get(path)
    actions.post(shown, audience="public", text="Newer", by=plan.alice, now=timezone.now() + timedelta(seconds=1))
    second = somebody.get(path, headers={"if-none-match": first.headers["ETag"]})
    assert second.status_code == 200
    assert "Newer" in second.content.decode()
    actions.describe(shown, title="Other words", seen="", severity="minor", cause="", began_at=NOW, versions={}, by=None,
                     now=timezone.now() + timedelta(seconds=2))  # fmt: skip
    assert "Other words" in somebody.get(path).content.decode()


@pytest.mark.usefixtures("shown")
@pytest.mark.parametrize("path", PAGES)
def test_it_is_rendered_once_for_many(plan: Cast, path: str) -> None:
    visitor(plan.district).get(path)
    with CaptureQueriesContext(connection) as asked:
        pages = {visitor(plan.district).get(path).content for _ in range(5)}
    looked = [
        query["sql"] for query in asked.captured_queries if query["sql"].startswith("SELECT") and "set_config" not in query["sql"]
    ]
    assert len([sql for sql in looked if "incidents_" in sql]) == 5  # one small look each
    assert not any("incidents_update" in sql or "districts_site" in sql for sql in looked)
    nonces = {match for page in pages for match in re.findall(rb'nonce="([^"]+)"', page)}
    assert len(nonces) == (5 if path == "/status/" else 0)  # each answer has its own


def test_each_answer_allows_its_own_nonce_alone(plan: Cast) -> None:
    for _ in range(2):
        page = visitor(plan.district).get("/status/")
        nonce = re.findall(r'nonce="([^"]+)"', page.content.decode())
        assert f"'nonce-{nonce[0]}'" in page.headers["Content-Security-Policy"]


def test_a_visitor_gets_no_cookie_so_that_caches_may_keep_it(plan: Cast, shown: Incident) -> None:
    for path in ("/status/", f"/status/{shown.id}/", "/status/?school=MRE"):
        page = visitor(plan.district).get(path)
        assert not page.cookies
        assert page.headers["Cache-Control"] == "public, max-age=20, stale-while-revalidate=20, stale-if-error=600"


def test_districts_schools_and_languages_are_kept_apart(plan: Cast, shown: Incident, oak: Cast) -> None:
    def page(where: str, cast: Cast = plan, **more: Any) -> str:
        return str(visitor(cast.district).get(where, **more).content.decode())

    assert "Second" in page("/status/")
    assert "Segundo" in page("/status/", headers={"accept-language": "es"})
    assert "Segundo" in page("/status/?language=es")
    assert "Second" in page("/status/?language=xx")
    assert "RosterPoint" not in page("/status/", oak)
    signed_in = sign_in(plan.alice, plan.district)
    assert signed_in.get("/status/").headers["Cache-Control"] == "private, no-cache"
    assert "Sign out" not in page("/status/")
    assert f"/status/{shown.id}/?language=es" in page("/status/?language=es")


# --- subscribing --------------------------------------------------------------------------------------------------------


def asked() -> int:
    return Delivery.objects.filter(dedupe_key__startswith="status-confirm").count()


def ask(address: str, *, now: datetime) -> None:
    contact = either(address)
    assert contact
    subscribing.ask(contact, language="en", site=None, now=now)


def test_nobody_is_flooded_by_somebody_else(plan: Cast) -> None:
    for minutes in range(0, 24 * 60, 5):
        ask("victim@x.example", now=NOW + timedelta(minutes=minutes))
    assert asked() == 3
    assert not Subscriber.objects.get().confirmed_at


def test_one_visitor_asks_a_few_addresses_an_hour(plan: Cast) -> None:
    somebody = visitor(plan.district)
    for n in range(40):
        assert somebody.post("/status/subscribe", {"contact": f"n{n}@x.example"}).status_code == 200
    assert asked() == 20


def test_who_says_no_is_left_alone(plan: Cast) -> None:
    ask("victim@x.example", now=NOW)
    row = Subscriber.objects.get()
    assert f"/status/leave/{row.token}" in Delivery.objects.get().body
    visitor(plan.district).post(f"/status/leave/{row.token}")
    cache.clear()
    ask("victim@x.example", now=timezone.now() + timedelta(days=29))
    assert asked() == 1
    ask("victim@x.example", now=timezone.now() + timedelta(days=31))
    assert asked() == 2


def test_nobody_changes_what_another_hears_of(plan: Cast) -> None:
    row = subscribed("a@x.example")
    visitor(plan.district).post("/status/subscribe", {"contact": "a@x.example", "school": "MRE", "language": "es"})
    row.refresh_from_db()
    assert (row.site, row.language) == (None, "en")
    link = next(word for word in Delivery.objects.get(purpose="status").body.split() if "/status/confirm/" in word)
    parts = urlsplit(link)
    visitor(plan.district).post(f"{parts.path}?{parts.query}")
    row.refresh_from_db()
    assert (row.site, row.language) == (plan.maple, "es")


def test_a_machine_cannot_order_texts_without_end(plan: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribing, "TEXTS", 3)
    for n in range(6):
        ask(f"+120255501{n:02}", now=NOW)
    assert asked() == 3


def test_a_mail_program_ends_it_with_one_click(plan: Cast, settings: Settings) -> None:
    """RFC 8058: posted by the mail's own program, with no cookie, no token and no Origin of ours."""
    settings.PUBLIC_SCHEME = "https"
    subscribed("a@x.example")
    subscribed("+12025550100")
    incident = begin(plan)
    actions.post(incident, audience="public", text="Down", by=plan.alice, now=NOW)
    move(plan, NOW)
    row = Delivery.objects.select_related("district").get(purpose="status", channel="email")
    letter = email.compose(sending.outgoing(row)).message()
    leave = f"https://{plan.district.host}{_port()}/status/leave/{Subscriber.objects.get(channel='email').token}"
    assert letter["List-Unsubscribe"] == f"<{leave}>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert leave in cast(bytes, letter.get_payload(decode=True)).decode()
    strict = type(visitor(plan.district))(enforce_csrf_checks=True, HTTP_HOST=plan.district.host)
    assert strict.post(urlsplit(leave).path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Subscriber.objects.get(channel="email").ended_at
    assert Delivery.objects.get(purpose="status", channel="sms").body.endswith("STOP to end.")


def _port() -> str:
    return str(settings.PUBLIC_PORT)


def test_letters_to_requesters_are_no_list(plan: Cast) -> None:
    row = Delivery(channel="email", purpose="reply", link="/r/1", address="a@x.example", body="b", subject="s", district=plan.district)
    assert "List-Unsubscribe" not in email.compose(sending.outgoing(row)).message()


def test_stop_ends_texts_and_start_begins_them_again(plan: Cast) -> None:
    subscribed("+12025550100")
    incident = begin(plan)
    for n, (word, state) in enumerate((("", "pending"), ("bar", "suppressed"))):
        if word:
            optouts.bar(channel="sms", address="+12025550100", reason="texted STOP", now=NOW)
        actions.post(incident, audience="public", text=f"n{n}", by=plan.alice, now=NOW + timedelta(minutes=n))
        move(plan, NOW + timedelta(minutes=n))
        sending.claim(plan.district.id, now=timezone.now()) if word else None
        assert Delivery.objects.filter(purpose="status").order_by("-created_at", "-id")[0].state == state
