"""Addresses that did not work: a queue with an owner and two business days, until each is mended or known to be right."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from alerts.audience import NO_TESTS
from alerts.models import Alert, AlertContact, BadContact, Channel
from alerts.policies import found_for, policy_here
from delivery import actions as delivery
from delivery.models import OptOut
from districts import contacts
from districts.models import ContactPoint, Person
from districts.queries import calendar_of, person_by_contact, this_district
from sla.clock import due_at
from sla.terms import parse

TERMS = "within 2 business days"
NO_NUMBER, NO_CONTACT = "no number", "no contact"  # why, of people without an address
NOT_BAD = frozenset({"call voicemail", "call busy", "call no-answer", NO_TESTS})  # nobody picked up, or wished so: it may be right
Fixed = BadContact.Fixed


class NotMended(Exception):
    """The text says why."""


@dataclass(frozen=True)
class Bad:
    person: Person
    channel: str
    address: str
    why: str


def queue(found: Iterable[Bad], *, alert: Alert | None, now: datetime) -> int:
    """For whoever mends addresses; one that is in the queue already stays there as it is. Returns how many were found."""
    bad = list(found)
    if not bad:
        return 0
    due = due_at(parse(TERMS), now, calendar_of(this_district(), now=now))
    owner = found_for(policy_here().contacts_role, now=now).owner
    rows = [
        BadContact(person=one.person, site_id=one.person.site_id, channel=one.channel, address=one.address, why=one.why[:200],
                   alert=alert, found_at=now, owner=owner, due_at=due)
        for one in bad
    ]  # fmt: skip
    BadContact.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def queue_contacts(rows: Sequence[AlertContact], *, alert: Alert, now: datetime) -> int:
    """Of an alert: contacts that were not delivered, or are not written to."""
    ids = [row.id for row in rows if row.why not in NOT_BAD]
    found = AlertContact.objects.filter(id__in=ids).select_related("recipient__person")
    return queue([Bad(row.recipient.person, row.channel, row.address, row.why) for row in found], alert=alert, now=now)


def mend(bad: BadContact, *, by: Person, address: str, now: datetime) -> bool:
    """A new address in the place of the one that failed. Raises NotMended. False: somebody was quicker."""
    new = _typed(bad, address)
    if new is None:
        raise NotMended(_("This is no mail address.") if bad.channel == Channel.EMAIL else _("This is no phone number."))
    holder = person_by_contact(new.kind, new.value)
    if holder is not None and holder.id != bad.person_id:
        raise NotMended(_("%(address)s is known as an address of %(name)s.") % {"address": new.value, "name": holder})
    if not _close(bad, Fixed.MENDED, by=by, now=now, new_address=new.value):
        return False
    if holder is None:
        ContactPoint.objects.create(person_id=bad.person_id, kind=new.kind, value=new.value)
    if new.value != bad.address:
        ContactPoint.objects.filter(person_id=bad.person_id, kind=new.kind, value=bad.address).delete()
    return True


def _typed(bad: BadContact, address: str) -> contacts.Contact | None:
    """Of the kind that failed; whoever had none may get either."""
    if bad.why == NO_CONTACT:
        return contacts.either(address)
    return contacts.email(address) if bad.channel == Channel.EMAIL else contacts.phone(address)


def is_right(bad: BadContact, *, by: Person, now: datetime) -> bool:
    """It was asked, and works: if it was barred for a bounce it is written to again. A wish stays one."""
    if not _close(bad, Fixed.RIGHT, by=by, now=now):
        return False
    for row in OptOut.objects.filter(address=bad.address, lifted_at=None):
        if row.is_bounce:
            delivery.write_again(row.id, by=by, now=now)
    return True


def nobody(bad: BadContact, *, by: Person, now: datetime) -> bool:
    """There is no other address: it is no longer looked for."""
    return _close(bad, Fixed.NOBODY, by=by, now=now)


def _close(bad: BadContact, fixed: str, *, by: Person, now: datetime, new_address: str = "") -> bool:
    waiting = BadContact.objects.filter(id=bad.id, done_at__isnull=True)
    return bool(waiting.update(fixed=fixed, done_at=now, done_by=by, new_address=new_address))
