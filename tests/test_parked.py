"""What is stuck at the door reaches the district's administrators: after five minutes, once, and one letter for many."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from config.celery import app
from delivery import sending
from delivery.models import Delivery
from districts.models import ContactPoint, Membership
from districts.queries import people_with_role
from districts.scope import district_scope, require_district_id
from intake import actions
from intake.models import Channel, Envelope
from intake.receiving import parked, receive
from intake.receiving.parked import AFTER, alert, alert_all
from tests.conftest import Cast, sign_in

DAY = datetime(2026, 11, 3, 18, 5, tzinfo=UTC)  # a Tuesday, 10:05 in Cedar Valley
NIGHT = datetime(2026, 11, 4, 6, 0, tzinfo=UTC)  # 22:00 there
MORNING = datetime(2026, 11, 4, 14, 31, tzinfo=UTC)  # 6:31 there
NOBODY = b"Body=The+boiler+leaks&MessageSid=SM1"  # a text that names no number
MINUTE = timedelta(minutes=1)


def stuck(count: int = 1, *, state: str = "pending", at: datetime = DAY, **more: Any) -> list[Envelope]:
    source = Channel.objects.get_or_create(kind="sms", address="+12025550100", defaults={"name": "Texts"})[0]
    known = Envelope.objects.count()
    rows = [
        Envelope(source=source, channel="sms", external_id=f"SM{known + n}", digest="0" * 64, raw=NOBODY, state=state,
                 received_at=at, **more)
        for n in range(count)
    ]  # fmt: skip
    return list(Envelope.objects.bulk_create(rows))


def letters() -> list[Delivery]:
    return list(Delivery.objects.filter(channel="email", dedupe_key__startswith="parked:").order_by("not_before", "id"))


def in_app() -> int:
    return Delivery.objects.filter(channel="inapp", dedupe_key__startswith="parked:").count()


def left() -> None:
    """The letters so far are on their way."""
    Delivery.objects.filter(channel="email", dedupe_key__startswith="parked:").update(state="sent")


def test_nothing_is_told_of_what_waits_less_than_five_minutes(here: Cast) -> None:
    stuck(3)
    assert alert(now=DAY + AFTER - timedelta(seconds=1)) == 0
    assert letters() == []
    assert alert(now=DAY + AFTER) == 3
    assert [letter.address for letter in letters()] == ["ada@cedar.localhost"], "the administrators, and nobody else"
    assert "3 messages are stuck" in letters()[0].subject
    assert "3 have waited for more than five minutes" in letters()[0].body
    assert "10:05" in letters()[0].body, "in the district's own time"
    assert in_app() == 1


def test_what_was_told_once_is_not_told_again(here: Cast) -> None:
    stuck(2)
    assert alert(now=DAY + 6 * MINUTE) == 2
    left()
    assert [alert(now=DAY + n * MINUTE) for n in (7, 30, 600)] == [0, 0, 0]
    assert len(letters()) == 1
    Envelope.objects.update(state="dead", reason="TooManyAttempts")  # it is the same trouble
    assert alert(now=DAY + 700 * MINUTE) == 0


def test_what_cannot_be_read_is_told_as_it_is_given_up(cedar: Cast, oak: Cast) -> None:
    with district_scope(cedar.district.id):
        source = Channel.objects.create(kind="sms", address="+12025550100", name="Texts")
        actions.accept(source=source, channel="sms", external_id="SM1", raw=NOBODY, meta={}, now=timezone.now())
        receive.drain(cedar.district.id)
        assert Envelope.objects.get().state == "dead"
        assert "1 could not be read" in letters()[0].body
        assert letters()[0].link == "/came-in/"
        assert "boiler" not in letters()[0].body + letters()[0].subject, "no word of a message leaves in a notice"
    with district_scope(oak.district.id):
        assert letters() == []


def test_a_claim_that_gives_one_up_tells_too(cedar: Cast) -> None:
    with district_scope(cedar.district.id):
        stuck(1, at=timezone.now(), attempts=8)
    receive.drain(cedar.district.id)
    with district_scope(cedar.district.id):
        assert len(letters()) == 1


def test_trouble_after_a_letter_left_waits_for_the_next_quarter_of_an_hour(here: Cast) -> None:
    stuck(1, state="dead")
    alert(now=DAY)
    left()
    for n in (1, 3, 6):
        stuck(10, state="dead", at=DAY + n * MINUTE)
        assert alert(now=DAY + n * MINUTE) == 10
    first, second = letters()
    assert "1 message is" in first.subject
    assert second.not_before == DAY + 10 * MINUTE, "10:15"
    assert "31 messages are" in second.subject, "one letter for all of them"
    assert in_app() == 2


def test_a_night_of_trouble_is_one_letter_in_the_morning(here: Cast, settings: Any) -> None:
    settings.DELIVERY_KEEP = False
    for n in range(20):
        stuck(5, state="dead", at=NIGHT + n * 10 * MINUTE)
        alert(now=NIGHT + n * 10 * MINUTE)
        _taken, rows = sending.claim(here.district.id, now=NIGHT + n * 10 * MINUTE)
        assert rows == [], "nothing leaves by night"
    assert in_app() == 1
    _taken, rows = sending.claim(here.district.id, now=MORNING)
    letter = sending.outgoing(rows[0])
    assert len(rows) == 1
    assert "100 messages are stuck" in letter.subject
    assert "http://cedar.localhost/came-in/" in letter.body


def test_each_administrator_is_told_in_their_own_language(here: Cast) -> None:
    ana = here.people["lee"]
    ana.language = "es"
    ana.save()
    Membership.objects.create(person=ana, role="admin")
    stuck(2, state="dead")
    alert(now=DAY)
    assert {letter.address for letter in letters()} == {"ada@cedar.localhost", "lee@cedar.localhost"}


def test_an_administrator_without_an_address_still_gets_the_notice_in_the_app(here: Cast) -> None:
    ContactPoint.objects.filter(person=here.ada).delete()
    stuck(1, state="dead")
    alert(now=DAY)
    assert (letters(), in_app()) == ([], 1)


def test_without_an_administrator_it_stays_to_be_told(here: Cast) -> None:
    held = Membership.objects.get(person=here.ada)
    Membership.objects.filter(id=held.id).delete()
    stuck(1, state="dead")
    alert(now=DAY)
    assert in_app() == 0
    held.save(force_insert=True)
    alert(now=DAY + MINUTE)
    assert in_app() == 1


def test_the_round_looks_into_every_district_and_one_that_fails_stops_no_other(
    cedar: Cast, oak: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for cast in (cedar, oak):
        with district_scope(cast.district.id):
            stuck(1, state="dead", at=timezone.now())
    monkeypatch.setattr("intake.receiving.parked.people_with_role", _failing_in(cedar))
    assert alert_all(now=timezone.now()) == 1
    monkeypatch.undo()
    assert app.tasks["intake.alert"]() == 1, "the round after"
    with district_scope(cedar.district.id):
        assert in_app() == 1


def _failing_in(cast: Cast) -> Any:
    def failing(role: str) -> Any:
        if require_district_id() == cast.district.id:
            raise RuntimeError("trouble")
        return people_with_role(role)

    return failing


def test_that_it_cannot_be_told_does_not_keep_it_from_being_given_up(cedar: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with district_scope(cedar.district.id):
        stuck(1, at=timezone.now())
    monkeypatch.setattr("intake.receiving.parked.people_with_role", _failing_in(cedar))
    receive.drain(cedar.district.id)
    with district_scope(cedar.district.id):
        assert Envelope.objects.get().state == "dead"


def test_where_something_is_late_somewhere_every_district_is_looked_at(cedar: Cast, oak: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parked, "ROUND", 0)
    with district_scope(cedar.district.id):
        stuck(1, state="dead", at=timezone.now())
    assert alert_all(now=timezone.now()) == 0
    with district_scope(oak.district.id):
        stuck(1, at=timezone.now() - AFTER - MINUTE)
    assert alert_all(now=timezone.now()) == 2


def test_the_notice_leads_to_the_page(here: Cast) -> None:
    stuck(1, state="dead", at=timezone.now())
    alert(now=timezone.now())
    admin = sign_in(here.ada, here.district)
    notice = Delivery.objects.get(channel="inapp", dedupe_key__startswith="parked:")
    page = admin.get(f"/notices/{notice.id}/", follow=True)
    assert page.redirect_chain[-1][0] == "/came-in/"
