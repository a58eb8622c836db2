"""The editor of an article, with what its readers will see beside it; and articles brought in from files."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from districts.access import Can, require
from districts.editing import actor_of
from districts.models import uuid7
from knowledge.folder import LONGEST
from knowledge.gaps.actions import written_for
from knowledge.gaps.queries import begun_for
from knowledge.keeping import actions, queries
from knowledge.keeping.actions import ChangedMeanwhile, NotPossible
from knowledge.keeping.archives import NotAnArchive, files_in
from knowledge.keeping.bringing import bring, read_all
from knowledge.keeping.doorway import for_keepers
from knowledge.keeping.forms import ArticleForm
from knowledge.keeping.views import compared
from knowledge.keeping.written import Content, of_article, of_version
from knowledge.models import Article, ArticleVersion
from knowledge.rendering import to_html

ONE_FORM = require_http_methods(["GET", "HEAD", "POST"])


@for_keepers
@ONE_FORM
def article_new(request: HttpRequest) -> HttpResponse:
    """`?of=` another article: its translation; `?gap=` a group of questions: an article that answers them."""
    if request.method != "POST":
        form = ArticleForm(shown=_begun(request), today=timezone.localdate())
        return _editor(request, form, None, key=str(uuid7()), gap=request.GET.get("gap", ""))
    key = _uuid(request.POST.get("key", "")) or uuid7()
    if Article.objects.filter(id=key).exists():  # pressed twice
        return redirect("kept_article", key)
    form = ArticleForm(request.POST, today=timezone.localdate())
    return _edited(request, form, None, key=str(key), gap=request.POST.get("gap", ""))


@for_keepers
@ONE_FORM
def article_edit(request: HttpRequest, article_id: UUID) -> HttpResponse:
    article = queries.get_article(article_id)
    begun = queries.begun_from(article)
    shown = of_version(begun, article) if begun else of_article(article)
    if request.method != "POST":
        last = queries.last_version(article)
        form = ArticleForm(shown=shown, article=article, today=timezone.localdate())
        return _editor(request, form, article, seen=last.number if last else 0)
    return _edited(request, ArticleForm(request.POST, shown=shown, article=article, today=timezone.localdate()), article)


def _begun(request: HttpRequest) -> Content | None:
    origin, gap = _uuid(request.GET.get("of", "")), _uuid(request.GET.get("gap", ""))
    article = Article.objects.filter(id=origin, translation_of__isnull=True).first() if origin else None
    if article is not None:
        told = of_article(article)
        other = "es" if told.language == "en" else "en"
        return Content(
            title="", body=told.body, language=other, translation_of=article.id, audience=told.audience, services=told.services,
            team=told.team, review_by=told.review_by,
        )  # fmt: skip
    return begun_for(gap) if gap else None


def _edited(request: HttpRequest, form: ArticleForm, article: Article | None, **more: Any) -> HttpResponse:
    """Saved, looked at, or shown again with what is wrong: what was typed is never lost."""
    given, seen = request.POST, request.POST.get("seen", "")
    more["seen"] = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else 0
    if not form.is_valid():
        return _editor(request, form, article, status=422, **more)
    if "preview" in given:
        return _editor(request, form, article, looked=True, **more)
    try:
        saved = _save(request, form, article, **more)
    except ChangedMeanwhile as quicker:
        return _editor(request, form, article, status=422, **(more | _meanwhile(article, more["seen"], quicker.latest)))
    except NotPossible as why:
        form.add_error("translation_of", str(why))
        return _editor(request, form, article, status=422, **more)
    return redirect("kept_article", saved.article_id)


def _save(
    request: HttpRequest, form: ArticleForm, article: Article | None, *, seen: int, key: str = "", gap: str = ""
) -> ArticleVersion:
    """A draft; proposed, or published by whoever may, in the same step. Raises ChangedMeanwhile, NotPossible."""
    actor, now, given = actor_of(request), timezone.now(), request.POST
    try:
        with transaction.atomic():
            version = actions.save(
                article, content=form.content(), seen=seen, by=actor.person, now=now, propose=bool({"propose", "publish"} & set(given)),
                slug=form.cleaned_data.get("slug", ""), note=form.cleaned_data["note"], article_id=_uuid(key),
            )  # fmt: skip
            if "publish" in given and queries.may_judge(actor, version.article):
                version = actions.publish(version.article, seen=version.number, by=actor.person, now=now)
            if found := _uuid(gap):
                written_for(found, article=version.article, by=actor.person, now=now)
    except IntegrityError as taken:
        raise NotPossible(_("Another article has this address by now: choose another one.")) from taken
    messages.success(request, _said(version.state))
    return version


def _said(state: str) -> str:
    return {
        ArticleVersion.State.PUBLISHED: _("It is saved and published."),
        ArticleVersion.State.PROPOSED: _("It is saved and waits for approval."),
    }.get(ArticleVersion.State(state), _("The draft is saved. Nobody but staff sees it."))


def _meanwhile(article: Article | None, seen: int, latest: ArticleVersion) -> dict[str, Any]:
    """What somebody else saved, and what they changed; the next press of the button is put on top of it."""
    if article is None:
        return {"seen": latest.number}
    before = ArticleVersion.objects.filter(article=article, number=seen).first()
    started = of_version(before, article) if before else of_article(article)
    return {"seen": latest.number, "quicker": latest, "theirs": compared(started, of_version(latest, article))}


def _editor(
    request: HttpRequest, form: ArticleForm, article: Article | None, *, status: int = 200, looked: bool = False, **more: Any
) -> HttpResponse:
    text = str(form["body"].value() or "")
    values = {
        "form": form, "article": article, "looked": looked or bool(form.errors), "preview_title": str(form["title"].value() or ""),
        "preview": to_html(text[:LONGEST]), "may_judge": _may_publish(request, form, article),
        "chosen": len(form["services"].value() or ()),
        **more,
    }  # fmt: skip
    return render(request, "knowledge/keeping/editor.html", values, status=status)


def _may_publish(request: HttpRequest, form: ArticleForm, article: Article | None) -> bool:
    actor = actor_of(request)
    return queries.may_judge(actor, article) if article is not None else queries.judges_any(actor)


@for_keepers
@require_POST
def article_preview(request: HttpRequest) -> HttpResponse:
    """A part of the page: what the text looks like to its readers."""
    text, title = request.POST.get("body", ""), request.POST.get("title", "")
    values = {"preview": to_html(text[:LONGEST]), "preview_title": title[:200], "too_long": len(text) > LONGEST, "most": LONGEST}
    return render(request, "knowledge/keeping/editor.html#seen", values)


@for_keepers
@ONE_FORM
def article_import(request: HttpRequest) -> HttpResponse:
    """For administrators: an archive of Markdown files, published or as drafts."""
    actor = actor_of(request)
    require(actor, Can.ADMIN)
    values: dict[str, Any] = {}
    if request.method == "POST":
        values = _import(request)
    return render(request, "knowledge/keeping/import.html", values, status=422 if values.get("problem") else 200)


def _import(request: HttpRequest) -> dict[str, Any]:
    given = request.FILES.get("archive")
    if given is None:
        return {"problem": _("Choose a file first.")}
    try:
        written, refused = read_all(files_in(given))
    except NotAnArchive as why:
        return {"problem": str(why)}
    told = bring(written, draft="draft" in request.POST, by=actor_of(request).person, now=timezone.now())
    return {"told": [*refused, *told], "changed": sum(one.what in ("new", "changed") for one in told), "name": given.name}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
