"""One answer to all who asked about an outage: each person once, by the way that reaches them, however their tickets were merged."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from delivery import optouts
from delivery.models import Delivery
from incidents.models import Incident, Letter, LinkedTicket, Update
from sla import actions as sla
from tickets import actions as tickets
from tickets import letters, merging
from tickets.facts import survivor
from tickets.family import merged_ids
from tickets.models import Event, Message, Ticket

FAILED = "failed"  # kept back because it could not be written


def queue_letters(update: Update, *, now: datetime) -> int:
    """A letter for each conversation that is live; somebody who has several gets it in one of them, and the others say where.

    Returns how many people are answered.
    """
    talks = conversations(update.incident)
    asking = askers(talks)
    told = _told_in(talks, asking, now=now)
    rows = []
    for talk in talks:
        numbers = {told[person] for person in asking[talk.id]}
        kept = "" if talk.number in numbers else _same(min(numbers))
        rows.append(Letter(update=update, ticket=talk, at=now, kept_back=kept))
    Letter.objects.bulk_create(rows, ignore_conflicts=True)
    return len(told)


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
        told = Event.objects.filter(ticket_id__in=wave, kind=Event.Kind.MERGED, data__has_key="from").values_list(
            "data__from", flat=True
        )
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


# --- each letter, by the sweep -------------------------------------------------------------------------------------------


def answer(letter: Letter, *, now: datetime) -> None:
    """In the ticket's language where there is a version. Twice is once; whoever was resolved meanwhile is not written to."""
    if not Letter.objects.filter(id=letter.id, sent_at__isnull=True).update(sent_at=now):
        return
    ticket = merging.take(letter.ticket)
    other = Letter.objects.filter(update=letter.update, ticket=ticket).exclude(id=letter.id).first()
    if not ticket.is_live:
        Letter.objects.filter(id=letter.id).update(kept_back=letter.kept_back or ticket.status)
    elif letter.kept_back:
        _say_where(letter, ticket, now=now)
    elif other:  # they were merged while both letters waited
        _once_more(letter, other, ticket, now=now)
    else:
        _reply(letter, ticket, now=now)


def _reply(letter: Letter, ticket: Ticket, *, now: datetime) -> None:
    update = letter.update
    message = tickets.reply(
        ticket, by=update.by, words=tickets.Words(text=_text(update, ticket)), solved=_solves(update, ticket), now=now
    )
    Letter.objects.filter(id=letter.id).update(message=message)
    sla.derive(ticket, now=now)


def _say_where(letter: Letter, ticket: Ticket, *, now: datetime) -> None:
    update = letter.update
    tickets.note(ticket, by=update.by, words=tickets.Words(text=letter.kept_back), now=now)
    if _solves(update, ticket):
        tickets.resolve(ticket, by=update.by, now=now)
    sla.derive(ticket, now=now)


def _once_more(letter: Letter, other: Letter, ticket: Ticket, *, now: datetime) -> None:
    """The survivor's own letter answers whoever asked in this one; where that has left, only somebody it left out is written to."""
    Letter.objects.filter(id=letter.id).update(kept_back=_same(ticket.number))
    asked: Ticket = letter.ticket
    if other.message is None or ticket.sensitive or _was_told(asked, other.message, ticket):
        return
    update = letter.update
    letters.reply_to_one(asked, other.message, team=ticket.team, by=update.by, now=now, solved=_solves(update, ticket))


def _was_told(asked: Ticket, message: Message, ticket: Ticket) -> bool:
    """Whoever asked has a letter of this reply already: as its own requester, or for another ticket of theirs in it."""
    ids = [ticket.id, *merged_ids(ticket)]
    keys = [letters.letter_key(message.id, one) for one in ids]
    return Delivery.objects.filter(about__in=ids, person=asked.requester_id, dedupe_key__in=keys).exists()


def _solves(update: Update, ticket: Ticket) -> bool:
    """What has words of danger, or is sensitive by now, is over when its own people say so."""
    return update.solves and not (ticket.crisis or ticket.sensitive)


def _text(update: Update, ticket: Ticket) -> str:
    return str(update.versions.get(ticket.language) or update.text)
