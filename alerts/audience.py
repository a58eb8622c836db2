"""Whom an alert is for: kinds of people at some places, and the people of teams; each person once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from alerts.models import Alert, Channel, Kind, Unsubscribed
from delivery import optouts
from districts.models import ContactPoint, Membership, Person

KINDS = {
    "family": (_("Families"), ("family", "parent", "guardian")),
    "student": (_("Students"), ("student",)),
    "staff": (_("Staff"), ("staff",)),
    "community": (_("Community"), ("community", "public", "vendor")),
}  # what a district calls its people: the kinds that persons carry
KIND_OF: dict[str, str] = {
    Channel.SMS.value: ContactPoint.Kind.PHONE.value, Channel.EMAIL.value: ContactPoint.Kind.EMAIL.value,
    Channel.VOICE.value: ContactPoint.Kind.PHONE.value,
}  # fmt: skip
CHANNELS = tuple(KIND_OF)
NO_TESTS = "no tests or announcements"  # why an address gets no mail of that kind (`alerts.stopping`)
MOST_AT_ONCE = 2000  # people whose addresses are read at once


@dataclass(frozen=True)
class Audience:
    kinds: Sequence[str] = ("family",)
    sites: Sequence[str] = ()  # ids; empty: everywhere, also people of no place
    teams: Sequence[str] = ()  # ids
    channels: Sequence[str] = (Channel.SMS, Channel.EMAIL)


def audience_of(alert: Alert) -> Audience:
    return Audience(kinds=alert.kinds, sites=alert.sites, teams=alert.teams, channels=alert.channels)


def people(audience: Audience) -> QuerySet[Person]:
    """In order of their ids."""
    kinds = [kind for name in audience.kinds if name in KINDS for kind in KINDS[name][1]]
    wanted = Q(kind__in=kinds)
    if audience.sites:
        wanted &= Q(site_id__in=audience.sites)
    if audience.teams:
        wanted |= Q(id__in=Membership.objects.filter(team_id__in=audience.teams).values("person_id"))
    return Person.objects.filter(wanted, merged_into__isnull=True).order_by("id")


@dataclass(frozen=True)
class Counted:
    """What a choice means, before anything is sent."""

    people: int
    contacts: Mapping[str, int]  # by channel, those barred left out
    barred: Mapping[str, int]  # by channel: asked for no messages, or came back
    nowhere: int  # people with no address that is written to

    @property
    def written(self) -> int:
        return sum(self.contacts.values())


@dataclass(frozen=True)
class Stop:
    """Why nothing goes to an address."""

    why: str
    failed: bool  # it cannot be reached; else somebody there wished so


def count(audience: Audience, *, kind: str, now: datetime) -> Counted:
    found = people(audience)
    points = ContactPoint.objects.filter(person__in=found, kind__in=kinds_of(audience.channels))
    by_kind = dict(points.values_list("kind").annotate(n=Count("id")).order_by())
    totals = {channel: by_kind.get(KIND_OF[channel], 0) for channel in CHANNELS if channel in audience.channels}
    gone = barred_points(points, kind=kind, now=now)
    lost = {channel: sum(by == channel for by, _address in gone) for channel in totals}
    open_ways = Q(pk__in=[])
    for channel in totals:
        open_ways |= Q(kind=KIND_OF[channel]) & ~Q(value__in=[address for by, address in gone if by == channel])
    reachable = points.filter(open_ways).values("person_id").distinct().count()
    contacts = {channel: total - lost[channel] for channel, total in totals.items()}
    total = found.count()
    return Counted(total, contacts, lost, total - reachable)


def barred_points(points: QuerySet[ContactPoint], *, kind: str, now: datetime) -> dict[tuple[str, str], Stop]:
    """(channel, address) of those that are not written to, and why.

    Whoever texted STOP gets no text, in an emergency neither: the carrier would refuse it. A machine calls them in an emergency alone,
    which asks nobody's consent (47 CFR 64.1200(a)(1) and (a)(10)). Who wants no tests and announcements by mail gets emergencies alone.
    """
    barred = optouts.barred_among(points.values("value"), now=now)
    stops = {key: Stop(row.reason, row.is_bounce) for key, row in barred.items()}
    if kind != Kind.EMERGENCY:
        wishes = {address: stop for (by, address), stop in stops.items() if by == Channel.SMS and not stop.failed}
        stops |= {(Channel.VOICE.value, address): stop for address, stop in wishes.items()}
        ended = Unsubscribed.objects.filter(address__in=points.values("value")).values_list("address", flat=True)
        stops = {(Channel.EMAIL.value, address): Stop(NO_TESTS, failed=False) for address in ended} | stops
    return stops


def kinds_of(channels: Iterable[str]) -> list[str]:
    return list({KIND_OF[channel]: None for channel in CHANNELS if channel in channels})


def in_batches(found: QuerySet[Person]) -> Iterable[list[Person]]:
    """By id, so that no batch holds a cursor open."""
    after: UUID | None = None
    while batch := list((found.filter(id__gt=after) if after else found)[:MOST_AT_ONCE]):
        yield batch
        after = batch[-1].id


def addresses_of(persons: Sequence[Person], channels: Iterable[str]) -> dict[UUID, list[tuple[str, str]]]:
    """(channel, address) of each person; an address belongs to one person, so nobody is written to twice."""
    wanted = [channel for channel in CHANNELS if channel in channels]
    points: Any = ContactPoint.objects.filter(person__in=persons, kind__in=kinds_of(wanted)).order_by("id")
    found: dict[UUID, list[tuple[str, str]]] = {}
    for person_id, kind, value in points.values_list("person_id", "kind", "value"):
        found.setdefault(person_id, []).extend((channel, value) for channel in wanted if KIND_OF[channel] == kind)
    return found
