"""What was shown, what came of it, what nobody has written; and articles brought in from a folder."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

from knowledge.folder import NotAnArticle, read_folder
from knowledge.keeping.bringing import bring
from knowledge.models import Answer, Gap
from knowledge.queries import Found

Outcome = Answer.Outcome
MAX_KEPT = 2000  # characters of a question


def show_answer(
    *, question: str, found: Found, language: str, now: datetime, answer_id: UUID | None = None, ticket_ref: UUID | None = None
) -> Answer:
    """A passage goes on somebody's screen as the answer, or into a letter about a ticket."""
    answer = Answer(
        question=_kept(question), article=found.article, passage=found.passage, language=language, outcome=Outcome.SHOWN, at=now,
        ticket_ref=ticket_ref, **({"id": answer_id} if answer_id else {}),
    )  # fmt: skip
    answer.save(force_insert=True)
    return answer


def mark_outcome(*, answer_id: UUID, outcome: str, ticket_ref: UUID | None = None) -> bool:
    """What the reader said of it. The first word stands, but a request that follows says that it was not enough."""
    rows = Answer.objects.filter(id=answer_id)
    if outcome != Outcome.NOT_ENOUGH:
        rows = rows.filter(outcome=Outcome.SHOWN)
    return bool(rows.update(outcome=outcome, ticket_ref=ticket_ref))


def record_gap(*, question: str, language: str, best_score: float, now: datetime) -> Gap:
    gap = Gap(question=_kept(question), language=language, best_score=best_score, at=now)
    gap.save(force_insert=True)
    return gap


def load_articles(folder: Path, *, now: datetime) -> int:
    """Bring a folder of Markdown files in, published; returns how many articles are new or changed. Again is nothing.

    Articles that are not in the folder are left alone. Raises `knowledge.folder.NotAnArticle`.
    """
    told = bring(list(read_folder(folder)), draft=False, by=None, now=now)
    refused = [f"{one.name}: {one.said}" for one in told if one.what == "refused"]
    if refused:
        raise NotAnArticle("; ".join(refused))
    return sum(one.what in ("new", "changed") for one in told)


def _kept(question: str) -> str:
    return question.replace("\0", "")[:MAX_KEPT]
