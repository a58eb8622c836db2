"""Terms that are held against a count, a figure or a person's word, and not only against the time.

They know when they hold: whoever has the numbers (an alert's receipts, a feed's counts) asks `holds`.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from sla.amounts import Amount, percent_text, percent_words

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Reach:
    """A share of a set by a time; `validated`: by when somebody has checked the report of it, from the same start."""

    percent: Decimal
    amount: Amount
    validated: Amount | None = None
    what: str = "delivered"

    def holds(self, reached: int, of: int) -> bool:
        """Of an empty set all are reached."""
        return reached * HUNDRED >= self.percent * of

    def __str__(self) -> str:
        checked = f", validated within {self.validated}" if self.validated else ""
        return f"{percent_text(self.percent)} {self.what} within {self.amount}{checked}"

    def sentence(self) -> str:
        values = {"share": percent_words(self.percent), "what": self.what, "amount": self.amount.words()}
        said = _("%(share)s %(what)s within %(amount)s") % values
        if not self.validated:
            return said
        return _("%(said)s, the report checked within %(amount)s") % {"said": said, "amount": self.validated.words()}


@dataclass(frozen=True, slots=True)
class Tolerance:
    """A figure may not go over (or under) a share of its source; `then`: what happens where it does, in the district's words."""

    percent: Decimal
    over: bool = True
    what: str = ""
    then: str = ""

    def holds(self, value: Decimal | float) -> bool:
        """`value` in percent. Exactly at the bound it holds."""
        return value <= self.percent if self.over else value >= self.percent

    def __str__(self) -> str:
        bound = f"{'over' if self.over else 'under'} {percent_text(self.percent)}"
        return " ".join(filter(None, [self.what, bound, self.then]))

    def sentence(self) -> str:
        bound = _("over %(share)s") if self.over else _("under %(share)s")
        said = " ".join(filter(None, [self.what, bound % {"share": percent_words(self.percent)}]))
        return _("%(what)s: %(then)s") % {"what": said, "then": self.then or _("not allowed")}


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Somebody's word that they have it, by a time; `who` in the district's words, empty for whoever gets it."""

    amount: Amount
    who: str = ""

    def __str__(self) -> str:
        if not self.who:
            return f"acknowledged within {self.amount}"
        return f"{self.who} {'acknowledge' if self.who.endswith('s') else 'acknowledges'} within {self.amount}"

    def sentence(self) -> str:
        if not self.who:
            return _("acknowledged by whoever gets it within %(amount)s") % {"amount": self.amount.words()}
        return _("acknowledged by the %(who)s within %(amount)s") % {"who": self.who, "amount": self.amount.words()}
