from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from delivery import actions
from delivery.models import Delivery
from districts.models import Person
from districts.scope import district_scope
from tests.conftest import Cast, sign_in, visitor

KEPT = {"channel": "email", "address": "pat@cedar-family.example", "purpose": "ack", "subject": "Your request", "body": "We have it"}


def tell(*people: Person, subject: str = "A bus is late", key: str = "late", link: str = "/desk/", body: str = "Due at 10:30") -> None:
    actions.notify(
        people=people, subject=subject, body=body, link=link, dedupe_key=key, now=timezone.now(), channels=[Delivery.Channel.INAPP]
    )


def keep(key: str = "1", **more: Any) -> Delivery:
    row = actions.send(**{**KEPT, "dedupe_key": key, "now": timezone.now(), **more})
    assert row is not None
    Delivery.objects.filter(id=row.id).update(state="kept")
    return row


def test_everybody_reads_their_own_notices_and_nobody_elses(here: Cast) -> None:
    tell(here.alice, subject="For Alice")
    tell(here.bob, subject="For Bob", key="other")
    page = sign_in(here.alice, here.district).get("/notices/")
    assert page.status_code == 200
    assert "For Alice" in page.text
    assert "1 unread notice" in page.text
    assert "For Bob" not in page.text


def test_a_visitor_is_asked_to_sign_in_and_a_stranger_is_refused(here: Cast, oak: Cast) -> None:
    page = visitor(here.district).get("/notices/")
    assert page.status_code == 302
    assert page["Location"] == "/account/login/?next=/notices/"
    assert sign_in(oak.charlie, here.district).get("/notices/").status_code == 403


def test_an_opened_notice_is_read_and_leads_to_what_it_speaks_of(here: Cast) -> None:
    tell(here.alice)
    client = sign_in(here.alice, here.district)
    notice = Delivery.objects.get(person=here.alice)
    answer = client.get(f"/notices/{notice.id}/")
    assert (answer.status_code, answer["Location"]) == (302, "/desk/")
    assert notice.refresh().read_at is not None
    assert "unread" not in client.get("/notices/").text
    assert sign_in(here.bob, here.district).get(f"/notices/{notice.id}/").status_code == 404


def test_a_notice_leads_nowhere_outside_the_house(here: Cast) -> None:
    tell(here.alice, link="//evil.example/")
    notice = Delivery.objects.get(person=here.alice)
    assert sign_in(here.alice, here.district).get(f"/notices/{notice.id}/")["Location"] == "/notices/"


def test_all_are_marked_as_read_at_once_for_one_person(here: Cast) -> None:
    tell(here.alice, here.bob)
    answer = sign_in(here.alice, here.district).post("/notices/read")
    assert (answer.status_code, answer["Location"]) == (302, "/notices/")
    unread = Delivery.objects.filter(channel="inapp", read_at__isnull=True)
    assert [row.person_id for row in unread] == [here.bob.id]


