"""Put words on their way: a row now, sent by a worker outside any transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.db.models import F, Q

from delivery import optouts
from delivery.models import Delivery, OptOut
from delivery.queries import NOT_ARRIVED
from delivery.sending import NEVER_BARRED, SIGN_IN
from delivery.staff_notices import Telling, tell
from delivery.tasks import send_pending
from districts.jobs import nudge
from districts.models import Person
from districts.together import insert, is_open

Channel = Delivery.Channel
log = structlog.get_logger(__name__)


def send(
    *,
    channel: str,
    address: str,
    body: str,
    dedupe_key: str,
    purpose: str,
    now: datetime,
    subject: str = "",
    person: Person | None = None,
    about: UUID | None = None,
    reply_to: str = "",
    message_id: str = "",
    references: Sequence[str] = (),
    not_before: datetime | None = None,
    sent_from: str = "",
    link: str = "",
) -> Delivery:
    """Queue one message; the same `dedupe_key` again is nothing. `sent_from`: our number, where a text answers one to it.
    `link`: a path that stands at its end, where it is not in its words; of mail to a list, what ends it.

    An address that opted out gets a row too, marked suppressed, so that staff see why nothing went out: at once, or, for a
    row that is written together with others, by whoever claims it. Sign-in mail is always tried.
    """
    suppressed = purpose not in NEVER_BARRED and not is_open() and (channel, address) in optouts.barred([address], now=now)
    row = Delivery(
        channel=channel, address=address, body=body, dedupe_key=dedupe_key, purpose=purpose, subject=subject[:300],
        person=person, about=about, reply_to=reply_to, message_id=message_id, references="\n".join(references),
        created_at=now, not_before=not_before or now, sent_from=sent_from, link=link,
        state=Delivery.State.SUPPRESSED if suppressed else Delivery.State.PENDING,
    )  # fmt: skip
    insert(row, once=True)
    nudge(send_pending)
    return row


def notify(
    *, people: Sequence[Person], subject: str, body: str, dedupe_key: str, now: datetime, link: str = "",
    about: UUID | None = None, channels: Sequence[str] = (Channel.INAPP, Channel.EMAIL), wakes: bool = False,
    not_before: datetime | None = None,
) -> int:  # fmt: skip
    """Tell staff, in the app and by mail (or SMS); returns how many rows were queued. Nobody twice for one `dedupe_key`.

    By night, mail and SMS wait for the morning, unless it `wakes` (see `delivery.quiet`; whoever sends looks at the clock);
    they may wait longer, until `not_before`.
    """
    tellings = [
        Telling(person, channel, subject, body, dedupe_key, link=link, about=about, wakes=wakes, not_before=not_before)
        for person in {p.id: p for p in people}.values()
        for channel in channels
    ]
    return tell(tellings, now=now)


@dataclass(frozen=True)
class Note:
    """What several people are told in the app."""

    people: Sequence[Person]
    subject: str
    body: str
    dedupe_key: str
    link: str = ""
    about: UUID | None = None


def note_all(notes: Sequence[Note], *, now: datetime) -> None:
    """Many at once, in the app alone: one statement. Nobody twice for one `dedupe_key`."""
    told = [
        Telling(person, Channel.INAPP, note.subject, note.body, note.dedupe_key, link=note.link, about=note.about)
        for note in notes
        for person in note.people
    ]
    tell(told, now=now)


def reword(*, dedupe_key: str, subject: str, body: str, not_before: datetime) -> bool:
    """Better words for a message that has not left yet; False where it has."""
    waiting = Delivery.objects.filter(Q(lease_until__isnull=True), dedupe_key=dedupe_key, state=Delivery.State.PENDING)
    changed = waiting.update(subject=subject[:300], body=body, not_before=not_before)
    if changed:
        nudge(send_pending)
    return bool(changed)


def opt_out(*, channel: str, address: str, reason: str, now: datetime) -> bool:
    """Nothing more goes there, sign-in mail excepted. A `reason` of `OptOut.BOUNCES` holds for a time, any other is a wish.

    False: nothing went there before.
    """
    return optouts.bar(channel=channel, address=address, reason=reason, now=now)


def opt_in(*, channel: str, address: str) -> None:
    """Whoever it belongs to wants to be written to again."""
    OptOut.objects.filter(channel=channel, address=address).delete()


def wished_again(*, channel: str, address: str) -> bool:
    """Whoever opted out there by wish is written to again. False: nobody had."""
    return optouts.lift_wish(channel=channel, address=address)


def came_back(letter: Delivery, *, status: str) -> None:
    """A mail server says that a letter that left is not delivered, and will not be. `status`: RFC 3463."""
    left = Delivery.objects.filter(id=letter.id, state=Delivery.State.SENT)
    left.update(state=Delivery.State.FAILED, error=f"came back {status}".strip())


def heard_from(*, channel: str, address: str, now: datetime) -> bool:
    """Somebody wrote to us from this address: a bounce that barred it is over, a wish is not. True where one was lifted.

    To be called by whoever takes in mail and texts, before anything is answered.
    """
    return optouts.lift_bounce(channel=channel, address=address, now=now)


def write_again(opt_out_id: UUID, *, by: Person, now: datetime) -> bool:
    """An administrator decided that an address is written to again; who and when stays at its row. False: it is already."""
    lifted = optouts.lift(opt_out_id, by=by, now=now)
    if lifted:
        log.info("written_to_again", opt_out=str(opt_out_id), channel=lifted.channel, by=str(by.id))
    return lifted is not None


def mark_read(*, person: Person, now: datetime, only: UUID | None = None) -> int:
    """All of a person's in-app notices are read, or one of them."""
    unread = Delivery.objects.filter(person=person, channel=Channel.INAPP, read_at__isnull=True)
    return (unread.filter(id=only) if only else unread).update(read_at=now)


def send_again(delivery_id: UUID, *, now: datetime) -> bool:
    """A person decided that a message which did not arrive, or may not have, goes out anew. False where that cannot be.

    A sign-in message cannot: its secret is gone. What a provider still tells of earlier tries says nothing of the new one.
    """
    stuck = Delivery.objects.filter(id=delivery_id, state__in=NOT_ARRIVED).exclude(purpose=SIGN_IN)
    changed = stuck.update(
        state=Delivery.State.PENDING, attempts=0, tries=F("tries") + 1, not_before=now, sent_at=None, provider_ref="", error=""
    )  # fmt: skip
    if changed:
        nudge(send_pending)
    return bool(changed)
