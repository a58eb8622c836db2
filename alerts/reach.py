"""From what providers told of each letter to whom an alert reached. Pure.

A text counts as delivered when the carrier says so; that it was taken by the carrier proves nothing. A mail counts when its
provider says so, or when the receiver's mail server took it and nothing came back: plain SMTP tells no more (RFC 5321, 6.1). A call
counts when the district's telephone system says that it was answered: a busy line, or a machine that recorded it, reached nobody.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil

from alerts.models import TERMS, Channel, Outcome
from alerts.promised import reach_of
from delivery.models import Delivery
from sla.promise import Reach as Promise

State = Delivery.State
# kinds of receipts: a person's device, or their mailbox, has it
PROOFS = frozenset({"delivered", "read", "opened", "clicked", "answered"})
LOST = frozenset({State.FAILED, State.DEAD})


@dataclass(frozen=True)
class Told:
    """What is known of one letter: its row, and the receipts by kind with their time."""

    channel: str
    state: str
    sent_at: datetime | None = None
    error: str = ""
    receipts: Mapping[str, datetime] | None = None


@dataclass(frozen=True)
class Result:
    outcome: str
    at: datetime | None = None
    why: str = ""


def result(told: Told) -> Result:
    """What became of one letter. A bounce after a receipt counts: what came back was not delivered."""
    if told.state in LOST:
        return Result(Outcome.FAILED, None, told.error)
    if told.state == State.SUPPRESSED:
        return Result(Outcome.LEFT_OUT, None, told.error)
    proofs = [at for kind, at in (told.receipts or {}).items() if kind in PROOFS]
    if proofs:
        return Result(Outcome.REACHED, min(proofs))
    if told.channel == Channel.EMAIL and told.state == State.SENT:
        return Result(Outcome.REACHED, told.sent_at)
    return Result(Outcome.UNKNOWN)


def any_of(outcomes: Collection[str]) -> str:
    """Of a person, by what became of their addresses: one that was reached is enough."""
    if not outcomes:
        return Outcome.NO_CONTACT
    order = (Outcome.REACHED, Outcome.UNKNOWN, Outcome.FAILED)
    return next((one for one in order if one in outcomes), Outcome.LEFT_OUT)


@dataclass(frozen=True)
class Reach:
    """How many of how many, and how that compares with what is promised."""

    total: int
    reached: int
    terms: str = TERMS

    @property
    def promise(self) -> Promise:
        return reach_of(self.terms)

    @property
    def target(self) -> Decimal:
        """Percent."""
        return Decimal(f"{self.promise.percent:f}")  # 95, where the grammar keeps 9.5E+1

    @property
    def within(self) -> str:
        """ "15 minutes"."""
        return self.promise.amount.words()

    @property
    def percent(self) -> float:
        """Rounded down to a tenth, so that 94.96 is never shown as 95; nobody to reach is everybody reached."""
        return self.reached * 1000 // self.total / 10 if self.total else 100.0

    @property
    def kept(self) -> bool:
        return self.promise.holds(self.reached, self.total)

    @property
    def missing(self) -> int:
        """How many more are needed for the target."""
        return max(0, ceil(self.target * self.total / 100) - self.reached)


def in_time(reached: Iterable[datetime | None], *, started: datetime, within: timedelta) -> int:
    """How many were reached by then, whenever we heard of it."""
    return sum(at is not None and at <= started + within for at in reached)
