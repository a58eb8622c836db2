"""The school year is looked at, changed, called off at 5:45 AM and undone; nobody's change is lost unseen."""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.db import connections, transaction
from django.utils import timezone

from districts import queries
from districts.models import CalendarChange, CalendarDay, District, Site
from districts.queries import calendar_of, forget_calendar
from districts.scope import district_scope
from sla.actions import derive, drain_calendars, drain_stale
from sla.school import changing, closing, year
from sla.school.closing import Notice, NotOpenAnyway, What
from tests.conftest import Cast, a_ticket, sign_in
from tests.filling import errors, fill, filled
from tests.test_sla_sweep import COMMITTED
from tickets.models import Ticket

DAWN = datetime(2026, 12, 8, 13, 45, tzinfo=UTC)  # a Tuesday, 5:45 AM in Cedar Valley
TUESDAY = date(2026, 12, 8)


@pytest.fixture
def dawn() -> Iterator[datetime]:
    with time_machine.travel(DAWN):
        yield DAWN


def hours(cast: Cast, day: date = TUESDAY, site: Site | None = None) -> tuple[tuple[int, int], ...]:
    forget_calendar(cast.district.id)
    return calendar_of(District.objects.get(id=cast.district.id), site, now=DAWN).hours(day)


def enter(cast: Cast, kind: str = "holiday", *, first: date = TUESDAY, last: date | None = None, **more: Any) -> changing.Changed:
    values = {"name": "", "site": None, "windows": None, "by": cast.ada, "now": DAWN, "district": cast.district} | more
    return changing.enter_days(first=first, last=last or first, kind=kind, **values)


def declare(cast: Cast, what: What, *, now: datetime = DAWN, **more: Any) -> closing.Declared:
    notice = Notice(what, TUESDAY, TUESDAY, "Snow", **more)
    return closing.declare(notice, district=cast.district, by=cast.ada, now=now)


# --- the year ---------------------------------------------------------------------------------------------------------------


def test_the_year_has_every_day_once_with_its_kind(here: Cast) -> None:
    here.district.first_day, here.district.last_day = date(2026, 9, 2), date(2027, 6, 16)
    here.district.save()
    enter(here, "break", first=date(2026, 12, 21), last=date(2027, 1, 1), name="Winter break")
    enter(here, "early", windows=[["07:30", "12:00"]])
    first = year.begins(here.district, TUESDAY)
    seen = year.year_of(here.district, None, first=first, today=TUESDAY)
    assert (seen.first, seen.last, seen.name) == (date(2026, 9, 1), date(2027, 8, 31), "2026–27")
    days = [cell.day for month in seen.months for week in month.weeks for cell in week if cell]
    assert days == [date(2026, 9, 1) + timedelta(days=n) for n in range(365)]
    assert all(len(week) == 7 for month in seen.months for week in month.weeks)
    assert all(cell.day.weekday() == (n + 6) % 7 for m in seen.months for w in m.weeks for n, cell in enumerate(w) if cell)
    count = {total.kind.value: total.days for total in seen.totals}
    assert (count["break"], count["early"], sum(count.values())) == (10, 1, 365)
    assert seen.school_days == sum(month.school_days for month in seen.months) == count["school"] + 1
    assert len({total.sign for total in seen.totals}) == len(seen.totals), "each kind is told without colour"


@pytest.mark.parametrize(
    ("start", "day", "begins"),
    [
        (None, date(2026, 7, 31), date(2025, 8, 1)), (None, date(2026, 8, 1), date(2026, 8, 1)),
        (date(2026, 9, 2), date(2026, 8, 31), date(2025, 9, 1)), (date(2026, 1, 5), date(2026, 8, 31), date(2026, 8, 1)),
        (date(2024, 7, 15), date(2028, 2, 29), date(2027, 7, 1)),
    ],
)  # fmt: skip
def test_a_school_year_begins_with_the_month_of_its_first_day(start: date | None, day: date, begins: date) -> None:
    assert year.begins(District(first_day=start), day) == begins
    last = year.ends(begins)
    assert (last + timedelta(days=1)).replace(year=begins.year) == begins


