"""How much is placed at once, and how much of that is right: the curve an administrator chooses a threshold on.

From a district's own outcomes, where there are enough; before that from texts that the model in use was not shown while it was judged:
settled tickets, or on the first days the catalog's own example phrases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import accumulate
from typing import Any

from django.utils.translation import gettext as _

from districts.models import Service
from routing.governing import outcomes
from routing.models import TrainedModel

ENOUGH = 40  # outcomes from which a district's own are taken
FEWEST = 30  # from which a curve of one service says something
PLACED = 10  # at least, for a threshold to be chosen by what was right among them
CHOICES = (0.80, 0.85, 0.90, 0.95, 0.98)  # shares right that are offered
USUAL = 0.85  # what the model itself aims at: routing.fitting.PRECISION
STEPS = 40  # points that are drawn

OUTCOMES, HELD_OUT, PHRASES, NOTHING = "outcomes", "held_out", "phrases", ""


@dataclass(frozen=True)
class Point:
    """From `threshold` on: how many are placed, and how many of them are right."""

    threshold: float
    placed: int
    right: int
    of: int

    @property
    def share(self) -> float:
        return self.placed / self.of if self.of else 0.0

    @property
    def precision(self) -> float:
        return self.right / self.placed if self.placed else 1.0

    @property
    def tenths(self) -> int:
        return round(10 * self.share)

    @property
    def moved(self) -> int:
        """Of 100 placed."""
        return round(100 * (1 - self.precision))

    @property
    def words(self) -> str:
        """ "About 8 of 10 are placed at once; of 100 placed, about 10 are moved by a person." """
        if not self.placed:
            return _("Nothing is placed at once: people decide all of it.")
        tenth, moved = self.tenths, self.moved
        first = (
            _("About %(n)d of 10 are placed at once.") % {"n": tenth}
            if tenth
            else _("Fewer than 1 of 20 are placed at once.")
        )  # fmt: skip
        second = (
            _("Of 100 placed, about %(n)d would be moved by a person.") % {"n": moved}
            if moved
            else _("Of 100 placed, fewer than 1 would be moved by a person.")
        )  # fmt: skip
        return f"{first} {second}"


@dataclass(frozen=True)
class Curve:
    """`pairs`: (how sure, right). `source` tells what of."""

    pairs: Sequence[tuple[float, bool]]
    source: str = NOTHING

    @cached_property
    def points(self) -> list[Point]:
        """One for each confidence that occurs, the surest first: what is as sure is placed with it."""
        ordered = sorted(self.pairs, key=lambda pair: -pair[0])
        hits = list(accumulate(int(right) for _sure, right in ordered))
        last = [at for at, (sure, _right) in enumerate(ordered) if at + 1 == len(ordered) or ordered[at + 1][0] < sure]
        return [Point(ordered[at][0], at + 1, hits[at], len(ordered)) for at in last]

    def at(self, threshold: float) -> Point:
        below = [point for point in self.points if point.threshold >= threshold]
        last = below[-1] if below else None
        return Point(threshold, last.placed, last.right, len(self.pairs)) if last else Point(threshold, 0, 0, len(self.pairs))

    def for_precision(self, wanted: float) -> Point | None:
        """With as many placed as can be while `wanted` of them is right; None: no PLACED of them ever were."""
        good = [point for point in self.points if point.precision >= wanted and point.placed >= PLACED]
        return good[-1] if good else None

    @property
    def drawn(self) -> list[Point]:
        """About STEPS points of even distance, without the first few, whose precision is luck."""
        steady = [point for point in self.points if point.placed >= PLACED] or self.points
        step = max(1, len(steady) // STEPS)
        return [*steady[::-step][::-1]]


def of_district(*, now: datetime) -> Curve:
    found = outcomes.pairs(outcomes.judged(since=now - outcomes.BACK))
    return Curve(found, OUTCOMES) if len(found) >= ENOUGH else held_out()


def of_service(service: Service, *, now: datetime) -> Curve:
    """Empty where neither says enough of this service alone."""
    found = outcomes.pairs(outcomes.judged(since=now - outcomes.BACK, service=service))
    if len(found) >= FEWEST:
        return Curve(found, OUTCOMES)
    curve = held_out(service)
    return curve if len(curve.pairs) >= FEWEST else Curve([])


def held_out(service: Service | None = None) -> Curve:
    """What the model in use said of texts that it was not shown while it was judged."""
    row: Any = (
        TrainedModel.objects.filter(state=TrainedModel.State.ACTIVE).order_by("-version").values("held_out", "from_tickets").first()
    )
    if not row or not row["held_out"]:
        return Curve([])
    pairs = [(float(sure), bool(right)) for sure, right, of in row["held_out"] if service is None or of == str(service.id)]
    return Curve(pairs, HELD_OUT if row["from_tickets"] else PHRASES)
