"""Reads for people who keep articles, and who of them may do what."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import Http404

from districts.access import Actor
from districts.models import Person
from knowledge.models import Article, ArticleVersion

State = ArticleVersion.State
SOON = timedelta(days=30)  # before its date, an article is told to be due for a check
STATES = ("published", "proposed", "draft", "off")
DUE = ("overdue", "soon")
HEAVY = ("english", "spanish", "body", "keywords")  # columns no list needs


@dataclass(frozen=True)
class Asked:
    """What a list is narrowed to; empty: not by this."""

    words: str = ""
    team: str = ""
    language: str = ""
    state: str = ""
    due: str = ""


def may_keep(actor: Actor) -> bool:
    """Read drafts, write and propose: whoever works here."""
    return actor.is_staff and actor.person is not None


def may_judge(actor: Actor, article: Article) -> bool:
    """Publish, send back, take from the site: the lead of the team that owns it, and administrators."""
    return may_keep(actor) and (actor.is_admin or (article.team_id is not None and article.team_id in actor.led_teams))


def may_throw_away(actor: Actor, article: Article, version: ArticleVersion) -> bool:
    """Also whoever wrote it."""
    return may_judge(actor, article) or (actor.person is not None and version.by_id == actor.person.id)


def judges_any(actor: Actor) -> bool:
    return actor.is_admin or bool(actor.led_teams)


def get_article(article_id: UUID) -> Article:
    """Of any state; raises Http404."""
    found = Article.objects.select_related("team", "translation_of").defer("english", "spanish").filter(id=article_id).first()
    if found is None:
        raise Http404
    return found


def open_version(article: Article) -> ArticleVersion | None:
    """The draft, where there is one."""
    return ArticleVersion.objects.select_related("by").filter(article=article, state__in=ArticleVersion.OPEN).first()


def last_version(article: Article) -> ArticleVersion | None:
    return ArticleVersion.objects.select_related("by").filter(article=article).order_by("-number").first()


def get_version(article: Article, number: int) -> ArticleVersion:
    """Raises Http404."""
    found = ArticleVersion.objects.select_related("by", "judged_by").filter(article=article, number=number).first()
    if found is None:
        raise Http404
    return found


def begun_from(article: Article) -> ArticleVersion | None:
    """What an editor goes on with: the draft, or what was sent back since; None: what is published."""
    last = last_version(article)
    return last if last and last.state in (*ArticleVersion.OPEN, State.REJECTED) else None


def versions(article: Article) -> list[ArticleVersion]:
    """The newest first, without their texts."""
    rows = ArticleVersion.objects.filter(article=article).select_related("by", "judged_by").defer("body", "rest")
    return list(rows.order_by("-number")[:200])


def everything(*, today: date) -> QuerySet[Article]:
    """Every article of whatever state, with `draft` (of its open version, or empty) and `overdue`."""
    opened = ArticleVersion.objects.filter(article=OuterRef("pk"), state__in=ArticleVersion.OPEN)
    return (
        Article.objects.defer(*HEAVY)
        .select_related("team")
        .annotate(
            draft=Subquery(opened.values("state")[:1]),
            ever=Exists(ArticleVersion.objects.filter(article=OuterRef("pk"), state=State.WITHDRAWN)),
        )
        .order_by("title", "id")
    )


def narrowed(rows: QuerySet[Article], asked: Asked, *, today: date) -> QuerySet[Article]:
    if asked.words:
        rows = rows.filter(Q(title__icontains=asked.words) | Q(keywords__icontains=asked.words) | Q(slug__icontains=asked.words))
    if asked.team:
        rows = rows.filter(team__slug=asked.team) if asked.team != "none" else rows.filter(team__isnull=True)
    if asked.language:
        rows = rows.filter(language=asked.language)
    if asked.state:
        rows = rows.filter(_in_state(asked.state))
    return rows.filter(due(asked.due, today=today)) if asked.due else rows


def _in_state(state: str) -> Q:
    return {
        "published": Q(published_at__isnull=False),
        "proposed": Q(draft=State.PROPOSED),
        "draft": Q(draft=State.DRAFT),
        "off": Q(published_at__isnull=True, ever=True),
    }[state]


def due(which: str, *, today: date) -> Q:
    """ "overdue": published, and its date has passed; "soon": also what is due within `SOON`."""
    until = {"review_by__lt": today} if which == "overdue" else {"review_by__lt": today + SOON}
    return Q(published_at__isnull=False, **until)


def owned(actor: Actor) -> Q:
    """Articles this reader may judge."""
    return Q() if actor.is_admin else Q(team_id__in=actor.led_teams)


def counts(actor: Actor, *, today: date) -> dict[str, int]:
    """What waits for whoever judges: proposals and articles out of date or soon to be; of a lead's teams, or of all."""
    mine = everything(today=today).filter(owned(actor))
    return {
        "proposed": mine.filter(_in_state("proposed")).count(),
        "overdue": mine.filter(due("overdue", today=today)).count(),
        "soon": mine.filter(due("soon", today=today)).count(),
    }


def judges_of(article: Article) -> list[Person]:
    """Leads of the team that owns it; where there are none, administrators."""
    people = Person.objects.filter(memberships__role="lead", memberships__team=article.team_id).distinct() if article.team_id else ()
    return list(people) or list(Person.objects.filter(memberships__role="admin").distinct())


def originals(language: str = "") -> QuerySet[Article]:
    """What another article can be a translation of."""
    return Article.objects.defer(*HEAVY).filter(translation_of__isnull=True).order_by("title")
