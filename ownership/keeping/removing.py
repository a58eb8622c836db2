"""Roles and systems that nothing uses are taken away; of the others it is said what uses them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

import structlog
from django.db.models import PROTECT, ForeignObjectRel
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from districts.models import Person
from ownership.models import Change, OwnerRole, Process, System, Vendor

PROCESS = gettext_lazy("the process “%(name)s”")
VENDOR = gettext_lazy("the vendor “%(name)s”")
NAMED: Mapping[str, tuple[Any, str]] = {  # a table: in words, and where its name stands
    "ownership.process": (PROCESS, "name"),
    "ownership.stage": (PROCESS, "process__name"),
    "ownership.rung": (gettext_lazy("the ladder “%(name)s”"), "ladder__name"),
    "ownership.rotation": (gettext_lazy("the turns “%(name)s”"), "name"),
    "ownership.playbookstep": (gettext_lazy("the playbook “%(name)s”"), "playbook__name"),
    "ownership.vendor": (VENDOR, "name"),
}
TOLD: Mapping[str, Any] = {  # a table, or all of an app: in words
    "ownership.step": gettext_lazy("steps of ladders that were climbed"),
    "ownership.runstep": gettext_lazy("steps of playbooks that were begun"),
    "ownership.hold": gettext_lazy("runs that were held"),
    "incidents": gettext_lazy("the outage plan, or an outage"),
    "alerts": gettext_lazy("emergency alerts"),
}
HAPPENED: Mapping[str, Any] = {  # a table, or all of an app, that keeps a process
    "ownership.escalation": gettext_lazy("a ladder was climbed for it"),
    "ownership.playbookrun": gettext_lazy("a playbook was begun for it"),
    "incidents": gettext_lazy("an outage touched it"),
}
log = structlog.get_logger(__name__)
type Row = OwnerRole | System


class StillUsed(ValueError):
    """`users`: what uses it, in words."""

    def __init__(self, users: list[str]) -> None:
        super().__init__(", ".join(users))
        self.users = users


def users_of(row: Row) -> list[str]:
    """In words, each once; empty: nothing uses it."""
    return list(dict.fromkeys(_users([row])[row.id]))


def systems() -> list[tuple[System, list[str]]]:
    """All of them by name, with what uses each; as many questions however many there are."""
    rows = list(System.objects.order_by("name", "id"))
    users = _users(rows)
    return [(row, list(dict.fromkeys(users[row.id]))) for row in rows]


def remove(kind: type[Row], row_id: UUID, *, by: Person) -> str:
    """Its name. Raises StillUsed, DoesNotExist."""
    row: Row = kind.objects.select_for_update().get(id=row_id)  # nothing new can point to it
    if users := users_of(row):
        raise StillUsed(users)
    log.info("matrix_row_removed", kind=kind.__name__, slug=row.slug, name=row.name, by=str(by.id))
    row.delete()
    return row.name


def in_the_way(process: Process) -> list[str]:
    """Why it stays on the matrix, in words; empty: it can be taken off."""
    found = []
    for relation in tables(Process):
        table: Any = relation.related_model
        if relation.on_delete is PROTECT and table.objects.filter(**{relation.field.name: process}).exists():
            said = HAPPENED.get(table._meta.label_lower) or HAPPENED.get(table._meta.app_label) or _("something happened with it")
            found.append(str(said))
    return list(dict.fromkeys(found))


def tables(kind: type[Row | Process]) -> Iterator[ForeignObjectRel]:
    """Every column of any table that can point to such a row, those of upper floors too."""
    found = kind._meta.get_fields(include_hidden=True)
    return (relation for relation in found if isinstance(relation, ForeignObjectRel) and relation.field.concrete)


def _users(rows: list[Any]) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = defaultdict(list)
    for relation in tables(type(rows[0])) if rows else ():
        for row_id, words in _pointing(relation, rows):
            found[row_id].append(words)
    if rows and isinstance(rows[0], System):
        ids = {row.slug: row.id for row in rows}
        for slug, words in _by_slug():
            if slug in ids:
                found[ids[slug]].append(words)
    return found


def _pointing(relation: ForeignObjectRel, rows: list[Any]) -> Iterator[tuple[UUID, str]]:
    table: Any = relation.related_model
    column, label = relation.field.name, table._meta.label_lower
    pointing = table.objects.filter(**{f"{column}__in": rows}).order_by()
    if label in NAMED:
        words, name = NAMED[label]
        for row_id, called in pointing.values_list(column, name).distinct().order_by(name):
            yield row_id, words % {"name": called}
        return
    said = TOLD.get(label) or TOLD.get(table._meta.app_label) or _("something else")
    for row_id in pointing.values_list(column, flat=True).distinct():
        yield row_id, str(said)


def _by_slug() -> Iterator[tuple[str, str]]:
    """(slug of a system, what names it so)."""
    listed: list[tuple[Any, Iterable[tuple[list[str], str]]]] = [
        (PROCESS, Process.objects.order_by("name").values_list("targets", "name")),
        (VENDOR, Vendor.objects.order_by("name").values_list("systems", "name")),
        (PROCESS, Change.objects.filter(done_at__isnull=True, waived_at__isnull=True).order_by("process__name")
         .values_list("targets", "process__name").distinct()),
    ]  # fmt: skip
    for words, rows in listed:
        for slugs, name in rows:
            yield from ((slug, words % {"name": name}) for slug in slugs)
