"""Reads of what went out."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from delivery.models import Delivery
from districts.models import Person

Channel = Delivery.Channel
NOT_ARRIVED = (Delivery.State.FAILED, Delivery.State.DEAD, Delivery.State.UNCERTAIN)
COUNTED = 100  # the bell looks at no more than the newest so many
LOOK_BACK = timedelta(days=14)


def notices_of(person: Person) -> QuerySet[Delivery]:
    """A person's in-app notices, newest first."""
    return Delivery.objects.filter(person=person, channel=Channel.INAPP).order_by("-created_at", "-id")


def unread(person: Person) -> int:
    """How many of the newest notices are unread. Bounded, since every open page asks once a minute."""
    newest = notices_of(person).values_list("read_at", flat=True)[:COUNTED]
    return sum(read_at is None for read_at in newest)


def kept(*, channel: str = "", address: str = "") -> QuerySet[Delivery]:
    """Mail and SMS that stayed in the house, newest first."""
    found = Delivery.objects.filter(state=Delivery.State.KEPT).select_related("person").order_by("-created_at", "-id")
    if channel:
        found = found.filter(channel=channel)
    return found.filter(address=address) if address else found


def not_arrived(*, now: datetime) -> QuerySet[Delivery]:
    """What was refused, given up, or may not have been sent in the last `LOOK_BACK`, newest first."""
    recent = Delivery.objects.filter(created_at__gte=now - LOOK_BACK, state__in=NOT_ARRIVED)
    return recent.select_related("person").order_by("-created_at", "-id")
