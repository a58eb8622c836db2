"""Checks: somebody is asked by mail to look, and signs on one page that it is in order, or says what is not."""

from datetime import datetime

import pytest

from delivery.models import Delivery
from districts.models import Membership, Role
from districts.scope import district_scope
from ownership.feeds import checks
from ownership.feeds.pings import Told, expect, hear
from ownership.models import Escalation, Feed, FeedRun
from ownership.overview import wording
from tests.conftest import NOW, Cast, person, sign_in, visitor
from tests.test_ownership import FOUR_PM, HOUR, MINUTE, Sync, make_sync, sweep, told

TEN = FOUR_PM - 6 * HOUR


@pytest.fixture
def sync(here: Cast) -> Sync:
    made = make_sync(here, terms="checks at 10 AM and 3 PM")
    feed = made.feed
    feed.kind, feed.grace_minutes = Feed.Kind.CHECK, 60
    expect(feed, TEN)
    feed.alert_at = None
    feed.save()
    Feed.objects.create(process=made.process, slug="export", name="Nightly export", terms="daily by 4 PM")
    return made


@pytest.fixture(autouse=True)
def _on_that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ownership.feeds.views_sign.timezone.now", lambda: TEN + 5 * MINUTE)


def link(sync: Sync) -> str:
    mail = Delivery.objects.filter(person=sync.rosa, channel="email").latest("id")
    assert "/matrix/sign/" in mail.link
    return str(mail.link)


def test_whoever_answers_is_asked_once_with_what_there_is_to_look_at(here: Cast, sync: Sync) -> None:
    hear(Feed.objects.get(slug="export"), Told(counts={"rows": 412}), now=NOW)
    assert checks.ask(here.district.id, now=TEN - MINUTE) == 0
    assert [checks.ask(here.district.id, now=TEN + MINUTE) for _again in range(2)] == [1, 0]
    assert told(sync.rosa) == ["Look and sign: Export confirmation"]
    body = Delivery.objects.filter(person=sync.rosa, channel="inapp").latest("id").body
    assert "“Nightly export”: Ran" in body
    assert "rows 412" in body


def test_it_is_signed_with_one_tap_and_once(here: Cast, sync: Sync) -> None:
    checks.ask(here.district.id, now=TEN)
    client, page = visitor(here.district), link(sync)
    assert "Nightly export" in client.get(page).content.decode()
    assert not FeedRun.objects.exists(), "looking signs nothing"
    assert "it is in order." in client.post(page, {"fine": "yes"}).content.decode()
    client.post(page, {"fine": "yes"})
    client.post(page, {"fine": "no", "note": "No, it is not."})
    (run,) = FeedRun.objects.all()
    assert (run.outcome, run.way, run.by, run.expected_at) == ("ok", "signed", sync.rosa, TEN)
    feed = Feed.objects.get(id=sync.feed.id)
    assert (feed.state, feed.expected_at, feed.ask_at) == ("ok", TEN + 5 * HOUR, TEN + 5 * HOUR), "the next time is 3 PM"


def test_not_signed_in_an_hour_the_ladder_is_climbed_even_the_first_time(here: Cast, sync: Sync) -> None:
    checks.ask(here.district.id, now=TEN)
    sweep(here, TEN + 59 * MINUTE)
    assert not Escalation.objects.exists()
    sweep(here, TEN + 61 * MINUTE)
    assert (Escalation.objects.count(), Feed.objects.get(id=sync.feed.id).ask_at) == (1, TEN + 5 * HOUR)


