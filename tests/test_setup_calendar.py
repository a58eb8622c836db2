"""The school days ahead: a closure at 5:45 AM moves what was promised for today."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from districts.models import CalendarDay
from districts.queries import calendar_of
from districts.scope import district_scope
from sla.actions import derive, drain_stale
from sla.models import Policy
from tests.conftest import Cast, a_ticket, sign_in
from tests.filling import errors, fill
from tests.test_sla_sweep import COMMITTED
from tickets import actions as tickets
from tickets.models import Ticket


def day_of(cast: Cast, ahead: int = 0) -> date:
    return cast.district.today(timezone.now()) + timedelta(days=ahead)


def monday(cast: Cast) -> date:
    """The first Monday that is a week or more ahead."""
    return next(day for day in (day_of(cast, n) for n in range(7, 14)) if day.weekday() == 0)


def due_at(cast: Cast, ticket: Ticket) -> datetime:
    drain_stale(cast.district.id, now=timezone.now())
    due = Ticket.objects.get(id=ticket.id).due_at
    assert due is not None
    return due


def test_a_closure_moves_the_promises_of_open_tickets(here: Cast) -> None:
    """School is called off on the day an answer was promised for: the four hours of office time end on a later one."""
    ticket, now = a_ticket(here, team=here.technology, service=here.password_reset, now=timezone.now()), timezone.now()
    derive(ticket, now=now)
    before = due_at(here, ticket)
    closed = before.astimezone(here.district.zone).date()
    admin = sign_in(here.ada, here.district)
    done = admin.post("/setup/calendar/", {"kind": "closure", "name": "Snow", "first": str(closed)}, follow=True)
    assert "The time of 1 open request is counted again." in done.content.decode()
    after = due_at(here, ticket)
    assert after.astimezone(here.district.zone).date() > closed
    assert after == calendar_of(here.district, now=now).add_open(ticket.opened_at, timedelta(hours=4))
    admin.post("/setup/calendar/remove", {"day": [str(CalendarDay.objects.get().id), "nonsense"]})
    assert due_at(here, ticket) == before


def test_a_break_is_entered_once_and_shown_as_one(here: Cast) -> None:
    admin, first = sign_in(here.ada, here.district), monday(here)
    fill(admin, "/setup/calendar/", kind="break", name="Winter break", first=str(first), last=str(first + timedelta(days=11)))
    assert CalendarDay.objects.count() == 10, "nobody works on the weekend between anyway"
    page = admin.get("/setup/calendar/")
    [stretch] = page.context["stretches"]
    assert (stretch.first, stretch.last, len(stretch.ids)) == (first, first + timedelta(days=11), 10)
    said = fill(admin, "/setup/calendar/", kind="staff", name="Planning", first=str(first))
    assert said.status_code == 302
    assert "1 date was something else before and was replaced." in admin.get("/setup/calendar/").content.decode()
    assert len(admin.get("/setup/calendar/").context["stretches"]) == 2


def test_an_early_release_at_one_school_has_its_hours(here: Cast) -> None:
    admin, day = sign_in(here.ada, here.district), monday(here)
    early = {"kind": "early", "name": "Half day", "first": str(day), "site": str(here.maple.id)}
    assert "opens" in errors(fill(admin, "/setup/calendar/", **early))
    assert fill(admin, "/setup/calendar/", **early, opens="07:30", closes="12:10").status_code == 302
    now = timezone.now()
    assert calendar_of(here.district, here.maple, now=now).hours(day) == ((450, 730),)
    assert calendar_of(here.district, now=now).hours(day) == ((450, 990),), "the others keep theirs"
    assert "7:30 AM to 12:10 PM" in admin.get("/setup/calendar/").content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"first": ""}, "first"), ({"first": "0025-11-02"}, "first"), ({"first": 3, "last": 2}, "last"),
        ({"first": 0, "last": 300}, "last"),
        ({"kind": "party"}, "kind"), ({"opens": "08:00"}, "closes"), ({"opens": "12:00", "closes": "08:00"}, "closes"),
        ({"site": "01890000-0000-7000-8000-000000000000"}, "site"),
    ],
)  # fmt: skip
def test_slips_of_the_keyboard_are_refused(here: Cast, changes: dict[str, object], field: str) -> None:
    typed = {name: str(day_of(here, value)) if isinstance(value, int) else value for name, value in changes.items()}
    assert field in errors(fill(sign_in(here.ada, here.district), "/setup/calendar/", **typed))
    assert not CalendarDay.objects.exists()


def test_the_neighbours_days_stay(here: Cast, oak: Cast) -> None:
    with district_scope(oak.district.id):
        theirs = CalendarDay.objects.create(date=day_of(oak, 3), kind="holiday", name="County fair")
    admin = sign_in(here.ada, here.district)
    assert "County fair" not in admin.get("/setup/calendar/").content.decode()
    assert "removed already" in admin.post("/setup/calendar/remove", {"day": str(theirs.id)}, follow=True).content.decode()
    assert "site" in errors(fill(admin, "/setup/calendar/", site=str(oak.maple.id)))
    with district_scope(oak.district.id):
        assert CalendarDay.objects.filter(id=theirs.id).exists()


def test_the_sweep_does_not_count_with_what_it_knew_before_the_change(here: Cast) -> None:
    """The page is another process than the sweep, which has the old calendar and the old promises still in its memory."""
    ticket = a_ticket(here, team=here.technology, service=here.password_reset, now=timezone.now())
    derive(ticket, now=timezone.now())
    before = due_at(here, ticket)
    CalendarDay.objects.create(date=before.astimezone(here.district.zone).date(), kind="closure")
    tickets.touch_live(now=timezone.now())
    closed = due_at(here, ticket)
    assert closed > before
    Policy.objects.create(kind="first", service=here.password_reset, terms="within 30 minutes")
    tickets.touch_live(now=timezone.now())
    assert due_at(here, ticket) == ticket.opened_at + timedelta(minutes=30)


def somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))")
        return bool(cursor.fetchone()[0])


@COMMITTED
def test_two_who_enter_one_day_at_once_do_not_overwrite_each_other(cedar: Cast) -> None:
    admin, day = sign_in(cedar.ada, cedar.district), day_of(cedar, 3)

    def second() -> Any:
        try:
            return admin.post("/setup/calendar/", {"kind": "closure", "name": "Snow", "first": str(day)})
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with district_scope(cedar.district.id):
            CalendarDay.objects.create(date=day, kind="staff", name="Planning")
            running, until = pool.submit(second), time.monotonic() + 20
            while not somebody_waits_for_us():
                assert time.monotonic() < until
                time.sleep(0.02)
        page = running.result(20)
    assert "Somebody else changed this" in errors(page)["__all__"][0]
    assert "Snow" in page.content.decode(), "what was typed is still there"
    with district_scope(cedar.district.id):
        assert [(row.kind, row.name) for row in CalendarDay.objects.all()] == [("staff", "Planning")]
    again = admin.post("/setup/calendar/", {"kind": "closure", "name": "Snow", "first": str(day)}, follow=True)
    assert "1 date was something else before and was replaced." in again.content.decode()
