"""Reads of articles, by who asks."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.http import Http404

from districts.access import Actor
from knowledge.found import By, Hit
from knowledge.models import Answer, Article
from knowledge.search import PUBLIC, STAFF
from knowledge.search import search as hits
from knowledge.stems import CONFIGS

ANSWERS = 0.67  # from here on a passage is shown as an answer: of questions that nothing answers, one in twenty gets one (unseen)
HELPS = 0.25  # from here on an article is worth a look; below it nothing is known


@dataclass(frozen=True)
class Found:
    article: Article
    score: float  # 0 to 1
    quotes: tuple[str, ...]  # Markdown of its passages, as they stand in the article
    heading: str
    by: By = By.WORDS

    @property
    def passage(self) -> str:
        return "\n\n".join(self.quotes)

    @property
    def answers(self) -> bool:
        """Sure enough to be shown as the answer, not only as something to read."""
        return self.score >= ANSWERS


def search(text: str, *, audience: str, language: str, limit: int = 5, floor: float = HELPS) -> list[Found]:
    """Articles that help with `text`, best first; none where none is good enough (`floor`).

    `audience`: "staff" reads everything, any other what is not for staff only.
    """
    return [_found(hit) for hit in hits(text, staff=audience == STAFF, language=_known(language))[:limit] if hit.score >= floor]


def audience_of(actor: Actor) -> str:
    return STAFF if actor.is_staff or (actor.person is not None and actor.person.kind == STAFF) else "public"


def published(actor: Actor) -> QuerySet[Article]:
    """What this reader may open."""
    rows = Article.objects.filter(published_at__isnull=False).select_related("team").defer("english", "spanish")
    return rows if audience_of(actor) == STAFF else rows.filter(_for_everybody())


def get_article(actor: Actor, slug: str) -> Article:
    """Raises Http404: "not there" and "not for you" are the same."""
    article = published(actor).filter(slug=slug).first() if "\0" not in slug else None
    if article is None:
        raise Http404
    return article


def translations(actor: Actor, article: Article) -> list[Article]:
    """The same article in other languages."""
    origin = article.translation_of_id or article.id
    return list(published(actor).filter(Q(id=origin) | Q(translation_of=origin)).exclude(id=article.id))


def listed(actor: Actor, language: str) -> list[Article]:
    """Every article once: in `language` where it has been translated, else in the language it was written in."""
    rows = list(published(actor).defer("body", "keywords", "english", "spanish").order_by("title"))
    mine = {row.translation_of_id or row.id for row in rows if row.language == language}
    return [row for row in rows if row.language == language or (row.translation_of_id is None and row.id not in mine)]


def shown(answer_id: UUID) -> Answer | None:
    """A passage that stood on somebody's screen, as it was."""
    return Answer.objects.select_related("article").filter(id=answer_id).first()


def outcomes(*, since: datetime) -> dict[str, int]:
    """{Answer.Outcome: how many answers of that time}."""
    return dict(Answer.objects.filter(at__gte=since).values_list("outcome").annotate(n=Count("id")).order_by())


def _for_everybody() -> Q:
    everybody = Q()
    for kind in PUBLIC:
        everybody |= Q(audience__contains=[kind])
    return everybody


def _known(language: str) -> str:
    return language if language in CONFIGS else "en"


def _found(hit: Hit) -> Found:
    return Found(hit.article, hit.score, tuple(part.markdown for part in hit.passages), hit.passages[0].heading, hit.by)
