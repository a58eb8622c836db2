"""What must not be kept among the gaps: the words of tickets that only some may read."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from knowledge.gaps.drafting import with_blanks
from knowledge.redaction.engine import redact
from knowledge.redaction.people import district_roster
from tickets.models import Message, Ticket
from tickets.words import words_of

LOOKED_BACK = timedelta(days=2)  # a question at the front door becomes a ticket within that, or never
MOST = 500  # tickets looked at
WORDS = 40  # of a text, by which it is known again


def hushed(*, now: datetime) -> list[str]:
    """How the tickets of these days begin that were told in confidence, are of a sensitive service, or have words of danger;
    as they were written, and without what tells who wrote."""
    tickets = Ticket.objects.filter(Q(sensitive=True) | Q(crisis=True), opened_at__gte=now - LOOKED_BACK).order_by("-opened_at")
    ids = list(tickets.values_list("id", flat=True)[:MOST])
    texts = list(Message.objects.filter(ticket_id__in=ids, kind=Message.Kind.REQUEST).values_list("text", flat=True))
    roster = district_roster() if texts else None
    kept = [with_blanks(redact(text[:2000], roster), {}) for text in texts] if roster else []
    return [begin for begin in map(_begin, [*texts, *kept]) if begin]


def is_hushed(question: str, known: Sequence[str]) -> bool:
    """It is how one of these begins, or the other way round."""
    mine = _begin(question)
    return bool(mine) and any(mine.startswith(one) or one.startswith(mine) for one in known)


def _begin(text: str) -> str:
    words = words_of(text[:2000])[:WORDS]
    return " ".join(words) + " " if words else ""
