"""What rests on people: work done by hand that is asked about until it ends, and what one person alone can do."""

import threading
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from delivery.models import Delivery
from districts.access import actor_for
from districts.models import Person
from districts.scope import district_scope
from ownership.covering import keypersons, overrides, overrides_listed, rotation
from ownership.covering.overrides import NotLikeThat, hours, months_on
from ownership.duty import turns
from ownership.models import (
    Cover,
    Escalation,
    FeedRun,
    Hold,
    Leave,
    Override,
    OverrideReview,
    OverrideUse,
    Step,
)
from tests.conftest import NOW, Cast, a_ticket, person, sign_in
from tests.test_ownership import Sync, in_threads, make_sync
from tests.test_ownership_pages import sign_up
from tickets.models import Event

TODAY = date(2026, 11, 3)
DAY = timedelta(days=1)


@pytest.fixture
def sync(here: Cast) -> Sync:
    return make_sync(here)


def override(by: Person, *, what: str = "Type the changes in again", until: date = date(2026, 12, 3), **more: Any) -> Override:
    values = {"why": "The import drops apartments", "process": None, "minutes": 12, "now": NOW} | more
    return overrides.write_down(what, until=until, by=by, **values)


def asked() -> list[tuple[Any, str]]:
    return [(row.person_id, row.subject) for row in Delivery.objects.filter(channel="email").order_by("id")]


# --- days and minutes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [(date(2026, 1, 31), 1, date(2026, 2, 28)), (date(2026, 11, 30), 3, date(2027, 2, 28)), (date(2026, 12, 1), 1, date(2027, 1, 1)),
     (date(2027, 1, 1), -1, date(2026, 12, 1)), (date(2026, 12, 5), 12, date(2027, 12, 5))],
)  # fmt: skip
def test_months_are_counted_on_the_calendar(day: date, n: int, expected: date) -> None:
    assert months_on(day, n) == expected


def test_work_is_told_in_hours_however_long_it_was() -> None:
    assert [hours(n) for n in (0, 45, 60, 3_000)] == ["0 min", "45 min", "1 h", "50 h"]
    assert hours(1_530) == "25 h 30 min"


@pytest.mark.parametrize(
    ("given", "days"), [("", 180), ("90", 90), ("5", 30), ("9999", 365), ("-3", 180), ("x", 180), ("9" * 9, 180), ("²", 180)]
)
def test_how_far_back_is_bounded(given: str, days: int) -> None:
    assert keypersons.days_of(given) == days


# --- overrides ----------------------------------------------------------------------------------------------------------


def test_it_is_asked_about_when_it_is_due_once_and_weekly_when_it_should_be_over(here: Cast, sync: Sync) -> None:
    row = override(here.alice, process=sync.process, until=date(2026, 12, 20))
    assert row.team == here.transportation
    due = datetime(2026, 12, 3, 9, tzinfo=here.district.zone)
    assert row.review_at == due, "a month on, in the morning there"
    assert overrides.ask(here.district.id, now=due - DAY) == 0
    assert [overrides.ask(here.district.id, now=due), overrides.ask(here.district.id, now=due)] == [1, 0]
    assert asked() == [(sync.rosa.id, "Does it go on by hand? Type the changes in again")], "who answers for the process"
    row.refresh_from_db()
    over = datetime(2026, 12, 21, 9, tzinfo=here.district.zone)
    assert row.review_at == over, "the day after it was to end, if nobody decides"
    assert overrides.ask(here.district.id, now=over) == 1
    row.refresh_from_db()
    assert row.review_at == over + 7 * DAY
    assert overrides.ask(here.district.id, now=over + 7 * DAY) == 1
    assert len(asked()) == 3


