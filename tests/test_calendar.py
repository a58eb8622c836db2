"""Working time on the school calendar, against a slow reference that looks at the wall clock minute by minute."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from districts.calendar import (
    NO_TIME,
    OFFICE,
    BadHours,
    Calendar,
    Day,
    DayKind,
    NeverOpen,
    Season,
    Window,
    minute_of,
    seasons_of,
    windows_of,
)

PACIFIC = ZoneInfo("America/Los_Angeles")
MINUTE = timedelta(minutes=1)
LUNCH = seasons_of([{"days": [0, 1, 2, 3, 4], "windows": [["07:30", "12:00"], ["12:30", "16:30"]]}])
WEEKDAYS = seasons_of([{"from": "", "to": "", "days": [0, 1, 2, 3, 4], "windows": [["07:30", "16:30"]]}])
# Zones and dates of clock changes: an hour, half an hour, at midnight, to the day before, and none.
CHANGES = [
    ("America/Los_Angeles", date(2026, 11, 1)), ("America/Los_Angeles", date(2027, 3, 14)), ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/Sao_Paulo", date(2015, 10, 18)), ("America/Sao_Paulo", date(2015, 2, 21)), ("Atlantic/Azores", date(2026, 10, 25)),
    ("America/Phoenix", date(2026, 11, 1)), ("America/New_York", date(2026, 11, 1)), ("America/New_York", date(2027, 3, 14)),
    ("Pacific/Honolulu", date(2026, 11, 1)), ("Pacific/Honolulu", date(2027, 3, 14)),
]  # fmt: skip


def at(text: str, zone: ZoneInfo = PACIFIC) -> datetime:
    """A local time as an instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


# --- a slow and plain reference ---------------------------------------------------------------------------------------


def open_by_the_wall(calendar: Calendar, instant: datetime) -> bool:
    local = instant.astimezone(calendar.zone)
    minute = local.hour * 60 + local.minute
    return any(opens <= minute < closes for opens, closes in calendar.hours(local.date()))


def due_by_the_wall(calendar: Calendar, start: datetime, minutes: int) -> datetime:
    while minutes:
        minutes -= open_by_the_wall(calendar, start)
        start += MINUTE
    return start


# --- calendars and moments to try -------------------------------------------------------------------------------------


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, ...]:
    cuts = sorted(draw(st.sets(st.integers(0, 48), min_size=2, max_size=6)))
    return tuple((cuts[n] * 30, cuts[n + 1] * 30) for n in range(0, len(cuts) - 1, 2))


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """A calendar near a clock change, and a whole minute within four days of it."""
    name, change = draw(st.sampled_from(CHANGES))
    seasons = [Season(frozenset(range(5)), draw(windows())), Season(frozenset({5, 6}), draw(windows()))]
    odd = {
        change + timedelta(days=n): Day(draw(st.sampled_from(list(DayKind)[:6])), draw(st.none() | windows() | st.just(())))
        for n in draw(st.sets(st.integers(-3, 4), max_size=3))
    }
    start = datetime.combine(change, time(), tzinfo=UTC) + draw(st.integers(-3 * 1440, 2 * 1440)) * MINUTE
    return Calendar(ZoneInfo(name), tuple(seasons), odd), start


minutes = st.integers(1, 1500)


@settings(max_examples=60, deadline=None)
@given(calendars(), minutes)
def test_due_agrees_with_the_minute_by_minute_reference(case: tuple[Calendar, datetime], count: int) -> None:
    calendar, start = case
    assert calendar.add_open(start, count * MINUTE) == due_by_the_wall(calendar, start, count)


@settings(max_examples=60, deadline=None)
@given(calendars(), st.integers(0, 3000))
def test_open_time_agrees_with_the_reference_and_with_is_open(case: tuple[Calendar, datetime], count: int) -> None:
    calendar, start = case
    moments = [start + n * MINUTE for n in range(count)]
    expected = sum(open_by_the_wall(calendar, moment) for moment in moments)
    assert calendar.open_between(start, start + count * MINUTE) == expected * MINUTE
    assert [calendar.is_open(m) for m in moments[:200]] == [open_by_the_wall(calendar, m) for m in moments[:200]]


