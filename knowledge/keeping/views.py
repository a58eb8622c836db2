"""Articles for those who keep them: the list, one with its versions and figures, and what becomes of a draft."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from districts.access import Actor
from districts.editing import KINDS, actor_of
from districts.models import Service, Team
from districts.queries import teams
from knowledge.keeping import actions, queries, statistics
from knowledge.keeping.actions import ChangedMeanwhile, NotPossible
from knowledge.keeping.differences import lines
from knowledge.keeping.doorway import for_keepers
from knowledge.keeping.forms import ReasonForm, ReviewForm, languages
from knowledge.keeping.queries import Asked
from knowledge.keeping.written import Content, blanks, differing, names, of_article, of_version
from knowledge.models import Article, ArticleVersion
from knowledge.rendering import to_html
from tickets.models import Ticket
from tickets.queries import visible

PAGE = 40
MAX_WORDS = 100
A_YEAR = timedelta(days=365)


@for_keepers
@require_safe
def kept_articles(request: HttpRequest) -> HttpResponse:
    actor, today, now = actor_of(request), timezone.localdate(), timezone.now()
    asked = _asked(request)
    page = Paginator(queries.narrowed(queries.everything(today=today), asked, today=today), PAGE).get_page(request.GET.get("page"))
    figures = statistics.figures([article.id for article in page], today=today, now=now)
    values = {
        "asked": asked, "narrowed": asked != Asked(), "page": page, "today": today, "may_import": actor.is_admin,
        "rows": [(article, figures[article.id], article.is_out_of_date(today)) for article in page],
        "counts": queries.counts(actor, today=today) if queries.judges_any(actor) else {}, "whose": "" if actor.is_admin else "mine",
        "teams": teams(), "languages": _written_in(), "states": _states(), "weeks": statistics.WEEKS,
    }  # fmt: skip
    return render(request, "knowledge/keeping/articles.html", values)


def _asked(request: HttpRequest) -> Asked:
    """What is none of the choices narrows nothing."""
    given = {
        name: request.GET.get(name, "").replace("\0", "").strip()[:MAX_WORDS] for name in ("q", "team", "language", "state", "due")
    }
    return Asked(
        words=given["q"], team=given["team"], language=given["language"][:8],
        state=given["state"] if given["state"] in queries.STATES else "", due=given["due"] if given["due"] in queries.DUE else "",
    )  # fmt: skip


def _states() -> list[tuple[str, str]]:
    return [
        ("published", _("Published")), ("proposed", _("Waits for approval")), ("draft", _("With a draft")),
        ("off", _("Taken from the site")),
    ]  # fmt: skip


def _written_in() -> list[tuple[str, str]]:
    used = set(Article.objects.values_list("language", flat=True).distinct())
    return [(code, name) for code, name in languages() if code in used]


@for_keepers
@require_safe
def kept_article(request: HttpRequest, article_id: UUID) -> HttpResponse:
    return _one(request, queries.get_article(article_id))


def _one(request: HttpRequest, article: Article, status: int = 200, **more: Any) -> HttpResponse:
    actor, today, now = actor_of(request), timezone.localdate(), timezone.now()
    draft, all_versions = queries.open_version(article), queries.versions(article)
    last = all_versions[0] if all_versions else None
    values = {
        "article": article, "draft": draft, "versions": all_versions, "seen": last.number if last else 0,
        "sent_back": last if last and last.state == ArticleVersion.State.REJECTED else None,
        "overdue": article.is_out_of_date(today), "a_year_on": today + A_YEAR,
        "may_judge": queries.may_judge(actor, article), "facts": _facts(of_article(article)),
        "may_throw": bool(draft and queries.may_throw_away(actor, article, draft)),
        "figures": statistics.figures([article.id], today=today, now=now)[article.id], "weeks": _weeks(article, today, now),
        "readers": statistics.readers(article, today=today), "questions": statistics.questions(article, actor),
        "last_weeks": statistics.WEEKS, **(_of_draft(article, draft, actor) if draft else {}), **more,
    }  # fmt: skip
    return render(request, "knowledge/keeping/article.html", values, status=status)


def _weeks(article: Article, today: date, now: Any) -> list[tuple[date, int, int]]:
    """(first day, readings, height) of each week."""
    bars = statistics.figures([article.id], today=today, now=now)[article.id].bars
    first = today - timedelta(days=7 * statistics.WEEKS - 1)
    return [(first + timedelta(days=7 * at), times, height) for at, (times, height) in enumerate(bars)]


def _of_draft(article: Article, draft: ArticleVersion, actor: Actor) -> dict[str, Any]:
    """What is not the same as what is published, and where it came from."""
    content = of_version(draft, article)
    published = of_article(article) if article.published_at else None
    return {
        "draft_body": to_html(draft.body), "blanks": blanks(content),
        "changes": compared(published, content) if published else None, "draft_facts": _facts(content),
        "overtaken": published is not None and draft.beside != article.shown,
        "made_from": list(Ticket.objects.filter(visible(actor), id__in=draft.made_from).order_by("number")) if draft.made_from else [],
        "made_from_all": len(draft.made_from),
    }  # fmt: skip


# --- versions ---------------------------------------------------------------------------------------------------------


@for_keepers
@require_safe
def article_version(request: HttpRequest, article_id: UUID, number: int) -> HttpResponse:
    """One as it was, and what is not the same in another (`?with=`, else the one before)."""
    article = queries.get_article(article_id)
    version = queries.get_version(article, number)
    last = queries.last_version(article)
    other = _other(article, number, request.GET.get("with", ""))
    content = of_version(version, article)
    values = {
        "article": article, "version": version, "body": to_html(version.body), "other": other, "facts": _facts(content),
        "changes": compared(of_version(other, article), content) if other else None, "seen": last.number if last else 0,
        "versions": queries.versions(article),
    }  # fmt: skip
    return render(request, "knowledge/keeping/version.html", values)


def _other(article: Article, number: int, asked: str) -> ArticleVersion | None:
    rows = ArticleVersion.objects.filter(article=article).exclude(number=number)
    if asked.isascii() and asked.isdigit() and len(asked) < 9:
        return rows.filter(number=int(asked)).first()
    return rows.filter(number__lt=number).order_by("-number").first()


def compared(before: Content, after: Content) -> list[tuple[str, Any, Any, Any]]:
    """(field's name, before, after, lines of its text or nothing) of each that is not the same."""
    called, old, new = names(), dict(_facts(before, empty=True)), dict(_facts(after, empty=True))
    told = []
    for name in differing(before, after):
        text = lines(before.body, after.body) if name == "body" else None
        told.append((called[name], old.get(called[name], ""), new.get(called[name], ""), text))
    return told


def _facts(content: Content, *, empty: bool = False) -> list[tuple[str, str]]:
    """(name, words) of all but the text."""
    called, kinds = names(), dict(KINDS)
    origin = Article.objects.filter(id=content.translation_of).values_list("title", flat=True).first() if content.translation_of else ""
    team = Team.objects.filter(id=content.team).values_list("name", flat=True).first() if content.team else ""
    offered = dict(Service.objects.filter(slug__in=content.services).values_list("slug", "name"))
    told = {
        "title": content.title, "summary": content.summary,
        "audience": ", ".join(str(kinds.get(kind, kind)) for kind in content.audience),
        "language": dict(languages()).get(content.language, content.language), "translation_of": origin or "", "team": team or "",
        "review_by": date_format(content.review_by) if content.review_by else "", "keywords": " · ".join(content.keywords),
        "services": ", ".join(offered.get(slug, slug) for slug in content.services),
    }  # fmt: skip
    return [(called[name], words) for name, words in told.items() if words or empty]


# --- what becomes of it -----------------------------------------------------------------------------------------------


@for_keepers
@require_POST
def article_act(request: HttpRequest, article_id: UUID, act: str) -> HttpResponse:
    """propose, publish, send-back, unpublish, restore, still-right, throw-away: each only of what was seen."""
    article = queries.get_article(article_id)
    if act not in _ACTS:
        raise Http404
    try:
        return _ACTS[act](request, article, _number(request, "seen"))
    except ChangedMeanwhile as quicker:
        said = _("Nothing was done: %(name)s has saved version %(number)d meanwhile. Look at it first.")
        problem = said % {"name": quicker.latest.by or _("Somebody"), "number": quicker.latest.number}
    except NotPossible as why:
        problem = str(why)
    return _one(request, queries.get_article(article_id), status=422, problem=problem)


def _number(request: HttpRequest, name: str) -> int:
    given = request.POST.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 9 else -1


def _judge(request: HttpRequest, article: Article) -> Actor:
    actor = actor_of(request)
    if not queries.may_judge(actor, article):
        raise PermissionDenied("judge")
    return actor


def _propose(request: HttpRequest, article: Article, seen: int) -> HttpResponse:
    actions.propose(article, seen=seen, by=actor_of(request).person, now=timezone.now())
    messages.success(request, _("It waits for approval; what is published stays as it is until then."))
    return redirect("kept_article", article.id)


def _publish(request: HttpRequest, article: Article, seen: int) -> HttpResponse:
    actions.publish(article, seen=seen, by=_judge(request, article).person, now=timezone.now())
    messages.success(request, _("It is published."))
    return redirect("kept_article", article.id)


def _reason(request: HttpRequest) -> str:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        raise NotPossible(_("Say why, in a few words: whoever wrote it reads that."))
    return str(form.cleaned_data["reason"])


def _send_back(request: HttpRequest, article: Article, seen: int) -> HttpResponse:
    by = _judge(request, article).person
    actions.send_back(article, seen=seen, reason=_reason(request), by=by, now=timezone.now())
    messages.success(request, _("It is sent back, with your reason."))
    return redirect("kept_article", article.id)


def _unpublish(request: HttpRequest, article: Article, seen: int) -> HttpResponse:
    by = _judge(request, article).person
    actions.unpublish(article, seen=seen, reason=_reason(request), by=by, now=timezone.now())
    messages.success(request, _("Nobody is shown it any more."))
    return redirect("kept_article", article.id)


def _restore(request: HttpRequest, article: Article, seen: int) -> HttpResponse:
    try:
        actions.restore(article, number=_number(request, "number"), seen=seen, by=actor_of(request).person, now=timezone.now())
    except ArticleVersion.DoesNotExist as gone:
        raise Http404 from gone
    messages.success(request, _("The old version is a draft again. It is published once it is approved."))
    return redirect("kept_article", article.id)


def _still_right(request: HttpRequest, article: Article, seen: int) -> HttpResponse:
    by, form = _judge(request, article).person, ReviewForm(request.POST)
    if not form.is_valid() or form.cleaned_data["review_by"] <= timezone.localdate():
        raise NotPossible(_("Choose a day to come, by which it is to be checked again."))
    actions.still_right(article, seen=seen, review_by=form.cleaned_data["review_by"], by=by, now=timezone.now())
    messages.success(request, _("Kept as it is, to be checked again by the new date."))
    return redirect("kept_article", article.id)


def _throw_away(request: HttpRequest, article: Article, seen: int) -> HttpResponse:
    actor, draft = actor_of(request), queries.open_version(article)
    if draft and not queries.may_throw_away(actor, article, draft):
        raise PermissionDenied("throw away")
    gone = actions.throw_away(article, seen=seen, by=actor.person, now=timezone.now())
    messages.success(request, _("The draft is thrown away."))
    return redirect(reverse("kept_articles") if gone else reverse("kept_article", args=[article.id]))


_ACTS: dict[str, Callable[[HttpRequest, Article, int], HttpResponse]] = {
    "propose": _propose, "publish": _publish, "send-back": _send_back, "unpublish": _unpublish, "restore": _restore,
    "still-right": _still_right, "throw-away": _throw_away,
}  # fmt: skip
