"""Whom an alert reached, by its terms; the phone tree below them; the report; addresses to be mended; the monthly test."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from alerts import actions, counting, mending, monthly, tree, watching
from alerts.models import Alert, AlertAct, AlertContact, AlertPolicy, AlertRecipient, BadContact, Channel, Outcome, PhoneCall
from alerts.policies import policy_here
from alerts.reach import Reach, Result, Told, any_of, in_time, result
from delivery import actions as delivery
from delivery.models import Delivery, OptOut, Receipt
from districts.models import CalendarDay, ContactPoint, Membership, Person, Role, Site
from districts.queries import calendar_of, forget_calendar, forget_districts
from districts.scope import district_scope, districts_with_work
from ownership.models import Escalation, OwnerRole
from tests.alerting import LATER, delivered, families, letters, refused, sent, watched, written
from tests.conftest import NOW, Cast

MINUTE = timedelta(minutes=1)
QUARTER = NOW + 15 * MINUTE


@pytest.fixture(autouse=True)
def _fresh() -> None:
    forget_districts()


# --- pure ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        (Told("sms", "sent", NOW), Outcome.UNKNOWN),  # taken by the carrier: proves nothing
        (Told("sms", "sent", NOW, receipts={"delivered": NOW}), Outcome.REACHED),
        (Told("sms", "failed", NOW, "30005", {"delivered": NOW}), Outcome.FAILED),
        (Told("email", "sent", NOW), Outcome.REACHED),
        (Told("email", "failed", NOW, "came back 5.1.1"), Outcome.FAILED),
        (Told("email", "pending"), Outcome.UNKNOWN),
        (Told("email", "kept", NOW), Outcome.UNKNOWN),  # never left the house
        (Told("sms", "dead"), Outcome.FAILED),
        (Told("sms", "uncertain", NOW), Outcome.UNKNOWN),
        (Told("sms", "suppressed"), Outcome.LEFT_OUT),
    ],
)
def test_what_a_letter_says_of_its_address(told: Told, outcome: str) -> None:
    assert result(told).outcome == outcome


def test_the_earliest_proof_counts() -> None:
    told = Told("sms", "sent", NOW, receipts={"read": NOW + LATER, "delivered": NOW})
    assert result(told) == Result(Outcome.REACHED, NOW)


@pytest.mark.parametrize(
    ("outcomes", "person"),
    [
        ([], Outcome.NO_CONTACT),
        ([Outcome.FAILED, Outcome.REACHED], Outcome.REACHED),
        ([Outcome.FAILED, Outcome.UNKNOWN], Outcome.UNKNOWN),
        ([Outcome.LEFT_OUT, Outcome.FAILED], Outcome.FAILED),
        ([Outcome.LEFT_OUT], Outcome.LEFT_OUT),
    ],
)
def test_one_address_that_was_reached_is_enough(outcomes: list[str], person: str) -> None:
    assert any_of(outcomes) == person


@pytest.mark.parametrize(
    ("total", "reached", "kept", "percent", "missing"),
    [
        (200, 190, True, 95.0, 0),
        (200, 189, False, 94.5, 1),
        (0, 0, True, 100.0, 0),
        (10000, 9499, False, 94.9, 1),
        (3, 0, False, 0.0, 3),
    ],
)
def test_reach_is_counted_and_never_rounded_up(total: int, reached: int, kept: bool, percent: float, missing: int) -> None:
    reach = Reach(total, reached)
    assert (reach.kept, reach.percent, reach.missing) == (kept, percent, missing)


@pytest.mark.parametrize(
    ("terms", "reached", "kept", "missing"),
    [
        ("99.5 % delivered within 15 minutes", 199, True, 0),
        ("99.5 % delivered within 15 minutes", 198, False, 1),
        ("99.6 % delivered within 15 minutes", 199, False, 1),
        ("100 % delivered within 15 minutes", 199, False, 1),
    ],
)
def test_a_share_of_a_percent_is_judged_by_the_engine(terms: str, reached: int, kept: bool, missing: int) -> None:
    reach = Reach(200, reached, terms)
    assert (reach.kept, reach.missing) == (kept, missing)


@pytest.mark.parametrize(
    ("terms", "reach", "report"),
    [
        ("95 % delivered within 15 minutes, validated within 30", 15 * MINUTE, 30 * MINUTE),
        ("95 % delivered within 2 hours, validated within 3 hours", 120 * MINUTE, 180 * MINUTE),
        ("90 % delivered within 1 business hour", 60 * MINUTE, None),
    ],
)
def test_when_it_is_due_is_what_the_engine_says(here: Cast, terms: str, reach: timedelta, report: timedelta | None) -> None:
    alert = written(here.lee)
    alert.terms, alert.started_at = terms, NOW
    assert watching.reach_due(alert) == NOW + reach
    assert watching.report_due(alert) == (NOW + report if report else None)
    alert.started_at = NOW + timedelta(hours=7)  # 17:00, after hours
    assert watching.reach_due(alert) == alert.started_at + (reach if report else timedelta(hours=15, minutes=30))


def test_where_no_report_is_promised_nobody_is_told_that_it_is_late(here: Cast) -> None:
    families(1)
    alert = sent(here.lee)
    Alert.objects.filter(id=alert.id).update(terms="95 % delivered within 15 minutes")
    assert watched(alert, now=NOW + timedelta(hours=5)).late_told_at is None


def test_in_time_is_by_when_they_were_reached_whenever_we_heard() -> None:
    assert in_time([NOW, QUARTER, QUARTER + MINUTE, None], started=NOW, within=15 * MINUTE) == 2


# --- counting -----------------------------------------------------------------------------------------------------------


def test_receipts_become_reach(here: Cast) -> None:
    people = families(10)
    alert = sent(here.lee)
    delivered(letters(alert, "sms", people[:6]), at=NOW + LATER)
    refused(letters(alert, "sms", people[6:]))
    delivered(letters(alert, "email", people[5:8]), at=NOW + 2 * LATER)
    counting.look(alert, now=NOW + 3 * LATER)
    assert counting.reach_by(alert).reached == 8
    assert counting.reach_by(alert, NOW + LATER).reached == 6
    both = AlertRecipient.objects.get(alert=alert, person=people[5])
    assert (both.channel, both.reached_at) == (Channel.SMS, NOW + LATER), "the first of the two"
    assert AlertRecipient.objects.get(alert=alert, person=people[9]).outcome == Outcome.UNKNOWN, "its mail may still arrive"


def test_a_mail_that_comes_back_later_is_not_reached_any_more(here: Cast) -> None:
    (one,) = families(1)
    alert = sent(here.lee)
    delivered(letters(alert, "email", [one]), at=NOW)
    counting.look(alert, now=NOW)
    refused(letters(alert, people=[one]), error="came back 5.1.1")
    bad = counting.look(alert, now=NOW + LATER)
    assert AlertRecipient.objects.get(alert=alert, person=one).outcome == Outcome.FAILED
    assert {row.channel for row in bad} == {"sms", "email"}


def test_counting_twice_is_counting_once(here: Cast) -> None:
    people = families(4)
    alert = sent(here.lee)
    refused(letters(alert, people=people))
    for _ in range(2):
        watched(alert, now=NOW + LATER)
    assert BadContact.objects.count() == 8


def test_counting_asks_no_more_queries_for_more_people(here: Cast, django_assert_max_num_queries: Any) -> None:
    people = families(300)
    alert = sent(here.lee)
    delivered(letters(alert, people=people), at=NOW)
    with django_assert_max_num_queries(14):
        counting.look(alert, now=NOW)


# --- its terms ----------------------------------------------------------------------------------------------------------


def a_caller(cast: Cast, name: str, site: Site) -> Person:
    person = Person.objects.create(name=name, kind="staff", site=site)
    Membership.objects.create(person=person, team=cast.front_office, role=Role.AGENT)
    ContactPoint.objects.create(person=person, kind="email", value=f"{name.lower()}@cedar.localhost")
    return person


def test_below_the_target_the_phone_tree_begins_by_itself_by_school(here: Cast) -> None:
    oak = Site.objects.create(code="OAK", name="Oak Street Middle")
    sam, kim = a_caller(here, "Sam", here.maple), a_caller(here, "Kim", here.maple)
    at_maple, at_oak = families(4, site=here.maple), families(2, site=oak, first=10)
    alert = sent(here.lee)
    delivered(letters(alert, "email", [here.pat]), at=NOW)
    assert watched(alert, now=QUARTER - MINUTE).tree_at is None
    alert = watched(alert, now=QUARTER)
    assert (alert.in_time, alert.people) == (1, 7)
    assert alert.tree_at == QUARTER
    assert PhoneCall.objects.count() == 6
    assert PhoneCall.objects.filter(caller=sam).count() == PhoneCall.objects.filter(caller=kim).count() == 2
    others = PhoneCall.objects.filter(recipient__person__in=at_oak)
    assert {call.caller.name for call in others if call.caller} <= {"Ada", "Lee"}, "no staff of that school: a leader"
    notices = Delivery.objects.filter(person=sam, purpose="notice")
    assert notices.filter(wakes=True, channel="email", body__contains="2 numbers").count() == 1
    watched(alert, now=QUARTER + MINUTE)
    assert PhoneCall.objects.count() == 6
    assert len(at_maple) == 4


def test_a_target_that_is_kept_calls_nobody(here: Cast) -> None:
    people = families(19)
    alert = sent(here.lee)
    delivered(letters(alert, "sms", people), at=NOW + LATER)
    alert = watched(alert, now=QUARTER)
    assert (alert.in_time, alert.people, alert.tree_at) == (19, 20, None)
    assert AlertAct.objects.get(alert=alert, kind="counted").data == {"people": 20, "reached": 19, "kept": True}


def test_a_late_sweep_judges_by_the_times_of_the_receipts(here: Cast) -> None:
    people = families(19)
    alert = sent(here.lee)
    delivered(letters(alert, "sms", people), at=QUARTER + MINUTE)
    assert watched(alert, now=NOW + 40 * MINUTE).in_time == 0


@pytest.mark.parametrize("kind", ["test", "ordinary"])
def test_a_test_or_an_announcement_calls_nobody_by_itself(here: Cast, kind: str) -> None:
    families(3)
    alert = watched(sent(here.lee, kind=kind), now=QUARTER)
    assert alert.counted_at == QUARTER
    assert not PhoneCall.objects.exists()


def test_a_call_that_reaches_somebody_counts(here: Cast) -> None:
    (one,) = families(1)
    alert = watched(sent(here.lee), now=QUARTER)
    call = PhoneCall.objects.get(recipient__person=one)
    later = QUARTER + 5 * MINUTE
    assert tree.called(call, by=here.alice, outcome="no-answer", now=QUARTER)
    assert tree.called(call, by=here.alice, outcome="reached", now=later)
    assert not tree.called(call, by=here.bob, outcome="voicemail", now=later), "they were reached"
    recipient = AlertRecipient.objects.get(alert=alert, person=one)
    assert (recipient.outcome, recipient.channel, recipient.reached_at) == (Outcome.REACHED, Channel.CALL, later)
    refused(letters(alert, people=[one]))
    watched(alert, now=later + MINUTE)
    assert AlertRecipient.objects.get(alert=alert, person=one).outcome == Outcome.REACHED, "a bounce does not undo a talk"
    acts = AlertAct.objects.filter(alert=alert, kind="called").order_by("at")
    assert [(act.by, act.data["outcome"]) for act in acts] == [(here.alice, "no-answer"), (here.alice, "reached")]


def test_a_wrong_number_is_a_bad_contact(here: Cast) -> None:
    families(1)
    watched(sent(here.lee), now=QUARTER)
    call = PhoneCall.objects.get()
    tree.called(call, by=here.alice, outcome="wrong", now=QUARTER)
    bad = BadContact.objects.get(channel="call", address=call.number)
    assert bad.why == "wrong number"


def test_whoever_takes_a_call_over_has_it(here: Cast) -> None:
    families(1)
    watched(sent(here.lee), now=QUARTER)
    call = PhoneCall.objects.get()
    assert tree.take_over(call, by=here.alice, now=QUARTER)
    assert not tree.take_over(call, by=here.alice, now=QUARTER)
    assert call.refresh().caller == here.alice


def test_the_report_is_signed_once_and_by_whom_is_known(here: Cast) -> None:
    families(1)
    alert = written(here.lee)
    assert not actions.validate(alert, by=here.lee, note="too early", now=NOW)
    alert = sent(here.lee)
    assert actions.validate(alert, by=here.lee, note="All calls made.", now=QUARTER)
    assert not actions.validate(alert, by=here.ada, note="again", now=QUARTER)
    signed = alert.refresh()
    assert (signed.state, signed.validated_by, signed.note) == (Alert.State.VALIDATED, here.lee, "All calls made.")


def test_a_report_of_a_test_that_nobody_signs_is_told_to_leaders_once(here: Cast) -> None:
    role = OwnerRole.objects.create(slug="safety", name="Safety Coordinator", holder=here.olive)
    policy = policy_here()
    policy.owner_role = role
    policy.save()
    families(1)
    alert = watched(sent(here.lee, kind="test"), now=QUARTER)
    asked = Delivery.objects.filter(channel="inapp", subject__startswith="Sign the report")
    assert [row.person for row in asked] == [here.olive]
    watched(alert, now=NOW + 29 * MINUTE)
    late = Delivery.objects.filter(channel="inapp", subject__startswith="Report not signed")
    assert not late.exists()
    for minutes in (30, 31):
        watched(alert, now=NOW + minutes * MINUTE)
    assert {row.person for row in late} == {here.lee, here.ada, here.olive}
    assert late.count() == 3
    assert not Escalation.objects.exists(), "nobody is sent for where nothing has happened"


def test_a_report_that_is_signed_is_not_late(here: Cast) -> None:
    families(1)
    alert = sent(here.lee)
    actions.validate(alert, by=here.lee, note="Looked at it.", now=QUARTER)
    assert watched(alert, now=NOW + 31 * MINUTE).late_told_at is None


def test_an_alert_that_is_over_calls_nobody(here: Cast) -> None:
    families(3)
    alert = sent(here.lee)
    assert actions.end(alert, by=here.lee, now=NOW + LATER)
    assert watched(alert, now=QUARTER).tree_at is None


def test_an_alert_is_found_by_the_sweep_and_left_alone_a_day_later(here: Cast) -> None:
    families(1)
    alert = sent(here.lee)
    assert here.district.id in districts_with_work("alerts")
    assert watched(alert, now=NOW + timedelta(hours=25)).check_at is None
    assert here.district.id not in districts_with_work("alerts")


def test_two_sweeps_at_once_judge_once(here: Cast) -> None:
    families(3)
    alert = sent(here.lee)
    watching.judge(alert, now=QUARTER)
    assert watching.judge(alert, now=QUARTER) is None
    assert tree.begin(alert, now=QUARTER) == 0


# --- bad contacts -------------------------------------------------------------------------------------------------------


@pytest.fixture
def bad(here: Cast) -> BadContact:
    (one,) = families(1)
    delivery.opt_out(channel="email", address="family0@example.org", reason="bounced", now=NOW)
    mending.queue([mending.Bad(one, "email", "family0@example.org", "bounced")], alert=None, now=NOW)
    row: BadContact = BadContact.objects.get()
    return row


def test_it_is_due_in_two_business_days_on_the_school_calendar(here: Cast) -> None:
    (one,) = families(1)
    for day in (4, 5):  # Wednesday and Thursday are closed
        CalendarDay.objects.create(date=datetime(2026, 11, day, tzinfo=UTC).date(), kind="holiday")
    forget_calendar(here.district.id)
    mending.queue([mending.Bad(one, "email", "family0@example.org", "bounced")], alert=None, now=NOW)
    assert BadContact.objects.get().due_at == NOW + timedelta(days=6), "Tuesday 10:00 to Monday 10:00"
    forget_calendar(here.district.id)


def test_a_new_address_takes_the_place_of_the_old(here: Cast, bad: BadContact) -> None:
    with pytest.raises(mending.NotMended, match="no mail address"):
        mending.mend(bad, by=here.alice, address="nonsense", now=NOW)
    with pytest.raises(mending.NotMended, match="Pat Parent"):
        mending.mend(bad, by=here.alice, address="pat@cedar-family.example", now=NOW)
    assert mending.mend(bad, by=here.alice, address=" New@Example.ORG ", now=NOW + LATER)
    points = ContactPoint.objects.filter(person=bad.person, kind="email")
    assert [point.value for point in points] == ["new@example.org"]
    done = bad.refresh()
    assert (done.fixed, done.done_by, done.done_at, done.new_address) == ("mended", here.alice, NOW + LATER, "new@example.org")
    assert not mending.is_right(bad, by=here.bob, now=NOW), "somebody was quicker"


def test_an_address_that_is_right_is_written_to_again(here: Cast, bad: BadContact) -> None:
    assert mending.is_right(bad, by=here.alice, now=NOW)
    assert OptOut.objects.get().lifted_by == here.alice


def test_a_wish_stays_a_wish(here: Cast) -> None:
    (one,) = families(1)
    delivery.opt_out(channel="sms", address="+15095550000", reason="texted STOP", now=NOW)
    mending.queue([mending.Bad(one, "sms", "+15095550000", "texted STOP")], alert=None, now=NOW)
    mending.is_right(BadContact.objects.get(), by=here.alice, now=NOW)
    assert OptOut.objects.get().lifted_at is None


def test_in_the_queue_once_until_it_is_done(here: Cast, bad: BadContact) -> None:
    again = [mending.Bad(bad.person, "email", bad.address, "bounced")]
    mending.queue(again, alert=None, now=NOW)
    assert BadContact.objects.count() == 1
    mending.nobody(bad, by=here.alice, now=NOW)
    mending.queue(again, alert=None, now=NOW)
    assert BadContact.objects.count() == 2


# --- the monthly test ---------------------------------------------------------------------------------------------------


def local(day: int, hour: int = 18, month: int = 11) -> datetime:
    """UTC; 18:00 is 10:00 in Cedar Valley in winter."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