def test_the_same_words_on_the_same_day_are_one(here: Cast, sync: Sync) -> None:
    first = override(here.alice)
    assert override(here.alice).id == first.id
    assert override(here.alice, minutes=20, until=date(2026, 11, 20)).id == first.id
    first.refresh_from_db()
    assert (first.minutes, first.until, first.review_at) == (20, date(2026, 11, 20), datetime(2026, 11, 21, 17, tzinfo=UTC))
    others = [override(here.bob), override(here.alice, process=sync.process), override(here.alice, now=NOW + DAY)]
    others += [override(here.alice, what="Other"), override(here.alice, why="Other")]
    assert overrides.review(first.id, verdict="ended", words="", until=None, by=here.lena, now=NOW)
    others.append(override(here.alice))
    assert len({first.id, *(one.id for one in others)}) == 7


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_two_at_once_write_down_one(cedar: Cast) -> None:
    gate, alice = threading.Barrier(2), cedar.alice

    def write() -> None:
        gate.wait(10)
        with district_scope(cedar.district.id):
            override(alice)
            turns.go_on_leave(alice, first=TODAY, last=TODAY, cover=None, by=alice, today=TODAY, now=NOW)
            time.sleep(0.2)  # the other is there before this one is over

    in_threads(2, write)
    with district_scope(cedar.district.id):
        assert (Override.objects.count(), Leave.objects.count()) == (1, 1)


def test_the_same_leave_sent_again_is_one_with_whoever_stands_in_now(here: Cast) -> None:
    lena, day = sign_in(here.lena, here.district), here.district.today(timezone.now())
    given = {"person": str(here.alice.id), "first": day.isoformat(), "last": (day + DAY).isoformat()}
    for more in ({}, {}, {"cover": str(here.bob.id)}):
        assert lena.post(reverse("leave"), given | more).status_code == 302
    assert [leave.cover for leave in Leave.objects.filter(person=here.alice)] == [here.bob]
    assert lena.post(reverse("leave"), given | {"last": day.isoformat()}).status_code == 302
    assert Leave.objects.filter(person=here.alice).count() == 2


def test_without_a_process_the_lead_of_the_team_is_asked(here: Cast) -> None:
    row = override(here.alice, until=TODAY)
    overrides.ask(here.district.id, now=NOW + DAY)
    assert [who for who, _subject in asked()] == [here.lena.id]
    assert overrides.is_late(row, TODAY + DAY)
    assert not overrides.is_late(row, TODAY)


