"""Answers that a model is to write: asked for when the passage is shown, written by a worker, read by the page a moment later.

Whoever asked has the passage from the first moment on. What is not written within FRESH is not wanted any more.
"""

import time
from datetime import datetime, timedelta
from uuid import UUID

from django.core.cache import cache

from districts.scope import district_scope
from knowledge.models import Answer, Writing
from knowledge.queries import Found, search
from knowledge.writing import Text, write

FRESH = timedelta(seconds=10)  # from the question to the page
PLACE = "model:writing"  # one in a whole deployment: writing must not keep all workers from requests
HELD = 20  # seconds after which the place of a worker that died is free; one answer takes six at most
State = Writing.State


def drain(district_id: UUID, *, now: datetime) -> int:
    """Write what waits, one after the other. Outside of any transaction. What comes meanwhile is for whoever writes already."""
    if not cache.add(PLACE, 1, HELD):
        return 0
    try:
        done, began = 0, time.monotonic()
        while (taken := _take(district_id, now + timedelta(seconds=time.monotonic() - began))) is not None:
            cache.set(PLACE, 1, HELD)
            done += _written(district_id, taken, now)
        return done
    finally:
        cache.delete(PLACE)


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
    text = _text(district_id, row, now)
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
