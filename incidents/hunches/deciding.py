"""What people do with a suggestion: make an outage of it, or say why it is none. And what they are shown of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from districts.access import Actor, Can, may
from incidents import linking
from incidents.hunches.raising import QUIET
from incidents.models import Hunch, HunchTicket, Incident
from tickets.models import Ticket

SHOWN, NAMED = 20, 5
State = Hunch.State


@dataclass(frozen=True)
class Shown:
    """A suggestion with those of its tickets that the reader may see."""

    hunch: Hunch
    tickets: Sequence[Ticket]
    more: int
    sites: Sequence[str]
    may_dismiss: bool


def open_hunches(now: datetime, *, teams: Iterable[UUID] | None = None) -> list[Hunch]:
    """What nobody has decided and is not over, the newest first; of these teams' services, or of all."""
    rows = Hunch.objects.filter(state=State.OPEN, grown_at__gte=now - QUIET)
    if teams is not None:
        rows = rows.filter(Q(service__team__in=list(teams)) | Q(service__isnull=True))
    return list(rows.select_related("service").order_by("-grown_at", "-id")[:SHOWN])


def shown(actor: Actor, now: datetime) -> list[Shown]:
    hunches = open_hunches(now)
    rows = HunchTicket.objects.filter(hunch__in=hunches).select_related("ticket__site", "ticket__team").order_by("-ticket__opened_at")
    by_hunch: dict[UUID, list[Ticket]] = {}
    for row in rows:
        by_hunch.setdefault(row.hunch_id, []).append(row.ticket)
    return [_shown(hunch, by_hunch.get(hunch.id, []), actor) for hunch in hunches]


def _shown(hunch: Hunch, tickets: Sequence[Ticket], actor: Actor) -> Shown:
    seen = [one for one in tickets if may(actor, Can.READ, one)]
    sites = sorted({one.site.name for one in tickets if one.site})
    return Shown(hunch, seen[:NAMED], len(tickets) - len(seen[:NAMED]), sites, may_dismiss(actor, hunch))


def may_dismiss(actor: Actor, hunch: Hunch) -> bool:
    """Those who lead, and whoever works in the team whose service it is."""
    return may(actor, Can.LEAD) or (hunch.service is not None and actor.in_team(hunch.service.team_id))


def open_one(hunch_id: UUID, now: datetime) -> Hunch | None:
    return Hunch.objects.filter(id=hunch_id, state=State.OPEN, grown_at__gte=now - QUIET).select_related("service").first()


def of_ticket(ticket: Ticket, now: datetime) -> tuple[Hunch, int] | None:
    """The open suggestion that a ticket is of, and how many others wrote."""
    row = HunchTicket.objects.filter(ticket=ticket, hunch__state=State.OPEN, hunch__grown_at__gte=now - QUIET).first()
    if row is None:
        return None
    hunch = Hunch.objects.get(id=row.hunch_id)
    return (hunch, hunch.people - 1) if hunch.people > 1 else None


def accept(hunch: Hunch, incident: Incident, *, actor: Actor, now: datetime) -> int:
    """It is this outage: its tickets are linked. Returns how many are new."""
    taken = Hunch.objects.filter(id=hunch.id).exclude(state=State.ACCEPTED)
    taken.update(state=State.ACCEPTED, incident=incident, decided_by=actor.person, decided_at=now)
    chosen = Ticket.objects.filter(id__in=HunchTicket.objects.filter(hunch=hunch).values("ticket_id"), sensitive=False)
    return linking.link(incident, chosen=chosen, by=actor.person, now=now)


def dismiss(hunch: Hunch, *, reason: str, actor: Actor, now: datetime) -> bool:
    """No outage, and why. False: somebody has decided meanwhile."""
    rows = Hunch.objects.filter(id=hunch.id, state=State.OPEN)
    return bool(
        rows.update(state=State.DISMISSED, reason=reason[:300], dismissed_people=hunch.people, decided_by=actor.person, decided_at=now)
    )
