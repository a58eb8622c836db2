"""What people ask for most, for the front door's list."""

from datetime import datetime, timedelta

from django.core.cache import caches
from django.db.models import Count

from districts.models import Service
from districts.scope import require_district_id
from tickets.models import Ticket

LOOK_BACK = timedelta(days=28)
SAMPLE = 2000  # the newest tickets that are counted: the cost does not grow with the district
SHOWN = 6
KEEP = 600  # seconds
STAFF = "staff"


def popular_services(*, staff: bool, now: datetime) -> list[Service]:
    """The services asked for most lately, then others by name, among those of this audience; never a sensitive one."""
    key = f"popular:{require_district_id()}:{staff}"
    kept = caches["process"]
    ids = kept.get(key)
    if ids is None:
        ids = [service.id for service in _count(staff=staff, now=now)]
        kept.set(key, ids, KEEP)
    found = {service.id: service for service in Service.objects.filter(id__in=ids, active=True)}
    return [found[i] for i in ids if i in found]


def _count(*, staff: bool, now: datetime) -> list[Service]:
    newest = Ticket.objects.filter(opened_at__gte=now - LOOK_BACK).order_by("-opened_at").values("id")[:SAMPLE]
    counted = Ticket.objects.filter(id__in=newest, service__isnull=False).values_list("service_id").annotate(n=Count("id"))
    times = dict(counted)
    fitting = [s for s in Service.objects.filter(active=True, sensitive=False) if _for(s, staff=staff)]
    return sorted(fitting, key=lambda service: (-times.get(service.id, 0), service.name))[:SHOWN]


def offered(*, staff: bool, chosen: Service | None) -> list[Service]:
    """All that this audience may ask for, team by team, as the form lists it; and what was chosen by another way."""
    found = Service.objects.filter(active=True).select_related("team").order_by("team__name", "name")
    return [service for service in found if staff or service.audience != [STAFF] or service == chosen]


def _for(service: Service, *, staff: bool) -> bool:
    return STAFF in service.audience if staff else service.audience != [STAFF]
