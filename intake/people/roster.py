"""People as the district's own systems list them: added and brought up to date, never made one by it.

A row is the person with its roster id; else whoever has its mail address, else its phone number. An address that another person has
stays theirs: it is told, and the two are offered to be made one. Addresses are added, and none is taken away. The same file again
changes nothing. Roles are given by administrators alone.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from districts import contacts
from districts.contacts import Contact
from districts.models import ContactPoint, Person, Site
from districts.queries import one_person, person_by_contact, this_district
from intake.people.recognising import suggest
from intake.wording import one_line

COLUMNS = ("roster_id", "name", "kind", "email", "phone", "site", "language")
NEEDED = ("roster_id", "name")
LONGEST = {"roster_id": 64, "name": 200, "kind": 16}


class BadRoster(ValueError):
    """The file is none; the text says what to do."""


@dataclass(frozen=True)
class Row:
    line: int
    roster_id: str
    name: str
    kind: str
    language: str
    site: Site | None
    contacts: tuple[Contact, ...]


@dataclass
class Outcome:
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    suggested: int = 0
    problems: list[str] = field(default_factory=list)  # a sentence each, with the line


def read(data: bytes) -> tuple[list[Row], list[str]]:
    """Rows that can be taken, and what is wrong with the others, a sentence each. Raises BadRoster."""
    lines = csv.DictReader(io.StringIO(_text(data), newline=""))
    try:
        heads = [str(name).strip().lower() for name in lines.fieldnames or []]
        lines.fieldnames = heads
        given = list(lines)
    except csv.Error as error:
        raise BadRoster(_("This is no CSV file: %(error)s") % {"error": error}) from error
    if missing := [name for name in NEEDED if name not in heads]:
        raise BadRoster(_("The first line must name the columns. Missing: %(names)s.") % {"names": ", ".join(missing)})
    sites = {key.casefold(): site for site in Site.objects.all() for key in (site.code, site.name)}
    rows, problems, seen = [], list[str](), set[str]()
    for number, values in enumerate(given, start=2):
        row, wrong = _row(number, values, sites)
        if row is not None and row.roster_id in seen:
            wrong = [_("the roster id %(id)s is in the file twice") % {"id": row.roster_id}]
        elif row is not None:
            seen.add(row.roster_id)
            rows.append(row)
        problems += [_("Line %(line)d: %(what)s.") % {"line": number, "what": what} for what in wrong]
    return rows, problems


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _row(number: int, values: Mapping[str, str | None], sites: Mapping[str, Site]) -> tuple[Row | None, list[str]]:
    """Without its roster id or name there is no row; what else is wrong is left out of it."""
    told = {name: one_line(str(values.get(name) or "").replace("\0", "")) for name in COLUMNS}
    cut = {name: told[name][: LONGEST[name]] for name in LONGEST}
    if not told["roster_id"] or not told["name"] or cut["roster_id"] != told["roster_id"]:
        return None, [_("it has no roster id, or no name")]
    wrong, found = [], []
    for name, read_it in (("email", contacts.email), ("phone", contacts.phone)):
        contact = read_it(told[name]) if told[name] else None
        if contact:
            found.append(contact)
        elif told[name]:
            wrong.append(_("“%(value)s” is no %(name)s") % {"value": told[name][:60], "name": name})
    site = sites.get(told["site"].casefold())
    if told["site"] and site is None:
        wrong.append(_("no place is called “%(value)s”") % {"value": told["site"][:60]})
    spoken = this_district().languages or ["en"]
    language = told["language"] if told["language"] in spoken else ""
    return Row(number, cut["roster_id"], cut["name"], cut["kind"].lower(), language, site, tuple(found)), wrong


def take_in(rows: Sequence[Row], *, now: datetime) -> Outcome:
    """In the caller's transaction: a dry run is one that is rolled back."""
    outcome = Outcome()
    for row in rows:
        _take(row, outcome, now=now)
    return outcome


def _take(row: Row, outcome: Outcome, *, now: datetime) -> None:
    person = _whose(row)
    new = person is None
    person = person or Person(language=row.language or (this_district().languages or ["en"])[0])
    changed = _bring_up_to_date(person, row)
    if new or changed:
        person.save()
    reached = _reach(person, row, outcome, now=now)
    if new:
        outcome.added += 1
    elif changed or reached:
        outcome.updated += 1
    else:
        outcome.unchanged += 1


def _whose(row: Row) -> Person | None:
    """By the roster id, else by an address, if that person is not on the roster under another id."""
    listed = Person.objects.filter(roster_id=row.roster_id).first()
    if listed:
        return one_person(listed)
    holders = (person_by_contact(contact.kind, contact.value) for contact in row.contacts)
    return next((holder for holder in holders if holder and not holder.roster_id), None)


def _bring_up_to_date(person: Person, row: Row) -> bool:
    """Whether anything changed; what the roster leaves empty stays as it is."""
    site = row.site.id if row.site else None
    wanted = {"roster_id": row.roster_id, "name": row.name, "kind": row.kind, "site_id": site, "language": row.language}
    new = {name: value for name, value in wanted.items() if value and getattr(person, name) != value}
    for name, value in new.items():
        setattr(person, name, value)
    return bool(new)


def _reach(person: Person, row: Row, outcome: Outcome, *, now: datetime) -> bool:
    """Whether an address was added."""
    return bool(list(_added(person, row, outcome, now=now)))


def _added(person: Person, row: Row, outcome: Outcome, *, now: datetime) -> Iterator[ContactPoint]:
    for contact in row.contacts:
        holder = person_by_contact(contact.kind, contact.value)
        if holder is None:
            yield ContactPoint.objects.create(person=person, kind=contact.kind, value=contact.value)
        elif holder.id != person.id:
            told = {"line": row.line, "address": contact.value, "id": row.roster_id}
            outcome.problems.append(_("Line %(line)d: %(address)s is another person's here.") % told)
            if not holder.roster_id:  # two who are both on the roster are two: a family shares an address
                why = _("The roster gives %(id)s the address %(address)s.") % told
                outcome.suggested += suggest([(person, holder, why)], now=now)
