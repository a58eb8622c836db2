"""The newest comparison of two lists, held against what the rules of a process's feeds allow.

A pair is a process and the system whose list was on the right. A run is not held for it: it may be the very one that mends what is
different. The owners read of it among the findings of the matrix, and whoever decides about a held run reads it beside the counts.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from ownership.changes.reconciling import difference_percent, left_percent
from ownership.holds.rules import Kind, rules_of
from ownership.models import Feed, Process, Reconciliation, System


@dataclass(frozen=True)
class Standing:
    """The newest comparison of a pair. Percent of records: `found` different, and `left` of these that nobody has seen to."""

    row: Reconciliation
    system: str  # its name; empty: nobody said
    found: float
    left: float


@dataclass(frozen=True)
class Beyond:
    """More is left than a feed of the process may differ by from its source."""

    standing: Standing
    feed: Feed
    allowed: float  # percent


def standing(processes: Iterable[UUID]) -> dict[UUID, list[Standing]]:
    """Process → its pairs of today. Two queries; the differences themselves are not read."""
    newest = Reconciliation.objects.filter(process__in=list(processes)).order_by("process", "target", "-at", "-id")
    every = newest.distinct("process", "target").select_related("process").defer("differences", "mapping")
    rows = [row for row in every if row.process and _is_a_pair(row.target, row.process)]
    slugs = {row.target for row in rows if row.target}
    names = dict(System.objects.filter(slug__in=slugs).values_list("slug", "name")) if slugs else {}
    found: dict[UUID, list[Standing]] = defaultdict(list)
    for row in rows:
        assert row.process_id  # asked for by it
        found[row.process_id].append(_standing(row, names.get(row.target, row.target)))
    return found


def _is_a_pair(target: str, process: Process) -> bool:
    """Nobody compares again with a system that records no longer go to, nor leaves open which one it is once there are any."""
    return not process.targets or target in process.targets


def _standing(row: Reconciliation, system: str) -> Standing:
    return Standing(row, system, difference_percent(row.counts), left_percent(row.counts, seen_to=len(set(row.worked))))


def allowed(feeds: Iterable[Feed]) -> tuple[Feed, float] | None:
    """The feed with the strictest rule on what may differ from its source, and the percent it allows."""
    known = [(feed, rule.percent) for feed in feeds if feed.active for rule in rules_of(feed.rules) if rule.kind is Kind.SOURCE]
    return min(known, key=lambda one: one[1], default=None)


def beyond(processes: Sequence[Process]) -> dict[UUID, list[Beyond]]:
    """Process → its pairs in which more is left than allowed. Feeds are prefetched; where none has such a rule, nothing is asked."""
    limits = {process.id: limit for process in processes if (limit := allowed(process.feeds.all()))}
    if not limits:
        return {}
    return {
        process_id: [found for one in pairs if (found := _beyond(one, limits[process_id]))]
        for process_id, pairs in standing(limits).items()
    }


def beyond_of(row: Reconciliation, process: Process, *, system: str) -> Beyond | None:
    """The same of one comparison, whether it is the newest or not."""
    limit = allowed(process.feeds.all())
    return _beyond(_standing(row, system), limit) if limit else None


def _beyond(found: Standing, limit: tuple[Feed, float]) -> Beyond | None:
    feed, percent = limit
    return Beyond(found, feed, percent) if found.left > percent else None
