"""Notices to staff by night: the app has them at once, mail and SMS in the morning, unless they wake."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from config.management.commands import sweeper
from delivery import actions, quiet, sending
from delivery.models import Delivery
from districts.models import ContactPoint, District
from districts.probes import oldest_pending
from districts.scope import district_scope
from tests.conftest import Cast

ALL = (Delivery.Channel.INAPP, Delivery.Channel.EMAIL, Delivery.Channel.SMS)
ZONE = "America/Los_Angeles"


def at(clock: str, day: int = 3) -> datetime:
    """A moment of November 2026 in Cedar Valley, standard time."""
    hour, minute = map(int, clock.split(":"))
    return (
        datetime(2026, 11, day, hour + 8, minute, tzinfo=UTC)
        if hour < 16
        else datetime(2026, 11, day + 1, hour - 16, minute, tzinfo=UTC)
    )


@pytest.fixture(autouse=True)
def _awake() -> None:
    sending._rests.clear()


def tell(cast: Cast, *, now: datetime, **more: Any) -> None:
    ContactPoint.objects.get_or_create(person=cast.alice, kind="phone", value="+15095550177")
    actions.notify(people=[cast.alice], subject="Late", body="A bus", dedupe_key="late", now=now, channels=ALL, **more)


def claimed(cast: Cast, now: datetime) -> set[str]:
    return {row.channel for row in sending.claim(cast.district.id, now=now)[1]}


@pytest.mark.parametrize("clock", ["21:00", "23:59", "0:00", "6:29"])
def test_by_night_a_notice_is_in_the_app_at_once_and_elsewhere_in_the_morning(here: Cast, clock: str) -> None:
    now, morning = at(clock), at("6:30", day=3 if clock in ("0:00", "6:29") else 4)
    tell(here, now=now)
    assert Delivery.objects.get(channel="inapp").state == "sent"
    assert claimed(here, now) == set()
    waiting = Delivery.objects.filter(state="pending")
    assert set(waiting.values_list("channel", "not_before", "attempts", "lease_until")) == {
        ("email", morning, 0, None),
        ("sms", morning, 0, None),
    }
    assert claimed(here, morning) == {"email", "sms"}


@pytest.mark.parametrize("clock", ["6:30", "12:00", "20:59"])
def test_by_day_it_leaves_at_once(here: Cast, clock: str) -> None:
    tell(here, now=at(clock))
    assert claimed(here, at(clock)) == {"email", "sms"}


def test_a_notice_of_the_day_that_could_not_leave_before_night_waits_too(here: Cast) -> None:
    tell(here, now=at("20:50"))
    assert claimed(here, at("22:00")) == set()


def test_what_wakes_people_leaves_by_night(here: Cast) -> None:
    tell(here, now=at("2:00"), wakes=True)
    assert claimed(here, at("2:00")) == {"email", "sms"}


@pytest.mark.parametrize("purpose", ["ack", "reply", "sign-in"])
def test_letters_to_requesters_and_codes_leave_by_night(here: Cast, purpose: str) -> None:
    actions.send(channel="email", address="pat@x.example", body="b", dedupe_key="1", purpose=purpose, now=at("2:00"))
    assert claimed(here, at("2:00")) == {"email"}


def test_what_waits_for_the_morning_is_not_behind(cedar: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "DAY", (time(6, 30), time(6, 30)))  # always night
    monkeypatch.setattr(sweeper, "close_old_connections", lambda: None)
    with district_scope(cedar.district.id):
        tell(cedar, now=timezone.now() - timedelta(minutes=5))
    assert sweeper.behind()
    assert sending.drain(cedar.district.id) == 2
    with district_scope(cedar.district.id):
        assert Delivery.objects.filter(state="pending").count() == 2
    assert oldest_pending().get("sending", 0) == 0
    assert not sweeper.behind()


def test_the_night_ends_by_the_wall_clock_when_the_clocks_change() -> None:
    """November 1 has 25 hours, March 14 has 23."""
    district = District(time_zone=ZONE)
    assert quiet.night_ends(datetime(2026, 11, 1, 5, 0, tzinfo=UTC), district) == datetime(2026, 11, 1, 14, 30, tzinfo=UTC)
    assert quiet.night_ends(datetime(2027, 3, 14, 6, 0, tzinfo=UTC), district) == datetime(2027, 3, 14, 13, 30, tzinfo=UTC)


def test_a_time_zone_nobody_knows_holds_up_nothing(here: Cast) -> None:
    District.objects.filter(id=here.district.id).update(time_zone="Mars/Olympus")
    tell(here, now=at("2:00"))
    assert claimed(here, at("2:00")) == {"email", "sms"}
