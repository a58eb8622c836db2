"""Feeds in trouble that may be an outage: suggested to those who lead, once for each process, until somebody says what it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from districts.models import Person, Role
from districts.queries import people_with_role, this_district
from incidents import starting
from incidents.models import Incident, Offer
from incidents.notices import Post
from ownership.ladders.notices import trouble
from ownership.models import Escalation, Process

SHOWN = 20


@dataclass(frozen=True)
class Suggestion:
    """One process. `offers`: a ladder each, the newest first; what is said of the first is said of all."""

    process: Process
    offers: Sequence[Offer]

    @property
    def offer(self) -> Offer:
        return self.offers[0]

    @property
    def began_at(self) -> datetime:
        first: datetime = min(offer.escalation.began_at for offer in self.offers)
        return first

    @property
    def words(self) -> list[str]:
        """What is wrong, a sentence for each feed."""
        return [trouble(offer.escalation.feed_run) for offer in self.offers if offer.escalation.feed_run]


def suggest(escalation: Escalation, process: Process, *, now: datetime) -> Offer:
    """Leaders and administrators hear of the first of a process; more trouble of it joins that, or the outage it has become.

    Of two sweeps at once, the second sees what the first suggested.
    """
    starting.hold()
    known = _open().filter(escalation__process=process).exists()
    runs = starting.running().filter(processes__process=process).order_by("detected_at").first()
    offer = Offer.objects.create(escalation=escalation, incident=runs, made_at=now)
    if not known and runs is None:
        people, key = people_with_role(Role.LEADER) + people_with_role(Role.ADMIN), f"outage-offer:{escalation.id}"
        Post(this_district(), now).offered(people, process.name, lambda: _said(escalation), key=key)
    return offer


def _said(escalation: Escalation) -> str:
    return trouble(escalation.feed_run) if escalation.feed_run else ""


def suggestions() -> list[Suggestion]:
    """What nobody has decided; while a ladder of it is open. The newest first."""
    found: dict[Process, list[Offer]] = {}
    for offer in _open().select_related("escalation__process", "escalation__feed_run__feed").order_by("-made_at", "-id"):
        if offer.escalation.process:
            found.setdefault(offer.escalation.process, []).append(offer)
    return [Suggestion(process, offers) for process, offers in list(found.items())[:SHOWN]]


def declared(offer: Offer, incident: Incident) -> None:
    """It is this outage, and so is all that is suggested of its process."""
    _beside(offer).update(incident=incident)


def declined(offer: Offer, *, by: Person | None, now: datetime) -> None:
    """It is none, and neither is what else is suggested of its process."""
    _beside(offer).filter(declined_at__isnull=True).update(declined_at=now, declined_by=by)


def _beside(offer: Offer) -> QuerySet[Offer]:
    """Undecided, or the offer itself."""
    rows = Offer.objects.filter(incident__isnull=True)
    same = _open().filter(escalation__process=offer.escalation.process_id).values("id")
    return rows.filter(id=offer.id) | rows.filter(id__in=same)


def _open() -> QuerySet[Offer]:
    return Offer.objects.filter(incident__isnull=True, declined_at__isnull=True, escalation__ended_at__isnull=True)