def test_signed_late_it_stands_for_its_own_time_and_three_o_clock_is_asked_for(
    here: Cast, sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    checks.ask(here.district.id, now=TEN)
    sweep(here, TEN + 61 * MINUTE)
    late = TEN + 170 * MINUTE  # nearer to three than to ten
    monkeypatch.setattr("ownership.feeds.views_sign.timezone.now", lambda: late)
    lena = sign_in(here.lena, here.district)
    to = lena.post(f"/matrix/sign/{sync.feed.slug}/now").headers["Location"]
    lena.post(to, {"fine": "yes"})
    run = FeedRun.objects.get(way="signed")
    feed = Feed.objects.get(id=sync.feed.id)
    assert (run.expected_at, feed.state, feed.expected_at) == (TEN, "ok", TEN + 5 * HOUR)
    assert checks.ask(here.district.id, now=TEN + 5 * HOUR) == 1, "three o'clock is still to be signed"
    assert Escalation.objects.get().ended_at == late


def page_of(here: Cast, monkeypatch: pytest.MonkeyPatch, *, at: datetime) -> str:
    monkeypatch.setattr("ownership.views.timezone.now", lambda: at)
    return " ".join(sign_in(here.lena, here.district).get("/matrix/attendance/").content.decode().split())


def test_the_button_is_there_while_something_is_to_be_signed(here: Cast, sync: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    button = "Look and sign<span"
    page = page_of(here, monkeypatch, at=TEN - 9 * HOUR)
    assert button in page
    page = page_of(here, monkeypatch, at=TEN - 10 * HOUR)  # nearer to 3 PM of the day before
    assert button not in page
    assert "whoever answers for it is asked then to look and sign" in page
    checks.ask(here.district.id, now=TEN)
    assert "it waits to be signed" in page_of(here, monkeypatch, at=TEN + MINUTE)
    visitor(here.district).post(link(sync), {"fine": "yes"})
    assert button not in page_of(here, monkeypatch, at=TEN + 2 * HOUR)
    assert button in page_of(here, monkeypatch, at=TEN + 3 * HOUR), "from halfway to 3 PM on"
    sweep(here, TEN + 6 * HOUR + MINUTE)
    assert button in page_of(here, monkeypatch, at=TEN + 7 * HOUR), "3 PM was missed"


def test_a_check_is_never_said_to_wait_for_a_ping(here: Cast, sync: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    Feed.objects.exclude(id=sync.feed.id).delete()
    first = "watched from its first ping on"
    page = page_of(here, monkeypatch, at=NOW)
    assert (first in page, "<dd>never seen" in page, "<dd>never signed" in page) == (False, False, True)
    setup = sign_in(here.ada, here.district).get(f"/setup/matrix/attendance/feeds/{sync.feed.id}/").content.decode()
    assert ("from its first word on" in setup, "Never signed:" in setup) == (False, True)
    checks.ask(here.district.id, now=TEN)
    sweep(here, TEN + 61 * MINUTE)
    assert first not in page_of(here, monkeypatch, at=TEN + 2 * HOUR)
    Feed.objects.create(process=sync.process, slug="new", name="New", terms="daily by 4 PM", expected_at=FOUR_PM)
    assert first in page_of(here, monkeypatch, at=NOW), "what a system tells is"


@pytest.mark.parametrize(
    ("terms", "all_year", "words"),
    [
        ("daily checks at 3:31 PM", False, "Every school day checked at 3:31 PM."),
        ("daily checks at 3:31 PM", True, "Every weekday, all year, checked at 3:31 PM."),
        ("daily by 6 AM", True, "Every weekday, all year, by 6 AM."),
        ("every day by 6 AM", True, "Every day by 6 AM."),
        ("every Monday by 6 AM", True, "Every Monday by 6 AM."),
        ("whenever", True, ""),
    ],
)
def test_what_runs_all_year_says_so(terms: str, all_year: bool, words: str) -> None:
    assert wording.expected(Feed(terms=terms, all_year=all_year)) == words


def test_something_is_wrong_needs_words_and_calls_the_ladder(here: Cast, sync: Sync) -> None:
    checks.ask(here.district.id, now=TEN)
    client, page = visitor(here.district), link(sync)
    assert client.post(page, {"fine": "no", "note": " "}).status_code == 422
    assert client.post(page, {"fine": "no", "note": "Eleven students are missing."}).status_code == 200
    sweep(here, TEN + 6 * MINUTE)
    assert Escalation.objects.count() == 1
    assert "Eleven students are missing." in Delivery.objects.filter(person=sync.dan, channel="inapp").latest("id").body


def test_a_link_is_worth_nothing_later_elsewhere_or_after_its_person_left(here: Cast, oak: Cast, sync: Sync) -> None:
    checks.ask(here.district.id, now=TEN)
    page = link(sync)
    token = page.rsplit("/", 1)[-1]
    assert checks.by_token(token, now=TEN + 4 * HOUR)
    assert checks.by_token(token, now=TEN + 5 * HOUR + MINUTE) is None, "3 PM asks anew"
    assert checks.by_token(token[:-2] + "xx", now=TEN) is None
    with district_scope(oak.district.id):
        assert checks.by_token(token, now=TEN) is None
    assert visitor(oak.district).get(page).status_code == 410
    Membership.objects.filter(person=sync.rosa).delete()
    assert visitor(here.district).get(page).status_code == 410


def test_whoever_signs_in_signs_under_their_own_name(here: Cast, sync: Sync) -> None:
    lena = sign_in(here.lena, here.district)
    to = lena.post(f"/matrix/sign/{sync.feed.slug}/now").headers["Location"]
    lena.post(to, {"fine": "yes", "note": "Looked for Rosa."})
    assert FeedRun.objects.get().by == here.lena
    assert sign_in(here.bob, here.district).post(f"/matrix/sign/{sync.feed.slug}/now").status_code == 403
    stranger = person("Sam", "sam@cedar.localhost", role=Role.AGENT, team=here.technology)
    assert checks.may_sign(stranger, sync.process) is False
    assert checks.good_until(sync.feed, TEN) == TEN + 5 * HOUR, "until the next time"
