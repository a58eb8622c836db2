"""What an envelope says, told the same way for every channel: pure, no database."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from intake.contacts import Contact
from tickets.actions import NewFile


class Unreadable(ValueError):
    """The bytes are not what their channel sends; trying again will not help."""


@dataclass(frozen=True)
class SentFile:
    """A file as the sender named it; nothing about it is believed."""

    name: str
    data: bytes
    inline: bool = False


@dataclass(frozen=True)
class Bounce:
    """A mail server's report about mail that we sent (RFC 3464), as far as it could be read."""

    addresses: tuple[str, ...] = ()
    status: str = ""  # RFC 3463, e.g. "5.1.1"; empty where it does not say
    original_ids: tuple[str, ...] = ()  # Message-IDs of the mail it speaks of

    @property
    def permanent(self) -> bool:
        return self.status.startswith("5")


Automation = Literal["", "replied", "generated", "bulk"]


@dataclass(frozen=True)
class Thread:
    """How a mail says what it answers; ids without angle brackets."""

    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()

    @property
    def ancestors(self) -> list[str]:
        """The nearest first: In-Reply-To, then the references from the last to the first."""
        return list(dict.fromkeys([*self.in_reply_to, *reversed(self.references)]))


@dataclass(frozen=True)
class Arrival:
    """Who, what, and every hint of where it belongs."""

    channel: str
    contact: Contact | None
    text: str
    name: str = ""
    subject: str = ""
    quoted: str = ""
    html: str = ""
    language: str = ""
    sent_files: tuple[SentFile, ...] = ()
    kept_files: tuple[NewFile, ...] = ()  # stored before the envelope was written
    thread: Thread = field(default_factory=Thread)
    recipients: tuple[str, ...] = ()  # the addresses it was sent to that it names, lower case
    copied: tuple[Contact, ...] = ()
    # what screening looks at
    automation: Automation = ""
    return_path: str | None = None  # "" is the null sender of bounces, None: not told
    list_id: str = ""
    bounce: Bounce | None = None
    no_reply: bool = False
    keyword: str = ""  # SMS: "stop", "start" or "help"
    # what the form knew
    site_id: UUID | None = None
    service_id: UUID | None = None
    room: str = ""
    asset_tag: str = ""