def test_each_day_is_a_link_that_shows_what_it_is(here: Cast, dawn: datetime) -> None:
    enter(here, "early", name="Half day", windows=[["07:30", "10:00"], ["10:30", "12:00"]])
    admin = sign_in(here.ada, here.district)
    page = admin.get("/setup/calendar/")
    assert page.content.decode().count("data-day=") == 365
    [label] = [c.label for m in page.context["year"].months for w in m.weeks for c in w if c and c.day == TUESDAY]
    said = "Tuesday, Dec. 8, 2026: Early release, Half day. Open 7:30 AM to 10 AM and 10:30 AM to 12 PM."
    assert label.replace("\xa0", " ") == said
    shown = admin.get("/setup/calendar/?first=2026-12-08").context["form"]
    assert (shown["kind"].value(), shown["name"].value()) == ("early", "Half day")
    assert (shown["opens_2"].value(), shown["closes_2"].value()) == ("10:30", "12:00")
    for odd in ("?year=99999999999999", "?year=x&site=y", "?first=never", "?year=-1", "?site=01890000-0000-7000-8000-000000000000"):
        assert admin.get("/setup/calendar/" + odd).status_code == 200, odd


def test_a_site_is_shown_with_its_own_days(here: Cast, oak: Cast, dawn: datetime) -> None:
    enter(here, "staff", site=here.maple, name="Flood")
    admin = sign_in(here.ada, here.district)

    def cells(page: Any) -> dict[date, Any]:
        return {c.day: c for m in page.context["year"].months for w in m.weeks for c in w if c}

    mine = cells(admin.get(f"/setup/calendar/?site={here.maple.id}"))
    assert (mine[TUESDAY].kind, mine[TUESDAY].own) == ("staff", True)
    assert cells(admin.get("/setup/calendar/"))[TUESDAY].kind == "school"
    assert cells(admin.get(f"/setup/calendar/?site={oak.maple.id}"))[TUESDAY].kind == "school", "no site of another district"


# --- days -------------------------------------------------------------------------------------------------------------------


def test_several_windows_a_day_and_what_is_wrong_with_them(here: Cast, dawn: datetime) -> None:
    admin = sign_in(here.ada, here.district)
    typed = {"kind": "staff", "first": "2026-12-08", "opens": "13:00", "closes": "16:00", "opens_2": "08:00", "closes_2": "12:00"}
    assert fill(admin, "/setup/calendar/", **typed).status_code == 302
    assert hours(here) == ((480, 720), (780, 960)), "in order"
    wrong = errors(fill(admin, "/setup/calendar/", **typed | {"opens_3": "11:30", "closes_3": "12:30"}))
    assert "08:00 to 12:00" in wrong["opens_3"][0]
    assert "closes_2" in errors(fill(admin, "/setup/calendar/", **typed | {"closes_2": ""}))
    assert "closes_2" in errors(fill(admin, "/setup/calendar/", **typed | {"closes_2": "07:00"}))


def test_a_site_wins_over_the_district_but_for_a_newer_closure(here: Cast) -> None:
    enter(here, "early", site=here.maple, windows=[["07:30", "12:00"]])
    enter(here, "staff")
    assert hours(here, site=here.maple) == ((450, 720),), "a site's own day wins"
    declare(here, What.CLOSED, now=DAWN + timedelta(minutes=1))
    assert hours(here, site=here.maple) == (), "all are closed, whatever was planned"
    enter(here, "staff", site=here.maple, windows=[["09:00", "15:00"]], name="Shelter", now=DAWN + timedelta(minutes=2))
    assert hours(here, site=here.maple) == ((540, 900),), "what is said after the closure is about it"


def test_what_somebody_else_changed_meanwhile_is_not_replaced_unseen(here: Cast, dawn: datetime) -> None:
    admin = sign_in(here.ada, here.district)
    mine = filled(admin.get("/setup/calendar/").context["form"]) | {"kind": "staff", "first": "2026-12-08", "name": "Planning"}
    declare(here, What.CLOSED)
    elsewhere = admin.post("/setup/calendar/", mine | {"first": "2026-12-09"})
    assert elsewhere.status_code == 302, "another day is nobody's business"
    page = admin.post("/setup/calendar/", mine)
    assert "Ada changed this while you were at it: Short notice: Snow" in errors(page)["__all__"][0]
    assert CalendarDay.objects.get(date=TUESDAY).kind == "closure"
    again = filled(page.context["form"])  # type: ignore[attr-defined]
    assert admin.post("/setup/calendar/", again).status_code == 302, "who has seen it may"
    assert CalendarDay.objects.get(date=TUESDAY).kind == "staff"


def test_sending_twice_changes_once(here: Cast) -> None:
    assert enter(here).number == 1
    again = enter(here, now=DAWN + timedelta(minutes=5))
    assert (again.number, again.rederived, CalendarChange.objects.count()) == (None, 0, 1)


