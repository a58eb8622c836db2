"""A promise as words and numbers, and the words the grammar knows."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from sla.amounts import Counts, Unit
from sla.promise import WEEKDAYS, OnDays, Period

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
PERIODS = {
    "weekly": Period.WEEK, "monthly": Period.MONTH, "quarterly": Period.QUARTER, "yearly": Period.YEAR, "annually": Period.YEAR,
    "annual": Period.YEAR, "week": Period.WEEK, "month": Period.MONTH, "quarter": Period.QUARTER, "year": Period.YEAR,
}  # fmt: skip
OVER, UNDER = ("over", "above", "exceeding"), ("under", "below")
ACKNOWLEDGES = (
    "acknowledges", "acknowledge", "acknowledged", "acknowledgement", "acknowledgment", "confirms", "confirm", "confirmed",
    "confirmation",
)  # fmt: skip
EVENTS = {"meal": (7 * 60 + 30, 11 * 60)}  # what happens each school day at times that everybody knows, minutes
RESERVED = {
    "within", "by", "at", "every", "each", "on", "during", "before", "daily", "if", "next", "checks", "check", "checked", "hourly",
    "immediately", "and", "noon", "a", "validated", "more", "less", "than", *OVER, *UNDER, *ACKNOWLEDGES, *PERIODS, *NUMBERS, *UNITS,
    *COUNTS, *WEEKDAY_WORDS,
}  # fmt: skip
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

    @property
    def share(self) -> Decimal | None:
        """A number with or without decimals, as before a percent sign."""
        return Decimal(self.text) if self.text.replace(".", "", 1).isdecimal() and self.text.isascii() else None

    @property
    def is_word(self) -> bool:
        """One of the district's own: letters, and nothing that the grammar would read as a promise of its own."""
        return self.text.replace("'", "").replace("’", "").isalpha() and self.text not in RESERVED


def tokens_of(text: str) -> list[Token]:
    """Words, numbers and the marks , ; : % — a hyphen divides words like a space, "4PM" is two, "p.m." is one."""
    out: list[Token] = []
    kind = ""
    for at, char in enumerate(text):
        now = "0" if char.isdecimal() and char.isascii() else "a" if char.isalpha() or char in ".'’" else char
        if now in "-–—−" and text[at + 1 : at + 2].isdecimal() and not text[at - 1 : at].strip():
            out.append(Token("-", at))  # less than nothing is no amount
            kind = ""
        elif now in "-–—−" or char.isspace():
            kind = ""
        elif char == "." and kind == "0" and text[at + 1 : at + 2].isdecimal() and "." not in out[-1].text:
            out[-1] = Token(out[-1].text + ".", out[-1].at)
        elif now == kind and now in "0a":
            out[-1] = Token(out[-1].text + char.lower(), out[-1].at)
        else:
            out.append(Token(char.lower(), at))
            kind = now
    return [Token(_bare(t), t.at) for t in out if t.text != "."]


def _bare(token: Token) -> str:
    """ "p.m." is "pm", and "hours'" is "hours"."""
    if len(token.text) == 1 or token.share is not None:
        return token.text
    text = token.text.replace(".", "")
    return unit if (unit := text.rstrip("'’")) in UNITS else text


class Tokens:
    """A place in the text, and looking from there."""

    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.at = text, tokens_of(text), 0

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
