"""Solved tickets near a group of questions, and the replies that solved them. Never a sensitive one, nor one with words of danger."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection
from django.db.models import QuerySet

from districts.models import District, Membership, Site, Team
from districts.scope import require_district_id
from knowledge.gaps.drafting import Reply, folded, with_blanks
from knowledge.gaps.likeness import MEASURES, rows
from knowledge.models import Gap, GapGroup
from knowledge.redaction.engine import redact
from knowledge.redaction.people import district_roster
from knowledge.stems import CONFIGS, same_words, stem
from tickets.models import Message, Ticket, TicketWords
from tickets.words import words_of

BACK = timedelta(days=365)
LATEST = 1500  # solved tickets with one of the words that are looked at
CLOSELY = 80  # of them, those with the most words, that are compared
NEAREST = 8
TERMS = 12  # words looked for
QUESTIONS = 40  # of a group that are looked at
LOOKED_AT = 600  # characters of a ticket
SHORTEST = 40  # characters of a reply that says something

_FIND = f"""
WITH worded AS (
  SELECT w.id, w.words FROM {TicketWords._meta.db_table} w
  WHERE w.district_id = %(district)s AND w.words @@ %(query)s::tsquery ORDER BY w.id DESC LIMIT {LATEST}
)
SELECT t.id FROM worded w JOIN {Ticket._meta.db_table} t ON t.district_id = %(district)s AND t.id = w.id
WHERE t.resolved_at > %(since)s AND t.status IN ('resolved', 'closed') AND NOT t.sensitive AND NOT t.crisis
  AND t.language = %(language)s
ORDER BY ts_rank(w.words, %(query)s::tsquery) DESC, t.id DESC LIMIT {CLOSELY}
"""


@dataclass(frozen=True)
class Solved:
    """One near the group: `near`, cosine with its middle."""

    ticket: Ticket
    near: float
    reply: str  # as it was sent


def solved_near(group: GapGroup, *, now: datetime) -> list[Solved]:
    """The nearest first; only those to which somebody who works here replied."""
    questions = questions_of(group)
    candidates = _candidates(questions, group.language, now) | _asked_after(group, now)
    tickets = {ticket.id: ticket for ticket in _allowed().select_related("service", "team").filter(id__in=candidates)}
    near = _near(group, tickets)
    replies = _replies([ticket_id for ticket_id, _near_by in near])
    found = [Solved(tickets[key], by, replies[key]) for key, by in near if len(replies.get(key, "")) >= SHORTEST]
    return found[:NEAREST]


def questions_of(group: GapGroup) -> list[str]:
    """Different ones, the newest first, the one that stands for the group on top."""
    rows_ = Gap.objects.filter(group=group).exclude(question="").order_by("-at").values_list("question", flat=True)[:QUESTIONS]
    return list(dict.fromkeys([group.question, *rows_]))


def _allowed() -> QuerySet[Ticket]:
    return Ticket.objects.filter(sensitive=False, crisis=False, resolved_at__isnull=False)


def _candidates(questions: Sequence[str], language: str, now: datetime) -> set[UUID]:
    terms = _terms(questions, language)
    if not terms:
        return set()
    query = " | ".join(f"{word}:*" for word in terms)
    values: dict[str, Any] = {"district": require_district_id(), "query": query, "since": now - BACK, "language": language}
    with connection.cursor() as cursor:
        cursor.execute(_FIND, values)
        return {row[0] for row in cursor.fetchall()}


def _terms(questions: Sequence[str], language: str) -> list[str]:
    """The words most of the questions have, without those that only ask."""
    counted = Counter(word for text in questions for word in words_of(text) if len(word) > 2)
    words = [word for word, _n in counted.most_common(3 * TERMS)]
    if language not in CONFIGS or not words:
        return words[:TERMS]
    asking = same_words(language)[1]
    return [word for word, found in zip(words, stem(words, language), strict=True) if found - asking][:TERMS]


def _asked_after(group: GapGroup, now: datetime) -> set[UUID]:
    """Tickets that came of questions of the group, an article notwithstanding."""
    refs = Gap.objects.filter(group=group, answer__ticket_ref__isnull=False).values_list("answer__ticket_ref", flat=True)
    return {ref for ref in refs.order_by("-at")[:CLOSELY] if ref}


def _near(group: GapGroup, tickets: dict[UUID, Ticket]) -> list[tuple[UUID, float]]:
    measure = MEASURES[group.measure]
    firsts = _firsts(list(tickets))
    ids = list(firsts)
    found = rows([f"{tickets[key].subject}. {firsts[key]}"[:LOOKED_AT] for key in ids], group.language, measure)
    middle = np.frombuffer(group.centre, np.float32)
    cosines = found @ (middle / max(float(np.linalg.norm(middle)), 1e-9))
    near = [(key, float(cosine)) for key, cosine in zip(ids, cosines, strict=True) if cosine >= measure.solved]
    return sorted(near, key=lambda one: -one[1])


def _firsts(ticket_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The requester's first words."""
    rows_ = Message.objects.filter(ticket_id__in=ticket_ids, kind=Message.Kind.REQUEST).order_by("-at", "-id")
    return dict(rows_.values_list("ticket_id", "text"))


def _replies(ticket_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The last reply of somebody who works here."""
    staff = Membership.objects.values("person_id")
    rows_ = Message.objects.filter(ticket_id__in=ticket_ids, kind=Message.Kind.REPLY, author_id__in=staff).order_by("at", "id")
    return dict(rows_.values_list("ticket_id", "text"))


def without_people(found: Sequence[Solved]) -> list[Reply]:
    """The replies, with blanks in place of what tells whose they were."""
    roster, public = district_roster(), _public()
    return [Reply(with_blanks(redact(one.reply, roster), public)) for one in found]


def _public() -> dict[str, str]:
    """Numbers and addresses of the district itself."""
    district = District.objects.get(id=require_district_id())
    told = [
        district.phone,
        district.crisis_phone,
        *Site.objects.values_list("phone", flat=True),
        *Site.objects.values_list("address", flat=True),
    ]
    told += list(Team.objects.values_list("email", flat=True))
    return {folded(text): text for text in told if text}
