"""What a promise is made of: terms as values. `str()` is the canonical text that `sla.terms.parse` reads back.

Times are minutes since local midnight. A new kind of term is a dataclass here, a rule in `sla.terms` and a case in
`sla.clock`; a clause may carry any of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum

from django.utils import formats, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from districts.calendar import DayKind

AT_ONCE = timedelta(minutes=5)  # what "at once" and "real time" allow a message to travel


class Unit(StrEnum):
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


class Counts(StrEnum):
    """What an amount of time counts."""

    BUSINESS = "business"  # open hours; a day is a working day
    SCHOOL = "school"  # days only: school days
    ELAPSED = ""  # day and night; a day is a calendar day


class OnDays(StrEnum):
    """Days by name, as districts say it; a clause may hold on some of them only."""

    SCHOOL = "school days"
    BREAKS = "breaks"
    HOLIDAYS = "holidays"
    STAFF = "staff days"
    SUMMER = "summer"


KINDS: dict[OnDays, frozenset[DayKind]] = {
    OnDays.SCHOOL: frozenset({DayKind.SCHOOL, DayKind.EARLY}),
    OnDays.BREAKS: frozenset({DayKind.BREAK, DayKind.SUMMER}),
    OnDays.HOLIDAYS: frozenset({DayKind.HOLIDAY, DayKind.CLOSURE}),
    OnDays.STAFF: frozenset({DayKind.STAFF}),
    OnDays.SUMMER: frozenset({DayKind.SUMMER}),
}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


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


@dataclass(frozen=True, slots=True)
class Within:
    amount: Amount

    def __str__(self) -> str:
        return f"within {self.amount}"

    def sentence(self) -> str:
        within = _("within %(amount)s") % {"amount": self.amount.words()}
        if self.amount.counts is Counts.ELAPSED and self.amount.unit is not Unit.DAY:
            return _("%(within)s, day and night") % {"within": within}
        return within


@dataclass(frozen=True, slots=True)
class AtOnce:
    text: str = "at once"  # or "real time"

    def __str__(self) -> str:
        return self.text

    def sentence(self) -> str:
        return _("at once: within %(minutes)d minutes, day and night") % {"minutes": AT_ONCE // timedelta(minutes=1)}


@dataclass(frozen=True, slots=True)
class SameDay:
    def __str__(self) -> str:
        return "same-day"

    def sentence(self) -> str:
        return _("by the end of the same school day; after hours, by the end of the next one")


@dataclass(frozen=True, slots=True)
class By:
    """At local times of each school day; on some weekdays only, where given. `checks`: somebody looks, nothing is due."""

    times: tuple[int, ...]
    checks: bool = False
    every_day: bool = False
    weekday: int | None = None

    def __str__(self) -> str:
        times = join_and([clock_text(minute) for minute in self.times])
        days = "every day" if self.every_day else "daily"
        if self.weekday is not None:
            days = f"every {WEEKDAYS[self.weekday]}"
        return f"{days} checks at {times}" if self.checks else f"{days} by {times}"

    def sentence(self) -> str:
        times = join_words([clock_words(minute) for minute in self.times])
        what = _("checked at %(times)s") if self.checks else _("by %(times)s")
        return f"{self._days()} {what % {'times': times}}"

    def _days(self) -> str:
        if self.weekday is not None:
            return _("every %(weekday)s") % {"weekday": _(WEEKDAYS[self.weekday])}
        return _("every day") if self.every_day else _("every school day")


@dataclass(frozen=True, slots=True)
class ByForNext:
    """What comes before the cut-off is in place for the next school day; what comes later, for the one after it."""

    cutoff: int
    label: str = "service"
    part: str = "day"  # or "morning"

    def __str__(self) -> str:
        return f"by {clock_text(self.cutoff)} for next-{self.part} {self.label}"

    def sentence(self) -> str:
        return _(
            "what is in by %(time)s on a school day is in place when the next school day opens; what comes later, the day after"
        ) % {"time": clock_words(self.cutoff)}


@dataclass(frozen=True, slots=True)
class Every:
    amount: Amount

    def __str__(self) -> str:
        return f"every {self.amount}"

    def sentence(self) -> str:
        return _("every %(amount)s") % {"amount": self.amount.words()}


@dataclass(frozen=True, slots=True)
class Notice:
    """Counted back from the start of what it is about. `freeze`: nothing may change in that time."""

    amount: Amount
    freeze: bool = False
    label: str = ""

    def __str__(self) -> str:
        what = f"{self.amount.number} {self.amount.counts} {self.amount.unit}".replace("  ", " ").replace(" ", "-")
        return f"{what} {'freeze' if self.freeze else 'notice'}" + (f" before {self.label}" if self.label else "")

    def sentence(self) -> str:
        values = {"amount": self.amount.words(), "what": self.label or _("it starts")}
        if self.freeze:
            return _("nothing changes in the %(amount)s before %(what)s") % values
        return _("at least %(amount)s before %(what)s") % values


Term = Within | AtOnce | SameDay | By | ByForNext | Every | Notice
RECURRING = (By, ByForNext, Every)


@dataclass(frozen=True, slots=True)
class Clause:
    """One term, on all days or on days of some names only."""

    term: Term
    on: tuple[OnDays, ...] = ()

    def __str__(self) -> str:
        if not self.on:
            return str(self.term)
        preposition = "during" if self.on[0] in (OnDays.BREAKS, OnDays.SUMMER) else "on"
        return f"{self.term} {preposition} {join_and([o.value for o in self.on])}"

    def holds_on(self, kind: DayKind) -> bool:
        return any(kind in KINDS[name] for name in self.on)

    def sentence(self) -> str:
        if not self.on:
            return self.term.sentence()
        return _("on %(days)s %(promise)s") % {"days": join_words([day_words(o) for o in self.on]), "promise": self.term.sentence()}


@dataclass(frozen=True)
class Terms:
    clauses: tuple[Clause, ...]

    def __str__(self) -> str:
        return ", ".join(str(clause) for clause in self.clauses)

    @property
    def recurring(self) -> tuple[Clause, ...]:
        """The clauses that come round by themselves, with nothing happening."""
        return tuple(c for c in self.clauses if isinstance(c.term, RECURRING))

    @property
    def by_day(self) -> bool:
        """Whether the kind of day decides which clause holds."""
        return any(c.on for c in self.clauses)

    def sentence(self) -> str:
        """What it means, in plain words of the active language."""
        said = "; ".join(clause.sentence() for clause in self.clauses)
        return said[:1].upper() + said[1:] + ("" if said.endswith(".") else ".")  # "4:00 p.m." has its own


# --- words ------------------------------------------------------------------------------------------------------------


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


def day_words(on: OnDays) -> str:
    return {
        OnDays.SCHOOL: _("school days"),
        OnDays.BREAKS: _("days of a break"),
        OnDays.HOLIDAYS: _("holidays"),
        OnDays.STAFF: _("staff days"),
        OnDays.SUMMER: _("days of summer"),
    }[on]


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
