"""Tickets about the same need: which one a new ticket says again, and which ones a person who merges might mean."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from districts.models import Service, Site
from knowledge.embedding import meaning
from routing.likeness import Said, resemblance
from routing.pairing.clues import Wrote
from routing.pairing.relation import JOIN, OFFER, relate
from routing.queue import Desk
from routing.words import fold
from sla.words import left
from tickets.letters import REOPEN_WITHIN
from tickets.merging import obstacle
from tickets.models import ChannelKind, Event, Link, Message, Ticket
from tickets.queries import visible

WINDOW = timedelta(hours=24)  # in which one person says the same again, by whatever way
TWICE = timedelta(minutes=30)  # in which the very same words are one message sent twice
WORDS_TWICE = 3  # words at least: "help" twice may be two needs
LOOKED_AT = 10  # of one person's tickets
NEAR, NEAREST = timedelta(days=3), 200  # newest tickets of everybody that are looked at for a person
DEVICE = timedelta(days=30)
ALIKE = 0.45  # of two people's tickets, from here on they are shown to whoever merges
SHOWN = 8
MEANT = 600  # characters whose meaning is compared: what a long letter is about stands at its beginning


@dataclass(frozen=True)
class Twin:
    """An earlier ticket of the same person. `sure`: joined without being asked. `why`: a sentence for people."""

    ticket: Ticket
    likeness: float
    why: str
    sure: bool


@dataclass(frozen=True)
class Candidate:
    """What a ticket might be merged into, and why that is thought."""

    ticket: Ticket
    why: str
    stops: str = ""  # why it cannot be


def twin_of(ticket: Ticket, *, site: Site | None, crisis: bool, now: datetime, service: Service | None = None) -> Twin | None:
    """The live ticket of the same person, opened shortly before, that this one is likeliest to say again; None: none is alike.

    `site` and `service`: what triage found. Where a person may be in danger nothing is sure, nor what may not be merged.
    """
    earlier = _lately(ticket)
    if not earlier:
        return None
    said = _said([ticket, *earlier])
    mine = wrote(ticket, said[ticket.id].text, site=site, service=service)
    best = max(
        (_judged(ticket, mine, one, wrote(one, said[one.id].text)) for one in earlier), key=lambda twin: (twin.sure, twin.likeness)
    )
    if best.likeness < OFFER and not best.sure:
        return None
    held = crisis or best.ticket.crisis or bool(obstacle(ticket, best.ticket, now=now)) or was_apart(ticket)
    return Twin(best.ticket, best.likeness, best.why, best.sure and not held)


def was_apart(ticket: Ticket) -> bool:
    """Somebody has said that it stands by itself."""
    return Event.objects.filter(ticket=ticket, kind=Event.Kind.UNMERGED).exists()


def _lately(ticket: Ticket) -> list[Ticket]:
    rows = Ticket.objects.filter(requester=ticket.requester_id, opened_at__gte=ticket.opened_at - WINDOW, status__in=Ticket.LIVE)
    before = rows.filter(Q(opened_at__lt=ticket.opened_at) | Q(opened_at=ticket.opened_at, id__lt=ticket.id))
    ids = list(before.order_by("-opened_at").values_list("id", flat=True)[:LOOKED_AT])
    if not ids:  # most people ask once a day
        return []
    whole = Ticket.objects.select_related("team", "service", "assignee", "requester", "site")
    return list(whole.filter(id__in=ids).order_by("-opened_at"))


def _judged(ticket: Ticket, mine: Wrote, other: Ticket, theirs: Wrote) -> Twin:
    ago = ticket.opened_at - other.opened_at
    when = {"time": left(ago), "channel": ChannelKind(other.channel).label}
    if ago <= TWICE and len(mine.text.split()) >= WORDS_TWICE and fold(mine.text) == fold(theirs.text):
        return Twin(other, 1.0, _("The same person wrote the same words %(time)s earlier: %(channel)s") % when, sure=True)
    chance = relate(theirs, mine).said_again
    when["percent"] = str(round(100 * chance))
    why = _("The same person, %(time)s earlier: %(channel)s. It speaks of an earlier message, %(percent)s %% alike") % when
    return Twin(other, chance, why, sure=chance >= JOIN)


def wrote(ticket: Ticket, text: str, *, site: Site | None = None, service: Service | None = None) -> Wrote:
    """`text`: what was asked in it. `site` and `service`: what triage found, where the ticket has none yet."""
    at, of = _code(ticket) or (site.code if site else ""), ticket.service_id or (service.id if service else None)
    return Wrote(
        text, ticket.channel, at, minutes=ticket.opened_at.timestamp() / 60, room=ticket.room, asset=ticket.asset_tag,
        services=((str(of), 1.0),) if of else (), meaning=meaning.one(text[:MEANT]), who=str(ticket.requester_id),
    )  # fmt: skip


def said_in(tickets: Sequence[Ticket]) -> dict[UUID, str]:
    """What was asked in each."""
    return {key: said.text for key, said in _said(tickets).items()}


def _said(tickets: Sequence[Ticket]) -> dict[UUID, Said]:
    """What was asked in each, with its subject where that says more."""
    texts: dict[UUID, list[str]] = {ticket.id: [] for ticket in tickets}
    rows = Message.objects.filter(ticket_id__in=texts, kind=Message.Kind.REQUEST).order_by("at", "id")
    for ticket_id, text in rows.values_list("ticket_id", "text"):
        texts[ticket_id].append(text)
    return {ticket.id: Said(_whole(ticket, texts[ticket.id]), ticket.channel, _code(ticket)) for ticket in tickets}


def _whole(ticket: Ticket, texts: list[str]) -> str:
    body = "\n".join(texts)
    return body if body.startswith(ticket.subject.rstrip(" .…")) else f"{ticket.subject}\n{body}"


def _code(ticket: Ticket) -> str:
    return ticket.site.code if ticket.site else ""


# --- for whoever merges ---------------------------------------------------------------------------------------------------


def candidates(ticket: Ticket, desk: Desk) -> list[Candidate]:
    """What it might be merged into, of all that the reader may see, the likeliest first."""
    found: dict[UUID, Candidate] = {}
    for candidate in (*_linked(ticket, desk), *_theirs(ticket, desk), *_of_device(ticket, desk), *_near(ticket, desk)):
        found.setdefault(candidate.ticket.id, candidate)
    return list(found.values())[:SHOWN]


def as_candidates(ticket: Ticket, ids: Iterable[UUID], desk: Desk) -> list[Candidate]:
    """What was looked for, in its order, with what stands in the way."""
    rows = {row.id: row for row in _seen(desk, ticket).filter(id__in=list(ids))}
    return [Candidate(rows[i], "", obstacle(ticket, rows[i], now=desk.now)) for i in ids if i in rows]


def _seen(desk: Desk, ticket: Ticket) -> QuerySet[Ticket]:
    rows = Ticket.objects.filter(visible(desk.actor), merged_into__isnull=True).exclude(id=ticket.id)
    return rows.select_related("team", "requester", "site", "service", "assignee")


def _linked(ticket: Ticket, desk: Desk) -> Iterator[Candidate]:
    links = Link.objects.filter(Q(ticket=ticket) | Q(other=ticket)).order_by("-at")[:LOOKED_AT]
    kinds = {row.other_id if row.ticket_id == ticket.id else row.ticket_id: Link.Kind(row.kind).label for row in links}
    for row in _seen(desk, ticket).filter(id__in=list(kinds)):
        yield from _possible(ticket, row, str(kinds[row.id]), desk)


def _theirs(ticket: Ticket, desk: Desk) -> Iterator[Candidate]:
    recent = Q(status__in=Ticket.LIVE) | Q(resolved_at__gte=desk.now - REOPEN_WITHIN)
    for row in _seen(desk, ticket).filter(recent, requester=ticket.requester_id).order_by("-opened_at")[:LOOKED_AT]:
        yield from _possible(ticket, row, _("The same person"), desk)


def _of_device(ticket: Ticket, desk: Desk) -> Iterator[Candidate]:
    if not ticket.asset_tag:
        return
    rows = _seen(desk, ticket).filter(asset_tag=ticket.asset_tag, opened_at__gte=desk.now - DEVICE, status__in=Ticket.LIVE)
    for row in rows.order_by("-opened_at")[:LOOKED_AT]:
        yield from _possible(ticket, row, _("The same device: %(tag)s") % {"tag": ticket.asset_tag}, desk)


def _near(ticket: Ticket, desk: Desk) -> Iterator[Candidate]:
    """Of anybody, about the same time, with much the same words; not of another place."""
    around = Q(opened_at__range=(ticket.opened_at - NEAR, ticket.opened_at + NEAR), status__in=Ticket.LIVE)
    if ticket.site_id:
        around &= Q(site__isnull=True) | Q(site=ticket.site_id)
    rows = list(_seen(desk, ticket).filter(around).order_by("-opened_at")[:NEAREST])
    said = _said([ticket, *rows])
    alike = [(resemblance(said[ticket.id], said[row.id]), row) for row in rows]
    for much, row in sorted(alike, key=lambda pair: -pair[0])[:SHOWN]:
        if much >= ALIKE:
            same_site = ticket.site_id and row.site_id == ticket.site_id
            yield from _possible(ticket, row, _("Similar words, the same place") if same_site else _("Similar words"), desk)


def _possible(ticket: Ticket, other: Ticket, why: str, desk: Desk) -> Iterator[Candidate]:
    """Also the other way round it could be: then the page says so."""
    if not (obstacle(ticket, other, now=desk.now) and obstacle(other, ticket, now=desk.now)):
        yield Candidate(other, why, obstacle(ticket, other, now=desk.now))
