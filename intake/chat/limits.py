"""How much one chat, and one address, may ask of us. A school is one address to us, so its caps are generous."""

from dataclasses import dataclass

from districts.limits import within

MOST_TEXT = 4_000  # characters of one line
MOST_LINES = 60  # of a visitor before a person is needed
MINUTE, HOUR = 60, 3600


class TooLong(ValueError):
    """A line is longer than MOST_TEXT."""


@dataclass(frozen=True)
class TooMuch(Exception):
    """Come again after `seconds`."""

    seconds: int


def begin(remote: str) -> None:
    """One more chat from this address. Raises TooMuch."""
    _count("chats", remote, most=120, seconds=HOUR)


def say(remote: str, chat_id: str) -> None:
    """One more line of this chat. Raises TooMuch."""
    _count("chat", chat_id, most=20, seconds=MINUTE)
    _count("chat-lines", remote, most=300, seconds=MINUTE)


def in_danger(remote: str) -> None:
    """Words of danger are heard also where others are not any more, as long as one address does not send them by the hundred."""
    _count("chat-danger", remote, most=60, seconds=MINUTE)


def ask_for_news(remote: str, chat_id: str) -> None:
    """Several tabs of one chat ask at once. Raises TooMuch."""
    _count("chat-news", f"{remote} {chat_id}", most=120, seconds=MINUTE)


def _count(name: str, key: str, *, most: int, seconds: int) -> None:
    if not within(name, key, most=most, seconds=seconds):
        raise TooMuch(seconds)
