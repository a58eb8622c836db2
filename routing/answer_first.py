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
from districts.models import Priority
from districts.queries import this_district
from knowledge import actions as knowledge
from knowledge import queries as known
from knowledge.models import Answer
from knowledge.passages import plain
from routing.suggested.asked import asked_in
from tickets.models import ChannelKind, Message, Ticket

log = structlog.get_logger(__name__)
LONG = 900  # characters, from which a letter tells more than an article answers: it is for a person alone
ANSWERS = UUID("4f7c2d9a-0b1e-4c7a-9d55-3a0c8d1f6e21")  # in it, an answer is named by its ticket


def of(ticket: Ticket) -> Answer | None:
    """What stands in the first letter about it."""
    return known.shown(uuid5(ANSWERS, str(ticket.id))) if ticket.channel == ChannelKind.EMAIL else None


def find(ticket: Ticket, *, now: datetime) -> Answer | None:
    """What the letter says, looked for once, while it waits. As for a stranger, since anybody may write in anybody's name; never for
    what is confidential, nor for what cannot wait: somebody comes for that, and in a storm it is all that is written.
    """
    if ticket.channel != ChannelKind.EMAIL or ticket.crisis or ticket.sensitive or ticket.opened_by_id or ticket.merged_into_id:
        return None
    if ticket.priority == Priority.URGENT:
        return None
    if found := of(ticket):
        return found
    if not _waits(ticket):
        return None
    try:
        with transaction.atomic():
            return _show(ticket, now=now)
    except Exception:
        log.exception("no_answer_looked_for", ticket=str(ticket.id))  # the letter leaves all the same
        return None


def _waits(ticket: Ticket) -> bool:
    return bool(Delivery.objects.filter(dedupe_key=f"ack:{ticket.id}", state=Delivery.State.PENDING).exists())


def _show(ticket: Ticket, *, now: datetime) -> Answer | None:
    text = asked_in(ticket)
    if len(text) >= LONG:
        return None
    best = next(iter(known.search(text, audience="public", language=ticket.language, limit=1, floor=known.ANSWERS)), None)
    if best is None:
        return None
    answer_id = uuid5(ANSWERS, str(ticket.id))
    knowledge.show_answer(question=text, found=best, language=ticket.language, now=now, answer_id=answer_id, ticket_ref=ticket.id)
    return of(ticket)


def paragraphs(answer: Answer | None) -> list[str]:
    """For the letter, in the active language."""
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
