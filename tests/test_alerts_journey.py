"""An alert to 200 families as it goes on a bad day: some texts fail, some mails come back; the phone tree, and a signed report."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from alerts import handing, watching
from alerts.models import Alert, AlertAct, BadContact, PhoneCall
from alerts.policies import policy_here
from delivery import receipts, sending
from delivery.models import Delivery
from delivery.transports import Outgoing, Sent, Undeliverable
from districts.models import ContactPoint, Membership, Person, Role, Site
from districts.queries import forget_districts
from ownership.models import OwnerRole
from tests.alerting import families
from tests.conftest import Cast, sign_in
from tests.test_alerts_pages import FILLED

MINUTE = timedelta(minutes=1)


class Provider:
    """Takes what it is given; refuses mail to every address of `refuses`."""

    def __init__(self) -> None:
        self.taken: list[Outgoing] = []
        self.refuses: set[str] = set()

    @contextmanager
    def connected(self) -> Iterator[None]:
        yield

    def send(self, message: Outgoing, over: Any) -> Sent:
        if message.address in self.refuses:
            raise Undeliverable("550 5.1.1 no such user")
        self.taken.append(message)
        return Sent(ref=f"SM{len(self.taken):05}")


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    made = Provider()
    for channel in ("sms", "email"):
        monkeypatch.setitem(sending.TRANSPORTS, channel, made)
    sending._rests.clear()
    forget_districts()
    return made


def secretary(cast: Cast, site: Site) -> Person:
    person: Person = Person.objects.create(name=f"Secretary of {site}", kind="staff", site=site)
    Membership.objects.create(person=person, team=cast.front_office, role=Role.AGENT)
    ContactPoint.objects.create(person=person, kind="email", value=f"{site.code.lower()}@cedar.localhost")
    return person


def carrier_tells(provider: Provider, lost: set[str], *, at: datetime) -> None:
    """A status callback for each text."""
    for row in Delivery.objects.filter(purpose="alert", channel="sms", state="sent"):
        status, code = ("undelivered", "30005") if row.address in lost else ("delivered", "")
        receipts.from_sms(row.id, tries=row.tries, ref=row.provider_ref, status=status, code=code, now=at)


def sweep(alert: Alert, *, now: datetime) -> Alert:
    Alert.objects.filter(id=alert.id).update(check_at=now)
    watching.drain(alert.district_id, now=now)
    return alert.refresh()


def test_from_the_button_to_the_signed_report(here: Cast, provider: Provider) -> None:
    oak = Site.objects.create(code="OAK", name="Oak Street Middle")
    callers = {site.id: secretary(here, site) for site in (here.maple, oak)}
    people = [*families(100, site=here.maple), *families(99, site=oak, language="es", first=100)]  # and Pat: 200
    policy = policy_here()
    policy.owner_role = OwnerRole.objects.create(slug="safety", name="Safety Coordinator", holder=here.olive)
    policy.save()
    unlucky = range(0, 199, 13)  # 16 families whom nothing reaches
    lost_numbers = {f"+1509{5550000 + n:07}" for n in unlucky}
    provider.refuses = {f"family{n}@example.org" for n in unlucky}

    lee = sign_in(here.lee, here.district)
    lee.post(reverse("alert_from", args=["lockdown"]), FILLED)
    alert = Alert.objects.get()
    seen = lee.get(reverse("alert", args=[alert.id])).context["seen"]
    for _ in range(2):  # pressed twice
        lee.post(reverse("alert_send", args=[alert.id]), {"word": "200", "seen": seen})
    handing.drain(here.district.id)
    sending.drain(here.district.id)
    start = alert.refresh().started_at
    assert start is not None
    carrier_tells(provider, lost_numbers, at=start + MINUTE)

    assert alert.people == 200
    ours = [message for message in provider.taken if message.purpose == "alert"]
    assert len({message.address for message in ours}) == len(ours) == 399 - 16
    spanish = [message.body for message in ours if message.address == "family150@example.org"]
    assert spanish == [FILLED["es_mail"]]

    alert = sweep(alert, now=start + 15 * MINUTE)
    assert (alert.in_time, alert.people, alert.tree_at) == (184, 200, start + 15 * MINUTE), "92 % of 95"
    calls = list(PhoneCall.objects.select_related("recipient").order_by("id"))
    assert len(calls) == 16
    assert all(call.caller == callers[call.recipient.site_id] for call in calls if call.recipient.site_id)
    assert BadContact.objects.filter(done_at__isnull=True).count() == 32
    assert Delivery.objects.filter(person=here.olive, subject__startswith="Sign the report").exists()

    who = calls[0].caller
    assert who is not None
    for call, outcome in zip(calls, ["reached"] * 14 + ["wrong", "voicemail"], strict=True):
        response = sign_in(here.alice, here.district).post(reverse("alert_called", args=[call.id]), {"outcome": outcome})
        assert response.status_code == 302
    alert = sweep(alert, now=start + 25 * MINUTE)
    page = lee.get(reverse("alert", args=[alert.id])).content.decode()
    assert "99.0 %" in page
    assert "198 of 200 people reached" in page
    assert who.site_id in callers

    olive = sign_in(here.olive, here.district)
    olive.post(reverse("alert_sign", args=[alert.id]), {"note": "Two families left, the counselor drives there."})
    alert = sweep(alert, now=start + 31 * MINUTE)
    assert (alert.state, alert.validated_by, alert.late_told_at) == (Alert.State.VALIDATED, here.olive, None)
    kinds = list(AlertAct.objects.filter(alert=alert).order_by("at", "id").values_list("kind", flat=True).distinct())
    assert {"written", "started", "listed", "sent", "counted", "tree", "called", "validated"} <= set(kinds)
    assert len(people) == 199
    assert timezone.now() >= start
