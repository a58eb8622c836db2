"""More than usual: a count against its own weekly rhythm. A simulated year tells how often it is wrong, and how soon it is right."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from scipy.stats import nbinom

from districts.calendar import SCHOOL_DAYS
from districts.models import CalendarDay
from districts.queries import forget_calendar
from districts.scope import district_scope, districts_with_work
from incidents.hunches import arrivals, deciding, raising
from incidents.hunches.arrivals import count_hours, watch_arrivals
from incidents.hunches.rhythm import HOUR, LEAST, PRIOR, Days, Usual, busier, local_counts, spike, usual
from incidents.models import ArrivalHour, Hunch, Watch
from tests.a_year import FIRST, NEXT, ZONE, Watcher, Year, a_calendar, poisson
from tests.conftest import Cast, a_ticket, person
from tickets.models import Ticket

CALENDAR = a_calendar()
TUESDAY = date(2026, 5, 12)
NINE = datetime(2026, 5, 12, 16, 0, tzinfo=UTC)  # 9:00 in Cedar Valley, a Tuesday of school


def rates(chance: random.Random, *, services: int = 25, sites: int = 17, a_day: float = 220) -> dict[tuple[str, str], float]:
    """By service and site; a few services bring most."""
    found = {(f"s{s}", f"x{x}"): chance.uniform(0.5, 2) / (s + 1) for s in range(services) for x in range(sites)}
    return {key: a_day * value / sum(found.values()) for key, value in found.items()}


# --- a year ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def year() -> tuple[Watcher, list[datetime], Year]:
    """Thirteen months, with both first days of school, two clock changes, breaks and a summer; nothing in it is an outage."""
    chance = random.Random(20)
    made = Year(rates(chance), CALENDAR, chance)
    watcher = Watcher(CALENDAR, FIRST)
    alarms = [event[0] for event in made.events(FIRST, NEXT + timedelta(days=30)) if watcher.see(event)]
    return watcher, alarms, made


def test_it_is_wrong_less_than_once_in_two_months(year: tuple[Watcher, list[datetime], Year]) -> None:
    _watcher, alarms, _made = year
    assert len(alarms) <= 6


def test_no_false_alarm_on_the_day_the_clocks_change_nor_more_than_one_when_school_begins(
    year: tuple[Watcher, list[datetime], Year],
) -> None:
    _watcher, alarms, _made = year
    days = [at.astimezone(ZONE).date() for at in alarms]
    changes = [date(2025, 11, 2) + timedelta(days=n) for n in range(4)] + [date(2026, 3, 8) + timedelta(days=n) for n in range(4)]
    assert not set(days) & set(changes)
    begins = [first + timedelta(days=n) for first in (FIRST, NEXT) for n in range(5)]
    assert sum(day in begins for day in days) <= 1


@pytest.mark.parametrize(("service", "most"), [("s0", 8), ("s3", 6), ("s20", 5)])
def test_an_outage_is_noticed_by_its_first_reports(year: tuple[Watcher, list[datetime], Year], service: str, most: int) -> None:
    """Reports of a bus line that come two minutes apart, beside what comes anyway: how many it takes."""
    watcher, _alarms, _made = year
    chance, key, needed = random.Random(3), (service, "x3"), list[int]()
    for n in range(60):
        day = date(2026, 4, 20) + timedelta(days=n % 40)
        if CALENDAR.day_kind(day) in SCHOOL_DAYS:
            needed.append(_reports_until(watcher, key, day, chance))
    needed.sort()
    assert needed[len(needed) // 2] <= most


def _reports_until(watcher: Watcher, key: tuple[str, str], day: date, chance: random.Random) -> int:
    start = datetime(day.year, day.month, day.day, 7, 15, tzinfo=ZONE).astimezone(UTC)
    watcher.recent.clear()
    background = poisson(watcher.expected(start, key).mean, chance)
    for n in range(1, 40):
        count = n + background
        if spike(count, count, watcher.expected(start + n * timedelta(minutes=2), key)):
            return n
    return 40


# --- what is usual ----------------------------------------------------------------------------------------------------------


def usual_at(counts: dict[tuple[date, int], int], since: date, now: datetime = NINE) -> Usual:
    return usual(counts, Days(CALENDAR, since), now)


def weekly(count: int, *, hour: int = 8, weekday: int = 1) -> dict[tuple[date, int], int]:
    """The same count on one weekday of each week of school."""
    days = (TUESDAY - timedelta(days=n) for n in range(1, 150))
    return {(day, hour): count for day in days if day.weekday() == weekday and CALENDAR.day_kind(day) in SCHOOL_DAYS}


def test_without_history_only_very_many_are_surprising() -> None:
    nothing = usual_at({}, TUESDAY)
    assert (nothing.shape, nothing.hours) == PRIOR
    assert spike(10, 10, nothing) is None
    assert spike(20, 20, nothing)


def test_with_weeks_of_silence_a_few_are() -> None:
    assert spike(5, 5, usual_at({}, FIRST))
    assert spike(LEAST - 1, LEAST - 1, usual_at({}, FIRST)) is None
    assert spike(30, 2, usual_at({}, FIRST)) is None  # two people who write often


def test_a_busy_hour_of_the_week_is_usual() -> None:
    counts = weekly(12) | dict.fromkeys(weekly(1, weekday=2), 1)
    assert spike(14, 14, usual_at(counts, FIRST)) is None
    assert spike(14, 14, usual_at(counts, FIRST, NINE + timedelta(days=1)))


def test_closed_days_dilute_nothing() -> None:
    """Weeks without school before this one leave what is usual on a day of school as it was."""
    after_break = datetime(2026, 4, 14, 16, 0, tzinfo=UTC)  # the Tuesday after a week off
    counts = {(day, 8): 6 for n in range(1, 120) if CALENDAR.day_kind(day := date(2026, 4, 14) - timedelta(days=n)) in SCHOOL_DAYS}
    assert usual_at(counts, FIRST, after_break).mean == pytest.approx(
        6, abs=0.7
    )  # a little less: before anything is known, few are thought to come
    assert usual_at(counts, FIRST, datetime(2026, 4, 12, 16, 0, tzinfo=UTC)).mean < 0.5  # a Sunday is compared with closed days


def test_after_the_summer_it_is_compared_with_the_days_of_school_before() -> None:
    counts = {(day, 8): 6 for n in range(1, 200) if CALENDAR.day_kind(day := NEXT - timedelta(days=n)) in SCHOOL_DAYS}
    now = datetime(NEXT.year, NEXT.month, NEXT.day, 16, 0, tzinfo=UTC)
    assert usual_at(counts, FIRST, now).mean == pytest.approx(6, abs=0.6)


def test_where_all_is_busier_more_of_each_is_expected() -> None:
    assert busier(5, 5.0) == 1
    assert busier(40, 10.0) == pytest.approx(3.5)
    quiet = usual_at({}, FIRST)
    assert spike(6, 6, quiet)
    assert spike(6, 6, quiet.times(busier(40, 5.0))) is None


@pytest.mark.parametrize("change", [date(2025, 11, 2), date(2026, 3, 8)])
def test_a_clock_change_moves_no_hour(change: date) -> None:
    """Seven in the morning stays seven in the morning, in UTC it is another hour."""
    days = [change + timedelta(days=n) for n in range(-21, 1) if CALENDAR.day_kind(change + timedelta(days=n)) in SCHOOL_DAYS]
    rows = [(datetime(d.year, d.month, d.day, 7, tzinfo=ZONE).astimezone(UTC), 9) for d in days]
    counts = local_counts(rows, CALENDAR)
    monday = change + timedelta(days=1)
    now = datetime(monday.year, monday.month, monday.day, 8, tzinfo=ZONE).astimezone(UTC)
    assert usual(counts, Days(CALENDAR, change - timedelta(days=21)), now).mean > 6


def test_the_window_takes_of_each_hour_as_much_as_it_touches() -> None:
    counts = weekly(8)
    full, half, none = (usual_at(counts, FIRST, NINE + timedelta(minutes=m)).mean for m in (0, 30, 60))
    assert full > half > none
    assert half == pytest.approx((full + none) / 2, rel=0.1)


@pytest.mark.parametrize(("shape", "hours", "count"), [(0.5, 1.0, 12), (3.0, 10.0, 4), (40.0, 9.0, 15), (0.5, 30.0, 40)])
def test_the_tail_is_that_of_the_negative_binomial(shape: float, hours: float, count: int) -> None:
    assert Usual(shape, hours).tail(count) == pytest.approx(nbinom.sf(count - 1, shape, hours / (hours + 1)), rel=1e-6)


# --- in a district ------------------------------------------------------------------------------------------------------------


def arrive(cast: Cast, count: int, *, now: datetime, first: int = 0, **more: Any) -> list[Ticket]:
    values = {"site": cast.maple, "service": cast.bus_late, "team": cast.transportation, **more}
    found = []
    for n in range(first, first + count):
        asker = person(f"Asker {n}", f"asker{n}@family.example", kind="parent")
        found.append(a_ticket(cast, text=f"about thing {n}", requester=asker, now=now - timedelta(minutes=2 + n), **values))
    return found


def watched_for_months(now: datetime) -> Watch:
    return Watch.objects.create(since=now - timedelta(days=150), counted_to=now.replace(minute=0))


def test_more_than_usual_is_a_suggestion_of_its_service_and_place(here: Cast) -> None:
    watched_for_months(NINE)
    arrive(here, 6, now=NINE)
    assert watch_arrivals(here.district.id, now=NINE) == 1
    hunch = Hunch.objects.get()
    assert (hunch.title, hunch.scope, hunch.count, hunch.alike) == ("Late or missing bus: Maple Ridge Elementary", "school", 6, False)
    assert hunch.expected is not None
    assert hunch.expected < 1


def test_on_the_first_day_of_the_product_nobody_is_alarmed(here: Cast) -> None:
    arrive(here, 6, now=NINE)
    watch_arrivals(here.district.id, now=NINE)
    assert not Hunch.objects.exists()


def test_it_is_raised_once_and_stays_quiet_until_it_is_over(here: Cast) -> None:
    watched_for_months(NINE)
    arrive(here, 6, now=NINE)
    watch_arrivals(here.district.id, now=NINE)
    for minutes in (2, 20, 45):
        later = NINE + timedelta(minutes=minutes)
        arrive(here, 1, now=later, first=10 + minutes)
        watch_arrivals(here.district.id, now=later)
    assert Hunch.objects.count() == 1
    assert not deciding.open_hunches(NINE + timedelta(hours=20))


def test_a_dismissed_spike_stays_dismissed_until_it_has_doubled(here: Cast) -> None:
    watched_for_months(NINE)
    arrive(here, 5, now=NINE)
    watch_arrivals(here.district.id, now=NINE)
    Hunch.objects.update(state="dismissed", dismissed_people=5, reason="A class wrote to us as homework")
    later = NINE + timedelta(minutes=5)
    arrive(here, 2, now=later, first=20)
    watch_arrivals(here.district.id, now=later)
    assert Hunch.objects.get().state == "dismissed"
    latest = NINE + timedelta(minutes=10)
    arrive(here, 4, now=latest, first=30)
    watch_arrivals(here.district.id, now=latest)
    assert Hunch.objects.get().state == "open"


def test_what_reads_alike_and_is_more_than_usual_is_one_suggestion(here: Cast) -> None:
    watched_for_months(NINE)
    tickets = arrive(here, 6, now=NINE)
    raising.notice(raising.Found(tickets[:3], alike=True), now=NINE)
    watch_arrivals(here.district.id, now=NINE)
    hunch = Hunch.objects.get()
    assert (hunch.alike, hunch.count, hunch.people) == (True, 6, 6)


def test_hours_are_counted_once_and_a_backlog_a_week_at_a_time(here: Cast) -> None:
    old = NINE - timedelta(days=20)
    arrive(here, 3, now=old)
    arrive(here, 2, now=NINE, first=10)
    watch = Watch.objects.create()
    for _run in range(5):
        count_hours(watch, now=NINE)
    count_hours(watch, now=NINE)
    assert watch.since == old.replace(minute=0) - HOUR
    assert watch.counted_to == NINE
    assert sum(ArrivalHour.objects.values_list("count", flat=True)) == 5
    watch.counted_to = watch.since
    count_hours(watch, now=NINE)
    assert sum(ArrivalHour.objects.values_list("count", flat=True)) == 5


def test_a_district_is_due_once_a_minute_and_only_while_something_comes(here: Cast, oak: Cast) -> None:
    now = datetime.now(UTC)
    assert here.district.id not in set(districts_with_work("arrivals"))
    arrive(here, 1, now=now)
    assert here.district.id in set(districts_with_work("arrivals"))
    watch_arrivals(here.district.id, now=now)
    assert here.district.id not in set(districts_with_work("arrivals"))
    assert Watch.objects.get().check_at == now + arrivals.AGAIN


def test_another_districts_arrivals_are_none_of_ours(here: Cast, oak: Cast) -> None:
    watched_for_months(NINE)
    arrive(here, 2, now=NINE)
    with district_scope(oak.district.id):
        watched_for_months(NINE)
        arrive(oak, 2, now=NINE)
        watch_arrivals(oak.district.id, now=NINE)
        assert not Hunch.objects.exists()
    watch_arrivals(here.district.id, now=NINE)
    assert not Hunch.objects.exists()


def test_a_worker_that_dies_has_counted_nothing(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    watched_for_months(NINE)
    arrive(here, 6, now=NINE)

    def killed(*args: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(raising, "_tell", killed)
        with pytest.raises(KeyboardInterrupt):
            watch_arrivals(here.district.id, now=NINE)
    assert Watch.objects.get().check_at is None
    assert watch_arrivals(here.district.id, now=NINE) == 1


def test_a_day_off_is_compared_with_days_off(here: Cast) -> None:
    """Many on a day of school are many more on a holiday."""
    for n in range(1, 40):
        day = NINE - timedelta(days=n)
        if day.astimezone(ZONE).weekday() < 5:
            ArrivalHour.objects.create(service=here.bus_late, site=here.maple, hour=day - HOUR, count=6)
    watched_for_months(NINE)
    arrive(here, 7, now=NINE)
    assert watch_arrivals(here.district.id, now=NINE) == 0
    CalendarDay.objects.create(date=NINE.astimezone(ZONE).date(), kind="holiday", name="A day off")
    Watch.objects.update(check_at=None)
    forget_calendar(here.district.id)
    assert watch_arrivals(here.district.id, now=NINE) == 1
