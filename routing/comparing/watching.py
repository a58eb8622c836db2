"""What came lately in one district, compared; what reads like one cause becomes a suggestion. For the sweep.

The tickets are the queue: those that are newer than the district's mark are due, and the mark moves in the transaction that has looked
at them. A worker that is killed leaves the mark where it was. Bounded: the newest MOST of the window, whatever a district has.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import translation

from districts.scope import district_scope
from incidents.hunches import raising
from incidents.hunches.raising import Found
from incidents.models import LinkedTicket, Watch
from routing.comparing.clusters import clusters
from routing.duplicates import said_in, wrote
from routing.pairing.clues import Wrote
from routing.queries import staff_language
from tickets.models import Ticket

WINDOW = timedelta(minutes=90)
MOST = 120  # tickets compared at once: 7,140 pairs


def compare_lately(district_id: UUID, *, now: datetime) -> int:
    """How many suggestions appeared or grew. Two at once: the second waits, and finds the same suggestions there."""
    with district_scope(district_id), translation.override(staff_language()):
        raising.hold_district()
        watch = Watch.objects.get_or_create()[0]
        seen_to = _seen_to(now)
        if watch.compared_to and watch.compared_to >= seen_to:
            return 0
        tickets = lately(now)
        done = 0
        for cluster in clusters(_wrote(tickets)):
            done += raising.notice(Found([tickets[n] for n in cluster.members], alike=True), now=now) is not None
        watch.compared_to = seen_to
        watch.save(update_fields=["compared_to"])
        return done


def _seen_to(now: datetime) -> datetime:
    """The newest ticket that is placed and has none before it that waits: what triage has not seen is looked at when it has."""
    window = Ticket.objects.filter(opened_at__gt=now - WINDOW, opened_at__lte=now)
    waits = window.filter(placed_at__isnull=True).order_by("opened_at").values_list("opened_at", flat=True).first()
    if waits:
        return waits - timedelta(microseconds=1)
    return window.order_by("-opened_at").values_list("opened_at", flat=True).first() or now


def lately(now: datetime) -> list[Ticket]:
    """Of several people, in the order of time: without what is of an outage, closed to others, or where a person may be in danger."""
    rows = Ticket.objects.filter(
        opened_at__gt=now - WINDOW, opened_at__lte=now, status__in=Ticket.LIVE, sensitive=False, crisis=False, placed_at__isnull=False
    )
    free = rows.exclude(id__in=LinkedTicket.objects.filter(at__gt=now - 2 * WINDOW).values("ticket_id"))
    newest = free.select_related("service", "site", "team", "requester").order_by("-opened_at", "-id")[:MOST]
    return list(newest)[::-1]


def _wrote(tickets: Sequence[Ticket]) -> list[Wrote]:
    """One by one: what a message means is remembered from the last time that it was compared."""
    texts = said_in(tickets)
    return [wrote(ticket, texts[ticket.id]) for ticket in tickets]
