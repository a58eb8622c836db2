"""Pictures of a text message and recordings of a call: they lie at the provider, and are fetched with checks (intake.phone.fetching).

Words never wait for them, there may be danger in them. What cannot be had within FETCHING seconds is noted in the message and fetched
later, each file by an envelope of its own: tried again with growing gaps, told of and parked like any other, and added to the
message that it came with. While a provider is down it is left alone for REST seconds, so that nobody's words stand behind files.
"""

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from django.conf import settings
from django.utils.translation import override

from delivery import lines
from districts.jobs import backoff
from districts.scope import district_scope
from intake.channels.arrival import Arrival, Media, SentFile, Unreadable
from intake.models import Channel, Envelope
from intake.phone import numbers
from intake.phone.fetching import Away, Down, Login, Refused, fetch
from intake.receiving import attaching
from intake.receiving.attaching import Kept
from intake.receiving.opening import Outcome
from intake.receiving.timing import TookTooLong, at_most
from tickets import rereading
from tickets.actions import survivor
from tickets.models import Message, Ticket

HOSTS = ("*.twilio.com", "*.twiliocdn.com")
FETCHING = 8.0  # seconds for all files of one message
REST = 30.0  # seconds
LATE = "late"  # in the meta of an envelope that is such a file
_OF_AN_ACCOUNT = re.compile(
    r"/2010-04-01/Accounts/(AC[A-Za-z0-9]{1,62})/(?:Messages/[MS]M[A-Za-z0-9]{1,62}/Media/ME|Recordings/RE)[A-Za-z0-9]{1,62}"
    r"(?:\.[A-Za-z0-9]{1,5})?"
)
_rest = {"until": 0.0}  # of this process
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Brought:
    """`later`: what could not be had now; `lines`: what is said of the files that are not there."""

    files: tuple[SentFile, ...] = ()
    later: tuple[Media, ...] = ()
    lines: tuple[str, ...] = ()


def keep(envelope: Envelope, arrival: Arrival, *, district_id: UUID, seconds: float) -> Kept:
    """What lies at the provider too, with no transaction open. Raises Away for a file that is late already: it is tried again."""
    if not arrival.media:
        return attaching.keep(arrival, district_id=district_id, seconds=seconds)
    began = time.monotonic()
    with override(arrival.language or "en"):
        brought = _bring(arrival.media, lambda one: _login(envelope, one, district_id))
    if arrival.file_of and brought.later:
        raise Away("not to be had now")
    left = max(1.0, seconds - (time.monotonic() - began))
    kept = attaching.keep(replace(arrival, sent_files=(*arrival.sent_files, *brought.files)), district_id=district_id, seconds=left)
    note = "\n".join(line for line in (kept.note, *brought.lines) if line)
    return replace(kept, note=note, later=brought.later)


def write_down(envelope: Envelope, later: Sequence[Media], *, now: datetime) -> None:
    """Each file that is late gets an envelope, in the transaction that writes its message."""
    rows = [_envelope_of(number, one, envelope, now=now) for number, one in enumerate(later, 1)]
    if rows:
        Envelope.objects.bulk_create(rows, ignore_conflicts=True)


def _envelope_of(number: int, one: Media, origin: Envelope, *, now: datetime) -> Envelope:
    raw = json.dumps({"file_of": str(origin.id), **asdict(one)}, sort_keys=True).encode()
    return Envelope(
        source_id=origin.source_id, channel=origin.channel, external_id=f"{origin.external_id[:200]}/file/{number}",
        digest=hashlib.sha256(raw).hexdigest(), raw=raw, meta={LATE: True}, received_at=now, lease_until=now + backoff(0),
    )  # fmt: skip


def read(raw: bytes, channel: str) -> Arrival:
    """The envelope of a late file."""
    try:
        told = json.loads(raw)
        one = Media(str(told["url"]), str(told["name"]), str(told["kind"]), str(told.get("account", "")))
        return Arrival(channel=channel, contact=None, text="", media=(one,), file_of=UUID(told["file_of"]))
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable("no late file") from error


