"""Roles, feeds and ladders: who is told, what they have to do, and that it happens once."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections

from delivery.models import Delivery
from districts.models import District, Membership, Person, Role, Team
from districts.queries import calendar_of
from districts.scope import district_scope
from ownership import actions, tasks
from ownership.duty.roles import Roster, Via
from ownership.feeds import pings
from ownership.ladders import climbing, collecting
from ownership.models import Escalation, Feed, FeedRun, Ladder, OwnerRole, Process, Rung, Step
from sla.models import Breach, Clock, ClockKind
from tests.conftest import NOW, Cast, a_ticket, person
from tickets import actions as tickets
from tickets.models import Event, Ticket

FOUR_PM = datetime(2026, 11, 4, 0, 0, tzinfo=UTC)  # of NOW's Tuesday, in Cedar Valley
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SENT: dict[str, Any] = {"outcome": "ok", "counts": {}, "note": ""}


@dataclass
class Sync:
    """Attendance to transportation, by 4 PM: Rosa answers for it, Dan is second, Dora directs."""

    process: Process
    feed: Feed
    ladder: Ladder
    rosa: Person
    dan: Person
    dora: Person


@pytest.fixture
def sync(here: Cast) -> Sync:
    return make_sync(here)


def make_sync(cast: Cast, *, terms: str = "daily by 4 PM", slug: str = "attendance") -> Sync:
    host = cast.district.host
    rosa, dan, dora = (person(name, f"{name.lower()}.{slug}@{host}") for name in ("Rosa", "Dan", "Dora"))
    records, _made = Team.objects.get_or_create(slug="records", name="Records")
    for someone in (rosa, dan, dora):
        Membership.objects.create(person=someone, team=records, role=Role.AGENT)
    roles = {
        name: OwnerRole.objects.create(slug=f"{slug}-{name}", name=name.title(), holder=holder)
        for name, holder in (("clerk", rosa), ("supervisor", dan), ("director", dora))
    }
    ladder = Ladder.objects.create(slug=slug, name="Attendance")
    for level, (name, after, todo) in enumerate(
        [("clerk", 0, ["Start the export by hand", "Look at the log"]), ("supervisor", 15, ["Use yesterday's riders"]),
         ("director", 60, ["Decide on overtime"])], 1,
    ):  # fmt: skip
        Rung.objects.create(ladder=ladder, level=level, after_minutes=after, role=roles[name], actions=todo, step_minutes=30)
    process = Process.objects.create(
        slug=slug, name="Attendance to transportation", primary=roles["clerk"], secondary=roles["supervisor"], ladder=ladder,
        promise="Daily by 4 PM", terms="daily by 4 PM", fallback="Mail the list to dispatch.",
        failing="none",  # no ticket with a playbook beside its ladder
    )  # fmt: skip
    feed = Feed.objects.create(process=process, slug=slug, name="Export confirmation", terms=terms)
    return Sync(process, feed, ladder, rosa, dan, dora)


def sweep(cast: Cast, now: datetime) -> None:
    """What the task does in one district."""
    district_id = cast.district.id
    pings.watch(district_id, now=now)
    collecting.collect_breaches(district_id, now=now)
    collecting.collect_runs(district_id, now=now)
    collecting.climb(district_id, now=now)


def told(who: Person) -> list[str]:
    """Subjects of a person's in-app notices, oldest first."""
    rows = Delivery.objects.filter(person=who, channel="inapp").order_by("id")
    return list(rows.values_list("subject", flat=True))


def a_breach(cast: Cast, ticket: Ticket, *, now: datetime = NOW) -> Breach:
    clock, _made = Clock.objects.update_or_create(
        ticket=ticket, kind=ClockKind.FIRST_RESPONSE,
        defaults={"team": ticket.team, "terms": "within 1 hour", "started_at": now - 2 * HOUR, "due_at": now - HOUR,
                  "breached_at": now, "derived_at": now},
    )  # fmt: skip
    return Breach.objects.create(
        clock=clock, ticket=ticket, team=ticket.team, kind=ClockKind.FIRST_RESPONSE, due_at=now - HOUR, noticed_at=now
    )  # fmt: skip


