"""The SMTP door: mail is answered with 250 once its envelope is committed, and not before.

Only hosts that are districts, only local parts that somebody reads: everything else is refused at RCPT, so that the sender's own
server tells them. The database is asked in a few threads, never in the event loop. A mail is
in memory while it is small, then in a file: fifty senders at once with 36 MB each are no trouble.
"""

import asyncio
import re
import time
from asyncio import BaseTransport, Server
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import IO, Any, cast
from uuid import UUID

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections
from django.utils import timezone
from psycopg_pool import PoolTimeout

from districts.models import District
from districts.scope import district_scope
from intake.actions import accept
from intake.channels.fingerprint import digest_of
from intake.channels.headers import ids
from intake.mail.data import MailData
from intake.models import Channel
from intake.queries import mailbox
from tickets.models import ChannelKind

MAX_CONNECTIONS = 50
MAX_RECIPIENTS = 100
THREADS = 4  # below DATABASE_POOL
IDLE_SECONDS = 120
LINGER_SECONDS = 15  # for mail on its way in when we are told to stop
LONGEST_DATA = 30 * 60  # seconds that one mail may take to come in, a piece at least every IDLE_SECONDS
PIECE = 64 * 1024  # bytes
HEAD = 100_000  # bytes in which the Message-ID is looked for
KNOWN_SECONDS = 10  # an address that lives here is not asked for again; that it is closed is seen so much later
MOST_KNOWN = 5_000
OK = "250 2.0.0 Kept"
NOT_HERE = "550 5.1.1 No such mailbox here"
NO_HOST = "550 5.1.2 No such host here"
TOO_MUCH = "552 5.3.4 The mail is too large: send a link instead"
LATER = "451 4.3.0 Cannot write it down now, please send it again"
BUSY = b"421 4.3.2 Too many connections, please come again\r\n"
CLOSING = b"421 4.3.2 Closing, please come again\r\n"
_MESSAGE_ID = re.compile(rb"^message-id:((?:[^\n]|\n[ \t])*)", re.IGNORECASE | re.MULTILINE)
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
Found = tuple[UUID, Channel]  # the district and its door
log = structlog.get_logger(__name__)


@dataclass
class Addressed:
    """One district's share of a mail: its door and the addresses of its host."""

    channel: Channel
    addresses: list[str] = field(default_factory=list)


class Handler:
    """aiosmtpd's hooks, for all connections."""

    def __init__(self) -> None:
        self.open: set[Door] = set()
        self.known: dict[str, tuple[float, Found]] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="smtp-door")

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        doors: dict[UUID, Addressed] = _doors(envelope)
        known = self._known(address)
        found: Found | str = known if known else await self._ask(lambda: find_door(address))
        if isinstance(found, str):
            return found
        if len(self.known) >= MOST_KNOWN:
            self.known.clear()
        self.known.setdefault(address, (time.monotonic() + KNOWN_SECONDS, found))
        district_id, channel = found
        doors.setdefault(district_id, Addressed(channel)).addresses.append(address.lower())
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    def _known(self, address: str) -> Found | None:
        known = self.known.get(address)
        if known and known[0] > time.monotonic():
            return known[1]
        self.known.pop(address, None)
        return None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        raw: IO[bytes] = cast(Any, envelope.content)
        remote = str((session.peer or [""])[0])
        meta: dict[str, Any] = {"return_path": (envelope.mail_from or "").strip("<>").lower(), "remote": remote}
        if not is_relay(remote):
            meta["direct"] = True  # what its header says that our own mail server found, nobody of ours wrote
        doors = _doors(envelope)
        return await self._ask(lambda: write_down(doors, raw, meta))

    async def handle_exception(self, error: Exception) -> str:
        log.exception("smtp_door_failed", error=type(error).__name__)
        return LATER

    async def _ask[T](self, question: Callable[[], T]) -> T | str:
        """In a thread with a database connection of its own, given back to the pool afterwards."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: _with_database(question))

    def close(self) -> None:
        self._threads.shutdown(wait=True)


def is_relay(remote: str) -> bool:
    """One of our own mail servers, as SMTP_RELAYS names them: what they write about a mail's sender is believed."""
    try:
        address = ip_address(remote)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in ip_network(one, strict=False) for one in settings.SMTP_RELAYS)


def _doors(envelope: Envelope) -> dict[UUID, Addressed]:
    """By district; kept on aiosmtpd's envelope, which lives as long as one mail."""
    doors: dict[UUID, Addressed] = envelope.__dict__.setdefault("doors", {})
    return doors


