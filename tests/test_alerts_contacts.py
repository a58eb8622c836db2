"""Bad addresses: found in any letter of the district, once; a school's to mend; proven by the next letter that arrives."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from alerts import finding, mending, monthly, tree
from alerts.finding import is_bad
from alerts.models import AlertPolicy, BadContact, PhoneCall
from alerts.policies import policy_here
from delivery import actions as delivery
from delivery import receipts, return_path
from delivery.models import Delivery, OptOut, Receipt
from districts.models import ContactPoint, Person, Site
from districts.queries import forget_calendar, forget_districts
from districts.scope import district_scope
from intake.channels import email
from intake.receiving import consequences
from tests.alerting import delivered, families, letters, sent, watched
from tests.conftest import NOW, Cast, sign_in

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MAIL, NUMBER = "family0@example.org", "+15095550000"


@pytest.fixture(autouse=True)
def _fresh() -> None:
    forget_districts()


@pytest.fixture
def family(here: Cast) -> Person:
    """Of Maple Ridge. Pat, who has no telephone, is left out of what is counted."""
    forget_calendar(here.district.id)
    return families(1, site=here.maple)[0]


def letter(channel: str, address: str, *, key: str = "1", at: datetime = NOW) -> Delivery:
    """An answer to a request: no alert."""
    row = delivery.send(channel=channel, address=address, body="b", dedupe_key=key, purpose="reply", now=at)
    Delivery.objects.filter(id=row.id).update(state="sent", sent_at=at, provider_ref=f"SM{key}")
    return Delivery.objects.get(id=row.id)


def bounces(cast: Cast, row: Delivery, *, status: str = "5.1.1", at: datetime = NOW) -> None:
    """A mail server's report (RFC 3464) to the return path of that letter."""
    told = (
        f"Final-Recipient: rfc822; {row.address}\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp; 550 {status} No such user\n"
    )
    back = return_path.address_of(cast.district, row.id)
    raw = (
        f"From: postmaster@mx.example\nTo: {back}\nContent-Type: multipart/report; boundary=b; report-type=delivery-status\n\n"
        f"--b\nContent-Type: text/plain\n\nNo.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        f"{told}\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <{row.message_id}>\n\nHello\n--b--\n"
    )
    arrival = email.read(raw.encode(), return_path="", recipients=(back,))
    consequences.follow(arrival, cast.district, now=at)


def waiting(**of: Any) -> list[BadContact]:
    return list(BadContact.objects.filter(done_at__isnull=True, **of).exclude(person__name="Pat Parent"))


# --- found --------------------------------------------------------------------------------------------------------------


def test_a_mail_that_came_back_from_any_letter_is_one_entry_of_its_school(here: Cast, family: Person) -> None:
    bounces(here, letter("email", MAIL))
    for n in range(3):
        finding.look(now=NOW + n * finding.EVERY)
    (bad,) = waiting()
    assert (bad.person, bad.site, bad.channel, bad.address, bad.alert) == (family, here.maple, "email", MAIL, None)
    assert bad.why.startswith("bounced")
    assert bad.due_at == NOW + 2 * DAY


@pytest.mark.parametrize(("code", "known"), [("30005", True), ("30006", True), ("30003", False), ("30007", False)])
def test_a_number_the_carrier_does_not_know_is_one_entry(here: Cast, family: Person, code: str, known: bool) -> None:
    row = letter("sms", NUMBER)
    for _ in range(2):
        receipts.from_sms(row.id, tries=row.tries, ref="SM1", status="undelivered", code=code, now=NOW)
        finding.look(now=NOW + MINUTE)
    assert [(bad.channel, bad.address) for bad in waiting()] == ([("sms", NUMBER)] if known else [])


def test_of_an_alert_and_of_another_letter_it_is_the_same_entry(here: Cast, family: Person) -> None:
    bounces(here, letter("email", MAIL))
    finding.look(now=NOW)
    alert = sent(here.lee)
    watched(alert, now=NOW + 15 * MINUTE)
    finding.look(now=NOW + 16 * MINUTE)
    assert len(waiting(channel="email")) == 1


@pytest.mark.parametrize(
    ("channel", "error", "bad"),
    [
        ("email", "550 5.1.1 no such user", True), ("email", "came back 5.1.10", True), ("email", "came back 5.2.1", True),
        ("email", "550 no mailbox here", True), ("email", "came back 5.2.2", False), ("email", "550 5.7.1 we do not like you", False),
        ("email", "554 spam", False), ("sms", "21614 'To' number is not a valid mobile number", True), ("sms", "21211 invalid", True),
        ("sms", "Twilio undelivered 30005", True), ("sms", "Twilio undelivered 30007", False), ("sms", "Twilio failed 30008", False),
        ("voice", "call invalid", True), ("voice", "call no-answer", False),
    ],
)  # fmt: skip
def test_only_what_the_address_is_at_fault_for_is_an_address_to_mend(channel: str, error: str, bad: bool) -> None:
    assert is_bad(channel, error) is bad


