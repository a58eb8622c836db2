"""What comes in by a door is written down first, byte for byte, then received.

`accept` is for every door; `receive_web` also receives at once, so that the visitor sees a number on the next page.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from districts.jobs import nudge
from districts.models import Person, uuid7
from districts.queries import this_district
from districts.scope import require_district_id
from intake import queries, screening
from intake.asking import Asking, NoText
from intake.channels.callbacks import CALLBACKS
from intake.channels.callbacks import digest as callback_digest
from intake.channels.fingerprint import digest as mail_digest
from intake.channels.fingerprint import digest_of as mail_digest_of
from intake.contacts import BadContact
from intake.mail import to_feeds
from intake.models import Channel, Envelope
from intake.receiving import bulk, opening, receive
from intake.receiving.attaching import Kept
from intake.receiving.bulk import Raw
from intake.standing import forget_standing, standing_here
from intake.tasks import receive_pending
from intake.wording import one_line
from tickets.models import ChannelKind, Ticket

HEAD = 100_000  # bytes of a mail in which its header is looked for
SAME_CONTENT = timedelta(days=1)  # in which a machine's request without a key, word for word the same, is a retry
log = structlog.get_logger(__name__)
_COLUMNS = (
    "id, district_id, source_id, channel, external_id, digest, raw, meta, state, reason, error, attempts, received_at, ticket_ref"
)


class BadFormId(ValueError):
    """The form's own id is not a UUID: not sent by our page."""

    field = "form_id"


class KeyReused(ValueError):
    """An Idempotency-Key came again with another request."""


@dataclass(frozen=True)
class Received:
    """`ticket` is empty where the words are kept and wait for a worker; `duplicate`: they were here before."""

    envelope: Envelope
    ticket: Ticket | None
    duplicate: bool


def accept(*, source: Channel, channel: str, external_id: str, raw: Raw, meta: dict[str, Any], now: datetime) -> tuple[Envelope, bool]:
    """Write an envelope down in the caller's transaction; True where it is new. `raw`: its bytes, or a file that holds them.

    The same id with the same content again is the first one (with what `meta` adds to its recipients); with other content
    it is another. A worker is woken after the commit.
    """
    believed = {"trusted_hop": source.trusted_hop} if source.trusted_hop and not meta.get("direct") else {}
    for own_id, share in _shares(channel, external_id, raw, meta):
        envelope, new = _insert(source, channel, own_id, raw, {**meta, **believed, **share}, now)
        if new:
            nudge(receive_pending)
        elif share.get("recipients"):
            _note_recipients(envelope, share["recipients"], now=now)
    return envelope, new


