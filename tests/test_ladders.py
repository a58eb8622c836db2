"""Who is on call, who stands in, what people do with a ladder, what it would do, and that nothing is told twice or lost."""

import hashlib
import hmac
import os
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar  # type: ignore[import-untyped]

from delivery import calls, sending
from delivery.actions import opt_out
from delivery.models import Delivery, Line
from delivery.transports import Outgoing, TryLater, Undeliverable, voice
from districts.models import ContactPoint, District, Membership, Person, Role, Team
from districts.scope import district_scope
from intake.receiving.reaping import reap
from ownership import actions
from ownership.duty import turns
from ownership.duty.preview import preview
from ownership.duty.roles import Roster, Via
from ownership.ladders import building, climbing, collecting, parcels, rehearsal
from ownership.models import Escalation, FeedRun, Ladder, LadderChange, LadderTest, OwnerRole, Rotation, Rung, Step, StepFile
from ownership.templatetags.ladder_words import bdi
from sla.models import Breach
from tests.conftest import NOW, Cast, a_ticket, person, sign_in, visitor
from tests.test_ownership import DAY, HOUR, MINUTE, Sync, a_breach, begun, in_threads, make_sync, sweep, told
from tickets import files
from tickets.actions import NewFile
from tickets.models import Event

PACIFIC = ZoneInfo("America/Los_Angeles")
FRIDAY = datetime(2026, 11, 6, 17, 10, tzinfo=PACIFIC)


@pytest.fixture
def sync(here: Cast) -> Sync:
    return make_sync(here)


def rotation(cast: Cast, *people: Person, turn: str = "week", **values: Any) -> Rotation:
    given = {"name": "Dispatch nights", "turn": turn, "starts_on": date(2026, 11, 2), "hands_over": 8 * 60} | values
    return turns.save_rotation(None, given, people, by=cast.ada)


def plan_of(row: Rotation, at: datetime = NOW) -> Any:
    return next(plan for plan in Roster(at).staff.plans if plan.rotation == row)


# --- turns ------------------------------------------------------------------------------------------------------------


def test_weekly_turns_change_at_the_hand_over_and_come_round(here: Cast) -> None:
    plan = plan_of(rotation(here, here.alice, here.bob))
    monday = datetime(2026, 11, 9, 8, 0, tzinfo=PACIFIC)
    assert plan.on_duty(NOW).person == here.alice
    assert plan.on_duty(monday - timedelta(seconds=1)).person == here.alice
    assert plan.on_duty(monday).person == here.bob
    assert plan.on_duty(monday + 7 * DAY).person == here.alice
    assert plan.on_duty(datetime(2026, 11, 2, 7, 59, tzinfo=PACIFIC)) is None, "not begun yet"
    assert plan.next(NOW).begins == monday


@pytest.mark.parametrize("hands_over", [90, 150, 480])
def test_across_a_change_of_the_clock_somebody_is_always_on_call_and_only_one(here: Cast, hands_over: int) -> None:
    row = rotation(here, here.alice, here.bob, turn="day", starts_on=date(2026, 10, 25), hands_over=hands_over)
    plan = plan_of(row, datetime(2026, 10, 25, tzinfo=UTC))
    for first in (datetime(2026, 10, 31, tzinfo=UTC), datetime(2027, 3, 13, tzinfo=UTC)):
        found = plan.shifts(first, first + 4 * DAY)
        assert all(one.ends == two.begins and one.person != two.person for one, two in pairwise(found))
        assert (found[0].begins, found[-1].ends) == (first, first + 4 * DAY)
        for minute in range(0, 4 * 24 * 60, 10):
            at = first + minute * MINUTE
            assert plan.on_duty(at).person == next(s.person for s in found if s.begins <= at < s.ends)


def test_a_swap_holds_for_its_time_and_the_one_agreed_last_wins(here: Cast) -> None:
    row = rotation(here, here.alice, here.bob)
    for who, later in ((here.lena, 0), (here.olive, 1)):
        turns.swap(row, person=who, starts_at=NOW + HOUR, ends_at=NOW + 5 * HOUR, why="dentist", by=here.ada, now=NOW + later * MINUTE)
    plan = plan_of(row)
    assert [s.person.name for s in plan.shifts(NOW, NOW + 8 * HOUR)] == ["Alice", "Olive", "Alice"]
    assert plan.on_duty(NOW + 5 * HOUR).person == here.alice
    for ends in (NOW + HOUR, NOW + 100 * DAY):
        with pytest.raises(turns.NotPossible):
            turns.swap(row, person=here.lena, starts_at=NOW + HOUR, ends_at=ends, why="", by=here.ada, now=NOW)
    with pytest.raises(turns.NotPossible, match="no role"):
        turns.swap(row, person=here.pat, starts_at=NOW, ends_at=NOW + HOUR, why="", by=here.ada, now=NOW)


def test_a_role_is_whoever_is_on_call_then_their_cover_then_holder_deputy_lead_and_so_on(here: Cast) -> None:
    role = OwnerRole.objects.create(slug="dispatcher", name="Dispatcher", holder=here.bob, deputy=here.olive, team=here.transportation)
    rotation(here, here.lee, here.ada, role=role)

    def now_it_is() -> tuple[str, Via]:
        found = Roster(NOW).find(OwnerRole.objects.get(id=role.id))
        return (found.owner.name if found.owner else "", found.via)

    def leave(who: Person, cover: Person | None = None) -> None:
        day = here.district.today(NOW)
        turns.go_on_leave(who, first=day, last=day, cover=cover, by=here.ada, today=day, now=NOW)

    assert now_it_is() == ("Lee", Via.ON_CALL)
    leave(here.lee, here.alice)
    assert now_it_is() == ("Alice", Via.COVER)
    leave(here.alice)
    assert now_it_is() == ("Bob", Via.HOLDER)
    leave(here.bob, here.lena)
    assert now_it_is() == ("Lena", Via.COVER)
    leave(here.lena)
    assert now_it_is() == ("Olive", Via.DEPUTY)
    leave(here.olive)
    assert now_it_is() == ("Ada", Via.ADMIN), "lead and agents of the team are away, too"
    assert Roster(NOW + DAY).find(role).owner == here.lee, "the leave is over"


