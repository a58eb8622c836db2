"""The many tickets of one outage: which may belong to it, and linking them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from districts.access import Actor, Can, may
from districts.models import Person
from incidents.happening import What, record
from incidents.models import Incident, IncidentProcess, IncidentSystem, LinkedTicket
from incidents.starting import running, telling, words_of
from tickets import actions as tickets
from tickets.facts import survivor
from tickets.family import merged_ids
from tickets.models import Ticket
from tickets.queries import visible

BEFORE = timedelta(hours=2)  # people may notice it before it is said to have begun
LOOKED_AT, SHOWN = 300, 30
ENOUGH = 2


@dataclass(frozen=True)
class Suggestion:
    ticket: Ticket
    why: str


@dataclass(frozen=True)
class Known:
    """What of an outage a ticket may be about."""

    incident: Incident
    words: frozenset[str]
    titled: frozenset[str]
    services: frozenset[object]
    sites: frozenset[object]


def suggestions(incident: Incident, actor: Actor) -> list[Suggestion]:
    """Live tickets since shortly before it began that speak of its systems, or ask for what the linked ones ask for. Five queries."""
    taken = LinkedTicket.objects.values("ticket_id")
    rows = Ticket.objects.filter(visible(actor), status__in=Ticket.LIVE, opened_at__gte=incident.began_at - BEFORE, sensitive=False)
    found = rows.exclude(id__in=taken).select_related("service", "site", "requester", "team").order_by("-opened_at")[:LOOKED_AT]
    known = known_of(incident)
    judged = [(_score(known, ticket), ticket) for ticket in found]
    likely = sorted((pair for pair in judged if pair[0][0] >= ENOUGH), key=lambda pair: -pair[0][0])
    return [Suggestion(ticket, why) for (_points, why), ticket in likely[:SHOWN]]


def known_of(incident: Incident) -> Known:
    systems = IncidentSystem.objects.filter(incident=incident).values_list("system__name", flat=True)
    processes = IncidentProcess.objects.filter(incident=incident).values_list("process__name", flat=True)
    named = frozenset[str]().union(*(telling(name) for name in systems))
    titled = telling(incident.title).union(*(telling(name) for name in processes)) - named
    services = frozenset(LinkedTicket.objects.filter(incident=incident).values_list("ticket__service_id", flat=True)) - {None}
    sites: frozenset[object] = frozenset()
    if incident.scope != Incident.Scope.DISTRICT:
        sites = frozenset(incident.sites.values_list("site_id", flat=True))
    return Known(incident, named, titled, services, sites)


def _score(known: Known, ticket: Ticket) -> tuple[int, str]:
    """(points, why). Elsewhere is never the same."""
    if known.sites and ticket.site_id and ticket.site_id not in known.sites:
        return 0, ""
    said = words_of(ticket.subject) | (telling(ticket.service.name) if ticket.service else frozenset())
    points, why = 0, list[str]()
    if known.words & said:
        points, why = points + 2, [*why, _("It speaks of the same system")]
    if ticket.service_id in known.services:
        points, why = points + 2, [*why, _("The same service as the linked ones")]
    if known.titled & said:
        points, why = points + 1, [*why, _("Similar words")]
    if known.sites and ticket.site_id in known.sites:
        points, why = points + 1, [*why, _("The same place")]
    return points, ". ".join(why)


def incidents_for(ticket: Ticket) -> list[tuple[Incident, bool]]:
    """For the ticket's page: the outage it is linked to (True), else those it may belong to. One query where nothing runs."""
    live = list(running().order_by("-detected_at")[:10])
    if mine := _link_of(ticket) if live or not ticket.is_live else None:
        return [(mine.incident, True)]
    if ticket.sensitive or not ticket.is_live:
        return []
    since = [one for one in live if ticket.opened_at >= one.began_at - BEFORE]
    return [(one, False) for one in since if _score(known_of(one), ticket)[0] >= ENOUGH]


def _link_of(ticket: Ticket) -> LinkedTicket | None:
    """Its own, or that of one that was merged into it."""
    rows = LinkedTicket.objects.select_related("incident").filter(ticket_id__in=[ticket.id, *merged_ids(ticket)])
    return rows.order_by("at", "id").first()


def link(incident: Incident, *, chosen: Iterable[Ticket], by: Person | None, now: datetime) -> int:
    """These tickets are of it; a note in each says so. One that belongs to another already stays there, one that was merged is taken
    where it lives on, and a sensitive one is for its own team alone. Returns how many are new.
    """
    chosen = {one.id: one for one in map(survivor, chosen) if not one.sensitive}.values()
    there = set(LinkedTicket.objects.filter(ticket__in=list(chosen)).values_list("ticket_id", flat=True))
    new = [ticket for ticket in chosen if ticket.id not in there]
    LinkedTicket.objects.bulk_create([LinkedTicket(incident=incident, ticket=one, by=by, at=now) for one in new], ignore_conflicts=True)
    for ticket in new:
        words = tickets.Words(text=_("Part of the outage “%(title)s”.") % {"title": incident.title})
        tickets.note(ticket, by=by, words=words, now=now)
    if new:
        record(incident, What.LINKED, now=now, by=by, numbers=[ticket.number for ticket in new])
    return len(new)


def unlink(incident: Incident, ticket: Ticket, *, by: Person | None, now: datetime) -> None:
    gone, _rows = LinkedTicket.objects.filter(incident=incident, ticket=ticket).delete()
    if gone:
        record(incident, What.UNLINKED, now=now, by=by, numbers=[ticket.number])


def linked(incident: Incident, actor: Actor) -> list[LinkedTicket]:
    """With what became of each; those the reader may not see are left out."""
    rows = LinkedTicket.objects.filter(incident=incident).select_related("ticket__requester", "ticket__team", "ticket__site")
    return [row for row in rows.order_by("-at", "-id") if may(actor, Can.READ, row.ticket)]
