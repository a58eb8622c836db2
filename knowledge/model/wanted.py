"""A model is asked to write what a passage says that is shown right now; the page looks for it a moment later."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from districts.jobs import nudge
from knowledge.model.budget import switched_on
from knowledge.model.doorway import write_pending
from knowledge.model.endpoint import endpoint
from knowledge.models import Answer, Purpose, Writing
from knowledge.search import STAFF
from knowledge.writings import FRESH


def want(answer: Answer, *, audience: str, now: datetime) -> bool:
    """In the district in scope. False where no model writes here, which costs nothing where none is plugged in."""
    if not switched_on(Purpose.ANSWERS):
        return False
    Writing(answer=answer, audience=audience, asked_at=now).save(force_insert=True)
    nudge(write_pending)
    return True


def written(answer_id: UUID, *, staff: bool) -> Writing | None:
    """What has been written for this answer, or is about to be; what was written for staff is for staff."""
    row = Writing.objects.filter(answer=answer_id).select_related("answer__article").first()
    return row if row is not None and (staff or row.audience != STAFF) else None


def awaited(row: Writing, *, now: datetime) -> bool:
    return row.state in (Writing.State.WAITING, Writing.State.ASKED) and row.asked_at > now - FRESH


def words_for(answer_ids: Iterable[str]) -> dict[str, Writing]:
    """What has been written for answers to people who are not signed in; costs nothing where no model is plugged in."""
    ids = [UUID(one) for one in answer_ids]
    if not ids or endpoint() is None:
        return {}
    rows = Writing.objects.filter(answer__in=ids, state=Writing.State.WRITTEN).exclude(audience=STAFF)
    return {str(row.answer_id): row for row in rows}