def _shares(channel: str, external_id: str, raw: Raw, meta: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Ids, and what is particular to the envelope of each; that of people comes last. A feed that a mail is sent to has its own,
    whatever the door it came by.
    """
    if channel != ChannelKind.EMAIL:
        return [(external_id, {})]
    feeds, others = to_feeds.split(
        meta.get("recipients") or (), next(bulk.pieces(raw, HEAD), b""), this_district(), fetched="mailbox" in meta
    )
    shares = [(to_feeds.own_id(feed, external_id), to_feeds.share_of(feed)) for feed in feeds]
    return [*shares, (external_id, {"recipients": others} if others else {})] if others or not feeds else shares


def receive_web(asking: Asking, *, form_id: UUID | str, now: datetime, remote: str = "") -> Received:
    """A filled-in form: envelope and ticket in the caller's transaction.

    Where receiving fails the envelope is kept and waits for a worker. The same form sent twice gives the first ticket.
    Raises NoText, BadContact or BadFormId, each with `field` and a sentence for the person.
    """
    form = _form_id(form_id)
    return receive_now(kind=ChannelKind.WEB, external_id=str(form), raw=asking.as_bytes(), meta={"remote": remote}, now=now)


def receive_api(asking: Asking, *, key: str, now: datetime, by: str = "") -> Received:
    """A machine's request, once for each Idempotency-Key of `by` (an empty key: once a day for each content).

    Raises NoText, BadContact, and KeyReused for a key that came with other content before.
    """
    raw = asking.as_bytes()
    external_id, found = once(by, key=key, raw=raw, now=now)
    if found:
        return Received(found, _ticket_of(found), duplicate=True)
    return receive_now(kind=ChannelKind.API, external_id=external_id, raw=raw, meta={"by": by}, now=now)


def once(by: str, *, key: str, raw: bytes, now: datetime) -> tuple[str, Envelope | None]:
    """Under which id a machine's request is written down, and what came by it before, where that can be told already.

    Whoever comes with the same key meanwhile waits. Raises KeyReused for a key that came with other content before.
    """
    content = hashlib.sha256(raw).hexdigest()
    external_id = fitting(f"{by} {key or content}")
    queries.hold_id(ChannelKind.API, external_id)
    if key and queries.other_content(ChannelKind.API, external_id, content):
        raise KeyReused(key)
    if key:
        return external_id, None
    days = [fitting(f"{by} {content} {day:%Y-%m-%d}") for day in (now, now - SAME_CONTENT)]
    return days[0], queries.same_content(ChannelKind.API, days, since=now - SAME_CONTENT)


def receive_now(*, kind: str, external_id: str, raw: bytes, meta: dict[str, Any], now: datetime) -> Received:
    """Accept and receive in one transaction, the receiving in a savepoint of its own.

    The envelope is written as received, with its ticket's id, and put right where it turns out otherwise.
    """
    envelope, new = _insert(door_of(kind), kind, external_id, raw, meta, now, ticket_ref=uuid7())
    if not new:
        return Received(envelope, _ticket_of(envelope), duplicate=True)
    promised = envelope.ticket_ref
    try:
        with transaction.atomic():
            arrival = receive.read(envelope, raw)
            outcome = opening.take_in(envelope, arrival, Kept(arrival.kept_files), now=now)
            if outcome.ticket is None or outcome.ticket.id != promised or outcome.reason:
                receive.settle(envelope, outcome, was=Envelope.State.DONE)
    except Exception:  # whatever it is, the person's words are kept and a worker tries again
        log.exception("receive_later", envelope=str(envelope.id))
        Envelope.objects.filter(id=envelope.id).update(state=Envelope.State.PENDING, ticket_ref=None)
        nudge(receive_pending)
        return Received(envelope, None, duplicate=False)
    return Received(envelope, outcome.ticket, duplicate=False)


def try_again(envelope_id: UUID, *, by: Person | None, now: datetime) -> bool:
    """What could not be read, or waits for its next try, is tried now; what was screened out is let in by `by`, past the filters.

    False: it is neither.
    """
    envelope = Envelope.objects.defer("raw").exclude(state=Envelope.State.DONE).filter(id=envelope_id).select_for_update().first()
    if envelope is None or (envelope.state == Envelope.State.PENDING and not envelope.error):
        return False
    if envelope.state == Envelope.State.SCREENED:
        envelope.meta = {**envelope.meta, opening.LET_IN: now.isoformat()}
        envelope.decisions = screening.overruled(envelope.decisions, by=str(by or ""), at=now.isoformat())
    if envelope.state != Envelope.State.PENDING:  # else the count of attempts goes on: somebody may be at one
        envelope.state, envelope.reason, envelope.error, envelope.attempts = Envelope.State.PENDING, "", "", 0
    envelope.lease_until = None
    envelope.save(update_fields=["state", "reason", "error", "attempts", "lease_until", "meta", "decisions"])
    nudge(receive_pending)
    return True


def try_all_again() -> int:
    """Everything that could not be read, in the district in scope; returns how many."""
    dead = Envelope.objects.filter(state=Envelope.State.DEAD)
    count = dead.update(state=Envelope.State.PENDING, reason="", error="", attempts=0, lease_until=None)
    if count:
        nudge(receive_pending)
    return int(count)


def door_of(kind: str) -> Channel:
    """The district's own form or API, there from the first use on."""
    found = standing_here().forms.get(kind)
    if found is None:
        Channel.objects.bulk_create([Channel(kind=kind, address="", name=str(ChannelKind(kind).label))], ignore_conflicts=True)
        found = Channel.objects.select_related("team").get(kind=kind, address="")
        forget_standing()
    return found


def _form_id(given: UUID | str) -> UUID:
    try:
        return given if isinstance(given, UUID) else UUID(given)
    except (ValueError, AttributeError, TypeError):
        raise BadFormId(_("This page was open too long. Reload it and send again.")) from None


def _ticket_of(envelope: Envelope) -> Ticket | None:
    if envelope.ticket_ref is None:
        return None
    return Ticket.objects.select_related("team", "service", "requester", "site", "assignee").filter(id=envelope.ticket_ref).first()


def _insert(
    source: Channel, channel: str, external_id: str, raw: Raw, meta: dict[str, Any], now: datetime, ticket_ref: UUID | None = None
) -> tuple[Envelope, bool]:
    """Two at once: the second waits for the first one's commit, then finds it. `ticket_ref`: it is received at once."""
    envelope = Envelope(
        source=source, channel=channel, external_id=fitting(external_id), digest=_digest(channel, raw), meta=meta, received_at=now,
        state=Envelope.State.DONE if ticket_ref else Envelope.State.PENDING, ticket_ref=ticket_ref,
    )  # fmt: skip
    if not _write(envelope, raw):
        same = {"channel": channel, "external_id": envelope.external_id, "digest": envelope.digest}
        return Envelope.objects.defer("raw").get(**same), False
    envelope._state.adding = False
    return envelope, True


def _write(envelope: Envelope, raw: Raw) -> bool:
    """False where it is here already. Many bytes are put together on the server first, where they are not."""
    if bulk.fits(raw):
        return _write_row(envelope, "%b", b"".join(bulk.pieces(raw)))
    if queries.is_here(envelope):
        return False
    oid = bulk.put_together(raw)
    new = _write_row(envelope, "lo_get(%s::oid)", oid)
    bulk.take_apart(oid)
    return new


def _write_row(envelope: Envelope, raw_as: str, raw: bytes | int) -> bool:
    statement = (
        f"INSERT INTO {Envelope._meta.db_table} ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, {raw_as}, %s, %s, '', '', 0, %s, %s)"
        " ON CONFLICT (district_id, channel, external_id, digest) DO NOTHING"
    )
    values: list[Any] = [
        envelope.id, require_district_id(), envelope.source_id, str(envelope.channel), envelope.external_id, envelope.digest, raw,
        _json(envelope.meta), str(envelope.state), envelope.received_at, envelope.ticket_ref,
    ]  # fmt: skip
    return bulk.bound(statement, values) == 1


def _digest(channel: str, raw: Raw) -> str:
    if channel == ChannelKind.EMAIL:
        return mail_digest(raw) if isinstance(raw, bytes) else mail_digest_of(raw)
    if channel in CALLBACKS:
        return callback_digest(b"".join(bulk.pieces(raw)))
    whole = hashlib.sha256()
    for piece in bulk.pieces(raw):
        whole.update(piece)
    return whole.hexdigest()


def _json(meta: dict[str, Any]) -> str:
    """Without what jsonb does not take: null characters and lone surrogates."""
    text = json.dumps(meta, ensure_ascii=False).encode("utf-8", "replace").decode()
    return text.replace("\\u0000", "")


def fitting(external_id: str) -> str:
    """An id as the column takes it; one too long is told by its hash."""
    plain = one_line(external_id, 1000)
    return plain if len(plain) <= 250 else f"sha256:{hashlib.sha256(external_id.encode('utf-8', 'replace')).hexdigest()}"


def _note_recipients(envelope: Envelope, recipients: Sequence[str], *, now: datetime) -> None:
    """The same mail to another of our addresses: one envelope, both addresses noted. By a private one it is told in confidence."""
    known = envelope.meta.get("recipients", [])
    added = [address for address in recipients if address not in known]
    if added:
        envelope.meta = {**envelope.meta, "recipients": [*known, *added]}
        envelope.save(update_fields=["meta"])
        ticket = _ticket_of(envelope)
        if ticket:
            opening.confide(ticket, added, now=now)


__all__ = [
    "Asking", "BadContact", "BadFormId", "KeyReused", "NoText", "Received",
    "accept", "door_of", "fitting", "once", "receive_api", "receive_now", "receive_web", "try_again", "try_all_again",
]  # fmt: skip
