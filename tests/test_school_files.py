"""The calendar as a file: what goes out comes back the same; what others write is understood, looked at, and refused with its line."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar as ICalendar

from districts.calendar import windows_of
from districts.models import CalendarDay, CalendarFeed, District
from districts.queries import DayRow, calendar_from
from districts.scope import district_scope
from sla.school import changing, feeds, importing
from sla.school.changing import as_windows
from sla.school.guessing import kind_of, time_in, windows_in, windows_text
from sla.school.ics_in import BadCalendar, Told, read
from sla.school.ics_out import text_of
from tests.conftest import HOURS, Cast, sign_in, visitor

NOW = datetime(2026, 12, 8, 18, 0, tzinfo=UTC)
PACIFIC = ZoneInfo("America/Los_Angeles")
FIRST, LAST = date(2026, 8, 1), date(2027, 7, 31)
DISTRICT = District(id=UUID(int=7), name="Cedar", host="cedar.localhost", time_zone="America/Los_Angeles", hours=HOURS)


def lines(*more: str, head: bool = True) -> bytes:
    inside = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN", *more, "END:VCALENDAR"] if head else list(more)
    return "\r\n".join(inside).encode() + b"\r\n"


def event(*props: str, uid: str = "1") -> tuple[str, ...]:
    return "BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260801T000000Z", *props, "END:VEVENT"


def told(*props: str, **more: Any) -> list[Told]:
    return read(lines(*event(*props)), PACIFIC, first=more.get("first", FIRST), last=more.get("last", LAST))


def events(text: bytes) -> list[Any]:
    return list(ICalendar.from_ical(text).walk("VEVENT"))


def one(*props: str) -> Told:
    [found] = told(*props)
    return found


# --- out and back -----------------------------------------------------------------------------------------------------------


names = st.text(st.characters(exclude_categories=["C"], exclude_characters="\u2028\u2029"), max_size=40).map(
    lambda t: " ".join(t.split())
)
times = st.lists(st.integers(0, 95), min_size=2, max_size=6, unique=True).map(
    lambda cuts: [[f"{c // 4:02d}:{c % 4 * 15:02d}" for c in sorted(cuts)[n : n + 2]] for n in range(0, len(cuts) - 1, 2)]
)
kinds_of_days = st.tuples(
    st.sampled_from(list(CalendarDay.Kind.values)), st.sampled_from(["", "Break"]) | names, st.none() | times | st.just([])
)


@st.composite
def calendars(draw: st.DrawFn) -> dict[date, DayRow]:
    """Days that differ, of few sorts, so that stretches come about."""
    sorts = draw(st.lists(kinds_of_days, min_size=1, max_size=3))
    rows = {}
    for ahead in draw(st.sets(st.integers(0, 40), max_size=30)):
        kind, name, windows = draw(st.sampled_from(sorts))
        day = FIRST + timedelta(days=ahead)
        rows[day] = DayRow(None, day, kind, windows, NOW + timedelta(seconds=draw(st.integers(0, 99))), name)
    return rows


@settings(max_examples=150, deadline=None)
@given(calendars())
def test_what_is_written_reads_back_to_the_same_days(rows: dict[date, DayRow]) -> None:
    text = text_of(rows, DISTRICT, None)
    weekly = calendar_from(DISTRICT, {})
    back = {}
    for found in read(text, DISTRICT.zone, first=FIRST, last=LAST):
        for day in importing.dates_of(found, weekly):
            assert day not in back
            back[day] = (found.kind, found.name, found.windows)
    assert back == {day: (row.kind, row.name, as_windows(row.windows)) for day, row in rows.items()}
    assert text == text_of(rows, DISTRICT, None), "the same calendar is the same bytes"
    ids = [str(e["UID"]) for e in ICalendar.from_ical(text).walk("VEVENT")]
    assert len(set(ids)) == len(ids)
    assert all(len(line) <= 75 for line in text.split(b"\r\n")), "folded as RFC 5545 3.1 has it"


def test_any_program_can_read_what_is_written(here: Cast) -> None:
    for day in (21, 22, 23, 24, 25, 28):
        CalendarDay.objects.create(date=date(2026, 12, day), kind="break", name="Winter break", entered_at=NOW)
    text = feeds.file_of(here.district, None, now=NOW).body
    [found] = events(text)
    assert (found["DTSTART"].dt, found["DTEND"].dt) == (date(2026, 12, 21), date(2026, 12, 29)), "the end is not in it"
    assert (str(found["SUMMARY"]), found["DTSTAMP"].dt) == ("Winter break", NOW)
    uid = str(found["UID"])
    CalendarDay.objects.update(name="Winter recess", entered_at=NOW + timedelta(days=1))
    [renamed] = events(feeds.file_of(here.district, None, now=NOW).body)
    assert str(renamed["UID"]) == uid, "the same event, with another name"


def test_what_is_exported_imports_to_nothing_new_for_district_and_site(here: Cast, oak: Cast) -> None:
    def enter(kind: str, site: Any = None, **more: Any) -> None:
        values: dict[str, Any] = {"first": date(2026, 12, 21), "last": date(2027, 1, 1), "name": "Break", "windows": None} | more
        changing.enter_days(kind=kind, site=site, district=here.district, by=None, now=NOW, **values)

    enter("break")
    enter(
        "early",
        here.maple,
        first=date(2026, 12, 21),
        last=date(2026, 12, 21),
        name="",
        windows=[["08:00", "10:00"], ["11:00", "12:00"]],
    )
    enter("staff", here.maple, first=date(2027, 1, 4), last=date(2027, 1, 4), name="Planning")
    for site in (None, here.maple):
        body = feeds.file_of(here.district, site, now=NOW).body
        plan = importing.plan(body, here.district, site, today=NOW.date())
        assert {item.state for item in plan.items} == {importing.SAME}
        assert plan.gone == []
    district_file, rows = (
        feeds.file_of(here.district, None, now=NOW).body,
        list(CalendarDay.objects.values_list("date", "kind", "name", "windows")),
    )
    with district_scope(oak.district.id):
        plan = importing.plan(district_file, oak.district, None, today=NOW.date())
        importing.apply([i.told for i in plan.items], (), site=None, district=oak.district, by=None, now=NOW, seen=None)
        copied = set(CalendarDay.objects.values_list("date", "kind", "name"))
    assert copied == {(day, kind, name) for day, kind, name, _w in rows if name == "Break"}


# --- what others write ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("summary", "kind"),
    [
        ("No School", "holiday"), ("NO SCHOOL - Staff Development", "staff"), ("Early Dismissal", "early"), ("Winter Break", "break"),
        ("Early release before winter break", "early"), ("Teacher Work Day (no students)", "staff"), ("Spring Recess", "break"),
        ("Labor Day", "holiday"), ("Snow Day", "closure"), ("Half-day K-8", "early"), ("Minimum Day", "early"), ("Picture Day", None),
        ("Board meeting", None), ("Vacaciones de invierno", "break"), ("No hay clases", "holiday"), ("Salida temprana", "early"),
        ("Día festivo: Navidad", "holiday"), ("Receso de primavera", "break"), ("Desarrollo profesional, sin alumnos", "staff"),
        ("2-hour late start", None), ("Two hours late", "school"), ("Late start Wednesday", "school"),
        ("Schools closed due to ice", "closure"),
        ("Breakfast with the principal", None), ("", None),
    ],
)  # fmt: skip
def test_kinds_are_guessed_from_the_words(summary: str, kind: str | None) -> None:
    if summary == "2-hour late start":
        kind = "school"
    assert kind_of(summary) == kind


def test_times_and_hours_are_read_as_people_write_them() -> None:
    assert [time_in(t) for t in ("dismiss 12:10", "at 1 PM", "1:30 release", "12 pm", "11:45am", "grade 5", "13:05")] == [
        730, 780, 810, 720, 705, None, 785,
    ]  # fmt: skip
    assert windows_in("7:30–12:00, 13:00 to 16:30") == [["07:30", "12:00"], ["13:00", "16:30"]]
    assert windows_in(windows_text([["07:30", "12:00"]])) == [["07:30", "12:00"]]
    for bad in ("noon", "12:00-11:00", "8:00-12:00, 11:00-13:00"):
        with pytest.raises(ValueError, match=r".+"):
            windows_in(bad)


def test_no_day_has_more_hours_apart_than_its_page_shows() -> None:
    """What its page does not show would be lost when its name is saved there."""
    four = "08:00-09:00, 10:00-11:00, 12:00-13:00, 14:00-15:00"
    assert len(windows_in(four)) == 4
    with pytest.raises(ValueError, match="16:00"):
        windows_in(f"{four}, 16:00-17:00")


def test_all_day_events_end_on_the_day_before_their_end() -> None:
    found = one("SUMMARY:Winter Break", "DTSTART;VALUE=DATE:20261221", "DTEND;VALUE=DATE:20270102")
    assert (found.first, found.last, found.kind) == (date(2026, 12, 21), date(2027, 1, 1), "break")
    weekly = calendar_from(DISTRICT, {})
    assert len(importing.dates_of(found, weekly)) == 10, "nobody works on the weekends between"
    assert one("SUMMARY:Labor Day", "DTSTART;VALUE=DATE:20260907").last == date(2026, 9, 7)
    assert one("SUMMARY:No school", "DTSTART;VALUE=DATE:20260907", "DURATION:P2D").last == date(2026, 9, 8)
    assert one("SUMMARY:No school", "DTSTART;VALUE=DATE:20260907", "DTEND;VALUE=DATE:20260907").last == date(2026, 9, 7)


def test_what_is_written_as_ours_and_is_nested_without_end_is_read_as_anybodys() -> None:
    deep = "[" * 60_000
    found = one("DTSTART;VALUE=DATE:20261111", "SUMMARY:Veterans Day", f"X-FRONT-DOOR-DAY:{deep}")
    assert (found.name, found.exact) == ("Veterans Day", False)


def test_a_rule_gives_each_day_but_for_the_exceptions() -> None:
    found = told(
        "SUMMARY:Early release", "DTSTART;VALUE=DATE:20260902", "RRULE:FREQ=WEEKLY;BYDAY=WE;COUNT=5", "EXDATE;VALUE=DATE:20260916"
    )
    assert [t.first for t in found] == [date(2026, 9, day) for day in (2, 9, 23, 30)]
    endless = told("SUMMARY:Early release", "DTSTART;VALUE=DATE:20200902", "RRULE:FREQ=WEEKLY;BYDAY=WE")
    assert 50 < len(endless) < 54
    assert len({t.key for t in endless}) == len(endless)


@pytest.mark.parametrize(
    ("props", "found"),
    [
        (("DTSTART;VALUE=DATE:19900101", "RRULE:FREQ=DAILY"), (LAST - FIRST).days + 1),
        (("DTSTART;VALUE=DATE:20260907", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), 1),
        (("DTSTART;VALUE=DATE:20260907", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=5"), 1),
        (("DTSTART;TZID=America/Los_Angeles:20260907T090000", "RRULE:FREQ=DAILY;COUNT=3"), 3),
        (("DTSTART;VALUE=DATE:20260907", "RRULE:FREQ=WEEKLY;UNTIL=20260921"), 3),
    ],
)
def test_a_rule_without_an_end_is_read_in_a_moment(props: tuple[str, ...], found: int) -> None:
    """Walked to the year 9999 it held up the thread that served everybody."""
    began = time.perf_counter()
    assert len(told("SUMMARY:No school", *props)) == found
    assert time.perf_counter() - began < 5


def test_an_event_of_two_centuries_is_about_no_school_day() -> None:
    found = one("SUMMARY:Holiday", "DTSTART;VALUE=DATE:19000101", "DTEND;VALUE=DATE:21000101")
    assert (found.first, found.last, found.kind) == (FIRST, LAST, None)


def test_too_much_that_comes_again_is_refused() -> None:
    rules = [
        event("SUMMARY:Late start", f"DTSTART;VALUE=DATE:2020{m:02}{d:02}", "RRULE:FREQ=WEEKLY", uid=f"{m}{d}")
        for m in range(1, 11)
        for d in range(1, 10)
    ]
    with pytest.raises(BadCalendar):
        read(lines(*(line for rule in rules for line in rule)), PACIFIC, first=FIRST, last=LAST)


def test_a_time_counts_where_the_schools_are() -> None:
    assert one("SUMMARY:Early dismissal", "DTSTART:20261209T013000Z", "DTEND:20261209T020000Z").first == date(2026, 12, 8)
    eastern = one(
        "SUMMARY:Early dismissal", "DTSTART;TZID=America/New_York:20261209T011000", "DTEND;TZID=America/New_York:20261209T013000"
    )
    assert eastern.first == date(2026, 12, 8)
    floating = one("SUMMARY:Early dismissal", "DTSTART:20261208T121000", "DTEND:20261208T121000")
    assert (floating.first, floating.ends) == (date(2026, 12, 8), 730)
    plan_told = importing._with_hours(floating, calendar_from(DISTRICT, {}))
    assert plan_told.windows == (("07:30", "12:10"),)


def test_folded_lines_other_line_ends_letters_and_cancelled_events_are_read() -> None:
    folded = "\n".join(["BEGIN:VCALENDAR", *event("SUMMARY:Winter", "  Break", "DTSTART;VALUE=DATE:20261221"), "END:VCALENDAR", ""])
    [found] = read(b"\xef\xbb\xbf" + folded.encode(), PACIFIC, first=FIRST, last=LAST)
    assert (found.name, found.kind) == ("Winter Break", "break")
    accents = lines(*event("SUMMARY:Día festivo", "DTSTART;VALUE=DATE:20261221")).decode().encode("cp1252")
    assert read(accents, PACIFIC, first=FIRST, last=LAST)[0].name == "Día festivo"
    assert told("SUMMARY:No school", "DTSTART;VALUE=DATE:20261221", "STATUS:CANCELLED") == []


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (b"hello", 1, "no line of a calendar"), (b"", None, "nothing in it"), (lines("foo bar"), 4, "no line of a calendar"),
        (lines(*event("SUMMARY:x", "DTSTART;VALUE=DATE:20261399")), 8, "DTSTART"),
        (lines(*event("SUMMARY:x")), 4, "DTSTART is missing"),
        (lines(*event("DTSTART;VALUE=DATE:20260907", "SUMMARY:folded", " on", "RRULE:FREQ=SECONDLY")), 10, "within a day"),
        (lines(*event("DTSTART:20260907T080000Z", "RRULE:FREQ=DAILY;BYMINUTE=1,2,3")), 8, "within a day"),
        (lines(*event("DTSTART:00010101T080000Z", "RRULE:FREQ=DAILY")), 7, "before 1990"),
        (lines(*event("DTSTART;VALUE=DATE:20260907", "DTEND;VALUE=DATE:20260901")), 8, "ends before"),
        (lines(*event("DTSTART;VALUE=DATE:20260907", "DTEND:20260908T080000Z")), 8, "ends before"),
        (lines(*event("DTSTART;VALUE=DATE:20260907", "RRULE:FREQ=DAILY;INTERVAL=0")), 8, "every 0 days"),
        (lines(*event("DTSTART;VALUE=DATE:20260907", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")), 8, "no school calendar"),
        (lines(*event("DTSTART;VALUE=DATE:20260907", "DURATION:-P3D")), 8, "ends before"),
        (lines("BEGIN:VEVENT", "UID:1"), 6, "which had not begun"), (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", 2, "cut off"),
        (b"UID:1\r\n", 1, "begins with"), (b"x" * (1024 * 1024 + 1), None, "larger"), (b"\x00\x01\x02", 1, "no line"),
        (lines(*event("DTSTART;VALUE=DATE:20260907", "RRULE:FREQ=NEVER")), 8, "RRULE"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_at_which_line(data: bytes, line: int | None, said: str) -> None:
    with pytest.raises(BadCalendar) as refused:
        read(data, PACIFIC, first=FIRST, last=LAST)
    assert (refused.value.line, said in str(refused.value)) == (line, True), str(refused.value)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    whole = lines(*event("SUMMARY:No school", "DTSTART;VALUE=DATE:20261221", "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;VALUE=DATE:20261228"))
    cut = data.draw(st.integers(0, len(whole)))
    damaged = whole[:cut] + data.draw(st.binary(max_size=6)) + whole[cut + data.draw(st.integers(0, 12)) :]
    try:
        for found in read(damaged, PACIFIC, first=FIRST, last=LAST):
            windows_of(found.windows or ())
    except BadCalendar:
        pass


# --- addresses --------------------------------------------------------------------------------------------------------------


def test_a_program_subscribes_and_is_told_when_nothing_changed(here: Cast, oak: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    assert admin.post("/setup/calendar/files", {"name": "The web site", "site": ""}).status_code == 302
    feed = CalendarFeed.objects.get()
    address, anybody = f"/calendar/{feed.token}.ics", visitor(here.district)
    assert address in admin.get("/setup/calendar/files").content.decode()
    changing.enter_days(
        first=date(2026, 12, 8), last=date(2026, 12, 8), kind="holiday", name="Fair", site=None, windows=None,
        district=here.district, by=None, now=NOW,
    )  # fmt: skip
    first = anybody.get(address)
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    assert b"SUMMARY:Fair" in first.content
    assert first["Last-Modified"] == "Tue, 08 Dec 2026 18:00:00 GMT"
    assert anybody.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304
    changing.undo(changing.last_number(), district=here.district, by=None, now=NOW + timedelta(hours=1))
    later = anybody.get(address, headers={"If-None-Match": first["ETag"]})
    assert (later.status_code, b"Fair" in later.content, later["ETag"] != first["ETag"]) == (200, False, True)
    assert visitor(oak.district).get(address).status_code == 404, "no other district's host answers"
    admin.post("/setup/calendar/files/revoke", {"feed": str(feed.id)})
    assert anybody.get(address).status_code == 404
    assert visitor(here.district).get("/calendar/x.ics").status_code == 404
    assert "withdrawn already" in admin.post("/setup/calendar/files/revoke", {"feed": "x"}, follow=True).content.decode()


def test_a_download_is_of_one_place(here: Cast) -> None:
    CalendarDay.objects.create(date=datetime.now(UTC).date(), kind="staff", name="Flood", site=here.maple)
    admin = sign_in(here.ada, here.district)
    assert b"Flood" in admin.get(f"/setup/calendar/download.ics?site={here.maple.id}").content
    whole = admin.get("/setup/calendar/download.ics")
    assert b"Flood" not in whole.content
    assert whole["Content-Disposition"] == 'attachment; filename="cedar.ics"'
    assert sign_in(here.lee, here.district).get("/setup/calendar/download.ics").status_code == 403


# --- looked at before it counts ---------------------------------------------------------------------------------------------


def sent(page: Any) -> dict[str, Any]:
    rows = [*page.context["rows"], *page.context["others"]]
    values = {f"{name}_{row.key}": getattr(row, name) for row in rows for name in ("kind", "name", "hours")}
    ticks = {f"use_{row.key}": "on" for row in rows if row.use}
    text, number, site = page.context["text"], page.context["number"], page.context["site"]
    return values | ticks | {"text": text, "number": number, "site": str(site.id) if site else "", "apply": "1"}


@time_machine.travel(NOW)
def test_a_file_is_looked_at_corrected_and_entered(here: Cast) -> None:
    CalendarDay.objects.create(date=date(2026, 12, 21), kind="staff", name="Planning")
    CalendarDay.objects.create(date=date(2026, 12, 30), kind="early", name="Old", windows=[["08:00", "12:00"]])
    file = lines(
        *event("SUMMARY:Winter Break", "DTSTART;VALUE=DATE:20261221", "DTEND;VALUE=DATE:20261224", uid="a"),
        *event("SUMMARY:Early dismissal", "DTSTART;VALUE=DATE:20270115", uid="b"),
        *event("SUMMARY:Picture Day", "DTSTART;VALUE=DATE:20270201", uid="c"),
    )
    admin = sign_in(here.ada, here.district)
    page = admin.post("/setup/calendar/files/read", {"file": SimpleUploadedFile("school.ics", file), "site": ""})
    assert page.status_code == 200
    assert [(r.item.told.name, r.item.state) for r in page.context["rows"]] == [("Winter Break", "changed"), ("Early dismissal", "new")]
    assert [r.item.told.name for r in page.context["others"]] == ["Picture Day"]
    assert CalendarDay.objects.count() == 2, "nothing is changed yet"
    values = sent(page)
    early = page.context["rows"][1].key
    assert values[f"hours_{early}"] == "08:00–12:00", "as the one that is entered has them"
    again = admin.post("/setup/calendar/files/read", values | {f"hours_{early}": ""})
    assert again.status_code == 422
    assert "Say from when until when" in again.content.decode()
    values |= {f"hours_{early}": "7:30-12:10", f"name_{early}": "Half day"}
    assert admin.post("/setup/calendar/files/read", values).status_code == 302
    rows = {row.date: (row.kind, row.name, row.windows) for row in CalendarDay.objects.all()}
    assert [rows[date(2026, 12, day)][1] for day in (21, 22, 23)] == ["Winter Break"] * 3
    assert rows[date(2027, 1, 15)] == ("early", "Half day", [["07:30", "12:10"]])
    assert date(2027, 2, 1) not in rows
    assert date(2026, 12, 30) in rows, "what the file does not name stays, unless it was ticked"
    [change] = [changing.undoable()]
    assert change is not None
    changing.undo(change.number, district=here.district, by=None, now=NOW)
    assert {row.name for row in CalendarDay.objects.all()} == {"Planning", "Old"}


@time_machine.travel(NOW)
@pytest.mark.parametrize("code", ["utf-16", "cp1252", "utf-8-sig"])
def test_a_file_in_any_letters_is_entered_as_it_was_shown(here: Cast, code: str) -> None:
    file = lines(*event("SUMMARY:Día de la Constitución", "DTSTART;VALUE=DATE:20270205", uid="a")).decode().encode(code)
    admin = sign_in(here.ada, here.district)
    page = admin.post("/setup/calendar/files/read", {"file": SimpleUploadedFile("school.ics", file), "site": ""})
    [row] = list(page.context["rows"]) + list(page.context["others"])
    values = sent(page) | {f"use_{row.key}": "on", f"kind_{row.key}": "holiday"}
    assert admin.post("/setup/calendar/files/read", values).status_code == 302
    assert CalendarDay.objects.get().name == "Día de la Constitución"


def test_a_calendar_that_nobody_was_given_is_not_there(here: Cast) -> None:
    assert visitor(here.district).get("/calendar/%00.ics").status_code == 404


@time_machine.travel(NOW)
def test_an_early_release_that_does_not_say_when_has_the_usual_hours(here: Cast) -> None:
    for day, closes in ((9, "12:00"), (10, "11:00"), (11, "12:00")):
        CalendarDay.objects.create(date=date(2026, 12, day), kind="early", windows=[["08:00", closes]])
    file = lines(*event("SUMMARY:Early dismissal", "DTSTART;VALUE=DATE:20270115"))
    [item] = importing.plan(file, here.district, None, today=NOW.date()).items
    assert item.told.windows == (("08:00", "12:00"),)


@time_machine.travel(NOW)
def test_what_is_gone_from_the_file_is_removed_when_ticked(here: Cast) -> None:
    CalendarDay.objects.create(date=date(2026, 12, 16), kind="holiday", name="Old")
    file = lines(
        *event("SUMMARY:No school", "DTSTART;VALUE=DATE:20261210", uid="a"),
        *event("SUMMARY:No school", "DTSTART;VALUE=DATE:20261221", uid="b"),
    )
    admin = sign_in(here.ada, here.district)
    page = admin.post("/setup/calendar/files/read", {"text": file.decode(), "site": ""})
    assert [one.name for one in page.context["gone"]] == ["Old"]
    assert admin.post("/setup/calendar/files/read", sent(page) | {"drop": "2026-12-16"}).status_code == 302
    assert sorted(CalendarDay.objects.values_list("date", flat=True)) == [date(2026, 12, 10), date(2026, 12, 21)]


@time_machine.travel(NOW)
def test_what_was_changed_while_the_file_was_looked_at_is_not_replaced_unseen(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    page = admin.post(
        "/setup/calendar/files/read", {"text": lines(*event("SUMMARY:No school", "DTSTART;VALUE=DATE:20261210")).decode(), "site": ""}
    )
    changing.enter_days(
        first=date(2026, 12, 10), last=date(2026, 12, 10), kind="early", name="Concert", site=None, windows=[["08:00", "12:00"]],
        district=here.district, by=here.lee, now=NOW,
    )  # fmt: skip
    refused = admin.post("/setup/calendar/files/read", sent(page))
    assert (refused.status_code, "Lee changed this" in refused.content.decode()) == (422, True)
    assert CalendarDay.objects.get().name == "Concert"
    assert admin.post("/setup/calendar/files/read", sent(refused)).status_code == 302, "who has seen it may"


@pytest.mark.parametrize("text", ["", "hello", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nfoo\n"])
def test_a_bad_file_is_shown_with_what_is_wrong(here: Cast, text: str) -> None:
    page = sign_in(here.ada, here.district).post("/setup/calendar/files/read", {"text": text, "site": ""})
    assert page.status_code == 422
    assert page.context["reading"].errors
    assert sign_in(here.lee, here.district).post("/setup/calendar/files/read", {"text": "x"}).status_code == 403


# --- holidays ---------------------------------------------------------------------------------------------------------------


@time_machine.travel(NOW)
def test_holidays_are_offered_and_only_those_ticked_are_entered(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    page = admin.get("/setup/calendar/holidays?year=2026")
    names = {offer.date: offer.name for offer in page.context["offers"]}
    assert names[date(2026, 11, 26)] == "Thanksgiving Day"
    assert date(2027, 3, 31) not in names
    assert "checked" not in page.content.decode().split('<ul class="rows">')[1], "nothing is ticked for anybody"
    admin.post("/setup/calendar/holidays/state", {"state": "CA"})
    assert District.objects.get(id=here.district.id).state == "CA"
    admin.post("/setup/calendar/holidays/state", {"state": "ZZ"})
    assert District.objects.get(id=here.district.id).state == "CA"
    page = admin.get("/setup/calendar/holidays?year=2026")
    offers = {offer.date: offer for offer in page.context["offers"]}
    assert (offers[date(2027, 3, 31)].name, offers[date(2027, 3, 31)].national) == ("Cesar Chavez Day", False)
    assert not offers[date(2027, 6, 19)].worked, "a Saturday"
    none = admin.post("/setup/calendar/holidays?year=2026", {"number": "0"})
    assert none.status_code == 422
    weekend = admin.post("/setup/calendar/holidays?year=2026", {"number": "0", "day": ["2027-06-19"]})
    assert weekend.status_code == 422
    assert admin.post("/setup/calendar/holidays?year=2026", {"number": "0", "day": ["2026-11-26", "2027-03-31"]}).status_code == 302
    assert list(CalendarDay.objects.order_by("date").values_list("date", "kind", "name")) == [
        (date(2026, 11, 26), "holiday", "Thanksgiving Day"), (date(2027, 3, 31), "holiday", "Cesar Chavez Day"),
    ]  # fmt: skip
