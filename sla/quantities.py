"""Figures within a promise: amounts of time, shares and times of day."""

from decimal import Decimal

from django.utils.translation import gettext as _

from sla.amounts import Amount, Counts, Unit
from sla.tokens import COUNTS, UNITS, Token, Tokens

MOST = {Unit.MINUTE: 525_600, Unit.HOUR: 8_760, Unit.DAY: 400}  # a year: more is a slip of the keyboard
PERCENT = ("%", "percent")
EARLY = 7  # "4:30" without AM or PM may be the afternoon's; "04:30" is not
WEEK = 7  # days
SMALLER = {Unit.DAY: Unit.HOUR, Unit.HOUR: Unit.MINUTE}
TIMES = {Unit.DAY: 24, Unit.HOUR: 60}


class Quantities(Tokens):
    """Rules that end in a number."""

    def percent(self) -> Decimal:
        start = self.at
        token = self.peek()
        share = token.share if token else None
        self.at += 1
        self.take_any(*PERCENT)
        if share is None or not 0 <= share <= 100 or len(token.text if token else "") > 7:
            self.at = start
            raise self.stop(_("a share between 0 and 100 %"))
        return share.normalize()

    def amount(self, unit: Unit | None = None) -> Amount:
        """`unit`: where none is named, as in "within 15 minutes, validated within 30"."""
        start = self.at
        number = self.number()
        counts = self.take_any(*COUNTS)
        if not counts and self.take_any("week", "weeks"):
            amount = Amount(self._whole(number * WEEK, start), Unit.DAY)
        else:
            unit = UNITS.get(self.take_any(*UNITS)) or unit
            if unit is None:
                raise self.stop(_("minutes, hours or days"))
            amount = self._and_more(self._divided(number, unit, COUNTS.get(counts, Counts.ELAPSED), start))
        if (self.take("elapsed") or self.take("of", "real", "time")) and not counts:
            amount = Amount(amount.number, amount.unit, Counts.ELAPSED)
        self._refuse(amount, start)
        return amount

    def _refuse(self, amount: Amount, start: int) -> None:
        if amount.counts is Counts.SCHOOL and amount.unit is not Unit.DAY:
            self.at = start
            raise self.stop(_("school days; hours are business hours"))
        if not 0 < amount.number <= MOST[amount.unit]:
            self.at = start
            raise self.stop(_("a number between 1 and %d") % MOST[amount.unit])

    def _divided(self, number: Decimal, unit: Unit, counts: Counts, start: int) -> Amount:
        """1.5 hours are 90 minutes."""
        if number % 1 and unit is Unit.HOUR:
            number, unit = number * TIMES[unit], Unit.MINUTE
        return Amount(self._whole(number, start), unit, counts)

    def _and_more(self, amount: Amount) -> Amount:
        """ "2 hours and 30 minutes" is one amount; so is "1 day and 4 hours", where days are of 24 hours."""
        ahead = 1 if self.sees("and") else 0
        token, smaller = self.peek(ahead), SMALLER.get(amount.unit)
        if token is None or not token.text.isdecimal() or UNITS.get(self.word_at(ahead + 1)) is not smaller or smaller is None:
            return amount
        if amount.unit is Unit.DAY and amount.counts is not Counts.ELAPSED:
            raise self.stop(_("a comma between two promises, or nothing more"))
        self.at += ahead + 2
        return Amount(amount.number * TIMES[amount.unit] + int(token.text[:7]), smaller, amount.counts)

    def _whole(self, number: Decimal, start: int) -> int:
        if number % 1:
            self.at = start
            raise self.stop(_("a whole number"))
        return int(number)

    def number(self) -> Decimal:
        token = self.peek()
        if token and token.text == "a" and self.word_at(1) in (*UNITS, *COUNTS, "week"):
            self.at += 1
            return Decimal(1)
        found = _number(token)
        if found is None:
            raise self.stop(_("a number, as in “within 4 business hours”"))
        self.at += 1
        return found

    def time_list(self) -> list[int]:
        times = [self.time()]
        while any([self.sees(","), self.sees("and")]) and self._time_at(1):
            self.at += 1
            times.append(self.time())
        return times

    def time(self) -> int:
        start = self.at
        if self.take("noon"):
            return 12 * 60
        written = self.word_at(0)
        hour = self._whole(self.number(), start)
        colon = self.take(":")
        minute = self._whole(self.number(), start) if colon else 0
        half = self.take_any("am", "pm")
        if not half and (hour <= EARLY if colon and not written.startswith("0") else not colon):
            self.at = start
            raise self.stop(_("AM or PM, as in 4 PM, or a time of 24 hours, as in 16:00"))
        if minute > 59 or not (1 <= hour <= 12 if half else 0 <= hour <= 23):
            self.at = start
            raise self.stop(_("a time of day, as in 4 PM or 16:00"))
        return (hour % 12 + (12 if half == "pm" else 0) if half else hour) * 60 + minute

    def _time_at(self, ahead: int) -> bool:
        """Whether a time stands there, and not an amount: "at 10 AM, 3 PM", but "by 2 PM, 48-hour notice"."""
        token, after = self.peek(ahead), self.peek(ahead + 1)
        is_number = token is not None and token.text.isdecimal()
        return bool(token and token.text == "noon") or (is_number and not (after and after.text in (*UNITS, *COUNTS)))

    def word_at(self, ahead: int) -> str:
        token = self.peek(ahead)
        return token.text if token else ""


def _number(token: Token | None) -> Decimal | None:
    if token is None or len(token.text) > 7:
        return None
    return Decimal(token.number) if token.number is not None else token.share