# --- roles ------------------------------------------------------------------------------------------------------------


def away(who: Person, until: datetime) -> None:
    who.away_until = until.date()
    who.save()


def test_a_role_is_its_holder_then_the_deputy_then_the_lead_then_anybody_then_an_administrator(here: Cast) -> None:
    role = OwnerRole.objects.create(slug="dispatcher", name="Dispatcher", holder=here.bob, deputy=here.olive, team=here.transportation)

    def now_it_is() -> tuple[str, Via]:
        found = Roster(NOW).find(OwnerRole.objects.get(id=role.id))
        return (found.owner.name if found.owner else "", found.via)

    assert now_it_is() == ("Bob", Via.HOLDER)
    away(here.bob, NOW)  # the last day away counts
    assert now_it_is() == ("Olive", Via.DEPUTY)
    away(here.olive, NOW + DAY)
    assert now_it_is() == ("Lena", Via.LEAD)
    away(here.lena, NOW + DAY)
    assert now_it_is() == ("Alice", Via.MEMBER)
    away(here.alice, NOW + DAY)
    assert now_it_is() == ("Ada", Via.ADMIN)
    away(here.ada, NOW + DAY)
    assert now_it_is() == ("", Via.NOBODY)
    away(here.bob, NOW - DAY)
    assert now_it_is() == ("Bob", Via.HOLDER)


def test_leaders_share_a_role(here: Cast) -> None:
    second = person("Lou", "lou@cedar.localhost", role=Role.LEADER)
    role = OwnerRole.objects.create(slug="leaders", name="District leaders")
    assert {p.name for p in Roster(NOW).find(role).people} == {"Lee", second.name}


# --- feeds ------------------------------------------------------------------------------------------------------------


def test_the_first_ping_starts_the_watch(sync: Sync) -> None:
    actions.ping(sync.feed, **SENT, now=NOW)
    feed = sync.feed.refresh()
    assert (feed.state, feed.last_ping_at) == (Feed.State.ON_TIME, NOW)
    assert feed.expected_at == FOUR_PM + DAY, "today's run, six hours early, stands for today"
    assert feed.alert_at == FOUR_PM + DAY + timedelta(minutes=15)
    run = FeedRun.objects.get()
    assert (run.outcome, run.late_seconds, run.expected_at) == ("ok", None, FOUR_PM)


def test_a_second_run_after_the_deadline_does_not_stand_for_tomorrow(sync: Sync) -> None:
    actions.ping(sync.feed, **SENT, now=FOUR_PM - MINUTE)
    actions.ping(sync.feed, **SENT, now=FOUR_PM + HOUR)
    assert sync.feed.refresh().expected_at == FOUR_PM + DAY


def test_of_two_checks_a_day_each_wants_its_own_run(here: Cast) -> None:
    feed = make_sync(here, terms="checks at 10 AM and 3 PM").feed
    ten, three = NOW, NOW + 5 * HOUR
    actions.ping(feed, **SENT, now=ten - 5 * MINUTE)
    assert feed.refresh().expected_at == three
    actions.ping(feed, **SENT, now=ten + 30 * MINUTE)
    assert feed.refresh().expected_at == three, "another look at half past ten is not the one at three"
    actions.ping(feed, **SENT, now=three - HOUR)
    assert feed.refresh().expected_at == ten + DAY


def test_an_interval_starts_again_with_each_run(here: Cast) -> None:
    feed = make_sync(here, terms="every 60 minutes").feed
    for minutes in (0, 20, 70):
        actions.ping(feed, **SENT, now=NOW + minutes * MINUTE)
        assert feed.refresh().expected_at == NOW + (minutes + 60) * MINUTE


