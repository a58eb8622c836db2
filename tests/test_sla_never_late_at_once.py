"""Changes made by us, of any kind and in any order, never make a promise late at once; a breach is judged by the terms of its time."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from districts.calendar import Calendar, Day, DayKind
from sla import runs, story
from sla.clock import due_at
from sla.runs import Run
from sla.story import Kept, Reading, State, Story
from sla.terms import parse
from tests.test_sla_clock import SCHOOL, TERMS, TUESDAY

MINUTE = timedelta(minutes=1)
CLOSED = Calendar(SCHOOL.zone, SCHOOL.seasons, {**SCHOOL.days, TUESDAY.date(): Day(DayKind.CLOSURE)}, SCHOOL.first_day, SCHOOL.last_day,
                  SCHOOL.release)  # fmt: skip
TOLD = [text for text in TERMS if text != "every 60 minutes"]
changes = st.lists(st.tuples(st.sampled_from(TOLD), st.sampled_from([SCHOOL, CLOSED]), st.integers(1, 3000)), min_size=1, max_size=8)


def kept(found: Reading, terms: str, breached: bool = False) -> Kept:
    return Kept(str(parse(terms)), found.state, found.started_at, found.due_at, found.ended_at, found.due_at if breached else None)


@settings(deadline=None, max_examples=150)
@given(changes, st.booleans())
def test_no_change_of_ours_breaks_a_promise_that_was_good(steps: list[tuple[str, Calendar, int]], of_a_team: bool) -> None:
    told = Story(TUESDAY)
    before: Kept | None = None
    now = TUESDAY
    for text, calendar, minutes in steps:
        was = before
        if of_a_team:
            found = runs.own_time(Run(0, TUESDAY), told, parse(text), calendar, before=before, now=now)
        else:
            found = story.resolution(told, parse(text), calendar, before=before, now=now)
        assert found.due_at is not None
        if was is None or (was.due_at and was.due_at > now):
            assert found.due_at > now, (text, now)
        before = kept(found, text)
        now = now + minutes * MINUTE


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(TOLD), changes, st.booleans(), st.booleans())
def test_no_change_of_ours_mends_what_was_broken(first: str, steps: list[tuple[str, Calendar, int]], noticed: bool, ends: bool) -> None:
    """Whether or not a sweep has been there since: the workers may be away for a while."""
    running = story.resolution(Story(TUESDAY), parse(first), SCHOOL, before=None, now=TUESDAY)
    assert running.due_at is not None
    before, now = kept(running, first, noticed), running.due_at + MINUTE
    for text, _calendar, minutes in steps:
        ended = now if ends else None
        found = story.resolution(Story(TUESDAY, resolved_at=ended, answered_at=ended), parse(text), SCHOOL, before=before, now=now)
        assert found.due_at == running.due_at, (text, now)
        assert found.state is (State.MISSED if ends else State.RUNNING)
        before = Kept(found.terms or str(parse(text)), found.state, found.started_at, found.due_at, found.ended_at, before.breached_at)
        now = now + minutes * MINUTE
        if ends:
            return


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(TOLD), st.sampled_from(TOLD), st.integers(1, 20_000))
def test_what_ended_is_judged_by_the_terms_in_force_then_and_never_again(first: str, later: str, minutes: int) -> None:
    ended = TUESDAY + minutes * MINUTE
    told = Story(TUESDAY, resolved_at=ended, answered_at=ended)
    running = story.resolution(Story(TUESDAY), parse(first), SCHOOL, before=None, now=TUESDAY)
    judged = story.resolution(told, parse(first), SCHOOL, before=kept(running, first), now=ended)
    assert judged.state is (State.MISSED if ended > due_at(parse(first), TUESDAY, SCHOOL) else State.MET)
    again = story.resolution(told, parse(later), CLOSED, before=kept(judged, first), now=ended + 1000 * MINUTE)
    assert (again.state, again.due_at) == (judged.state, judged.due_at)


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(TOLD), st.lists(st.tuples(st.integers(1, 2000), st.integers(1, 2000)), max_size=4))
def test_a_pause_never_makes_a_team_s_own_time_end_earlier(text: str, raw: list[tuple[int, int]]) -> None:
    at, pauses = TUESDAY, []
    for gap, length in raw:
        pauses.append((at + gap * MINUTE, at + (gap + length) * MINUTE))
        at = pauses[-1][1]
    run = Run(0, TUESDAY)
    plain = runs.own_time(run, Story(TUESDAY), parse(text), SCHOOL, before=None, now=TUESDAY)
    paused = runs.own_time(run, Story(TUESDAY, pauses=tuple(pauses)), parse(text), SCHOOL, before=None, now=TUESDAY)
    assert plain.due_at
    assert paused.due_at
    assert paused.due_at >= plain.due_at