@pytest.fixture
def policy(here: Cast) -> AlertPolicy:
    forget_calendar(here.district.id)
    return monthly.plan(policy_here(), on=True, day=14, at=time(10), now=NOW)


def swept(policy: AlertPolicy, *, now: datetime) -> AlertPolicy:
    monthly.drain(policy.district_id, now=now)
    return policy.refresh()


def test_a_test_is_sent_on_the_next_school_day_once(here: Cast, policy: AlertPolicy) -> None:
    assert policy.test_at == local(16), "the 14th is a Saturday"
    assert not Alert.objects.exists()
    policy = swept(policy, now=local(16))
    alert = Alert.objects.get()
    assert (alert.kind, alert.month, alert.state) == ("test", "2026-11", Alert.State.SENDING)
    assert policy.test_at == local(14, month=12)
    AlertPolicy.objects.update(test_at=local(16), check_at=local(16))
    swept(policy, now=local(16))
    assert Alert.objects.count() == 1


def test_a_sweep_that_comes_by_night_waits_for_the_next_school_day(here: Cast, policy: AlertPolicy) -> None:
    policy = swept(policy, now=local(17, hour=9))  # 1 in the morning
    assert not Alert.objects.exists()
    assert policy.test_at == local(17)


def test_a_day_that_closed_at_short_notice_moves_it(here: Cast, policy: AlertPolicy) -> None:
    CalendarDay.objects.create(date=local(16).date(), kind="closure")
    forget_calendar(here.district.id)
    policy = swept(policy, now=local(16))
    forget_calendar(here.district.id)
    assert not Alert.objects.exists()
    assert policy.test_at == local(17)


