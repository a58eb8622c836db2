"""What filters keep out is told to those who may let it in: once a school day, and only where something new waits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config.celery import app
from delivery.models import Delivery
from districts.models import CalendarDay, Membership, Role
from districts.queries import this_district
from districts.scope import district_scope
from intake.models import Channel, Envelope
from intake.receiving import quarantine
from intake.receiving.quarantine import tell, tell_all
from tests.conftest import Cast, sign_in

DAY = datetime(2026, 11, 3, 18, 5, tzinfo=UTC)  # a Tuesday, 10:05 in Cedar Valley
ADA = "ada@cedar.localhost"
SPAM = {"filter": "spam", "course": "out", "reason": "spam: score 14.2"}


def kept_out(*, at: datetime = DAY, state: str = "screened", decision: dict[str, Any] = SPAM) -> Envelope:
    source = Channel.objects.get_or_create(kind="email", address="help@cedar.localhost", defaults={"name": "Help"})[0]
    row: Envelope = Envelope.objects.create(
        source=source, channel="email", external_id=f"m{Envelope.objects.count()}", digest="0" * 64, raw=b"", state=state,
        received_at=at, decisions=[decision], reason=decision["reason"],
    )  # fmt: skip
    return row


def letters() -> list[Delivery]:
    return list(Delivery.objects.filter(channel="email", dedupe_key__startswith="quarantine:").order_by("created_at", "id"))


def test_administrators_get_one_letter_with_how_many_and_where(here: Cast) -> None:
    for _each in range(3):
        kept_out()
    kept_out(decision={"filter": "automation", "course": "out", "reason": "auto-reply"})
    kept_out(state="done")
    assert tell(now=DAY) == 4, "an administrator and a leader, by mail and in the app"
    letter = next(one for one in letters() if one.address == ADA)
    assert letter.subject == "3 messages wait in quarantine"
    assert letter.link == "/came-in/?show=screened"
    assert sign_in(here.ada, here.district).get(letter.link).status_code == 200


def test_once_a_day_and_only_where_something_new_waits(here: Cast) -> None:
    kept_out()
    tell(now=DAY)
    kept_out(at=DAY + timedelta(hours=1))
    assert tell(now=DAY + timedelta(hours=2)) == 0, "not twice a day"
    tomorrow = DAY + timedelta(days=1)
    assert tell(now=tomorrow) == 4
    assert letters()[-1].subject == "2 messages wait in quarantine"
    assert tell(now=tomorrow + timedelta(days=1)) == 0, "nothing new"
    Envelope.objects.update(state="done")
    kept_out(at=tomorrow + timedelta(days=1))
    Envelope.objects.update(state="done")
    assert tell(now=tomorrow + timedelta(days=1)) == 0, "let in by then"


@pytest.mark.parametrize("when", ["night", "weekend", "holiday", "too old"])
def test_not_by_night_nor_where_there_is_no_school(here: Cast, when: str) -> None:
    kept_out(at=DAY - timedelta(days=20 if when == "too old" else 0))
    if when == "holiday":
        CalendarDay.objects.create(date=DAY.date(), kind="holiday", name="Veterans Day")
    at = {"night": DAY - timedelta(hours=5), "weekend": DAY + timedelta(days=4)}.get(when, DAY)
    assert tell(now=at) == 0


def test_leaders_hear_of_it_too_and_are_sent_to_no_page_that_is_closed_to_them(here: Cast) -> None:
    Membership.objects.create(person=here.ada, role=Role.LEADER)  # and an administrator
    kept_out()
    tell(now=DAY)
    links = {one.person: one.link for one in letters()}
    assert links[here.lee] == ""
    assert len(letters()) == 2
    assert links[here.ada] == "/came-in/?show=screened"
    assert "Your administrators can look through them." in next(one.body for one in letters() if one.person == here.lee)


def test_each_district_is_told_of_its_own_and_one_that_fails_keeps_nobody_waiting(
    cedar: Cast, oak: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with district_scope(cedar.district.id):
        kept_out()
    tell_in = quarantine.tell

    def failing(*, now: datetime) -> int:
        if this_district() == oak.district:
            raise RuntimeError("x")
        return tell_in(now=now)

    monkeypatch.setattr(quarantine, "tell", failing)
    assert tell_all(now=DAY) == 4
    with district_scope(oak.district.id):
        assert letters() == []


def test_it_is_on_the_schedule() -> None:
    (entry,) = [one for one in app.conf.beat_schedule.values() if one["task"] == "intake.tell_of_quarantine"]
    assert entry["schedule"] <= 3600
    assert "intake.tell_of_quarantine" in app.tasks
