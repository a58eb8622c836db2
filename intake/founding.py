"""What a district needs before its doors can open: a front office, its doors, and somebody who may set up the rest."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction

from districts.models import Account, ContactPoint, District, Membership, Person, Role, uuid7
from districts.queries import front_office
from districts.scope import district_scope
from intake.models import Channel
from intake.phone import numbers
from tickets.models import ChannelKind

HOURS = [{"from": "", "to": "", "days": [0, 1, 2, 3, 4], "windows": [["08:00", "16:00"]]}]


@dataclass(frozen=True)
class Founded:
    district: District
    sms: Channel | None  # its id is in the address of the provider's webhook


def found(*, host: str, name: str, time_zone: str, admin_email: str, admin_name: str, now: datetime, number: str = "") -> Founded:
    """All of it or nothing. The administrator signs in by a code sent to that address; `number`: E.164, for texts.

    Raises IntegrityError where the host is a district's already.
    """
    district_id = uuid7()
    with transaction.atomic(), district_scope(district_id):
        district = draft(host=host, name=name, time_zone=time_zone)
        district.id, district.created_at = district_id, now
        district.save(force_insert=True)
        front_office()
        line = _doors(host, number)
        _administrator(admin_email, admin_name)
    return Founded(district, line)


def draft(*, host: str, name: str, time_zone: str) -> District:
    """The district's own row, not written yet."""
    return District(slug=_slug(host), host=host, name=name, time_zone=time_zone, languages=["en", "es"], hours=HOURS)


def _slug(host: str) -> str:
    """Hosts that differ in dots and hyphens only, or far behind, have slugs that differ."""
    plain = host.replace(".", "-")[:50]
    return (
        plain if not District.objects.filter(slug=plain).exists() else f"{plain[:41]}-{hashlib.sha256(host.encode()).hexdigest()[:8]}"
    )


def _doors(host: str, number: str) -> Channel | None:
    for kind, name in ((ChannelKind.WEB, "Front door"), (ChannelKind.API, "API"), (ChannelKind.PHONE, "Telephone and counter")):
        Channel.objects.create(kind=kind, name=name)
    Channel.objects.create(kind=ChannelKind.EMAIL, address=f"help@{host}", name="Help")
    if not number:
        return None
    made: Channel = Channel.objects.create(kind=ChannelKind.SMS, address=number, name="Text line")
    numbers.belongs(number, texts=True)
    return made


def _administrator(email: str, name: str) -> None:
    """A sign-in may be of several districts; what it may do in this one is told here."""
    account = Account.objects.filter(email=email).first()
    if account is None:
        account = Account(email=email, name=name)
        account.set_unusable_password()
        account.save()
        EmailAddress.objects.create(user=account, email=email, verified=True, primary=True)
    person = Person.objects.create(name=name, kind="staff", account_ref=account.id)
    ContactPoint.objects.create(person=person, kind=ContactPoint.Kind.EMAIL, value=email)
    Membership.objects.create(person=person, role=Role.ADMIN)