def test_covers_that_stand_in_for_each_other_do_not_go_round_for_ever(here: Cast) -> None:
    role = OwnerRole.objects.create(slug="d", name="D", holder=here.bob)
    day = here.district.today(NOW)
    for who, cover in ((here.bob, here.alice), (here.alice, here.bob)):
        turns.go_on_leave(who, first=day, last=day, cover=cover, by=here.ada, today=day, now=NOW)
    assert Roster(NOW).find(role).owner == here.ada
    with pytest.raises(turns.NotPossible):
        turns.go_on_leave(here.bob, first=day, last=day, cover=here.bob, by=here.ada, today=day, now=NOW)


def test_a_rung_may_call_whoever_is_on_call_for_a_team(here: Cast, sync: Sync) -> None:
    rotation(here, here.bob, team=here.technology)
    Rung.objects.filter(level=1).update(role=None, team=here.technology)
    begun(here, sync)
    assert told(here.bob) == ["Failed: Attendance to transportation"]
    assert set(Step.objects.values_list("owner__name", flat=True)) == {"Bob"}


def test_shifts_as_a_calendar_file_keep_their_ids_and_stop_with_the_role(here: Cast, oak: Cast) -> None:
    rotation(here, here.alice, here.bob)
    page = sign_in(here.alice, here.district).get(reverse("on_call")).content.decode()
    address = page.split('id="file" readonly value="')[1].split('"')[0]
    path = address[address.index("/matrix") :]
    answer = visitor(here.district).get(path)
    events = Calendar.from_ical(answer.content).walk("VEVENT")
    assert answer["Content-Type"].startswith("text/calendar")
    assert len(events) >= 12
    assert len({str(e["UID"]) for e in events}) == len(events)
    assert all(str(e["SUMMARY"]) == "Dispatch nights" for e in events)
    assert visitor(oak.district).get(path).status_code == 404
    assert visitor(here.district).get(path.replace(".ics", "x.ics")).status_code == 404
    Membership.objects.filter(person=here.alice).delete()
    assert visitor(here.district).get(path).status_code == 404


# --- in hand ----------------------------------------------------------------------------------------------------------


def test_a_ladder_that_is_put_off_comes_back_by_itself_and_goes_on_from_there(here: Cast, sync: Sync) -> None:
    escalation = begun(here, sync)
    until = NOW + 2 * HOUR
    for why, when in (("", until), ("later", NOW + 25 * HOUR), ("later", NOW - MINUTE)):
        with pytest.raises(actions.NotNow):
            actions.snooze(escalation.id, by=sync.rosa, until=when, why=why, now=NOW)
    assert actions.snooze(escalation.id, by=sync.rosa, until=until, why="The vendor is on it", now=NOW + MINUTE)
    sweep(here, until - MINUTE)
    assert (escalation.refresh().level, told(sync.dan)) == (1, ["Failed: Attendance to transportation"])
    sweep(here, until)
    sweep(here, until + MINUTE)
    assert told(sync.rosa)[-1] == "Back again: Attendance to transportation"
    assert len(told(sync.rosa)) == 2
    assert (escalation.refresh().level, escalation.snoozed_until, escalation.climb_at) == (1, None, until + 15 * MINUTE)
    sweep(here, until + 15 * MINUTE)
    assert escalation.refresh().level == 2, "a paused ladder goes on"
    note = FeedRun.objects.get().note
    assert "Rosa put it off: The vendor is on it" in note
    assert "that time is over: told Rosa again" in note


def test_somebody_sends_it_on_at_once_and_the_next_rung_keeps_its_time(here: Cast, sync: Sync) -> None:
    escalation = begun(here, sync)
    actions.acknowledge(escalation.id, by=sync.rosa, now=NOW)
    assert actions.raise_now(escalation.id, by=sync.rosa, why="I am in the tunnel", now=NOW + MINUTE)
    assert (escalation.refresh().level, escalation.climb_at, escalation.acknowledged_at) == (2, NOW + HOUR, None)
    assert len(told(sync.dan)) == 2
    assert "Rosa sent for the next rung at once. I am in the tunnel" in FeedRun.objects.get().note
    actions.raise_now(escalation.id, by=sync.rosa, now=NOW + 2 * MINUTE)
    with pytest.raises(actions.NotNow, match="top"):
        actions.raise_now(escalation.id, by=sync.rosa, now=NOW + 3 * MINUTE)


def test_a_rung_is_left_out_with_a_reason_and_never_the_last_one(here: Cast, sync: Sync) -> None:
    escalation = begun(here, sync)
    with pytest.raises(actions.NotNow, match="why"):
        actions.skip(escalation.id, by=sync.rosa, why=" ", now=NOW)
    assert actions.skip(escalation.id, by=sync.rosa, why="Dan is in the same room", now=NOW)
    with pytest.raises(actions.NotNow, match="last rung"):
        actions.skip(escalation.id, by=sync.rosa, why="Dora, too", now=NOW)
    sweep(here, NOW + 59 * MINUTE)
    assert len(told(sync.dan)) == 1
    sweep(here, NOW + HOUR)
    assert told(sync.dora)
    assert "Rosa left out rung 2 (Supervisor): Dan is in the same room" in FeedRun.objects.get().note


