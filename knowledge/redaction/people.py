"""The roster of the district in scope, from its rows."""

import re
import time
from collections import defaultdict
from collections.abc import Iterator
from uuid import UUID

from districts.models import ContactPoint, Department, Person, Service, Site, Team
from districts.scope import require_district_id
from knowledge.models import Article
from knowledge.redaction.roster import Known, Roster, roster

SECONDS = 60  # a person added since is found by how names are written, and by name after that
MOST = 8  # districts held in one process; a district of 20,000 people takes some 15 MB
_TAG = re.compile(r"\b([A-Z]{2,4})-(?:\d{5,7}(?!\w)|#{5,7}|[xX]{5,7}(?!\w)|(?=[\s.,;)*`]))")
_NO_TAGS = frozenset("ID IDS INV PO REF WO NO ACCT CASE TKT REQ SO".split())  # of people and papers, not of devices
_held: dict[UUID, tuple[float, Roster]] = {}


def district_roster() -> Roster:
    """Everybody the district knows, as it was a minute ago at most; and what it calls its places, teams and services."""
    district_id = require_district_id()
    held = _held.get(district_id)
    if held is None or held[0] < time.monotonic():
        while len(_held) >= MOST:
            _held.pop(next(iter(_held)))
        held = _held[district_id] = (time.monotonic() + SECONDS, _read())
    return held[1]


def forget() -> None:
    _held.clear()


def _read() -> Roster:
    catalog = list(_catalog())
    tags = {letters for text in catalog for letters in _TAG.findall(text)} - _NO_TAGS
    return roster(_everybody(), keep=_called(), catalog=catalog, tags=tags)


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
    for title, keywords, body in Article.objects.values_list("title", "keywords", "body"):
        yield from (title, keywords, body)
