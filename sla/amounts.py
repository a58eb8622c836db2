"""Amounts of time, shares and times of day, in canonical words and in people's; what promises are counted in.

Times of day are minutes since local midnight.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal
from enum import StrEnum

from django.utils import formats, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


class Unit(StrEnum):
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


class Counts(StrEnum):
    """What an amount of time counts."""

    BUSINESS = "business"  # open hours; a day is a working day
    SCHOOL = "school"  # days only: school days
    ELAPSED = ""  # day and night; a day is a calendar day


@dataclass(frozen=True, slots=True)
class Amount:
    number: int
    unit: Unit
    counts: Counts = Counts.ELAPSED

    @property
    def delta(self) -> timedelta:
        """The duration in minutes or hours; meaningless for days, which depend on the calendar."""
        return timedelta(minutes=self.number) if self.unit is Unit.MINUTE else timedelta(hours=self.number)

    def __str__(self) -> str:
        return " ".join(filter(None, [str(self.number), self.counts.value, self.unit.value + ("" if self.number == 1 else "s")]))

    def words(self) -> str:
        return amount_words(self) % {"n": self.number}


def amount_words(amount: Amount) -> str:
    n = amount.number
    match amount.unit, amount.counts:
        case Unit.MINUTE, Counts.ELAPSED:
            return ngettext("%(n)d minute", "%(n)d minutes", n)
        case Unit.MINUTE, _counts:
            return ngettext("%(n)d minute of office hours", "%(n)d minutes of office hours", n)
        case Unit.HOUR, Counts.ELAPSED:
            return ngettext("%(n)d hour", "%(n)d hours", n)
        case Unit.HOUR, _counts:
            return ngettext("%(n)d hour of office time", "%(n)d hours of office time", n)
        case _unit, Counts.SCHOOL:
            return ngettext("%(n)d school day", "%(n)d school days", n)
        case _unit, Counts.BUSINESS:
            return ngettext("%(n)d working day", "%(n)d working days", n)
    return ngettext("%(n)d day", "%(n)d days", n)


def clock_text(minute: int) -> str:
    """Canonical: 960 → "4 PM", 630 → "10:30 AM"."""
    hour, rest = divmod(minute, 60)
    return f"{(hour - 1) % 12 + 1}{f':{rest:02d}' if rest else ''} {'PM' if hour % 24 >= 12 else 'AM'}"


def clock_words(minute: int) -> str:
    """In the active language: "4 PM" in English, the language's own clock elsewhere."""
    if (translation.get_language() or "en").startswith("en"):
        return clock_text(minute)
    return formats.time_format(time(minute // 60 % 24, minute % 60), "TIME_FORMAT")


def join_and(items: Sequence[str]) -> str:
    return f"{', '.join(items[:-1])} and {items[-1]}" if len(items) > 1 else "".join(items)


def join_words(items: Iterable[str]) -> str:
    items = list(items)
    if len(items) < 2:
        return "".join(items)
    return _("%(first)s and %(last)s") % {"first": ", ".join(items[:-1]), "last": items[-1]}


def percent_text(share: Decimal) -> str:
    """Canonical: 95 → "95 %", 0.50 → "0.5 %"."""
    return f"{share.normalize():f} %"


def percent_words(share: Decimal) -> str:
    return _("%(n)s %%") % {"n": formats.localize(share.normalize() if share % 1 else int(share))}
