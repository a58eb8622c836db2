"""Reads of what went out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from delivery.models import Delivery, OptOut, Receipt
from delivery.optouts import BOUNCE_HOLDS, holds
from districts.models import ContactPoint, Person

Channel = Delivery.Channel
NOT_ARRIVED = (Delivery.State.FAILED, Delivery.State.DEAD, Delivery.State.UNCERTAIN)
COUNTED = 100  # the bell looks at no more than the newest so many
LOOK_BACK = timedelta(days=14)
SAID_BOUNCED = "said bounced"  # a receipt's kind: a bounce that proves nothing


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


def doubted(*, now: datetime) -> QuerySet[Receipt]:
    """Letters that left, and of which somebody says that they came back, who may be anybody; the latest first."""
    said = Receipt.objects.filter(kind=SAID_BOUNCED, at__gte=now - LOOK_BACK, delivery__state=Delivery.State.SENT)
    return said.select_related("delivery__person").order_by("-at", "-id")


def sent_from(delivery_id: UUID) -> str:
    """Our number that this text left from; empty where none is noted, or there is no such text."""
    return Delivery.objects.filter(id=delivery_id).values_list("sent_from", flat=True).first() or ""


@dataclass(frozen=True)
class Stopped:
    """An address nobody is written to at, as administrators see it."""

    row: OptOut
    name: str
    why: str
    held_back: int  # messages of the last `LOOK_BACK` that did not go out for it
    again_at: datetime | None  # a bounce ends by itself
    holds: bool


def stopped(*, now: datetime) -> QuerySet[OptOut]:
    """Addresses that are not written to, the latest first; and those lifted in the last `LOOK_BACK`."""
    shown = Q(lifted_at__isnull=True) | Q(lifted_at__gte=now - LOOK_BACK)
    return OptOut.objects.filter(shown).select_related("lifted_by").order_by("-at", "-id")


def told_of(rows: Sequence[OptOut], *, now: datetime) -> list[Stopped]:
    """With whose they are and what was held back: two queries for a page."""
    addresses = [row.address for row in rows]
    points = ContactPoint.objects.filter(value__in=addresses).select_related("person")
    names = {point.value: point.person.name for point in points}
    held = Delivery.objects.filter(state=Delivery.State.SUPPRESSED, created_at__gte=now - LOOK_BACK, address__in=addresses)
    counts = {(channel, to): n for channel, to, n in held.values_list("channel", "address").annotate(n=Count("id")).order_by()}
    return [
        Stopped(
            row=row, name=names.get(row.address, ""), why=why(row), held_back=counts.get((row.channel, row.address), 0),
            again_at=row.at + BOUNCE_HOLDS if row.is_bounce else None, holds=holds(row, now=now),
        )
        for row in rows
    ]  # fmt: skip


def why(row: OptOut) -> str:
    """The reason, for people; as it is written where it is none of ours."""
    code = row.reason.rpartition(" ")[2] if row.reason[-1:].isdigit() else ""
    known = {
        "bounced": _("Mail came back: there is no such mailbox, or it takes nothing."),
        "no such address": _("Mail came back: there is no such address."),
        "unknown number": _("The number is not in service."),
        "cannot take messages": _("The number takes no text messages."),
        "complained": _("Somebody there marked our mail as spam."),
        "marked as spam": _("Somebody there marked our mail as spam."),
        "unsubscribed": _("Somebody there unsubscribed."),
        "opted out": _("Somebody there texted STOP. Only a START from there makes the phone company let texts through again."),
        "asked for no more texts": _("Somebody there asked in their own words for no more texts. A START from there ends that."),
        "texted STOP": _("Somebody there texted STOP. Only a START from there makes the phone company let texts through again."),
    }
    words = known.get(row.reason.removesuffix(f" {code}") if code else row.reason, row.reason)
    return f"{words} ({code})" if code and words != row.reason else words
