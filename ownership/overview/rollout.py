"""How far each process has come: written down, measured, promised, watched. One process first, then five, then all.

Pure: facts in, a board out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ownership.overview.audit import Link

ENOUGH_RUNS = 10  # to know how long it takes
WITHIN_DAYS = 60  # in which they were seen
FEW = 5  # processes watched, after the first and before all


class Column(TextChoices):
    """In the order in which a process walks them."""

    DOCUMENTED = "documented", gettext_lazy("Documented")
    BASELINE = "baseline", gettext_lazy("Baseline")
    PROMISE = "promise", gettext_lazy("Promise")
    WATCHED = "watched", gettext_lazy("Watched")

    @property
    def meaning(self) -> str:
        return {
            Column.DOCUMENTED: _("It is written down."),
            Column.BASELINE: _("It is known how long it takes today."),
            Column.PROMISE: _("A clock can read its promise, two people own it, and a ladder stands behind it."),
            Column.WATCHED: _("When it falls silent, somebody hears of it."),
        }[self]


@dataclass(frozen=True)
class FeedFacts:
    """An active feed."""

    name: str
    seen: bool
    timed: bool  # its terms name a time


@dataclass(frozen=True)
class Facts:
    """What the board knows of one process."""

    slug: str
    name: str
    suffers: str = ""  # what suffers first, in words; empty: nobody said
    primary: str = ""  # the role
    person: str = ""  # whoever answers for it today
    via: str = ""  # how they were found, where somebody stands in
    secondary: str = ""
    has_source: bool = True
    has_targets: bool = True
    baseline: str = ""
    runs: int = 0  # seen within WITHIN_DAYS
    readable: bool = False  # the clock understands its terms
    ladder: str = ""  # slug
    has_rungs: bool = False
    feeds: Sequence[FeedFacts] = ()


@dataclass(frozen=True)
class Todo:
    words: str
    link: Link


@dataclass(frozen=True)
class Card:
    facts: Facts
    column: Column
    next: Todo | None  # the one next thing; None: nothing is left
    missing: Sequence[str]  # what its description lacks


@dataclass(frozen=True)
class Goal:
    number: int
    label: str
    reached: bool
    current: bool


@dataclass(frozen=True)
class Board:
    cards: Sequence[Card]

    @property
    def columns(self) -> list[tuple[Column, list[Card]]]:
        """All four, also the empty ones."""
        return [(column, [card for card in self.cards if card.column is column]) for column in Column]

    @property
    def total(self) -> int:
        return len(self.cards)

    @property
    def watched(self) -> int:
        return sum(card.column is Column.WATCHED for card in self.cards)

    @property
    def goals(self) -> list[Goal]:
        """One, five, all; a small district has fewer."""
        numbers = [n for n in (1, FEW) if n < self.total] + [self.total]
        current = next((n for n in numbers if n > self.watched), 0)
        return [Goal(n, self._label(n), n <= self.watched, n == current) for n in numbers if self.total]

    @property
    def words(self) -> str:
        """Where the district stands: "2 of 19 are watched. Next goal: five."."""
        goal = next((goal for goal in self.goals if goal.current), None)
        if goal is None:
            return _("All of them are watched.") if self.total else ""
        where = ngettext("%(n)d of %(total)d is watched.", "%(n)d of %(total)d are watched.", self.watched)
        said = where % {"n": self.watched, "total": self.total}
        return " ".join((said, _("Next goal: %(goal)s.") % {"goal": goal.label}))

    def _label(self, number: int) -> str:
        if number == self.total and number > 1:
            return _("all")
        return _("one process") if number == 1 else _("five")


def board(rows: Iterable[Facts]) -> Board:
    """Every process in the highest column whose conditions hold, with those of all columns before it."""
    return Board([_card(facts) for facts in rows])


def _card(facts: Facts) -> Card:
    reached = Column.DOCUMENTED
    for column in Column:
        todo = next((todo for need in NEEDS[column] if (todo := need(facts))), None)
        if todo:
            return Card(facts, reached, todo, _missing(facts))
        reached = column
    return Card(facts, reached, None, _missing(facts))


def _missing(facts: Facts) -> list[str]:
    parts = [
        (facts.primary, _("owner")), (facts.secondary, _("secondary owner")), (facts.has_source, _("the system it comes from")),
        (facts.has_targets, _("the systems that need it")),
    ]  # fmt: skip
    return [words for there, words in parts if not there]


# --- what each column needs: the thing to do where it is not so -------------------------------------------------------


def _set_up(facts: Facts, words: str) -> Todo:
    return Todo(words, Link(words, "setup_process", facts.slug, setup=True))


def _measured(facts: Facts) -> Todo | None:
    if facts.baseline or facts.runs >= ENOUGH_RUNS:
        return None
    if facts.runs:
        words = _("Write down how long it takes today, or wait for more runs: %(n)d of %(enough)d were seen.")
        return _set_up(facts, words % {"n": facts.runs, "enough": ENOUGH_RUNS})
    return _set_up(facts, _("Write down how long it takes today."))


def _readable(facts: Facts) -> Todo | None:
    return None if facts.readable else _set_up(facts, _("Give its promise in terms that a clock can read."))


def _primary(facts: Facts) -> Todo | None:
    return None if facts.primary else _set_up(facts, _("Name its owner."))


def _secondary(facts: Facts) -> Todo | None:
    return None if facts.secondary else _set_up(facts, _("Name its secondary owner."))


def _ladder(facts: Facts) -> Todo | None:
    if not facts.ladder:
        return _set_up(facts, _("Give it a ladder."))
    words = _("Put a rung on its ladder.")
    return None if facts.has_rungs else Todo(words, Link(words, "setup_ladder", facts.ladder, setup=True))


def _watched(facts: Facts) -> Todo | None:
    """One feed must be both seen and on time of its own."""
    timed = [feed for feed in facts.feeds if feed.timed]
    if any(feed.seen for feed in timed):
        return None
    if timed:
        words = _("Let “%(feed)s” open its ping address for the first time.") % {"feed": timed[0].name}
        return Todo(words, Link(words, "process", facts.slug, query="#feeds", setup=True))
    if facts.feeds:
        words = _("Give “%(feed)s” terms that name a time, or put a daily check beside it.") % {"feed": facts.feeds[0].name}
        return _set_up(facts, words)
    return _set_up(facts, _("Give it a feed that shows when it ran."))


NEEDS: Mapping[Column, Sequence[Callable[[Facts], Todo | None]]] = {
    Column.DOCUMENTED: (),
    Column.BASELINE: (_measured,),
    Column.PROMISE: (_readable, _primary, _secondary, _ladder),
    Column.WATCHED: (_watched,),
}