def add(arrival: Arrival, kept: Kept, *, now: datetime) -> Outcome:
    """A late file to the message that it came with, or why it is not taken; the line that said that it comes goes.

    Two of one message at once: the second waits, and sees what the first made of the message.
    """
    message = _message_of(arrival.file_of)
    if message is None:
        return Outcome(None, "its message is gone")
    known = set(message.attachments.values_list("sha256", flat=True))
    files = tuple(file for file in kept.files if file.sha256 not in known)
    text = _without(message.text, arrival.media, kept.note)
    found = rereading.Corrections(values={"text": text} if text != message.text else {}, files=files)
    if found:
        rereading.reread(message, found=found, now=now, late=True)
    return Outcome(message.ticket, "a file of its message")


def _without(text: str, came: Iterable[Media], note: str) -> str:
    """A message is never left without a word."""
    names = [one.name for one in came]
    lines = [line for line in text.split("\n") if not any(attaching.is_awaited(line, name) for name in names)]
    return "\n".join([*lines, *([note] if note else [])]).strip() or text


def _message_of(envelope_id: UUID | None) -> Message | None:
    origin = Envelope.objects.defer("raw").filter(id=envelope_id).first() if envelope_id else None
    ticket = Ticket.objects.filter(id=origin.ticket_ref).first() if origin and origin.ticket_ref else None
    if ticket is None:
        return None
    rows = Message.objects.filter(ticket_id__in=[ticket.id, survivor(ticket).id], envelope_ref=envelope_id)
    held = rows.select_for_update(of=("self",), no_key=True)
    found: Message | None = held.select_related("ticket").order_by("at").first()
    return found


def _bring(wanted: Sequence[Media], login: Callable[[Media], Login | None]) -> Brought:
    """As many as come in time."""
    files, later, lines = list[SentFile](), list(wanted), list[str]()
    until = time.monotonic() + FETCHING
    try:
        with at_most(FETCHING + 1):  # a library that looks at no clock
            while later and time.monotonic() < until and not _resting():
                one = later[0]
                try:
                    files.append(SentFile(one.name, _fetched(one, login, until), kind=one.kind))
                except Refused as error:
                    log.warning("media_refused", error=str(error))
                    lines.append(attaching.refused(one.name))
                later.pop(0)
    except Away as error:
        _give_it_a_rest(error)
    except TookTooLong:
        _give_it_a_rest(Down("no end"))
    return Brought(tuple(files), tuple(later), (*lines, *(attaching.awaited(one.name) for one in later)))


def _fetched(one: Media, login: Callable[[Media], Login | None], until: float) -> bytes:
    seconds = until - time.monotonic()
    return fetch(one.url, allowed_hosts=HOSTS, auth=login(one), most_bytes=settings.MAX_FILE_BYTES, seconds=seconds)


def _resting() -> bool:
    return _rest["until"] > time.monotonic()


def _give_it_a_rest(error: Away) -> None:
    """This process asks nobody who is down."""
    log.warning("media_away", error=str(error))
    if isinstance(error, Down):
        _rest["until"] = time.monotonic() + REST


def _login(envelope: Envelope, one: Media, district_id: UUID) -> Login | None:
    """Only for what a message or a call brought, in the account that signed for it, with the token of the number's account. No address
    lends anybody the token of another account."""
    named = _OF_AN_ACCOUNT.fullmatch(urlsplit(one.url).path)
    if named is None or named[1] != one.account:
        return None
    with district_scope(district_id):
        channel = Channel.objects.filter(id=envelope.source_id).first()
        line = numbers.line_of(channel) if channel else None
        known = lines.account_of(line)
    if line is None or not known.token or (one.account != known.sid and (known.sid or lines.is_ours(line))):
        return None
    return one.account, known.token