def test_a_ping_inside_the_grace_is_on_time_and_says_how_late(here: Cast, sync: Sync) -> None:
    actions.ping(sync.feed, **SENT, now=NOW - DAY)
    assert sync.feed.refresh().expected_at == FOUR_PM
    actions.ping(sync.feed, **SENT, now=FOUR_PM + 5 * MINUTE)
    assert FeedRun.objects.latest("at").late_seconds == 300
    assert sync.feed.refresh().state == Feed.State.ON_TIME
    sweep(here, FOUR_PM + 30 * MINUTE)
    assert not Escalation.objects.exists()


def test_a_run_that_does_not_come_alerts_both_owners_once_though_two_sweep(here: Cast, sync: Sync) -> None:
    actions.ping(sync.feed, **SENT, now=NOW - DAY)
    late = FOUR_PM + 16 * MINUTE
    sweep(here, late - 2 * MINUTE)
    assert not FeedRun.objects.filter(outcome="missed").exists(), "still inside the grace"
    stale = Feed.objects.get(id=sync.feed.id)
    calendar = calendar_of(here.district, now=late)
    sweep(here, late)
    assert not pings.miss(stale, now=late, calendar=calendar), "a sweep that read the feed before the other is too late"
    sweep(here, late + timedelta(seconds=5))
    missed = FeedRun.objects.get(outcome="missed")
    assert missed.expected_at == FOUR_PM
    feed = sync.feed.refresh()
    assert (feed.state, feed.expected_at) == (Feed.State.LATE, FOUR_PM + DAY)
    for owner in (sync.rosa, sync.dan):
        assert told(owner) == ["Late: Attendance to transportation"]
        mails = Delivery.objects.filter(person=owner, channel="email")
        assert mails.count() == 1
        assert "Mail the list to dispatch." in mails[0].body
        assert "Start the export by hand" in mails[0].body
    assert told(sync.dora) == []
    assert {step.owner for step in Step.objects.select_related("owner")} == {sync.rosa}
    assert "told Rosa, Dan" in missed.refresh().note


def test_a_ping_that_comes_late_ends_the_ladder_and_says_all_clear(here: Cast, sync: Sync) -> None:
    actions.ping(sync.feed, **SENT, now=NOW - DAY)
    sweep(here, FOUR_PM + 16 * MINUTE)
    actions.ping(sync.feed.refresh(), **SENT, now=FOUR_PM + 47 * MINUTE)
    run = FeedRun.objects.filter(outcome="ok").latest("at")
    assert run.late_seconds == 47 * 60
    feed = sync.feed.refresh()
    assert (feed.state, feed.expected_at) == (Feed.State.ON_TIME, FOUR_PM + DAY), "and tomorrow's is still wanted"
    escalation = Escalation.objects.get()
    assert escalation.ended_at == FOUR_PM + 47 * MINUTE
    assert escalation.climb_at is None
    assert not Step.objects.filter(done_at__isnull=True).exists()
    assert told(sync.dan) == ["Late: Attendance to transportation", "Over: Attendance to transportation"]


def test_a_late_ping_that_is_quicker_than_the_sweep_still_alerts_both_owners(here: Cast, sync: Sync) -> None:
    actions.ping(sync.feed, **SENT, now=NOW - DAY)
    actions.ping(sync.feed.refresh(), **SENT, now=FOUR_PM + 47 * MINUTE)
    sweep(here, FOUR_PM + 48 * MINUTE)
    assert told(sync.rosa) == told(sync.dan) == ["Late, and back: Export confirmation"]
    assert not Escalation.objects.exists(), "nobody has to act"
    assert FeedRun.objects.filter(outcome="missed").count() == 1


