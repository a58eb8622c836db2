"""An alert on its way: its recipients are written down once, then handed to delivery in batches, each address once.

The rows are the queue. A batch's contacts are claimed (SKIP LOCKED) and their letters written in one transaction, so that a worker
that dies in the middle leaves whole batches behind: the next goes on where it stopped, and nobody is lost or written to twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from alerts import audience, stopping, wording
from alerts.models import Alert, AlertContact, AlertRecipient, Channel, Kind, Outcome
from alerts.policies import record
from delivery import urgent
from districts.models import ContactPoint, Person, uuid7
from districts.queries import this_district
from districts.scope import district_scope

BATCH = 1000  # letters of one transaction
State = Alert.State


def drain(district_id: UUID) -> int:
    """Everything that is being sent in one district; returns how many letters were handed over."""
    with district_scope(district_id):
        waiting = list(Alert.objects.filter(state=State.SENDING).order_by("started_at").values_list("id", flat=True))
    return sum(_send(district_id, alert_id) for alert_id in waiting)


def _send(district_id: UUID, alert_id: UUID) -> int:
    done = 0
    with district_scope(district_id):
        list_recipients(alert_id, now=timezone.now())
    while True:
        with district_scope(district_id):
            handed = hand_over(alert_id, now=timezone.now())
        done += handed
        if not handed:
            return done


def list_recipients(alert_id: UUID, *, now: datetime) -> int:
    """Whom it is for, as of now, once; returns how many. All of them or none."""
    alert = Alert.objects.select_for_update(skip_locked=True).filter(id=alert_id, listed_at__isnull=True).first()
    if alert is None:
        return 0
    found = audience.people(audience.audience_of(alert))
    points = ContactPoint.objects.filter(person__in=found)
    barred = audience.barred_points(points, kind=alert.kind, now=now)
    total = sum(_list(alert, batch, barred, now=now) for batch in audience.in_batches(found))
    Alert.objects.filter(id=alert.id).update(listed_at=now, people=total)
    record(alert, kind="listed", now=now, people=total)
    return total


def _list(alert: Alert, people: Sequence[Person], barred: Mapping[tuple[str, str], audience.Stop], *, now: datetime) -> int:
    addresses = audience.addresses_of(people, alert.channels)
    recipients, contacts = [], []
    for person in people:
        recipient = AlertRecipient(alert=alert, person=person, site_id=person.site_id, language=person.language)
        rows = [_contact(alert, recipient, channel, to, barred, now) for channel, to in addresses.get(person.id, ())]
        recipient.outcome = _at_first([row.outcome for row in rows])
        recipients.append(recipient)
        contacts += rows
    AlertRecipient.objects.bulk_create(recipients)
    AlertContact.objects.bulk_create(contacts)
    return len(recipients)


def _at_first(outcomes: Sequence[str]) -> str:
    if not outcomes:
        return Outcome.NO_CONTACT
    return next((one for one in (Outcome.UNKNOWN, Outcome.FAILED) if one in outcomes), Outcome.LEFT_OUT)


def _contact(
    alert: Alert,
    recipient: AlertRecipient,
    channel: str,
    address: str,
    barred: Mapping[tuple[str, str], audience.Stop],
    now: datetime,
) -> AlertContact:
    """One that is barred is written down too, so that everybody sees who was left out, and why."""
    row = AlertContact(id=uuid7(), alert=alert, recipient=recipient, channel=channel, address=address)
    if stops := barred.get((channel, address)):
        row.outcome = Outcome.FAILED if stops.failed else Outcome.LEFT_OUT
        row.why, row.at, row.handed_at = stops.why, now, now
    return row


def hand_over(alert_id: UUID, *, now: datetime) -> int:
    """The next batch; 0: nothing is left, and the alert is sent as far as it is ours."""
    alert = Alert.objects.get(id=alert_id)
    waiting = AlertContact.objects.filter(alert=alert, handed_at__isnull=True).order_by("id").select_related("recipient")
    rows = list(waiting.select_for_update(of=("self",), skip_locked=True)[:BATCH])
    if not rows:
        if alert.listed_at and not waiting.exists():
            _all_handed(alert, now=now)
        return 0
    urgent.hand_over(_letters(alert, rows), about=alert.id, now=now)
    AlertContact.objects.filter(id__in=[row.id for row in rows]).update(handed_at=now)
    return len(rows)


def _all_handed(alert: Alert, *, now: datetime) -> None:
    if Alert.objects.filter(id=alert.id, state=State.SENDING).update(state=State.SENT, sent_at=now, check_at=now):
        record(alert, kind="sent", now=now)


def _letters(alert: Alert, rows: Sequence[AlertContact]) -> list[urgent.Letter]:
    spoken = this_district().languages or ["en"]
    ready: dict[str, wording.Written] = {}
    purpose = urgent.ALERT if alert.kind == Kind.EMERGENCY else urgent.BULLETIN
    letters = []
    for row in rows:
        language = wording.language_for(alert.words, row.recipient.language, spoken=spoken)
        said = ready.get(language) or ready.setdefault(language, wording.written(alert.words, language, kind=alert.kind))
        body = {Channel.SMS: said.text, Channel.VOICE: said.voice}.get(Channel(row.channel), said.mail)
        letter = urgent.Letter(row.id, row.channel, row.address, row.recipient.person_id, said.subject, body, purpose)
        letters.append(_ended_by_link(letter, language) if stopping.ends_by_link(alert.kind, row.channel) else letter)
    return letters


def _ended_by_link(letter: urgent.Letter, language: str) -> urgent.Letter:
    path = stopping.path_of(letter.id)
    return replace(letter, link=path, body=f"{letter.body}\n\n{stopping.footer(path, language)}")
