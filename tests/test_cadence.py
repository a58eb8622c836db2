"""Cadence: the weekly page that nobody writes, and bad days gone through on a clock of their own."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from delivery.models import Delivery
from districts.models import CalendarDay
from districts.queries import calendar_of, forget_calendar
from ownership import actions
from ownership.cadence import checkpoints, found, simulating
from ownership.cadence.checkpoints import Meeting
from ownership.cadence.figures import Body
from ownership.cadence.gathering import gather
from ownership.cadence.simulating import FAILED, Injected
from ownership.feeds.pings import Told, hear
from ownership.models import Checkpoint, Escalation, Feed, FeedRun, Hold, Ladder, Process, RunStep, Simulation
from ownership.queries import matrix
from tests.conftest import NOW, Cast, sign_in, visitor
from tests.test_ownership import DAY, FOUR_PM, HOUR, MINUTE, Sync, make_sync, sweep, told

WEDNESDAY = FOUR_PM + 22 * HOUR  # 2 PM on the clock of Cedar Valley


@pytest.fixture
def sync(here: Cast) -> Sync:
    return make_sync(here)


# --- the checkpoint ---------------------------------------------------------------------------------------------------


def test_the_next_one_is_wednesday_at_two_and_not_in_the_holidays(here: Cast) -> None:
    calendar = calendar_of(here.district, now=NOW)
    assert checkpoints.next_meeting(calendar, after=NOW) == WEDNESDAY
    assert checkpoints.next_meeting(calendar, after=WEDNESDAY) == WEDNESDAY + 7 * DAY
    here.district.last_day = date(2026, 11, 3)
    here.district.first_day = date(2026, 9, 1)
    here.district.save()
    summer = checkpoints.next_meeting(calendar_of(here.district, now=NOW), after=NOW)
    assert (summer.astimezone(here.district.zone).weekday(), summer > WEDNESDAY) == (2, True)


def test_it_is_written_once_half_an_hour_before_and_sent_to_owners_and_leaders(here: Cast, sync: Sync) -> None:
    hear(sync.feed, Told(counts={"rows": 4}), now=NOW)
    hear(sync.feed.refresh(), Told("failed", note="disk full"), now=FOUR_PM + 20 * HOUR)  # of Wednesday's 4 PM
    for _twice in range(2):
        checkpoints.plan(here.district.id, now=NOW)
    assert checkpoints.write(here.district.id, now=WEDNESDAY - 31 * MINUTE) == 0
    assert [checkpoints.write(here.district.id, now=WEDNESDAY - 30 * MINUTE) for _twice in range(2)] == [1, 0]
    row = Checkpoint.objects.get()
    body = Body.read(row.body)
    (line,) = body.lines
    assert (line.name, line.owner, line.state, line.ok, line.failed) == ("Attendance to transportation", "Rosa", "failed", 1, 1)
    head = "1 process is in trouble; 50 % of what was expected came in time."
    assert checkpoints.headline(body) == head
    for who in (sync.rosa, sync.dan, here.lee):
        assert [subject for subject in told(who) if head in subject], who
    assert Delivery.objects.filter(person=here.bob).count() == 0
    checkpoints.plan(here.district.id, now=WEDNESDAY)
    assert Checkpoint.objects.count() == 2


def test_only_what_was_expected_counts_and_each_time_once(here: Cast, sync: Sync) -> None:
    fresh = make_sync(here, slug="made-today").feed
    Feed.objects.filter(id=fresh.id).update(expected_at=FOUR_PM + 6 * DAY)  # next due on Monday
    for n, outcome in enumerate(["ok", "failed", "ok", "partial", "ok"]):
        hear(fresh.refresh(), Told(outcome), now=NOW + n * MINUTE)
    hear(sync.feed, Told(), now=NOW)
    hear(sync.feed.refresh(), Told(), now=FOUR_PM)  # a second export
    sweep(here, FOUR_PM + DAY + HOUR)
    hear(sync.feed.refresh(), Told("failed"), now=FOUR_PM + DAY + 2 * HOUR)
    hear(sync.feed.refresh(), Told(), now=FOUR_PM + DAY + 3 * HOUR)  # Wednesday's, late
    sweep(here, FOUR_PM + 2 * DAY + HOUR)
    body = gather(since=NOW - DAY, now=FOUR_PM + 2 * DAY + HOUR)
    lines = {line.slug: line for line in body.lines}
    new, known = lines["made-today"], lines["attendance"]
    assert (new.ok, new.expected, new.failed, new.partial) == (0, 0, 1, 1), "that it failed is seen"
    assert (known.ok, known.late, known.missed, known.expected, known.failed) == (1, 1, 1, 3, 1)
    assert body.kept_percent == 33


def test_what_was_told_of_before_is_not_expected_again(here: Cast, sync: Sync) -> None:
    hear(sync.feed, Told(), now=NOW)
    sweep(here, FOUR_PM + DAY + HOUR)
    hear(sync.feed.refresh(), Told(), now=FOUR_PM + DAY + 3 * HOUR)
    before, after = (gather(since=at, now=FOUR_PM + 2 * DAY).lines[0] for at in (NOW, FOUR_PM + DAY + 2 * HOUR))
    assert (before.late, before.expected) == (1, 2)
    assert (after.ok, after.late, after.missed, after.expected) == (0, 0, 0, 0)


def test_a_page_from_before_says_what_it_said(here: Cast) -> None:
    kept = {"slug": "a", "name": "A", "owner": "", "state": "ok", "ok": 3, "late": 1, "failed": 1}
    assert Body.read({"since": "", "lines": [kept]}).kept_percent == 60


def test_a_ladder_being_climbed_is_trouble_on_every_page(here: Cast, sync: Sync) -> None:
    hear(sync.feed, Told(), now=FOUR_PM - HOUR)
    Escalation.objects.create(ladder=sync.ladder, process=sync.process, began_at=FOUR_PM)  # as for changes that have not arrived
    body = gather(since=FOUR_PM, now=WEDNESDAY)
    found = matrix(now=WEDNESDAY, zone=here.district.zone)
    assert (found.in_trouble, [row.trouble for row in found.in_state("")]) == (1, [True])
    assert checkpoints.headline(body) == "1 process is in trouble; nothing was expected of any feed since the last checkpoint."
    checkpoints.plan(here.district.id, now=NOW)
    checkpoints.write(here.district.id, now=WEDNESDAY)
    mail = Delivery.objects.filter(person=here.lee, channel="inapp", subject__startswith="Checkpoint").get()
    assert "- Attendance to transportation: On time; 1 ladder being climbed" in mail.body
    assert "1 process is in trouble" in sign_in(here.bob, here.district).get("/matrix/").content.decode()


def test_the_page_keeps_what_was_so_then(here: Cast, sync: Sync) -> None:
    hear(sync.feed, Told(counts={"rows": 4}), now=NOW)
    checkpoints.plan(here.district.id, now=NOW)
    checkpoints.write(here.district.id, now=WEDNESDAY)
    row = Checkpoint.objects.get()
    hear(sync.feed.refresh(), Told("failed"), now=WEDNESDAY + MINUTE)
    bob, page = sign_in(here.bob, here.district), f"/matrix/checkpoint/{row.id}/"
    assert "All 1 watched processes run" in bob.get(page).content.decode()
    assert "in trouble" in bob.get("/matrix/checkpoint/").content.decode()
    assert visitor(here.district).get(page).status_code == 302
    assert bob.post(f"{page}notes", {"notes": "x"}).status_code == 403
    lena = sign_in(here.lena, here.district)
    assert lena.post(f"{page}notes", {"notes": "Rosa calls the vendor by Friday."}).status_code == 302
    assert "Rosa calls the vendor by Friday." in bob.get(page).content.decode()


def test_an_empty_matrix_has_a_page_and_twenty_processes_cost_what_three_do(here: Cast) -> None:
    assert checkpoints.headline(gather(since=NOW - 7 * DAY, now=NOW)) == "Nothing was expected of any feed since the last checkpoint."
    assert sign_in(here.bob, here.district).get("/matrix/checkpoint/").status_code == 200

    def asked(more: range) -> int:
        for n in more:
            hear(make_sync(here, slug=f"process-{n}").feed, Told("failed"), now=NOW)
        with CaptureQueriesContext(connection) as queries:
            body = gather(since=NOW - 7 * DAY, now=NOW)
        assert len(body.lines) == more.stop
        return len(queries)

    assert asked(range(3)) == asked(range(3, 20))


def test_a_lead_chooses_day_and_hour_and_the_next_one_moves(here: Cast, sync: Sync) -> None:
    checkpoints.plan(here.district.id, now=NOW)
    monday = Meeting(0, 8 * 60 + 30)
    assert checkpoints.choose(monday, now=NOW)
    assert not checkpoints.choose(monday, now=NOW), "nothing was different"
    row = Checkpoint.objects.get()
    first = datetime(2026, 11, 9, 16, 30, tzinfo=UTC)
    assert (row.meets_at, row.write_at) == (first, first - 30 * MINUTE)
    assert checkpoints.write(here.district.id, now=first - 30 * MINUTE) == 1
    assert Checkpoint.objects.get().written_at
    checkpoints.plan(here.district.id, now=first)
    assert [row.meets_at for row in Checkpoint.objects.order_by("meets_at")] == [first, first + 7 * DAY], "and so it stays"


def test_one_that_is_written_already_stays_and_the_one_after_it_moves(here: Cast, sync: Sync) -> None:
    checkpoints.plan(here.district.id, now=NOW)
    checkpoints.write(here.district.id, now=WEDNESDAY - 30 * MINUTE)
    checkpoints.choose(Meeting(2, 16 * 60), now=WEDNESDAY - 10 * MINUTE)
    written, following = Checkpoint.objects.order_by("meets_at")
    assert (written.meets_at, bool(written.written_at)) == (WEDNESDAY, True)
    assert (following.meets_at, following.written_at) == (WEDNESDAY + 7 * DAY + 2 * HOUR, None)


def test_a_day_that_school_has_come_back_to_is_met_on(here: Cast, sync: Sync) -> None:
    closed = CalendarDay.objects.create(
        date=WEDNESDAY.astimezone(here.district.zone).date(), kind=CalendarDay.Kind.CLOSURE, name="Snow"
    )
    forget_calendar(here.district.id)
    checkpoints.plan(here.district.id, now=NOW)
    assert Checkpoint.objects.get().meets_at == WEDNESDAY + 7 * DAY
    closed.delete()
    forget_calendar(here.district.id)
    checkpoints.plan(here.district.id, now=NOW)
    assert Checkpoint.objects.get().meets_at == WEDNESDAY == checkpoints.upcoming(NOW)


def test_a_day_that_has_become_free_of_school_keeps_what_was_chosen(here: Cast, sync: Sync) -> None:
    checkpoints.choose(Meeting(3, 9 * 60), now=NOW)
    thursday = Checkpoint.objects.get().meets_at
    CalendarDay.objects.create(date=date(2026, 11, 5), kind=CalendarDay.Kind.CLOSURE, name="Snow")
    forget_calendar(here.district.id)
    checkpoints.write(here.district.id, now=thursday - 30 * MINUTE)
    (row,) = Checkpoint.objects.all()
    assert (row.meets_at, row.weekday, row.minute) == (thursday + 7 * DAY, 3, 9 * 60)


def test_who_may_choose_when_they_meet(here: Cast) -> None:
    page = reverse("checkpoint_when")
    lena, bob = sign_in(here.lena, here.district), sign_in(here.bob, here.district)
    assert (bob.get(page).status_code, visitor(here.district).get(page).status_code) == (403, 302)
    assert page not in bob.get("/matrix/checkpoint/").content.decode()
    assert page in lena.get("/matrix/checkpoint/").content.decode()
    form = lena.get(page).context["form"]
    given = {"weekday": "1", "minute": "510", "seen": form.fingerprint}
    assert lena.post(page, given | {"weekday": "6"}).status_code == 422
    assert lena.post(page, given | {"minute": "511"}).status_code == 422
    assert lena.post(page, given).status_code == 302
    assert checkpoints.chosen() == Meeting(1, 510)
    assert lena.post(page, given).status_code == 422, "somebody else has changed it meanwhile"


# --- simulations ------------------------------------------------------------------------------------------------------


def test_an_export_that_dies_in_silence_is_gone_through_and_nobody_is_told(here: Cast, sync: Sync) -> None:
    hear(sync.feed, Told(), now=NOW - HOUR)
    before = Feed.objects.get(id=sync.feed.id)
    start = FOUR_PM - 4 * HOUR
    row = simulating.simulate([Injected(sync.feed.slug)], name="Noon", starts_at=start, hours=24, by=here.lena, now=NOW)
    assert [(line["who"], line["at"]) for line in row.told][:2] == [
        ("Rosa", (FOUR_PM + 15 * MINUTE).isoformat()), ("Dan", (FOUR_PM + 15 * MINUTE).isoformat()),
    ]  # fmt: skip
    assert "Dora" in {line["who"] for line in row.told}, "the whole ladder is climbed on that clock"
    assert [one["kind"] for one in row.findings] == []
    assert not told(sync.rosa)
    assert not Delivery.objects.exists()
    assert not Escalation.objects.exists()
    assert not FeedRun.objects.filter(outcome="missed").exists()
    after = Feed.objects.get(id=sync.feed.id)
    assert (after.state, after.expected_at, after.alert_at) == (before.state, before.expected_at, before.alert_at)
    assert Process.objects.get().tested_at == NOW
    assert Ladder.objects.get(slug="attendance").tested_at == NOW


def test_what_is_going_on_now_is_left_alone(here: Cast, sync: Sync) -> None:
    hear(sync.feed, Told("failed"), now=NOW)
    sweep(here, NOW + MINUTE)
    (before,) = Escalation.objects.all()
    other = make_sync(here, slug="meals")
    row = simulating.simulate([Injected(other.feed.slug, FAILED, 30)], name="x", starts_at=NOW, hours=8, by=here.lena, now=NOW)
    assert all("Attendance" in line["what"] for line in row.told)
    assert {line["who"] for line in row.told} <= {"Rosa", "Dan", "Dora"}
    after = Escalation.objects.get(id=before.id)
    assert (after.ended_at, after.climb_at, after.level) == (None, before.climb_at, before.level)


def test_what_nobody_would_have_noticed_is_found_and_becomes_a_step(here: Cast, sync: Sync) -> None:
    Feed.objects.filter(id=sync.feed.id).update(terms="within 4 hours")
    Process.objects.update(fallback="")
    bare = make_sync(here, slug="meals")
    Process.objects.filter(id=bare.process.id).update(fallback="")
    lena = sign_in(here.lena, here.district)
    typed = {"name": "Silence", "starts_at": "2026-11-03T12:00", "hours": 24, "how": "silent", "after": 0}
    assert lena.post("/matrix/simulations/", typed).status_code == 422, "what falls silent?"
    assert lena.post("/matrix/simulations/", typed | {"feeds": [sync.feed.slug, bare.feed.slug]}).status_code == 302
    row = Simulation.objects.get()
    assert [one["kind"] for one in row.findings] == [found.UNNOTICED, found.NO_HAND]
    page = f"/matrix/simulations/{row.id}/"
    assert "nobody would have noticed" in lena.get(page).content.decode()
    for _twice in range(2):
        lena.post(f"{page}steps")
    steps = RunStep.objects.order_by("order")
    assert [(step.owner, bool(step.due_at)) for step in steps] == [(sync.rosa, True), (bare.rosa, True)]
    assert sign_in(here.alice, here.district).get(page).status_code == 403


def test_a_simulation_takes_back_what_it_did_though_it_goes_wrong(
    here: Cast, sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(found, "findings", lambda *_args, **_more: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        simulating.simulate([Injected(sync.feed.slug, FAILED)], name="x", starts_at=NOW, hours=8, by=here.lena, now=NOW)
    assert not Delivery.objects.exists()
    assert (FeedRun.objects.count(), Hold.objects.count()) == (0, 0)
    actions.ping(sync.feed.refresh(), outcome="ok", counts={}, note="", now=NOW)
    assert Feed.objects.get(id=sync.feed.id).state == "ok", "and the feed goes on"
