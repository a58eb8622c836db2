"""An alert leaves: once, to each address once, before all others, and to nobody who wished otherwise."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from alerts import actions, audience, drafts, handing
from alerts.audience import Audience
from alerts.models import Alert, AlertAct, AlertContact, AlertRecipient, Outcome
from alerts.policies import policy_here
from delivery import actions as delivery
from delivery import sending
from delivery.models import Delivery
from districts.models import ContactPoint, Person, Site
from districts.queries import forget_districts
from districts.scope import district_scope
from tests.alerting import FAMILIES, WORDS, families, letters, sent, written
from tests.conftest import NOW, Cast


@pytest.fixture(autouse=True)
def _fresh() -> None:
    sending._rests.clear()
    forget_districts()


def test_everybody_is_written_to_once_per_address_in_their_own_language(here: Cast) -> None:
    english, spanish = families(3), families(2, language="es", first=10)
    alert = sent(here.lee)
    assert alert.state == Alert.State.SENT
    assert alert.people == 6, "the five, and Pat"
    found = letters(alert)
    assert Counter(row.address for row in found).most_common(1)[0][1] == 1
    assert {row.body for row in letters(alert, "sms", spanish)} == {WORDS["es"]["text"]}
    assert {row.body for row in letters(alert, "email", english)} == {WORDS["en"]["mail"]}
    assert len(found) == 11


def test_pressed_twice_it_leaves_once(here: Cast) -> None:
    families(3)
    alert = written(here.lee)
    assert actions.start(alert, by=here.lee, now=NOW)
    assert not actions.start(alert, by=here.ada, now=NOW)
    handing.drain(here.district.id)
    handing.drain(here.district.id)
    assert len(letters(alert)) == 7
    assert AlertAct.objects.filter(alert=alert, kind="started").count() == 1


def test_a_worker_that_dies_in_the_middle_loses_nobody_and_doubles_nobody(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    families(30)
    alert = written(here.lee)
    drafts.leave(alert, by=here.lee, now=NOW)
    monkeypatch.setattr(handing, "BATCH", 10)
    with transaction.atomic():
        handing.list_recipients(alert.id, now=NOW)
    handing.hand_over(alert.id, now=NOW)
    with pytest.raises(RuntimeError), transaction.atomic():
        _killed(alert)
    assert len(letters(alert)) == 10
    handing.drain(here.district.id)
    addresses = Counter(row.address for row in letters(alert))
    assert len(addresses) == 61
    assert set(addresses.values()) == {1}
    assert alert.refresh().state == Alert.State.SENT


def _killed(alert: Alert) -> None:
    """A worker that dies when its letters are written, and nothing is committed."""
    handing.hand_over(alert.id, now=NOW)
    raise RuntimeError("killed")


def test_the_recipients_are_listed_once(here: Cast) -> None:
    families(3)
    alert = sent(here.lee)
    assert handing.list_recipients(alert.id, now=NOW) == 0
    person = AlertRecipient.objects.filter(alert=alert)[0].person
    with pytest.raises(IntegrityError), transaction.atomic():
        AlertRecipient.objects.create(alert=alert, person=person, language="en")


def test_who_texted_stop_is_left_out_and_one_sees_who(here: Cast) -> None:
    one, _other = families(2)
    number = ContactPoint.objects.get(person=one, kind="phone").value
    delivery.opt_out(channel="sms", address=number, reason="texted STOP", now=NOW)
    delivery.opt_out(channel="email", address="family1@example.org", reason="bounced", now=NOW)
    counted = audience.count(FAMILIES, kind="emergency", now=NOW)
    assert (counted.people, counted.contacts, counted.barred) == (3, {"sms": 1, "email": 2}, {"sms": 1, "email": 1})
    alert = sent(here.lee)
    left = AlertContact.objects.get(alert=alert, address=number)
    assert (left.outcome, left.why) == (Outcome.LEFT_OUT, "texted STOP")
    assert AlertContact.objects.get(alert=alert, address="family1@example.org").outcome == Outcome.FAILED
    assert number not in {row.address for row in letters(alert)}
    assert Delivery.objects.filter(about=alert.id).count() == 3


def test_who_opts_out_while_it_is_sent_is_not_written_to(here: Cast) -> None:
    families(1)
    sent(here.lee)
    delivery.opt_out(channel="sms", address="+15095550000", reason="texted STOP", now=NOW)
    _taken, rows = sending.claim(here.district.id, now=NOW)
    assert "+15095550000" not in {row.address for row in rows}


def test_it_does_not_wait_for_the_morning(here: Cast) -> None:
    families(2)
    night = NOW + timedelta(hours=14)  # midnight in Cedar Valley
    sent(here.lee, now=night)
    _taken, rows = sending.claim(here.district.id, now=night)
    assert len(rows) == 5


def test_an_alert_goes_before_letters_that_wait_and_leaves_them_a_share(here: Cast) -> None:
    for n in range(120):
        delivery.send(
            channel="email", address=f"p{n}@x.example", body="b", dedupe_key=str(n), purpose="ack", now=NOW - timedelta(hours=1)
        )
    families(100)
    sent(here.lee)
    _taken, rows = sending.claim(here.district.id, now=NOW)
    assert Counter(row.purpose for row in rows) == {"alert": 40, "ack": 10}


def test_where_nothing_else_waits_a_batch_is_full_of_the_alert(here: Cast) -> None:
    """One that is not full ends the drain."""
    families(40)
    sent(here.lee)
    taken, rows = sending.claim(here.district.id, now=NOW)
    assert taken == len(rows) == sending.BATCH
    assert len({row.id for row in rows}) == sending.BATCH


def test_without_an_alert_letters_leave_in_order_by_the_batch(here: Cast) -> None:
    for n in range(60):
        delivery.send(channel="email", address=f"p{n}@x.example", body="b", dedupe_key=str(n), purpose="ack", now=NOW)
    assert len(sending.claim(here.district.id, now=NOW)[1]) == sending.BATCH


def test_whom_it_is_for(here: Cast) -> None:
    oak = Site.objects.create(code="OAK", name="Oak Street Middle")
    families(2, site=here.maple)
    families(3, site=oak, first=10)
    Person.objects.create(name="Gone", kind="family", merged_into=here.pat)
    assert audience.people(FAMILIES).count() == 6
    assert audience.people(Audience(kinds=("family",), sites=(str(oak.id),))).count() == 3
    staff = audience.people(Audience(kinds=(), teams=(str(here.transportation.id),)))
    assert {person.name for person in staff} == {"Alice", "Lena"}
    both = Audience(kinds=("staff",), teams=(str(here.transportation.id),))
    assert audience.people(both).count() == 6, "each once"


def test_people_without_an_address_are_counted_and_named(here: Cast) -> None:
    Person.objects.create(name="No Phone", kind="family")
    assert audience.count(FAMILIES, kind="emergency", now=NOW).nowhere == 1
    alert = sent(here.lee)
    assert AlertRecipient.objects.get(alert=alert, person__name="No Phone").outcome == Outcome.NO_CONTACT


def test_a_second_person_where_the_district_wants_one(here: Cast) -> None:
    policy = policy_here()
    policy.second_person = True
    policy.save()
    alert = written(here.lee)
    with pytest.raises(actions.NeedsSecond):
        actions.start(alert, by=here.lee, now=NOW)
    assert actions.ask_second(alert, by=here.lee, now=NOW) == 1
    assert actions.ask_second(alert, by=here.lee, now=NOW) == 0, "asked once"
    assert {row.channel for row in Delivery.objects.filter(person=here.ada)} == {"inapp", "email"}
    assert actions.start(alert, by=here.ada, now=NOW)
    test = written(here.lee, kind="test")
    assert actions.start(test, by=here.lee, now=NOW), "a test frightens nobody"


def test_what_was_changed_by_the_second_person_needs_the_first(here: Cast) -> None:
    policy = policy_here()
    policy.second_person = True
    policy.save()
    alert = written(here.lee)
    assert actions.change(alert, by=here.ada, kind="emergency", title="Other", words=WORDS, audience=FAMILIES, now=NOW)
    with pytest.raises(actions.NeedsSecond):
        actions.start(alert.refresh(), by=here.ada, now=NOW)


@pytest.mark.parametrize(
    ("words", "given", "said"),
    [
        ({"en": {"text": "Bus [number] is late"}}, FAMILIES, "[number]"),
        ({"en": {"text": " "}}, FAMILIES, "no words"),
        (WORDS, Audience(channels=()), "one way"),
        (WORDS, Audience(kinds=()), "whom"),
    ],
)
def test_what_is_not_ready_does_not_leave(here: Cast, words: Any, given: Audience, said: str) -> None:
    alert = written(here.lee, words=words, audience=given)
    with pytest.raises(actions.NotReady, match=said.replace("[", r"\[").replace("]", r"\]")):
        actions.start(alert, by=here.lee, now=NOW)
    assert alert.refresh().is_draft


def test_a_test_says_first_that_it_is_one(here: Cast) -> None:
    families(1)
    alert = sent(here.lee, kind="test")
    text, mail = letters(alert, "sms")[0], letters(alert, "email")[0]
    assert text.body == f"TEST: {WORDS['en']['text']}"
    assert mail.subject.startswith("[TEST] ")
    assert mail.body.startswith("This is a test.")


def test_nothing_of_it_is_seen_next_door(here: Cast, oak: Cast) -> None:
    families(2)
    sent(here.lee)
    with district_scope(oak.district.id):
        families(2)
        assert not Alert.objects.exists()
        assert not AlertContact.objects.exists()
        assert audience.count(FAMILIES, kind="emergency", now=NOW).people == 3
