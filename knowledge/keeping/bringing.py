"""A folder, or an archive, of Markdown files → articles. Again is nothing; what cannot be read is told, and the rest comes in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from districts.models import Person, Service, Team
from knowledge import folder, meanings
from knowledge.folder import NotAnArticle, Written
from knowledge.keeping import actions
from knowledge.keeping.queries import open_version
from knowledge.keeping.written import Content, differing, names, of_article, of_version, summary_of, with_services
from knowledge.models import Article


@dataclass(frozen=True)
class Outcome:
    """What became of a file. `what`: new, changed, same or refused; `said`: what changed, or why it was refused."""

    name: str
    what: str
    said: str = ""
    warned: str = ""


def read_all(files: Iterable[tuple[str, bytes]]) -> tuple[list[Written], list[Outcome]]:
    """(name, bytes) of each → what can be read, originals first; and what cannot, with the reason."""
    written, refused = [], []
    for name, found in files:
        try:
            written.append(folder.read_bytes(name, found))
        except NotAnArticle as why:
            refused.append(Outcome(name, "refused", str(why)))
    twice = {one.slug for one in written if sum(other.slug == one.slug for other in written) > 1}
    refused += [
        Outcome(one.slug, "refused", _("Two files have this address."))
        for one in {w.slug: w for w in written}.values()
        if one.slug in twice
    ]
    return sorted((one for one in written if one.slug not in twice), key=lambda one: bool(one.translation_of)), refused


def bring(written: Sequence[Written], *, draft: bool, by: Person | None, now: datetime) -> list[Outcome]:
    """Articles that are not among them are left alone."""
    teams = {team.slug: team for team in Team.objects.all()}
    services = {service.slug: service for service in Service.objects.all()}
    known = {article.slug: article for article in Article.objects.filter(slug__in=_slugs(written)).defer("english", "spanish")}
    told, changed = [], []
    for one in written:
        article, original = known.get(one.slug), known.get(one.translation_of)
        content = _content(one, teams, services, original)
        said = _changes(article, content, draft)
        try:
            new = actions.bring_in(article, content=content, slug=one.slug, draft=draft, by=by, now=now)
        except actions.NotPossible as why:
            told.append(Outcome(one.slug, "refused", str(why)))
            continue
        there = article or Article.objects.get(slug=one.slug)
        known[one.slug] = there
        if new:
            changed.append(there)
        told.append(
            Outcome(
                one.slug,
                ("changed" if article else "new") if new else "same",
                said if new else "",
                _warned(one, teams, services, original),
            )
        )
    meanings.keep([article for article in changed if article.published_at])
    return told


def _slugs(written: Sequence[Written]) -> set[str]:
    return {one.slug for one in written} | {one.translation_of for one in written if one.translation_of}


def _content(one: Written, teams: dict[str, Team], services: dict[str, Service], original: Article | None) -> Content:
    own = tuple(word.strip() for word in one.keywords.split(meanings.BETWEEN) if word.strip())
    return Content(
        title=one.title[:200], body=one.body, summary=(one.summary or summary_of(one.body))[:400], language=one.language,
        translation_of=original.id if original else None, audience=tuple(one.audience), services=tuple(one.services),
        keywords=with_services(own, [services[slug] for slug in one.services if slug in services]),
        team=teams[one.owner_team].id if one.owner_team in teams else None, review_by=one.review_by,
    )  # fmt: skip


def _changes(article: Article | None, content: Content, draft: bool) -> str:
    if article is None:
        return ""
    latest = open_version(article) if draft else None
    before = of_version(latest, article) if latest else of_article(article)
    called = names()
    return ", ".join(called[name] for name in differing(before, content))


def _warned(one: Written, teams: dict[str, Team], services: dict[str, Service], original: Article | None) -> str:
    """What the file names and the district has not; the article came in without."""
    lacking = [slug for slug in one.services if slug not in services]
    said = [_("no service %(slug)s") % {"slug": slug} for slug in lacking]
    if one.owner_team and one.owner_team not in teams:
        said.append(_("no team %(slug)s") % {"slug": one.owner_team})
    if one.translation_of and original is None:
        said.append(_("no article %(slug)s") % {"slug": one.translation_of})
    return ", ".join(said)
