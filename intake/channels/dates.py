"""The Date field of a mail (RFC 5322, and what mailers write in its place) → UTC."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_COMMENT = re.compile(r"\([^()]*\)")
_SPACE = re.compile(r"\s+")
_AROUND = re.compile(r"\s*:\s*")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
LONGEST = 200  # characters


def date_of(value: str) -> datetime | None:
    """None where no moment can be read. A time without a zone is taken for UTC."""
    plain = value[:LONGEST]
    while (without := _COMMENT.sub(" ", plain)) != plain:
        plain = without
    plain = _SPACE.sub(" ", plain).strip()
    for candidate in (plain, _AROUND.sub(":", plain)):
        found = _read(candidate)
        if found:
            return found
    return None


def _read(value: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(value) if _ISO.match(value) else parsedate_to_datetime(value)
        return when.replace(tzinfo=when.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
