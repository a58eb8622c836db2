"""The grammar of promises: what districts write, what is understood, and where it stops."""

import pytest
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from sla.promise import (
    Acknowledge,
    Amount,
    AtOnce,
    BeforeNext,
    By,
    ByForNext,
    Cadence,
    Clause,
    Counts,
    Every,
    Notice,
    OnDays,
    OnTheDay,
    Period,
    Reach,
    SameDay,
    Terms,
    Tolerance,
    Unit,
    Within,
)
from sla.terms import NotUnderstood, parse

UNDERSTOOD = {
    "within 15 minutes": "Within 15 minutes, day and night.",
    "Within 4 business hours": "Within 4 hours of office time.",
    "within 1 business day": "Within 1 working day.",
    "within 2 days": "Within 2 days.",
    "2 school days": "Within 2 school days.",
    "4-hour sync": "Within 4 hours, day and night.",
    "within four working hours": "Within 4 hours of office time.",
    "within 90 minutes of real time": "Within 90 minutes, day and night.",
    "within 4 business hours on school days, within 24 hours during breaks": "On school days within 4 hours of office time; "
    "on days of a break within 24 hours, day and night.",
    "daily by 4 PM": "Every school day by 4 PM.",
    "By 6 AM daily": "Every school day by 6 AM.",
    "by 16:30 every day": "Every day by 4:30 PM.",
    "checks at 10 AM and 3 PM": "Every school day checked at 10 AM and 3 PM.",
    "by 10 a.m., noon and 3 p.m.": "Every school day by 10 AM, 12 PM and 3 PM.",
    "every Wednesday by 2 PM": "Every Wednesday by 2 PM.",
    "By 2 PM for next-day service": "What is in by 2 PM on a school day is in place when the next school day opens; "
    "what comes later, the day after.",
    "every 60 minutes": "Every 60 minutes.",
    "same-day": "By the end of the same school day; after hours, by the end of the next one.",
    "48-hour notice": "At least 48 hours before it starts.",
    "72 hours before requested service": "At least 72 hours before requested service.",
    "48-hour freeze before distribution": "Nothing changes in the 48 hours before distribution.",
    "at once": "At once: within 5 minutes, day and night.",
    "95 % delivered within 15 minutes, validated within 30": "95 % delivered within 15 minutes, the report checked within 30 minutes.",
    "discrepancies over 1 % hold": "Discrepancies over 1 %: hold.",
    "more than 0.5% unmatched rows stops the run": "Over 0.5 %: unmatched rows stops the run.",
    "vendor acknowledges within 2 hours": "Acknowledged by the vendor within 2 hours.",
    "acknowledged within 2 hours": "Acknowledged by whoever gets it within 2 hours.",
    "monthly": "Once a month, by the end of its last working day.",
    "daily at 10 AM and 3 PM": "Every school day checked at 10 AM and 3 PM.",
    "by 2 PM on Wednesdays": "Every Wednesday by 2 PM.",
    "at least 48 hours of notice before a change": "At least 48 hours before a change.",
    "before the next meal": "Before the next meal of a school day: 7:30 AM and 11 AM, whichever comes first.",
    "by 5 PM on the last day of work": "By 5 PM on the last day of work.",
    "within 30 minutes if immediate": "If immediate, within 30 minutes, day and night.",
    "fixes within 2 business days": "Fixes: within 2 working days.",
}


@pytest.mark.parametrize(("text", "sentence"), UNDERSTOOD.items())
def test_what_districts_write_is_said_back_in_plain_words(text: str, sentence: str) -> None:
    assert parse(text).sentence() == sentence


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("immediately", "at once"), ("Real-time", "in real time"), ("hourly", "every 60 minutes"), ("24 hours", "within 24 hours"),
        ("within an hour", "within 1 hour"), ("Same-day notification", "same-day"), ("by 4PM", "daily by 4 p.m."),
        ("72 hours before service", "72-hour notice before service"), ("within 4 hours elapsed", "within 4 hours"),
        ("within 2 hours and 30 minutes", "within 150 minutes"), ("within 2 hours 30 minutes", "within 150 minutes"),
        ("within 1 day and 4 hours", "within 28 hours"), ("within 1.5 hours", "within 90 minutes"), ("within a day", "within 1 day"),
        ("within 1 week", "within 7 days"), ("every hour", "every 60 minutes"), ("next business day", "within 1 business day"),
        ("by the next school day", "within 1 school day"), ("by end of day", "same-day"), ("no later than 4 PM", "by 4 PM"),
        ("48 hours' notice", "48-hour notice"), ("95 percent delivered within 15 minutes", "95 % delivered within 15 minutes"),
        ("by 04:30", "by 4:30 AM"), ("by 16:00", "by 4 PM"),
        ("within 4 business hours; and within 24 hours during breaks", "within 4 business hours, within 24 hours during breaks"),
    ],
)  # fmt: skip
def test_two_ways_to_say_the_same(one: str, other: str) -> None:
    assert parse(one) == parse(other)


