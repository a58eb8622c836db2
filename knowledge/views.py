"""Help articles: a list one can search, and each article."""

from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from knowledge import queries
from knowledge.keeping.statistics import count_reading
from knowledge.models import Article
from knowledge.rendering import to_html

MAX_QUERY = 300
WORTH_LISTING = 0.2  # somebody who searches looks through a list: less sure than an answer


@require_safe
def articles(request: HttpRequest) -> HttpResponse:
    actor, language = request.actor, (get_language() or "en")[:2]  # type: ignore[attr-defined]
    asked = request.GET.get("q", "").replace("\0", "").strip()[:MAX_QUERY]
    found = queries.search(asked, audience=queries.audience_of(actor), language=language, limit=8, floor=WORTH_LISTING) if asked else []
    context = {
        "asked": asked,
        "results": [(one.article, to_html(one.passage)) for one in found],
        "groups": [] if asked else _by_team(queries.listed(actor, language)),
        "language": language,
        "shell": _shell(request),
    }
    return render(request, "knowledge/articles.html", context)


@require_safe
def article(request: HttpRequest, slug: str) -> HttpResponse:
    shown = queries.get_article(request.actor, slug)  # type: ignore[attr-defined]
    today = timezone.localdate()
    context = {
        "article": shown,
        "body": to_html(shown.body),
        "translations": queries.translations(request.actor, shown),  # type: ignore[attr-defined]
        "overdue": shown.is_out_of_date(today),
        "staff_only": shown.audience == ["staff"],
        "shell": _shell(request),
    }
    response = render(request, "knowledge/article.html", context)
    if request.method == "GET" and not _fetched_ahead(request):
        language = (get_language() or "en")[:2]
        count_reading(shown, audience=queries.audience_of(request.actor), language=language, day=today)  # type: ignore[attr-defined]
    return response


def _fetched_ahead(request: HttpRequest) -> bool:
    """By a browser that guesses: nobody has read it."""
    return "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))


def _shell(request: HttpRequest) -> str:
    """Staff stay at their desk."""
    return "desk.html" if request.actor.is_staff else "portal.html"  # type: ignore[attr-defined]


def _by_team(rows: list[Article]) -> list[tuple[str, list[Article]]]:
    def name(row: Article) -> str:
        return row.team.name if row.team else _("Everything else")

    return [(team, list(group)) for team, group in groupby(sorted(rows, key=lambda row: (name(row), row.title)), key=name)]