@settings(deadline=None)
@given(calendars(), minutes, minutes)
def test_a_duration_may_be_split(case: tuple[Calendar, datetime], first: int, second: int) -> None:
    calendar, start = case
    middle = calendar.add_open(start, first * MINUTE)
    assert calendar.add_open(middle, second * MINUTE) == calendar.add_open(start, (first + second) * MINUTE)


@settings(deadline=None)
@given(calendars(), st.lists(st.integers(0, 6000), min_size=3, max_size=3))
def test_open_time_adds_up_and_never_falls(case: tuple[Calendar, datetime], moments: list[int]) -> None:
    calendar, start = case
    first, middle, last = (start + n * MINUTE for n in sorted(moments))
    whole, parts = calendar.open_between(first, last), [calendar.open_between(first, middle), calendar.open_between(middle, last)]
    assert whole == sum(parts, NO_TIME)
    assert NO_TIME <= parts[0] <= whole <= last - first
    assert calendar.open_between(last, first) == NO_TIME


@pytest.mark.parametrize(("name", "change"), CHANGES)
@settings(max_examples=4, deadline=None)
@given(st.data())
def test_a_week_in_which_the_clocks_change_agrees_with_the_wall(name: str, change: date, data: st.DataObject) -> None:
    """Each opening and closing of the week, and all its minutes, as a clock on the wall shows them."""
    calendar = Calendar(ZoneInfo(name), (Season(frozenset(range(7)), data.draw(windows())),))
    start = datetime.combine(change - timedelta(days=3), time(), tzinfo=calendar.zone).astimezone(UTC)
    seen = [open_by_the_wall(calendar, start + n * MINUTE) for n in range(7 * 1440)]
    assert calendar.open_between(start, start + 7 * 1440 * MINUTE) == sum(seen) * MINUTE
    edges = [start + n * MINUTE for n in range(1, len(seen)) if seen[n] != seen[n - 1]]
    told = [edge for day in range(-1, 9) for span in calendar.windows(change + timedelta(days=day - 3)) for edge in span]
    assert {edge for edge in edges if edge not in told} == set(), "no opening or closing but those of the hours"


@settings(deadline=None)
@given(calendars(), minutes, st.integers(0, 600), st.integers(0, 5000))
def test_due_rises_with_the_duration_and_with_the_start(case: tuple[Calendar, datetime], count: int, more: int, later: int) -> None:
    calendar, start = case
    due = calendar.add_open(start, count * MINUTE)
    assert calendar.add_open(start, (count + more) * MINUTE) >= due
    assert calendar.add_open(start + later * MINUTE, count * MINUTE) >= due


@settings(deadline=None)
@given(calendars(), minutes)
def test_adding_measuring_and_going_back_agree(case: tuple[Calendar, datetime], count: int) -> None:
    calendar, start = case
    due = calendar.add_open(start, count * MINUTE)
    assert calendar.open_between(start, due) == count * MINUTE
    back = calendar.sub_open(due, count * MINUTE)
    assert back >= start  # the latest start, so closed time before an opening is left out
    assert calendar.add_open(back, count * MINUTE) == due


@settings(deadline=None)
@given(calendars(), minutes, st.integers(-3, 6))
def test_a_holiday_never_makes_anything_earlier(case: tuple[Calendar, datetime], count: int, day: int) -> None:
    calendar, start = case
    off = calendar.local_date(start) + timedelta(days=day)
    shut = Calendar(calendar.zone, calendar.seasons, {**calendar.days, off: Day(DayKind.HOLIDAY)})
    assert shut.add_open(start, count * MINUTE) >= calendar.add_open(start, count * MINUTE)


@settings(deadline=None)
@given(calendars(), st.integers(1, 6), st.integers(0, 5000))
def test_working_days_rise_and_end_in_hours(case: tuple[Calendar, datetime], days: int, later: int) -> None:
    calendar, start = case
    due = calendar.add_days(start, days)
    assert start < due <= calendar.add_days(start, days + 1)
    assert due <= calendar.add_days(start + later * MINUTE, days)
    assert calendar.is_open(due) or calendar.is_open(due - timedelta(microseconds=1))


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_friday_half_past_four_and_one_business_hour_is_monday() -> None:
    calendar = Calendar(PACIFIC, seasons_of([{"days": [0, 1, 2, 3, 4], "windows": [["07:30", "17:00"]]}]))
    assert calendar.add_open(at("2026-11-06T16:30"), timedelta(hours=1)) == at("2026-11-09T08:00")