def test_one_that_cannot_be_asked_about_stops_no_other(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = override(here.alice, until=TODAY), override(here.bob, until=TODAY)
    really = overrides._ask

    def ask(row: Override, *rest: Any) -> None:
        if row.id == bad.id:
            raise RuntimeError
        really(row, *rest)

    monkeypatch.setattr(overrides, "_ask", ask)
    now = NOW + DAY
    assert overrides.ask(here.district.id, now=now) == 1
    bad.refresh_from_db()
    good.refresh_from_db()
    assert bad.review_at == now + timedelta(hours=1)
    assert good.review_at == now + 7 * DAY


def test_it_goes_on_for_three_months_at_most_and_with_a_reason(here: Cast) -> None:
    row = override(here.alice)
    for until, words in ((date(2027, 2, 4), "why"), (TODAY, "why"), (None, "why"), (date(2027, 1, 3), "  ")):
        with pytest.raises(NotLikeThat):
            overrides.review(row.id, verdict="keep", words=words, until=until, by=here.lena, now=NOW)
    assert overrides.review(row.id, verdict="keep", words="Import comes in January", until=date(2027, 2, 3), by=here.lena, now=NOW)
    row.refresh_from_db()
    assert (row.until, row.ended_at) == (date(2027, 2, 3), None)
    assert overrides.review(row.id, verdict="system", words="", until=None, by=here.lena, now=NOW)
    assert not overrides.review(row.id, verdict="ended", words="", until=None, by=here.lena, now=NOW), "it is over"
    row.refresh_from_db()
    assert (row.end, row.ended_by, row.review_at) == ("system", here.lena, None)
    assert list(OverrideReview.objects.order_by("at", "id").values_list("verdict", flat=True)) == ["keep", "system"]
    assert overrides.did_it(row, by=here.alice, now=NOW) is None


def test_what_should_be_over_stands_on_top_then_what_costs_most(here: Cast) -> None:
    cheap, dear, late = (override(here.alice, what=what) for what in ("cheap", "dear", "late"))
    Override.objects.filter(id=late.id).update(until=TODAY - DAY)
    overrides.did_it(cheap, by=here.alice, now=NOW)
    overrides.did_it(cheap, by=here.alice, times=20, now=NOW - 40 * DAY)
    overrides.did_it(dear, by=here.bob, times=3, now=NOW)
    listed = overrides_listed.listed(actor_for(here.lee), now=NOW)
    assert [(row.override.what, row.month, row.total, row.times) for row in listed.open] == [
        ("late", 0, 0, 0), ("dear", 36, 36, 3), ("cheap", 12, 252, 21),
    ]  # fmt: skip
    assert (listed.late, listed.month_hours, listed.total_hours) == (1, "48 min", "4 h 48 min")
    assert not overrides_listed.listed(actor_for(here.bob), now=NOW).open, "of other teams, agents see nothing in the list"


def test_written_down_tapped_taken_back_and_decided_on_pages(here: Cast, oak: Cast) -> None:
    alice, bob, lena = (sign_in(who, here.district) for who in (here.alice, here.bob, here.lena))
    page = alice.get(reverse("overrides"))
    until = page.context["form"]["until"].value()
    assert until == months_on(here.district.today(timezone.now()), 1)
    given = {"what": "=Copies the list", "why": "No import", "minutes": 15, "until": until.isoformat(), "process": ""}
    assert alice.post(reverse("overrides"), given | {"until": "2030-01-01"}).status_code == 422
    assert alice.post(reverse("overrides"), given).status_code == 302
    row = Override.objects.get()
    assert (row.person, row.minutes) == (here.alice, 15)
    again = reverse("override_again", args=[row.id])
    assert alice.post(again, {"times": "2"}).status_code == 302
    assert alice.post(again, {"times": "21"}, follow=True).content.decode().count("Once to twenty times") == 1
    use = OverrideUse.objects.get()
    assert (use.times, use.minutes, use.by) == (2, 30, here.alice)
    assert "30 min" in alice.get(reverse("override", args=[row.id])).content.decode()
    assert bob.post(reverse("override_take_back", args=[use.id])).status_code == 404
    review = reverse("override_review", args=[row.id])
    decided = {"verdict": "keep", "until": until.isoformat(), "words": ""}
    assert [who.post(review, decided).status_code for who in (bob, alice, lena)] == [404, 403, 422]
    exported = lena.get(reverse("overrides_csv"))
    assert "'=Copies the list,No import" in exported.content.decode("utf-8-sig")
    assert alice.get(reverse("overrides_csv")).status_code == 403
    assert lena.post(review, {"verdict": "ended"}).status_code == 302
    assert "1 is over" in alice.get(reverse("overrides")).content.decode()
    with district_scope(oak.district.id):
        foreign = override(oak.charlie)
    assert alice.get(reverse("override", args=[foreign.id])).status_code == 404


def test_of_other_teams_nobody_sees_or_logs_any_but_leads_and_whoever_is_asked(here: Cast, sync: Sync) -> None:
    plain, asked_about = override(here.alice), override(here.alice, what="Copies the riders", process=sync.process)
    sign_up(sync.rosa, here)
    use = overrides.did_it(plain, by=here.bob, now=NOW)
    assert use is not None
    bob, rosa, lee = (sign_in(who, here.district) for who in (here.bob, sync.rosa, here.lee))
    page, again = (reverse(name, args=[plain.id]) for name in ("override", "override_again"))
    assert [bob.get(page).status_code, bob.post(again, {"times": "2"}).status_code] == [404, 404]
    assert bob.post(reverse("override_review", args=[plain.id]), {"verdict": "ended"}).status_code == 404
    assert bob.post(reverse("override_take_back", args=[use.id])).status_code == 404, "not even what was logged from there before"
    assert OverrideUse.objects.count() == 1
    assert [rosa.get(page).status_code, lee.get(page).status_code] == [404, 200]
    theirs = reverse("override", args=[asked_about.id])
    assert [rosa.get(theirs).status_code, bob.get(theirs).status_code] == [200, 404]
    assert rosa.post(reverse("override_review", args=[asked_about.id]), {"verdict": "ended"}, follow=True).status_code == 200


def test_the_csv_has_all_of_the_chosen_days_read_piece_by_piece(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overrides_listed, "PIECE", 20)
    monkeypatch.setattr(overrides_listed, "MOST_ENDED", 2)
    ended = [override(here.alice, what=f"ended {n:02}") for n in range(45)]
    Override.objects.update(began_on=TODAY - 60 * DAY, ended_at=NOW - 20 * DAY, end="ended", review_at=None)
    Override.objects.filter(id=ended[0].id).update(ended_at=NOW - 50 * DAY)
    Override.objects.filter(id=ended[1].id).update(began_on=TODAY - 10 * DAY, ended_at=NOW)
    late = override(here.bob, what="late")
    Override.objects.filter(id=late.id).update(began_on=TODAY - 90 * DAY, until=TODAY - DAY)
    for days in (0, 25, 45):
        overrides.did_it(late, by=here.bob, now=NOW - days * DAY)
    period = overrides_listed.Period(TODAY - 40 * DAY, TODAY - 15 * DAY)
    with CaptureQueriesContext(connection) as asked_for:
        rows = list(overrides_listed.in_period(period, now=NOW))
    names = [row.override.what for row in rows]
    assert (names[0], len(names), len(set(names))) == ("late", 44, 44)
    assert not {"ended 00", "ended 01"} & set(names), "over before it, or begun after it"
    assert (rows[0].month, rows[0].total, rows[0].times) == (12, 36, 3)
    assert sum("overrideuse" in query["sql"] for query in asked_for) == 3, "a question for each piece"


def test_days_that_are_none_take_nothing_away(here: Cast) -> None:
    override(here.alice)
    lena, csv = sign_in(here.lena, here.district), reverse("overrides_csv")
    answer = lena.get(csv, {"first": "2026-11-02", "last": "2026-11-01"}, follow=True)
    assert "It ends before it begins" in answer.content.decode()
    assert lena.get(csv, {"first": "2026-11-01", "last": "9999-12-31"}, follow=True).status_code == 200
    assert "These are no days" in lena.get(csv, {"last": "9999-12-31"}, follow=True).content.decode()
    assert "These are no days" in lena.get(csv, {"first": "soon"}, follow=True).content.decode()
    named = lena.get(csv, {"first": "2026-11-01", "last": "2026-11-30"})
    assert "overrides-2026-11-01-2026-11-30.csv" in named["Content-Disposition"]
    assert len(named.content.decode("utf-8-sig").splitlines()) == 2


# --- key persons --------------------------------------------------------------------------------------------------------


def resolved(cast: Cast, by: Person, n: int, *, at: datetime = NOW, service: Any = None) -> None:
    ticket = a_ticket(cast, service=service or cast.bus_late)
    Event.objects.bulk_create([Event(ticket=ticket, kind=Event.Kind.RESOLVED, by=by, at=at) for _n in range(n)])


def thing(things: list[keypersons.Thing], slug: str) -> keypersons.Thing:
    return next(one for one in things if one.slug == slug)


@pytest.mark.parametrize(
    ("alice", "bob", "risky"), [(5, 0, True), (4, 0, False), (8, 2, True), (79, 21, False), (80, 20, True), (5, 5, False)]
)
def test_four_fifths_and_five_times_are_a_risk(alice: int, bob: int, risky: bool) -> None:
    one = keypersons.Thing("service", "x", "X")
    one.did.update({"a": alice, "b": bob})  # type: ignore[dict-item]
    assert one.at_risk is risky


def test_of_each_kind_it_is_counted_who_did_it(here: Cast, sync: Sync) -> None:
    resolved(here, here.alice, 9)
    resolved(here, here.lena, 1)
    resolved(here, here.bob, 50, at=NOW - 200 * DAY)
    run = FeedRun.objects.create(feed=sync.feed, outcome="ok", at=NOW, by=sync.rosa, way="signed", handled_at=NOW)
    Hold.objects.create(run=run, feed=sync.feed, state="released", decided_at=NOW, decided_by=sync.rosa, at=NOW)
    climbed = Escalation.objects.create(ladder=sync.ladder, process=sync.process, feed_run=run, began_at=NOW)
    for order, who in enumerate((sync.rosa, sync.rosa, sync.rosa, sync.dan)):
        Step.objects.create(escalation=climbed, level=1, order=order, title="x", done_at=NOW, done_by=who)
    hand = override(here.alice)
    overrides.did_it(hand, by=here.alice, times=7, now=NOW)

    things = keypersons.gather(now=NOW)
    assert thing(things, "bus-late").did == {here.alice.id: 9, here.lena.id: 1}
    assert thing(things, "attendance").did == {sync.rosa.id: 5, sync.dan.id: 1}
    assert thing(things, str(hand.id)).did == {here.alice.id: 7}
    found = keypersons.register(now=NOW)
    rows = {row.person.name: [(risk.thing.name, risk.others) for risk in row.risks] for row in found.people}
    assert rows == {
        "Alice": [("Late or missing bus", [("Lena", 1)]), ("Type the changes in again", [])],
        "Rosa": [("Attendance to transportation", [("Dan", 1)])],
    }  # fmt: skip


def test_only_somebody_who_was_trained_and_works_here_is_cover(here: Cast) -> None:
    resolved(here, here.alice, 6)
    gone = person("Gone", "gone@cedar.localhost")
    for who, month in ((here.alice, None), (gone, None), (here.lena, date(2026, 12, 1))):
        rotation.plan("service", slug="bus-late", person=who, teacher=None, month=month, by=here.lee, now=NOW)
    found = keypersons.register(now=NOW)
    assert [risk.thing.slug for risk in found.uncovered] == ["bus-late"], "herself, who left, and who is to learn it are none"
    cover = Cover.objects.get(person=here.lena)
    assert rotation.trained(cover.id, by=here.lee, now=NOW)
    assert not keypersons.register(now=NOW).uncovered
    assert found.risks == 1


def test_those_who_are_away_soon_come_first(here: Cast) -> None:
    resolved(here, here.alice, 6)
    resolved(here, here.bob, 9, service=here.password_reset)
    Leave.objects.create(person=here.bob, first=TODAY + 15 * DAY, last=TODAY + 20 * DAY)
    Leave.objects.create(person=here.alice, first=TODAY + 14 * DAY, last=TODAY + 20 * DAY)
    found = keypersons.register(now=NOW)
    assert [(row.person.name, row.leave is not None) for row in found.people] == [("Alice", True), ("Bob", False)]


def test_what_a_district_does_costs_the_same_number_of_statements(here: Cast) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            keypersons.register(now=NOW)
        return len(seen)

    resolved(here, here.alice, 6)
    statements()  # reads the settings of the district, once
    few = statements()
    resolved(here, here.bob, 9, service=here.password_reset)
    resolved(here, here.olive, 9, service=here.counseling)
    assert statements() == few
    assert few < 16


# --- the rotation -------------------------------------------------------------------------------------------------------


def test_the_riskiest_is_proposed_first_to_who_of_the_team_has_least_to_do(here: Cast, sync: Sync) -> None:
    """Of Transportation there are Alice and Lena; of Technology nobody but Bob, so that nothing can be proposed."""
    resolved(here, here.alice, 6)
    resolved(here, here.bob, 30, service=here.password_reset)
    for what in ("a", "b", "c"):
        overrides.did_it(override(here.alice, what=what), by=here.alice, times=8, now=NOW)
    found = keypersons.register(now=NOW)
    made = rotation.proposals(found, now=NOW)
    assert [(one.risk.thing.name, one.learner.name, one.month) for one in made] == [
        ("a", "Lena", date(2026, 12, 1)), ("b", "Lena", date(2026, 12, 1)), ("c", "Lena", date(2027, 1, 1)),
        ("Late or missing bus", "Lena", date(2027, 1, 1)),
    ]  # fmt: skip
    first, by = made[0], here.lee
    slug, teacher = first.risk.thing.slug, first.risk.person
    rotation.plan("override", slug=slug, person=first.learner, teacher=teacher, month=first.month, by=by, now=NOW)
    again = rotation.proposals(keypersons.register(now=NOW), now=NOW)
    assert [(one.risk.thing.name, one.month) for one in again][:2] == [("b", date(2026, 12, 1)), ("c", date(2027, 1, 1))]


def test_the_calendar_shows_what_should_have_been_learnt_and_what_comes(here: Cast) -> None:
    for who, month in ((here.lena, date(2026, 10, 9)), (here.olive, date(2026, 12, 31)), (here.bob, date(2027, 9, 1))):
        rotation.plan("service", slug="bus-late", person=who, teacher=here.alice, month=month, by=here.lee, now=NOW)
    rotation.plan("service", slug="gone", person=here.bob, teacher=None, month=date(2026, 12, 1), by=here.lee, now=NOW)
    shown = [(month.first, [one.cover.person.name for one in month.lessons]) for month in rotation.calendar(now=NOW)]
    assert shown == [
        (date(2026, 10, 1), ["Lena"]), (date(2026, 11, 1), []), (date(2026, 12, 1), ["Olive"]), (date(2027, 1, 1), []),
        (date(2027, 2, 1), []), (date(2027, 3, 1), []), (date(2027, 4, 1), []), (date(2027, 9, 1), ["Bob"]),
    ]  # fmt: skip


def test_leads_plan_move_and_tick_off_cover_on_pages(here: Cast, sync: Sync) -> None:
    now = timezone.now()
    resolved(here, here.alice, 6, at=now - DAY)
    Leave.objects.create(person=here.alice, first=here.district.today(now), last=here.district.today(now))
    lena, alice = sign_in(here.lena, here.district), sign_in(here.alice, here.district)
    page = lena.get(reverse("key_persons")).content.decode()
    assert "1 thing rests on one person, and nobody is trained to stand in" in page
    assert "Away in the next two weeks" in page
    one = lena.get(reverse("key_person", args=[here.alice.id])).content.decode()
    assert "1 thing has no trained cover" in one
    proposed = lena.get(reverse("rotation_planner")).context["proposals"]
    form = proposed[0][1]
    given = {name: form[name].value() for name in ("kind", "slug", "teacher", "person", "month")}
    assert (
        lena.post(reverse("cover"), given | {"person": given["teacher"]}, follow=True).content.decode().count("Somebody else than") == 1
    )
    assert lena.post(reverse("cover"), given | {"slug": "no-such"}).status_code == 404
    assert lena.post(reverse("cover"), given).status_code == 302
    cover = Cover.objects.get()
    assert (cover.person, cover.teacher, cover.planned_for) == (here.lena, here.alice, given["month"])
    later = months_on(given["month"], 2)
    assert lena.post(reverse("cover_move", args=[cover.id]), {"month": later.isoformat()}).status_code == 302
    cover.refresh_from_db()
    assert cover.planned_for == later
    assert lena.post(reverse("cover_trained", args=[cover.id])).status_code == 302
    assert "Whatever rests on one person has somebody" in lena.get(reverse("key_persons")).content.decode()
    assert lena.post(reverse("cover_remove", args=[cover.id])).status_code == 302
    addresses = (reverse("key_persons"), reverse("rotation_planner"), reverse("key_person", args=[here.alice.id]))
    assert [alice.get(address).status_code for address in addresses] == [403, 403, 403]
    assert lena.get(reverse("key_person", args=[here.pat.id])).status_code == 404
