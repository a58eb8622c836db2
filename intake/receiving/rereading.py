"""Every envelope can be read again: its bytes are kept, and reading them is pure. For use after a reader was mended.

What became a message is corrected where it reads otherwise now (`tickets.rereading`). What could not be read is tried again on the
ordinary way. What was screened out is told where it would come in today, and let in when that is asked for. An envelope is one
transaction, so this may be stopped at any moment, and run again: the second time nothing is left to do.

Words of danger to a person that come to light raise the alarm, as if they had just been written.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Length
from django.utils import timezone

from districts.jobs import lease_until
from districts.models import ContactPoint
from districts.queries import this_district
from districts.scope import district_scope
from intake.channels.arrival import Arrival
from intake.mail import forwarding
from intake.models import Envelope
from intake.phone import sms_asks
from intake.receiving import opening, receive
from intake.receiving.attaching import Kept, keep, noted, worth_keeping
from intake.receiving.timing import TookTooLong, at_most
from intake.screening import floods
from intake.wording import clean, subject_of
from routing import alarm
from routing.danger import crisis
from tickets import rereading as messages
from tickets.actions import Words, survivor, take
from tickets.models import ChannelKind, Message, Ticket
from tickets.rereading import Corrections
from tickets.transcript import asides

DANGER = "words of danger"
OUR_PAGES = (ChannelKind.WEB, ChannelKind.API)
PAGE = 500  # ids held in memory
STAY_OUT = (floods.TOO_MANY, sms_asks.ANSWERED, sms_asks.AGAIN, opening.HAS_IT)  # reasons
FINAL = (Envelope.State.DONE, Envelope.State.SCREENED, Envelope.State.DEAD)
State = Envelope.State


class Became(StrEnum):
    """What reading an envelope again came to; the words of the command's table."""

    SAME = "same"
    CHANGED = "changed"
    BARE = "without a message"  # a copy of another mail, a file that came later
    FAILED = "failed"  # was read once, and cannot be read now
    READABLE = "now readable"
    DEAD = "still unreadable"
    WANTED = "would now be let in"
    LET_IN = "let in"
    OUT = "still screened out"
    BUSY = "in work"  # somebody else has it


@dataclass(frozen=True)
class Result:
    became: Became
    detail: str = ""


@dataclass(frozen=True)
class Asked:
    """How to go about it."""

    dry: bool = False
    let_in: bool = False  # what was screened out, and would not be today


class _Undo(Exception):
    """What was tried is not to stay."""


def envelopes(district_id: UUID, *, states: tuple[str, ...], since: datetime | None, after: UUID | None) -> Iterator[tuple[UUID, str]]:
    """(id, state) of one district's, in the order of their ids, a page at a time."""
    while True:
        with district_scope(district_id):
            page = list(_page(states, since, after))
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1][0]


def _page(states: tuple[str, ...], since: datetime | None, after: UUID | None) -> QuerySet[Envelope, tuple[UUID, str]]:
    rows = Envelope.objects.filter(state__in=states)
    rows = rows.filter(received_at__gte=since) if since else rows
    rows = rows.filter(id__gt=after) if after else rows
    return rows.order_by("id").values_list("id", "state")[:PAGE]


def again(district_id: UUID, envelope_id: UUID, *, asked: Asked) -> Result:
    """Read one envelope again. Raises what the database raises; whatever its bytes do is a Result."""
    with district_scope(district_id):
        rows = Envelope.objects.annotate(size=Length("raw")).defer("raw")
        envelope: Envelope | None = rows.filter(id=envelope_id, state__in=FINAL).first()
    if envelope is None:
        return Result(Became.BUSY)
    if envelope.state == State.DONE:
        return _done(district_id, envelope, asked)
    if envelope.state == State.DEAD:
        return _dead(district_id, envelope, asked)
    return _screened(district_id, envelope, asked)


