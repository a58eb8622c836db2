"""How often articles are read, shown as an answer, and were enough: counts by day, of nobody in particular."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, Sum

from districts import prepared
from districts.access import Actor
from districts.models import uuid7
from districts.scope import require_district_id
from knowledge.gaps.drafting import with_blanks
from knowledge.models import Answer, Article, Reading
from knowledge.redaction.engine import redact
from knowledge.redaction.people import district_roster
from tickets.models import Ticket
from tickets.queries import visible

WEEKS = 12  # looked back at
KEPT = timedelta(days=400)  # days of readings that are kept
SAMPLE = 12  # questions shown
_COUNT = (
    f"INSERT INTO {Reading._meta.db_table} AS r (id, district_id, article_id, day, audience, language, times)"
    " VALUES (%s, %s, %s, %s, %s, %s, 1)"
    " ON CONFLICT (district_id, article_id, day, audience, language) DO UPDATE SET times = r.times + 1"
)


def count_reading(article: Article, *, audience: str, language: str, day: date) -> None:
    """One statement. The last of a request: the row is held until its end, and others open the same article."""
    prepared.run(_COUNT, [uuid7(), require_district_id(), article.id, day, audience[:8], language[:8]])


@dataclass
class Figures:
    """Of one article, over the last `WEEKS` weeks; `weeks`: readings of each, the oldest first."""

    read: int = 0
    shown: int = 0
    solved: int = 0
    not_enough: int = 0
    weeks: list[int] = field(default_factory=lambda: [0] * WEEKS)

    @property
    def most(self) -> int:
        return max(self.weeks, default=0)

    @property
    def bars(self) -> list[tuple[int, int]]:
        """(readings, height in hundredths of the highest) of each week."""
        return [(times, round(100 * times / self.most) if self.most else 0) for times in self.weeks]

    @property
    def by_weeks(self) -> str:
        """For who cannot see the bars."""
        return ", ".join(map(str, self.weeks))

    @property
    def judged(self) -> int:
        return self.solved + self.not_enough

    @property
    def enough_percent(self) -> int | None:
        """Of those shown it who said what it was to them."""
        return round(100 * self.solved / self.judged) if self.judged else None


def figures(article_ids: Sequence[UUID], *, today: date, now: datetime) -> dict[UUID, Figures]:
    """Two statements, however many articles."""
    found = {article_id: Figures() for article_id in article_ids}
    since = today - timedelta(days=7 * WEEKS - 1)
    read = Reading.objects.filter(article_id__in=article_ids, day__gte=since).values_list("article_id", "day")
    for article_id, day, times in read.annotate(n=Sum("times")):
        one = found[article_id]
        one.read += times
        one.weeks[min(WEEKS - 1, (day - since).days // 7)] += times
    for row in _shown(article_ids, now):
        one = found[row["article_id"]]
        one.shown, one.solved, one.not_enough = row["n"], row["solved"], row["short"]
    return found


def _shown(article_ids: Sequence[UUID], now: datetime) -> list[dict[str, Any]]:
    rows = Answer.objects.filter(article_id__in=article_ids, at__gte=now - timedelta(weeks=WEEKS)).values("article_id")
    solved, short = Q(outcome=Answer.Outcome.SOLVED), Q(outcome=Answer.Outcome.NOT_ENOUGH)
    return [dict(row) for row in rows.annotate(n=Count("id"), solved=Count("id", filter=solved), short=Count("id", filter=short))]


def readers(article: Article, *, today: date) -> list[tuple[str, str, int]]:
    """(audience, language of the page, readings), the most first."""
    since = today - timedelta(days=7 * WEEKS - 1)
    rows = Reading.objects.filter(article=article, day__gte=since).values_list("audience", "language")
    return list(rows.annotate(n=Sum("times")).order_by("-n"))


@dataclass(frozen=True)
class Asked:
    text: str
    outcome: str
    at: datetime
    ticket: Ticket | None  # what came of it, where the reader may see that


def questions(article: Article, actor: Actor) -> list[Asked]:
    """The last questions it was shown for. As they were asked only where the reader may open what came of them; else without what
    tells who asked, and not at all where what came of them is not for the reader.
    """
    rows = list(Answer.objects.filter(article=article).order_by("-at")[: SAMPLE * 2])
    refs = {row.ticket_ref for row in rows if row.ticket_ref}
    mine = {ticket.id: ticket for ticket in Ticket.objects.filter(visible(actor), id__in=refs)} if refs else {}
    told = [row for row in rows if row.ticket_ref is None or row.ticket_ref in mine][:SAMPLE]
    return [_asked(row, mine.get(row.ticket_ref) if row.ticket_ref else None) for row in told]


def _asked(row: Answer, ticket: Ticket | None) -> Asked:
    text = row.question if ticket else with_blanks(redact(row.question, district_roster()), {})
    return Asked(text, row.outcome, row.at, ticket)


def forget(*, today: date) -> int:
    """Readings of long ago."""
    return Reading.objects.filter(day__lt=today - KEPT).delete()[0]