def test_a_lunch_gap_is_two_windows_and_does_not_count() -> None:
    calendar = Calendar(PACIFIC, LUNCH)
    assert calendar.add_open(at("2026-11-03T11:45"), timedelta(minutes=30)) == at("2026-11-03T12:45")
    assert not calendar.is_open(at("2026-11-03T12:15"))
    assert calendar.windows(date(2026, 11, 3)) == (
        (at("2026-11-03T07:30"), at("2026-11-03T12:00")),
        (at("2026-11-03T12:30"), at("2026-11-03T16:30")),
    )


def test_time_that_runs_out_at_closing_is_due_at_closing() -> None:
    assert Calendar(PACIFIC, WEEKDAYS).add_open(at("2026-11-03T15:30"), timedelta(hours=1)) == at("2026-11-03T16:30")


def test_the_same_hours_stand_at_another_instant_after_the_clocks_change() -> None:
    calendar = Calendar(PACIFIC, WEEKDAYS)
    friday, monday = calendar.windows(date(2026, 10, 30))[0], calendar.windows(date(2026, 11, 2))[0]
    assert (friday[0].hour, monday[0].hour) == (14, 15)  # UTC-7, then UTC-8
    assert calendar.add_open(at("2026-10-30T16:00"), timedelta(hours=1)) == at("2026-11-02T08:00")


def test_a_day_around_the_clock_has_25_or_23_hours_when_the_clocks_change() -> None:
    calendar = Calendar(PACIFIC, seasons_of([{"days": [0, 1, 2, 3, 4, 5, 6], "windows": [["00:00", "24:00"]]}]))
    lengths = [closes - opens for day in (date(2026, 11, 1), date(2027, 3, 14)) for opens, closes in calendar.windows(day)]
    assert lengths == [timedelta(hours=25), timedelta(hours=23)]


def test_the_hour_that_comes_twice_counts_twice() -> None:
    calendar = Calendar(PACIFIC, seasons_of([{"days": [6], "windows": [["01:00", "01:30"]]}]))
    assert len(calendar.windows(date(2026, 11, 1))) == 2
    assert calendar.windows(date(2027, 3, 14)) != ()


def test_the_last_season_that_fits_wins() -> None:
    calendar = Calendar(
        PACIFIC,
        seasons_of([
            {"from": "", "to": "", "days": [0, 1, 2, 3, 4], "windows": [["07:30", "16:30"]]},
            {"from": "2027-06-21", "to": "2027-08-20", "days": [0, 1, 2, 3], "windows": [["07:30", "15:30"]]},
            {"from": "2027-06-21", "to": "2027-08-20", "days": [4], "windows": []},
        ]),
    )  # fmt: skip
    assert calendar.hours(date(2027, 6, 18)) == ((450, 990),)
    assert calendar.hours(date(2027, 6, 21)) == ((450, 930),)
    assert calendar.hours(date(2027, 6, 25)) == ()


def test_what_a_date_is() -> None:
    calendar = Calendar(
        PACIFIC, WEEKDAYS, {date(2026, 11, 11): Day(DayKind.HOLIDAY), date(2026, 10, 9): Day(DayKind.STAFF)},
        first_day=date(2026, 9, 2), last_day=date(2027, 6, 16),
    )  # fmt: skip
    kinds = {
        d: calendar.day_kind(date.fromisoformat(d)) for d in ("2026-11-10", "2026-11-11", "2026-11-14", "2026-10-09", "2026-07-07")
    }
    assert list(kinds.values()) == [DayKind.SCHOOL, DayKind.HOLIDAY, DayKind.WEEKEND, DayKind.STAFF, DayKind.SUMMER]
    assert calendar.hours(date(2026, 11, 11)) == ()
    assert calendar.hours(date(2026, 10, 9)) == ((450, 990),)
    assert calendar.next_school_day(date(2026, 11, 10)) == date(2026, 11, 12)
    assert calendar.day_kind(date(2028, 2, 1)) is DayKind.SCHOOL  # nobody entered that year: no endless summer


