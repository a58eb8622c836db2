"""What people changed of what triage chose: each a training example, unless it was a mistake."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from routing.models import Decision
from routing.queries import NAMES
from tickets.models import Message

EACH = 50  # a page
LONGEST = 240  # characters of a message that are shown


@dataclass(frozen=True)
class Correction:
    """`said`, `was`: service, or the team where none is known. `words` empty: nobody but its team reads them."""

    decision: Decision
    said: str
    was: str
    team: str
    confirms: bool
    words: str


def page(number: str, *, everything: bool) -> Page[Any]:
    """The newest first; without `everything` only what was changed."""
    found: Page[Any] = Paginator(_rows(everything), EACH).get_page(number)
    found.object_list = [_of(row) for row in found.object_list]
    return found


def _rows(everything: bool) -> QuerySet[Decision]:
    first = Message.objects.filter(ticket=OuterRef("ticket_id"), kind=Message.Kind.REQUEST).order_by("at", "id").values("text")[:1]
    rows = Decision.objects.filter(corrected_at__isnull=False, corrected_team__isnull=False)
    if not everything:
        rows = rows.exclude(_confirms())
    return rows.select_related(*NAMES, "mistaken_by", "ticket").annotate(words=Subquery(first)).order_by("-corrected_at", "-id")


def _confirms() -> Q:
    """The very team it had chosen or suggested, and no other service."""
    suggested = Q(suggested_team__isnull=False, corrected_team=F("suggested_team"))
    chosen = Q(suggested_team__isnull=True, corrected_team=F("team"))
    same = Q(corrected_service__isnull=True) | Q(corrected_service=F("suggested_service")) | Q(corrected_service=F("service"))
    return (suggested | chosen) & same


def _of(row: Any) -> Correction:
    said_team, said_service = (row.suggested_team, row.suggested_service) if row.suggested_team else (row.team, row.service)
    confirms = row.corrected_team_id == said_team.id and row.corrected_service_id in (None, said_service.id if said_service else None)
    words = "" if row.ticket.sensitive else f"{row.ticket.subject}: {row.words or ''}"[:LONGEST]
    return Correction(
        row, str(said_service or said_team), str(row.corrected_service or row.corrected_team), row.corrected_team.name, confirms, words
    )