def _with_database[T](question: Callable[[], T]) -> T | str:
    try:
        return question()
    except (DatabaseError, InterfaceError, PoolTimeout) as error:
        log.warning("database_away", error=type(error).__name__)
        return LATER
    finally:
        connections["default"].close()


def find_door(address: str) -> Found | str:
    """What lives behind an address, or the refusal."""
    local, _at, host = address.lower().strip().rpartition("@")
    if not local or not address.isprintable():
        return NOT_HERE
    district = District.objects.filter(host=host.rstrip("."), active=True).first()
    if district is None:
        return NO_HOST
    with district_scope(district.id):
        channel = mailbox(local, district)
    return (district.id, channel) if channel else NOT_HERE


def write_down(doors: dict[UUID, Addressed], raw: IO[bytes], meta: dict[str, Any]) -> str:
    """One envelope in each district it was sent to. Sent again after a failure, those that have it keep the first."""
    raw.seek(0)
    external_id = message_id(raw.read(HEAD)) or f"sha256:{digest_of(raw)}"
    for district_id, share in doors.items():
        with district_scope(district_id):
            accept(
                source=share.channel, channel=ChannelKind.EMAIL, external_id=external_id, raw=raw,
                meta={**meta, "recipients": share.addresses}, now=timezone.now(),
            )  # fmt: skip
    return OK


def message_id(raw: bytes) -> str:
    """Of the header, as far as `HEAD`; empty where there is none."""
    end = _BLANK_LINE.search(raw, 0, HEAD)
    found = _MESSAGE_ID.search(raw, 0, end.start() if end else min(len(raw), HEAD))
    return next(iter(ids(found[1].decode("utf-8", "replace"))), "") if found else ""


class Door(SMTP):
    """One connection; the one too many is told to come again."""

    line_length_limit = PIECE  # of a command; and so much is read ahead
    event_handler: Handler
    refused = False

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        """As aiosmtpd's, which holds each line of a mail for itself, and then all of them twice."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        envelope: Any = self.envelope
        if arg or not envelope.rcpt_tos:
            await self.push("501 Syntax: DATA" if arg else "503 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        data = MailData(settings.MAX_MAIL_BYTES)
        with data.file:
            if not await self._take(data):
                self._writer.close()
                return
            envelope.content = data.file
            status = TOO_MUCH if data.too_much else await self._call_handler_hook("DATA")
            self._set_post_data_state()  # type: ignore[no-untyped-call]
        await self.push(status)

    async def _take(self, data: MailData) -> bool:
        """False where the mail breaks off."""
        until = time.monotonic() + LONGEST_DATA
        while time.monotonic() < until:
            self._reset_timeout()
            piece = await self._reader.read(PIECE)
            if not piece:
                return False
            rest = data.feed(piece)
            if rest is not None:
                self._reader._buffer[:0] = rest  # type: ignore[attr-defined]  # of somebody who did not wait for the answer
                return True
        return False

    def connection_made(self, transport: BaseTransport) -> None:
        if len(self.event_handler.open) >= MAX_CONNECTIONS:
            self.refused = True
            transport.write(BUSY)  # type: ignore[attr-defined]
            transport.close()
            return
        self.event_handler.open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.refused:
            self.event_handler.open.discard(self)
            super().connection_lost(error)

    def close_if_idle(self) -> None:
        """Between two mails: nothing is on its way."""
        if self.transport is not None and not (self.envelope and self.envelope.mail_from):
            self.transport.write(CLOSING)  # type: ignore[attr-defined]
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        if not self.refused:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        return None if self.refused else super().eof_received()


async def listen(host: str, port: int) -> tuple[Server, Handler]:
    """Open the door; port 0 takes a free one."""
    handler = Handler()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Door(
            handler, data_size_limit=settings.MAX_MAIL_BYTES, enable_SMTPUTF8=True, hostname="front-door", ident="ESMTP",
            timeout=IDLE_SECONDS, loop=loop,
        ),
        host, port,
    )  # fmt: skip
    return server, handler


async def shut(server: Server, handler: Handler) -> None:
    """No new connections; those that are open may finish the mail they are at."""
    server.close()
    for _tenth in range(LINGER_SECONDS * 10):
        for connection in tuple(handler.open):
            connection.close_if_idle()
        if not handler.open:
            break
        await asyncio.sleep(0.1)
    await asyncio.get_running_loop().run_in_executor(None, handler.close)
