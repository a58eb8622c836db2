"""Who hears of it, in the app: that a draft waits, what became of one, and that a published article is due for a check."""

from datetime import date, datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery import actions as delivery
from delivery.models import Delivery
from districts.models import Person
from knowledge.keeping.queries import due, judges_of
from knowledge.models import Article, ArticleVersion

LATE = timedelta(days=7)  # an article whose date passed longer ago than this was told of
MOST = 200  # articles told of at once
IN_APP = [Delivery.Channel.INAPP]


def proposed(article: Article, version: ArticleVersion, *, now: datetime) -> None:
    """To whoever may publish it, but for its writer."""
    for person in judges_of(article):
        if person.id != version.by_id:
            with override(person.language):
                subject = _("An article waits for your approval: %(title)s") % {"title": version.title}
                _tell(person, subject, f"article:{version.id}:proposed", article, now)


def judged(article: Article, version: ArticleVersion, *, by: Person | None, now: datetime) -> None:
    """To its writer, where somebody else has judged it."""
    writer = version.by
    if writer is None or (by is not None and writer.id == by.id):
        return
    with override(writer.language):
        words = {"title": version.title}
        published = version.state == ArticleVersion.State.PUBLISHED
        subject = (_("Published: %(title)s") if published else _("Sent back with a reason: %(title)s")) % words
        _tell(writer, subject, f"article:{version.id}:{version.state}", article, now, body=version.reason)


def remind(*, today: date, now: datetime) -> int:
    """Once for each date that passed within the last days: leads of the owner team."""
    late = Article.objects.filter(due("overdue", today=today), review_by__gte=today - LATE).defer("english", "spanish")[:MOST]
    for article in late:
        for person in judges_of(article):
            with override(person.language):
                subject = _("To be checked, it may be out of date: %(title)s") % {"title": article.title}
                _tell(person, subject, f"review:{article.id}:{article.review_by}", article, now)
    return len(late)


def _tell(person: Person, subject: str, key: str, article: Article, now: datetime, body: str = "") -> None:
    link = reverse("kept_article", args=[article.id])
    delivery.notify(people=[person], subject=subject[:300], body=body, dedupe_key=key, now=now, link=link, channels=IN_APP)