def test_a_letter_that_was_refused_outright_is_found_and_one_of_nobody_is_not(here: Cast, family: Person) -> None:
    for n, address in enumerate((MAIL, "nobody@example.org")):
        row = letter("email", address, key=str(n))
        Delivery.objects.filter(id=row.id).update(state="failed", error="550 5.1.1 no such user")
    finding.look(now=NOW + MINUTE)
    assert [bad.address for bad in waiting()] == [MAIL]


def test_a_wish_is_no_bad_address(here: Cast, family: Person) -> None:
    delivery.opt_out(channel="sms", address=NUMBER, reason="texted STOP", now=NOW)
    finding.look(now=NOW)
    assert waiting() == []


def test_families_with_no_address_at_all_are_found_once_and_get_either(here: Cast, family: Person) -> None:
    ContactPoint.objects.filter(person=family).delete()
    Person.objects.create(name="Staff", kind="staff")
    for _ in range(2):
        finding.look(now=NOW)
    (bad,) = waiting()
    assert (bad.person, bad.address, bad.why) == (family, "", mending.NO_CONTACT)
    with pytest.raises(mending.NotMended):
        mending.mend(bad, by=here.alice, address="nothing", now=NOW)
    assert mending.mend(bad, by=here.alice, address="New@example.org", now=NOW)
    finding.look(now=NOW)
    assert waiting() == []
    assert ContactPoint.objects.get(person=family).value == "new@example.org"


def test_of_whom_nobody_found_anything_is_not_asked_again(here: Cast, family: Person) -> None:
    ContactPoint.objects.filter(person=family).delete()
    finding.look(now=NOW)
    mending.nobody(waiting()[0], by=here.alice, now=NOW)
    finding.look(now=NOW + DAY)
    assert waiting() == []


# --- over ---------------------------------------------------------------------------------------------------------------


def test_what_was_closed_comes_back_only_for_a_later_failure(here: Cast, family: Person) -> None:
    bounces(here, letter("email", MAIL))
    finding.look(now=NOW)
    mending.nobody(waiting()[0], by=here.alice, now=NOW + MINUTE)
    finding.look(now=NOW + HOUR)
    assert waiting() == []
    delivery.opt_out(channel="email", address=MAIL, reason="bounced 5.1.1", now=NOW + 2 * HOUR)
    finding.look(now=NOW + 2 * HOUR)
    assert len(waiting()) == 1


def test_mending_removes_it_and_the_next_letter_proves_it(here: Cast, family: Person) -> None:
    row = letter("sms", NUMBER)
    receipts.from_sms(row.id, tries=row.tries, ref="SM1", status="undelivered", code="30005", now=NOW)
    finding.look(now=NOW)
    (bad,) = waiting()
    assert mending.mend(bad, by=here.alice, address="509-555-0177", now=NOW + MINUTE)
    finding.look(now=NOW + 2 * MINUTE)
    assert waiting() == []
    assert bad.refresh().proved_at is None
    later = letter("sms", "+15095550177", key="2", at=NOW + HOUR)
    finding.look(now=NOW + HOUR)
    assert bad.refresh().proved_at is None, "taken by the carrier: proves nothing"
    receipts.from_sms(later.id, tries=later.tries, ref="SM2", status="delivered", code="", now=NOW + HOUR)
    finding.look(now=NOW + HOUR + MINUTE)
    assert bad.refresh().proved_at == NOW + HOUR


def test_an_alert_proves_it_too(here: Cast, family: Person) -> None:
    bounces(here, letter("email", MAIL))
    finding.look(now=NOW)
    (bad,) = waiting()
    assert mending.is_right(bad, by=here.alice, now=NOW + MINUTE)
    assert not OptOut.objects.filter(lifted_at=None).exists()
    start = NOW + DAY
    alert = sent(here.lee, now=start, kind="test")
    delivered(letters(alert, "email"), at=start + MINUTE)
    watched(alert, now=start + 15 * MINUTE)
    assert bad.refresh().proved_at == start + MINUTE


