"""Reads for whoever decides whether two are one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext_lazy

from districts.access import Actor
from districts.models import ContactPoint, Membership, Person
from intake.models import MergeSuggestion, PersonMerge
from tickets.models import Ticket
from tickets.queries import visible

KINDS = {  # of people; a district may have others, shown as they are
    "parent": gettext_lazy("parent"), "family": gettext_lazy("family"), "student": gettext_lazy("student"),
    "staff": gettext_lazy("staff"), "community": gettext_lazy("community"), "public": gettext_lazy("public"),
    "vendor": gettext_lazy("vendor"),
}  # fmt: skip
WITH_PEOPLE = ("one__site", "other__site")


@dataclass
class Known:
    """One person, with what tells them apart from another."""

    person: Person
    addresses: list[str] = field(default_factory=list)
    tickets: int = 0  # that the reader may see
    latest: Ticket | None = None
    works_here: bool = False

    @property
    def kind_word(self) -> str:
        return str(KINDS.get(self.person.kind, self.person.kind))


@dataclass(frozen=True)
class Pair:
    suggestion: MergeSuggestion
    one: Known
    other: Known

    @property
    def staff(self) -> Person | None:
        """Whose the other's addresses would become, where that one works here."""
        return next((known.person for known in (self.one, self.other) if known.works_here), None)


def open_suggestions() -> QuerySet[MergeSuggestion]:
    """Of people that are still two rows, the latest first."""
    rows = MergeSuggestion.objects.filter(state=MergeSuggestion.State.OPEN, one__merged_into=None, other__merged_into=None)
    return rows.select_related(*WITH_PEOPLE).order_by("-suggested_at", "-id")


def suggestions_of(person: Person) -> list[MergeSuggestion]:
    return list(open_suggestions().filter(Q(one=person) | Q(other=person))[:5])


def merges_of(person: Person) -> list[PersonMerge]:
    """Who was made one with this person, and can be two again."""
    rows = PersonMerge.objects.filter(kept=person, undone_at__isnull=True)
    return list(rows.select_related("kept", "absorbed", "by").order_by("-at")[:10])


def recent_merges() -> list[PersonMerge]:
    return list(PersonMerge.objects.select_related("kept", "absorbed", "by", "undone_by").order_by("-at")[:20])


def pairs(suggestions: Sequence[MergeSuggestion], actor: Actor) -> list[Pair]:
    """Five reads, however many there are."""
    known = known_of([person for row in suggestions for person in (row.one, row.other)], actor)
    return [Pair(row, known[row.one_id], known[row.other_id]) for row in suggestions]


def known_of(people: Sequence[Person], actor: Actor) -> dict[UUID, Known]:
    found = {person.id: Known(person) for person in people}
    for point in ContactPoint.objects.filter(person__in=list(found)).order_by("kind", "id"):
        found[point.person_id].addresses.append(point.value)
    theirs = Ticket.objects.filter(visible(actor), requester__in=list(found))
    latest = {}
    for row in theirs.values("requester").annotate(n=Count("id"), newest=Max("opened_at")):
        found[row["requester"]].tickets = row["n"]
        latest[row["requester"]] = row["newest"]
    for ticket in theirs.filter(opened_at__in=list(latest.values())):
        if latest.get(ticket.requester_id) == ticket.opened_at:
            found[ticket.requester_id].latest = ticket
    for person_id in Membership.objects.filter(person__in=list(found)).values_list("person", flat=True):
        found[person_id].works_here = True
    for known in found.values():
        known.works_here = known.works_here or known.person.account_ref is not None
    return found