def test_the_school_day_ends_with_the_release_of_its_weekday() -> None:
    early = Day(DayKind.EARLY, windows_of([["07:30", "12:10"]]))
    calendar = Calendar(PACIFIC, WEEKDAYS, {date(2026, 11, 23): early}, release={0: minute_of("15:20"), 2: minute_of("13:50")})
    ends = [calendar.school_ends(date(2026, 11, day)) for day in (16, 17, 18, 21, 23)]
    assert ends == [
        at("2026-11-16T15:20"), at("2026-11-17T16:30"), at("2026-11-18T13:50"), None, at("2026-11-23T12:10"),
    ]  # fmt: skip
    assert calendar.next_school_end(at("2026-11-18T13:50")) == at("2026-11-19T16:30")


def test_working_days_keep_the_local_time_across_weekend_and_clock_change() -> None:
    calendar = Calendar(PACIFIC, WEEKDAYS)
    assert calendar.add_days(at("2026-10-30T10:12"), 1) == at("2026-11-02T10:12")
    assert calendar.add_days(at("2026-10-31T10:12"), 1) == at("2026-11-03T07:30")  # Saturday counts from Monday's opening
    assert calendar.sub_days(at("2026-11-02T10:12"), 1) == at("2026-10-30T10:12")


def test_a_working_day_later_on_a_day_that_closes_early_is_the_next_opening() -> None:
    calendar = Calendar(PACIFIC, WEEKDAYS, {date(2026, 11, 4): Day(DayKind.EARLY, windows_of([["07:30", "12:00"]]))})
    assert calendar.add_days(at("2026-11-03T14:00"), 1) == at("2026-11-05T07:30")
    assert calendar.sub_days(at("2026-11-05T14:00"), 1) == at("2026-11-04T12:00")


def test_no_time_at_all_is_the_next_opening_or_now() -> None:
    calendar = Calendar(PACIFIC, LUNCH)
    assert calendar.next_open(at("2026-11-03T12:10")) == at("2026-11-03T12:30")
    assert calendar.next_open(at("2026-11-03T10:10")) == at("2026-11-03T10:10")
    assert calendar.last_open(at("2026-11-03T12:10")) == at("2026-11-03T12:00")
    assert calendar.next_close(at("2026-11-03T12:00")) == at("2026-11-03T16:30")
    assert calendar.open_between(at("2026-11-03T12:00"), at("2026-11-03T10:00")) == NO_TIME


def test_hours_that_go_on_over_midnight_close_once() -> None:
    nights = Calendar(PACIFIC, (Season(frozenset(range(5)), windows_of([["00:00", "06:00"], ["22:00", "24:00"]])),))
    assert nights.next_close(at("2026-11-03T23:00")) == at("2026-11-04T06:00")
    assert nights.next_close(at("2026-11-04T06:00")) == at("2026-11-05T06:00")
    assert nights.next_close(at("2026-11-06T23:00")) == at("2026-11-07T00:00"), "Saturday is closed"
    always = Calendar(PACIFIC, (Season(frozenset(range(7)), windows_of([["00:00", "24:00"]])),))
    with pytest.raises(NeverOpen):
        always.next_close(at("2026-11-03T12:00"))


NEVER = Calendar(PACIFIC, (Season(frozenset(), ()),))
QUESTIONS: list[Callable[[datetime], object]] = [
    NEVER.next_open, NEVER.next_close, NEVER.last_open, NEVER.next_school_end,
    lambda moment: NEVER.add_days(moment, 1), lambda moment: NEVER.next_school_day(moment.date()),
]  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_calendar_that_never_opens_says_so(question: Callable[[datetime], object]) -> None:
    with pytest.raises(NeverOpen):
        question(at("2026-11-03T12:00"))


@pytest.mark.parametrize("raw", [[["16:30", "07:30"]], [["7", "8"]], [["07:30", "25:00"]], [["07:61", "08:00"]], [["07:30"]], ["0730"]])
def test_hours_that_are_no_hours_are_refused(raw: list[list[str]]) -> None:
    with pytest.raises(BadHours):
        seasons_of([{"days": [0], "windows": raw}])


def test_windows_are_put_in_order_and_joined() -> None:
    assert windows_of([["12:00", "16:30"], ["07:30", "12:00"], ["15:00", "15:30"]]) == ((450, 990),)
    assert OFFICE[0].fits(date(2026, 11, 3))
