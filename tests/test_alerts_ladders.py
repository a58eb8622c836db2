"""A promise of an alert that is not kept begins the ladder that the district has set for it, once."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.urls import reverse

from alerts import actions, climbing, tree, watching
from alerts.models import Alert, PhoneCall
from alerts.policies import policy_here
from delivery.models import Delivery
from districts.models import ContactPoint
from districts.queries import forget_districts
from districts.scope import district_scope
from incidents.models import Offer
from incidents.sweep import look_at_feeds
from ownership import actions as steps
from ownership.ladders.collecting import climb, collect_runs
from ownership.models import Escalation, FeedRun, Ladder, OwnerRole, Process, Rung, Step
from tests.alerting import delivered, families, letters, sent, watched
from tests.conftest import NOW, Cast, sign_in

MINUTE = timedelta(minutes=1)
QUARTER, HALF = NOW + 15 * MINUTE, NOW + 30 * MINUTE


@pytest.fixture(autouse=True)
def _fresh() -> None:
    forget_districts()


@pytest.fixture
def row(here: Cast) -> Process:
    """A row of the matrix with a ladder of the district's own: Olive at once, Lee 20 minutes later."""
    policy = policy_here()
    policy.owner_role = OwnerRole.objects.create(slug="safety", name="Safety Coordinator", holder=here.olive)
    second = OwnerRole.objects.create(slug="assistant", name="Assistant Superintendent", holder=here.lee)
    ladder = Ladder.objects.create(slug="safety-alerts", name="Safety alerts")
    loud = {"channels": ["inapp", "email", "voice"], "wakes": True}
    Rung.objects.create(ladder=ladder, level=1, role=policy.owner_role, actions=["Read the report"], **loud)
    Rung.objects.create(ladder=ladder, level=2, after_minutes=20, role=second, actions=["Approve a second message"], **loud)
    made: Process = Process.objects.create(slug="safety", name="Safety alert delivery", primary=policy.owner_role, ladder=ladder)
    policy.process = made
    policy.save()
    return made


def told(person: Any, channel: str = "inapp") -> list[Delivery]:
    return list(Delivery.objects.filter(person=person, channel=channel, subject__contains="Safety alert delivery").order_by("id"))


def test_too_few_reached_begins_the_ladder_and_who_is_told_when_is_what_the_district_set(here: Cast, row: Process) -> None:
    ContactPoint.objects.create(person=here.olive, kind="phone", value="+15095550170")
    people = families(9)
    alert = sent(here.lee)
    delivered(letters(alert, "sms", people[:4]), at=NOW)
    assert watched(alert, now=QUARTER - MINUTE).reach_ladder is None
    alert = watched(alert, now=QUARTER)
    begun = alert.reach_ladder
    assert begun is not None
    assert (begun.ladder.slug, begun.level, begun.process) == ("safety-alerts", 1, row)
    (notice,) = told(here.olive)
    assert "Lockdown: 4 of 10 people were reached within 15 minutes, 95 % were promised." in notice.body
    assert f"/alerts/{alert.id}/" in notice.body
    assert len(told(here.olive, "voice")) == 1
    assert told(here.lee) == []
    climb(here.district.id, now=QUARTER + 19 * MINUTE)
    assert told(here.lee) == []
    climb(here.district.id, now=QUARTER + 20 * MINUTE)
    assert len(told(here.lee)) == 1
    assert list(Step.objects.order_by("level").values_list("title", flat=True)) == ["Read the report", "Approve a second message"]


def test_a_report_that_is_not_signed_begins_it_too_once(here: Cast, row: Process) -> None:
    people = families(19)
    alert = sent(here.lee)
    delivered(letters(alert, people=[*people, here.pat]), at=NOW)
    alert = watched(alert, now=QUARTER)
    assert alert.reach_ladder is None
    for minutes in (29, 30, 31, 45):
        alert = watched(alert, now=NOW + minutes * MINUTE)
    assert alert.report_ladder is not None
    assert Escalation.objects.count() == 1
    assert "nobody has signed the delivery report" in told(here.olive)[0].body
    assert actions.validate(alert, by=here.olive, note="Looked at it.", now=HALF + 20 * MINUTE)
    over = Escalation.objects.get()
    assert over.ended_at == HALF + 20 * MINUTE
    assert Step.objects.get().evidence == "The report is signed."


