"""The grammar of promises: words as districts write them → Terms.

    terms   = clause { ("," | ";" | "and") clause }
    clause  = promise [ ("on" | "during") days { "and" days } ]
    promise = "within" amount | amount [ "sync" | "response" | … ]
            | amount ("notice" | "freeze") [ "before" words ] | amount "before" words
            | [ which ] ("by" | [ "checks" ] "at") time { ("," | "and") time } [ which ] [ "for next" ("day" | "morning") words ]
            | "every" amount | "hourly" | "same day" [ noun ] | "before dismissal" | "at once" | "immediately" | [ "in" ] "real time"
    which   = "daily" | "every school day" | "every day" | [ "every" ] weekday
    amount  = number [ "business" | "school" | "calendar" ] unit [ "elapsed" | "of real time" ]
    time    = number [ ":" number ] [ "AM" | "PM" ] | "noon"

Written by hand, so that a text that is not understood is refused with the very words it stopped at.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import gettext as _

from sla.promise import (
    WEEKDAYS,
    Amount,
    AtOnce,
    By,
    ByForNext,
    Clause,
    Counts,
    Every,
    Notice,
    OnDays,
    SameDay,
    Term,
    Terms,
    Unit,
    Within,
)

__all__ = ["NotUnderstood", "Terms", "parse"]

MOST = {Unit.MINUTE: 525_600, Unit.HOUR: 8_760, Unit.DAY: 400}  # a year: more is a slip of the keyboard
LONGEST_TEXT = 300
UNITS = {
    "minute": Unit.MINUTE, "minutes": Unit.MINUTE, "min": Unit.MINUTE, "mins": Unit.MINUTE,
    "hour": Unit.HOUR, "hours": Unit.HOUR, "hr": Unit.HOUR, "hrs": Unit.HOUR, "h": Unit.HOUR,
    "day": Unit.DAY, "days": Unit.DAY,
}  # fmt: skip
COUNTS = {
    "business": Counts.BUSINESS, "working": Counts.BUSINESS, "work": Counts.BUSINESS, "office": Counts.BUSINESS,
    "school": Counts.SCHOOL, "calendar": Counts.ELAPSED, "elapsed": Counts.ELAPSED, "clock": Counts.ELAPSED,
}  # fmt: skip
NUMBERS = {word: n for n, word in enumerate(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], 1)}
NUMBERS |= {"an": 1, "twelve": 12, "fifteen": 15, "thirty": 30}
DAY_NAMES = {
    ("school", "days"): OnDays.SCHOOL, ("school", "day"): OnDays.SCHOOL, ("breaks",): OnDays.BREAKS, ("break",): OnDays.BREAKS,
    ("holidays",): OnDays.HOLIDAYS, ("staff", "days"): OnDays.STAFF, ("summer",): OnDays.SUMMER,
}  # fmt: skip
WEEKDAY_WORDS = {name.lower() + s: n for n, name in enumerate(WEEKDAYS) for s in ("", "s")}
AFTER_AMOUNT = ("sync", "response", "reply", "turnaround", "notification")
AFTER_SAME_DAY = ("notification", "notice", "response", "service", "reply", "sync")


class NotUnderstood(ValueError):
    """The text is no promise we know. `words`: where it stopped; `hint`: what would have been understood there."""

    def __init__(self, words: str, hint: str) -> None:
        self.words, self.hint = words, hint
        super().__init__(_("Not understood from “%(words)s” on: %(hint)s") % {"words": words, "hint": hint})


@dataclass(frozen=True, slots=True)
class Token:
    text: str  # lower case
    at: int  # place in the source

    @property
    def number(self) -> int | None:
        return int(self.text) if self.text.isdecimal() else NUMBERS.get(self.text)


def tokens_of(text: str) -> list[Token]:
    """Words, numbers and the marks , ; : — a hyphen divides words like a space, "4PM" is two, "p.m." is one."""
    out: list[Token] = []
    kind = ""
    for at, char in enumerate(text):
        now = "0" if char.isdecimal() and char.isascii() else "a" if char.isalpha() or char in ".'’" else char
        if now in "-–—" or char.isspace():
            kind = ""
        elif now == kind and now in "0a":
            out[-1] = Token(out[-1].text + char.lower(), out[-1].at)
        else:
            out.append(Token(char.lower(), at))
            kind = now
    return [Token(t.text.replace(".", ""), t.at) if len(t.text) > 1 else t for t in out if t.text != "."]


@lru_cache(maxsize=4096)
def parse(text: str) -> Terms:
    """Raises NotUnderstood with the words it stopped at."""
    if len(text) > LONGEST_TEXT:
        raise NotUnderstood(text[LONGEST_TEXT : LONGEST_TEXT + 40], _("a promise has at most %d characters") % LONGEST_TEXT)
    return Parser(text).terms()


class Parser:
    """Recursive descent over the tokens; each method reads one rule of the grammar and leaves `at` behind it."""

    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.at = text, tokens_of(text), 0

    # --- looking -----------------------------------------------------------------------------------------------------

    def peek(self, ahead: int = 0) -> Token | None:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else None

    def sees(self, *words: str) -> bool:
        return all((token := self.peek(n)) is not None and token.text == word for n, word in enumerate(words))

    def take(self, *words: str) -> bool:
        if not self.sees(*words):
            return False
        self.at += len(words)
        return True

    def take_any(self, *words: str) -> str:
        token = self.peek()
        if token is None or token.text not in words:
            return ""
        self.at += 1
        return token.text

    def stop(self, hint: str) -> NotUnderstood:
        token = self.peek()
        words = self.text[token.at :].strip() if token else ""
        return NotUnderstood(words[:60] or _("the end"), hint)

    # --- rules -------------------------------------------------------------------------------------------------------

    def terms(self) -> Terms:
        clauses = [self.clause()]
        while self.peek():
            if not any([self.take_any(",", ";"), self.take("and")]):
                raise self.stop(_("a comma between two promises, or nothing more"))
            self.take("and")
            clauses.append(self.clause())
        return Terms(tuple(clauses))

    def clause(self) -> Clause:
        term = self.term()
        on: list[OnDays] = []
        if self.take_any("on", "during"):
            on.append(self.day_name())
            while self.sees("and") and self._day_name_at(1):
                self.take("and")
                on.append(self.day_name())
        return Clause(term, tuple(on))

    def term(self) -> Term:
        fixed: list[tuple[tuple[str, ...], Callable[[], Term]]] = [
            (("within",), self.within),
            (("at", "once"), AtOnce),
            (("immediately",), AtOnce),
            (("in", "real", "time"), lambda: AtOnce("real time")),
            (("real", "time"), lambda: AtOnce("real time")),
            (("same", "day"), self.same_day),
            (("before", "dismissal"), SameDay),
            (("by", "dismissal"), SameDay),
            (("hourly",), lambda: Every(Amount(60, Unit.MINUTE))),
        ]
        for words, rule in fixed:
            if self.take(*words):
                return rule()
        self.take("a")
        if (token := self.peek()) and token.number is not None:
            return self.amount_first()
        return self.times()

    def within(self) -> Term:
        return Within(self.amount())

    def same_day(self) -> Term:
        self.take_any(*AFTER_SAME_DAY)
        return SameDay()

    def amount_first(self) -> Term:
        amount = self.amount()
        kind = self.take_any("notice", "freeze")
        label = self.label() if self.take("before") else ""
        if kind or label:
            return Notice(amount, freeze=kind == "freeze", label=label)
        self.take_any(*AFTER_AMOUNT)
        return Within(amount)

    def amount(self) -> Amount:
        start = self.at
        number = self.number()
        counts = self.take_any(*COUNTS)
        unit = UNITS.get(self.take_any(*UNITS))
        if unit is None:
            raise self.stop(_("minutes, hours or days"))
        if self.take("elapsed") or self.take("of", "real", "time"):
            counts = counts or "elapsed"
        amount = Amount(number, unit, COUNTS.get(counts, Counts.ELAPSED))
        if amount.counts is Counts.SCHOOL and unit is not Unit.DAY:
            self.at = start
            raise self.stop(_("school days; hours are business hours"))
        if not 0 < number <= MOST[unit]:
            self.at = start
            raise self.stop(_("a number between 1 and %d") % MOST[unit])
        return amount

    def number(self) -> int:
        token = self.peek()
        if token is None or token.number is None or len(token.text) > 7:
            raise self.stop(_("a number, as in “within 4 business hours”"))
        self.at += 1
        return token.number

    def times(self) -> Term:
        every = self.take_any("every", "each")
        if every and (token := self.peek()) and token.number is not None:
            return Every(self.amount())
        weekday, every_day, named = self.which_days(bool(every))
        checks = bool(self.take_any("checks", "check", "checked"))
        if checks or not self.take("by"):
            if not self.take("at"):
                raise self.stop(_("“within 4 business hours”, “by 2 PM”, “checks at 10 AM and 3 PM”, “same-day” or “48-hour notice”"))
            checks = True
        times = [self.time()]
        while any([self.sees(","), self.sees("and")]) and self._time_at(1):
            self.at += 1
            times.append(self.time())
        if not named:
            weekday, every_day, named = self.which_days(bool(self.take_any("every", "each")))
        if self.take("for", "next"):
            return self.for_next(times)
        return By(tuple(sorted(set(times))), checks=checks, every_day=every_day, weekday=weekday)

    def which_days(self, every: bool) -> tuple[int | None, bool, bool]:
        """(weekday, all seven days, whether any were named) of "daily", "every school day", "every day", "Wednesdays"."""
        if self.take_any("daily") or self.take("school", "day"):
            return None, False, True
        if every and self.take("day"):
            return None, True, True
        word = self.take_any(*WEEKDAY_WORDS)
        if word:
            return WEEKDAY_WORDS[word], False, True
        if every:
            raise self.stop(_("a number, “school day”, “day” or a weekday"))
        return None, False, False

    def for_next(self, times: list[int]) -> Term:
        part = self.take_any("day", "morning")
        if not part or len(times) > 1:
            raise self.stop(_("“next-day” or “next-morning”, after one time"))
        return ByForNext(times[0], self.label() or "service", part)

    def time(self) -> int:
        start = self.at
        if self.take("noon"):
            return 12 * 60
        hour = self.number()
        minute = self.number() if self.take(":") else 0
        half = self.take_any("am", "pm")
        if minute > 59 or not (1 <= hour <= 12 if half else 0 <= hour <= 23):
            self.at = start
            raise self.stop(_("a time of day, as in 4 PM or 16:00"))
        return (hour % 12 + (12 if half == "pm" else 0) if half else hour) * 60 + minute

    def label(self) -> str:
        """Words of the district's own, up to the next comma; they mean nothing to the clock."""
        words = []
        while (token := self.peek()) and token.text not in (",", ";"):
            words.append(token.text)
            self.at += 1
        return " ".join(words)

    def day_name(self) -> OnDays:
        found = self._day_name_at(0)
        if not found:
            raise self.stop(_("school days, breaks, holidays, staff days or summer"))
        self.at += len(found)
        return DAY_NAMES[found]

    def _day_name_at(self, ahead: int) -> tuple[str, ...]:
        self.at += ahead
        found = next((words for words in DAY_NAMES if self.sees(*words)), ())
        self.at -= ahead
        return found

    def _time_at(self, ahead: int) -> bool:
        """Whether a time stands there, and not an amount: "at 10 AM, 3 PM", but "by 2 PM, 48-hour notice"."""
        token, after = self.peek(ahead), self.peek(ahead + 1)
        is_number = token is not None and token.text.isdecimal()
        return bool(token and token.text == "noon") or (is_number and not (after and after.text in (*UNITS, *COUNTS)))