@COMMITTED
def test_two_at_once_come_one_after_the_other_and_none_is_lost(cedar: Cast) -> None:
    """Both have the page of before any change open. The same day: the second is told. Other days: both stand."""

    def act(day: date, kind: str) -> str:
        try:
            with transaction.atomic(), district_scope(cedar.district.id):
                barrier.wait(20)
                enter(cedar, kind, first=day, seen=0)
                return kind
        except changing.ChangedMeanwhile as meanwhile:
            return f"told of {meanwhile.change.number}"
        finally:
            connections.close_all()

    def both(*acts: tuple[date, str]) -> list[str]:
        with ThreadPoolExecutor(2) as pool:
            return [running.result(40) for running in [pool.submit(act, *one) for one in acts]]

    barrier = Barrier(2)
    same = both((TUESDAY, "holiday"), (TUESDAY, "staff"))
    assert sorted(one.startswith("told of") for one in same) == [False, True]
    with district_scope(cedar.district.id):
        assert [row.kind for row in CalendarDay.objects.all()] == [one for one in same if not one.startswith("told")]
    other = both((TUESDAY + timedelta(days=1), "holiday"), (TUESDAY + timedelta(days=2), "staff"))
    assert other == ["holiday", "staff"]
    with district_scope(cedar.district.id):
        assert list(CalendarChange.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3]


# --- undone -----------------------------------------------------------------------------------------------------------------


def days() -> list[tuple[Any, ...]]:
    return list(CalendarDay.objects.order_by("date", "site_id").values_list("date", "site_id", "kind", "name", "windows", "entered_at"))


def test_undo_puts_everything_back_one_after_the_other(here: Cast) -> None:
    states = [days()]
    acts: list[Callable[[], changing.Changed]] = [
        lambda: enter(here, "break", last=TUESDAY + timedelta(days=10), name="Break"),
        lambda: enter(here, "early", site=here.maple, windows=[["08:00", "11:00"]]),
        lambda: declare(here, What.CLOSED).changed,
        lambda: changing.remove_days({(TUESDAY, None)}, district=here.district, by=None, now=DAWN),
    ]  # fmt: skip
    numbers = []
    for act in acts:
        numbers.append(act().number or 0)
        states.append(days())
    for number, before in zip(reversed(numbers), reversed(states[:-1]), strict=True):
        changing.undo(number, district=here.district, by=here.ada, now=DAWN)
        assert days() == before
    assert changing.undoable() is None
    with pytest.raises(changing.NothingToUndo):
        changing.undo(numbers[0], district=here.district, by=here.ada, now=DAWN)


def test_only_the_last_change_is_undone_and_only_where_it_stands(here: Cast) -> None:
    first = enter(here).number
    second = enter(here, "staff", first=TUESDAY + timedelta(days=1)).number
    with pytest.raises(changing.NothingToUndo):
        changing.undo(first or 0, district=here.district, by=None, now=DAWN)
    CalendarDay.objects.filter(kind="staff").update(name="by hand")
    with pytest.raises(changing.NothingToUndo):
        changing.undo(second or 0, district=here.district, by=None, now=DAWN)
    admin = sign_in(here.ada, here.district)
    assert "nothing was undone" in admin.post("/setup/calendar/undo", {"number": "77"}, follow=True).content.decode()
    assert "nothing was undone" in admin.post("/setup/calendar/undo", {"number": "²"}, follow=True).content.decode()


def test_the_neighbours_change_cannot_be_undone_from_here(here: Cast, oak: Cast) -> None:
    with district_scope(oak.district.id):
        changing.enter_days(
            first=TUESDAY, last=TUESDAY, kind="holiday", name="", site=None, windows=None, district=oak.district, by=oak.carla, now=DAWN
        )
    with pytest.raises(changing.NothingToUndo):
        changing.undo(1, district=here.district, by=here.ada, now=DAWN)
    with district_scope(oak.district.id):
        assert CalendarDay.objects.count() == 1


# --- short notice -----------------------------------------------------------------------------------------------------------


