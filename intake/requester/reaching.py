"""Whoever was helped without an address leaves one after all: from now on letters reach them, and this request is acknowledged."""

from datetime import datetime

from delivery.models import Delivery
from districts.access import VISITOR
from districts.models import ContactPoint, Person
from districts.queries import person_by_contact
from intake.contacts import Contact
from intake.people.merging import NotOne, merge_people
from intake.people.recognising import suggest
from routing import actions as routing
from tickets.models import Ticket


def reach(person: Person, *, contact: Contact, name: str, now: datetime) -> Person:
    """Who they are from now on."""
    if name and not person.name:
        person.name = name[:200]
        person.save(update_fields=["name"])
    known = person_by_contact(contact.kind, contact.value)
    if known is None:
        ContactPoint.objects.create(person=person, kind=contact.kind, value=contact.value)
        return person
    return person if known.id == person.id else _is_known(known, person, contact, now=now)


def acknowledge(ticket: Ticket, *, contact: Contact, now: datetime) -> None:
    by_mail = contact.kind == ContactPoint.Kind.EMAIL
    routing.acknowledge(ticket, now=now, way=(Delivery.Channel.EMAIL if by_mail else Delivery.Channel.SMS, contact.value))


def _is_known(known: Person, person: Person, contact: Contact, *, now: datetime) -> Person:
    """As if they had left it at first: then they would have been taken for who has this address. But nobody who had an address of
    their own becomes another by typing one, and nobody becomes somebody who works here: there, people decide.
    """
    if not ContactPoint.objects.filter(person=person).exists():
        try:
            merge_people(known, person, actor=VISITOR, now=now)
        except NotOne:
            pass
        else:
            return known
    suggest([(known, person, contact.value)], now=now)
    return person
