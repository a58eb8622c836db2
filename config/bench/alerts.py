"""What is measured of alerts: 10,000 families written down and handed over, what providers told of them counted, and the page of it."""

import time
from datetime import datetime, timedelta

from alerts import counting, drafts, handing
from alerts.audience import Audience
from alerts.models import Alert, Kind
from config.bench.data import Place
from delivery.models import Delivery, Receipt
from districts.models import ContactPoint, Person, Site
from districts.scope import district_scope

SCHOOLS = 40
WORDS = {"en": {"subject": "Lockdown", "text": "Lockdown at Maple. Stay away.", "mail": "Maple is in lockdown. Stay away."}}


def families(place: Place, count: int) -> None:
    """With a telephone and a mail address each, at forty schools."""
    with district_scope(place.district.id):
        sites = Site.objects.bulk_create(Site(code=f"A{n:02}", name=f"School {n:02} of the measurement") for n in range(SCHOOLS))
        people = Person.objects.bulk_create(
            (Person(name=f"Family {n:05}", kind="family", site=sites[n % SCHOOLS]) for n in range(count)), batch_size=2000
        )
        points = [
            ContactPoint(person=person, kind=kind, value=value)
            for n, person in enumerate(people)
            for kind, value in (("phone", f"+1509{5550000 + n:07}"), ("email", f"family{n}@alerted.example"))
        ]
        ContactPoint.objects.bulk_create(points, batch_size=4000)


def start(place: Place, *, now: datetime) -> Alert:
    with district_scope(place.district.id):
        alert = drafts.draft(None, by=None, kind=Kind.EMERGENCY, title="Lockdown", words=WORDS, audience=Audience(), now=now)
        drafts.leave(alert, by=None, now=now)
    return alert


def hand_on(place: Place) -> tuple[float, int]:
    """(seconds, letters): from the button until the last letter is queued."""
    began = time.perf_counter()
    letters = handing.drain(place.district.id)
    return time.perf_counter() - began, letters


def count(place: Place, alert: Alert, *, now: datetime) -> float:
    """Seconds of one look after every provider has told of its letters, some of which failed."""
    with district_scope(place.district.id):
        rows = Delivery.objects.filter(about=alert.id)
        rows.update(state=Delivery.State.SENT, sent_at=now)
        told = rows.filter(channel=Delivery.Channel.SMS).values_list("id", flat=True)
        Receipt.objects.bulk_create((Receipt(delivery_id=key, kind="delivered", at=now) for key in told), batch_size=4000)
        lost = list(rows.order_by("id").values_list("id", flat=True)[:1000])
        rows.filter(id__in=lost).update(state=Delivery.State.FAILED, error="Twilio undelivered 30005")
    began = time.perf_counter()
    with district_scope(place.district.id):
        counting.look(alert, now=now + timedelta(minutes=5))
    return time.perf_counter() - began