def test_school_is_closed_at_dawn_promises_move_and_it_is_undone(here: Cast, dawn: datetime) -> None:
    ticket = a_ticket(here, team=here.technology, service=here.password_reset, now=DAWN - timedelta(hours=15))
    derive(ticket, now=DAWN)
    drain_stale(here.district.id, now=timezone.now())
    before = Ticket.objects.get(id=ticket.id).due_at
    assert before is not None
    assert before.astimezone(here.district.zone).date() == TUESDAY
    admin = sign_in(here.ada, here.district)
    said = fill(admin, "/setup/calendar/close", name="Snow")
    assert said.status_code == 302
    page = admin.get("/setup/calendar/close").content.decode()
    assert "1 promise was due then; it moves now. The time of 1 open request is counted again." in page
    drain_stale(here.district.id, now=timezone.now())
    after = Ticket.objects.get(id=ticket.id).due_at
    assert after is not None
    assert after.astimezone(here.district.zone).date() == TUESDAY + timedelta(days=1)
    admin.post("/setup/calendar/undo", {"number": changing.last_number()})
    drain_stale(here.district.id, now=timezone.now())
    assert Ticket.objects.get(id=ticket.id).due_at == before
    assert not CalendarDay.objects.exists()


def test_two_hours_late_is_a_later_window_everywhere(here: Cast) -> None:
    enter(here, "early", site=here.maple, windows=[["07:30", "09:00"], ["09:30", "12:00"]])
    closed = Site.objects.create(code="SHUT", name="Shut")
    enter(here, "closure", site=closed)
    declare(here, What.LATE, minutes=120)
    assert hours(here) == ((570, 990),)
    assert hours(here, site=here.maple) == ((570, 720),), "also where the day is short"
    assert hours(here, site=closed) == (), "and what is closed stays closed"
    forget_calendar(here.district.id)
    assert calendar_of(here.district, here.maple, now=DAWN).day_kind(TUESDAY) == "early"
    assert calendar_of(here.district, now=DAWN).is_school_day(TUESDAY)


def test_some_places_close_early_and_the_others_do_not(here: Cast) -> None:
    declare(here, What.EARLY, minutes=12 * 60, sites=[here.maple])
    assert hours(here, site=here.maple) == ((450, 720),)
    assert hours(here) == ((450, 990),)


def test_nothing_is_declared_where_nobody_would_come(here: Cast) -> None:
    enter(here, "holiday")
    with pytest.raises(NotOpenAnyway):
        declare(here, What.LATE, minutes=120)
    with pytest.raises(NotOpenAnyway):
        declare(here, What.EARLY, minutes=7 * 60)
    assert CalendarChange.objects.count() == 1


def test_late_in_summer_is_no_school_day(here: Cast) -> None:
    here.district.last_day = TUESDAY - timedelta(days=3)
    here.district.save()
    declare(here, What.LATE, minutes=60)
    assert CalendarDay.objects.get().kind == "staff"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"), ({"where": "sites"}, "sites"), ({"what": "early"}, "closes"), ({"what": "party"}, "what"),
        ({"first": "2027-12-08"}, "first"), ({"last": "2026-12-01"}, "last"), ({"last": "2027-02-08"}, "last"),
        ({"later": "7", "what": "late"}, "later"), ({"sites": ["x"]}, "sites"),
    ],
)  # fmt: skip
def test_a_slip_declares_nothing(here: Cast, dawn: datetime, changes: dict[str, Any], field: str) -> None:
    page = fill(sign_in(here.ada, here.district), "/setup/calendar/close", **{"name": "Snow", **changes})
    assert field in errors(page)
    assert not CalendarDay.objects.exists()


def test_ticked_places_are_never_taken_for_the_whole_district(here: Cast, dawn: datetime) -> None:
    page = fill(sign_in(here.ada, here.district), "/setup/calendar/close", name="Snow", sites=[str(here.maple.id)])
    assert "where" in errors(page)


# --- weekly hours -----------------------------------------------------------------------------------------------------------


