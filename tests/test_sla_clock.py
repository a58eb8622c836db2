"""Deadlines as a pure function of terms, facts and calendar."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from districts.calendar import Calendar, Day, DayKind, Season, windows_of
from sla import clock, story
from sla.clock import due_at, next_expected
from sla.story import Kept, Reading, State, read
from sla.terms import parse
from tests.test_calendar import LUNCH, MINUTE, PACIFIC, WEEKDAYS, at, calendars, open_by_the_wall

HOUR = timedelta(hours=1)
WINTER = {date(2026, 12, 21) + timedelta(days=n): Day(DayKind.BREAK) for n in range(14)}
SCHOOL = Calendar(
    PACIFIC, WEEKDAYS, {date(2026, 11, 11): Day(DayKind.HOLIDAY), **WINTER},
    first_day=date(2026, 9, 2), last_day=date(2027, 6, 16), release=dict.fromkeys(range(5), 15 * 60 + 20),
)  # fmt: skip
TUESDAY = at("2026-11-03T10:12")
FRIDAY = at("2026-11-06T16:40")
TERMS = [
    "within 30 minutes", "within 4 business hours", "within 1 business day", "within 3 business days", "within 2 school days",
    "within 2 days", "at once", "same-day", "daily by 4 PM", "by 2 PM for next-day service", "every 60 minutes",
    "within 4 business hours on school days, within 24 hours during breaks",
]  # fmt: skip


@pytest.mark.parametrize(
    ("terms", "start", "due"),
    [
        ("within 15 minutes", "2026-11-06T23:50", "2026-11-07T00:05"),
        ("within 4 business hours", "2026-11-03T10:12", "2026-11-03T14:12"),
        ("within 4 business hours", "2026-11-06T16:00", "2026-11-09T11:00"),  # Friday afternoon
        ("within 4 business hours", "2026-11-10T16:00", "2026-11-12T11:00"),  # over Veterans Day
        ("within 1 business day", "2026-11-06T10:00", "2026-11-09T10:00"),
        ("within 2 days", "2026-10-31T10:00", "2026-11-02T10:00"),  # over the end of summer time: the same local time
        ("within 2 school days", "2026-12-18T10:00", "2027-01-05T10:00"),  # over winter break
        ("daily by 4 PM", "2026-11-03T10:12", "2026-11-03T16:00"),
        ("daily by 4 PM", "2026-11-03T16:00", "2026-11-04T16:00"),
        ("daily by 4 PM", "2026-11-10T17:00", "2026-11-12T16:00"),
        ("every Wednesday by 2 PM", "2026-11-05T10:00", "2026-11-18T14:00"),  # the 11th is a holiday
        ("checks at 10 AM and 3 PM", "2026-11-03T10:12", "2026-11-03T15:00"),
        ("by 2 PM for next-day service", "2026-11-03T13:59", "2026-11-04T07:30"),
        ("by 2 PM for next-day service", "2026-11-03T14:00", "2026-11-05T07:30"),
        ("by 2 PM for next-day service", "2026-11-08T09:00", "2026-11-10T07:30"),  # Sunday is before Monday's cut-off
        ("same-day", "2026-11-03T10:12", "2026-11-03T15:20"),
        ("same-day", "2026-11-06T16:40", "2026-11-09T15:20"),
        ("48-hour notice", "2026-11-05T10:00", "2026-11-03T10:00"),
        ("48-hour freeze before distribution", "2026-11-05T10:00", "2026-11-03T10:00"),
        ("2-business-day notice", "2026-11-09T10:00", "2026-11-05T10:00"),
        ("4-business-hour notice", "2026-11-09T09:30", "2026-11-06T14:30"),
        ("at once", "2026-11-07T03:00", "2026-11-07T03:05"),
        ("within 1 hour and before dismissal", "2026-11-03T10:00", "2026-11-03T11:00"),
        ("within 1 hour and before dismissal", "2026-11-03T15:00", "2026-11-03T15:20"),
        ("within 4 business hours, checks at 10 AM and 3 PM", "2026-11-03T10:12", "2026-11-03T14:12"),
    ],
)  # fmt: skip
def test_when_it_is_due(terms: str, start: str, due: str) -> None:
    assert due_at(parse(terms), at(start), SCHOOL) == at(due)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-11-03T10:12", "2026-11-03T14:12"),  # a school day
        ("2026-11-07T10:00", "2026-11-09T11:30"),  # a weekend belongs to the school days that follow
        ("2026-12-22T10:00", "2026-12-23T10:00"),  # a day in the break
        ("2026-12-19T10:00", "2026-12-20T10:00"),  # the weekend before it, too
        ("2026-12-18T16:00", "2026-12-20T00:00"),  # begun before the break, which brings its 24 hours with it
        ("2027-01-03T20:00", "2027-01-04T11:30"),  # begun in it: school brings its four hours
    ],
)
def test_the_kind_of_day_decides_the_clock(start: str, due: str) -> None:
    terms = parse("within 4 business hours on school days, within 24 hours during breaks")
    assert due_at(terms, at(start), SCHOOL) == at(due)


@pytest.mark.parametrize(
    ("terms", "after", "expected"),
    [
        ("daily by 4 PM", "2026-11-06T16:00", "2026-11-09T16:00"),
        ("checks at 10 AM and 3 PM", "2026-11-03T10:00", "2026-11-03T15:00"),
        ("daily by 4 PM", "2026-12-18T16:30", "2027-01-04T16:00"),
        ("every 60 minutes", "2026-11-07T03:30", "2026-11-07T04:30"),
        ("every 60 minutes on school days", "2026-11-06T23:30", "2026-11-09T01:00"),
        ("every 2 business hours", "2026-11-03T16:00", "2026-11-04T09:00"),
        ("within 4 business hours, checks at 10 AM and 3 PM", "2026-11-03T11:00", "2026-11-03T15:00"),
        ("by 2 PM for next-day service", "2026-11-03T11:00", "2026-11-03T14:00"),
        ("by 10 AM every day", "2026-11-07T11:00", "2026-11-08T10:00"),
    ],
)  # fmt: skip
def test_what_comes_round_is_expected_again(terms: str, after: str, expected: str) -> None:
    assert next_expected(parse(terms), SCHOOL, after=at(after)) == at(expected)


@pytest.mark.parametrize("terms", ["within 4 business hours", "same-day", "48-hour notice", "at once"])
def test_what_answers_to_an_event_is_not_expected_by_itself(terms: str) -> None:
    assert next_expected(parse(terms), SCHOOL, after=TUESDAY) is None


def test_a_calendar_that_never_opens_still_gives_a_promise() -> None:
    shut = Calendar(PACIFIC, (Season(frozenset(), ()),))
    assert due_at(parse("within 4 business hours"), TUESDAY, shut) == TUESDAY + 4 * HOUR
    assert due_at(parse("within 2 business days"), TUESDAY, shut) == TUESDAY + 48 * HOUR
    assert due_at(parse("same-day"), TUESDAY, shut) == TUESDAY + 24 * HOUR
    assert next_expected(parse("daily by 4 PM"), shut, after=TUESDAY) is None


# --- pausing ----------------------------------------------------------------------------------------------------------


@st.composite
def pauses(draw: st.DrawFn) -> list[tuple[int, int]]:
    cuts = sorted(draw(st.sets(st.integers(-200, 4000), max_size=6)))
    return [(cuts[n], cuts[n + 1]) for n in range(0, len(cuts) - 1, 2)]


def spans(start: datetime, raw: Iterable[tuple[int, int]]) -> list[tuple[datetime, datetime]]:
    return [(start + a * MINUTE, start + b * MINUTE) for a, b in raw]


@settings(max_examples=60, deadline=None)
@given(calendars(), st.integers(1, 900), pauses())
def test_pauses_agree_with_the_minute_by_minute_reference(
    case: tuple[Calendar, datetime], count: int, raw: list[tuple[int, int]]
) -> None:
    calendar, start = case
    paused = spans(start, raw)
    moment, left = start, count
    while left:
        left -= open_by_the_wall(calendar, moment) and not any(begin <= moment < end for begin, end in paused)
        moment += MINUTE
    assert clock.due_after(count * MINUTE, start, calendar, paused) == moment
    assert clock.used(start, moment, calendar, paused) == count * MINUTE


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(TERMS), calendars(), pauses(), st.integers(0, 4000), st.integers(1, 2000))
def test_a_pause_never_makes_anything_earlier(
    text: str, case: tuple[Calendar, datetime], raw: list[tuple[int, int]], begin: int, length: int
) -> None:
    calendar, start = case
    paused = spans(start, raw)
    more = [*paused, (start + begin * MINUTE, start + (begin + length) * MINUTE)]
    assert due_at(parse(text), start, calendar, more) >= due_at(parse(text), start, calendar, paused)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(TERMS), calendars(), st.integers(0, 4000))
def test_what_begins_later_is_never_due_earlier(text: str, case: tuple[Calendar, datetime], later: int) -> None:
    calendar, start = case
    assert start < due_at(parse(text), start, calendar) <= due_at(parse(text), start + later * MINUTE, calendar)


def test_days_do_not_count_the_weekend_inside_a_pause() -> None:
    pause = [(at("2026-11-06T15:30"), at("2026-11-09T08:30"))]  # an hour of Friday, an hour of Monday
    assert due_at(parse("within 3 business days"), TUESDAY, SCHOOL) == at("2026-11-06T10:12")
    assert due_at(parse("within 4 business days"), TUESDAY, SCHOOL, pause) == at("2026-11-09T12:12")


def test_a_pause_after_the_due_time_changes_nothing() -> None:
    due = due_at(parse("within 4 business hours"), TUESDAY, SCHOOL)
    for terms in ("within 4 business hours", "within 1 business day", "same-day"):
        due = due_at(parse(terms), TUESDAY, SCHOOL)
        assert due_at(parse(terms), TUESDAY, SCHOOL, [(due + MINUTE, due + 90 * MINUTE)]) == due


# --- facts → clocks ---------------------------------------------------------------------------------------------------


def fact(kind: str, when: datetime, **data: Any) -> dict[str, Any]:
    return {"kind": kind, "at": when, "data": data}


def resolution(
    *facts: dict[str, Any], terms: str = "within 4 business hours", before: Kept | None = None, now: datetime = TUESDAY
) -> Reading:
    return story.resolution(read(TUESDAY, facts), parse(terms), SCHOOL, before=before, now=now)


def first_response(*facts: dict[str, Any], terms: str = "within 2 business hours", before: Kept | None = None) -> Reading:
    return story.first_response(read(TUESDAY, facts), parse(terms), SCHOOL, before=before, now=TUESDAY)


def kept(reading: Reading, terms: str, *, breached: datetime | None = None) -> Kept:
    return Kept(terms, reading.state, reading.started_at, reading.due_at, reading.ended_at, breached)


def test_a_reply_in_time_keeps_the_first_response_and_leaves_the_resolution_running() -> None:
    reply = fact("replied", TUESDAY + HOUR)
    assert first_response(reply) == Reading(State.MET, TUESDAY, TUESDAY + 2 * HOUR, ended_at=TUESDAY + HOUR)
    assert resolution(reply).state is State.RUNNING


def test_a_reply_too_late_misses_it_and_one_at_the_very_end_keeps_it() -> None:
    assert first_response(fact("replied", TUESDAY + 3 * HOUR)).state is State.MISSED
    assert first_response(fact("replied", TUESDAY + 2 * HOUR)).state is State.MET


def test_resolving_without_a_word_is_a_response_too() -> None:
    assert first_response(fact("resolved", TUESDAY + HOUR)).state is State.MET


def test_a_note_or_a_handoff_is_no_response_and_restarts_nothing() -> None:
    facts = [fact("noted", TUESDAY + HOUR), fact("handed_off", TUESDAY + HOUR, to="x"), fact("assigned", TUESDAY + HOUR)]
    assert first_response(*facts) == first_response()
    assert resolution(*facts) == resolution()


def test_waiting_on_the_requester_pauses_the_resolution_and_not_the_first_response() -> None:
    wait = fact("waiting", TUESDAY + HOUR, on="wait_asker")
    assert resolution(wait) == Reading(State.PAUSED, TUESDAY, None)
    assert first_response(wait).state is State.RUNNING
    back = resolution(wait, fact("resumed", TUESDAY + 2 * HOUR))
    assert (back.state, back.due_at) == (State.RUNNING, TUESDAY + 5 * HOUR)


def test_waiting_on_somebody_else_pauses_nothing() -> None:
    assert resolution(fact("waiting", TUESDAY + HOUR, on="wait_other")) == resolution()
    both = [fact("waiting", TUESDAY + HOUR, on="wait_asker"), fact("waiting", TUESDAY + 2 * HOUR, on="wait_other")]
    assert resolution(*both).due_at == TUESDAY + 5 * HOUR


def test_waiting_that_begins_after_the_due_time_does_not_hide_that_it_is_late() -> None:
    late = resolution(fact("waiting", TUESDAY + 5 * HOUR, on="wait_asker"))
    assert (late.state, late.due_at) == (State.RUNNING, TUESDAY + 4 * HOUR)


def test_a_warning_comes_at_three_quarters_of_the_time() -> None:
    assert resolution().warn_at == TUESDAY + 3 * HOUR
    paused = [fact("waiting", TUESDAY + HOUR, on="wait_asker"), fact("resumed", TUESDAY + 2 * HOUR)]
    assert resolution(*paused).warn_at == TUESDAY + 4 * HOUR
    night = clock.warn_at(parse("within 8 hours"), at("2026-11-03T20:00"), at("2026-11-04T04:00"), SCHOOL)
    assert night == at("2026-11-04T02:00")


def test_reopening_goes_on_with_the_time_that_was_left() -> None:
    facts = [fact("resolved", TUESDAY + HOUR), fact("reopened", TUESDAY + 24 * HOUR)]
    again = resolution(*facts, before=kept(resolution(facts[0]), "within 4 business hours"), now=TUESDAY + 24 * HOUR)
    assert (again.state, again.due_at, again.ended_at) == (State.RUNNING, TUESDAY + 27 * HOUR, None)


def test_a_ticket_reopened_after_weeks_is_not_late_at_once() -> None:
    back = TUESDAY + timedelta(days=13)
    facts = [fact("waiting", TUESDAY + HOUR, on="wait_asker"), fact("resolved", TUESDAY + 2 * HOUR), fact("reopened", back)]
    again = resolution(*facts, now=back)
    assert again.due_at is not None
    assert again.due_at > back
    assert clock.used(back, again.due_at, SCHOOL) == 3 * HOUR  # one of four was used before they waited


def test_a_ticket_resolved_twice_ends_with_the_last_time() -> None:
    facts = [fact("resolved", TUESDAY + HOUR), fact("reopened", TUESDAY + 2 * HOUR), fact("resolved", TUESDAY + 3 * HOUR)]
    assert resolution(*facts) == Reading(State.MET, TUESDAY, TUESDAY + 5 * HOUR, ended_at=TUESDAY + 3 * HOUR)
    assert first_response(*facts).ended_at == TUESDAY + HOUR


def test_a_ticket_merged_away_promises_nothing_more_but_keeps_what_was_answered() -> None:
    gone = fact("merged", TUESDAY + 2 * HOUR)
    assert resolution(gone).state is State.VOID
    assert first_response(fact("replied", TUESDAY + HOUR), gone).state is State.MET


def test_a_change_of_priority_keeps_the_time_paused() -> None:
    facts = [fact("waiting", TUESDAY + HOUR, on="wait_asker"), fact("resumed", TUESDAY + 3 * HOUR)]
    before = kept(resolution(*facts, terms="within 3 business days"), "within 3 business days")
    now = TUESDAY + 3 * HOUR
    urgent = resolution(*facts, fact("priority", now), terms="within 4 hours", before=before, now=now)
    assert urgent.due_at == TUESDAY + 6 * HOUR  # one hour used, two paused, three left


def test_a_change_of_ours_today_does_not_make_it_late_at_once() -> None:
    before = kept(resolution(terms="within 3 business days"), "within 3 business days")
    now = TUESDAY + 24 * HOUR
    urgent = resolution(terms="within 4 hours", before=before, now=now)
    assert (urgent.state, urgent.started_at, urgent.due_at) == (State.RUNNING, now, now + 4 * HOUR)
    again = resolution(terms="within 4 hours", before=kept(urgent, "within 4 hours"), now=now + HOUR)
    assert again == urgent  # derived again, it says the same
    relaxed = resolution(terms="within 3 business days", before=kept(urgent, "within 4 hours"), now=now + HOUR)
    assert relaxed.due_at == before.due_at


def test_a_change_of_ours_never_promises_later_than_before() -> None:
    before = kept(resolution(terms="within 3 business days"), "within 3 business days")
    now = TUESDAY + 71 * HOUR  # an hour is left; four from the start have long passed
    urgent = resolution(terms="within 4 hours", before=before, now=now)
    assert urgent.due_at is not None
    assert before.due_at is not None
    assert timedelta(0) <= before.due_at - urgent.due_at <= timedelta(seconds=1)


def test_a_change_of_ours_while_it_is_paused_does_not_make_it_late_either() -> None:
    wait = fact("waiting", TUESDAY + 24 * HOUR, on="wait_asker")
    before = kept(resolution(wait, terms="within 3 business days"), "within 3 business days")
    paused = resolution(wait, terms="within 4 hours", before=before, now=TUESDAY + 30 * HOUR)
    assert paused.state is State.PAUSED
    back = fact("resumed", TUESDAY + 48 * HOUR)
    again = resolution(wait, back, terms="within 4 hours", before=kept(paused, "within 4 hours"), now=TUESDAY + 48 * HOUR)
    assert (again.state, again.due_at) == (State.RUNNING, TUESDAY + 52 * HOUR)


def test_what_was_late_stays_late_when_the_terms_get_shorter() -> None:
    before = kept(resolution(), "within 4 business hours")
    assert resolution(terms="within 1 hour", before=before, now=TUESDAY + 5 * HOUR).due_at == TUESDAY + 4 * HOUR, (
        "by the terms of its time"
    )


def test_a_breach_is_judged_by_the_terms_of_its_time() -> None:
    before = kept(resolution(), "within 4 business hours", breached=TUESDAY + 4 * HOUR)
    done = resolution(fact("resolved", TUESDAY + 5 * HOUR), terms="within 3 business days", before=before, now=TUESDAY + 5 * HOUR)
    assert done.state is State.MISSED
    after = resolution(fact("resolved", TUESDAY + 5 * HOUR), terms="within 1 hour", before=kept(done, "x"), now=TUESDAY + 9 * HOUR)
    assert after.state is State.MISSED
    assert after.due_at == done.due_at


def test_a_closure_declared_in_the_morning_moves_the_promise() -> None:
    snow = Calendar(PACIFIC, SCHOOL.seasons, {date(2026, 11, 3): Day(DayKind.CLOSURE)})
    assert due_at(parse("within 4 business hours"), TUESDAY, snow) == at("2026-11-04T11:30")


def test_a_closure_taken_back_does_not_make_it_late() -> None:
    snow = Calendar(PACIFIC, SCHOOL.seasons, {date(2026, 11, 3): Day(DayKind.CLOSURE)})
    told, terms, now = read(TUESDAY, ()), parse("within 4 business hours"), at("2026-11-04T09:00")
    before = story.resolution(told, terms, snow, before=None, now=TUESDAY)
    after = story.resolution(told, terms, SCHOOL, before=kept(before, str(terms)), now=now)
    assert before.due_at is not None
    assert after.due_at is not None
    assert now < after.due_at <= before.due_at


def test_who_waits_for_an_answer_and_since_when() -> None:
    wrote, replied = fact("asker_wrote", TUESDAY + 2 * HOUR), fact("replied", TUESDAY + HOUR)
    assert read(TUESDAY, [replied]).asked_at is None
    told = read(TUESDAY, [replied, wrote, fact("asker_wrote", TUESDAY + 3 * HOUR)])
    assert (told.asked_at, told.answers) == (TUESDAY + 2 * HOUR, ((TUESDAY, TUESDAY + HOUR),))
    assert read(TUESDAY, [fact("resolved", TUESDAY + HOUR)]).asked_at is None  # nobody waits after it is resolved


def test_a_lunch_gap_does_not_count_against_the_promise() -> None:
    calendar = Calendar(PACIFIC, LUNCH, {date(2026, 11, 4): Day(DayKind.EARLY, windows_of([["07:30", "10:00"]]))})
    assert due_at(parse("within 2 business hours"), at("2026-11-03T11:00"), calendar) == at("2026-11-03T13:30")
    assert due_at(parse("within 2 business hours"), at("2026-11-04T09:00"), calendar) == at("2026-11-05T08:30")