def test_a_failed_run_alerts_both_owners_and_more_of_the_same_joins_in(here: Cast, sync: Sync) -> None:
    actions.ping(sync.feed, outcome="failed", counts={"rows": 0}, note="disk full", now=NOW)
    assert sync.feed.refresh().state == Feed.State.FAILED
    sweep(here, NOW + MINUTE)
    actions.ping(sync.feed.refresh(), outcome="failed", counts={}, note="still full", now=NOW + 2 * MINUTE)
    sweep(here, NOW + 3 * MINUTE)
    assert Escalation.objects.count() == 1
    assert told(sync.rosa) == told(sync.dan) == ["Failed: Attendance to transportation"]
    assert "disk full" in Delivery.objects.filter(person=sync.dan, channel="email").get().body
    assert not FeedRun.objects.filter(handled_at__isnull=True).exists()
    first, second = FeedRun.objects.order_by("at")
    assert "It happened again" in first.note
    assert "Joined" in second.note


def test_a_feed_that_is_never_pinged_is_not_watched_and_an_inactive_one_neither(here: Cast, sync: Sync) -> None:
    sweep(here, NOW + 30 * DAY)
    actions.ping(sync.feed, **SENT, now=NOW)
    Feed.objects.update(active=False)
    sweep(here, NOW + 30 * DAY)
    assert FeedRun.objects.count() == 1
    assert sync.feed.refresh().alert_at is None, "and is not looked at again"


def test_a_feed_with_terms_nobody_understands_is_still_written_down(sync: Sync) -> None:
    sync.feed.terms = "when the moon is full"
    actions.ping(sync.feed, **SENT, now=NOW)
    assert (sync.feed.refresh().state, sync.feed.expected_at) == (Feed.State.ON_TIME, None)


