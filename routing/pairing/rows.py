"""Pairs of messages as a file has them, one JSON object a line, read as the district in scope would."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from uuid import uuid4

from django.utils import timezone

from districts.models import Person, Site
from districts.queries import front_office
from knowledge.embedding import meaning
from routing.classifier import Model
from routing.pairing.clues import Wrote
from routing.rehearsal import CHANNELS, SUBJECT
from routing.triage import Question
from routing.whereabouts import room_in, site_in, tag_in
from routing.words import fold
from tickets.models import Ticket

LIKELIEST = 5  # services a message may be of
SHORT = 2  # letters of a place's word at least


class NotAPair(ValueError):
    """Says what is missing."""


class Reader:
    """Keeps what is the same for all pairs of a run: the district's sites, its model."""

    def __init__(self, model: Model | None) -> None:
        self.model, self.office, self.now = model, front_office(), timezone.now()

    @cached_property
    def sites(self) -> list[Site]:
        return list(Site.objects.all())

    @cached_property
    def places(self) -> frozenset[str]:
        return place_words(self.sites)

    def pair(self, given: Any) -> tuple[Wrote, Wrote]:
        """In the order of time. Raises NotAPair."""
        if not isinstance(given, Mapping):
            raise NotAPair("not an object")
        one, later = (self._wrote(given.get(name), name) for name in ("a", "b"))
        return (later, one) if later.minutes < one.minutes else (one, later)

    def _wrote(self, given: Any, name: str) -> Wrote:
        if not isinstance(given, Mapping) or not isinstance(given.get("text"), str):
            raise NotAPair(f"no text in “{name}”")
        text, site = given["text"], _text(given, "site")
        if not site and (found := site_in(text, self.sites)):
            site = found.code
        return Wrote(
            text, CHANNELS.get(_text(given, "channel"), _text(given, "channel")), site, _text(given, "person"), _minutes(given),
            room_in(text), tag_in(text), self._services(text), meaning.one(text),
        )  # fmt: skip

    def _services(self, text: str) -> tuple[tuple[str, float], ...]:
        if self.model is None:
            return ()
        ticket = Ticket(
            id=uuid4(), requester=Person(kind="public"), team=self.office, subject=text[:SUBJECT], channel="web", opened_at=self.now
        )
        likely = Question(ticket, text, given=self.model).likely[:LIKELIEST]
        return tuple((str(one.service_id or one.team_id), one.confidence) for one in likely)


def place_words(sites: list[Site]) -> frozenset[str]:
    """Words of the names of places, which are no names of people."""
    names = (name for site in sites for name in (site.name, site.code, *site.aliases))
    return frozenset(word for name in names for word in fold(name).split() if len(word) > SHORT)


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) else ""


def _minutes(given: Mapping[str, Any]) -> float:
    value = given.get("minutes_offset")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9 else 0.0
