"""The many tickets of one outage: which may belong to it, linking them, and one answer to all who asked, each once."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from delivery import optouts
from districts.access import Actor, Can, may
from districts.models import Person
from incidents.happening import What, record
from incidents.models import Incident, IncidentProcess, IncidentSystem, Letter, LinkedTicket, Update
from incidents.starting import running, telling, words_of
from tickets import actions as tickets
from tickets import letters
from tickets.facts import survivor
from tickets.family import merged_ids
from tickets.models import Event, Ticket
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


# --- one answer to all who asked ----------------------------------------------------------------------------------------


def queue_letters(update: Update, *, now: datetime) -> int:
    """A letter for each conversation that is live; somebody who has several gets it in one of them, and the others say where."""
    talks = conversations(update.incident)
    asking = askers(talks)
    told = _told_in(talks, asking, now=now)
    rows = []
    for talk in talks:
        numbers = {told[person] for person in asking[talk.id]}
        kept = "" if talk.number in numbers else _same(min(numbers))
        rows.append(Letter(update=update, ticket=talk, at=now, kept_back=kept))
    Letter.objects.bulk_create(rows, ignore_conflicts=True)
    return len(asking and set(told))


def conversations(incident: Incident) -> list[Ticket]:
    """Live tickets of it, each once: a linked one that was merged is where it lives on. The first linked first."""
    rows = LinkedTicket.objects.filter(incident=incident).select_related("ticket").order_by("at", "id")
    found = {one.id: one for one in (survivor(row.ticket) for row in rows)}
    return [one for one in found.values() if one.is_live]


def askers(talks: Sequence[Ticket]) -> dict[UUID, set[UUID]]:
    """Who is answered in each: its requester, and those of what was merged into it; of a sensitive one its own alone."""
    found = {talk.id: {talk.requester_id} for talk in talks}
    for merged, talk in merged_into([talk for talk in talks if not talk.sensitive]).items():
        found[talk.id].add(merged.requester_id)
    return found


def merged_into(talks: Iterable[Ticket]) -> dict[Ticket, Ticket]:
    """What was merged into these, however many steps away → which of them. Two queries a step, by the events of the merges."""
    found: dict[Ticket, Ticket] = {}
    wave = {talk.id: talk for talk in talks}
    while wave:
        told = Event.objects.filter(ticket_id__in=wave, kind=Event.Kind.MERGED, data__has_key="from").values_list("data__from", flat=True)
        rows = Ticket.objects.filter(id__in={UUID(one) for one in told}, merged_into_id__in=wave).select_related("requester")
        step = {row: wave[row.merged_into_id] for row in rows if row.merged_into_id and row not in found}
        found |= step
        wave = {row.id: talk for row, talk in step.items()}
    return found


def _told_in(talks: Sequence[Ticket], asking: dict[UUID, set[UUID]], *, now: datetime) -> dict[UUID, int]:
    """Person → the number of the conversation they are answered in: one with others in it first, since it is answered anyhow."""
    told: dict[UUID, int] = {}
    for talk in talks:
        if len(asking[talk.id]) > 1:
            told |= {person: talk.number for person in asking[talk.id] if person not in told}
    alone = [talk for talk in talks if len(asking[talk.id]) == 1 and talk.requester_id not in told]
    several = {person for person, n in Counter(talk.requester_id for talk in alone).items() if n > 1}
    for person in several:
        told[person] = _best([talk for talk in alone if talk.requester_id == person], now=now).number
    return told | {talk.requester_id: talk.number for talk in alone if talk.requester_id not in several}


def _best(talks: Sequence[Ticket], *, now: datetime) -> Ticket:
    """Where a letter reaches its person: an address that takes them, the way they came by last, the earliest of those."""
    last = max(talks, key=lambda talk: (talk.opened_at, talk.number)).channel
    return min(talks, key=lambda talk: (not _arrives(talk, now=now), talk.channel != last, talk.opened_at, talk.number))


def _arrives(ticket: Ticket, *, now: datetime) -> bool:
    way = letters.way_to(ticket)
    return way != letters.NOWHERE and way not in optouts.barred([way[1]], now=now)


def _same(number: int) -> str:
    return _("The same person was answered in #%(number)d.") % {"number": number}