def test_one_feed_that_breaks_does_not_stop_the_others(here: Cast, sync: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_sync(here, slug="meals")
    for feed in (sync.feed, other.feed):
        actions.ping(feed, **SENT, now=NOW - DAY)
    missed = pings.miss

    def fragile(feed: Feed, **more: Any) -> bool:
        if feed.id == sync.feed.id:
            raise RuntimeError("poison")
        return missed(feed, **more)

    monkeypatch.setattr(pings, "miss", fragile)
    sweep(here, FOUR_PM + HOUR)
    assert told(other.rosa)
    assert sync.feed.refresh().alert_at == FOUR_PM + 2 * HOUR, "put off, to be tried again"


# --- tickets ----------------------------------------------------------------------------------------------------------


def test_a_broken_promise_gives_the_lead_a_notice_and_a_step_once(here: Cast) -> None:
    ticket = a_ticket(here, team=here.transportation)
    breach = a_breach(here, ticket)
    sweep(here, NOW)
    Breach.objects.filter(id=breach.id).update(handled_at=None)
    with pytest.raises(Exception, match="escalation_breach_once"), district_scope(here.district.id):
        climbing.Climber(NOW).begin(Escalation(ladder=climbing.fallback_ladder("tickets"), breach=breach, ticket=ticket))
    Breach.objects.filter(id=breach.id).update(handled_at=NOW)
    sweep(here, NOW + timedelta(seconds=5))
    assert breach.refresh().handled_at
    assert told(here.lena) == [f"Late: #{ticket.number} {ticket.subject}"]
    assert told(here.alice) == []
    step = Step.objects.select_related("owner").get()
    assert (step.title, step.owner, step.due_at) == ("Contact the requester and set a new time", here.lena, NOW + HOUR)
    event = Event.objects.get(ticket=ticket, kind=Event.Kind.ESCALATED)
    assert (event.data["act"], event.data["level"], event.data["people"]) == ("climbed", 1, ["Lena"])


def test_an_hour_later_it_is_with_the_leaders(here: Cast) -> None:
    a_breach(here, a_ticket(here, team=here.transportation))
    sweep(here, NOW)
    escalation = Escalation.objects.get()
    assert (escalation.level, escalation.climb_at) == (1, NOW + HOUR)
    sweep(here, NOW + 59 * MINUTE)
    assert told(here.lee) == []
    sweep(here, NOW + HOUR)
    sweep(here, NOW + HOUR)
    assert len(told(here.lee)) == 1
    assert (escalation.refresh().level, escalation.climb_at) == (2, None)


def test_a_ticket_that_is_resolved_is_not_climbed_for(here: Cast) -> None:
    ticket = a_ticket(here, team=here.transportation)
    a_breach(here, ticket)
    sweep(here, NOW)
    tickets.resolve(ticket, by=here.alice, now=NOW + MINUTE)
    sweep(here, NOW + 2 * MINUTE)
    escalation = Escalation.objects.get()
    assert escalation.ended_at == NOW + 2 * MINUTE
    sweep(here, NOW + 2 * HOUR)
    assert told(here.lee) == []
    step = Step.objects.get()
    assert step.done_at
    assert step.done_by is None
    assert step.evidence == "The ticket is resolved."


def test_a_breach_of_a_ticket_resolved_meanwhile_calls_nobody(here: Cast) -> None:
    ticket = a_ticket(here, team=here.transportation)
    breach = a_breach(here, ticket)
    tickets.resolve(ticket, by=here.alice, now=NOW)
    sweep(here, NOW)
    assert breach.refresh().handled_at
    assert not Escalation.objects.exists()


def test_the_words_of_a_sensitive_ticket_stay_inside_and_whoever_gets_its_step_may_read_it(here: Cast) -> None:
    ticket = a_ticket(here, text="my son is not well", team=here.safety, service=here.counseling)
    a_breach(here, ticket)
    sweep(here, NOW)  # the safety team has nobody: an administrator stands in
    notice = Delivery.objects.filter(person=here.ada, channel="email").get()
    assert f"#{ticket.number}" in notice.subject
    assert "not well" not in notice.subject + notice.body
    from tickets.queries import is_participant

    assert is_participant(ticket, here.ada)


# --- ladders ----------------------------------------------------------------------------------------------------------


def begun(cast: Cast, sync: Sync) -> Escalation:
    actions.ping(sync.feed, outcome="failed", counts={}, note="", now=NOW)
    sweep(cast, NOW)
    found: Escalation = Escalation.objects.get()
    return found


def test_a_ladder_climbs_by_its_own_times(here: Cast, sync: Sync) -> None:
    escalation = begun(here, sync)
    assert (escalation.level, escalation.climb_at) == (1, NOW + 15 * MINUTE)
    sweep(here, NOW + 15 * MINUTE)
    assert (escalation.refresh().level, escalation.climb_at) == (2, NOW + HOUR)
    assert len(told(sync.dan)) == 2
    assert told(sync.dora) == []
    sweep(here, NOW + HOUR)
    assert (escalation.refresh().level, escalation.climb_at) == (3, None)
    assert [(s.level, s.owner.name, s.due_at) for s in Step.objects.select_related("owner").order_by("level", "order")] == [
        (1, "Rosa", NOW + 30 * MINUTE), (1, "Rosa", NOW + 30 * MINUTE), (2, "Dan", NOW + 45 * MINUTE), (3, "Dora", NOW + 90 * MINUTE),
    ]  # fmt: skip


def test_acknowledging_stops_the_climb_until_the_step_is_due(here: Cast, sync: Sync) -> None:
    escalation = begun(here, sync)
    assert actions.acknowledge(escalation.id, by=sync.rosa, now=NOW + 5 * MINUTE)
    assert not actions.acknowledge(escalation.id, by=sync.dan, now=NOW + 6 * MINUTE), "one has it"
    sweep(here, NOW + 29 * MINUTE)
    assert escalation.refresh().level == 1
    sweep(here, NOW + 30 * MINUTE)  # the steps were due, and are not done
    assert (escalation.refresh().level, escalation.acknowledged_at) == (2, None)
    assert escalation.climb_at == NOW + 75 * MINUTE, "the next rung gets the 45 minutes that the ladder gives it"


def test_acknowledging_late_gives_the_steps_their_time_once(here: Cast, sync: Sync) -> None:
    escalation = begun(here, sync)
    sweep(here, NOW + 15 * MINUTE)
    late = NOW + 50 * MINUTE
    assert actions.acknowledge(escalation.id, by=sync.dan, now=late)
    assert escalation.refresh().climb_at == late + 30 * MINUTE
    assert not Step.objects.filter(done_at__isnull=True, due_at__lt=late).exists()


def test_at_the_top_an_acknowledgement_that_is_not_kept_is_heard_again(here: Cast, sync: Sync) -> None:
    escalation = begun(here, sync)
    for minutes in (15, 60):
        sweep(here, NOW + minutes * MINUTE)
    actions.acknowledge(escalation.id, by=sync.dora, now=NOW + 61 * MINUTE)
    sweep(here, NOW + 3 * HOUR)
    sweep(here, NOW + 4 * HOUR)
    assert told(sync.dora) == ["Failed: Attendance to transportation", "Still open: Attendance to transportation"]
    assert (escalation.refresh().climb_at, escalation.ended_at) == (None, None)


def test_a_step_is_done_only_with_evidence_and_the_last_one_ends_the_ladder(here: Cast, sync: Sync) -> None:
    escalation = begun(here, sync)
    first, second = Step.objects.order_by("order")
    for nothing in ("", "  \n ", "\0"):
        with pytest.raises(actions.EvidenceMissing):
            actions.complete(first.id, by=sync.rosa, evidence=nothing, now=NOW)
    assert actions.complete(first.id, by=sync.rosa, evidence="Started at 10:03, 412 rows", now=NOW + 3 * MINUTE)
    assert not actions.complete(first.id, by=sync.dan, evidence="me too", now=NOW + 4 * MINUTE), "twice is once"
    assert escalation.refresh().ended_at is None
    assert actions.complete(second.id, by=sync.dan, evidence="Log is clean", now=NOW + 5 * MINUTE)
    assert (escalation.refresh().ended_at, escalation.climb_at) == (NOW + 5 * MINUTE, None)
    assert (first.refresh().evidence, first.done_by) == ("Started at 10:03, 412 rows", sync.rosa)
    note = FeedRun.objects.get().note
    assert "Rosa did: Start the export by hand: Started at 10:03, 412 rows" in note
    sweep(here, NOW + 5 * HOUR)
    assert told(sync.dora) == []


def test_when_a_rung_has_nobody_it_climbs_at_once_and_says_so(here: Cast, sync: Sync) -> None:
    Membership.objects.filter(role=Role.ADMIN).delete()
    away(sync.rosa, NOW + DAY)
    escalation = begun(here, sync)
    assert (escalation.level, escalation.climb_at) == (2, NOW + HOUR)
    mail = Delivery.objects.filter(person=sync.dan, channel="email").get().body
    assert "Nobody could be found for rung 1 (Clerk)" in mail
    assert {(s.level, s.owner.name) for s in Step.objects.select_related("owner")} == {(1, "Dan"), (2, "Dan")}
    assert "rung 1 (Clerk): nobody could be found" in FeedRun.objects.get().note


def test_an_alert_that_nobody_can_hear_is_tried_again(here: Cast, sync: Sync) -> None:
    Membership.objects.filter(role__in=[Role.ADMIN, Role.LEADER]).delete()
    for someone in (sync.rosa, sync.dan, sync.dora):
        away(someone, NOW + DAY)
    escalation = begun(here, sync)
    assert (escalation.level, escalation.climb_at) == (0, NOW + HOUR)
    assert FeedRun.objects.get().note.count("nobody could be found") == 3
    Person.objects.filter(id=sync.dora.id).update(away_until=None)
    sweep(here, NOW + HOUR)
    assert escalation.refresh().level == 3
    assert told(sync.dora)
    assert Step.objects.filter(owner=sync.dora).count() == 4, "the work of the rungs passed over is hers"


def test_a_process_without_a_ladder_falls_back_on_the_districts_own(here: Cast, sync: Sync) -> None:
    Rung.objects.all().delete()
    escalation = begun(here, sync)
    assert escalation.ladder.slug == "feeds"
    assert told(sync.rosa)
    assert told(sync.dan)
    sweep(here, NOW + HOUR)
    assert told(here.lee)


def test_trouble_long_after_the_top_was_reached_begins_a_new_ladder(here: Cast, sync: Sync) -> None:
    escalation = begun(here, sync)
    for minutes in (15, 60):
        sweep(here, NOW + minutes * MINUTE)
    actions.ping(sync.feed.refresh(), outcome="failed", counts={}, note="", now=NOW + DAY)
    sweep(here, NOW + DAY)
    assert escalation.refresh().ended_at == NOW + DAY
    newest = Escalation.objects.latest("began_at")
    assert (newest.level, newest.ended_at) == (1, None)
    assert len(told(sync.rosa)) == 2


def test_notices_speak_the_persons_language_and_a_rung_may_wake(here: Cast, sync: Sync) -> None:
    Rung.objects.filter(level=1).update(wakes=True)
    begun(here, sync)
    assert set(Delivery.objects.filter(purpose="notice", channel="email").values_list("wakes", flat=True)) == {True}


def test_the_task_sweeps_every_district_and_one_that_cannot_be_swept_stops_nobody(here: Cast, oak: Cast, sync: Sync) -> None:
    actions.ping(sync.feed, outcome="failed", counts={}, note="", now=NOW)
    with district_scope(oak.district.id):
        theirs = make_sync(oak)
        actions.ping(theirs.feed, outcome="failed", counts={}, note="", now=NOW)
    District.objects.filter(id=oak.district.id).update(time_zone="Mars/Olympus")
    tasks.sweep()
    assert told(sync.rosa)
    assert Escalation.objects.get().level == 1


# --- two sweeps at once -----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_four_sweeps_at_once_tell_everybody_once(cedar: Cast) -> None:
    with district_scope(cedar.district.id):
        syncs = [make_sync(cedar, slug=f"process-{n}") for n in range(6)]
        for one in syncs:
            actions.ping(one.feed, **SENT, now=NOW - DAY)
        for _ in range(12):
            a_breach(cedar, a_ticket(cedar, team=cedar.transportation))
        climbing.fallback_ladder("tickets")
    gate = threading.Barrier(4)

    def at_once() -> None:
        gate.wait(10)
        sweep(cedar, FOUR_PM + 20 * MINUTE)

    in_threads(4, at_once)
    sweep(cedar, FOUR_PM + 20 * MINUTE)  # what all of them had to leave to one another
    with district_scope(cedar.district.id):
        assert FeedRun.objects.filter(outcome="missed").count() == 6
        assert Escalation.objects.count() == 18
        assert Event.objects.filter(kind=Event.Kind.ESCALATED).count() == 12
        assert len(told(cedar.lena)) == 12
        assert Step.objects.filter(owner=cedar.lena).count() == 12
        for one in syncs:
            assert len(told(one.rosa)) == len(told(one.dan)) == 1


def in_threads(count: int, work: Callable[[], None]) -> None:
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  whatever a thread raises is the test's to tell
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failed


def test_nothing_crosses_into_the_other_district(here: Cast, oak: Cast, sync: Sync) -> None:
    with district_scope(oak.district.id):
        theirs = make_sync(oak)
        actions.ping(theirs.feed, outcome="failed", counts={}, note="", now=NOW)
    sweep(here, NOW)
    assert not Escalation.objects.exists()
    with district_scope(oak.district.id):
        assert FeedRun.objects.filter(handled_at__isnull=True).count() == 1
        sweep(oak, NOW)
        assert told(theirs.rosa)
    assert told(sync.rosa) == []
