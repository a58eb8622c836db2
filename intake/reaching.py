"""Whoever was helped without an address leaves one after all: from now on letters reach them, and this request is acknowledged."""

from datetime import datetime

from delivery.models import Delivery
from districts.models import ContactPoint, Person
from districts.queries import person_by_contact
from intake.contacts import Contact
from intake.models import MergeSuggestion
from routing import actions as routing
from tickets.models import Ticket


def reach(ticket: Ticket, *, person: Person, contact: Contact, name: str, now: datetime, quiet: bool) -> None:
    """`quiet`: nothing is sent there, as a filter said."""
    if name and not person.name:
        person.name = name[:200]
        person.save(update_fields=["name"])
    known = person_by_contact(contact.kind, contact.value)
    if known is None:
        ContactPoint.objects.create(person=person, kind=contact.kind, value=contact.value)
    elif known.id != person.id:
        _may_be_one(known, person, contact, now=now)
    if not quiet:
        by_mail = contact.kind == ContactPoint.Kind.EMAIL
        way = (Delivery.Channel.EMAIL if by_mail else Delivery.Channel.SMS, contact.value)
        routing.acknowledge(ticket, now=now, way=way)


def _may_be_one(known: Person, person: Person, contact: Contact, *, now: datetime) -> None:
    """An address that somebody types is no proof of who they are."""
    first, second = sorted((known, person), key=lambda one: (one.created_at, one.id))
    suggestion = MergeSuggestion(one=first, other=second, why=contact.value[:200], suggested_at=now)
    MergeSuggestion.objects.bulk_create([suggestion], ignore_conflicts=True)
