"""A file of the matrix is looked at, and taken: what it would change first, in words, and then that and nothing else."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from districts.editing import fingerprint
from districts.models import Person
from ownership.keeping import writing
from ownership.keeping.described import Described
from ownership.keeping.differences import Difference, compare, left_out
from ownership.keeping.files import Read
from ownership.models import OwnerRole
from ownership.overview.audit import understood


@dataclass(frozen=True)
class Preview:
    """`stay`: processes that the file does not speak of. `doubts`: what it says that nobody could rely on, in sentences."""

    differences: Sequence[Difference]
    stay: Sequence[Described]
    doubts: Sequence[str]

    @property
    def new(self) -> list[Difference]:
        return [one for one in self.differences if one.kind == "new"]

    @property
    def changed(self) -> list[Difference]:
        return [one for one in self.differences if one.kind == "changed"]

    @property
    def same(self) -> int:
        return sum(one.kind == "same" for one in self.differences)

    @property
    def fingerprint(self) -> str:
        """Of all that would be done: another where somebody changed the matrix since."""
        told = {one.described.slug: [(change.field, change.before, change.after) for change in one.changes] for one in self.differences}
        return fingerprint(told)


def preview(read: Read) -> Preview:
    before = writing.everything()
    return Preview(compare(before, read), left_out(before, read), _doubts(read))


def look(read: Read) -> Preview:
    """What `take` would do until commit: nobody else changes the matrix meanwhile."""
    writing.hold_all()
    return preview(read)


def take(read: Read, *, seen: str, by: Person | None, now: datetime) -> int | None:
    """Every new and every changed process, as the file has it; returns how many. None, and nothing is done: `seen`, the fingerprint of
    what was looked at, is not what it would do now. Whoever changes the matrix just now is waited for. `by` nobody: the command line.
    """
    found = look(read)
    if found.fingerprint != seen:
        return None
    for one in (*found.changed, *found.new):
        row = writing.held(one.described.slug) if one.kind == "changed" else None
        writing.save_process(row, one.described, by=by, now=now, named=read.named)
    return len(found.changed) + len(found.new)


def _doubts(read: Read) -> list[str]:
    """Terms that the clock cannot read, roles that are not there yet, and ladders that are none."""
    roles = {name.casefold() for name in OwnerRole.objects.values_list("name", flat=True)}
    ladders = set(writing.ladder_slugs())
    return [doubt for row in read.rows for doubt in (*_unread(row), *_new_roles(row, roles), *_no_ladder(row, ladders))]


def _unread(row: Described) -> Iterator[str]:
    for text in (row.terms, *(feed.terms for feed in row.feeds)):
        if text and understood(text) is None:
            yield _("%(process)s: “%(terms)s” is not understood.") % {"process": row.name, "terms": text}


def _new_roles(row: Described, known: Collection[str]) -> Iterator[str]:
    told = dict.fromkeys((row.primary, row.secondary, *(leg.role for leg in row.stages)))
    for role in told:
        if role and role.casefold() not in known:
            yield _("%(process)s: the role %(role)s is new, and nobody holds it yet.") % {"process": row.name, "role": role}


def _no_ladder(row: Described, known: Collection[str]) -> Iterator[str]:
    if row.ladder and row.ladder not in known:
        words = {"process": row.name, "ladder": row.ladder}
        yield _("%(process)s: there is no ladder “%(ladder)s”, so the common one is climbed.") % words
