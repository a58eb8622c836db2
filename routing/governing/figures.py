"""What is told of how well triage places: of labelled sets, and of a district's own tickets, by the same figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

BINS = 10
PRECISION = 0.9


@dataclass(frozen=True)
class Outcome:
    """One request: what was wanted, and what the command would tell of it."""

    labels: dict[str, Any]
    language: str
    given: dict[str, Any]
    chances: list[float]  # of the best three teams
    milliseconds: float

    @property
    def right(self) -> bool:
        return bool(self.given["team"] == self.labels["team"])

    @property
    def fair(self) -> bool:
        """Also one of the other teams a fair dispatcher could choose."""
        return self.right or self.given["team"] in self.labels.get("acceptable_teams", [])

    @property
    def sure(self) -> float:
        return self.chances[0] if self.chances else 0.0


def figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    known = [o for o in outcomes if o.labels["team"]]
    return {
        **placing(known),
        "urgency": macro_f1([(o.labels.get("urgency"), o.given["urgency"]) for o in known]),
        "site, room and tag exact": [share(o.labels.get(k) == o.given[k] for o in outcomes) for k in ("site", "room", "asset_tag")],
        "crisis": _crisis(outcomes),
        "engines": {each: sum(o.given["engine"] == each for o in outcomes) for each in sorted({o.given["engine"] for o in outcomes})},
        "milliseconds, median and 95 %": [round(float(np.percentile([o.milliseconds for o in outcomes], p)), 1) for p in (50, 95)],
    }


def placing(known: Sequence[Outcome]) -> dict[str, Any]:
    """Of requests whose team is known: where they were sent, and how sure that was."""
    placed = [o for o in known if o.given["automatic"]]
    return {
        "requests with a team": len(known),
        "team right": share(o.right for o in known),
        "team right or acceptable": share(o.fair for o in known),
        "team among the best three": share(o.labels["team"] in o.given["teams"] for o in known),
        "service right": share(o.given["service"] == o.labels.get("service") for o in known),
        "team right, by language": {each: share(o.right for o in known if o.language == each) for each in _languages(known)},
        "placed without a person": share(o.given["automatic"] for o in known),
        "of those, team right": share(o.right for o in placed),
        "of those, right or acceptable": share(o.fair for o in placed),
        f"could be placed at {PRECISION:.0%} right": at_precision([o.sure for o in known], [o.right for o in known]),
        f"could be placed at {PRECISION:.0%} right or acceptable": at_precision([o.sure for o in known], [o.fair for o in known]),
        "expected calibration error": calibration([o.sure for o in known], [o.right for o in known]),
    }  # fmt: skip


def _languages(outcomes: Iterable[Outcome]) -> list[str]:
    return sorted({o.language for o in outcomes})


def _crisis(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    wanted, told_of = [o for o in outcomes if o.labels.get("crisis")], [o for o in outcomes if o.given["crisis"]]
    return {"recall": share(o.given["crisis"] for o in wanted), "precision": share(bool(o.labels.get("crisis")) for o in told_of)}


def share(hits: Iterable[bool]) -> float | None:
    counted = list(hits)
    return round(sum(counted) / len(counted), 3) if counted else None


def at_precision(sure: Sequence[float], right: Sequence[bool], precision: float = PRECISION) -> float:
    """The largest share, the surest first, of which this much is right."""
    if not sure:
        return 0.0
    order = np.argsort(-np.asarray(sure), kind="stable")
    hits = np.cumsum(np.asarray(right, dtype=float)[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(hits >= precision)
    return round(float(good.max() + 1) / len(order), 3) if good.size else 0.0


def calibration(sure: Sequence[float], right: Sequence[bool]) -> float | None:
    """Expected calibration error in ten bins of one width (Naeini et al. 2015)."""
    if not sure:
        return None
    chances, hits = np.asarray(sure), np.asarray(right, dtype=float)
    bins = np.minimum((chances * BINS).astype(int), BINS - 1)
    errors = [abs(chances[bins == b].mean() - hits[bins == b].mean()) * (bins == b).mean() for b in range(BINS) if (bins == b).any()]
    return round(float(sum(errors)), 3)


def macro_f1(pairs: Sequence[tuple[Any, Any]]) -> float | None:
    """Mean of each wanted label's F1."""
    found = []
    for label in sorted({str(wanted) for wanted, _given in pairs}):
        both = sum(wanted == given == label for wanted, given in pairs)
        either = sum(wanted == label for wanted, _ in pairs) + sum(given == label for _, given in pairs)
        found.append(2 * both / either if either else 0.0)
    return round(float(np.mean(found)), 3) if found else None
