"""Put tickets where triage says they belong: each one once, whatever fails."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from districts.scope import district_scope
from routing import acknowledgement, triage
from routing.models import Decision
from sla import actions as sla
from tickets import actions as tickets
from tickets.models import Message, Ticket

BATCH = 50


def drain(district_id: UUID) -> int:
    with district_scope(district_id):
        waiting = list(Ticket.objects.filter(placed_at__isnull=True).order_by("opened_at").values_list("id", flat=True)[:BATCH])
    done = 0
    for ticket_id in waiting:
        with district_scope(district_id):
            done += place(ticket_id, now=timezone.now())
    return done


def place(ticket_id: UUID, *, now: datetime) -> bool:
    """Decide and place one ticket, in the caller's transaction. False: it has its place already."""
    ticket = Ticket.objects.select_related("team", "service__team", "requester", "site").get(id=ticket_id)
    if ticket.placed_at is not None:
        return False
    messages = Message.objects.filter(ticket=ticket, kind=Message.Kind.REQUEST).order_by("at", "id")
    text = "\n".join([ticket.subject, *messages.values_list("text", flat=True)])
    choice = triage.decide(ticket, text, now=now)
    placed = tickets.place(
        ticket, team=choice.team, service=choice.service, priority=choice.priority, now=now, data={"engine": choice.engine},
        site=choice.site, room=choice.room, asset_tag=choice.asset_tag, crisis=choice.crisis,
    )  # fmt: skip
    if not placed:
        return False
    Decision.objects.create(
        ticket=ticket, engine=choice.engine, service=choice.service, team=choice.team, confidence=choice.confidence,
        reasons=choice.reasons, at=now,
    )  # fmt: skip
    sla.derive(ticket, now=now)
    acknowledgement.reword(ticket, now=now)
    return True
