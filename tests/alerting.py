"""Families to be alerted, and what their providers tell."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from alerts import drafts, handing, watching
from alerts.audience import Audience
from alerts.models import Alert
from delivery.models import Delivery, Receipt
from districts.models import ContactPoint, Person, Site
from districts.queries import this_district
from tests.conftest import NOW

WORDS = {
    "en": {"subject": "Lockdown at Maple", "text": "Lockdown at Maple. Stay away.", "mail": "Maple is in lockdown. Stay away."},
    "es": {"subject": "Cierre en Maple", "text": "Cierre en Maple. No venga.", "mail": "Maple está cerrada. No venga."},
}
FAMILIES = Audience(kinds=("family",))
LATER = timedelta(minutes=1)


def families(count: int, *, site: Site | None = None, language: str = "en", first: int = 0) -> list[Person]:
    """With a phone and a mail address each."""
    numbers = range(first, first + count)
    people = Person.objects.bulk_create(Person(name=f"Family {n:05}", kind="family", site=site, language=language) for n in numbers)
    ContactPoint.objects.bulk_create(
        ContactPoint(person=person, kind=kind, value=value)
        for n, person in zip(numbers, people, strict=True)
        for kind, value in (("phone", f"+1509{5550000 + n:07}"), ("email", f"family{n}@example.org"))
    )
    return list(people)


def written(by: Person | None, *, kind: str = "emergency", audience: Audience = FAMILIES, words: Any = WORDS) -> Alert:
    return drafts.draft(None, by=by, kind=kind, title="Lockdown", words=words, audience=audience, now=NOW)


def sent(by: Person, *, now: datetime = NOW, **more: Any) -> Alert:
    """Started, and all of it handed over."""
    alert = written(by, **more)
    assert drafts.leave(alert, by=by, now=now)
    handing.list_recipients(alert.id, now=now)
    while handing.hand_over(alert.id, now=now):
        pass
    return alert.refresh()


def delivered(rows: Iterable[Delivery], *, at: datetime) -> None:
    """The provider says so."""
    rows = list(rows)
    Delivery.objects.filter(id__in=[row.id for row in rows]).update(state="sent", sent_at=at)
    Receipt.objects.bulk_create(Receipt(delivery=row, kind="delivered", at=at) for row in rows)


def refused(rows: Iterable[Delivery], *, error: str = "Twilio undelivered 30005") -> None:
    Delivery.objects.filter(id__in=[row.id for row in rows]).update(state="failed", error=error)


def letters(alert: Alert, channel: str = "", people: Sequence[Person] | None = None) -> list[Delivery]:
    found = Delivery.objects.filter(about=alert.id, purpose__in=["alert", "bulletin"]).order_by("id")
    found = found.filter(channel=channel) if channel else found
    return list(found.filter(person__in=people) if people is not None else found)


def watched(alert: Alert, *, now: datetime) -> Alert:
    """A sweep comes by."""
    Alert.objects.filter(id=alert.id).update(check_at=now)
    watching.drain(this_district().id, now=now)
    return alert.refresh()