def test_all_of_it_stands_in_the_tickets_story(here: Cast) -> None:
    ticket = a_ticket(here, team=here.transportation)
    a_breach(here, ticket)
    sweep(here, NOW)
    escalation = Escalation.objects.get()
    actions.snooze(escalation.id, by=here.lena, until=NOW + HOUR, why="Parent calls back at noon", now=NOW)
    sweep(here, NOW + HOUR)
    actions.raise_now(escalation.id, by=here.lena, now=NOW + HOUR)
    acts = [e.data["act"] for e in Event.objects.filter(ticket=ticket, kind="escalated").order_by("at", "id")]
    assert acts == ["climbed", "snoozed", "awake", "raised", "climbed"]
    page = sign_in(here.lena, here.district).get(reverse("desk_ticket", args=[ticket.id])).content.decode()
    assert "Parent calls back at noon" in page
    assert "put the escalation off" in page


def test_a_step_that_asks_for_a_file_is_not_done_without_one(here: Cast, sync: Sync) -> None:
    Rung.objects.filter(level=1).update(actions=["Say it", {"title": "Photograph the log", "proof": "file"}])
    begun(here, sync)
    step = Step.objects.get(order=1)
    with pytest.raises(actions.EvidenceMissing, match="file"):
        actions.complete(step.id, by=sync.rosa, evidence="done, believe me", now=NOW)
    file = NewFile(name="log.txt", content_type="text/plain", size=3, sha256="0" * 64, path="x/aa/bb")
    assert actions.complete(step.id, by=sync.rosa, evidence="", files=[file], now=NOW)
    assert (step.refresh().evidence, StepFile.objects.get().name) == ("log.txt", "log.txt")