def test_a_month_that_ends_without_a_test_is_told_once(here: Cast) -> None:
    policy = monthly.plan(policy_here(), on=False, day=14, at=time(10), now=NOW)
    assert policy.test_at is None
    assert policy.check_at == local(28, hour=17)
    for _ in range(2):
        AlertPolicy.objects.update(check_at=local(28, hour=17))
        policy = swept(policy, now=local(28, hour=17))
    told = Delivery.objects.filter(subject__startswith="No test", channel="inapp")
    assert {row.person for row in told} == {here.lee, here.ada}
    policy.contacts_at = None
    assert monthly._next_look(policy, calendar_of(here.district, now=NOW), now=local(28, hour=17)) == local(29, hour=17, month=12)


def closed_all_month(month: int) -> None:
    days = [datetime(2026, month, 1, tzinfo=UTC).date() + timedelta(days=n) for n in range(31)]
    CalendarDay.objects.bulk_create(CalendarDay(date=day, kind="break") for day in days if day.month == month)


def test_a_month_that_is_all_break_has_no_test_and_nobody_misses_one(here: Cast) -> None:
    closed_all_month(12)
    forget_calendar(here.district.id)
    policy = monthly.plan(policy_here(), on=True, day=14, at=time(10), now=local(30, month=11))
    assert policy.test_at is None
    for day in (14, 20, 29):
        AlertPolicy.objects.update(check_at=local(day, month=12))
        policy = swept(policy, now=local(day, hour=20, month=12))
        assert monthly.overdue_since(policy, now=local(day, hour=20, month=12)) is None
    assert not Alert.objects.exists()
    assert not Delivery.objects.filter(subject__startswith="No test").exists()
    forget_calendar(here.district.id)


