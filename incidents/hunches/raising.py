"""Something was noticed: a suggestion appears, or one that is there grows. In the caller's transaction; one at a time in a district.

A ticket is of one suggestion at most, so what is noticed twice, or by two sweeps at once, is one. A dismissed one stays dismissed until
much more has come (AGAIN times as many people); an accepted one only takes its tickets along.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils.translation import gettext as _

from districts.models import Membership, Person, Role, Service, Site
from districts.queries import people_with_role, this_district
from districts.scope import require_district_id
from incidents import linking
from incidents.hunches.rhythm import Spike
from incidents.models import Hunch, HunchTicket, Incident
from incidents.notices import Post
from incidents.starting import running
from tickets.models import Ticket

QUIET = timedelta(hours=12)  # without a new ticket, and what was noticed is over
AGAIN, AT_LEAST = 2, 3  # times as many people, and this many more
ENTIRE = 0.6  # of a district's schools, from which it is the whole district
COVERED = 0.5  # of the tickets: so many may belong to an outage that runs, and nothing new is noticed
State, Scope = Hunch.State, Incident.Scope


@dataclass(frozen=True)
class Found:
    """Tickets with service, site and requester; `alike`: they read like one cause."""

    tickets: Sequence[Ticket]
    alike: bool = False
    spike: Spike | None = None


def hold_district() -> None:
    """Until this transaction ends, nobody else notices anything here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"hunches {require_district_id()}"])


def notice(found: Found, *, now: datetime) -> Hunch | None:
    """None: all of it is known, or belongs to an outage that runs. The district is held."""
    hunch = _known(found, now)
    if hunch is None:
        return None if _covered(found) else _raise(found, now=now)
    return _grow(hunch, found, now=now)


def _known(found: Found, now: datetime) -> Hunch | None:
    rows = HunchTicket.objects.filter(ticket__in=list(found.tickets)).values_list("hunch_id", flat=True)
    known = Counter(rows).most_common(1)
    if known:
        return Hunch.objects.select_for_update(of=("self",)).get(id=known[0][0])
    if found.alike:
        return None
    first = found.tickets[0]
    recent = Hunch.objects.filter(service=first.service_id, grown_at__gte=now - QUIET)
    here = recent.filter(tickets__ticket__site__in={one.site_id for one in found.tickets} - {None}) if first.site_id else recent
    return here.order_by("-grown_at", "-id").first()


def _covered(found: Found) -> bool:
    if not running().exists():
        return False
    covered = sum(bool(linking.incidents_for(ticket)) for ticket in found.tickets)
    return covered >= COVERED * len(found.tickets)


def _raise(found: Found, *, now: datetime) -> Hunch:
    tickets = sorted(found.tickets, key=lambda one: (one.opened_at, one.id))
    hunch = Hunch(service=_service(tickets), began_at=tickets[0].opened_at, made_at=now)
    _describe(hunch, tickets, found)
    hunch.save()
    _attach(hunch, tickets)
    _tell(hunch, now=now)
    return hunch


def _grow(hunch: Hunch, found: Found, *, now: datetime) -> Hunch | None:
    """None: nothing that is new, or that anybody is to be shown."""
    had = list(HunchTicket.objects.filter(hunch=hunch).values_list("ticket_id", flat=True))
    new = [one for one in found.tickets if one.id not in set(had)]
    if not new and not (found.spike and hunch.count is None):
        return None
    _attach(hunch, new)
    rows = Ticket.objects.filter(id__in=[*had, *(one.id for one in new)]).select_related("service", "site").order_by("opened_at", "id")
    _describe(hunch, list(rows), found)
    again = hunch.state == State.DISMISSED and hunch.people >= max(AGAIN * hunch.dismissed_people, hunch.dismissed_people + AT_LEAST)
    if again:
        hunch.state = State.OPEN
    hunch.save()
    if again:
        _tell(hunch, now=now)
    return hunch if hunch.state == State.OPEN else None


def _attach(hunch: Hunch, tickets: Sequence[Ticket]) -> None:
    HunchTicket.objects.bulk_create([HunchTicket(hunch=hunch, ticket=one) for one in tickets], ignore_conflicts=True)


def _describe(hunch: Hunch, tickets: Sequence[Ticket], found: Found) -> None:
    sites = list({one.site_id: one.site for one in tickets if one.site}.values())
    hunch.scope = scope_of(sites)
    hunch.people = len({one.requester_id for one in tickets})
    hunch.alike = hunch.alike or found.alike
    if found.spike:
        hunch.count, hunch.expected = found.spike.count, round(found.spike.expected, 2)
    hunch.grown_at = max(one.opened_at for one in tickets)
    what = hunch.service.name if hunch.service else tickets[0].subject
    hunch.title = _titled(what, sites, hunch.scope)[:160]


def scope_of(sites: Sequence[Site]) -> str:
    if len(sites) == 1:
        return Scope.SCHOOL
    schools = Site.objects.filter(is_school=True).count()
    return Scope.DISTRICT if not sites or len(sites) >= max(2, ENTIRE * schools) else Scope.SEVERAL


def _titled(what: str, sites: Sequence[Site], scope: str) -> str:
    if len(sites) == 1:
        return f"{what}: {sites[0].name}"
    return _("%(what)s: several schools") % {"what": what} if scope == Scope.SEVERAL else what


def _service(tickets: Sequence[Ticket]) -> Service | None:
    """What most of them ask for."""
    counted = Counter(one.service_id for one in tickets if one.service_id).most_common(1)
    return next((one.service for one in tickets if counted and one.service_id == counted[0][0]), None)


def _tell(hunch: Hunch, *, now: datetime) -> None:
    """The leads of the team whose service it is; where it has none, those who lead."""
    team = hunch.service.team_id if hunch.service else None
    leads = [row.person for row in Membership.objects.filter(team=team, role=Role.LEAD).select_related("person")] if team else []
    people: list[Person] = leads or people_with_role(Role.LEADER) + people_with_role(Role.ADMIN)
    Post(this_district(), now).noticed(people, hunch.title, hunch.people, key=f"hunch:{hunch.id}:{hunch.dismissed_people}")
