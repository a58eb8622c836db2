"""The grammar of promises: words as districts write them → Terms.

    terms   = clause { ("," | ";" | "and") clause }
    clause  = [ what ] promise [ ("on" | "during") days { "and" days } ] [ "if" words ]
    promise = "within" amount | amount [ "sync" | "response" | … ]
            | [ "at least" ] amount [ "of" ] ("notice" | "freeze") [ "before" words ] | [ "at least" ] amount "before" words
            | [ which ] ("by" | [ "checks" ] "at") time { ("," | "and") time } [ which ] [ "for next" ("day" | "morning") words ]
            | "by" time "on" words "day" [ words ]
            | "before the next" word [ "at" time { ("," | "and") time } ]
            | "every" [ amount ] | "hourly" | "next" ( "business" | "school" ) "day" | "end of day"
            | "same day" [ noun ] | "before dismissal" | "at once" | "immediately" | [ "in" ] "real time"
            | "weekly" | "monthly" | "quarterly" | "yearly" | "every" ("week" | "month" | "quarter" | "year")
            | share "%" words "within" amount [ "," "validated within" amount ]
            | [ words ] ("over" | "under") share "%" words
            | [ words ] ("acknowledges" | "confirms") "within" amount
    which   = "daily" | "every school day" | "every day" | [ "every" ] weekday
    amount  = number [ "business" | "school" | "calendar" ] unit [ [ "and" ] number smaller unit ] [ "elapsed" | "of real time" ]
    time    = number [ ":" number ] ( "AM" | "PM" ) | hours ":" minutes of 24 | "noon"
    what    = the district's own words, where a plain "within" follows them ("fixes within 2 business days")

Written by hand, so that a text that is not understood is refused with the very words it stopped at.
"""

from collections.abc import Callable
from difflib import get_close_matches
from functools import lru_cache

from django.utils.translation import gettext as _

from sla.promise import (
    Acknowledge,
    Amount,
    AtOnce,
    BeforeNext,
    By,
    ByForNext,
    Cadence,
    Clause,
    Every,
    Notice,
    OnDays,
    OnTheDay,
    Period,
    Reach,
    SameDay,
    Term,
    Terms,
    Tolerance,
    Unit,
    Within,
)
from sla.quantities import PERCENT, Quantities
from sla.tokens import (
    ACKNOWLEDGES,
    AFTER_AMOUNT,
    AFTER_SAME_DAY,
    COUNTS,
    DAY_NAMES,
    EVENTS,
    OVER,
    PERIODS,
    UNDER,
    WEEKDAY_WORDS,
    NotUnderstood,
)

__all__ = ["LONGEST_TEXT", "NotUnderstood", "Parser", "Terms", "parse"]

LONGEST_TEXT = 300
MOST_WORDS = 4  # of the district's own before a promise
ALIKE = 0.84  # of a word to one of the grammar's (difflib's ratio): "confirm" and "inform" are less
END_OF_DAY = (("by", "the", "end", "of", "the", "day"), ("by", "end", "of", "day"), ("end", "of", "day"), ("by", "eod"), ("eod",))
NEXT_DAY = (("by", "the", "next"), ("by", "next"), ("the", "next"), ("next",))
BY = (("by",), ("no", "later", "than"), ("not", "later", "than"))


@lru_cache(maxsize=4096)
def parse(text: str) -> Terms:
    """Raises NotUnderstood with the words it stopped at."""
    if len(text) > LONGEST_TEXT:
        raise NotUnderstood(text[LONGEST_TEXT : LONGEST_TEXT + 40], _("a promise has at most %d characters") % LONGEST_TEXT)
    return Parser(text).terms()


