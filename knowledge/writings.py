"""Answers that a model is to write: asked for when the passage is shown, written by a worker, read by the page a moment later.

Whoever asked has the passage from the first moment on. What is not written within FRESH is not wanted any more.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.core.cache import cache

from districts.scope import district_scope
from knowledge.models import Answer, Writing
from knowledge.queries import Found, search
from knowledge.writing import Text, write

FRESH = timedelta(seconds=10)  # from the question to the page
AT_ONCE = 2  # in a whole deployment: writing must not keep all workers from requests
HELD = 20  # seconds after which the place of a worker that died is free
State = Writing.State


def drain(district_id: UUID, *, now: datetime) -> int:
    """Write what waits. Outside of any transaction."""
    done = 0
    while (taken := _take(district_id, now)) is not None:
        done += _written(district_id, taken, now)
    return done


def _take(district_id: UUID, now: datetime) -> Writing | None:
    """One that nobody else writes; what nobody waits for any more is left as it is."""
    with district_scope(district_id):
        waiting = Writing.objects.filter(state=State.WAITING)
        waiting.filter(asked_at__lt=now - FRESH).update(state=State.LEFT, done_at=now)
        row = waiting.select_related("answer").select_for_update(skip_locked=True, of=("self",)).order_by("asked_at").first()
        if row is not None:
            row.state = State.ASKED
            row.save(update_fields=["state"])
    return row


def _written(district_id: UUID, row: Writing, now: datetime) -> int:
    place = _place()
    text = _text(district_id, row, now) if place else Text()
    if place:
        cache.delete(place)
    sentences = [{"text": one.text, "slug": one.slug, "quote": one.quote} for one in text.sentences]
    with district_scope(district_id):
        row.state, row.sentences, row.done_at = State.WRITTEN if sentences else State.LEFT, sentences, now
        row.save(update_fields=["state", "sentences", "done_at"])
    return len(sentences[:1])


def _text(district_id: UUID, row: Writing, now: datetime) -> Text:
    answer = row.answer
    with district_scope(district_id):
        found = search(answer.question, audience=row.audience, language=answer.language, limit=3, floor=0.0)
    if not _still(found, answer):
        return Text()
    return write(district_id, answer.question, found, language=answer.language, now=now, about=answer.id)


def _still(found: list[Found], answer: Answer) -> bool:
    """The same passage as a moment ago: what is written stands beside it."""
    return bool(found) and found[0].answers and found[0].article.id == answer.article_id


def _place() -> str:
    """One of the places to write at, or "" where all are taken."""
    return next((name for name in (f"model:writing:{n}" for n in range(AT_ONCE)) if cache.add(name, 1, HELD)), "")
