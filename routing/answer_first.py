"""An answer from the articles in the first letter to whoever asked by mail: at the front door they would have read it at once.

Only where an article is as sure to answer as there, word for word, with its source; and a person answers all the same.
"""

from datetime import datetime
from uuid import UUID, uuid5

import structlog
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from delivery.models import Delivery
from districts.links import absolute
from districts.queries import this_district
from knowledge import actions as knowledge
from knowledge import queries as known
from knowledge.models import Answer
from knowledge.passages import plain
from routing.suggested.asked import asked_in
from tickets.models import ChannelKind, Message, Ticket

log = structlog.get_logger(__name__)
READ = 400  # characters: what is asked stands at the beginning, and a long letter asks more than an article answers
ANSWERS = UUID("4f7c2d9a-0b1e-4c7a-9d55-3a0c8d1f6e21")  # in it, an answer is named by its ticket


def of(ticket: Ticket) -> Answer | None:
    """What stands in the first letter about it."""
    return known.shown(uuid5(ANSWERS, str(ticket.id))) if ticket.channel == ChannelKind.EMAIL else None


def find(ticket: Ticket, *, now: datetime) -> None:
    """Once, while the letter waits. As for a stranger, since anybody may write in anybody's name; never for what is confidential."""
    if ticket.channel != ChannelKind.EMAIL or ticket.crisis or ticket.sensitive or ticket.opened_by_id or ticket.merged_into_id:
        return
    if not Delivery.objects.filter(dedupe_key=f"ack:{ticket.id}", state=Delivery.State.PENDING).exists() or of(ticket):
        return
    try:
        with transaction.atomic():
            _show(ticket, now=now)
    except Exception:
        log.exception("no_answer_looked_for", ticket=str(ticket.id))  # the letter leaves all the same


def _show(ticket: Ticket, *, now: datetime) -> None:
    text = asked_in(ticket)[:READ]
    best = next(iter(known.search(text, audience="public", language=ticket.language, limit=1, floor=known.ANSWERS)), None)
    if best is not None:
        answer_id = uuid5(ANSWERS, str(ticket.id))
        knowledge.show_answer(question=text, found=best, language=ticket.language, now=now, answer_id=answer_id, ticket_ref=ticket.id)


def paragraphs(ticket: Ticket) -> list[str]:
    """For the letter, in the active language; none before triage has seen it, since nothing was looked for yet."""
    answer = of(ticket) if ticket.placed_at is not None else None
    if answer is None:
        return []
    link = absolute(this_district(), reverse("article", args=[answer.article.slug]))
    source = _("Perhaps this answers it already, from our article “%(title)s”: %(link)s")
    quoted = "\n".join(f"  {line}".rstrip() for line in plain(answer.passage).split("\n"))
    after = _("If it does, press “It's solved” on the page of your request. If not, you need do nothing.")
    return [source % {"title": answer.article.title, "link": link}, quoted, after]


def was_enough(ticket: Ticket) -> bool:
    """Its requester says that it is solved, and nobody had answered: the article did. The first word stands."""
    if Message.objects.filter(ticket=ticket, kind=Message.Kind.REPLY).exists():
        return False
    return knowledge.mark_outcome(answer_id=uuid5(ANSWERS, str(ticket.id)), outcome=Answer.Outcome.SOLVED, ticket_ref=ticket.id)
