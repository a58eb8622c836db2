"""Two rows that are one person become one, and two again where that was wrong. In the caller's transaction.

The one that stays gets the other's addresses, so that whoever writes from any of them is known; a journal of every row that
moved is how it is undone. Nobody gets a right by it: two who sign in are never one, and the addresses of somebody who works here
are given by an administrator alone, since mail from them is then that person's.
"""

from datetime import datetime
from typing import Any

import structlog
from django.db.models import Q
from django.utils.translation import gettext as _

from districts.access import Actor
from districts.models import ContactPoint, Membership, Person
from intake.models import MergeSuggestion, PersonMerge
from tickets import askers

POINTS, WAS = "districts_contactpoint", "was"
State = MergeSuggestion.State
log = structlog.get_logger(__name__)


class NotOne(Exception):
    """They cannot be made one, or two again; the text says why."""


def stays_and_goes(one: Person, other: Person) -> tuple[Person, Person]:
    """Who works here stays, else who is on the roster, else who was known first."""
    order = sorted((one, other), key=lambda person: (not works_here(person), not person.roster_id, person.created_at, person.id))
    return order[0], order[1]


def works_here(person: Person) -> bool:
    """Signs in, or has a role."""
    return person.account_ref is not None or Membership.objects.filter(person=person).exists()


def obstacle(kept: Person, absorbed: Person, *, actor: Actor) -> str:
    """Why they cannot be made one, in words; empty where they can."""
    if kept.id == absorbed.id or kept.merged_into_id or absorbed.merged_into_id:
        return _("They are one person already.")
    if works_here(absorbed):
        return _("Both sign in or have a role here: two who work here are never made one.")
    if kept.roster_id and absorbed.roster_id:
        return _("The roster has two records of them: %(one)s and %(other)s.") % {"one": kept.roster_id, "other": absorbed.roster_id}
    if works_here(kept) and not actor.is_admin:
        return _("%(name)s works here, and mail from the other's addresses would count as theirs: ask an administrator.") % {
            "name": kept
        }
    return ""


def merge_people(kept: Person, absorbed: Person, *, actor: Actor, now: datetime) -> PersonMerge:
    """`absorbed` is `kept` from now on. Raises NotOne."""
    _hold(kept, absorbed)
    if stops := obstacle(kept, absorbed, actor=actor):
        raise NotOne(stops)
    points = ContactPoint.objects.filter(person=absorbed)
    moved: dict[str, Any] = {POINTS: [str(one) for one in points.values_list("id", flat=True)]}
    points.update(person=kept)
    moved |= askers.hand_over(of=absorbed, to=kept)
    moved[WAS] = _complete(kept, absorbed)
    absorbed.merged_into = kept
    absorbed.save(update_fields=["merged_into"])
    merge = PersonMerge.objects.create(kept=kept, absorbed=absorbed, moved=moved, by=actor.person, at=now)
    _decide(kept, absorbed, State.MERGED, by=actor.person, now=now)
    _carry_over(absorbed, kept)
    log.info("people_merged", kept=str(kept.id), absorbed=str(absorbed.id), by=_id(actor.person))
    return merge


def unmerge_people(merge: PersonMerge, *, actor: Actor, now: datetime) -> bool:
    """Gives back what moved and is where it was put; what came since stays. False: it was undone before. Raises NotOne."""
    kept, absorbed = merge.kept, merge.absorbed
    _hold(kept, absorbed)
    if kept.merged_into_id:
        raise NotOne(_("%(name)s is part of somebody else by now: undo that first.") % {"name": kept})
    if works_here(kept) and not actor.is_admin:
        raise NotOne(_("%(name)s works here: ask an administrator.") % {"name": kept})
    if not PersonMerge.objects.filter(id=merge.id, undone_at__isnull=True).update(undone_at=now, undone_by=actor.person):
        return False
    absorbed.merged_into = None
    absorbed.save(update_fields=["merged_into"])
    _as_they_were(kept, absorbed, merge.moved.get(WAS, {}))
    ContactPoint.objects.filter(id__in=merge.moved.get(POINTS, []), person=kept).update(person=absorbed)
    askers.give_back(merge.moved, of=kept, to=absorbed)
    _decide(kept, absorbed, State.APART, by=actor.person, now=now)
    log.info("people_unmerged", kept=str(kept.id), absorbed=str(absorbed.id), by=_id(actor.person))
    return True


def two_people(one: Person, other: Person, *, by: Person | None, now: datetime) -> None:
    """Somebody says so: it is never suggested again."""
    _decide(one, other, State.APART, by=by, now=now)


def _hold(*people: Person) -> None:
    """Lock the rows, always in the same order, and see them as they are."""
    for person in sorted(people, key=lambda person: person.id):
        person.refresh_from_db(from_queryset=Person.objects.select_for_update(of=("self",), no_key=True))


def _complete(kept: Person, absorbed: Person) -> dict[str, list[str]]:
    """What was not known of the one and is of the other; {field: [before, after]}."""
    was: dict[str, list[str]] = {}
    for field, unknown in (("name", ""), ("kind", "public"), ("roster_id", ""), ("site_id", None)):
        before, after = getattr(kept, field), getattr(absorbed, field)
        if before == unknown and after != unknown:
            was[field] = [before and str(before), str(after)]
            setattr(kept, field, after)
    if "roster_id" in was:  # there is one row of each
        absorbed.roster_id = ""
        absorbed.save(update_fields=["roster_id"])
    if was:
        kept.save(update_fields=list(was))
    return was


def _as_they_were(kept: Person, absorbed: Person, was: dict[str, list[str]]) -> None:
    """Where nobody has changed it since."""
    back = {name: values for name, values in was.items() if str(getattr(kept, name)) == values[1]}
    for name, (before, _after) in back.items():
        setattr(kept, name, before)
    if back:
        kept.save(update_fields=list(back))
    if "roster_id" in back:
        absorbed.roster_id = back["roster_id"][1]
        absorbed.save(update_fields=["roster_id"])


def _carry_over(absorbed: Person, kept: Person) -> None:
    """What was suggested, or decided to be two people, of the one counts for the other."""
    rows = MergeSuggestion.objects.filter(Q(one=absorbed) | Q(other=absorbed)).exclude(state=State.MERGED)
    new = []
    for row in rows.select_related("one", "other"):
        third = row.other if row.one_id == absorbed.id else row.one
        first, second = sorted((kept, third), key=lambda person: (person.created_at, person.id))
        new.append(
            MergeSuggestion(
                one=first, other=second, why=row.why, state=row.state, suggested_at=row.suggested_at, decided_by_id=row.decided_by_id,
                decided_at=row.decided_at,
            )
        )  # fmt: skip
    MergeSuggestion.objects.bulk_create(new, ignore_conflicts=True)


def _decide(one: Person, other: Person, state: str, *, by: Person | None, now: datetime) -> None:
    first, second = sorted((one, other), key=lambda person: (person.created_at, person.id))
    MergeSuggestion.objects.update_or_create(
        one=first, other=second, defaults={"state": state, "decided_by": by, "decided_at": now}, create_defaults={
            "state": state, "decided_by": by, "decided_at": now, "suggested_at": now, "why": _("Somebody looked at both."),
        },
    )  # fmt: skip


def _id(person: Person | None) -> str:
    return str(person.id) if person else ""
