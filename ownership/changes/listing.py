"""What is missing downstream, by name, to be worked off: who may see it, and its rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from districts.access import Actor, Can, may
from ownership.changes.missing import MISSING
from ownership.duty.roles import Roster
from ownership.ladders.climbing import owners
from ownership.models import Change, Confirmation, Process, System


@dataclass(frozen=True)
class Row:
    change: Change
    lacking: Sequence[tuple[str, str]]  # (slug, name) of the systems that do not have it
    late: bool


def sees_names(actor: Actor, process: Process, *, now: datetime) -> bool:
    """Names are personal data: those who lead, and the owners of the process (holder, deputy, or who answers today).

    Everybody else who works here sees counts.
    """
    if may(actor, Can.LEAD):
        return True
    if actor.person is None or not actor.is_staff:
        return False
    roster = Roster(now)
    mine = {person for role in owners(process) for person in (role.holder_id, role.deputy_id)}
    today = (roster.find(role).owner for role in owners(process))
    return actor.person.id in mine | {person.id for person in today if person}


def missing(process: Process, target: str = "") -> QuerySet[Change]:
    """Oldest first; `target`: only what this system lacks."""
    rows = Change.objects.filter(MISSING, process=process).order_by("left_at", "id")
    if not target:
        return rows
    there = Confirmation.objects.filter(change=OuterRef("id"), target=target)
    return rows.filter(~Exists(there), targets__contains=[target])


def rows_of(changes: Iterable[Change], *, now: datetime) -> list[Row]:
    """Two queries."""
    found = list(changes)
    there = set(Confirmation.objects.filter(change__in=[change.id for change in found]).values_list("change_id", "target"))
    slugs = {slug for change in found for slug in change.targets}
    names = dict(System.objects.filter(slug__in=slugs).values_list("slug", "name"))
    return [
        Row(
            change, [(slug, names.get(slug, slug)) for slug in change.targets if (change.id, slug) not in there],
            late=bool(change.due_at and change.due_at <= now),
        )
        for change in found
    ]  # fmt: skip
