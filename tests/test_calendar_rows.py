"""The calendar as a district entered it."""

import time
from datetime import date, timedelta
from typing import Any

import pytest

from districts.calendar import DayKind
from districts.models import CalendarDay
from districts.queries import calendar_of, forget_calendar
from districts.scope import district_scope
from tests.conftest import NOW, Cast

VETERANS = date(2026, 11, 11)


def test_one_query_then_none(here: Cast, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        calendar = calendar_of(here.district, now=NOW)
    with django_assert_num_queries(0):
        assert calendar_of(here.district, here.maple, now=NOW) is calendar


def test_a_sites_own_day_beats_the_districts(here: Cast) -> None:
    CalendarDay.objects.create(date=VETERANS, kind="holiday")
    CalendarDay.objects.create(date=VETERANS, kind="school", site=here.maple, windows=[["09:00", "12:00"]])
    CalendarDay.objects.create(date=NOW.date(), kind="closure", site=here.maple)
    everywhere, maple = calendar_of(here.district, now=NOW), calendar_of(here.district, here.maple.id, now=NOW)
    assert (everywhere.day_kind(VETERANS), maple.day_kind(VETERANS)) == (DayKind.HOLIDAY, DayKind.SCHOOL)
    assert (everywhere.hours(VETERANS), maple.hours(VETERANS)) == ((), ((540, 720),))
    assert everywhere.is_open(NOW)
    assert not maple.is_open(NOW)


def test_a_change_is_seen_after_a_while_or_at_once_when_told(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    before = calendar_of(here.district, now=NOW)
    CalendarDay.objects.create(date=VETERANS, kind="holiday")
    assert calendar_of(here.district, now=NOW) is before
    monkeypatch.setattr(time, "monotonic", lambda: float("inf"))
    assert calendar_of(here.district, now=NOW).hours(VETERANS) == ()
    monkeypatch.undo()
    CalendarDay.objects.filter(date=VETERANS).delete()
    forget_calendar(here.district.id)
    assert calendar_of(here.district, now=NOW).hours(VETERANS) == before.hours(VETERANS)


def test_unchanged_rows_keep_the_same_calendar(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    before = calendar_of(here.district, now=NOW)
    later = time.monotonic() + 60
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert calendar_of(here.district, now=NOW) is before


def test_other_hours_are_seen_at_once(here: Cast) -> None:
    calendar_of(here.district, now=NOW)
    here.district.hours = [{"days": [1], "windows": [["10:00", "11:00"]]}]
    assert calendar_of(here.district, now=NOW).hours(NOW.date()) == ((600, 660),)


def test_another_districts_days_are_not_ours(here: Cast, oak: Cast) -> None:
    with district_scope(oak.district.id):
        CalendarDay.objects.create(date=VETERANS, kind="holiday")
        assert calendar_of(oak.district, now=NOW).hours(VETERANS) == ()
    assert calendar_of(here.district, now=NOW).hours(VETERANS) != ()


@pytest.mark.parametrize("hours", [[], [{"days": [0], "windows": [["late", "later"]]}], ["whenever"], [{"days": None}]])
def test_hours_that_cannot_be_read_do_not_stop_a_request(here: Cast, hours: list[Any]) -> None:
    here.district.hours = hours
    assert calendar_of(here.district, now=NOW).hours(NOW.date()) == ((480, 960),)


def test_a_day_that_cannot_be_read_goes_by_its_kind(here: Cast) -> None:
    CalendarDay.objects.create(date=VETERANS, kind="holiday", windows=[["x", "y"]])
    CalendarDay.objects.create(date=VETERANS + timedelta(days=1), kind="early", windows=[["12:00", "07:30"]])
    here.district.school_release = {"0": "soon"}
    calendar = calendar_of(here.district, now=NOW)
    assert calendar.hours(VETERANS) == ()
    assert calendar.hours(VETERANS + timedelta(days=1)) == ((450, 990),)
