"""One IMAP mailbox over the wire (RFC 3501, 2177): sign in, what is new, one mail's bytes, seen, wait. No database here."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from imaplib import IMAP4

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError

from intake.imap.reach import require_public, require_public_peer

CONNECT, READ = 15, 60  # seconds
AGAIN = (0, 1, 3)  # seconds before each try of one mail
GLANCE = 1.0  # seconds until a reader that was told to stop does
LOOPBACK = ("localhost", "127.0.0.1", "::1")
BROKEN = (IMAPClientError, IMAP4.error, OSError, ssl.SSLError, UnicodeError, ValueError, EOFError)  # of the network and the other side
SIZE, PART = b"RFC822.SIZE", b"BODY[]"


class Withheld(Exception):
    """The server does not give out one mail, though it answers otherwise."""


@dataclass(frozen=True)
class Way:
    """How to get in."""

    host: str
    port: int
    tls: bool
    username: str
    folder: str
    password: str = ""
    access_token: str = ""


@dataclass(frozen=True)
class Mail:
    uid: int
    raw: bytes
    cut: int  # its whole size in bytes where it was too large to be read whole, else 0


class Box:
    """An open mailbox."""

    def __init__(self, client: IMAPClient, folder: str) -> None:
        self._client = client
        told = client.select_folder(folder)
        self.uid_validity = int(told[b"UIDVALIDITY"])
        self.next_uid = int(told.get(b"UIDNEXT", 0)) or self._largest() + 1
        self.idles = client.has_capability("IDLE")

    def _largest(self) -> int:
        return max(self._client.search("ALL"), default=0)

    def unread(self) -> list[int]:
        return sorted(self._client.search("UNSEEN"))

    def since(self, day: date) -> list[int]:
        return sorted(self._client.search(["SINCE", day]))

    def after(self, uid: int) -> list[int]:
        """ "n:*" always names the last mail, also where n is beyond it: that one is left out."""
        return sorted(found for found in self._client.search(["UID", f"{uid + 1}:*"]) if found > uid)

    def mail(self, uid: int, *, most: int) -> Mail | None:
        """As `_mail`, asked again where the server says no; raises Withheld where it goes on saying so."""
        told = ""
        for pause in AGAIN:
            time.sleep(pause)
            try:
                return self._mail(uid, most=most)
            except IMAP4.abort:  # the connection is gone
                raise
            except (IMAP4.error, IMAPClientError, ValueError) as error:
                told = str(error)
        self.ask()
        raise Withheld(told)

    def _mail(self, uid: int, *, most: int) -> Mail | None:
        """Its bytes, not marked as seen; of one larger than `most` bytes the first of them. None: somebody took it away."""
        size = int(self._client.fetch([uid], [SIZE]).get(uid, {}).get(SIZE, 0))
        part = b"BODY.PEEK[]" if size <= most else f"BODY.PEEK[]<0.{most}>".encode()
        answer = self._client.fetch([uid], [part]).get(uid, {})
        raw = next((value for name, value in answer.items() if name.startswith(b"BODY[]") and isinstance(value, bytes)), None)
        return None if raw is None else Mail(uid, raw, size if size > most else 0)

    def seen(self, uid: int) -> None:
        self._client.add_flags([uid], [rb"\Seen"], silent=True)

    def listen(self, seconds: float, stop: threading.Event) -> None:
        """Until the other side speaks (IDLE), so many seconds have passed, or we are told to stop."""
        self._client.idle()
        ends = time.monotonic() + seconds
        while not stop.is_set() and time.monotonic() < ends and not self._client.idle_check(timeout=GLANCE):
            pass
        self._client.idle_done()

    def ask(self) -> None:
        """Whether anything is new; the next look finds it."""
        self._client.noop()


@contextmanager
def opened(way: Way) -> Iterator[Box]:
    """Sign in and select the folder; raises one of BROKEN."""
    require_public(way.host, way.port)
    with IMAPClient(way.host, way.port, ssl=way.tls, timeout=SocketTimeout(CONNECT, READ)) as client:
        require_public_peer(client.socket(), way.host)
        if not way.tls and (way.host not in LOOPBACK or client.has_capability("STARTTLS")):
            client.starttls(ssl.create_default_context())
        if way.access_token:
            client.oauth2_login(way.username, way.access_token)
        else:
            client.login(way.username, way.password)
        yield Box(client, way.folder)