def test_a_break_around_the_day_moves_the_test_behind_it(here: Cast) -> None:
    for day in range(10, 21):
        CalendarDay.objects.create(date=datetime(2026, 11, day, tzinfo=UTC).date(), kind="break")
    forget_calendar(here.district.id)
    policy = monthly.plan(policy_here(), on=True, day=10, at=time(10), now=NOW)
    assert policy.test_at == local(23)
    assert monthly.overdue_since(policy, now=local(20, hour=20)) is None
    assert monthly.overdue_since(policy, now=local(23, hour=20)) == local(23)
    forget_calendar(here.district.id)


def test_a_test_that_is_missing_is_shown_to_leaders_until_it_is_sent(here: Cast) -> None:
    forget_calendar(here.district.id)
    policy = policy_here()  # due on the tenth, whether the schedule sends it or somebody does
    assert monthly.overdue_since(policy, now=local(10)) is None
    assert monthly.overdue_since(policy, now=local(10) + timedelta(minutes=61)) == local(10)
    sent(here.lee, kind="test", now=local(11))
    assert monthly.overdue_since(policy, now=local(12)) is None
    assert monthly.overdue_since(policy, now=local(20, month=12)) == local(10, month=12)


def test_a_test_by_hand_counts_for_the_month(here: Cast, policy: AlertPolicy) -> None:
    sent(here.lee, kind="test")
    monthly.plan(policy, on=True, day=14, at=time(10), now=NOW + LATER)
    assert policy.test_at == local(14, month=12)


def test_nothing_of_it_is_seen_next_door(here: Cast, oak: Cast) -> None:
    families(2)
    watched(sent(here.lee), now=QUARTER)
    assert Receipt.objects.count() == 0
    with district_scope(oak.district.id):
        assert not any(model.objects.exists() for model in (PhoneCall, BadContact, AlertContact, AlertAct))
        assert watching.drain(oak.district.id, now=QUARTER) == 0


def test_a_plan_of_a_district_that_never_had_one(here: Cast) -> None:
    policy = policy_here()
    assert monthly.plan(policy, on=True, day=policy.test_day, at=policy.test_time, now=NOW).test_at == local(10)
