"""One module a channel, with the same two names in each: `connected()` opens what a batch shares, `send()` sends one message."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded

from delivery.calls import Hook
from delivery.lines import Sender
from districts.models import District


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a transport needs to know of a delivery; it reads and writes no table."""

    id: UUID
    tries: int  # which try of this message it is; comes back with what the provider tells of it
    district: District
    purpose: str
    address: str
    subject: str
    body: str
    reply_to: str
    message_id: str
    references: tuple[str, ...]
    sender: Sender | None = None  # of a text: the number it leaves from, and the account of that
    hook: Hook | None = None  # of a call: where it is asked for
    language: str = ""  # of a call: what it is spoken in
    link: str = ""  # of a call: the address of what it is about


@dataclass(frozen=True, slots=True)
class Sent:
    """Taken over by the provider, under its own name for the message where it gave one."""

    ref: str = ""


class TryLater(Exception):
    """Not taken this time, for a reason that may pass. Counts as an attempt of this message."""


class Unreachable(Exception):
    """Nobody is taking any message: no connection, or our account is refused. Counts for none of them."""


class AccountRefused(Unreachable):
    """Our account of this message is refused, or not known whole; another's messages may be taken."""


class Undeliverable(Exception):
    """Will never be taken. `opted_out`: because the receiver said so, which is to be remembered."""

    def __init__(self, words: str, *, opted_out: bool = False) -> None:
        super().__init__(words)
        self.opted_out = opted_out


class Uncertain(Exception):
    """May have been taken: the answer was lost. A message that must not arrive twice is not sent again."""


@contextmanager
def connecting(what: str) -> Iterator[None]:
    """Whatever goes wrong in here, a slip in the set-up too, stops every message of this channel, and none of another."""
    try:
        yield
    except (Unreachable, SoftTimeLimitExceeded):
        raise
    except Exception as error:
        raise Unreachable(f"{what}: {in_a_line(error)}") from error


def in_a_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


class Transport(Protocol):
    def connected(self) -> AbstractContextManager[Any]:
        """What all messages of a batch share. Raises Unreachable."""

    def send(self, message: Outgoing, over: Any) -> Sent:
        """Raises TryLater, Unreachable, Undeliverable or Uncertain."""
