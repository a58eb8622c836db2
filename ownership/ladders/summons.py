"""Whoever is sent for outside the app may say there that they have it: by a link of their own, or by texting a number back.

The link is a row's id, signed for its district: it is worth something for three days, while its escalation lasts. The number is one
thing to one person for a week, so that a late answer never takes another thing; two that are told within minutes have two numbers.
Whoever has a request of their own just now, and may be asked there to "reply 1 or 2", gets numbers from 11 on.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.core import signing
from django.db.models import Q
from django.urls import reverse

from delivery.models import Delivery, Line
from districts.models import Person
from districts.scope import require_district_id
from ownership.duty.roles import working
from ownership.models import Summons
from tickets.models import Ticket

Channel = Delivery.Channel
LIVES = timedelta(hours=72)
NUMBER_RESTS = timedelta(days=7)  # before it may be another thing to the same person
FIRST, FIRST_OF_A_REQUESTER, LAST = 1, 11, 99


class Book:
    """What is offered to those who are told of ladders in one go; `save` writes it down, in the transaction of the notices."""

    def __init__(self, people: Sequence[Person], *, now: datetime) -> None:
        self.now, self.people = now, {person.id: person for person in people}
        self._rows: dict[tuple[UUID, str], Summons] = {}

    def path(self, person: Person, notice: str, escalation_id: UUID | None) -> str:
        """Of the page with one button; empty for what needs no answer, and for whoever has no role in the district any more."""
        row = self._row(person, notice, escalation_id)
        return path_of(row) if row else ""

    def number(self, person: Person, notice: str, escalation_id: UUID | None) -> int | None:
        """What they text back; None where no answer by text is heard. The same thing keeps its number."""
        row = self._row(person, notice, escalation_id)
        if row is None or not self._heard:
            return None
        known = self._known[person.id]
        row.code = row.code or known.get(row.escalation_id) or self._free(person)
        if row.code:
            known[row.escalation_id] = row.code
        return row.code

    def told_by(self, person: Person, notices: Sequence[str], text_key: str) -> None:
        """These numbers stand in the text of that key; others that were looked at do not."""
        for (person_id, notice), row in self._rows.items():
            if person_id == person.id and row.code:
                row.text_key = text_key if notice in notices else row.text_key

    def save(self) -> None:
        for row in self._rows.values():
            row.code = row.code if row.text_key else None
        Summons.objects.bulk_create(self._rows.values(), ignore_conflicts=True)

    def _row(self, person: Person, notice: str, escalation_id: UUID | None) -> Summons | None:
        if escalation_id is None or person.id not in self._staff:
            return None
        key = (person.id, notice)
        if key not in self._rows:
            self._rows[key] = Summons(escalation_id=escalation_id, person=person, notice=notice[:120], at=self.now)
        return self._rows[key]

    def _free(self, person: Person) -> int | None:
        taken = set(self._known[person.id].values())
        first = FIRST_OF_A_REQUESTER if person.id in self._requesters else FIRST
        return next((number for number in range(first, LAST + 1) if number not in taken), None)

    @cached_property
    def _staff(self) -> frozenset[UUID]:
        return frozenset(working().filter(person__in=list(self.people)).values_list("person_id", flat=True))

    @cached_property
    def _heard(self) -> bool:
        """Does a text to the number that ours leave from reach us?"""
        return Line.objects.filter(texts=True).exists()

    @cached_property
    def _known(self) -> dict[UUID, dict[UUID, int]]:
        """Person → escalation → number. Their rows are held: two sweeps at once give no number twice."""
        list(Person.objects.filter(id__in=list(self.people)).order_by("id").select_for_update(no_key=True).values_list("id"))
        rows = Summons.objects.filter(person__in=list(self.people), code__isnull=False, at__gt=self.now - NUMBER_RESTS)
        found: dict[UUID, dict[UUID, int]] = defaultdict(dict)
        for person_id, escalation_id, code in rows.order_by("at", "id").values_list("person_id", "escalation_id", "code"):
            found[person_id][escalation_id] = code or 0
        return found

    @cached_property
    def _requesters(self) -> frozenset[UUID]:
        """Those who have a request of their own, or had one lately."""
        lately = Q(status__in=Ticket.LIVE) | Q(facts_at__gte=self.now - LIVES)
        asked = Ticket.objects.filter(lately, requester__in=list(self.people))
        return frozenset(asked.values_list("requester_id", flat=True))


# --- the link ---------------------------------------------------------------------------------------------------------


def path_of(row: Summons) -> str:
    told = urlsafe_b64encode(row.id.bytes).decode().rstrip("=")
    return reverse("take", args=[_signer().sign(told)])


def by_token(token: str) -> Summons | None:
    """None where it is not ours, another district's, or nobody was sent for by it."""
    try:
        row_id = UUID(bytes=urlsafe_b64decode(_signer().unsign(token) + "=="))
    except (signing.BadSignature, ValueError):
        return None
    return Summons.objects.select_related("person").filter(id=row_id).first()


def _signer() -> signing.Signer:
    return signing.Signer(sep=".", salt=f"summons:{require_district_id()}")


# --- the number -------------------------------------------------------------------------------------------------------


def by_numbers(person: Person, numbers: Sequence[int], *, ours: str, now: datetime) -> dict[int, tuple[Summons, datetime]]:
    """Number → what it is to them, and when the text left that said so: within three days, from this number of ours."""
    told: dict[str, list[Summons]] = defaultdict(list)
    rows = Summons.objects.filter(person=person, code__in=numbers, at__gt=now - NUMBER_RESTS).select_related("person")
    for row in rows.order_by("at", "id"):
        told[row.text_key].append(row)
    sent = Delivery.objects.filter(dedupe_key__in=list(told), channel=Channel.SMS, sent_at__gt=now - LIVES)
    found: dict[int, tuple[Summons, datetime]] = {}
    for key, sent_at, sent_from in sent.order_by("sent_at").values_list("dedupe_key", "sent_at", "sent_from"):
        if sent_at and sent_from in ("", ours):
            found |= {row.code: (row, sent_at) for row in told[key] if row.code}
    return found