def test_the_bell_counts_what_is_new_and_stops_for_who_is_gone(
    here: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in(here.alice, here.district)
    assert "bell-count" not in client.get("/notices/bell").text
    tell(here.alice)
    with django_assert_max_num_queries(7):
        bell = client.get("/notices/bell")
    assert '<span class="bell-count">1<' in bell.text
    assert "<html" not in bell.text
    assert "no-store" in bell["Cache-Control"]
    assert visitor(here.district).get("/notices/bell").status_code == 286


def test_the_bell_counts_no_further_than_ninety_nine(here: Cast) -> None:
    for number in range(120):
        tell(here.alice, key=str(number))
    assert '<span class="bell-count">99+<' in sign_in(here.alice, here.district).get("/notices/bell").text


def test_old_notices_are_on_the_next_page(here: Cast) -> None:
    for number in range(30):
        tell(here.alice, key=str(number), subject=f"Notice {number:02d}")
    client = sign_in(here.alice, here.district)
    first, second = client.get("/notices/").text, client.get("/notices/?page=2").text
    assert "Notice 29" in first
    assert "Notice 04" not in first
    assert "Notice 04" in second
    for odd in ("0", "-1", "x", "²", "999999999999"):
        assert client.get("/notices/", {"page": odd}).status_code == 200


# --- what did not arrive ------------------------------------------------------------------------------------------------


def test_an_administrator_sees_what_did_not_arrive_and_sends_it_again(here: Cast) -> None:
    row = keep()
    Delivery.objects.filter(id=row.id).update(state="dead", attempts=8, error="451 4.3.0 try again")
    client = sign_in(here.ada, here.district)
    page = client.get("/notices/not-arrived/").text
    assert "451 4.3.0 try again" in page
    assert row.address in page
    assert client.post(f"/notices/not-arrived/{row.id}/").status_code == 302
    assert (row.refresh().state, row.attempts) == ("pending", 0)
    assert row.address not in client.get("/notices/not-arrived/").text


def test_what_arrived_is_not_sent_again(here: Cast) -> None:
    row = keep()
    sign_in(here.ada, here.district).post(f"/notices/not-arrived/{row.id}/")
    assert row.refresh().state == "kept"


@pytest.mark.parametrize("who", ["alice", "lena", "lee"])
def test_only_administrators_see_other_peoples_letters(here: Cast, who: str) -> None:
    row = keep()
    client = sign_in(here.people[who], here.district)
    assert client.get("/notices/not-arrived/").status_code == 403
    assert client.post(f"/notices/not-arrived/{row.id}/").status_code == 403


# --- the demo's outbox --------------------------------------------------------------------------------------------------


def test_outside_the_demo_there_is_no_outbox(here: Cast, settings: Settings) -> None:
    settings.DEMO = False
    keep()
    assert visitor(here.district).get("/notices/kept/").status_code == 404
    assert sign_in(here.ada, here.district).get("/notices/kept/").status_code == 404


@pytest.fixture
def demo(settings: Settings) -> None:
    settings.DEMO = True
    settings.SMS_FROM = "+15095550000"


def test_the_demo_shows_letters_as_their_receivers_would_see_them(here: Cast, demo: None) -> None:
    keep(reply_to="ticket+1-x@cedar.localhost", body="Follow it: http://cedar.localhost:8000/r/abc\n<script>alert(1)</script>")
    keep("2", channel="sms", address="+15095550111", subject="", body="By text")
    page = visitor(here.district).get("/notices/kept/").text
    assert '<a href="http://cedar.localhost:8000/r/abc" rel="nofollow">' in page
    assert "<script>alert" not in page
    for words in ("Cedar &lt;help@cedar.localhost&gt;", "ticket+1-x@cedar.localhost", "Your request", "+15095550000", "By text"):
        assert words in page
    assert page.index("By text") < page.index("Your request")


def test_letters_are_found_by_channel_and_address(here: Cast, demo: None) -> None:
    keep(subject="The first letter")
    keep("2", address="other@example.com", subject="The second letter")
    keep("3", channel="sms", address="+15095550111", body="By text")
    client = visitor(here.district)

    def shown(**filters: str) -> list[bool]:
        page = client.get("/notices/kept/", filters).text
        return [words in page for words in ("The first letter", "The second letter", "By text")]

    assert shown(channel="email") == [True, True, False]
    assert shown(address="Other@Example.com") == [False, True, False]
    assert shown(channel="sms", address="+15095550111") == [False, False, True]
    assert shown(channel="nonsense") == [True, True, True]
    assert "Nothing like that was sent" in client.get("/notices/kept/", {"address": "nobody@example.com"}).text


def test_only_what_was_kept_in_this_district_is_shown(here: Cast, oak: Cast, demo: None) -> None:
    really_sent = keep(subject="Really sent")
    Delivery.objects.filter(id=really_sent.id).update(state="sent")
    with district_scope(oak.district.id):
        keep(subject="Letter of Oak Hollow")
    page = visitor(here.district).get("/notices/kept/").text
    assert "Really sent" not in page
    assert "Letter of Oak Hollow" not in page
    assert "Nothing was sent yet" in page


def test_many_letters_are_paged(here: Cast, demo: None, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(30):
        row = keep(str(number), subject=f"Letter {number:02d}")
        Delivery.objects.filter(id=row.id).update(created_at=timezone.now() - timedelta(minutes=30 - number))
    client = visitor(here.district)
    with django_assert_max_num_queries(6):
        first = client.get("/notices/kept/", {"channel": "email"}).text
    assert "Letter 29" in first
    assert "Letter 04" not in first
    assert 'href="?channel=email&amp;page=2"' in first
    assert "Letter 04" in client.get("/notices/kept/", {"channel": "email", "page": "2"}).text
