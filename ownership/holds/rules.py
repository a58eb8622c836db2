"""What stops a run before it does harm: rules over the counts it tells, and times in which nothing may change. Pure.

Each rule is kept with its feed as one object: {"kind", "count", "of", "percent", "limit", "hours", "on", "role", "minutes"}. A rule
whose counts were not told holds the run: one that cannot judge must not look as if it had. Of a run that only says that it starts,
counts may come later: rules without theirs wait.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self
from zoneinfo import ZoneInfo

FEWEST = 3  # runs of the same weekday that make something usual
MOST_RULES = 20
LONGEST_NAME = 60


class Kind(StrEnum):
    SHARE = "share"  # absent of enrolled over 50 %; removed of before over 5 %
    USUAL = "usual"  # rows more than 20 % off the usual of this weekday
    SOURCE = "source"  # rows differ from source_rows by more than 1 %
    ABOVE = "above"  # more than so many
    BELOW = "below"  # fewer than so many
    FREEZE = "freeze"  # nothing changes in the 48 hours before


COUNTED = frozenset({Kind.SHARE, Kind.USUAL, Kind.SOURCE, Kind.ABOVE, Kind.BELOW})
BY_PERCENT = frozenset({Kind.SHARE, Kind.USUAL, Kind.SOURCE})
WITH_ANOTHER = frozenset({Kind.SHARE, Kind.SOURCE})


class BadRule(ValueError):
    """It is no rule; the text says why, in English: forms say it in their own words before."""


@dataclass(frozen=True)
class Rule:
    kind: Kind
    count: str = ""
    of: str = ""  # what it is a share of, or compared with
    percent: float = 0
    limit: float = 0
    hours: float = 0  # of a freeze, before each of its moments
    on: tuple[str, ...] = ()  # local moments, "2026-12-18T08:00"
    role: str = ""  # slug: who decides; empty: the first owner of the process
    minutes: int = 60  # in which somebody decides; then the ladder is climbed

    @classmethod
    def read(cls, given: Any) -> Self:
        """As it is kept. Raises BadRule."""
        if not isinstance(given, dict):
            raise BadRule("a rule is an object")
        known = {one.name for one in fields(cls)}
        if unknown := set(given) - known:
            raise BadRule(f"unknown: {', '.join(sorted(map(str, unknown)))[:100]}")
        try:
            values = {**given, "kind": Kind(given.get("kind", "")), "on": tuple(map(str, given.get("on", ())))}
            rule = cls(**values)
            rule._check()
        except (TypeError, ValueError) as error:
            raise BadRule(str(error)) from None
        return rule

    def kept(self) -> dict[str, Any]:
        """Without what was left as it is."""
        plain = _defaults()
        return {"kind": str(self.kind)} | {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if name != "kind" and value != plain[name]
        }

    def _check(self) -> None:
        numbers = (self.percent, self.limit, self.hours, self.minutes)
        if not all(isinstance(n, int | float) and not isinstance(n, bool) and 0 <= n < 1e12 for n in numbers):
            raise BadRule("a number is missing, or out of bounds")
        if not 1 <= self.minutes <= 14 * 1440:
            raise BadRule("minutes: from 1 to 14 days")
        if self.kind in COUNTED and not 0 < len(self.count) <= LONGEST_NAME:
            raise BadRule("count: its name is missing")
        if self.kind in WITH_ANOTHER and not 0 < len(self.of) <= LONGEST_NAME:
            raise BadRule("of: its name is missing")
        if self.kind in WITH_ANOTHER and self.count == self.of:
            raise BadRule("of: a count is not compared with itself")
        if self.kind in BY_PERCENT and self.percent <= 0:
            raise BadRule("percent: more than 0")
        if self.kind is Kind.FREEZE and (not 0 < self.hours <= 24 * 60 or not self.on):
            raise BadRule("a freeze has hours, and a moment")
        for moment in self.on:
            if not 2000 <= datetime.fromisoformat(moment).year <= 2100:
                raise BadRule("a moment lies between the years 2000 and 2100")


def _defaults() -> dict[str, Any]:
    return {one.name: one.default for one in fields(Rule) if one.name != "kind"}


@dataclass(frozen=True)
class Reason:
    """What a rule found. `value` and `limit` are percent for shares and differences, else the count itself."""

    rule: Rule
    value: float | None = None  # None: it was not told
    limit: float = 0
    usual: float | None = None
    missing: tuple[str, ...] = ()
    until: str = ""  # of a freeze: its local moment
    seen: Mapping[str, float] = field(default_factory=dict)

    def kept(self) -> dict[str, Any]:
        return {
            "rule": self.rule.kept(), "value": self.value, "limit": self.limit, "usual": self.usual, "missing": list(self.missing),
            "until": self.until, "seen": dict(self.seen),
        }  # fmt: skip

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        return cls(
            Rule.read(given["rule"]), given["value"], given["limit"], given["usual"], tuple(given["missing"]), given["until"],
            given["seen"],
        )  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """What is judged. `before`: counts of earlier runs of the same weekday that went through, the newest first."""

    counts: Mapping[str, float]
    at: datetime
    zone: ZoneInfo
    before: Sequence[Mapping[str, float]] = ()
    only_starts: bool = False


def rules_of(given: Sequence[Any]) -> list[Rule]:
    """Those that can be read: a row that somebody broke by hand stops no feed."""
    read = []
    for one in given:
        try:
            read.append(Rule.read(one))
        except BadRule:
            continue
    return read


def judge(rules: Sequence[Rule], facts: Facts) -> list[Reason]:
    """Why the run is to be held; nothing where every rule is content."""
    found = (_judged(rule, facts) for rule in rules)
    return [reason for reason in found if reason]


def needs_history(rules: Sequence[Rule]) -> bool:
    return any(rule.kind is Kind.USUAL for rule in rules)


def _judged(rule: Rule, facts: Facts) -> Reason | None:
    if rule.kind is Kind.FREEZE:
        return _frozen(rule, facts)
    wanted = [rule.count, rule.of] if rule.kind in WITH_ANOTHER else [rule.count]
    missing = tuple(name for name in wanted if name not in facts.counts)
    if missing:
        return None if facts.only_starts else Reason(rule, missing=missing, seen=dict(facts.counts))
    seen = {name: facts.counts[name] for name in wanted}
    value = seen[rule.count]
    match rule.kind:
        case Kind.ABOVE:
            return Reason(rule, value, rule.limit, seen=seen) if value > rule.limit else None
        case Kind.BELOW:
            return Reason(rule, value, rule.limit, seen=seen) if value < rule.limit else None
        case Kind.SHARE:
            return _over(rule, _percent(value, seen[rule.of]), seen)
        case Kind.SOURCE:
            return _over(rule, _percent(abs(value - seen[rule.of]), seen[rule.of]), seen)
        case _:
            return _unusual(rule, value, facts, seen)


def _over(rule: Rule, percent: float, seen: Mapping[str, float], usual: float | None = None) -> Reason | None:
    return Reason(rule, round(percent, 2), rule.percent, usual, seen=seen) if percent > rule.percent else None


def _unusual(rule: Rule, value: float, facts: Facts, seen: Mapping[str, float]) -> Reason | None:
    known = [counts[rule.count] for counts in facts.before if rule.count in counts]
    if len(known) < FEWEST:
        return None
    usual = float(statistics.median(known))
    return _over(rule, _percent(abs(value - usual), usual), seen, usual)


def _frozen(rule: Rule, facts: Facts) -> Reason | None:
    for moment in rule.on:
        ends = datetime.fromisoformat(moment)
        ends = ends if ends.tzinfo else ends.replace(tzinfo=facts.zone)
        if ends - timedelta(hours=rule.hours) <= facts.at < ends:
            return Reason(rule, limit=rule.hours, until=moment)
    return None


def _percent(part: float, whole: float) -> float:
    """Of nothing, anything is all: 3 of 0 are infinitely many, told as 100 % at least."""
    if whole:
        return abs(part / whole) * 100
    return 0.0 if part == 0 else 100.0 * max(1.0, abs(part))