@pytest.mark.parametrize(
    ("text", "stopped"),
    [
        ("within 4 bananas", "bananas"), ("within 4 business hours soon", "soon"), ("within 1.5 days", "1.5 days"), ("", "the end"),
        ("by 4", "4"), ("checks at 10 and 3", "10 and 3"), ("by 4:30", "4:30"), ("within -5 hours", "-5 hours"),
        ("within 2-3 hours", "3 hours"),
        ("vendor acknowleges within 2 hours", "acknowleges within 2 hours"), ("next Tuesday", "next Tuesday"),
        ("within 2 business days and 3 hours", "and 3 hours"),
        ("Before the next bus", "the end"), ("before the next 4", "4"), ("discrepancies over 101 % hold", "101 % hold"),
        ("95 % delivered in 15 minutes", "15 minutes"), ("95 % delivered within 15", "the end"), ("soonish by 4 PM", "soonish by 4 PM"),
        ("vendor acknowledges soon", "soon"), ("at least 4 hours", "the end"), ("within 4 hours if", "the end"),
        ("by 4 PM on the moon", "the moon"), ("once a blue moon", "blue moon"), ("over 1 hold", "over 1 hold"),
        ("one two three four five six seven words within 2 hours", "two three four five six seven words within 2 hours"),
        ("by 25:00", "25:00"), ("by 13 PM", "13 PM"),
        ("within 0 minutes", "0 minutes"),
        ("within 9999999 days", "9999999 days"), ("within 3 school hours", "3 school hours"), ("by 4 PM, by", "the end"),
        ("every blue moon", "blue moon"), ("by 2 PM for next year", "year"), ("within 4 hours on Mars", "Mars"), ("within", "the end"),
        ("within 4 hours\0", "\0"), ("within 99999999999999999999 hours", "99999999999999999999 hours"),
    ],
)  # fmt: skip
def test_text_that_is_not_understood_is_refused_with_the_words_it_stopped_at(text: str, stopped: str) -> None:
    with pytest.raises(NotUnderstood) as caught:
        parse(text)
    assert caught.value.words == stopped
    assert caught.value.hint
    assert stopped in str(caught.value)


def test_an_endless_text_is_refused() -> None:
    with pytest.raises(NotUnderstood):
        parse("within 4 hours, " * 500)


WORDS = "within 4 business hours by at PM , and on school days every next 10 : % over vendor acknowledges monthly if before the meal"


@settings(deadline=None)
@given(st.text(max_size=60) | st.lists(st.sampled_from(WORDS.split())).map(" ".join))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        terms = parse(text)
    except NotUnderstood:
        return
    assert parse(str(terms)) == terms
    assert terms.sentence()


amounts = st.builds(
    Amount, st.integers(1, 400), st.sampled_from([Unit.MINUTE, Unit.HOUR]), st.sampled_from([Counts.BUSINESS, Counts.ELAPSED])
)
amounts |= st.builds(Amount, st.integers(1, 400), st.just(Unit.DAY), st.sampled_from(Counts))
minutes = st.integers(0, 1439)
labels = st.sampled_from(["", "distribution", "the requested service"])
times = st.sets(minutes, min_size=1, max_size=4).map(lambda s: tuple(sorted(s)))
shares = st.decimals(0, 100, places=2).map(lambda share: share.normalize())
own_words = st.lists(st.sampled_from(["vendor", "contacts", "parents’", "sync", "fixes"]), max_size=3).map(" ".join)
terms_of_any_kind = st.one_of(
    st.builds(Within, amounts), st.just(AtOnce()), st.just(AtOnce("real time")), st.just(SameDay()),
    st.builds(By, times, st.booleans(), st.booleans()), st.builds(By, times, st.booleans(), weekday=st.integers(0, 6)),
    st.builds(ByForNext, minutes, st.sampled_from(["service", "bus routes"]), st.sampled_from(["day", "morning"])),
    st.builds(Every, amounts), st.builds(Notice, amounts, st.booleans(), labels), st.builds(Cadence, st.sampled_from(Period)),
    st.builds(BeforeNext, st.sampled_from(["meal", "bus"]), times),
    st.builds(OnTheDay, minutes, st.sampled_from(["last day", "the last day of work"])),
    st.builds(Reach, shares, amounts, st.none() | amounts, st.sampled_from(["delivered", "of all contacts"])),
    st.builds(Tolerance, shares, st.booleans(), own_words, own_words), st.builds(Acknowledge, amounts, own_words),
)  # fmt: skip


@settings(deadline=None)
@given(terms_of_any_kind, st.sets(st.sampled_from(OnDays), max_size=2).map(tuple), own_words, own_words)
def test_canonical_text_is_read_back(term: Within, on: tuple[OnDays, ...], what: str, condition: str) -> None:
    named = isinstance(term, Notice | ByForNext | OnTheDay | Tolerance)  # their last words are the district's own, up to the comma
    clause = Clause(term, () if named else on, what if isinstance(term, Within) else "", condition)
    terms = Terms((clause, Clause(SameDay())))
    assert parse(str(terms)) == terms
    assert parse(str(parse(str(terms)))) == terms
    assert terms.sentence()


def test_the_sentence_speaks_the_active_language_of_times() -> None:
    with override("es"):
        assert "4:30\xa0p.m." in parse("by 4:30 PM").sentence()
