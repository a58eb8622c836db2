"""What is laid before whoever replies: words that may answer, each quoted with its source, and where else it was solved.

Nothing here is sent: words are put into the reply box, and a person reads them first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from districts.links import absolute
from districts.queries import this_district
from knowledge import queries as known
from knowledge.found import By
from knowledge.models import Article
from knowledge.queries import Found
from knowledge.search import STAFF
from routing import answer_first
from routing.queue import Desk
from routing.suggested.asked import asked_in, stems, telling
from routing.suggested.likest import TELLS, Like, likest
from routing.suggested.nearness import nearness
from routing.suggested.solved import Solved, solved_like
from routing.suggested.wording import blanks_in, fold, spoken, unnamed
from tickets.models import Ticket

SURE = 0.6  # an article's passage is offered from here on,
OF_SERVICE = 0.1  # or from here on where the article is about the ticket's service: docs/answers.md tells how often it is right
QUOTES, REPLIES, TO_READ = 2, 2, 4
SPEAKS = 0.3  # cosine of a reply and what is asked
SHORTEST = 40  # characters of a reply that may have solved something


class Source(models.TextChoices):
    ARTICLE = "article"
    TICKET = "ticket"


@dataclass(frozen=True)
class Offer:
    """`words`: for the reply box. `quoted`: what of them stands in the source. `key`: by which it is asked for again."""

    source: Source
    key: str
    title: str
    link: str
    language: str
    words: str
    quoted: str
    out_of_date: bool = False
    team: str = ""
    blanks: tuple[str, ...] = ()  # in it, to be filled in
    told: bool = False  # they were sent it with the first letter

    @property
    def folded(self) -> tuple[str, str]:
        """What is shown of it at once, and the rest: cut between sentences."""
        return fold(self.quoted)


class ToRead(NamedTuple):
    article: Article
    staff_only: bool
    out_of_date: bool


@dataclass(frozen=True)
class Offers:
    replies: list[Offer] = field(default_factory=list)
    solved: list[Like] = field(default_factory=list)
    to_read: list[ToRead] = field(default_factory=list)

    def of(self, key: str) -> Offer | None:
        return next((one for one in self.replies if one.key == key), None)


def offers_for(ticket: Ticket, desk: Desk) -> Offers:
    """Nothing where a person may be in danger: that is answered by a person, in their own words."""
    if ticket.crisis or ticket.merged_into_id is not None:
        return Offers()
    text = asked_in(ticket)
    if not telling(text):
        return Offers()
    today = this_district().today(desk.now)
    quoted, near = _articles(ticket, text)
    like = likest(ticket, text, solved_like(ticket, text, desk))
    sent = answer_first.of(ticket)
    told = sent.article_id if sent else None
    replies = [*(_quote(one, ticket, today, told=one.article.id == told) for one in quoted), *_replies(ticket, text, like)]
    return Offers(replies, like, [_to_read(one.article, today) for one in near])


def _articles(ticket: Ticket, text: str) -> tuple[list[Found], list[Found]]:
    """(whose passage is offered, what is worth a look): quoted is only what the requester may read; whoever works here reads all."""
    audience = STAFF if ticket.requester.kind == STAFF else "public"
    found = known.search(text, audience=audience, language=ticket.language, limit=TO_READ, floor=0.0)
    offered = sorted((one for one in found if _fits(one, ticket)), key=lambda one: (not _about(one, ticket), -one.score))[:QUOTES]
    near = known.search(text, audience=STAFF, language=ticket.language, limit=TO_READ) if audience != STAFF else found
    shown = {one.article.id for one in offered}
    return offered, [one for one in near if one.score >= known.HELPS and one.article.id not in shown]


def _fits(found: Found, ticket: Ticket) -> bool:
    """By words alone one has to be as sure as for an answer."""
    sure = known.ANSWERS if found.by is By.WORDS else SURE
    return found.score >= sure or (found.score >= OF_SERVICE and _about(found, ticket))


def _about(found: Found, ticket: Ticket) -> bool:
    """It says that it helps with the ticket's service."""
    return ticket.service is not None and ticket.service.slug in found.article.services


def _quote(found: Found, ticket: Ticket, today: date, *, told: bool) -> Offer:
    article, quoted = found.article, "\n\n".join(map(spoken, found.quotes))
    link = reverse("article", args=[article.slug])
    with override(ticket.language):
        source = _("From “%(title)s”: %(link)s") % {"title": article.title, "link": absolute(this_district(), link)}
    return Offer(
        Source.ARTICLE, f"{Source.ARTICLE}.{article.slug}", article.title, link, article.language, f"{quoted}\n\n{source}", quoted,
        out_of_date=_is_old(article, today), team=article.team.name if article.team else "",
        told=told,
    )  # fmt: skip


def _to_read(article: Article, today: date) -> ToRead:
    return ToRead(article, article.audience == [STAFF], _is_old(article, today))


def _is_old(article: Article, today: date) -> bool:
    return article.review_by is not None and article.review_by < today


def _replies(ticket: Ticket, text: str, like: Sequence[Like]) -> Iterator[Offer]:
    """What solved the likest ones, each words once."""
    fit = [one.solved for one in like if one.score >= TELLS and may_be_quoted(one.solved, ticket)]
    spoke = speaks_of(text, ticket, [(one.id, one.reply) for one in fit])
    given = set[str]()
    for one in fit:
        if one.id in spoke and one.reply not in given and len(given) < REPLIES:
            given.add(one.reply)
            words = unnamed(one.reply, language=ticket.language).strip()
            key, link = f"{Source.TICKET}.{one.id}", reverse("desk_ticket", args=[one.id])
            blanks = tuple(blanks_in(words, ticket.language))
            yield Offer(Source.TICKET, key, f"#{one.number}", link, one.language, words, words, blanks=blanks)


def may_be_quoted(one: Solved, ticket: Ticket) -> bool:
    """Never what was said in confidence, and in the requester's language only."""
    return not (one.sensitive or one.crisis) and one.language == ticket.language and len(one.reply.strip()) >= SHORTEST


def speaks_of(text: str, ticket: Ticket, replies: Sequence[tuple[UUID, str]]) -> set[UUID]:
    """Those that speak of what is asked: "thank you, we are on it" was the last word of many, and solved none."""
    about = stems(f"{text} {ticket.service or ''}")
    found = {one for one, reply in replies if about & stems(reply)}
    near = nearness(text, ticket.language, [one for one in replies if one[0] not in found])
    return found | {one for one, how in near.items() if how >= SPEAKS}
