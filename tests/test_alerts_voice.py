"""An alert that calls, through the district's own telephone system, counted when somebody answers; and whom nothing reaches."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from alerts import actions, audience, counting, monthly
from alerts.audience import Audience
from alerts.models import Alert, AlertContact, AlertRecipient, BadContact, Outcome, PhoneCall
from alerts.policies import policy_here
from delivery import actions as delivery
from delivery import calls, sending
from delivery.models import Delivery, OptOut
from delivery.transports import voice
from districts.models import ContactPoint, Person
from districts.queries import forget_calendar, forget_districts
from tests.alerting import WORDS, delivered, families, letters, refused, sent, watched, written
from tests.conftest import NOW, Cast, sign_in

MINUTE = timedelta(minutes=1)
ALL = Audience(kinds=("family",), channels=("sms", "email", "voice"))


@pytest.fixture(autouse=True)
def _fresh() -> None:
    sending._rests.clear()
    forget_districts()


@pytest.fixture
def rings(here: Cast) -> Cast:
    """Cedar Valley has a telephone system."""
    calls.set_hook("https://calls.example/alert")
    return here


def tell(cast: Cast, row: Delivery, status: str, *, key: str = "", tries: int | None = None) -> int:
    """As the telephone system does."""
    body = json.dumps({"status": status}).encode()
    hook = calls.hook()
    assert hook
    header = calls.signature(key or hook.key, seconds=int(timezone.now().timestamp()), body=body)
    address = reverse("call_receipt", args=[row.id, row.tries if tries is None else tries])
    client = Client(HTTP_HOST=cast.district.host, enforce_csrf_checks=True)
    answer = client.post(address, body, "application/json", headers={"X-Front-Door-Signature": header})
    return answer.status_code


def placed(rows: list[Delivery]) -> None:
    Delivery.objects.filter(id__in=[row.id for row in rows]).update(state="sent", sent_at=NOW)


def person(n: int = 0) -> AlertRecipient:
    found: AlertRecipient = AlertRecipient.objects.get(person__name=f"Family {n:05}")
    return found


# --- the call leaves as a ladder's does ---------------------------------------------------------------------------------


def test_a_call_leaves_by_the_webhook_of_the_ladders_in_each_ones_language(rings: Cast) -> None:
    families(1)
    families(1, language="es", first=1)
    alert = sent(rings.lee, audience=ALL)
    rows = letters(alert, "voice")
    assert {row.address: row.body for row in rows} == {
        "+15095550000": WORDS["en"]["text"], "+15095550001": WORDS["es"]["text"],
    }  # fmt: skip
    _taken, claimed = sending.claim(rings.district.id, now=NOW)
    told = {row.address: json.loads(voice._body(sending.outgoing(row))) for row in claimed if row.channel == "voice"}
    assert {address: body["language"] for address, body in told.items()} == {"+15095550000": "en", "+15095550001": "es"}
    assert told["+15095550001"]["tell"].endswith(f"/notices/hooks/calls/{told['+15095550001']['id']}/0")
    assert told["+15095550001"]["tell"].startswith("http")


def test_of_a_test_a_machine_says_first_and_last_that_it_is_one(rings: Cast) -> None:
    families(1)
    families(1, language="es", first=1)
    spoken = {row.address: row.body for row in letters(sent(rings.lee, audience=ALL, kind="test"), "voice")}
    first = "This is a test. You need not do anything."
    assert spoken["+15095550000"] == f"{first} {WORDS['en']['text']} {first}"
    assert spoken["+15095550001"].startswith("Esto es una prueba")


def test_calls_are_offered_where_there_is_a_telephone_system_alone(here: Cast) -> None:
    lee = sign_in(here.lee, here.district)
    assert "Voice call" not in lee.get(reverse("alert_from", args=["lockdown"])).content.decode()
    alert = written(here.lee, audience=ALL)
    with pytest.raises(actions.NotReady, match="No address for phone calls"):
        actions.start(alert, by=here.lee, now=NOW)
    calls.set_hook("https://calls.example/alert")
    families(2)
    shown = lee.get(reverse("alert_count"), {"kinds": ["family"], "channels": ["voice"], "kind": "emergency"}).content.decode()
    assert "2 voice calls" in shown
    assert actions.start(alert, by=here.lee, now=NOW)


def test_a_district_sets_by_what_alerts_and_tests_go_out(rings: Cast) -> None:
    forget_calendar(rings.district.id)
    ada = sign_in(rings.ada, rings.district)
    terms = "95 % delivered within 15 minutes"
    given = {"terms": terms, "channels": ["sms", "voice"], "test_day": 10, "test_time": "10:00"}
    assert ada.post(reverse("setup_alerts"), given).status_code == 302
    assert ada.post(reverse("setup_alerts"), {**given, "channels": []}).status_code == 422
    assert policy_here().channels == ["sms", "voice"]
    to = sign_in(rings.lee, rings.district).get(reverse("alert_from", args=["lockdown"])).context["to"]
    assert to["channels"].value() == ["sms", "voice"]
    test = monthly.send_test(month="2026-11", by=rings.lee, now=NOW)
    assert test
    assert test.channels == ["sms", "voice"]
    calls.set_hook("")
    other = monthly.send_test(month="2026-12", by=rings.lee, now=NOW)
    assert other
    assert other.channels == ["sms"], "the telephone system is gone: the test leaves by what is left"


# --- what counts --------------------------------------------------------------------------------------------------------


def test_a_call_counts_when_it_was_answered_and_not_when_it_was_placed(rings: Cast) -> None:
    families(1)
    alert = sent(rings.lee, audience=ALL)
    rows = letters(alert, "voice")
    placed(rows)
    counting.look(alert, now=NOW)
    assert person().outcome == Outcome.UNKNOWN
    assert tell(rings, rows[0], "answered") == 204
    counting.look(alert, now=NOW + MINUTE)
    assert (person().outcome, person().channel) == (Outcome.REACHED, "voice")


def test_a_person_reached_by_three_ways_counts_once_and_each_way_counts_its_own(rings: Cast) -> None:
    families(2)
    alert = sent(rings.lee, audience=ALL)
    rows = letters(alert, people=[person().person])
    delivered([row for row in rows if row.channel != "voice"], at=NOW)
    spoken = [row for row in rows if row.channel == "voice"]
    placed(spoken)
    tell(rings, spoken[0], "answered")
    counting.look(alert, now=NOW + MINUTE)
    assert counting.reach_by(alert).reached == 1
    page = sign_in(rings.lee, rings.district).get(reverse("alert", args=[alert.id]))
    ways = {part.name: (part.reach.reached, part.reach.total) for part in page.context["live"].channels}
    assert ways == {"Text": (1, 2), "Email": (1, 3), "Voice call": (1, 2)}


@pytest.mark.parametrize(
    ("status", "bad"), [("no-answer", 0), ("busy", 0), ("voicemail", 0), ("failed", 1), ("invalid", 1)]
)  # fmt: skip
def test_a_call_nobody_took_reached_nobody_and_a_number_that_rings_is_not_to_be_mended(rings: Cast, status: str, bad: int) -> None:
    families(1)
    alert = sent(rings.lee, audience=Audience(kinds=("family",), channels=("voice",)))
    rows = letters(alert, "voice")
    placed(rows)
    assert tell(rings, rows[0], status) == 204
    watched(alert, now=NOW + MINUTE)
    assert person().outcome == Outcome.FAILED
    assert BadContact.objects.filter(channel="voice").count() == bad
    assert OptOut.objects.filter(channel="voice", address="+15095550000").exists() is (status == "invalid")
    assert PhoneCall.objects.filter(recipient=person()).count() == 1, "somebody of the school tries"


def test_a_receipt_is_believed_only_with_the_key_of_the_telephone_system(rings: Cast, oak: Cast) -> None:
    families(1)
    rows = letters(sent(rings.lee, audience=ALL), "voice")
    assert tell(rings, rows[0], "answered", key="of somebody else") == 403
    assert tell(rings, rows[0], "eaten") == 400
    assert tell(oak, rows[0], "answered") == 403
    body = b'{"status": "answered"}'
    hook = calls.hook()
    assert hook
    old = calls.signature(hook.key, seconds=int(timezone.now().timestamp()) - 301, body=body)
    assert not calls.signed(hook.key, old, now=int(timezone.now().timestamp()), body=body)
    assert not calls.signed("", calls.signature("", seconds=1, body=body), now=1, body=body)
    assert Delivery.objects.get(id=rows[0].id).state == "pending"
    deep = b"[" * 100_000
    client = Client(HTTP_HOST=rings.district.host)
    header = calls.signature(hook.key, seconds=int(timezone.now().timestamp()), body=deep)
    address = reverse("call_receipt", args=[rows[0].id, 0])
    assert client.post(address, deep, "application/json", headers={"X-Front-Door-Signature": header}).status_code == 400


# --- STOP ---------------------------------------------------------------------------------------------------------------


def stopped(number: str = "+15095550000") -> None:
    delivery.opt_out(channel="sms", address=number, reason="texted STOP", now=NOW)


def test_whoever_texted_stop_gets_an_emergency_by_the_other_ways(rings: Cast) -> None:
    families(1)
    stopped()
    alert = sent(rings.lee, audience=ALL)
    assert {row.channel for row in letters(alert, people=[person().person])} == {"email", "voice"}
    left = AlertContact.objects.get(alert=alert, channel="sms", address="+15095550000")
    assert (left.outcome, left.why) == (Outcome.LEFT_OUT, "texted STOP")


def test_whoever_texted_stop_and_has_no_other_way_is_called_by_staff_at_once(here: Cast) -> None:
    (one,) = families(1)
    ContactPoint.objects.filter(person=one, kind="email").delete()
    stopped()
    alert = watched(sent(here.lee), now=NOW + MINUTE)
    assert PhoneCall.objects.get().recipient.person == one
    assert alert.tree_at is None, "nobody else is called before the time is up"


@pytest.mark.parametrize("kind", ["test", "ordinary"])
def test_a_machine_calls_nobody_who_texted_stop_but_in_an_emergency(rings: Cast, kind: str) -> None:
    families(2)
    stopped()
    assert audience.count(ALL, kind=kind, now=NOW).barred == {"sms": 1, "email": 0, "voice": 1}
    assert audience.count(ALL, kind="emergency", now=NOW).barred == {"sms": 1, "email": 0, "voice": 0}
    assert [row.address for row in letters(sent(rings.lee, kind=kind, audience=ALL), "voice")] == ["+15095550001"]


def test_who_has_no_way_left_is_counted_before_anything_leaves(rings: Cast) -> None:
    families(2)
    stopped()
    texts = Audience(kinds=("family",), channels=("sms",))
    assert audience.count(texts, kind="emergency", now=NOW).nowhere == 2, "one stopped, and Pat has no number"
    both = Audience(kinds=("family",), channels=("sms", "voice"))
    assert audience.count(both, kind="emergency", now=NOW).nowhere == 1
    assert audience.count(both, kind="test", now=NOW).nowhere == 2


# --- whom nothing reaches -----------------------------------------------------------------------------------------------


def test_whom_no_way_reaches_is_called_at_once_and_each_once(here: Cast) -> None:
    people = families(6)
    nobody = Person.objects.create(name="No Way", kind="family")
    alert = sent(here.lee)
    refused(letters(alert, people=people[:2]))
    refused(letters(alert, "sms", people[2:4]))  # their mail is still on its way
    for minutes in (1, 2, 3):
        watched(alert, now=NOW + minutes * MINUTE)
    assert {call.recipient.person for call in PhoneCall.objects.all()} == set(people[:2])
    assert BadContact.objects.filter(person=nobody, address="").count() == 1
    first = Delivery.objects.filter(purpose="notice", subject__startswith="Phone tree", channel="inapp").count()
    alert = watched(alert, now=NOW + 15 * MINUTE)
    assert PhoneCall.objects.count() == 6
    assert alert.tree_at == NOW + 15 * MINUTE
    told = Delivery.objects.filter(purpose="notice", subject__startswith="Phone tree", channel="inapp").count()
    assert first <= 2, "each caller once"
    assert told > first


def test_calls_are_shared_evenly_however_they_come(here: Cast) -> None:
    people = families(7)
    alert = sent(here.lee)
    for n, one in enumerate(people):
        refused(letters(alert, people=[one]))
        watched(alert, now=NOW + n * MINUTE / 2)
    shares = [PhoneCall.objects.filter(caller=one).count() for one in (here.lee, here.ada)]
    assert sorted(shares) == [3, 4]


@pytest.mark.parametrize("kind", ["test", "ordinary"])
def test_nobody_is_called_at_once_where_nothing_has_happened(here: Cast, kind: str) -> None:
    people = families(2)
    alert = sent(here.lee, kind=kind)
    refused(letters(alert, people=people))
    watched(alert, now=NOW + MINUTE)
    assert not PhoneCall.objects.exists()


def test_the_tree_can_be_begun_for_all_after_the_first_were_called(here: Cast) -> None:
    people = families(3)
    alert = sent(here.lee)
    refused(letters(alert, people=people[:1]))
    watched(alert, now=NOW + MINUTE)
    lee = sign_in(here.lee, here.district)
    shown = " ".join(lee.get(reverse("alert", args=[alert.id])).content.decode().split())
    assert "Phone tree: 1 call to make" in shown
    assert "whom no message reaches" in shown
    assert "Have everybody else called, too" in shown
    lee.post(reverse("alert_tree", args=[alert.id]))
    assert PhoneCall.objects.count() == 3
    assert "Have everybody else called, too" not in lee.get(reverse("alert", args=[alert.id])).content.decode()
    assert Alert.objects.get().tree_at


def test_nothing_is_asked_of_the_demonstrations_own_telephone(rings: Cast, settings: Any) -> None:
    settings.DELIVERY_KEEP = True
    families(1)
    alert = sent(rings.lee, audience=ALL)
    sending.claim(rings.district.id, now=NOW)
    assert {row.state for row in letters(alert)} == {"kept"}
