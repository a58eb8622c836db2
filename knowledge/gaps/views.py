"""What people asked and nobody has written: the groups, one with its questions, and what becomes of it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from districts.access import Actor
from districts.editing import actor_of
from knowledge.gaps import actions, queries
from knowledge.gaps.queries import State
from knowledge.keeping.actions import NotPossible
from knowledge.keeping.doorway import for_keepers
from knowledge.keeping.forms import ReasonForm, languages
from knowledge.keeping.queries import judges_any
from knowledge.models import Article, GapGroup
from knowledge.queries import search

PAGE = 20
NEAR = 5  # articles offered as the answer


@for_keepers
@require_safe
def gaps(request: HttpRequest) -> HttpResponse:
    given = request.GET
    state = given.get("state", "") if given.get("state", "") in State.values else State.OPEN
    order = given.get("order", "") if given.get("order", "") in queries.ORDERS else "size"
    language = given.get("language", "") if given.get("language", "") in dict(languages()) else ""
    page = Paginator(queries.groups(state=state, order=order, language=language), PAGE).get_page(given.get("page"))
    counts, names = queries.counts(), dict(languages())
    values = {
        "page": page, "rows": queries.shown(list(page), today=timezone.localdate()), "state": state, "order": order,
        "language": language,
        "states": [(value, label, counts.get(value, 0)) for value, label in State.choices], "unread": queries.unread(),
        "languages": [(code, names.get(code, code)) for code in _used()], "weeks": queries.WEEKS, "again": queries.asked_again(),
    }  # fmt: skip
    return render(request, "knowledge/gaps/gaps.html", values)


def _used() -> list[str]:
    return sorted(GapGroup.objects.values_list("language", flat=True).distinct())


@for_keepers
@require_safe
def gap(request: HttpRequest, group_id: UUID) -> HttpResponse:
    return _one(request, queries.get_group(group_id))


def _one(request: HttpRequest, group: GapGroup, status: int = 200, **more: Any) -> HttpResponse:
    (shown,) = queries.shown([group], today=timezone.localdate())
    near = search(group.question, audience="staff", language=group.language, limit=NEAR, floor=0.0) if group.question else []
    values = {
        "group": group, "shown": shown, "questions": queries.questions(group), "may_judge": judges_any(actor_of(request)), "near": near,
        "weeks": queries.WEEKS, "language_name": dict(languages()).get(group.language, group.language), **more,
    }  # fmt: skip
    return render(request, "knowledge/gaps/gap.html", values, status=status)


@for_keepers
@require_POST
def gap_act(request: HttpRequest, group_id: UUID, act: str) -> HttpResponse:
    """write, answered, dismiss, open-again."""
    group = queries.get_group(group_id, lock=True)
    if act not in _ACTS:
        raise Http404
    try:
        return _ACTS[act](request, group)
    except NotPossible as why:
        return _one(request, queries.get_group(group_id), status=422, problem=str(why))


def _write(request: HttpRequest, group: GapGroup) -> HttpResponse:
    """From what people here have answered; where nobody has, an empty page with the questions."""
    try:
        version = actions.draft_from_solved(group, by=actor_of(request).person, now=timezone.now())
    except actions.NothingSolved:
        messages.info(
            request, _("Nobody has answered this in a ticket yet, so the text is yours to write. The questions are filled in.")
        )
        return redirect(f"{reverse('kept_article_new')}?gap={group.id}")
    messages.success(
        request, _("A draft, from real replies. Read every sentence before you propose it: they were written to one person.")
    )
    return redirect("kept_article_edit", version.article_id)


def _judge(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if not judges_any(actor):
        raise PermissionDenied("judge")
    return actor


def _answered(request: HttpRequest, group: GapGroup) -> HttpResponse:
    actor, slug = _judge(request), request.POST.get("article", "").replace("\0", "").strip().rstrip("/").rsplit("/", 1)[-1]
    article = Article.objects.filter(slug=slug[:120]).first()
    if article is None:
        raise NotPossible(_("Choose the article that answers it, or paste its address."))
    actions.answered_by(group, article=article, by=actor.person, now=timezone.now())
    messages.success(request, _("Kept as answered by “%(title)s”.") % {"title": article.title})
    return redirect("gaps")


def _dismiss(request: HttpRequest, group: GapGroup) -> HttpResponse:
    actor, form = _judge(request), ReasonForm(request.POST)
    if not form.is_valid():
        raise NotPossible(_("Say in a few words why nothing is to be written."))
    actions.dismiss(group, reason=form.cleaned_data["reason"], by=actor.person, now=timezone.now())
    messages.success(request, _("Put away. Who asks the same is counted and not shown here again."))
    return redirect("gaps")


def _open_again(request: HttpRequest, group: GapGroup) -> HttpResponse:
    actions.open_again(group, by=_judge(request).person, now=timezone.now())
    messages.success(request, _("It is among what nobody has written again."))
    return redirect("gap", group.id)


_ACTS: dict[str, Callable[[HttpRequest, GapGroup], HttpResponse]] = {
    "write": _write, "answered": _answered, "dismiss": _dismiss, "open-again": _open_again,
}  # fmt: skip