def test_weekly_hours_are_changed_and_undone(here: Cast, dawn: datetime) -> None:
    admin = sign_in(here.ada, here.district)
    changes = {
        "s0_closes": "12:00", "s0_opens_2": "12:30", "s0_closes_2": "17:00", "s1_days": ["0", "1", "2", "3"], "s1_from": "2027-06-21",
        "s1_to": "2027-08-20", "s1_opens": "08:00", "s1_closes": "15:00", "first_day": "2026-09-02", "last_day": "2027-06-16",
        "release_0": "15:20",
    }  # fmt: skip
    assert fill(admin, "/setup/calendar/hours", **changes).status_code == 302
    district = District.objects.get(id=here.district.id)
    assert district.hours[0]["windows"] == [["07:30", "12:00"], ["12:30", "17:00"]]
    assert district.hours[1] == {"from": "2027-06-21", "to": "2027-08-20", "days": [0, 1, 2, 3], "windows": [["08:00", "15:00"]]}
    assert (district.first_day, district.school_release) == (date(2026, 9, 2), {"0": "15:20"})
    assert hours(here, date(2027, 6, 22)) == ((480, 900),)
    assert hours(here, date(2027, 6, 25)) == ((450, 720), (750, 1020)), "Friday has the hours of all year"
    again = filled(admin.get("/setup/calendar/hours").context["form"])
    assert "Nothing was different" in admin.post("/setup/calendar/hours", again, follow=True).content.decode()
    admin.post("/setup/calendar/undo", {"number": changing.last_number()})
    assert District.objects.get(id=here.district.id).hours == here.district.hours
    assert hours(here) == ((450, 990),)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"s0_days": []}, "s0_days", "Tick the days"),
        ({"s0_opens_2": "16:00", "s0_closes_2": "18:00"}, "s0_opens_2", "07:30 to 16:30"),
        ({"s0_from": "2027-01-02", "s0_to": "2027-01-01"}, "s0_to", "before the first"),
        ({"s1_days": ["0", "1", "2", "3", "4"], "s1_opens": "09:00", "s1_closes": "10:00"}, "s0_days", "number 2 below"),
        ({"s0_drop": "on"}, "s0_opens", "Nobody would ever"),
        ({"first_day": "2027-01-01", "last_day": "2026-01-01"}, "last_day", "before"),
        ({"s0_closes": "25:00"}, "s0_closes", "valid time"),
    ],
)  # fmt: skip
def test_hours_that_cannot_be_say_why(here: Cast, changes: dict[str, Any], field: str, said: str) -> None:
    page = fill(sign_in(here.ada, here.district), "/setup/calendar/hours", **changes)
    assert said in " ".join(errors(page)[field])
    assert District.objects.get(id=here.district.id).hours == here.district.hours


def test_hours_changed_meanwhile_are_not_replaced_unseen(here: Cast, dawn: datetime) -> None:
    admin = sign_in(here.ada, here.district)
    mine = filled(admin.get("/setup/calendar/hours").context["form"]) | {"s0_closes": "17:00"}
    assert fill(admin, "/setup/calendar/hours", s0_closes="15:00").status_code == 302
    page = admin.post("/setup/calendar/hours", mine)
    assert "Ada changed this while you were at it" in errors(page)["__all__"][0]
    assert hours(here) == ((450, 900),)


PAGES = ["/setup/calendar/", "/setup/calendar/close", "/setup/calendar/hours"]


@pytest.mark.parametrize("path", PAGES)
def test_only_administrators_may(here: Cast, path: str) -> None:
    assert sign_in(here.ada, here.district).get(path).status_code == 200
    for who in (here.alice, here.lena, here.lee):
        assert sign_in(who, here.district).get(path).status_code == 403
        assert sign_in(who, here.district).post("/setup/calendar/undo", {"number": "1"}).status_code == 403


def test_a_site_id_in_a_change_is_read_back(here: Cast) -> None:
    enter(here, site=here.maple)
    [change] = CalendarChange.objects.all()
    assert changing.keys_of(change) == {(TUESDAY, UUID(str(here.maple.id)))}


def test_what_another_process_counted_by_the_old_calendar_is_counted_again(here: Cast) -> None:
    """It keeps a calendar in mind for some seconds, and a school may be closed in them."""
    calendar_of(here.district, now=DAWN)
    in_mind = queries._calendars[here.district.id]
    changing.enter_days(
        first=TUESDAY, last=TUESDAY, kind="closure", name="Snow", site=None, windows=None, district=here.district, by=None, now=DAWN
    )  # fmt: skip
    soon, later = DAWN + timedelta(seconds=5), DAWN + timedelta(seconds=25)
    in_mind.until = math.inf
    queries._calendars[here.district.id] = in_mind
    ticket = a_ticket(here, team=here.technology, service=here.password_reset, now=soon)
    derive(ticket, now=soon)
    queries.forget_calendar(here.district.id)
    wrong = Ticket.objects.get(id=ticket.id).due_at
    assert wrong is not None
    assert wrong.astimezone(here.district.zone).date() == TUESDAY
    assert drain_stale(here.district.id, now=soon) == 0
    assert drain_calendars(here.district.id, now=soon) == 0
    assert (drain_calendars(here.district.id, now=later), drain_calendars(here.district.id, now=later)) == (1, 0)
    drain_stale(here.district.id, now=later)
    due = Ticket.objects.get(id=ticket.id).due_at
    assert due is not None
    assert due.astimezone(here.district.zone).date() == TUESDAY + timedelta(days=1)
    assert drain_calendars(here.district.id, now=later + timedelta(seconds=5)) == 0
