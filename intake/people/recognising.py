"""Who is new, and may be somebody the district knows already: looked at once, with what they have in common in words.

A person decides. Nothing here makes two people one, and likeness alone (a name that many have) suggests nothing: a name must come
with a place, a language, the roster or an address that was mentioned. What was decided is not asked again.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import override

from districts import contacts
from districts.jobs import shuffled
from districts.models import ContactPoint, District, Person
from districts.queries import this_district
from districts.scope import district_scope, require_district_id
from intake.models import MergeSuggestion
from routing.queries import staff_language
from routing.words import fold
from tickets.models import Message, Ticket

LOOK_BACK = timedelta(hours=2)  # people who came since are looked at, again and again: a sweep that was missed costs nothing
AT_ONCE = 500  # of one district
READ = 4_000  # characters of what somebody wrote first
WHOLE_NAME = 2  # words at least

_MAIL = re.compile(r"[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_PHONE = re.compile(r"(?<![\w-])\+?\(?\d{3}\)?[\s.-]?\d{3}[\s.-]?\d{4}(?![\w-])")
_NAME = r"([^\W\d_][\w'’-]+(?: [^\W\d_][\w'’-]+){1,3})"
_SAYS = re.compile(
    rf"(?:\b(?:this is|it's|it is|its|i am|i'm|my name is|soy|me llamo|mi nombre es|habla|le habla)\s+{_NAME})", re.IGNORECASE
)
# as routing.words.fold, as far as PostgreSQL does it by itself: small letters, common accents gone, one space
_ACCENTS = ("áàâäãåéèêëíìîïóòôöõúùûüñçý", "aaaaaaeeeeiiiiooooouuuuncy")
_FOLDED = "btrim(regexp_replace(translate(lower(p.name), %(accented)s, %(plain)s), '[^[:alnum:]]+', ' ', 'g'))"
NAMED = (
    f"SELECT p.id FROM {Person._meta.db_table} p WHERE p.district_id = %(district)s AND p.merged_into_id IS NULL AND p.name <> ''"
    f" AND {_FOLDED} = ANY(%(names)s) ORDER BY p.created_at LIMIT 2000"
)


@dataclass
class Newcomer:
    """Somebody who came lately, with what they wrote first."""

    person: Person
    text: str = ""
    sites: set[UUID] = field(default_factory=set)
    points: list[ContactPoint] = field(default_factory=list)

    @property
    def says(self) -> str:
        """The name they say they have, folded: of somebody without one."""
        found = None if self.person.name else _SAYS.search(self.text)
        return " ".join(fold(found[1]).split()[:3]) if found else ""

    @property
    def names(self) -> set[str]:
        """Theirs; a name that was said may have a word too many behind it ("it's Dolores Quill texting")."""
        words = self.says.split()
        all_of_it = {fold(self.person.name), self.says, " ".join(words[:2])}
        return {name for name in all_of_it if len(name.split()) >= WHOLE_NAME}

    @property
    def mentions(self) -> set[str]:
        """Addresses in what they wrote, but their own."""
        given = [*_MAIL.findall(self.text), *_PHONE.findall(self.text)]
        values = {found.value for one in given if (found := contacts.either(one))}
        return values - {point.value for point in self.points}


def recognise_all(*, now: datetime) -> int:
    """Every active district; returns how many suggestions are new."""
    return sum(
        _recognise(district_id, now=now) for district_id in shuffled(District.objects.filter(active=True).values_list("id", flat=True))
    )


def _recognise(district_id: UUID, *, now: datetime) -> int:
    with district_scope(district_id):
        return recognise(since=now - LOOK_BACK, now=now)


def recognise(*, since: datetime, now: datetime) -> int:
    """Look at who came since, in the district in scope; returns how many suggestions are new."""
    newcomers = _newcomers(since)
    if not newcomers:
        return 0
    known = _known(newcomers)
    with override(staff_language()):
        pairs = [pair for newcomer in newcomers for pair in _pairs(newcomer, known)]
    return suggest(pairs, now=now)


def suggest(pairs: Iterable[tuple[Person, Person, str]], *, now: datetime) -> int:
    """(one, other, why): offered to people, unless it was before or somebody has decided; returns how many are new."""
    rows = []
    for one, other, why in pairs:
        first, second = sorted((one, other), key=lambda person: (person.created_at, person.id))
        if first.id != second.id:
            rows.append(MergeSuggestion(one=first, other=second, why=why[:200], suggested_at=now))
    before = MergeSuggestion.objects.count() if rows else 0
    MergeSuggestion.objects.bulk_create(rows, ignore_conflicts=True)
    return MergeSuggestion.objects.count() - before if rows else 0


def _newcomers(since: datetime) -> list[Newcomer]:
    """Ids are in the order of time, so the primary key reads them."""
    people = Person.objects.filter(id__gte=_first_id(since), created_at__gte=since, merged_into__isnull=True, account_ref__isnull=True)
    found = {person.id: Newcomer(person) for person in people.order_by("-id")[:AT_ONCE]}
    for ticket in Ticket.objects.filter(requester__in=list(found)).order_by("-opened_at"):
        if ticket.site_id:
            found[ticket.requester_id].sites.add(ticket.site_id)
    messages = Message.objects.filter(ticket__requester__in=list(found), kind=Message.Kind.REQUEST).order_by("-at")
    for requester, text in messages.values_list("ticket__requester", "text"):
        found[requester].text = text[:READ]  # the first is the last
    for point in ContactPoint.objects.filter(person__in=list(found)):
        found[point.person_id].points.append(point)
    return list(found.values())


def _first_id(at: datetime) -> UUID:
    """The smallest UUID of version 7 of that moment (RFC 9562 5.7)."""
    return UUID(int=int(at.astimezone(UTC).timestamp() * 1000) << 80)


@dataclass
class Known:
    """Whom the newcomers might be."""

    named: dict[str, list[Person]]
    at: dict[str, Person]  # by address
    sites: dict[UUID, set[UUID]]  # of whom


def _known(newcomers: Sequence[Newcomer]) -> Known:
    names = {name for newcomer in newcomers for name in newcomer.names}
    values = {value for newcomer in newcomers for value in newcomer.mentions}
    people = list(Person.objects.filter(id__in=_named(names))) if names else []
    by_name: dict[str, list[Person]] = {}
    for person in people:
        by_name.setdefault(fold(person.name), []).append(person)
    points = ContactPoint.objects.filter(value__in=values).select_related("person") if values else []
    sites: dict[UUID, set[UUID]] = {person.id: {person.site_id} if person.site_id else set() for person in people}
    for requester, site in Ticket.objects.filter(requester__in=people, site__isnull=False).values_list("requester", "site"):
        sites[requester].add(site)
    return Known(by_name, {point.value: point.person for point in points}, sites)


def _named(names: Iterable[str]) -> list[UUID]:
    values: dict[str, Any] = {"district": require_district_id(), "names": list(names), "accented": _ACCENTS[0], "plain": _ACCENTS[1]}
    with connection.cursor() as cursor:
        cursor.execute(NAMED, values)
        return [row[0] for row in cursor.fetchall()]


def _pairs(newcomer: Newcomer, known: Known) -> Iterator[tuple[Person, Person, str]]:
    """The first reason of each pair."""
    told = set[UUID]()
    for other, why in (*_mentioned(newcomer, known), *_of_the_name(newcomer, known)):
        if other.id not in told and other.id != newcomer.person.id and other.merged_into_id is None:
            told.add(other.id)
            yield newcomer.person, other, why


def _mentioned(newcomer: Newcomer, known: Known) -> Iterator[tuple[Person, str]]:
    """They name an address of somebody who has their name, or have no name themselves."""
    for value in sorted(newcomer.mentions & known.at.keys()):
        other = known.at[value]
        if not newcomer.person.name or not other.name or fold(other.name) in newcomer.names:
            yield other, _("One of them wrote the address of the other: %(address)s.") % {"address": value}


def _of_the_name(newcomer: Newcomer, known: Known) -> Iterator[tuple[Person, str]]:
    for name in sorted(newcomer.names):
        for other in known.named.get(name, []):
            why = _in_common(newcomer, other, known)
            if why:
                yield other, why


def _in_common(newcomer: Newcomer, other: Person, known: Known) -> str:
    """What besides the name; empty where that is all."""
    person, values = newcomer.person, {"name": other.name}
    here = newcomer.sites | ({person.site_id} if person.site_id else set())
    if newcomer.says:
        return _("They say that they are %(name)s.") % values
    if other.roster_id and not person.roster_id:
        return _("The same name, and %(name)s is on the roster.") % values
    if here & known.sites.get(other.id, set()):
        return _("The same name at the same place: %(name)s.") % values
    spoken = this_district().languages or ["en"]
    if person.language == other.language != spoken[0]:
        return _("The same name and the same language: %(name)s.") % values
    return ""
