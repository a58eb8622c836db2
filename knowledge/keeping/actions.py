"""What becomes of an article: written, proposed, published, sent back, taken from the site, written again as it was.

Whatever is saved is a version with its writer and its time; a published text stays as it is until another is approved. `seen` is the
number of the last version that whoever acts has seen: where there is a later one, nothing is done and they are told.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from districts.jobs import nudge
from districts.models import Person, uuid7
from districts.queries import free_slug
from knowledge.keeping import notices
from knowledge.keeping.queries import open_version
from knowledge.keeping.written import Content, blanks, differing, of_article, of_version, put, summary_of
from knowledge.models import Answer, Article, ArticleVersion, GapGroup
from knowledge.tasks import keep_meanings_of

State = ArticleVersion.State
log = structlog.get_logger(__name__)


class NotPossible(Exception):
    """The act does not fit what the article is now; the text says what to do instead."""


class ChangedMeanwhile(Exception):
    """Somebody was quicker: `latest` is what they made of it."""

    def __init__(self, latest: ArticleVersion) -> None:
        self.latest = latest
        super().__init__(f"version {latest.number}")


@transaction.atomic
def save(
    article: Article | None, *, content: Content, seen: int | None, by: Person | None, now: datetime, propose: bool = False,
    slug: str = "", note: str = "", made_from: Sequence[UUID] = (), article_id: UUID | None = None,
) -> ArticleVersion:  # fmt: skip
    """A draft of a new article, or beside the published one. Saved as it was: nothing new, and the last version again.

    `seen`: None where nobody looked before (a new article); `article_id`: where the caller has chosen it already. Raises
    ChangedMeanwhile, NotPossible.
    """
    if article is None:
        article = _begun(content, slug, article_id)
    else:
        _hold(article)
        latest = _latest(article)
        if latest and latest.number != seen:
            raise ChangedMeanwhile(latest)
        wanted = State.PROPOSED if propose else State.DRAFT
        if latest and latest.state == wanted and not differing(of_version(latest, article), content):
            return latest
    _check(article, content)
    had = open_version(article)
    version = _written(article, content, by=by, now=now, state=State.PROPOSED if propose else State.DRAFT, note=note)
    version.made_from = [str(one) for one in made_from] or (had.made_from if had else [])
    if had:
        _settle(had, State.REPLACED)
    version.save()
    if article.published_at is None:
        put(content, article)
        article.slug = slug or article.slug
        article.save()
    if propose:
        notices.proposed(article, version, now=now)
    log.info("article_saved", row=str(article.id), version=version.number, state=version.state, by=_id(by))
    return version


@transaction.atomic
def propose(article: Article, *, seen: int, by: Person | None, now: datetime) -> ArticleVersion:
    """The draft waits for the lead of the owner team. Raises ChangedMeanwhile, NotPossible."""
    version = _open(article, seen)
    _settle(version, State.PROPOSED)
    notices.proposed(article, version, now=now)
    log.info("article_proposed", row=str(article.id), version=version.number, by=_id(by))
    return version


@transaction.atomic
def publish(article: Article, *, seen: int, by: Person | None, now: datetime) -> ArticleVersion:
    """The draft is what is read from now on. Raises ChangedMeanwhile, NotPossible."""
    version = _open(article, seen)
    content = of_version(version, article)
    _check(article, content)
    if left := blanks(content):
        raise NotPossible(_("Something still has to be filled in, or taken out: %(blanks)s") % {"blanks": ", ".join(left)})
    _replace_shown(article)
    _settle(version, State.PUBLISHED, by=by, now=now)
    put(content, article)
    _show(article, version, now)
    GapGroup.objects.filter(article=article, state=GapGroup.State.DRAFTED).update(state=GapGroup.State.ANSWERED, judged_at=now)
    notices.judged(article, version, by=by, now=now)
    log.info("article_published", row=str(article.id), version=version.number, by=_id(by))
    return version


@transaction.atomic
def send_back(article: Article, *, seen: int, reason: str, by: Person | None, now: datetime) -> ArticleVersion:
    """Whoever proposed it reads why. Raises ChangedMeanwhile, NotPossible."""
    version = _open(article, seen)
    if version.state != State.PROPOSED:
        raise NotPossible(_("Nothing waits for approval here."))
    _settle(version, State.REJECTED, by=by, now=now, reason=reason)
    notices.judged(article, version, by=by, now=now)
    log.info("article_sent_back", row=str(article.id), version=version.number, by=_id(by))
    return version


@transaction.atomic
def unpublish(article: Article, *, seen: int, reason: str, by: Person | None, now: datetime) -> None:
    """Nobody is shown it any more, at once. Raises ChangedMeanwhile, NotPossible."""
    _hold(article)
    _same(article, seen)
    if article.published_at is None:
        raise NotPossible(_("It is not published."))
    shown = ArticleVersion.objects.filter(article=article, state=State.PUBLISHED).first()
    if shown:
        _settle(shown, State.WITHDRAWN, by=by, now=now, reason=reason)
    article.published_at = article.shown = None
    article.save(update_fields=["published_at", "shown"])
    log.info("article_unpublished", row=str(article.id), by=_id(by))


@transaction.atomic
def restore(article: Article, *, number: int, seen: int, by: Person | None, now: datetime) -> ArticleVersion:
    """An old version as a new draft. Raises ChangedMeanwhile, NotPossible, ArticleVersion.DoesNotExist."""
    old = ArticleVersion.objects.get(article=article, number=number)
    note = _("As in version %(number)d") % {"number": number}
    return save(article, content=of_version(old, article), seen=seen, by=by, now=now, note=note)


@transaction.atomic
def still_right(article: Article, *, seen: int, review_by: date, by: Person | None, now: datetime) -> ArticleVersion:
    """Looked through and found true: to be checked again by another date. Raises ChangedMeanwhile, NotPossible."""
    _hold(article)
    _same(article, seen)
    if article.published_at is None:
        raise NotPossible(_("It is not published."))
    _replace_shown(article)
    article.review_by = review_by
    version = _written(article, of_article(article), by=by, now=now, state=State.PUBLISHED, note=_("Checked: still right"))
    version.judged_by, version.judged_at = by, now
    version.save()
    article.shown = version.number
    article.save(update_fields=["review_by", "shown"])
    log.info("article_checked", row=str(article.id), version=version.number, by=_id(by))
    return version


@transaction.atomic
def throw_away(article: Article, *, seen: int, by: Person | None, now: datetime) -> bool:
    """The draft goes; what is or was published stays. True: there was nothing else, and the article is gone.

    Raises ChangedMeanwhile, NotPossible.
    """
    version = _open(article, seen)
    log.info("article_draft_thrown_away", row=str(article.id), version=version.number, by=_id(by))
    GapGroup.objects.filter(article=article, state=GapGroup.State.DRAFTED).update(state=GapGroup.State.OPEN, article=None)
    if was_published(article):
        _settle(version, State.REPLACED, by=by, now=now, reason=_("Thrown away"))
        return False
    if Article.objects.filter(translation_of=article).exists():
        raise NotPossible(_("Another article is a translation of it. Change that one first."))
    article.delete()
    return True


def was_published(article: Article) -> bool:
    """Somebody may have read it, and an answer may quote it."""
    ever = ArticleVersion.objects.filter(article=article, state__in=[State.PUBLISHED, State.WITHDRAWN]).exists()
    return ever or article.published_at is not None or Answer.objects.filter(article=article).exists()


@transaction.atomic
def bring_in(article: Article | None, *, content: Content, slug: str, draft: bool, by: Person | None, now: datetime) -> bool:
    """From a file: published at once, or as a draft for approval; returns whether anything is new. Raises NotPossible."""
    if article is not None:
        _hold(article)
        latest = open_version(article) if draft else None
        if not differing(of_version(latest, article) if latest else of_article(article), content) and (draft or article.published_at):
            return False
    article = article or _begun(content, slug)
    if draft:
        latest = _latest(article)
        save(article, content=content, seen=latest.number if latest else 0, by=by, now=now, propose=True, note=_("From a file"))
        return True
    _check(article, content)
    _replace_shown(article)
    put(content, article)
    version = _written(article, content, by=by, now=now, state=State.PUBLISHED, note=_("From a file"))
    version.judged_by, version.judged_at = by, now
    version.save()
    _show(article, version, now)
    return True


# --- the pieces -------------------------------------------------------------------------------------------------------


def _begun(content: Content, slug: str, article_id: UUID | None = None) -> Article:
    """The row of a new article; its address stays when its title changes."""
    article = Article(id=article_id or uuid7(), slug=slug or free_slug(Article.objects.all(), content.title or "article", most=100))
    put(content, article)
    article.save()
    return article


def _hold(article: Article) -> None:
    """Until the end of the transaction; two who act at once act one after the other, the second on what is there by then."""
    Article.objects.select_for_update(no_key=True).filter(id=article.id).values_list("id", flat=True).first()
    article.refresh_from_db()


def _latest(article: Article) -> ArticleVersion | None:
    return ArticleVersion.objects.filter(article=article).order_by("-number").first()


def _same(article: Article, seen: int) -> None:
    latest = _latest(article)
    if latest and latest.number != seen:
        raise ChangedMeanwhile(latest)


def _open(article: Article, seen: int) -> ArticleVersion:
    _hold(article)
    _same(article, seen)
    version = open_version(article)
    if version is None:
        raise NotPossible(_("There is no draft of it any more."))
    return version


def _written(
    article: Article, content: Content, *, by: Person | None, now: datetime, state: str, note: str
) -> ArticleVersion:  # fmt: skip
    last = ArticleVersion.objects.filter(article=article).aggregate(last=Max("number"))["last"] or 0
    return ArticleVersion(
        article=article, number=last + 1, title=content.title, body=content.body, rest=content.as_json(), state=state, note=note[:300],
        beside=article.shown, by=by, at=now,
    )  # fmt: skip


def _settle(version: ArticleVersion, state: str, *, by: Person | None = None, now: datetime | None = None, reason: str = "") -> None:
    version.state = state
    if now is not None:
        version.judged_by, version.judged_at, version.reason = by, now, reason[:500]
    version.save(update_fields=["state", "judged_by", "judged_at", "reason"])


def _replace_shown(article: Article) -> None:
    ArticleVersion.objects.filter(article=article, state=State.PUBLISHED).update(state=State.REPLACED)


def _show(article: Article, version: ArticleVersion, now: datetime) -> None:
    article.summary = article.summary or summary_of(article.body)
    article.published_at, article.updated_at, article.shown = article.published_at or now, now, version.number
    article.save()
    nudge(keep_meanings_of)


def _check(article: Article, content: Content) -> None:
    """What only the other articles tell. Raises NotPossible."""
    if content.translation_of is None:
        return
    Article.objects.select_for_update(no_key=True).filter(id=content.translation_of).values_list("id", flat=True).first()
    original = Article.objects.filter(id=content.translation_of).first()
    if original is None or original.id == article.id:
        raise NotPossible(_("An article cannot be a translation of itself, nor of one that is gone."))
    if original.translation_of_id or Article.objects.filter(translation_of=article.id).exists():
        raise NotPossible(_("A translation is of an original: one of these two is a translation, or has one, already."))
    if original.language == content.language:
        raise NotPossible(_("The original is in the same language. Choose the language of this translation."))


def _id(person: Person | None) -> str:
    return str(person.id) if person else ""
