"""What the articles say to a visitor's words: an answer only where one supports it, word for word, as at the front door."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from intake.language import guess
from knowledge import actions as knowledge
from knowledge import queries as known

NEAR = 2  # articles offered beside an answer, or in its place


def answer(words: str, *, language: str, shown: Collection[str], now: datetime) -> tuple[str, dict[str, Any]]:
    """("answer", what was found), ("told", {}) where it is among the passages `shown` before, or ("nothing", what comes near).

    What nobody has written is kept as a gap.

    As for somebody who is not signed in, whoever it is: the conversation can be read with its token alone.
    """
    spoken = guess(words) or language
    found = known.search(words, audience="public", language=spoken, limit=1 + NEAR, floor=0.0)
    best = found[0] if found else None
    near = [_named(one) for one in found if one.score >= known.HELPS]
    if best is None or not best.answers:
        knowledge.record_gap(question=words, language=spoken, best_score=best.score if best else 0.0, now=now)
        return "nothing", {"near": near[:NEAR]}
    if best.passage in shown:
        return "told", {}
    kept = knowledge.show_answer(question=words, found=best, language=spoken, now=now)
    source = {"answer": str(kept.id), "passage": best.passage, "team": best.article.team.name if best.article.team else ""}
    return "answer", {**_named(best), **source, "near": near[1:]}


def _named(found: known.Found) -> dict[str, str]:
    return {"slug": found.article.slug, "title": found.article.title, "language": found.article.language}