class Parser(Quantities):
    """Recursive descent over the tokens; each method reads one rule of the grammar and leaves `at` behind it."""

    def terms(self) -> Terms:
        clauses = [self.clause()]
        while self.peek():
            if not any([self.take_any(",", ";"), self.take("and")]):
                raise self.stop(_("a comma between two promises, or nothing more"))
            self.take("and")
            clauses.append(self.clause())
        return Terms(tuple(clauses))

    def clause(self) -> Clause:
        what = self.what()
        return Clause(self.term(), self.days(), what, self.condition())

    def days(self) -> tuple[OnDays, ...]:
        on: list[OnDays] = []
        if self.take_any("on", "during"):
            on.append(self.day_name())
            while self.sees("and") and self._day_name_at(1):
                self.take("and")
                on.append(self.day_name())
        return tuple(on)

    def condition(self) -> str:
        if not self.take("if"):
            return ""
        words = self.label()
        if not words:
            raise self.stop(_("in which case, as in “if immediate”"))
        return words

    def what(self) -> str:
        """Own words of the district, where "within" follows them; a slip of the keyboard in front of anything else is refused."""
        words = self.own_words()
        if not words or self.word_at(words) != "within":
            return ""
        self.refuse_slips(words)
        return self.skip(words)

    def refuse_slips(self, words: int) -> None:
        """What looks like a word of the grammar is none of the district's own: "vendor acknowleges" promised something else."""
        for ahead in range(words):
            meant = get_close_matches(self.word_at(ahead), ACKNOWLEDGES, n=1, cutoff=ALIKE)
            if meant:
                self.at += ahead
                raise self.stop(_("did you mean “%(word)s”?") % {"word": meant[0]})

    def own_words(self) -> int:
        """How many words of the district's own stand here."""
        count = 0
        while count <= MOST_WORDS and (token := self.peek(count)) and token.is_word:
            count += 1
        return count if count <= MOST_WORDS else 0

    def skip(self, count: int) -> str:
        words = " ".join(token.text for token in self.tokens[self.at : self.at + count])
        self.at += count
        return words

    def term(self) -> Term:
        fixed: list[tuple[tuple[str, ...], Callable[[], Term]]] = [
            (("within",), self.within),
            (("at", "once"), AtOnce),
            (("immediately",), AtOnce),
            (("in", "real", "time"), lambda: AtOnce("real time")),
            (("real", "time"), lambda: AtOnce("real time")),
            (("same", "day"), self.same_day),
            (("before", "dismissal"), self.dismissal),
            (("by", "dismissal"), self.dismissal),
            *((words, self.same_day) for words in END_OF_DAY),
            *((words, self.next_day) for words in NEXT_DAY if self.next_counts(len(words))),
            (("before", "the", "next"), self.before_next),
            (("before", "next"), self.before_next),
            (("hourly",), lambda: Every(Amount(60, Unit.MINUTE))),
        ]
        for words, rule in fixed:
            if self.take(*words):
                return rule()
        for read in (self.tolerance, self.acknowledge, self.cadence):
            if found := read():
                return found
        self.take("a")
        if self.take("at", "least"):
            return self.notice()
        token, after = self.peek(), self.word_at(1)
        if token and token.share is not None and after in PERCENT:
            return self.reach()
        if token and token.number is not None:
            return self.amount_first()
        return self.times()

    def within(self) -> Term:
        return Within(self.amount())

    def same_day(self) -> Term:
        self.take_any(*AFTER_SAME_DAY)
        return SameDay()

    def next_counts(self, ahead: int) -> bool:
        """Whether "business day" or the like stands there; "by next day service" is another promise."""
        return self.word_at(ahead) in COUNTS and self.word_at(ahead + 1) == "day"

    def next_day(self) -> Term:
        amount = Amount(1, Unit.DAY, COUNTS[self.take_any(*COUNTS)])
        self.take("day")
        return Within(amount)

    def dismissal(self) -> Term:
        if not self.take("the", "same", "day"):
            self.take("same", "day")
        return SameDay()

    def before_next(self) -> Term:
        if not ((token := self.peek()) and token.is_word):
            raise self.stop(_("what happens next, as in “before the next meal”"))
        event = self.skip(1)
        if self.take("at"):
            return BeforeNext(event, tuple(sorted(set(self.time_list()))))
        if event not in EVENTS:
            raise self.stop(_("at what times, as in “before the next bus at 7 AM and 2:30 PM”"))
        return BeforeNext(event, EVENTS[event])

    def tolerance(self) -> Term | None:
        """ "discrepancies over 1 % hold", "more than 2 % unmatched rows hold"; nothing taken where it is none."""
        start = self.at
        self.take("if")
        what = self.skip(self.own_words())
        bound = self.take_any(*OVER, *UNDER) or ("over" if self.take("more", "than") else "under" if self.take("less", "than") else "")
        share = self.peek()
        if not bound or share is None or share.share is None or self.word_at(1) not in PERCENT:
            self.at = start
            return None
        percent = self.percent()
        what = what.removesuffix(" is").removesuffix(" are").removesuffix(" of")
        return Tolerance(percent, bound not in UNDER, what, self.label())

    def reach(self) -> Term:
        percent = self.percent()
        words = self.own_words()
        what = self.skip(words) or "delivered"
        if not self.take("within"):
            raise self.stop(_("“within 15 minutes”"))
        amount = self.amount()
        validated = None
        if self.sees(",", "validated") or self.sees("and", "validated") or self.sees("validated"):
            self.take_any(",", "and")
            self.take("validated")
            self.take("within")
            validated = self.amount(unit=amount.unit)
        return Reach(percent, amount, validated, what)

    def acknowledge(self) -> Term | None:
        words = self.own_words()
        if self.word_at(words) not in ACKNOWLEDGES:
            return None
        who = self.skip(words)
        self.at += 1
        self.take_any("is")
        self.take_any("required")
        if not self.take("within"):
            raise self.stop(_("“within 2 hours”"))
        return Acknowledge(self.amount(), who)

    def cadence(self) -> Term | None:
        if self.take("once", "a") or (self.word_at(0) in ("every", "each") and self.word_at(1) in PERIODS):
            self.take_any("every", "each")
        period: Period | None = PERIODS.get(self.take_any(*PERIODS))
        return Cadence(period) if period else None

    def notice(self) -> Term:
        term = self.amount_first()
        if not isinstance(term, Notice):
            raise self.stop(_("“notice” or “before” what"))
        return term

    def amount_first(self) -> Term:
        amount = self.amount()
        if self.sees("of", "notice") or self.sees("of", "freeze"):
            self.take("of")
        kind = self.take_any("notice", "freeze")
        label = self.label() if self.take("before") else ""
        if kind or label:
            return Notice(amount, freeze=kind == "freeze", label=label)
        self.take_any(*AFTER_AMOUNT)
        return Within(amount)

    def times(self) -> Term:
        every = self.take_any("every", "each")
        if every and (token := self.peek()) and token.number is not None:
            return Every(self.amount())
        if every and self.take("hour"):
            return Every(Amount(60, Unit.MINUTE))
        weekday, every_day, named = self.which_days(bool(every))
        checks = bool(self.take_any("checks", "check", "checked"))
        if checks or not any(self.take(*words) for words in BY):
            if not self.take("at"):
                raise self.stop(_("“within 4 business hours”, “by 2 PM”, “checks at 10 AM and 3 PM”, “same-day” or “48-hour notice”"))
            checks = True
        times = self.time_list()
        if not named and not checks and len(times) == 1 and (day := self.on_the_day()):
            return OnTheDay(times[0], day)
        if not named and self.word_at(1) in WEEKDAY_WORDS and self.take("on"):
            pass
        if not named:
            weekday, every_day, named = self.which_days(bool(self.take_any("every", "each")))
        if self.take("for", "next"):
            return self.for_next(times)
        return By(tuple(sorted(set(times))), checks=checks, every_day=every_day, weekday=weekday)

    def on_the_day(self) -> str:
        """ "on the last day of work": words with "day" among them, which are no kind of day of the calendar."""
        if not self.sees("on") or self._day_name_at(1):
            return ""
        start = self.at
        self.take("on")
        words = self.label()
        if "day" in words.split():
            return words
        self.at = start
        return ""

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

    def label(self) -> str:
        """Words of the district's own, up to a comma, "if", or "and" with a promise behind it; they mean nothing to the clock."""
        words = []
        while (token := self.peek()) and token.text not in (",", ";", "if") and not self._goes_on():
            words.append(token.text)
            self.at += 1
        return " ".join(words)

    def _goes_on(self) -> bool:
        return self.sees("and") and any(self.word_at(n) in ("within", *ACKNOWLEDGES) for n in range(1, MOST_WORDS + 2))

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
