"""Notices to staff that differ from one another, put on their way together: addresses are read once, and one statement writes all.

A mail that has not left yet takes in what comes after it, so that nobody finds ten in the morning.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from delivery.models import Delivery
from delivery.quiet import NOTICE
from delivery.tasks import send_pending
from districts.jobs import nudge
from districts.links import absolute
from districts.models import ContactPoint, Person
from districts.queries import this_district

Channel, State = Delivery.Channel, Delivery.State
KINDS = {Channel.EMAIL: ContactPoint.Kind.EMAIL, Channel.SMS: ContactPoint.Kind.PHONE, Channel.VOICE: ContactPoint.Kind.PHONE}
LONGEST_BODY = 50_000  # characters a waiting mail may grow to


@dataclass(frozen=True)
class Telling:
    """What one person is told by one channel. Nobody twice for one `dedupe_key`."""

    person: Person
    channel: str
    subject: str
    body: str
    dedupe_key: str
    link: str = ""
    about: UUID | None = None
    wakes: bool = False
    not_before: datetime | None = None


def tell(tellings: Sequence[Telling], *, now: datetime) -> int:
    """How many were queued; whoever has no address for a channel is left out there."""
    addresses = _addresses(one for one in tellings if one.channel != Channel.INAPP)
    rows = [_row(one, address, now) for one in tellings if (address := _address(one, addresses)) is not None]
    if rows:
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    if any(row.state == State.PENDING for row in rows):
        nudge(send_pending)
    return len(rows)


def _addresses(tellings: Iterable[Telling]) -> dict[tuple[UUID, str], str]:
    """(person, kind) → the first address of that kind."""
    asked = {(one.person.id, KINDS[Channel(one.channel)]) for one in tellings}
    if not asked:
        return {}
    points = ContactPoint.objects.filter(person__in={person for person, _kind in asked}, kind__in={kind for _person, kind in asked})
    found: dict[tuple[UUID, str], str] = {}
    for person_id, kind, value in points.order_by("id").values_list("person_id", "kind", "value"):
        found.setdefault((person_id, kind), value)
    return found


def _address(one: Telling, addresses: dict[tuple[UUID, str], str]) -> str | None:
    return "" if one.channel == Channel.INAPP else addresses.get((one.person.id, KINDS[Channel(one.channel)]))


def _row(one: Telling, address: str, now: datetime) -> Delivery:
    """In the app it is there at once."""
    here = one.channel == Channel.INAPP
    return Delivery(
        channel=one.channel, address=address, person=one.person, subject=one.subject[:300], body=one.body, link=one.link,
        about=one.about, purpose=NOTICE, dedupe_key=key_of(one.dedupe_key, one.channel, one.person), wakes=one.wakes, created_at=now,
        not_before=now if here else one.not_before or now, sent_at=now if here else None, state=State.SENT if here else State.PENDING,
    )  # fmt: skip


def key_of(dedupe_key: str, channel: str, person: Person) -> str:
    """The key of the row."""
    return f"{dedupe_key}:{channel}:{person.id}"[:120]


class Waiting:
    """Mails to these people that have not left, of the kind whose key `starts` so: held, and not in anybody else's hands."""

    def __init__(self, people: Iterable[Person], *, starts: str) -> None:
        rows = Delivery.objects.filter(
            person__in=list(people), channel=Channel.EMAIL, state=State.PENDING, purpose=NOTICE, lease_until__isnull=True,
            dedupe_key__startswith=starts,
        ).select_for_update(skip_locked=True)  # fmt: skip
        self._rows: dict[tuple[UUID | None, bool], list[Delivery]] = defaultdict(list)
        self._changed: list[Delivery] = []
        for row in rows.order_by("id"):
            self._rows[row.person_id, row.wakes].append(row)

    def add(self, person: Person, body: str, *, between: str, subject: str, link: str, wakes: bool) -> bool:
        """Let one of them say this too. False: there is none with room for it."""
        row = next((row for row in self._rows[person.id, wakes] if len(row.body) + len(body) < LONGEST_BODY), None)
        if row is None:
            return False
        whole = row.body if row.link == link else f"{row.subject}\n\n{row.body}\n\n{absolute(this_district(), row.link)}"
        row.body, row.subject, row.link, row.about = f"{whole}{between}{body}", subject[:300], link, None
        self._changed.append(row)
        return True

    def save(self) -> None:
        Delivery.objects.bulk_update(self._changed, ["body", "subject", "link", "about"])
