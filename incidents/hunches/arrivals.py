"""Arrivals by the hour: counted once, kept, and looked at for what is more than usual. For the sweep.

Reading is bounded whatever a district has: hours that are over are counted a few days a run, of the last hour only those services and
places are judged that brought several people, and what is usual is read from the counted hours.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Sum
from django.utils import translation

from districts.calendar import Calendar
from districts.queries import calendar_of, this_district
from districts.scope import district_scope, require_district_id
from incidents.hunches import raising
from incidents.hunches.raising import Found
from incidents.hunches.rhythm import LEAST, LOOK_BACK, WINDOW, Days, busier, hour_of, local_counts, spike, usual
from incidents.models import ArrivalHour, LinkedTicket, Watch
from tickets.models import Ticket

AGAIN = timedelta(seconds=60)  # between two looks
BACK = timedelta(days=120)  # of tickets that were there before anything was counted
A_RUN = timedelta(days=7)  # counted at once
MOST = 400  # tickets of an hour that are judged, the newest
MOSTLY = 0.7  # of a service's arrivals: from one place, and it is a matter of that place


def watch_arrivals(district_id: UUID, *, now: datetime) -> int:
    """How many suggestions appeared or grew. Two at once: the second waits, and finds that it has been done."""
    with district_scope(district_id), translation.override(_language()):
        raising.hold_district()
        watch = Watch.objects.get_or_create()[0]
        if watch.check_at and watch.check_at > now:
            return 0
        count_hours(watch, now=now)
        watch.check_at = now + AGAIN
        watch.save()
        return sum(raising.notice(found, now=now) is not None for found in spikes(watch, now=now))


def _language() -> str:
    languages = this_district().languages
    return str(languages[0]) if languages else "en"


# --- counting -----------------------------------------------------------------------------------------------------------


def count_hours(watch: Watch, *, now: datetime) -> None:
    """The hours that are over, as far as a run goes."""
    over = hour_of(now)
    if watch.counted_to is None:
        first = Ticket.objects.filter(opened_at__gte=now - BACK).order_by("opened_at").values_list("opened_at", flat=True).first()
        watch.since = watch.counted_to = hour_of(first or now)
    until = min(over, watch.counted_to + A_RUN)
    if until > watch.counted_to:
        _count(watch.counted_to, until)
        watch.counted_to = until


def _count(since: datetime, until: datetime) -> None:
    table, tickets = ArrivalHour._meta.db_table, Ticket._meta.db_table
    statement = (
        f"INSERT INTO {table} (id, district_id, service_id, site_id, hour, count)"
        " SELECT uuidv7(), district_id, service_id, site_id, date_trunc('hour', opened_at, 'UTC'), count(*)"
        f" FROM {tickets} WHERE district_id = %s AND opened_at >= %s AND opened_at < %s GROUP BY 2, 3, 4, 5"
        " ON CONFLICT (district_id, hour, service_id, site_id) DO UPDATE SET count = excluded.count"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [require_district_id(), since, until])


# --- judging ------------------------------------------------------------------------------------------------------------


def spikes(watch: Watch, *, now: datetime) -> Iterator[Found]:
    recent = _recent(now)
    several = {service: some for service, some in _by_service(recent).items() if _people(some) >= LEAST}
    if watch.since is None or not several:
        return
    calendar = calendar_of(this_district(), now=now)
    days = Days(calendar, calendar.local_date(watch.since))
    expected = usual(_counts(calendar, now), days, now).mean
    for service, tickets in several.items():
        factor = busier(len(recent) - len(tickets), expected)
        for key, some in _places(service, tickets):
            history = usual(_counts(calendar, now, key), days, now).times(factor)
            if found := spike(len(some), _people(some), history):
                yield Found(some, spike=found)
                break


def _recent(now: datetime) -> list[Ticket]:
    """Of the last hour, without what is of an outage already, is closed to others, or where a person may be in danger."""
    rows = Ticket.objects.filter(opened_at__gt=now - WINDOW, opened_at__lte=now, sensitive=False, crisis=False)
    free = rows.exclude(id__in=LinkedTicket.objects.values("ticket_id"))
    return list(free.select_related("service", "site", "requester").order_by("-opened_at")[:MOST])


def _by_service(tickets: Sequence[Ticket]) -> dict[UUID, list[Ticket]]:
    found: dict[UUID, list[Ticket]] = defaultdict(list)
    for ticket in tickets:
        if ticket.service_id:
            found[ticket.service_id].append(ticket)
    return found


def _places(service: UUID, tickets: Sequence[Ticket]) -> Iterator[tuple[tuple[UUID, ...], list[Ticket]]]:
    """Of several people each: one place where most are of it, else the service everywhere, else each place."""
    by_site: dict[UUID, list[Ticket]] = defaultdict(list)
    for ticket in tickets:
        if ticket.site_id:
            by_site[ticket.site_id].append(ticket)
    each = [(site, some) for site, some in by_site.items() if _people(some) >= LEAST]
    alone = [site for site, some in each if len(some) >= MOSTLY * len(tickets)]
    yield from (((service, site), some) for site, some in each if site in alone)
    yield (service,), list(tickets)
    yield from (((service, site), some) for site, some in each if site not in alone)


def _people(tickets: Sequence[Ticket]) -> int:
    return len({one.requester_id for one in tickets})


def _counts(calendar: Calendar, now: datetime, key: Sequence[UUID] = ()) -> dict[tuple[date, int], int]:
    rows = ArrivalHour.objects.filter(hour__gte=now - timedelta(days=LOOK_BACK), hour__lt=now)
    if key:
        rows = rows.filter(service=key[0])
    if len(key) > 1:
        rows = rows.filter(site=key[1])
    told = rows.values_list("hour").annotate(n=Sum("count")).order_by("hour")
    return local_counts(told, calendar)
