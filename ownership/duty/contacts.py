"""Whether people can be reached: their addresses for each channel, what is wrong with them, and how that is mended."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.utils.translation import gettext as _

from delivery import calls, optouts
from delivery import queries as delivery
from delivery.models import Delivery, OptOut
from districts.models import ContactPoint, Person
from ownership.duty.roles import working

Channel = Delivery.Channel
STALE = timedelta(days=365)  # an address nobody has confirmed for so long
LOOK_BACK = timedelta(days=30)  # how long a message that did not arrive speaks against an address
KINDS = {Channel.EMAIL: ContactPoint.Kind.EMAIL, Channel.SMS: ContactPoint.Kind.PHONE, Channel.VOICE: ContactPoint.Kind.PHONE}


@dataclass(frozen=True)
class Way:
    """One channel to one person. `problem`: why nothing would arrive; empty where it would."""

    channel: str
    address: str = ""
    problem: str = ""
    mend: str = ""

    @property
    def label(self) -> str:
        return str(Channel(self.channel).label)


@dataclass(frozen=True)
class Stale:
    """Something to be mended. `grave`: a notice would not arrive."""

    who: str
    what: str
    mend: str
    person_id: str = ""
    grave: bool = True


class Contacts:
    """What is known of these people: read once, in six queries. `look_up`: ask where the name that calls go to leads just now."""

    def __init__(self, people: Iterable[Person], *, now: datetime, look_up: bool = False) -> None:
        self.now, self.look_up, self.people = now, look_up, {person.id: person for person in people}
        points = ContactPoint.objects.filter(person__in=list(self.people)).order_by("id")
        self._points: dict[tuple[UUID, str], ContactPoint] = {}
        for point in points:
            self._points.setdefault((point.person_id, point.kind), point)  # the one that `notify` takes
        addresses = [point.value for point in self._points.values()]
        self._barred = {
            (row.channel, row.address): row
            for row in OptOut.objects.filter(address__in=addresses) if optouts.holds(row, now=now)
        }  # fmt: skip
        self._last = self._last_states(addresses)
        self._here = set(working().filter(person__in=list(self.people)).values_list("person_id", flat=True))

    def ways(self, person: Person, channels: Sequence[str]) -> list[Way]:
        return [self._way(person, channel) for channel in channels]

    def reached(self, person: Person, channels: Sequence[str]) -> bool:
        """Would they hear of it? In the app alone counts only where the rung asks for nothing louder."""
        loud = [channel for channel in channels if channel != Channel.INAPP] or list(channels)
        return any(not way.problem for way in self.ways(person, loud))

    def stale(self, person: Person, channels: Sequence[str]) -> Iterator[Stale]:
        """All that is wrong with one person, as far as these channels go."""
        who, person_id = person.name, str(person.id)
        if person.id not in self._here or person.merged_into_id:
            yield Stale(who, _("has no role in the district any more"), _("Give the work to somebody else."), person_id)
            return
        for way in self.ways(person, channels):
            if way.problem:
                yield Stale(who, way.problem, way.mend, person_id)
            elif way.channel != Channel.INAPP and self._unconfirmed(person, way.channel):
                what = _("%(address)s was not confirmed for a year") % {"address": way.address}
                yield Stale(who, what, _("Ask whether it is still right."), person_id, grave=False)

    def _way(self, person: Person, channel: str) -> Way:
        if channel == Channel.INAPP:
            return Way(channel)
        if channel == Channel.VOICE and self._no_calls:
            return Way(channel, "", *self._no_calls)
        point = self._points.get((person.id, KINDS[Channel(channel)]))
        if point is None:
            missing = _("no mail address") if channel == Channel.EMAIL else _("no telephone number")
            return Way(channel, "", missing, _("Enter it under Set-up, People."))
        return Way(channel, point.value, *self._trouble(channel, point.value))

    @cached_property
    def _no_calls(self) -> tuple[str, str] | None:
        """Why nobody can be called, and how that is mended."""
        found = calls.hook()
        if found is None:
            return _("no address for phone calls is set up"), _("Enter it under Set-up, Ladders, Phone calls.")
        if not found.key:
            return _("the key for phone calls cannot be read any more"), _("Make a new one under Set-up, Ladders, Phone calls.")
        try:
            calls.addresses(found.url, look_up=self.look_up)
        except calls.WrongAddress as error:
            return str(error), _("Enter another address under Set-up, Ladders, Phone calls.")
        return None

    def _trouble(self, channel: str, address: str) -> tuple[str, str]:
        barred = self._barred.get((channel, address))
        if barred:
            return f"{address}: {delivery.why(barred)}", _("See Notices, “Not written to”, or enter another address.")
        if self._last.get((channel, address)) in (Delivery.State.FAILED, Delivery.State.DEAD):
            return _("the last message to %(address)s did not arrive") % {"address": address}, _("Check the address, and send again.")
        return "", ""

    def _unconfirmed(self, person: Person, channel: str) -> bool:
        point = self._points[person.id, KINDS[Channel(channel)]]
        return (point.verified_at or person.created_at) < self.now - STALE

    def _last_states(self, addresses: Sequence[str]) -> dict[tuple[str, str], str]:
        """What became of the latest message to each, where it came to an end."""
        rows = Delivery.objects.filter(address__in=addresses, created_at__gte=self.now - LOOK_BACK)
        ended = rows.exclude(state__in=(Delivery.State.PENDING, Delivery.State.SUPPRESSED)).order_by("created_at", "id")
        return {(channel, to): state for channel, to, state in ended.values_list("channel", "address", "state")}


def by_person(found: Iterable[Stale]) -> list[tuple[str, list[Stale]]]:
    """The same thing once, those that matter most first."""
    each: dict[str, dict[Stale, None]] = defaultdict(dict)
    for one in found:
        each[one.who][one] = None
    rows = [(who, list(things)) for who, things in each.items()]
    return sorted(rows, key=lambda row: (not any(thing.grave for thing in row[1]), row[0]))
