"""Words of tickets that are older than the search of words."""

from uuid import UUID

from django.db.models import OuterRef, Subquery

from tickets.models import Message, Ticket, TicketWords
from tickets.words import vector


def index_words(*, after: UUID, limit: int = 2000) -> tuple[UUID | None, int]:
    """Write the words of tickets that have none, of the `limit` next ones by id; (where to go on, how many were written).

    Every ticket gets its words when it is opened; this is for those that are older than the words.
    """
    ids = list(Ticket.objects.filter(id__gt=after).order_by("id").values_list("id", flat=True)[:limit])
    known = set(TicketWords.objects.filter(id__in=ids).values_list("id", flat=True))
    missing = Ticket.objects.filter(id__in=[one for one in ids if one not in known])
    first = Message.objects.filter(ticket=OuterRef("id"), kind=Message.Kind.REQUEST).order_by("at", "id").values("text")[:1]
    rows = [
        TicketWords(id=one, words=vector(subject, name, text or ""))
        for one, subject, name, text in missing.values_list("id", "subject", "requester__name", Subquery(first))
    ]
    TicketWords.objects.bulk_create(rows, ignore_conflicts=True)
    return (ids[-1] if ids else None), len(rows)