def _done(district_id: UUID, envelope: Envelope, asked: Asked) -> Result:
    if envelope.channel in OUR_PAGES and "page" in envelope.meta:  # written word for word as it was typed: there is nothing to read
        return Result(Became.SAME)
    try:
        arrival = _read(district_id, envelope)
    except (Exception, TookTooLong) as error:  # noqa: BLE001  strangers' bytes raise many kinds
        return Result(Became.FAILED, _in_short(error))
    with district_scope(district_id):
        message = _message_of(envelope)
        if message is None:
            return Result(Became.BARE)
        if message.author_id is None and message.kind == Message.Kind.NOTE:  # in somebody's name: as it was told to staff
            return Result(Became.SAME)
        arrival = forwarding.as_opened(arrival, message.ticket, this_district())
        kept = Kept(arrival.kept_files, noted(message.text))
        more = _has_new_files(message, arrival, kept)
    if more and not asked.dry:
        kept = keep(arrival, district_id=district_id, seconds=receive.KEEPING)
    with district_scope(district_id):
        return _correct(message, arrival, opening.words_of(arrival, kept, envelope), more, asked)


def _correct(message: Message, arrival: Arrival, words: Words, more: bool, asked: Asked) -> Result:
    held = message.ticket if asked.dry else take(message.ticket)
    message = Message.objects.select_for_update(of=("self",), no_key=True).select_related("ticket").get(id=message.id)
    if not (arrival.text or arrival.subject) and message.text.startswith("["):  # "[no text]", in whatever language
        words = Words(**{**words.__dict__, "text": message.text})
    found = messages.corrections(message, words=words, subject=_subject(message, arrival, words))
    other = [] if _same_sender(message, arrival) else ["sender (as it was; see to it by hand)"]
    alarming = _is_danger_now(message, found)
    told = ", ".join([*found.names, *(["files"] if more and asked.dry else []), *([DANGER] if alarming else []), *other])
    if found and not asked.dry:
        messages.reread(message, found=found, now=timezone.now())
        if alarming:
            _alarm(message, held, subject=found.subject, now=timezone.now())
    return Result(Became.CHANGED if found or (more and asked.dry) else Became.SAME, f"ticket {message.ticket}: {told}" if told else "")


def _is_danger_now(message: Message, found: Corrections) -> bool:
    """Words of danger to a person that nobody could see before. In what was written, in what it was called, or in what it brought."""
    seen = {"text": message.text, "quoted": message.quoted, "subject": message.ticket.subject}
    read = {**found.values, **({"subject": found.subject} if found.subject else {})}
    fresh = [name for name in seen if name in read and crisis.screen(read[name])]
    return bool(fresh) and not any(crisis.screen(one) for one in seen.values())


def _alarm(message: Message, held: Ticket, *, subject: str, now: datetime) -> None:
    """As if it had just been written, but that its author is not answered. `held`: where the conversation lives, its row locked."""
    message.refresh_from_db(fields=["text", "quoted"])
    author = message.author or held.requester
    alarm.listen(held, message, author=author, way=None, answer=False, now=now, subject=subject)


def _read(district_id: UUID, envelope: Envelope) -> Arrival:
    raw = receive.bytes_of(district_id, envelope)
    with at_most(receive.READING):
        return receive.read(envelope, raw)


def _message_of(envelope: Envelope) -> Message | None:
    """In the ticket it made, or in the one that was merged into."""
    ticket = Ticket.objects.filter(id=envelope.ticket_ref).first() if envelope.ticket_ref else None
    if ticket is None:
        return None
    places = [ticket.id, survivor(ticket).id]
    return Message.objects.filter(ticket__in=places, envelope_ref=envelope.id).order_by("at").first()


def _has_new_files(message: Message, arrival: Arrival, kept: Kept) -> bool:
    """More than are there or were noted as not kept. By their number: pictures are other bytes with each release of their library."""
    notes = len(kept.note.split("\n")) if kept.note else 0
    return len(worth_keeping(arrival)) > message.attachments.count() + notes


