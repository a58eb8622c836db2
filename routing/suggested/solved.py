"""Tickets that were solved and may be like this one: a bounded number of them, whatever the district has.

From two sides: what this team solved last, that of the same service first; and what shares its words, among the newest tickets of
the district, and where a word is rare among all. Every statement reads a bounded stretch of an index.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from routing.queue import NEWEST, SEEN, Desk
from routing.suggested.asked import STEM, asked, telling
from tickets.models import Ticket

TEAMS = 1_000  # solved last by the team, among which those of the same service are looked for
EACH = 40  # tickets from each side
SHARING = 200  # tickets with the telling words, of which the solved ones are taken
RARE = 20  # tickets of the newest that have a word: with so few, it is looked for among all
WORDS = 12  # words of the question
READ = 400  # characters of what was asked

SOLVED = f"t.status IN ('resolved', 'closed') AND t.resolved_at IS NOT NULL AND t.id <> %(ticket)s AND {SEEN}"
LATELY = f"""
SELECT id FROM (
  SELECT t.id, t.service_id, t.resolved_at FROM tickets_ticket t
  WHERE t.district_id = %(district)s AND t.team_id = %(team)s AND {SOLVED} ORDER BY t.resolved_at DESC, t.id DESC LIMIT %(teams)s) last
ORDER BY (service_id IS NOT DISTINCT FROM %(service)s) DESC, resolved_at DESC LIMIT %(each)s
"""
SHARED = """
WITH hit AS MATERIALIZED (
  SELECT w.id, {marks} FROM (
    SELECT id, words FROM tickets_ticketwords WHERE district_id = %(district)s ORDER BY id DESC LIMIT %(newest)s) w
  WHERE w.words @@ %(any)s::tsquery),
found AS MATERIALIZED (SELECT {counts} FROM hit)
SELECT ARRAY[{names}], ARRAY(
  SELECT t.id FROM (SELECT hit.id, {worth} AS worth FROM hit, found ORDER BY worth DESC, hit.id DESC LIMIT %(sharing)s) best
  JOIN tickets_ticket t ON t.district_id = %(district)s AND t.id = best.id
  WHERE {solved} ORDER BY best.worth DESC, t.id DESC LIMIT %(each)s)
FROM found
"""
ANYWHERE = f"""
WITH hit AS MATERIALIZED (SELECT w.id FROM tickets_ticketwords w WHERE w.district_id = %(district)s AND w.words @@ %(rare)s::tsquery)
SELECT t.id FROM hit JOIN tickets_ticket t ON t.district_id = %(district)s AND t.id = hit.id
WHERE {SOLVED} ORDER BY t.id DESC LIMIT %(each)s
"""
TOLD = f"""
SELECT t.id, t.number, t.subject, t.language, t.team_id, t.service_id, t.site_id, t.resolved_at, t.sensitive, t.crisis,
  t.channel,  coalesce(asked.text, ''), coalesce(said.text, '')
FROM tickets_ticket t
LEFT JOIN LATERAL (SELECT left(m.text, %(read)s) AS text FROM tickets_message m
  WHERE m.district_id = %(district)s AND m.ticket_id = t.id AND m.kind = 'request' ORDER BY m.at, m.id LIMIT 1) asked ON true
LEFT JOIN LATERAL (SELECT m.text FROM tickets_message m
  WHERE m.district_id = %(district)s AND m.ticket_id = t.id AND m.kind = 'reply' AND m.author_id IS NOT NULL AND m.at <= t.resolved_at
  ORDER BY m.at DESC, m.id DESC LIMIT 1) said ON true
WHERE t.district_id = %(district)s AND t.id = ANY(%(ids)s) AND {SOLVED}
"""


@dataclass(frozen=True)
class Solved:
    """One that was solved; the columns of `TOLD`. `reply`: the last that somebody who works here wrote before it was."""

    id: UUID
    number: int
    subject: str
    language: str
    team_id: UUID
    service_id: UUID | None
    site_id: UUID | None
    resolved_at: datetime
    sensitive: bool
    crisis: bool
    channel: str
    asked: str
    reply: str

    @property
    def words(self) -> str:
        return asked(self.subject, self.asked, self.channel)


def solved_like(ticket: Ticket, text: str, desk: Desk) -> list[Solved]:
    """Up to some 100 that the reader may see, in no order."""
    params = desk.params() | {
        "ticket": ticket.id, "team": ticket.team_id, "service": ticket.service_id, "teams": TEAMS, "each": EACH, "newest": NEWEST,
        "sharing": SHARING, "read": READ,
    }  # fmt: skip
    ids = {row[0] for row in _rows(LATELY, params)} | _sharing(text, params)
    return [Solved(*row) for row in _rows(TOLD, params | {"ids": list(ids)})] if ids else []


def _sharing(text: str, params: dict[str, Any]) -> set[UUID]:
    """By words: those that few tickets have tell most."""
    forms = [_form(word) for word in telling(text)][:WORDS]
    if not forms:
        return set()
    asked = {f"t{n}": form for n, form in enumerate(forms)} | {"any": " | ".join(forms)}
    counts, found = _rows(_shared(len(forms)), params | asked)[0]
    rare = [form for form, count in zip(forms, counts, strict=True) if count <= RARE]
    more = _rows(ANYWHERE, params | {"rare": " | ".join(rare)}) if rare else []
    return {*found, *(row[0] for row in more)}


def _shared(words: int) -> str:
    each = range(words)
    return SHARED.format(
        marks=", ".join(f"(w.words @@ %(t{n})s::tsquery)::int AS m{n}" for n in each),
        counts=", ".join(f"coalesce(sum(m{n}), 0)::int AS n{n}" for n in each),
        names=", ".join(f"n{n}" for n in each),
        worth=" + ".join(f"m{n} * ln(%(newest)s::float8 / (1 + n{n}))" for n in each),
        solved=SOLVED,
    )


def _form(word: str) -> str:
    """What PostgreSQL reads as a tsquery: a long word also in its other forms."""
    return f"{word[:STEM]}:*" if len(word) >= STEM else f"({word} | {word}s | {word}es)"


def _rows(statement: str, params: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())
