"""What a file would change, process by process and field by field, in words: to be looked at before it is done."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from django.utils.translation import gettext_lazy

from ownership.keeping.described import Described, Leg, Watched, derived_slug, tidy
from ownership.keeping.feed_lines import in_words
from ownership.keeping.files import Read
from ownership.models import Path

LABELS = {
    "name": gettext_lazy("Process"), "source": gettext_lazy("Source"), "targets": gettext_lazy("Targets"),
    "trigger": gettext_lazy("When"), "primary": gettext_lazy("Primary owner"), "secondary": gettext_lazy("Secondary owner"),
    "promise": gettext_lazy("Promise"), "promise_text": gettext_lazy("Promise in full"), "terms": gettext_lazy("Terms"),
    "ladder": gettext_lazy("Ladder"), "fallback": gettext_lazy("By hand meanwhile"), "baseline": gettext_lazy("Measured before"),
    "path": gettext_lazy("Suffers first"), "services": gettext_lazy("Services"), "stages": gettext_lazy("Stages"),
    "feeds": gettext_lazy("Feeds"),
}  # fmt: skip
FOUND = frozenset({"source", "primary", "secondary"})  # by name
Kind = Literal["new", "changed", "same"]


@dataclass(frozen=True)
class Change:
    """A field, what it is called, and its values in words, in the language in which it was asked: a line for each thing of a list."""

    field: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """`described`: the process as the file would make it, under the short name that it has already where there is one."""

    described: Described
    kind: Kind
    changes: list[Change]


def compare(before: Sequence[Described], after: Read) -> list[Difference]:
    """One for each process of the file, in its order; only fields that the file names. White space alone is no change."""
    return [_difference(row, was, after.named) for row, was in _met(before, after)]


def left_out(before: Sequence[Described], after: Read) -> list[Described]:
    """Processes that the file does not speak of: they stay."""
    met = {was.slug for _row, was in _met(before, after) if was}
    return [row for row in before if row.slug not in met]


def _met(before: Sequence[Described], after: Read) -> Iterator[tuple[Described, Described | None]]:
    """By the short name; else by the name, where that is one process's only and the file gave no short name of its own."""
    by_slug = {row.slug: row for row in before}
    given = {row.slug for row in after.rows}
    free = [tidy(row).name.casefold() for row in before if row.slug not in given]
    by_name = {tidy(row).name.casefold(): row for row in before if row.slug not in given}
    for row in after.rows:
        name = row.name.casefold()
        was = by_slug.get(row.slug)
        if was is None and row.slug == derived_slug(row.name) and free.count(name) == 1:
            was = by_name.pop(name, None)
        yield row, was


def _difference(row: Described, was: Described | None, named: frozenset[str]) -> Difference:
    if was is None:
        return Difference(row, "new", changes_of(Described(slug=row.slug, name=""), row, named))
    told: dict[str, Any] = {name: getattr(row, name) for name in LABELS if name in named}
    becomes = replace(was, **told)
    changes = changes_of(was, becomes, named)
    return Difference(becomes, "changed" if changes else "same", changes)


def changes_of(before: Described, after: Described, named: Collection[str]) -> list[Change]:
    """What differs of the fields that are `named`, in the order of LABELS."""
    was, now = tidy(before), tidy(after)
    differ = (name for name in LABELS if name in named and _essence(name, was) != _essence(name, now))
    return [Change(name, str(LABELS[name]), _in_words(name, was), _in_words(name, now)) for name in differ]


def _essence(name: str, row: Described) -> Any:
    """What is compared: systems and roles are found in any case of their letters, and feeds have no order."""
    value = getattr(row, name)
    if name == "stages":
        return [(leg.name, leg.role.casefold(), leg.system.casefold()) for leg in row.stages]
    if name == "feeds":
        return sorted(row.feeds, key=lambda feed: (feed.name, feed.terms))
    if name == "targets":
        return [target.casefold() for target in row.targets]
    return value.casefold() if name in FOUND else value


def _in_words(name: str, row: Described) -> str:
    value = getattr(row, name)
    if name == "path":
        return str(Path(value).label) if value in Path.values else str(value)
    return value if isinstance(value, str) else "\n".join(_line(one) for one in value)


def _line(one: str | Leg | Watched) -> str:
    if isinstance(one, Leg):
        return " · ".join(filter(None, (one.name, one.role, one.system)))
    if isinstance(one, Watched):
        return in_words(one)
    return one
