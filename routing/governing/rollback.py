"""Go back by itself, where people's corrections since a version was replaced show that it would have placed better.

Every guess that was made live since then is held against what the older version says of the same words; neither had seen people's word
on them. What only one of the two has right is counted, and the older one returns where that is no accident: the sign test (exact,
one-sided), at one in a thousand, since it is looked at every hour.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import comb
from uuid import UUID

import structlog
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import override

from districts.queries import front_office
from districts.scope import district_scope
from routing import classifier
from routing.classifier import Model
from routing.governing import versions
from routing.governing.actions import go_back
from routing.governing.outcomes import Judged, judged
from routing.models import TrainedModel
from routing.queries import staff_language
from routing.triage import Question
from routing.words import whole_text
from tickets.models import Message, Ticket

WITHIN = timedelta(days=14)  # since the older one was trained
FEWEST = 20  # of its successors' guesses that people have judged
MOST = 300  # of them, the newest
APART = 10  # on which the two differ, at least
ACCIDENT = 0.001
TRIED = 2  # older versions a run: reading is slow
log = structlog.get_logger(__name__)


def check(district_id: UUID, *, now: datetime) -> TrainedModel | None:
    """In a transaction of its own; the version that was gone back to, or None."""
    with district_scope(district_id):
        active = versions.in_use()
        if active is None or active.returned_at is not None:
            return None
        older = [row for row in versions.recent(now=now, within=WITHIN) if row.version < active.version]
        return next((back for row in _some(older) if (back := _back_to(row, now=now))), None)


def _some(older: Sequence[TrainedModel]) -> list[TrainedModel]:
    """The one before, and the oldest: a slow decline shows against that one."""
    return list(dict.fromkeys([*older[:1], *older[-1:]]))[:TRIED]


def _back_to(row: TrainedModel, *, now: datetime) -> TrainedModel | None:
    since = [one for one in judged(since=row.trained_at) if one.by == "classifier" and (one.version or 0) > row.version][:MOST]
    if len(since) < FEWEST:
        return None
    try:
        model = classifier.stored(row.version)
    except classifier.Refused as refused:
        log.warning("model_refused", version=row.version, error=str(refused))
        return None
    better, worse = held_against(since, model)
    if better + worse < APART or chance_of(better, better + worse) > ACCIDENT:
        return None
    log.warning("model_was_better", version=row.version, better=better, worse=worse)
    with override(staff_language()):
        why = _("By itself: of %(n)d tickets that the two placed differently, people agreed with this version on %(better)d.")
        return go_back(row.version, by=None, why=why % {"n": better + worse, "better": better}, now=now)


def held_against(since: Sequence[Judged], model: Model) -> tuple[int, int]:
    """(right by the model alone, right as it was said alone)."""
    teams = _said_by(model, [one.ticket_id for one in since])
    better = worse = 0
    for one in since:
        theirs = teams.get(one.ticket_id) == one.outcome.labels["team"]
        better += theirs and not one.outcome.right
        worse += one.outcome.right and not theirs
    return better, worse


def _said_by(model: Model, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Slugs of the likeliest teams, as if the tickets had just come in."""
    office = front_office()
    first = Message.objects.filter(ticket=OuterRef("id"), kind=Message.Kind.REQUEST).order_by("at", "id").values("text")[:1]
    found = {}
    for ticket in Ticket.objects.filter(id__in=ids).select_related("requester").annotate(first_text=Subquery(first)):
        text, ticket.team = whole_text(ticket.subject, [ticket.first_text or ""], channel=ticket.channel), office
        question = Question(ticket, text, given=model)
        if question.likely:
            found[ticket.id] = question.guesses[question.likely[0].team_id].team.slug
    return found


def chance_of(hits: int, of: int) -> float:
    """That at least so many of `of` throws of a coin fall on one side."""
    return float(sum(comb(of, k) for k in range(hits, of + 1)) / 2**of)
