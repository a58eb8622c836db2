"""The roster of the district in scope, from its rows."""

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.db import connection

from districts.models import ContactPoint, Department, Person, Service, Site, Team
from districts.scope import require_district_id
from knowledge.models import Article
from knowledge.redaction.folding import plain
from knowledge.redaction.roster import NICKNAMES, Known, Roster, plus, roster

SECONDS = 60  # a person added since is found by how names are written, and by name after that
MOST = 8  # districts held in one process; a district of 20,000 people takes some 15 MB
_TAG = re.compile(r"\b([A-Z]{2,4})-(?:\d{5,7}(?!\w)|#{5,7}|[xX]{5,7}(?!\w)|(?=[\s.,;)*`]))")
_NO_TAGS = frozenset("ID IDS INV PO REF WO NO ACCT CASE TKT REQ SO".split())  # of people and papers, not of devices
NAMED = 20_000  # people who may be meant in one text: "will" and "grace" are words, too
_PART, _TOKEN = re.compile(r"[^\W\d_]{2,}"), re.compile(r"\w+")
_ACCENTS, _BARE = "áàâäãåéèêëíìîïóòôöõúùûüñçý", "aaaaaaeeeeiiiiooooouuuuncy"
_BETWEEN = "-'’.,"  # parts of a name
_held: dict[UUID, tuple[float, Roster]] = {}
_places: dict[UUID, tuple[float, Roster]] = {}  # without people


def district_roster() -> Roster:
    """Everybody the district knows, as it was a minute ago at most; and what it calls its places, teams and services."""
    district_id = require_district_id()
    held = _held.get(district_id)
    if held is None or held[0] < time.monotonic():
        while len(_held) >= MOST:
            _held.pop(next(iter(_held)))
        held = _held[district_id] = (time.monotonic() + SECONDS, _read(_everybody()))
    return held[1]


def roster_of(text: str) -> Roster:
    """Of those alone who may be meant in `text`, as they are now: for who asks seldom, in a district of any size. Reading all of
    300,000 people takes 17 s, finding those that a letter may name among them some 0.3.
    """
    district_id = require_district_id()
    held = _places.get(district_id)
    if held is None or held[0] < time.monotonic():
        while len(_places) >= MOST:
            _places.pop(next(iter(_places)))
        held = _places[district_id] = (time.monotonic() + SECONDS, _read(()))
    return plus(held[1], _named_in(text))


def forget() -> None:
    _held.clear()
    _places.clear()


def _read(people: Iterable[Known]) -> Roster:
    catalog = list(_catalog())
    tags = {letters for text in catalog for letters in _TAG.findall(text)} - _NO_TAGS
    return roster(people, keep=_called(), catalog=catalog, tags=tags)


def _named_in(text: str) -> list[Known]:
    """Everybody one word of whose name, or whose number, stands in it; also by a short form, with or without accents."""
    words = {word for form in (text.lower(), plain(text)) for word in _PART.findall(form)}
    words |= {name for name, short in NICKNAMES.items() if words.intersection(short)}
    statement = (
        f"SELECT id, name, roster_id, merged_into_id FROM {Person._meta.db_table} WHERE district_id = %(district)s"
        " AND (roster_id <> '' AND roster_id = ANY(%(numbers)s)"
        " OR string_to_array(translate(lower(name), %(accents)s, %(bare)s), ' ') && %(words)s) LIMIT %(most)s"
    )
    given: dict[str, Any] = {
        "district": require_district_id(), "numbers": _TOKEN.findall(text), "words": sorted(words), "accents": _ACCENTS + _BETWEEN,
        "bare": _BARE + " " * len(_BETWEEN), "most": NAMED,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return [Known(str(one or id_), name, (number,) if number else ()) for id_, name, number, one in cursor.fetchall()]


def _everybody() -> Iterator[Known]:
    """Two rows that turned out to be one person are one."""
    mailboxes = defaultdict[UUID, list[str]](list)
    for person_id, value in ContactPoint.objects.filter(kind=ContactPoint.Kind.EMAIL).values_list("person_id", "value"):
        mailboxes[person_id].append(value.partition("@")[0])
    for id_, name, roster_id, one in Person.objects.values_list("id", "name", "roster_id", "merged_into_id"):
        yield Known(str(one or id_), name, (roster_id,) if roster_id else (), mailboxes.get(id_, ()))


def _called() -> Iterator[str]:
    for name, code, aliases in Site.objects.values_list("name", "code", "aliases"):
        yield from (name, code, *aliases)
    for model in (Team, Department, Service):
        yield from model.objects.values_list("name", flat=True)


def _catalog() -> Iterator[str]:
    for name, description, phrases in Service.objects.values_list("name", "description", "example_phrases"):
        yield from (name, description, *phrases)
    yield from Team.objects.values_list("description", flat=True)
    for title, keywords, body in Article.objects.filter(published_at__isnull=False).values_list("title", "keywords", "body"):
        yield from (title, keywords, body)
