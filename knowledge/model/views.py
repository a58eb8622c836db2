"""The answer in a model's words, for a page that shows the passage already."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from knowledge import queries
from knowledge.model import wanted
from knowledge.models import Writing

ASK_AGAIN, ASK_NO_MORE = 204, 286  # htmx: nothing to swap yet; the polling ends


@never_cache
@require_safe
def written(request: HttpRequest, answer_id: UUID) -> HttpResponse:
    staff = queries.audience_of(request.actor) == queries.STAFF  # type: ignore[attr-defined]
    row = wanted.written(answer_id, staff=staff)
    if row is not None and row.state == Writing.State.WRITTEN:
        return render(request, "knowledge/_written.html", {"written": row, "language": row.answer.language})
    waits = row is not None and wanted.awaited(row, now=timezone.now())
    return HttpResponse(status=ASK_AGAIN if waits else ASK_NO_MORE)
