"""Times as the desk says them: relative in words, absolute for whoever points at them. In the active zone and language."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language

from sla import words

NO_TIME, MINUTE, HOUR, DAY = timedelta(0), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class Moment(NamedTuple):
    """One time: in words, in full, and for machines."""

    words: str
    full: str
    iso: str


class Times:
    """Says times as seen from `now`. One for a page: zone and language are looked up once."""

    def __init__(self, now: datetime) -> None:
        self.now, self.zone, self.language = now, timezone.get_current_timezone(), get_language()

    def since(self, at: datetime) -> Moment:
        """ "2 h 10 min": how long it has been."""
        return Moment(_left(_coarse(max(self.now - at, NO_TIME)), self.language), self.full(at), at.isoformat())

    def due(self, at: datetime) -> Moment:
        """ "due in 2 h 10 min", or "late by 1 day"."""
        return Moment(_due(_coarse(at - self.now), self.language), self.full(at), at.isoformat())

    def full(self, at: datetime) -> str:
        """ "Tue, Nov 3, 2026, 10:00 AM" """
        local = at.astimezone(self.zone)
        return f"{_day(local.date(), self.language)}, {_minute(local.hour, local.minute, self.language)}"


def _coarse(delta: timedelta) -> timedelta:
    """As exact as the words are, so that few different ones are made: minutes, after a day hours, after a week days."""
    size = abs(delta)
    unit = MINUTE if size < DAY else HOUR if size < 7 * DAY else DAY
    return size // unit * unit * (1 if delta > NO_TIME else -1)


# A page names a hundred times: making the words for each anew would cost as much as reading the tickets.
@lru_cache(maxsize=8192)
def _left(delta: timedelta, language: str | None) -> str:
    return words.left(delta)


@lru_cache(maxsize=8192)
def _due(delta: timedelta, language: str | None) -> str:
    """`delta` is negative, or nothing, where the time has passed."""
    return words.due(EPOCH + delta, now=EPOCH)


@lru_cache(maxsize=2048)
def _day(day: date, language: str | None) -> str:
    return date_format(day, "D, M j, Y" if (language or "en").startswith("en") else "D j N Y")


@lru_cache(maxsize=8192)
def _minute(hour: int, minute: int, language: str | None) -> str:
    return words.time_words(datetime(2000, 1, 1, hour, minute))
