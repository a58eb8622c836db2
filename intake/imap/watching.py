"""Reading mailboxes without end: one thread each, a connection that stays open, and word from the other side as soon as it has mail.

Where a server does not speak by itself (no IDLE), it is asked every POLL seconds. The database is used in short transactions and
its connection given back in between; nothing waits for a network inside one.
"""

import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import Error, InterfaceError, close_old_connections, connections
from django.utils import timezone
from psycopg_pool import PoolTimeout

from districts.scope import district_scope, districts_with_work
from districts.sealing import Unsealable, unseal
from intake.imap import claims, consent
from intake.imap.box import BROKEN, Box, Way, Withheld, opened
from intake.imap.consent import NoConsent
from intake.models import Mailbox

POLL = 30.0  # seconds between two looks at a mailbox whose server does not speak by itself
SLICE = 25.0  # seconds of waiting for word, after which the lease is renewed
FRESH = 25 * 60.0  # seconds after which a connection is opened anew: servers end idle ones after 29 minutes (RFC 2177)
LOOK = 3.0  # seconds between two looks for mailboxes that nobody reads
MOST = 200  # mailboxes in one process: each is a thread and a connection
OVERLAP = timedelta(days=2)  # read again where a server has numbered its mails anew
AWAY = (Error, InterfaceError, PoolTimeout)  # the database
log = structlog.get_logger(__name__)


class Gone(Exception):
    """The mailbox is not ours any more: another reader has it, or it was changed."""


class Watch:
    """All mailboxes of this process. `beat` is called with every look for more."""

    def __init__(self, stop: threading.Event, beat: Callable[[], None] = lambda: None) -> None:
        self.stop, self.beat = stop, beat
        self.threads: list[threading.Thread] = []

    def look(self) -> int:
        """Begin to read what nobody reads; returns how many were begun."""
        self.threads = [thread for thread in self.threads if thread.is_alive()]
        begun = 0
        for district_id in _with_mailboxes():
            room = MOST - len(self.threads)
            if room <= 0:
                break
            with district_scope(district_id):
                found = claims.claim(most=room, now=timezone.now())
            for mailbox in found:
                thread = threading.Thread(target=read, args=(district_id, mailbox, self.stop), name=f"mailbox-{mailbox.id}")
                thread.start()
                self.threads.append(thread)
                begun += 1
        return begun

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                self.look()
            except AWAY as error:
                log.warning("database_away", error=type(error).__name__)
            finally:
                close_old_connections()
            self.beat()
            self.stop.wait(LOOK)
        for thread in self.threads:
            thread.join(timeout=SLICE)


def _with_mailboxes() -> Iterable[UUID]:
    return districts_with_work("mailboxes")


def read(district_id: UUID, mailbox: Mailbox, stop: threading.Event) -> None:
    """One mailbox, until told to stop or until it fails; whoever claims it next goes on."""
    try:
        _follow(district_id, mailbox, stop)
        _row(district_id, lambda: claims.release(mailbox))
    except Gone:
        return
    except (*BROKEN, NoConsent, Unsealable) as error:
        told = _words_of(error)
        try:
            _row(district_id, lambda: claims.failed(mailbox, told, now=timezone.now()))
        except AWAY:
            log.warning("database_away", mailbox=str(mailbox.id))
    except AWAY as error:
        log.warning("database_away", mailbox=str(mailbox.id), error=type(error).__name__)
    except Exception:  # one mailbox must not end the others
        log.exception("mailbox_broke", mailbox=str(mailbox.id))
    finally:
        connections["default"].close()


def _follow(district_id: UUID, mailbox: Mailbox, stop: threading.Event) -> None:
    while not stop.is_set():
        way = _way(district_id, mailbox)
        opened_at = time.monotonic()
        with opened(way) as box:
            while not stop.is_set() and time.monotonic() - opened_at < FRESH:
                take(district_id, mailbox, box)
                _wait(box, stop)
                if not _row(district_id, lambda: claims.hold(mailbox, now=timezone.now())):
                    raise Gone


def _wait(box: Box, stop: threading.Event) -> None:
    if box.idles:
        box.listen(SLICE, stop)
    elif not stop.wait(POLL):
        box.ask()


def take(district_id: UUID, mailbox: Mailbox, box: Box) -> int:
    """Everything new becomes an envelope, then is marked as seen; returns how many. Raises Gone, or one of BROKEN."""
    numbered = mailbox.uid_validity == box.uid_validity
    if numbered:
        uids = box.after(mailbox.last_uid)
    elif mailbox.uid_validity is None or mailbox.checked_at is None:
        uids = box.unread()
    else:  # the server has numbered its mails anew: those of the last days again, which are known by their content
        uids = box.since((mailbox.checked_at - OVERLAP).date())
    for uid in uids:
        _take_one(district_id, mailbox, box, uid, upto=uid if numbered else None)
    now = timezone.now()
    if not numbered:
        last = max([box.next_uid - 1, *uids])
        _row(district_id, lambda: claims.begun(mailbox, uid_validity=box.uid_validity, last_uid=last, now=now))
    _row(district_id, lambda: claims.checked(mailbox, now=now))
    return len(uids)


def _take_one(district_id: UUID, mailbox: Mailbox, box: Box, uid: int, *, upto: int | None) -> None:
    try:
        mail = box.mail(uid, most=settings.MAX_MAIL_BYTES)
    except Withheld as error:  # the mails after it must not wait for it
        told = str(error)
        _row(district_id, lambda: claims.leave_out(mailbox, uid, told, upto=upto, now=timezone.now()))
        return
    if mail is None:  # moved away by somebody: theirs to answer
        return
    if not _row(district_id, lambda: claims.write_down(mailbox, mail, upto=upto, now=timezone.now())):
        raise Gone
    box.seen(uid)
    if not _row(district_id, lambda: claims.hold(mailbox, now=timezone.now())):
        raise Gone


def _way(district_id: UUID, mailbox: Mailbox) -> Way:
    """How to get in, with an access token that is good for a while. Raises NoConsent or Unsealable."""
    now = timezone.now()
    if mailbox.auth == Mailbox.Auth.PASSWORD:
        secret = _row(district_id, lambda: unseal(mailbox.secret))
        return _to(mailbox, password=secret.get("password", ""))
    token = _row(district_id, lambda: consent.at_hand(mailbox, now=now))
    if not token:
        application = _row(district_id, lambda: consent.Application.of(mailbox))
        answer = consent.new_token(application)
        token = _row(district_id, lambda: _keep(mailbox, consent.access_of(answer, application.secret, now=now)))
    return _to(mailbox, access_token=token)


def _keep(mailbox: Mailbox, access: consent.Access) -> str:
    claims.note_access(mailbox, access)
    return access.token


def _to(mailbox: Mailbox, *, password: str = "", access_token: str = "") -> Way:
    return Way(
        host=mailbox.host, port=mailbox.port, tls=mailbox.tls, username=mailbox.username, folder=mailbox.folder, password=password,
        access_token=access_token,
    )  # fmt: skip


def _row[T](district_id: UUID, act: Callable[[], T]) -> T:
    """In one short transaction; the connection is given back."""
    try:
        with district_scope(district_id):
            return act()
    finally:
        connections["default"].close()


def _words_of(error: BaseException) -> str:
    """What an administrator can do something with; servers put their reason in the text."""
    told = error.args[0] if error.args else ""
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(error)
    return f"{type(error).__name__}: {text}"[:500] if text else type(error).__name__