def test_a_file_is_given_by_the_form_and_read_by_those_it_concerns(here: Cast, sync: Sync, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    Rung.objects.filter(level=1).update(actions=[{"title": "Photograph the log", "proof": "file"}])
    begun(here, sync)
    step = Step.objects.get()
    lena = sign_in(here.lena, here.district)
    address = reverse("step_done", args=[step.id])
    answer = lena.post(address, {"evidence": "here"})
    assert answer.status_code == 422
    assert "asks for a file" in answer.content.decode()
    bad = lena.post(address, {"evidence": "x", "proofs": SimpleUploadedFile("a.exe", b"MZ\0\0binary")})
    assert bad.status_code == 422
    answer = lena.post(address, {"evidence": "here", "proofs": SimpleUploadedFile("log.txt", b"412 rows")})
    assert answer.status_code == 302
    file = StepFile.objects.get()
    got = lena.get(reverse("step_file", args=[file.id]))
    assert (got.content, got["Content-Disposition"]) == (b"412 rows", 'attachment; filename="log.txt"')
    assert sign_in(here.bob, here.district).get(reverse("step_file", args=[file.id])).status_code == 403


def test_a_step_is_given_to_somebody_else_who_hears_of_it(here: Cast, sync: Sync) -> None:
    begun(here, sync)
    step = Step.objects.order_by("order")[0]
    assert actions.reassign(step.id, to=here.bob, by=sync.rosa, now=NOW)
    assert not actions.reassign(step.id, to=here.bob, by=sync.rosa, now=NOW)
    assert told(here.bob) == ["Yours now: Attendance to transportation"]
    assert "Rosa gave a step to Bob: Start the export by hand" in FeedRun.objects.get().note
    page = sign_in(here.bob, here.district).get(reverse("steps")).content.decode()
    assert "Start the export by hand" in page


# --- channels, quiet hours, many at once ------------------------------------------------------------------------------


def test_a_rung_tells_by_its_channels_and_wakes_if_it_is_meant_to(here: Cast, sync: Sync) -> None:
    ContactPoint.objects.create(person=sync.rosa, kind="phone", value="+15305550101")
    Rung.objects.filter(level=1).update(channels=["sms", "voice"], wakes=True)
    begun(here, sync)
    rows = Delivery.objects.filter(person=sync.rosa, purpose="notice")
    assert {(row.channel, row.address, row.wakes) for row in rows} == {
        ("sms", "+15305550101", True), ("voice", "+15305550101", True),
    }  # fmt: skip
    assert "press “I have it”" in rows.get(channel="voice").body


def test_two_hundred_at_once_are_one_mail_each_batch_and_the_next_one_joins_it(here: Cast) -> None:
    for _ in range(120):
        a_breach(here, a_ticket(here, team=here.transportation))
    sweep(here, NOW)
    mail = Delivery.objects.get(person=here.lena, channel="email", purpose="notice")
    assert len(told(here.lena)) == 120, "in the app each is a line of its own"
    assert mail.link == reverse("steps")
    assert "And 60 more." in mail.body
    one_more = a_ticket(here, text="The gate is locked", team=here.transportation)
    a_breach(here, one_more, now=NOW)
    sweep(here, NOW + MINUTE)
    mail = Delivery.objects.get(person=here.lena, channel="email", purpose="notice")
    assert f"#{one_more.number}" in mail.body


def test_a_row_that_fails_tells_nobody_and_the_others_are_told(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    poisoned = a_ticket(here, team=here.transportation)
    for ticket in (poisoned, a_ticket(here, team=here.transportation)):
        a_breach(here, ticket)
    stand_on = climbing.Climber._stand_on

    def fragile(climber: Any, escalation: Escalation, *given: Any, **more: Any) -> None:
        stand_on(climber, escalation, *given, **more)
        if escalation.ticket_id == poisoned.id:
            raise RuntimeError("poison, after the notice was handed over")

    monkeypatch.setattr(climbing.Climber, "_stand_on", fragile)
    sweep(here, NOW)
    assert len(told(here.lena)) == 1
    assert str(poisoned.number) not in told(here.lena)[0]


# --- building ---------------------------------------------------------------------------------------------------------


def values(**given: Any) -> dict[str, Any]:
    usual = {"after_minutes": 30, "name": "", "step_minutes": 60, "wakes": False, "role": None, "team": None,
             "channels": ["inapp", "email"], "actions": ["Call the vendor"]}  # fmt: skip
    return usual | given


def test_a_rung_put_between_moves_the_others_up_and_what_is_climbed_stays_where_it_stood(here: Cast, sync: Sync) -> None:
    escalation = begun(here, sync)
    sweep(here, NOW + 15 * MINUTE)  # on rung 2
    ladder = building.to_change("attendance")
    assert building.save_rung(ladder, None, values(after_minutes=5, name="Early"), by=here.ada, now=NOW)
    assert [(r.level, r.name or r.role.name) for r in climbing.rungs_of(ladder.id)] == [
        (1, "Clerk"), (2, "Early"), (3, "Supervisor"), (4, "Director"),
    ]  # fmt: skip
    assert escalation.refresh().level == 3
    sweep(here, NOW + HOUR)
    assert escalation.refresh().level == 4
    assert told(sync.dora) == ["Failed: Attendance to transportation"], "its notice is not taken for another rung's"
    assert Step.objects.filter(level=4).count() == 1
    change = LadderChange.objects.get()
    assert change.words == ["New: rung 2 (Early), after 5 minutes."]


def test_a_rung_is_changed_and_taken_away_and_the_history_says_what(here: Cast, sync: Sync) -> None:
    escalation = begun(here, sync)
    ladder = building.to_change("attendance")
    first = Rung.objects.select_related("role", "team").get(level=1)
    kept = {name: getattr(first, name) for name in ("after_minutes", "name", "step_minutes", "role", "team", "channels", "actions")}
    assert not building.save_rung(ladder, first, kept | {"wakes": False}, by=here.ada, now=NOW)
    assert building.save_rung(ladder, first, kept | {"wakes": True, "step_minutes": 10}, by=here.ada, now=NOW)
    assert LadderChange.objects.get().words == [
        "rung 1 (Clerk), time for the steps: “30 minutes” is “10 minutes” now.",
        "rung 1 (Clerk), wakes people: “no” is “yes” now.",
    ]
    building.remove_rung(ladder, Rung.objects.get(level=1), by=here.ada, now=NOW)
    assert escalation.refresh().level == 0
    sweep(here, NOW + 15 * MINUTE)
    assert escalation.refresh().level == 1
    assert len(told(sync.dan)) == 2
    for rung in (Rung.objects.get(level=1), None):
        if rung:
            building.remove_rung(ladder, rung, by=here.ada, now=NOW)
    with pytest.raises(building.LastRung):
        building.remove_rung(ladder, Rung.objects.get(), by=here.ada, now=NOW)


def test_the_editor_over_http(here: Cast, oak: Cast, sync: Sync) -> None:
    ada = sign_in(here.ada, here.district)
    assert sign_in(here.lena, here.district).get(reverse("setup_ladders")).status_code == 403
    page = ada.get(reverse("setup_ladders")).content.decode()
    assert "Late tickets" in page, "a default ladder is shown before it was needed"
    assert not Ladder.objects.filter(slug="tickets").exists(), "and looking at it makes nothing"
    role = OwnerRole.objects.get(slug="attendance-clerk")
    form = {
        "after_minutes": "20", "whom": f"role:{role.id}", "name": "Second look", "channels": ["email", "voice"], "step_minutes": "45",
        "actions": "Call dispatch\nPhotograph the log (file)", "wakes": "on",
    }  # fmt: skip
    assert ada.post(reverse("setup_rung_new", args=["tickets"]), form | {"channels": []}).status_code == 422
    assert ada.post(reverse("setup_rung_new", args=["tickets"]), form).status_code == 302
    rung = Rung.objects.get(ladder__slug="tickets", name="Second look")
    assert (rung.level, rung.channels, rung.wakes) == (2, ["email", "voice"], True)
    assert rung.actions == ["Call dispatch", {"title": "Photograph the log", "proof": "file"}]
    page = ada.get(reverse("setup_ladder", args=["tickets"])).content.decode()
    assert "with a file" in page
    assert "New: rung 2 (Second look), after 20 minutes." in page
    with district_scope(oak.district.id):
        make_sync(oak, slug="theirs")
    assert ada.get(reverse("setup_ladder", args=["theirs"])).status_code == 404
    made = ada.post(reverse("setup_ladders"), {"name": "Outages"})
    assert made["Location"] == reverse("setup_rung_new", args=["outages"])
    assert ada.post(reverse("setup_rung_remove", args=["tickets", rung.id])).status_code == 302
    assert not Rung.objects.filter(id=rung.id).exists()


def test_turns_swaps_and_leave_over_http(here: Cast) -> None:
    ada, alice = sign_in(here.ada, here.district), sign_in(here.alice, here.district)
    form = {"name": "Nights", "serves": f"team:{here.technology.id}", "turn": "day", "starts_on": "2026-11-02", "hands_over": "08:00"}
    assert ada.post(reverse("setup_rotation_new"), form).status_code == 422, "nobody in it"
    places = {"place_1": str(here.bob.id), "place_2": "", "place_3": str(here.alice.id)}
    assert ada.post(reverse("setup_rotation_new"), form | places).status_code == 302
    row = Rotation.objects.get()
    assert [place.person.name for place in row.places.order_by("order")] == ["Bob", "Alice"]
    assert ada.post(reverse("setup_rotation_new"), form | places | {"name": "Other"}).status_code == 422, "the team has turns"
    page = alice.get(reverse("on_call")).content.decode()
    assert "Nights" in page
    prefix = f"r{row.id.hex[-8:]}"
    first, last = (f"{timezone.now() + days * DAY:%Y-%m-%d}" for days in (30, 34))
    swap = {f"{prefix}-person": str(here.lena.id), f"{prefix}-starts_at": f"{first}T08:00", f"{prefix}-ends_at": f"{last}T08:00"}
    assert alice.post(reverse("swap", args=[row.id]), swap).status_code == 302
    assert row.swaps.get().person == here.lena
    assert sign_in(here.olive, here.district).post(reverse("swap", args=[row.id]), swap).status_code == 403
    leave = {"person": str(here.bob.id), "first": first, "last": last, "cover": str(here.alice.id)}
    assert alice.post(reverse("leave"), leave).status_code == 422, "only leads enter another's leave"
    assert alice.post(reverse("leave"), leave | {"person": str(here.alice.id), "cover": str(here.bob.id)}).status_code == 302
    assert "<bdi>Bob</bdi> stands in" in alice.get(reverse("on_call")).content.decode()


# --- preview and test -------------------------------------------------------------------------------------------------


def test_the_preview_names_who_is_told_when_and_what_waits_and_writes_nothing(here: Cast, sync: Sync) -> None:
    """Friday 17:10: the second rung comes at night, does not wake, and waits for the morning; Dan is on leave from Saturday on."""
    Rung.objects.filter(level=2).update(after_minutes=5 * 60)
    Rung.objects.filter(level=3).update(after_minutes=24 * 60)
    saturday = date(2026, 11, 7)
    turns.go_on_leave(sync.dora, first=saturday, last=saturday, cover=here.lee, by=here.ada, today=saturday, now=NOW)
    before = [model.objects.count() for model in (Delivery, Escalation, Step, FeedRun, LadderTest)]
    lines = preview(climbing.rungs_of(sync.ladder.id), about=Escalation(ladder=sync.ladder, process=sync.process),
                    at=FRIDAY.astimezone(UTC), roster=Roster(NOW))  # fmt: skip
    assert [(line.at.astimezone(PACIFIC).strftime("%a %H:%M"), [t.person.name for t in line.people]) for line in lines] == [
        ("Fri 17:10", ["Rosa", "Dan"]), ("Fri 22:10", ["Dan"]), ("Sat 17:10", ["Lee"]),
    ]  # fmt: skip
    mail = next(heard for heard in lines[1].people[0].ways if heard.way.channel == "email")
    assert (mail.waits, mail.at.astimezone(PACIFIC).strftime("%a %H:%M")) == (True, "Sat 06:30")
    assert not any(heard.waits for heard in lines[0].people[0].ways)
    assert before == [model.objects.count() for model in (Delivery, Escalation, Step, FeedRun, LadderTest)]


def test_the_preview_is_what_happens(here: Cast, sync: Sync) -> None:
    Membership.objects.filter(role=Role.ADMIN).delete()
    Person.objects.filter(id=sync.dan.id).update(away_until=NOW.date() + DAY)
    about = Escalation(ladder=sync.ladder, process=sync.process)
    lines = preview(climbing.rungs_of(sync.ladder.id), about=about, at=NOW, roster=Roster(NOW))
    assert [(line.at, line.rung.level, [r.level for r in line.skipped]) for line in lines if line.rung] == [
        (NOW, 1, []), (NOW + 15 * MINUTE, 3, [2]),
    ]  # fmt: skip
    escalation = begun(here, sync)
    sweep(here, NOW + 15 * MINUTE)
    assert (escalation.refresh().level, told(sync.dora)) == (3, ["Failed: Attendance to transportation"])


def test_the_preview_page_for_a_process_and_for_a_ticket(here: Cast, sync: Sync) -> None:
    ticket = a_ticket(here, team=here.transportation)
    bob = sign_in(here.bob, here.district)
    page = bob.get(reverse("ladder", args=["attendance"]) + "?process=attendance&at=2026-11-06T22:10").content.decode()
    assert "Rosa" in page
    assert "waits until" in page
    page = bob.get(reverse("ladder", args=["tickets"]) + f"?ticket=%23{ticket.number}").content.decode()
    assert "Lena" in page
    assert not Ladder.objects.filter(slug="tickets").exists()
    assert "no request of that number" in bob.get(reverse("ladder", args=["tickets"]) + "?ticket=99999").content.decode()
    for at in ("nonsense", "2026-99-01T10:00", "3000-01-01T10:00"):
        assert bob.get(reverse("ladder", args=["attendance"]) + f"?at={at}").status_code == 200
    assert bob.get(reverse("ladder", args=["nosuch"])).status_code == 404


def test_a_secret_ticket_is_not_named_by_the_preview_of_others(here: Cast) -> None:
    ticket = a_ticket(here, team=here.safety, service=here.counseling)
    page = sign_in(here.bob, here.district).get(reverse("ladder", args=["tickets"]) + f"?ticket={ticket.number}").content.decode()
    assert "no request of that number" in page


def test_a_test_wakes_nobody_and_dates_the_ladder(here: Cast, sync: Sync) -> None:
    for someone in (sync.rosa, sync.dan, sync.dora):
        Membership.objects.create(person=someone, team=here.transportation, role=Role.AGENT)
    test = rehearsal.rehearse(sync.ladder, process=sync.process, by=here.lee, now=NOW)
    assert test.passed
    assert sync.ladder.refresh().tested_at == NOW
    assert [told(someone) for someone in (sync.rosa, sync.dan, sync.dora)] == [[], [], []]
    assert told(here.lee) == ["Test passed: Attendance"]
    assert [[p["name"] for p in rung["people"]] for rung in test.rungs] == [["Rosa"], ["Dan"], ["Dora"]]
    assert test.rungs[0]["people"][0]["ways"][1] == ["email", "rosa.attendance@cedar.localhost", ""]
    assert test.stale == []
    rehearsal.rehearse(sync.ladder, process=sync.process, by=here.lee, loud=True, now=NOW + HOUR)
    assert told(sync.dan) == ["Test of the ladder: Attendance"]


def test_a_test_finds_stale_contacts_and_says_how_to_mend_each(here: Cast, sync: Sync) -> None:
    Membership.objects.filter(person=sync.dora).delete()
    Rung.objects.filter(level=1).update(channels=["email", "sms", "voice"])
    opt_out(channel="email", address="dan.attendance@cedar.localhost", reason="bounced 5.1.1", now=NOW)
    Person.objects.filter(id=sync.rosa.id).update(created_at=NOW - 400 * DAY)
    test = rehearsal.rehearse(sync.ladder, process=sync.process, by=here.lee, now=NOW)
    assert not test.passed
    assert sync.ladder.refresh().tested_at is None
    found = {(one["who"], one["what"]) for one in test.stale}
    assert ("Rosa", "no telephone number") in found
    assert ("Rosa", "no address for phone calls is set up") in found
    assert ("Rosa", "rosa.attendance@cedar.localhost was not confirmed for a year") in found
    assert any(who == "Dan" and "no such mailbox" in what for who, what in found)
    assert ("Dora", "has no role in the district any more") in found
    assert all(one["mend"] for one in test.stale)
    page = sign_in(here.lee, here.district).get(reverse("ladder_test", args=["attendance", test.id])).content.decode()
    assert "Not passed" in page


def test_a_test_of_the_districts_own_ladder_asks_for_every_teams_lead(here: Cast) -> None:
    ladder = climbing.fallback_ladder("tickets")
    test = rehearsal.rehearse(ladder, by=here.lee, now=NOW)
    names = [rung["rung"] for rung in test.rungs]
    assert "rung 1: Transportation" in names
    assert ("rung 1: Safety and Counseling", "nobody of its own: an administrator stands in") in {
        (one["who"], one["what"]) for one in test.stale
    }


# --- telephone calls --------------------------------------------------------------------------------------------------


def outgoing(cast: Cast, hook: calls.Hook | None) -> Outgoing:
    return Outgoing(
        id=cast.ada.id, tries=2, district=cast.district, purpose="notice", address="+15305550101", subject="Late", body="Late: x",
        reply_to="", message_id="", references=(), hook=hook,
    )  # fmt: skip


def test_a_call_is_posted_signed_and_anything_but_2xx_is_tried_again(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    posted: list[bytes] = []
    answers = iter([(202, "ringing"), (500, "busy"), (401, "who are you"), (410, "gone")])

    def answer(hook: calls.Hook, body: bytes) -> tuple[int, str]:
        posted.append(body)
        return next(answers)

    monkeypatch.setattr(voice, "_post", answer)
    hook = calls.Hook("https://calls.example/ring", "k")
    assert voice.send(outgoing(here, hook), None).ref == "ringing"
    for error in (TryLater, TryLater, Undeliverable):
        with pytest.raises(error):
            voice.send(outgoing(here, hook), None)
    assert b'"to": "+15305550101"' in posted[0]
    assert b'"try": 2' in posted[0]
    with pytest.raises(Undeliverable):
        voice.send(outgoing(here, None), None)
    mac = hmac.new(b"k", b"17." + posted[0], hashlib.sha256).hexdigest()
    assert calls.signature("k", seconds=17, body=posted[0]) == f"t=17,v1={mac}"


@pytest.mark.parametrize("url", ["https://localhost/x", "https://127.0.0.1/x", "https://10.0.0.8/x", "https://169.254.169.254/latest"])
def test_no_call_is_asked_for_inside_our_own_network(here: Cast, url: str) -> None:
    with pytest.raises(TryLater, match="own network"):
        voice.send(outgoing(here, calls.Hook(url, "k")), None)


def test_the_address_for_calls_is_https_and_keeps_its_key_until_a_new_one_is_wanted(here: Cast) -> None:
    ada = sign_in(here.ada, here.district)
    assert ada.post(reverse("setup_calls"), {"url": "http://calls.example/x"}).status_code == 422

    def save(**more: str) -> calls.Hook:
        page = ada.get(reverse("setup_calls")).content.decode()
        seen = page.split('name="seen" value="')[1].split('"')[0] if 'name="seen"' in page else ""
        assert ada.post(reverse("setup_calls"), {"url": "https://calls.example/x", "seen": seen} | more).status_code == 302
        found = calls.hook()
        assert found
        return found

    first = save()
    assert len(first.key) >= 40
    assert save() == first
    assert save(renew="on").key != first.key


# --- faults, with real transactions -----------------------------------------------------------------------------------


@pytest.fixture
def late(cedar: Cast) -> Cast:
    with district_scope(cedar.district.id):
        for _ in range(8):
            a_breach(cedar, a_ticket(cedar, team=cedar.transportation))
        climbing.fallback_ladder("tickets")
    return cedar


class Killed(BaseException):
    """What a worker that is killed does not survive."""


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_killed_between_the_rung_and_its_notice_nothing_is_lost_and_nothing_is_twice(
    late: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = parcels.send

    def die(*_given: Any, **_more: Any) -> None:
        raise Killed

    monkeypatch.setattr(parcels, "send", die)
    with pytest.raises(Killed):
        collecting.collect_breaches(late.district.id, now=NOW)
    with district_scope(late.district.id):
        assert (Escalation.objects.count(), Delivery.objects.filter(purpose="notice").count()) == (0, 0)
        assert Breach.objects.filter(handled_at__isnull=True).count() == 8
    monkeypatch.setattr(parcels, "send", sent)
    sweep(late, NOW + MINUTE)
    sweep(late, NOW + MINUTE)
    with district_scope(late.district.id):
        assert (Escalation.objects.count(), len(told(late.lena))) == (8, 8)
        assert Delivery.objects.filter(person=late.lena, channel="email", purpose="notice").count() == 1


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_two_sweeps_and_people_at_once_climb_each_rung_once(late: Cast) -> None:
    sweep(late, NOW)
    with district_scope(late.district.id):
        ids = list(Escalation.objects.order_by("id").values_list("id", flat=True))
    who = iter(["sweep", "sweep", "person", "sweep"])

    def one_of_them() -> None:
        if next(who) == "sweep":
            sweep(late, NOW + HOUR)
        else:
            take(late, ids)

    in_threads(4, one_of_them)
    sweep(late, NOW + HOUR)
    with district_scope(late.district.id):
        acts = Event.objects.filter(kind="escalated").values_list("data__act", "data__escalation", "data__level")
        climbed = [(escalation, level) for act, escalation, level in acts if act == "climbed"]
        assert len(climbed) == len(set(climbed)), "no rung twice"
        acknowledged = {escalation for act, escalation, _level in acts if act == "acknowledged"}
        above = {escalation for escalation, level in climbed if level == 2}
        assert acknowledged | above == {str(one) for one in ids}, "none lost: somebody has it, or it climbed"
        assert len(told(late.lee)) == len(above)


def take(cast: Cast, ids: list[Any]) -> None:
    for one in ids[:4]:
        with district_scope(cast.district.id):
            actions.acknowledge(one, by=cast.lena, now=NOW + HOUR)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_after_a_restart_what_was_put_off_or_acknowledged_goes_on(late: Cast) -> None:
    """oncall#1206: the state is in the rows alone; a process that begins anew finds all that is due."""
    sweep(late, NOW)
    with district_scope(late.district.id):
        first, second = Escalation.objects.order_by("id")[:2]
        actions.snooze(first.id, by=late.lena, until=NOW + 2 * HOUR, why="wait", now=NOW)
        actions.acknowledge(second.id, by=late.lena, now=NOW)
    connections.close_all()
    sweep(late, NOW + 4 * HOUR)
    with district_scope(late.district.id):
        assert first.refresh().snoozed_until is None
        assert second.refresh().level == 2
        sweep(late, NOW + 6 * HOUR)
        assert first.refresh().level == 2
        assert not Escalation.objects.filter(level__lt=2).exists()
        assert District.objects.get(id=late.district.id).active


def test_a_call_leaves_with_the_others_by_day_and_waits_by_night_unless_it_wakes(
    here: Cast, sync: Sync, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DELIVERY_KEEP = False
    posted: list[str] = []

    def answer(hook: calls.Hook, _body: bytes) -> tuple[int, str]:
        posted.append(hook.url)
        return 200, "ok"

    monkeypatch.setattr(voice, "_post", answer)
    ContactPoint.objects.create(person=sync.rosa, kind="phone", value="+15305550101")
    calls.set_hook("https://calls.example/ring")
    Rung.objects.filter(level=1).update(channels=["voice"])
    begun(here, sync)
    night = NOW + 12 * HOUR  # 22:00
    row = Delivery.objects.get(person=sync.rosa, channel="voice")
    assert sending.claim(here.district.id, now=night) == (1, [])
    assert row.refresh().not_before == night + 8 * HOUR + 30 * MINUTE
    Delivery.objects.filter(id=row.id).update(wakes=True, not_before=night)
    _taken, rows = sending.claim(here.district.id, now=night)
    assert sending.attempt(rows[0], voice, None)["state"] == Delivery.State.SENT
    assert posted == ["https://calls.example/ring"]


def test_the_page_to_give_a_step_offers_those_who_work_here_and_no_other(here: Cast, oak: Cast, sync: Sync) -> None:
    begun(here, sync)
    step = Step.objects.order_by("order")[0]
    lena = sign_in(here.lena, here.district)
    address = reverse("step_give", args=[step.id])
    page = lena.get(address).content.decode()
    assert "Bob" in page
    assert "Pat Parent" not in page
    assert lena.post(address, {"to": str(here.pat.id)}).status_code == 422
    assert lena.post(address, {"to": str(here.bob.id)}).status_code == 302
    assert step.refresh().owner == here.bob
    assert sign_in(here.alice, here.district).get(address).status_code == 403


def test_people_act_on_a_ladder_over_http_and_hear_why_not(here: Cast, sync: Sync) -> None:
    escalation = begun(here, sync)
    lena, alice = sign_in(here.lena, here.district), sign_in(here.alice, here.district)

    def act(name: str, **given: str) -> str:
        answer = lena.post(reverse(name, args=[escalation.id]), given, follow=True)
        assert answer.status_code == 200
        return answer.content.decode()

    assert "Say why" in act("snooze_escalation", minutes="60", why="")
    assert "valid choice" in act("snooze_escalation", minutes="5000", why="x")
    assert "comes back by itself" in act("snooze_escalation", minutes="60", why="The vendor calls back")
    assert "next rung was sent for" in act("raise_escalation")
    assert "last rung cannot be left out" in act("skip_rung", why="no need")
    for name in ("snooze_escalation", "raise_escalation", "skip_rung"):
        assert alice.post(reverse(name, args=[escalation.id]), {"minutes": "60", "why": "x"}).status_code == 403
        assert lena.get(reverse(name, args=[escalation.id])).status_code == 405


def test_a_file_that_proves_a_step_is_kept_by_the_reaper(here: Cast, sync: Sync, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    begun(here, sync)
    kept, orphan = files.store("log.txt", b"412 rows"), files.store("other.txt", b"nobody's")
    actions.complete(Step.objects.order_by("order")[0].id, by=sync.rosa, evidence="", files=[kept], now=NOW)
    for file in (kept, orphan):
        os.utime(tmp_path / file.path, (0, 0))
    reap(here.district.id)
    assert (tmp_path / kept.path).exists()
    assert not (tmp_path / orphan.path).exists()


# --- many at once, in few statements ----------------------------------------------------------------------------------


def many_late(cast: Cast, count: int) -> list[Any]:
    """Promises broken of as many teams, each with a lead of its own who has a telephone."""
    made = []
    for n in range(count):
        slug = f"t{Team.objects.count()}-{n}"
        team = Team.objects.create(slug=slug, name=slug)
        lead = person(f"Lead of {slug}", f"{slug}@cedar.localhost")
        Membership.objects.create(person=lead, team=team, role=Role.LEAD)
        ContactPoint.objects.create(person=lead, kind="phone", value=f"+1530{Person.objects.count():07d}")
        made.append(a_breach(cast, a_ticket(cast, team=team)))
    return made


def statements(act: Any) -> int:
    with CaptureQueriesContext(connections["default"]) as seen:
        act()
    return len(seen)


def test_a_hundred_ladders_begin_and_climb_in_as_many_statements_as_five(here: Cast) -> None:
    climbing.fallback_ladder("tickets")
    Rung.objects.filter(level=1).update(channels=["inapp", "email", "sms"])
    Line.objects.create(number="+19165550100", texts=True)
    counted = {}
    for count in (5, 95):
        many_late(here, count)
        began = statements(lambda: collecting.collect_breaches(here.district.id, now=NOW))
        climbed = statements(lambda: collecting.climb(here.district.id, now=NOW + HOUR))
        counted[count] = (began, climbed)
        Delivery.objects.filter(state="pending").update(state="sent")
    assert counted[5] == counted[95]
    assert max(counted[95]) <= 20
    assert Escalation.objects.filter(level=2).count() == 100
    assert Delivery.objects.filter(channel="sms", purpose="notice").count() == 100
    assert Delivery.objects.filter(channel="email", person__name__startswith="Lead of").count() == 100
    assert Step.objects.count() == 200
    assert Event.objects.filter(kind="escalated").count() == 200


@pytest.mark.parametrize("trouble", ["python", "database"])
def test_one_that_goes_wrong_is_undone_alone_and_the_others_are_told_once(
    here: Cast, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    bad, *others = many_late(here, 6)
    made = climbing.Climber._steps

    def steps(climber: Any, escalation: Escalation, rung: Rung, found: Any) -> list[Step]:
        if escalation.breach_id != bad.id:
            return made(climber, escalation, rung, found)
        if trouble == "python":
            raise RuntimeError("poison")
        return [Step(escalation=escalation, level=-1, title="x")]

    with monkeypatch.context() as broken:
        broken.setattr(climbing.Climber, "_steps", steps)
        assert collecting.collect_breaches(here.district.id, now=NOW) == 5
    assert bad.refresh().handled_at is None, "it is looked at again by the next sweep"
    assert {one.breach_id for one in Escalation.objects.all()} == {one.id for one in others}
    assert [len(told(one.ticket.team.memberships.get().person)) for one in (bad, *others)] == [0, 1, 1, 1, 1, 1]
    assert (Event.objects.filter(kind="escalated").count(), Step.objects.count()) == (5, 5)
    sweep(here, NOW + MINUTE)
    assert Escalation.objects.filter(breach=bad).exists()


def test_a_ladder_that_cannot_be_climbed_is_put_off_and_the_others_climb(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    many_late(here, 4)
    sweep(here, NOW)
    bad = Escalation.objects.order_by("id")[1]
    climb = climbing.Climber.climb

    def fragile(climber: Any, escalation: Escalation) -> None:
        if escalation.id == bad.id:
            raise RuntimeError("poison")
        climb(climber, escalation)

    with monkeypatch.context() as broken:
        broken.setattr(climbing.Climber, "climb", fragile)
        collecting.climb(here.district.id, now=NOW + HOUR)
    assert (bad.refresh().level, bad.climb_at) == (1, NOW + 2 * HOUR)
    assert Escalation.objects.filter(level=2).count() == 3
    sweep(here, NOW + 2 * HOUR)
    assert bad.refresh().level == 2


def test_a_sweep_whose_time_is_up_is_no_fault_of_the_ladder(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    many_late(here, 2)

    def out_of_time(*_given: Any) -> None:
        raise SoftTimeLimitExceeded

    with monkeypatch.context() as broken:
        broken.setattr(climbing.Climber, "climb", out_of_time)
        with pytest.raises(SoftTimeLimitExceeded):
            collecting.collect_breaches(here.district.id, now=NOW)
    sweep(here, NOW)
    assert Escalation.objects.filter(level=1).count() == 2


def test_names_of_another_script_turn_no_sentence_round(here: Cast) -> None:
    Person.objects.filter(id=here.alice.id).update(name="نور 7")
    rotation(here, here.alice, here.bob, team=here.technology)
    day = here.district.today(timezone.now())
    turns.go_on_leave(here.alice, first=day, last=day + DAY, cover=here.bob, by=here.ada, today=day, now=timezone.now())
    page = sign_in(here.bob, here.district).get(reverse("on_call")).content.decode()
    assert "<bdi>Bob</bdi> stands in" in page
    assert bdi("<b>") == "<bdi>&lt;b&gt;</bdi>"


def test_whoever_was_sent_for_finds_it_and_may_act_though_they_own_no_step(here: Cast, sync: Sync) -> None:
    """Two leads are told and one of them owns the steps; somebody stands in for the second owner of a process."""
    day = here.district.today(NOW)
    turns.go_on_leave(sync.dan, first=day, last=day, cover=here.bob, by=here.ada, today=day, now=NOW)
    escalation = begun(here, sync)
    assert told(here.bob) == ["Failed: Attendance to transportation"]
    bob, alice = sign_in(here.bob, here.district), sign_in(here.alice, here.district)
    assert "Attendance to transportation" in bob.get(reverse("steps")).content.decode()
    assert "Attendance to transportation" not in alice.get(reverse("steps")).content.decode()
    address = reverse("acknowledge_escalation", args=[escalation.id])
    assert alice.post(address).status_code == 403
    assert bob.post(address).status_code == 302
    assert escalation.refresh().acknowledged_by == here.bob
    actions.complete(Step.objects.order_by("order")[0].id, by=here.bob, evidence="done", now=NOW)
    Escalation.objects.update(acknowledged_by=sync.rosa)
    assert "Attendance to transportation" not in bob.get(reverse("steps")).content.decode(), "Rosa has it: it waits for Bob no more"
