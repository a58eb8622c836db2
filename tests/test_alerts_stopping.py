"""Tests and announcements by mail can be ended by one click; an emergency cannot, and still comes."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from alerts import audience, stopping
from alerts.models import AlertContact, BadContact, Outcome, Unsubscribed
from delivery import actions as delivery
from delivery import sending
from delivery.models import Delivery, OptOut
from delivery.transports import email
from districts.queries import forget_districts
from districts.scope import district_scope
from tests.alerting import FAMILIES, families, letters, sent, watched
from tests.conftest import NOW, Cast, visitor

ADDRESS = "family0@example.org"


@pytest.fixture(autouse=True)
def _fresh(settings: Any) -> None:
    sending._rests.clear()
    forget_districts()
    settings.PUBLIC_SCHEME, settings.PUBLIC_PORT = "https", ""


def mail(alert: Any, address: str = ADDRESS) -> Delivery:
    return next(row for row in letters(alert, "email") if row.address == address)


def headers(cast: Cast, row: Delivery) -> dict[str, str]:
    """As the letter leaves."""
    row.district = cast.district
    return dict(email.compose(sending.outgoing(row)).message().items())


def click(cast: Cast, row: Delivery, **given: str) -> Any:
    """A mail program's own request: no cookie, no page before it."""
    return Client(HTTP_HOST=cast.district.host, enforce_csrf_checks=True).post(row.link, given)


@pytest.mark.parametrize("kind", ["test", "ordinary"])
def test_a_test_and_an_announcement_carry_the_button_and_the_link(here: Cast, kind: str) -> None:
    families(1)
    row = mail(sent(here.lee, kind=kind))
    told = headers(here, row)
    assert told["List-Unsubscribe"] == f"<https://cedar.localhost{row.link}>"
    assert told["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    body = sending.words(row)
    assert body.count(f"https://cedar.localhost{row.link}") == 1
    assert "emergencies excepted" in body
    assert row.purpose == "bulletin"


def test_an_emergency_carries_neither(here: Cast) -> None:
    families(1)
    row = mail(sent(here.lee))
    assert not [name for name in headers(here, row) if name.startswith("List-")]
    assert row.link == ""
    assert "stop" not in sending.words(row)


def test_the_last_lines_are_in_the_language_of_the_letter_and_texts_have_none(here: Cast) -> None:
    families(1)
    families(1, language="es", first=1)
    alert = sent(here.lee, kind="test")
    assert all("/alerts/stop/" not in sending.words(row) for row in letters(alert, "sms"))
    assert mail(alert).body.splitlines()[-1].startswith("https://")


def test_one_click_ends_tests_and_announcements_and_no_emergency(here: Cast) -> None:
    families(2)
    first = sent(here.lee, kind="test")
    for _ in range(2):
        assert click(here, mail(first), **{"List-Unsubscribe": "One-Click"}).status_code == 200
    assert [row.address for row in Unsubscribed.objects.all()] == [ADDRESS]
    assert not OptOut.objects.exists(), "answers to one's own requests still come"
    assert audience.count(FAMILIES, kind="test", now=NOW).barred == {"sms": 0, "email": 1}
    assert audience.count(FAMILIES, kind="emergency", now=NOW).barred == {"sms": 0, "email": 0}
    for kind in ("test", "ordinary"):
        later = sent(here.lee, kind=kind)
        assert ADDRESS not in {row.address for row in letters(later)}
        left = AlertContact.objects.get(alert=later, address=ADDRESS)
        assert (left.outcome, left.why) == (Outcome.LEFT_OUT, audience.NO_TESTS)
    assert ADDRESS in {row.address for row in letters(sent(here.lee))}


def test_a_wish_is_no_address_to_mend(here: Cast) -> None:
    families(1)
    stopping.stop(AlertContact.objects.get(alert=sent(here.lee, kind="test"), address=ADDRESS), now=NOW)
    watched(sent(here.lee, kind="test"), now=NOW + timedelta(minutes=15))
    assert not BadContact.objects.filter(channel="email").exists()


def test_looking_at_the_page_changes_nothing_and_it_can_be_taken_back(here: Cast) -> None:
    families(1)
    row = mail(sent(here.lee, kind="test"))
    page = visitor(here.district).get(row.link)
    assert "No more tests and announcements?" in page.content.decode()
    assert not Unsubscribed.objects.exists()
    assert "You get no more tests" in click(here, row, stop="1").content.decode()
    assert "You get them again" in click(here, row, again="1").content.decode()
    assert not Unsubscribed.objects.exists()


def test_a_link_that_is_made_up_or_of_another_district_is_not_there(here: Cast, oak: Cast) -> None:
    families(1)
    row = mail(sent(here.lee, kind="test"))
    assert visitor(oak.district).get(row.link).status_code == 404
    for proof in ("aaaaaaaaaaaaa", "é", "x"):
        address = reverse("alert_stop", args=[row.id, proof])
        assert visitor(here.district).post(address).status_code == 404
    text = letters(sent(here.lee, kind="test"), "sms")[0]
    assert visitor(here.district).get(stopping.path_of(text.id)).status_code == 404, "a text is ended by STOP"
    with district_scope(oak.district.id):
        assert not Unsubscribed.objects.exists()


def test_a_test_to_thousands_does_not_go_before_an_emergency(here: Cast) -> None:
    families(60)
    sent(here.lee, kind="test")
    for n in range(20):
        delivery.send(channel="email", address=f"p{n}@x.example", body="b", dedupe_key=str(n), purpose="ack", now=NOW)
    _taken, rows = sending.claim(here.district.id, now=NOW)
    assert Counter(row.purpose for row in rows) == {"bulletin": 40, "ack": 10}
    sent(here.lee)
    _taken, rows = sending.claim(here.district.id, now=NOW)
    assert Counter(row.purpose for row in rows) == {"alert": 40, "ack": 10}
