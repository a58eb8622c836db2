"""What was shown, what came of it, what nobody has written; and articles brought in from a folder."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

from districts.models import Service, Team
from knowledge import meanings
from knowledge.folder import Written, read_folder
from knowledge.models import Answer, Article, ArticleVersion, Gap
from knowledge.passages import plain
from knowledge.queries import Found

Outcome = Answer.Outcome
MAX_KEPT = 2000  # characters of a question
SUMMARY = 400


def show_answer(*, question: str, found: Found, language: str, now: datetime) -> Answer:
    """A passage goes on somebody's screen as the answer."""
    answer = Answer(
        question=_kept(question), article=found.article, passage=found.passage, language=language, outcome=Outcome.SHOWN, at=now
    )
    answer.save(force_insert=True)
    return answer


def mark_outcome(*, answer_id: UUID, outcome: str, ticket_ref: UUID | None = None) -> bool:
    """What the reader said of it. The first word stands, but a request that follows says that it was not enough."""
    rows = Answer.objects.filter(id=answer_id)
    if outcome != Outcome.NOT_ENOUGH:
        rows = rows.filter(outcome=Outcome.SHOWN)
    return bool(rows.update(outcome=outcome, ticket_ref=ticket_ref))


def record_gap(*, question: str, language: str, best_score: float, now: datetime) -> Gap:
    gap = Gap(question=_kept(question), language=language, best_score=best_score, at=now)
    gap.save(force_insert=True)
    return gap


def load_articles(folder: Path, *, now: datetime) -> int:
    """Bring a folder of Markdown files in; returns how many articles are new or changed. Again is nothing.

    Articles that are not in the folder are left alone. Raises `knowledge.folder.NotAnArticle`.
    """
    teams = {team.slug: team for team in Team.objects.all()}
    services = {service.slug: service for service in Service.objects.all()}
    known = {article.slug: article for article in Article.objects.all()}
    changed: list[Article] = []
    for written in read_folder(folder):
        article = known.get(written.slug) or Article(slug=written.slug, published_at=now)
        if _write(article, written, teams, services, known.get(written.translation_of), now):
            changed.append(article)
        known[written.slug] = article
    meanings.keep(changed)
    return len(changed)


def _write(
    article: Article, written: Written, teams: dict[str, Team], services: dict[str, Service], original: Article | None, now: datetime
) -> bool:
    values = {
        "title": written.title[:200],
        "summary": _summary(written.body),
        "body": written.body,
        "language": written.language,
        "translation_of_id": original.id if original else None,
        "audience": written.audience,
        "services": written.services,
        "keywords": _keywords(written, services),
        "team_id": teams[written.owner_team].id if written.owner_team in teams else None,
        "review_by": written.review_by,
    }
    new = article._state.adding
    if not new and all(getattr(article, name) == value for name, value in values.items()):
        return False
    reworded = new or (article.title, article.body) != (values["title"], values["body"])
    for name, value in values.items():
        setattr(article, name, value)
    article.updated_at = now
    article.save()
    if reworded:
        number = ArticleVersion.objects.filter(article=article).count() + 1
        ArticleVersion.objects.create(article=article, number=number, title=article.title, body=article.body, at=now)
    return True


def _keywords(written: Written, services: dict[str, Service]) -> str:
    """People's own words for what the article helps with: names of its services, and how they are asked for."""
    helped = [services[slug] for slug in written.services if slug in services]
    return " · ".join([written.keywords, *(word for s in helped for word in (s.name, *s.example_phrases))]).strip(" ·")


def _summary(body: str) -> str:
    first = plain(body.split("\n\n", 1)[0]).replace("\n", " ").replace("https://", "")
    return first if len(first) <= SUMMARY else first[: SUMMARY - 1].rstrip() + "…"


def _kept(question: str) -> str:
    return question.replace("\0", "")[:MAX_KEPT]
