"""Writes to people and places."""

import hashlib
import secrets
from datetime import datetime

from django.db import IntegrityError, transaction

from districts.models import ApiKey, ContactPoint, Person, Role
from districts.queries import person_by_contact
from districts.together import insert_now


def person_for_contact(*, kind: str, value: str, name: str = "", language: str = "en", person_kind: str = "public") -> Person:
    """The person at this normalised address, made where there is none. Two at once make one."""
    found = person_by_contact(kind, value)
    return found or new_person(kind=kind, value=value, name=name, language=language, person_kind=person_kind)


def new_person(*, kind: str, value: str, name: str = "", language: str = "en", person_kind: str = "public") -> Person:
    """For who has looked and found nobody at this address; two at once still make one."""
    try:
        with transaction.atomic():
            person = Person(name=name[:200], language=language, kind=person_kind)
            insert_now(person, ContactPoint(person=person, kind=kind, value=value))
            return person
    except IntegrityError:  # somebody was quicker
        found = person_by_contact(kind, value)
        if found is None:
            raise
        return found


def new_api_key(*, name: str, role: str = Role.AGENT) -> str:
    """Make a key for the district in scope and return it, the only time it is seen."""
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    ApiKey.objects.create(name=name, prefix=prefix, role=role, digest=hashlib.sha256(secret.encode()).hexdigest())
    return f"fd_{prefix}_{secret}"


def revoke_api_key(*, prefix: str, now: datetime) -> bool:
    """The key is good for nothing from now on. False: the district in scope has no valid key of this prefix."""
    return bool(ApiKey.objects.filter(prefix=prefix, revoked_at__isnull=True).update(revoked_at=now))
