"""All that an article says, as one value: what an editor writes, what a version keeps, what is published."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from districts.models import Service
from knowledge.models import Article, ArticleVersion
from knowledge.passages import plain

BETWEEN = " · "  # of the words people use for it, in `Article.keywords`
MOST_BODY = 100_000  # characters: forty pages
MOST_SUMMARY = 400
_BLANK = re.compile(r"\[(?:name|number|address|email|phone|date)\](?!\()")


@dataclass(frozen=True)
class Content:
    title: str
    body: str
    summary: str = ""
    language: str = "en"
    translation_of: UUID | None = None
    audience: tuple[str, ...] = ()
    services: tuple[str, ...] = ()  # slugs
    keywords: tuple[str, ...] = ()
    team: UUID | None = None  # owner
    review_by: date | None = None

    def as_json(self) -> dict[str, Any]:
        """For `ArticleVersion.rest`: all but title and body, which have columns."""
        kept = asdict(self)
        del kept["title"], kept["body"]
        return kept | {
            "translation_of": str(self.translation_of or ""), "team": str(self.team or ""),
            "review_by": self.review_by.isoformat() if self.review_by else "",
        }  # fmt: skip


def of_article(article: Article) -> Content:
    return Content(
        title=article.title, body=article.body, summary=article.summary, language=article.language,
        translation_of=article.translation_of_id, audience=tuple(article.audience), services=tuple(article.services),
        keywords=tuple(word.strip() for word in article.keywords.split(BETWEEN) if word.strip()), team=article.team_id,
        review_by=article.review_by,
    )  # fmt: skip


def of_version(version: ArticleVersion, article: Article) -> Content:
    """What a version of long ago did not write down is as the article has it."""
    now, rest = of_article(article), version.rest
    if not rest:
        return replace(now, title=version.title, body=version.body)
    return Content(
        title=version.title, body=version.body, summary=rest["summary"], language=rest["language"],
        translation_of=_id(rest["translation_of"]), audience=tuple(rest["audience"]), services=tuple(rest["services"]),
        keywords=tuple(rest["keywords"]), team=_id(rest["team"]),
        review_by=date.fromisoformat(rest["review_by"]) if rest["review_by"] else None,
    )  # fmt: skip


def put(content: Content, article: Article) -> None:
    """Onto the row; not saved."""
    article.title, article.body, article.summary, article.language = content.title, content.body, content.summary, content.language
    article.translation_of_id, article.team_id, article.review_by = content.translation_of, content.team, content.review_by
    article.audience, article.services = list(content.audience), list(content.services)
    article.keywords = BETWEEN.join(content.keywords)


def summary_of(body: str) -> str:
    """Where nobody wrote one: how it begins."""
    first = plain(body.strip().split("\n\n", 1)[0]).replace("\n", " ").replace("https://", "")
    return first if len(first) <= MOST_SUMMARY else first[: MOST_SUMMARY - 1].rstrip() + "…"


def blanks(content: Content) -> list[str]:
    """Places that a person has to fill in: left where something was taken out of a reply."""
    return list(dict.fromkeys(_BLANK.findall(f"{content.title}\n{content.summary}\n{content.body}")))


def differing(one: Content, other: Content) -> list[str]:
    """Names of the fields that are not the same."""
    return [field.name for field in fields(Content) if getattr(one, field.name) != getattr(other, field.name)]


def names() -> dict[str, str]:
    """What a person calls each field."""
    return {
        "title": _("Title"), "summary": _("Summary"), "body": _("Text"), "language": _("Language"),
        "translation_of": _("Translation of"), "audience": _("For whom"), "services": _("Services"),
        "keywords": _("Words people use"), "team": _("Owner"), "review_by": _("To be checked by"),
    }  # fmt: skip


def _id(text: str) -> UUID | None:
    return UUID(text) if text else None


def with_services(own: Sequence[str], helped: Sequence[Service]) -> tuple[str, ...]:
    """People's own words for what an article helps with: besides its writer's, names of the services, and how they are asked for."""
    return tuple(dict.fromkeys([*own, *(word for service in helped for word in (service.name, *service.example_phrases))]))
