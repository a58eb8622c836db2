"""Addresses that turned out bad in any letter of the district, and people with no address at all: found between alerts, too.

Looked for every ten minutes in the letters of a day. What was found once stays found: an address comes back into the queue only for a
letter written, or a bounce heard, after it was closed. What mends itself (another address by the roster, a mail that arrives) is closed
by itself; what was mended is proven by the next letter that arrives there.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from alerts import mending
from alerts.audience import KIND_OF, KINDS
from alerts.mending import NO_CONTACT, NO_NUMBER, Bad
from alerts.models import BadContact, Channel
from alerts.reach import PROOFS
from delivery import optouts
from delivery.models import Delivery, OptOut, Receipt
from districts.models import ContactPoint, Person

EVERY = timedelta(minutes=10)
WINDOW = timedelta(days=1)  # a letter fails within it, or hardly ever
PROVED_WITHIN = timedelta(days=60)
SETTLED = timedelta(hours=1)  # a mail that has not come back by then arrived
MOST = 2000  # of each kind at one look
Fixed = BadContact.Fixed
# Of SMTP: no such mailbox, or one that is shut (RFC 3463 X.1.x, X.2.1); 550 to 553 where no such code stands with it.
_NO_MAILBOX = re.compile(r"\b5\.(1\.\d{1,2}|2\.1)\b|^55[0-3] (?!5\.)")
# Of Twilio: no number, no mobile, barred at the carrier, unknown, a landline (twilio.com/docs/api/errors)
_NO_NUMBER = re.compile(r"\b(21211|21217|21614|30004|30005|30006)\b|^call invalid$")


def look(*, now: datetime) -> int:
    """In the district in scope; returns how many were found bad."""
    found = mending.queue(_known_bad(now), alert=None, now=now) + mending.queue(_failed(now), alert=None, now=now)
    found += mending.queue(_without(), alert=None, now=now)
    _gone(now=now)
    _proven(now=now)
    return found


def is_bad(channel: str, error: str) -> bool:
    """Is it the address that is at fault, and for good?"""
    return bool((_NO_MAILBOX if channel == Channel.EMAIL else _NO_NUMBER).search(error))


# --- found --------------------------------------------------------------------------------------------------------------


def _known_bad(now: datetime) -> Iterator[Bad]:
    """Addresses nobody is written to at, because something came back from there."""
    rows = [
        row for row in OptOut.objects.filter(lifted_at=None).order_by("-at")[:MOST] if row.is_bounce and optouts.holds(row, now=now)
    ]
    yield from _whose((row.channel, row.address, row.reason, row.at) for row in rows)


def _failed(now: datetime) -> Iterator[Bad]:
    lost = Delivery.objects.filter(created_at__gte=now - WINDOW, state=Delivery.State.FAILED, channel__in=list(KIND_OF))
    rows = lost.order_by("-created_at").values_list("channel", "address", "error", "created_at")[:MOST]
    yield from _whose(row for row in rows if is_bad(row[0], row[2]))


def _whose(rows: Iterable[tuple[str, str, str, datetime]]) -> Iterator[Bad]:
    """People of the addresses, where this was not seen to since. (channel, address, why, when)"""
    told = {(channel, address): (why, at) for channel, address, why, at in rows if channel in KIND_OF}
    points = ContactPoint.objects.filter(value__in={address for _channel, address in told}, person__merged_into__isnull=True)
    people = {(point.kind, point.value): point.person for point in points.select_related("person")}
    seen = _seen(told)
    for (channel, address), (why, at) in told.items():
        person = people.get((KIND_OF[channel], address))
        if person and at > seen.get((person.id, channel, address), at - WINDOW):
            yield Bad(person, channel, address, why)


def _seen(told: Collection[tuple[str, str]]) -> dict[tuple[UUID, str, str], datetime]:
    """(person, channel, address) → when it was closed, the last time."""
    rows = BadContact.objects.filter(address__in={address for _channel, address in told}).order_by("done_at")
    closed = rows.values_list("person_id", "channel", "address", "done_at")
    return {(person_id, channel, address): at for person_id, channel, address, at in closed if at}


def _without() -> Iterator[Bad]:
    """Families nobody can reach, unless somebody found that there is nothing to be had."""
    kinds = KINDS["family"][1]
    anything = ContactPoint.objects.filter(person=OuterRef("id"))
    known = BadContact.objects.filter(person=OuterRef("id"), address="").filter(Q(done_at__isnull=True) | Q(fixed=Fixed.NOBODY))
    rows = Person.objects.filter(~Exists(anything), ~Exists(known), kind__in=kinds, merged_into__isnull=True).order_by("id")
    yield from (Bad(person, Channel.CALL, "", NO_CONTACT) for person in rows[:MOST])


# --- over ---------------------------------------------------------------------------------------------------------------


def _gone(*, now: datetime) -> None:
    """The address is no longer theirs, or they have one now: by the roster, or on their page."""
    theirs = ContactPoint.objects.filter(person=OuterRef("person"))
    waiting = BadContact.objects.filter(done_at__isnull=True)
    changed = waiting.exclude(address="").filter(~Exists(theirs.filter(value=OuterRef("address"))))
    reachable = waiting.filter(Exists(theirs), address="", why=NO_CONTACT)
    called = waiting.filter(Exists(theirs.filter(kind=ContactPoint.Kind.PHONE)), address="", why=NO_NUMBER)
    for rows in (changed, reachable, called):
        rows.update(fixed=Fixed.GONE, done_at=now)


def _proven(*, now: datetime) -> None:
    """Letters of the day that arrived where something was mended, or was thought bad."""
    mended = BadContact.objects.filter(proved_at__isnull=True, done_at__gte=now - PROVED_WITHIN, fixed__in=[Fixed.MENDED, Fixed.RIGHT])
    for row in _arrived(mended, now=now):
        BadContact.objects.filter(id=row[0]).update(proved_at=row[1])
    for row in _arrived(BadContact.objects.filter(done_at__isnull=True).exclude(address=""), now=now):
        BadContact.objects.filter(id=row[0], done_at__isnull=True).update(fixed=Fixed.RIGHT, done_at=now, proved_at=row[1])


def _arrived(rows: QuerySet[BadContact], *, now: datetime) -> Iterator[tuple[UUID, datetime]]:
    """(entry, when a letter arrived at its address), of letters written after it was found, or mended."""
    waiting = {(row.now_at, row.kind): row for row in rows.order_by("-found_at")[:MOST]}
    if not waiting:
        return
    sent = Delivery.objects.filter(
        created_at__gte=now - WINDOW, state=Delivery.State.SENT, address__in={address for address, _kind in waiting}
    )
    proofs = Receipt.objects.filter(delivery=OuterRef("id"), kind__in=PROOFS)
    settled = Q(channel=Channel.EMAIL, sent_at__lte=now - SETTLED)
    letters = sent.filter(Exists(proofs) | settled).order_by("-sent_at")
    for channel, address, written, sent_at in letters.values_list("channel", "address", "created_at", "sent_at"):
        row = waiting.get((address, KIND_OF.get(channel, "")))
        if row and sent_at and written > (row.done_at or row.found_at):
            yield row.id, sent_at