def test_both_are_seen_to_and_a_new_alert_has_its_own(here: Cast, row: Process) -> None:
    families(3)
    first = watched(sent(here.lee), now=HALF)
    assert first.reach_ladder
    assert first.report_ladder
    second = watched(sent(here.lee), now=HALF)
    assert second.reach_ladder not in (None, first.reach_ladder)
    assert Escalation.objects.count() == 4


def test_it_is_over_when_enough_are_reached_after_all_and_when_the_alert_is_over(here: Cast, row: Process) -> None:
    people = families(1)
    alert = sent(here.lee)
    delivered(letters(alert, people=[here.pat]), at=NOW)
    alert = watched(alert, now=QUARTER)
    call = PhoneCall.objects.get(recipient__person=people[0])
    tree.called(call, by=here.alice, outcome="reached", now=QUARTER + MINUTE)
    watched(alert, now=QUARTER + 2 * MINUTE)
    first = Escalation.objects.get()
    assert first.ended_at == QUARTER + 2 * MINUTE
    assert FeedRun.objects.get().note.endswith("Over. 2 of 2 people are reached now.")
    families(1, first=5)
    other = watched(sent(here.lee), now=HALF)
    assert actions.end(other, by=here.lee, now=HALF + MINUTE)
    assert set(Escalation.objects.filter(ended_at__isnull=True).values_list("id", flat=True)) <= {alert.refresh().report_ladder_id}


@pytest.mark.parametrize("kind", ["test", "ordinary"])
def test_nobody_is_sent_for_where_nothing_has_happened(here: Cast, row: Process, kind: str) -> None:
    families(3)
    watched(sent(here.lee, kind=kind), now=HALF)
    assert not Escalation.objects.exists()


def test_a_district_that_set_nothing_has_a_ladder_to_begin_with(here: Cast) -> None:
    families(2)
    alert = watched(sent(here.lee), now=QUARTER)
    assert alert.reach_ladder
    assert alert.reach_ladder.ladder.slug == climbing.OWN
    own = Process.objects.get(slug=climbing.OWN)
    assert own.terms == policy_here().terms
    shown = sign_in(here.ada, here.district).get(reverse("setup_alerts")).content.decode()
    assert reverse("setup_ladder", args=[climbing.OWN]) in shown
    assert Delivery.objects.filter(channel="inapp", person=here.lee, subject__contains="Emergency alerts").count() == 1


def test_the_run_is_collected_by_nobody_else_and_offers_no_outage(here: Cast, row: Process) -> None:
    families(2)
    watched(sent(here.lee), now=HALF)
    assert collect_runs(here.district.id, now=HALF) == 0
    look_at_feeds(here.district.id, now=HALF)
    assert not Offer.objects.exists()


def test_it_is_shown_on_the_page_of_the_alert(here: Cast, row: Process) -> None:
    families(2)
    alert = watched(sent(here.lee), now=QUARTER)
    lee = sign_in(here.lee, here.district)
    shown = " ".join(lee.get(reverse("alert", args=[alert.id])).content.decode().split())
    assert "Too few were reached in time" in shown
    assert "The ladder “Safety alerts” stands on rung 1 of 2." in shown
    assert "Read the report" in shown
    begun = Escalation.objects.get()
    steps.acknowledge(begun.id, by=here.olive, now=QUARTER)
    assert "Olive has it." in lee.get(reverse("alert", args=[alert.id])).content.decode()
    actions.end(alert, by=here.lee, now=QUARTER)
    shown = lee.get(reverse("alert", args=[alert.id])).content.decode()
    assert "Its ladder is over." in shown
    assert "The alert is over." in shown


@pytest.mark.django_db(databases=["default", "owner"], transaction=True)
def test_two_sweeps_at_the_same_moment_begin_one(cedar: Cast) -> None:
    here = cedar
    with district_scope(here.district.id):
        families(5)
        alert = sent(here.lee)
        Alert.objects.filter(id=alert.id).update(check_at=HALF)
    gate = threading.Barrier(2)

    def look() -> None:
        gate.wait()
        try:
            with district_scope(here.district.id):
                watching.look(Alert.objects.get(id=alert.id), now=HALF)  # past the claim: as if a lease had run out
        finally:
            connections.close_all()

    both = [threading.Thread(target=look) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    with district_scope(here.district.id):
        assert Escalation.objects.count() == 2, "one for the reach, one for the report"
        assert FeedRun.objects.count() == 2
        assert Delivery.objects.filter(channel="inapp", person=here.lee, subject__contains="Emergency alerts").count() == 2
