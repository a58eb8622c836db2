"""Set-up: people who may be known twice, all of them, and what was decided lately."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from districts.editing import actor_of, for_administrators
from districts.queries import everybody, people_like
from intake.models import MergeSuggestion, PersonMerge
from intake.people import queries
from intake.people.merging import stays_and_goes
from intake.people.recognising import suggest
from intake.views.same_person import answer

PAGE = 20
FOUND = 10


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def same_people(request: HttpRequest) -> HttpResponse:
    """The suggestions; with `one` and `q`, the choice of who somebody is as well."""
    actor = actor_of(request)
    if request.method == "POST":
        answer(request, actor, _asked(request))
        return redirect("setup_same_people")
    page = Paginator(queries.open_suggestions(), PAGE).get_page(request.GET.get("page"))
    values: dict[str, Any] = {
        "page": page, "pairs": queries.pairs(list(page), actor), "recent": queries.recent_merges(), **_chosen(request),
    }  # fmt: skip
    return render(request, "setup/same_people.html", values)


def _asked(request: HttpRequest) -> MergeSuggestion | PersonMerge:
    """Raises Http404 for what is decided, undone or not there."""
    given = _id(request.POST.get("suggestion", "") or request.POST.get("merge", ""))
    found: MergeSuggestion | PersonMerge | None = queries.open_suggestions().filter(id=given).first()
    found = found or PersonMerge.objects.filter(id=given, undone_at__isnull=True).select_related("kept", "absorbed").first()
    if found is None:
        raise Http404
    return found


def _chosen(request: HttpRequest) -> dict[str, Any]:
    one = everybody().filter(id=_id(request.GET.get("one", ""))).first()
    asked = request.GET.get("q", "").replace("\0", "").strip()[:100]
    found = list(people_like(asked).exclude(id=one.id)[:FOUND]) if one and asked else []
    return {"one": one, "asked": asked, "found": list(queries.known_of(found, actor_of(request)).values())}


@for_administrators
@require_http_methods(["POST"])
def same_as(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """An administrator puts two side by side; they are decided about like any that were suggested."""
    one, other = everybody().filter(id=person_id).first(), everybody().filter(id=_id(request.POST.get("other", ""))).first()
    if one is None or other is None or one.id == other.id:
        raise Http404
    kept, _absorbed = stays_and_goes(one, other)
    if not suggest([(one, other, _("%(name)s chose them.") % {"name": actor_of(request).name})], now=timezone.now()):
        MergeSuggestion.objects.filter(one__in=[one, other], other__in=[one, other]).exclude(state=MergeSuggestion.State.MERGED).update(
            state=MergeSuggestion.State.OPEN, suggested_at=timezone.now()
        )
    messages.success(request, _("Compare the two below. If they are one, %(name)s stays.") % {"name": kept})
    return redirect("setup_same_people")


def _id(given: str) -> UUID:
    """What is no id is nobody's."""
    try:
        return UUID(given)
    except ValueError:
        return UUID(int=0)
