"""What a promise is made of: terms as values. `str()` is the canonical text that `sla.terms.parse` reads back.

Times are minutes since local midnight. A new kind of term is a dataclass here, a rule in `sla.terms` and a case in
`sla.clock`; a clause may carry any of them.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property

from django.utils.translation import gettext as _

from districts.calendar import DayKind
from sla.amounts import Amount, Counts, Unit, clock_text, clock_words, join_and, join_words
from sla.measured import Acknowledge, Reach, Tolerance

__all__ = [
    "AT_ONCE", "KINDS", "RECURRING", "WEEKDAYS", "Acknowledge", "Amount", "AtOnce", "BeforeNext", "By", "ByForNext", "Cadence",
    "Clause", "Counts", "Every", "Notice", "OnDays", "OnTheDay", "Period", "Reach", "SameDay", "Term", "Terms", "Tolerance", "Unit",
    "Within", "clock_text", "clock_words", "day_words", "join_and", "join_words",
]  # fmt: skip

AT_ONCE = timedelta(minutes=5)  # what "at once" and "real time" allow a message to travel


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


class Period(StrEnum):
    """How often something is done; once in each, by the last closing of it."""

    WEEK = "weekly"
    MONTH = "monthly"
    QUARTER = "quarterly"
    YEAR = "yearly"


@dataclass(frozen=True, slots=True)
class Cadence:
    period: Period

    def __str__(self) -> str:
        return self.period.value

    def sentence(self) -> str:
        return {
            Period.WEEK: _("once a week, by the end of its last working day"),
            Period.MONTH: _("once a month, by the end of its last working day"),
            Period.QUARTER: _("once a quarter, by the end of its last working day"),
            Period.YEAR: _("once a year, by the end of its last working day"),
        }[self.period]


@dataclass(frozen=True, slots=True)
class BeforeNext:
    """Before something that happens at these local times of each school day, whichever comes first."""

    event: str
    times: tuple[int, ...]

    def __str__(self) -> str:
        return f"before the next {self.event} at {join_and([clock_text(minute) for minute in self.times])}"

    def sentence(self) -> str:
        times = join_words([clock_words(minute) for minute in self.times])
        return _("before the next %(event)s of a school day: %(times)s, whichever comes first") % {"event": self.event, "times": times}


@dataclass(frozen=True, slots=True)
class OnTheDay:
    """At a local time on the day of what it is about: "by 5 PM on the last day of work"."""

    minute: int
    day: str

    def __str__(self) -> str:
        return f"by {clock_text(self.minute)} on {self.day}"

    def sentence(self) -> str:
        return _("by %(time)s on %(day)s") % {"time": clock_words(self.minute), "day": self.day}


Term = Within | AtOnce | SameDay | By | ByForNext | Every | Notice | Cadence | BeforeNext | OnTheDay | Reach | Tolerance | Acknowledge
RECURRING = (By, ByForNext, Every, Cadence)


@dataclass(frozen=True, slots=True)
class Clause:
    """One term, on all days or on days of some names only.

    `what`: which thing it promises, where there are several ("fixes"). `condition`: it holds only in this case ("immediate").
    Both are the district's own words.
    """

    term: Term
    on: tuple[OnDays, ...] = ()
    what: str = ""
    condition: str = ""

    def __str__(self) -> str:
        said = f"{self.what} {self.term}".strip()
        if self.on:
            preposition = "during" if self.on[0] in (OnDays.BREAKS, OnDays.SUMMER) else "on"
            said = f"{said} {preposition} {join_and([o.value for o in self.on])}"
        return f"{said} if {self.condition}" if self.condition else said

    def holds_on(self, kind: DayKind) -> bool:
        return any(kind in KINDS[name] for name in self.on)

    def sentence(self) -> str:
        said = self.term.sentence()
        if self.on:
            said = _("on %(days)s %(promise)s") % {"days": join_words([day_words(o) for o in self.on]), "promise": said}
        if self.what:
            said = _("%(what)s: %(then)s") % {"what": self.what, "then": said}
        return _("if %(condition)s, %(promise)s") % {"condition": self.condition, "promise": said} if self.condition else said


@dataclass(frozen=True)
class Terms:
    clauses: tuple[Clause, ...]

    def __str__(self) -> str:
        return self.text

    @cached_property
    def text(self) -> str:
        return ", ".join(str(clause) for clause in self.clauses)

    @cached_property
    def recurring(self) -> tuple[Clause, ...]:
        """The clauses that come round by themselves, with nothing happening."""
        return tuple(c for c in self.clauses if isinstance(c.term, RECURRING) and not c.condition)

    @cached_property
    def by_day(self) -> bool:
        """Whether the kind of day decides which clause holds."""
        return any(c.on for c in self.clauses)

    def given(self, condition: str) -> "Terms":
        """What holds in this case: its own clauses; where there are none, those without a condition."""
        own = tuple(c for c in self.clauses if c.condition == condition)
        return Terms(own or tuple(c for c in self.clauses if not c.condition) or self.clauses)

    def sentence(self) -> str:
        """What it means, in plain words of the active language."""
        said = "; ".join(clause.sentence() for clause in self.clauses)
        return said[:1].upper() + said[1:] + ("" if said.endswith(".") else ".")  # "4:00 p.m." has its own


def day_words(on: OnDays) -> str:
    return {
        OnDays.SCHOOL: _("school days"),
        OnDays.BREAKS: _("days of a break"),
        OnDays.HOLIDAYS: _("holidays"),
        OnDays.STAFF: _("staff days"),
        OnDays.SUMMER: _("days of summer"),
    }[on]
