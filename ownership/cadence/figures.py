"""What a checkpoint says, as it is kept: a line for each process, what waits, and what lies ahead."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from ownership.overview import standing

ITEMS = ("holds", "steps", "overrides", "unanswered", "days", "leaves", "contracts", "training", "tested")


@dataclass(frozen=True)
class Line:
    """One process since the checkpoint before.

    `expected`: times that its feeds promised and that are settled; each is once in `ok`, `late` or `missed`, or was told of with less
    than a good run. `failed`, `partial` and `held` are runs, at a promised time or not.
    """

    slug: str
    name: str
    owner: str
    state: str
    ok: int = 0
    late: int = 0
    missed: int = 0
    failed: int = 0
    held: int = 0
    partial: int = 0
    climbing: int = 0
    missing: int = 0
    expected: int = 0

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """As it was kept; of a page that was written when every run counted as expected, as it said then."""
        before = sum(row.get(name, 0) for name in ("ok", "late", "missed", "failed", "partial"))
        return cls(**{"expected": before, **row})

    @property
    def trouble(self) -> bool:
        return standing.in_trouble(self.state, ladders=self.climbing)

    @property
    def state_label(self) -> str:
        return standing.label(self.state)

    @property
    def said(self) -> str:
        return standing.said(self.state, ladders=self.climbing)


@dataclass(frozen=True)
class Item:
    """One thing that somebody is to look at. `at`: ISO, a moment or a day."""

    name: str
    who: str = ""
    at: str = ""
    slug: str = ""
    extra: str = ""


@dataclass(frozen=True)
class Body:
    """`since`: ISO. Of each kind of thing, the most pressing forty."""

    since: str
    lines: Sequence[Line] = ()
    holds: Sequence[Item] = ()  # that wait
    decided: int = 0
    steps: Sequence[Item] = ()  # of playbooks, past their time
    runs: int = 0  # playbooks at work
    overrides: Sequence[Item] = ()  # past their day
    working_around: int = 0
    minutes: int = 0  # worked around since
    unanswered: Sequence[Item] = ()  # cut-offs that a vendor did not acknowledge in time
    days: Sequence[Item] = ()  # of the coming week that differ
    leaves: Sequence[Item] = ()
    contracts: Sequence[Item] = ()
    training: Sequence[Item] = ()
    tested: Sequence[Item] = ()  # ladders that were tested since
    untested: int = 0  # never, or not for a year

    @property
    def kept_percent(self) -> int:
        expected = sum(line.expected for line in self.lines)
        return round(100 * sum(line.ok for line in self.lines) / expected) if expected else 100

    def kept(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """As it was kept; of a page from before a part was added, without it."""
        parts = {name: value for name, value in given.items() if name in cls.__dataclass_fields__}
        parts["lines"] = [Line.read(row) for row in parts.get("lines", ())]
        parts |= {name: [Item(**row) for row in parts.get(name, ())] for name in ITEMS}
        return cls(**{"since": "", **parts})
