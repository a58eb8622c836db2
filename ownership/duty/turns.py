"""Rotations, swaps and leave are written down."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.utils.translation import gettext as _

from districts.models import Person
from districts.queries import free_slug
from ownership.duty.roles import works_here
from ownership.models import Leave, Rotation, RotationPlace, Swap

LONGEST_SWAP = timedelta(days=62)
LONGEST_LEAVE = timedelta(days=366)  # whoever is away for longer has left their roles to somebody else
AHEAD = timedelta(days=366)  # nothing begins later
log = structlog.get_logger(__name__)


class NotPossible(ValueError):
    """Such a swap or leave cannot be; the text says why."""


def save_rotation(
    rotation: Rotation | None, values: Mapping[str, Any], people: Sequence[Person], *, by: Person
) -> Rotation:  # fmt: skip
    """With its people in order."""
    new = rotation is None
    rotation = rotation or Rotation(slug=free_slug(Rotation.objects.all(), values["name"]))
    for name, value in values.items():
        setattr(rotation, name, value)
    rotation.save(force_insert=new)
    RotationPlace.objects.filter(rotation=rotation).delete()
    RotationPlace.objects.bulk_create(RotationPlace(rotation=rotation, order=n, person=one) for n, one in enumerate(people, 1))
    log.info("rotation_saved", rotation=rotation.slug, by=str(by.id), people=len(people))
    return rotation


def remove_rotation(rotation: Rotation, *, by: Person) -> None:
    log.info("rotation_removed", rotation=rotation.slug, by=str(by.id))
    rotation.delete()


def swap(
    rotation: Rotation, *, person: Person, starts_at: datetime, ends_at: datetime, why: str, by: Person, now: datetime
) -> Swap:  # fmt: skip
    """`person` is on call from then until then. Raises NotPossible."""
    if starts_at > now + AHEAD:
        raise NotPossible(_("It begins within a year from today."))
    if not starts_at < ends_at or ends_at - starts_at > LONGEST_SWAP:
        raise NotPossible(_("It ends after it begins, and lasts two months at most."))
    if ends_at <= now:
        raise NotPossible(_("That time is over."))
    _works_here(person)
    made = Swap(rotation=rotation, person=person, starts_at=starts_at, ends_at=ends_at, why=why[:200], by=by, at=now)
    made.save(force_insert=True)
    return made


def undo_swap(swap_id: UUID) -> None:
    Swap.objects.filter(id=swap_id).delete()


def go_on_leave(
    person: Person, *, first: date, last: date, cover: Person | None, by: Person, today: date, now: datetime
) -> Leave:  # fmt: skip
    """Days included. The same days once more are the same leave, with whoever stands in now. Raises NotPossible."""
    if last < first:
        raise NotPossible(_("The last day comes after the first."))
    if last < today:
        raise NotPossible(_("Those days are over."))
    if first > today + AHEAD:
        raise NotPossible(_("It begins within a year from today."))
    if last - first > LONGEST_LEAVE:
        raise NotPossible(_("A year at most. Whoever is away for longer hands their roles to somebody else: Set-up, People."))
    if cover and cover.id == person.id:
        raise NotPossible(_("Nobody stands in for themselves."))
    if cover:
        _works_here(cover)
    Person.objects.select_for_update(no_key=True).get(id=person.id)  # one at a time
    leave = Leave.objects.filter(person=person, first=first, last=last).order_by("at", "id").first()
    if leave is None:
        leave = Leave(person=person, first=first, last=last, cover=cover, by=by, at=now)
        leave.save(force_insert=True)
    elif leave.cover_id != (cover.id if cover else None):
        leave.cover, leave.by, leave.at = cover, by, now
        leave.save(update_fields=["cover", "by", "at"])
    return leave


def come_back(leave_id: UUID) -> None:
    Leave.objects.filter(id=leave_id).delete()


def _works_here(person: Person) -> None:
    if not works_here(person):
        raise NotPossible(_("%(name)s has no role in the district.") % {"name": person.name})
