"""What a district's classifier learns from: its catalog, and the tickets that people settled."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery

from districts.models import Service, Team
from knowledge.models import Article
from routing.classifier import Label
from routing.gloss.reading import glosses
from routing.learning.features import Embed
from routing.models import Decision
from routing.starter.kinds import FILE, TOLD
from routing.starter.matching import Described, done_by
from routing.words import whole_text
from tickets.models import Event, Message

TICKETS = 5000  # the newest that are learned from
PARAGRAPHS = 6  # of an article
_ELSEWHERE = re.compile(r"\bbelongs? to\b|\bnot own\b|\bgoes to\b", re.IGNORECASE)  # a sentence about other teams' work
_LEARNED_FROM = ("rule", "asked", "channel", "classifier", "model", "person")


@dataclass(frozen=True)
class Example:
    text: str
    label: Label
    judges: bool = False  # may stand for real messages when a candidate is judged
    at: datetime | None = None  # when a person settled it; empty: from the catalog


def catalog_examples() -> list[Example]:
    """What the district says its teams do: names, descriptions, example phrases, articles."""
    services = {s.slug: s for s in Service.objects.filter(active=True).select_related("team").order_by("slug")}
    examples = [e for service in services.values() for e in _of_service(service)]
    for article in Article.objects.filter(published_at__isnull=False).order_by("slug"):
        found = [services[slug] for slug in article.services if slug in services]
        examples += [Example(text, (s.id, s.team_id)) for s in found for text in _of_article(article)]
    busy = {s.team_id for s in services.values()}
    idle = Team.objects.exclude(id__in=busy).exclude(is_front_office=True).order_by("slug")
    return examples + [Example(f"{team.name}. {_own(team.description)}", (None, team.id)) for team in idle]


def described() -> list[tuple[Described, Label]]:
    """The services by their own words: what tells which kinds of work they do."""
    services = Service.objects.filter(active=True).order_by("slug")
    return [(Described(s.name, _own(s.description), s.example_phrases), (s.id, s.team_id)) for s in services]


def starter_examples(services: Sequence[tuple[Described, Label]], *, embed: Embed | None) -> list[Example]:
    """What people ask of any district, for the services that do that kind of work here."""
    found = done_by([one for one, _label in services], embed=embed)
    return [Example(phrase, services[at][1]) for kind, at in found for phrase in kind.examples]


def _of_service(service: Service) -> Iterator[Example]:
    label = (service.id, service.team_id)
    yield Example(service.name, label)
    if service.description:
        yield Example(f"{service.name}. {_own(service.description)}", label)
    for phrase in service.example_phrases:
        yield Example(phrase, label, judges=True)


def _own(description: str) -> str:
    return " ".join(s for s in re.split(r"(?<=[.!?])\s+", description) if not _ELSEWHERE.search(s))


def _of_article(article: Article) -> Iterator[str]:
    yield f"{article.title} {article.keywords}"
    paragraphs = [p for p in article.body.split("\n\n") if p.strip() and not p.startswith("#")]
    yield from paragraphs[:PARAGRAPHS]


def _settled() -> models.QuerySet[Decision]:
    """Decisions a person corrected, unless by mistake, or let stand by replying from the team that triage chose."""
    replied = Event.objects.filter(ticket=OuterRef("ticket_id"), kind=Event.Kind.REPLIED, by__isnull=False)
    stood = Q(Exists(replied), engine__in=_LEARNED_FROM, corrected_at__isnull=True, ticket__team=models.F("team"))
    corrected = Q(corrected_at__isnull=False, mistaken_at__isnull=True)
    return Decision.objects.filter(corrected | stood).exclude(engine="crisis")


def ticket_examples() -> list[Example]:
    first = Message.objects.filter(ticket=OuterRef("ticket_id"), kind=Message.Kind.REQUEST).order_by("at", "id")
    rows = _settled().annotate(first_text=Subquery(first.values("text")[:1])).order_by("-at", "-id")
    fields = (
        "first_text",
        "ticket__subject",
        "ticket__channel",
        "service_id",
        "team_id",
        "corrected_service_id",
        "corrected_team_id",
        "corrected_at",
        "at",
    )
    return [_of_ticket(*row) for row in rows.values_list(*fields)[:TICKETS]]


def _of_ticket(
    text: str | None, subject: str, channel: str, service: UUID | None, team: UUID,
    corrected_service: UUID | None, corrected_team: UUID | None, corrected_at: datetime | None, at: datetime,
) -> Example:  # fmt: skip
    words = whole_text(subject, [text or ""], channel=channel)
    if corrected_at:
        return Example(words, (corrected_service, corrected_team or team), judges=True, at=corrected_at)
    return Example(words, (service, team), judges=True, at=at)


def fingerprint(catalog: Sequence[Example], *, embedder: str = "") -> bytes:
    """Changes with the catalog, what people settled, the starter pack, glossaries and the embedder; cheap next to reading tickets."""
    said = hashlib.sha256(embedder.encode() + FILE.read_bytes() + TOLD.read_bytes() + glosses())
    for example in catalog:
        said.update(f"{example.label}|{example.text}\n".encode())
    counted = _settled().aggregate(n=models.Count("id"), corrected=models.Max("corrected_at"), at=models.Max("at"))
    taken_out = Decision.objects.aggregate(at=models.Max("mistaken_at"))["at"]
    said.update(repr([*sorted(counted.items()), *filter(None, [taken_out])]).encode())
    return said.digest()
