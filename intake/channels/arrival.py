"""What an envelope says, told the same way for every channel: pure, no database."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from intake.channels.authentication import Authentication
from intake.channels.spam import Spam
from intake.contacts import Contact
from tickets.actions import NewAnswer, NewFile


class Unreadable(ValueError):
    """The bytes are not what their channel sends; trying again will not help."""


@dataclass(frozen=True)
class SentFile:
    """A file as the sender named it; nothing about it is believed."""

    name: str
    data: bytes
    inline: bool = False
    kind: str = ""  # the content type it came with


@dataclass(frozen=True)
class Failure:
    """What a mail server reports of one recipient."""

    address: str  # lower case; empty where it is not told
    statuses: tuple[str, ...] = ()  # RFC 3463, e.g. "5.1.1", the most telling first; empty where it does not say
    gone: bool = False  # no such mailbox or domain, or it has moved: no other mail will arrive either


@dataclass(frozen=True)
class Bounce:
    """A mail server's report about mail that we sent (RFC 3464, 5965, 8098), as far as it could be read."""

    kind: Literal["failed", "delayed", "delivered", "complaint", "receipt"]
    failures: tuple[Failure, ...] = ()
    original_ids: tuple[str, ...] = ()  # Message-IDs of the mail it speaks of
    answers_to: tuple[str, ...] = ()  # where that mail asked for answers, lower case
    returned_to: tuple[str, ...] = ()  # where it was to be sent back to, lower case
    proven: bool = False  # by its form, and not by its words alone: no person can have written it

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.address for one in self.failures if one.address))

    @property
    def statuses(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(status for one in self.failures for status in one.statuses))

    @property
    def status(self) -> str:
        return next(iter(self.statuses), "")

    @property
    def permanent(self) -> bool:
        return self.kind == "failed" and self.status.startswith("5")

    @property
    def came_back(self) -> bool:
        """It did not arrive, or not yet."""
        return self.kind in ("failed", "delayed")

    def unwanted_at(self, address: str) -> bool:
        """Nothing more is to be sent there: the address is gone, or its owner called our mail spam."""
        return self.kind == "complaint" or any(one.gone for one in self.failures if one.address == address)


@dataclass(frozen=True)
class Forward:
    """A mail that the sender passes on. What is not told is empty; nothing of it is proven, for it is only text."""

    name: str = ""
    address: str = ""  # of who wrote it first; lower case
    subject: str = ""
    date: str = ""  # as his mail program wrote it
    text: str = ""
    comment: str = ""  # what the sender wrote above it


@dataclass(frozen=True)
class Media:
    """A file that lies at the provider, to be fetched; nothing about it is believed."""

    url: str
    name: str
    kind: str = ""  # the content type it is told to have
    account: str = ""  # in whose name the form that named it was signed


@dataclass(frozen=True)
class Texting:
    """What a text message says of texting itself, besides a keyword."""

    confirmed: bool = False  # the provider answers its keyword
    unwanted: bool = False  # among other words: no more texts
    answer: Literal["", "yes", "no"] = ""  # what may answer a question of ours
    numbers: tuple[int, ...] = ()  # all that it says, where it says numbers alone: "1", "1, 2"


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
    media: tuple[Media, ...] = ()
    file_of: UUID | None = None  # the envelope whose file this is, where it could not be fetched with it
    thread: Thread = field(default_factory=Thread)
    recipients: tuple[str, ...] = ()  # the addresses it was sent to that it names, lower case
    copied: tuple[Contact, ...] = ()
    copied_names: tuple[str, ...] = ()  # of each of these, as it is written
    # what screening looks at
    automation: Automation = ""
    return_path: str | None = None  # "" is the null sender of bounces, None: not told
    list_id: str = ""
    hops: int = 0  # servers that a mail came by
    loops: tuple[str, ...] = ()  # who marked it as theirs ("X-Loop"), lower case
    bounce: Bounce | None = None
    no_reply: bool = False
    keyword: str = ""  # SMS: "stop", "start" or "help"
    texting: Texting = field(default_factory=Texting)
    # what the form knew
    site_id: UUID | None = None
    service_id: UUID | None = None
    room: str = ""
    asset_tag: str = ""
    by_id: UUID | None = None  # who works here and asked for whoever `contact` is
    chat: UUID | None = None  # the conversation in the widget it is, or is a line of
    answers: tuple[NewAnswer, ...] = ()
    forward: Forward | None = None
    spam: Spam = field(default_factory=Spam)  # what filters before us said of a mail
    authentication: Authentication = field(default_factory=Authentication)  # who a mail is proven to be from