def _subject(message: Message, arrival: Arrival, words: Words) -> str:
    """Of what has no words of its own, as a recording, the words that came later may have told it better (`phone.voicemails`)."""
    if arrival.subject in asides(arrival.text):
        return ""
    if arrival.subject:
        return arrival.subject
    made_up = message.ticket.subject == subject_of(message.text)[:200]
    return subject_of(words.text) if made_up else ""


def _same_sender(message: Message, arrival: Arrival) -> bool:
    if arrival.contact is None or message.author_id is None:
        return True
    theirs = ContactPoint.objects.filter(person=message.author_id, kind=arrival.contact.kind, value=arrival.contact.value)
    return theirs.exists()


def _dead(district_id: UUID, envelope: Envelope, asked: Asked) -> Result:
    if asked.dry:
        outcome = _tried(district_id, envelope)
        return Result(Became.DEAD, outcome) if isinstance(outcome, str) else Result(Became.READABLE, _told(outcome))
    return _ended(_received(district_id, envelope), good=Became.READABLE, bad=Became.DEAD)


def _screened(district_id: UUID, envelope: Envelope, asked: Asked) -> Result:
    """Those that were too many stay out: a day later no flood looks like one. So do answers to a question of ours and key words of
    texts, which had their effect when they came, and what a person has decided about."""
    if envelope.reason in STAY_OUT or envelope.reason.startswith("keyword ") or _is_decided(envelope):
        return Result(Became.OUT, envelope.reason)
    outcome = _tried(district_id, envelope)
    if isinstance(outcome, str):
        return Result(Became.FAILED, outcome)
    if outcome.ticket is None:
        return Result(Became.OUT, outcome.reason)
    if asked.dry or not asked.let_in:
        return Result(Became.WANTED, f"was: {envelope.reason}")
    return _ended(_received(district_id, envelope), good=Became.LET_IN, bad=Became.FAILED)


def _is_decided(envelope: Envelope) -> bool:
    return opening.LET_IN in envelope.meta or any(said.get("filter") == "person" for said in envelope.decisions or ())


def _ended(envelope: Envelope | None, *, good: Became, bad: Became) -> Result:
    if envelope is None:
        return Result(Became.BUSY)
    if envelope.state == State.PENDING:
        return Result(Became.FAILED, f"a worker tries it again later: {envelope.error}")
    return Result(bad, envelope.error) if envelope.state == State.DEAD else Result(good, envelope.reason)


def _tried(district_id: UUID, envelope: Envelope) -> opening.Outcome | str:
    """What would become of it today, or the error; nothing of it stays."""
    outcome: opening.Outcome | None = None
    try:
        arrival = _read(district_id, envelope)
        with district_scope(district_id):
            outcome = opening.take_in(envelope, arrival, Kept(arrival.kept_files), now=timezone.now())
            raise _Undo
    except _Undo:
        assert outcome is not None
        return outcome
    except (Exception, TookTooLong) as error:  # noqa: BLE001  strangers' bytes raise many kinds
        return _in_short(error)


def _received(district_id: UUID, envelope: Envelope) -> Envelope | None:
    """On the ordinary way, as if it had just come in and we had claimed it; None where somebody else was quicker."""
    with district_scope(district_id):
        mine = Envelope.objects.filter(id=envelope.id, state=envelope.state, attempts=envelope.attempts)
        lease = lease_until(timezone.now())
        if not mine.update(state=State.PENDING, reason="", error="", attempts=1, lease_until=lease):
            return None
    envelope.state, envelope.attempts = State.PENDING, 1
    receive.attempt(district_id, envelope)
    with district_scope(district_id):
        ended: Envelope = Envelope.objects.defer("raw").get(id=envelope.id)
    return ended


def _told(outcome: opening.Outcome) -> str:
    return "would make a ticket" if outcome.ticket else f"would be screened out: {outcome.reason}"


def _in_short(error: BaseException) -> str:
    return clean(f"{type(error).__name__}: {error}")[:300]