def test_it_is_over_by_itself_when_the_roster_brings_another_address_or_a_letter_arrives(here: Cast, family: Person) -> None:
    bounces(here, letter("email", MAIL))
    row = letter("sms", NUMBER, key="2")
    receipts.from_sms(row.id, tries=row.tries, ref="SM2", status="undelivered", code="30006", now=NOW)
    finding.look(now=NOW)
    assert len(waiting()) == 2
    ContactPoint.objects.filter(value=MAIL).delete()
    OptOut.objects.all().delete()
    arrived = letter("sms", NUMBER, key="3", at=NOW + HOUR)
    Receipt.objects.create(delivery=arrived, kind="delivered", at=NOW + HOUR)
    finding.look(now=NOW + HOUR + MINUTE)
    assert waiting() == []
    assert dict(BadContact.objects.filter(person=family).values_list("channel", "fixed")) == {"email": "gone", "sms": "right"}


def test_a_number_that_came_ends_the_entry_of_one_that_was_missing(here: Cast, family: Person) -> None:
    ContactPoint.objects.filter(person=family, kind="phone").delete()
    alert = sent(here.lee)
    tree.begin(alert, now=NOW)
    assert [bad.why for bad in waiting()] == [mending.NO_NUMBER]
    assert not PhoneCall.objects.exists()
    ContactPoint.objects.create(person=family, kind="phone", value=NUMBER)
    finding.look(now=NOW + MINUTE)
    assert waiting() == []


# --- looked for, and shown ----------------------------------------------------------------------------------------------


def test_it_is_looked_for_every_ten_minutes_without_an_alert(here: Cast, family: Person) -> None:
    policy = policy_here()
    assert policy.check_at is not None, "from the first day on"
    bounces(here, letter("email", MAIL))
    AlertPolicy.objects.update(check_at=NOW)
    assert monthly.drain(here.district.id, now=NOW) == 1
    assert len(waiting()) == 1
    assert policy.refresh().check_at == NOW + finding.EVERY
    assert monthly.drain(here.district.id, now=NOW + MINUTE) == 0


def test_looking_costs_the_same_for_many(here: Cast, django_assert_max_num_queries: Any) -> None:
    forget_calendar(here.district.id)
    for n, _one in enumerate(families(60, site=here.maple)):
        delivery.opt_out(channel="email", address=f"family{n}@example.org", reason="bounced", now=NOW)
    with django_assert_max_num_queries(40):
        finding.look(now=NOW)
    assert len(waiting()) == 60


def test_counted_by_school_and_by_how_long_they_wait(here: Cast) -> None:
    forget_calendar(here.district.id)
    oak_street = Site.objects.create(code="OAK", name="Oak Street Middle")
    at_maple, at_oak = families(3, site=here.maple), families(2, site=oak_street, first=10)
    for people, days in ((at_maple, 0), (at_oak[:1], 30), (at_oak[1:], 60)):
        found = [mending.Bad(one, "email", f"{one.id}@example.org", "bounced") for one in people]
        mending.queue(found, alert=None, now=timezone.now() - days * DAY)
    alice = sign_in(here.alice, here.district)
    shown = alice.get(reverse("alert_contacts"), {"whose": "all"})
    names = [(one.name, one.total) for one in shown.context["schools"]]
    assert names == [("Oak Street Middle", 2), ("Maple Ridge Elementary", 3)], "the most overdue first"
    only = alice.get(reverse("alert_contacts"), {"whose": "all", "site": str(oak_street.id)})
    assert {one.row.site for one in only.context["waiting"]} == {oak_street}
    assert alice.get(reverse("alert_contacts"), {"whose": "all", "site": "none"}).context["waiting"] == []
    assert len(alice.get(reverse("alert_contacts"), {"whose": "all", "site": "' OR 1=1"}).context["waiting"]) == 5


def test_those_of_my_school_are_mine(here: Cast) -> None:
    forget_calendar(here.district.id)
    Person.objects.filter(id=here.alice.id).update(site=here.maple)
    (one,) = families(1, site=here.maple)
    mending.queue([mending.Bad(one, "email", MAIL, "bounced")], alert=None, now=NOW)
    assert len(sign_in(here.alice, here.district).get(reverse("alert_contacts")).context["waiting"]) == 1
    assert len(sign_in(here.bob, here.district).get(reverse("alert_contacts")).context["waiting"]) == 0


def test_after_mending_one_stays_at_the_school_one_looked_at(here: Cast, family: Person) -> None:
    mending.queue([mending.Bad(family, "email", MAIL, "bounced")], alert=None, now=NOW)
    given = {"what": "nobody", "whose": "all", "site": str(here.maple.id)}
    response = sign_in(here.alice, here.district).post(reverse("alert_mend", args=[waiting()[0].id]), given)
    assert response["Location"] == f"/alerts/contacts/?whose=all&site={here.maple.id}"


def test_nothing_of_it_is_seen_next_door(here: Cast, oak: Cast, family: Person) -> None:
    bounces(here, letter("email", MAIL))
    with district_scope(oak.district.id):
        finding.look(now=NOW)
        assert not BadContact.objects.filter(address=MAIL).exists()
