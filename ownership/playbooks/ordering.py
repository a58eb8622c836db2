"""What may begin when, and by when all of it is done. Pure: orders, times and a way to count terms."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from graphlib import CycleError, TopologicalSorter

type Counts = Callable[[str, datetime], datetime | None]  # terms and a start → due; None where no time is named


@dataclass(frozen=True)
class Piece:
    """A step as its order and its times tell of it."""

    order: int
    after: Sequence[int] = ()
    terms: str = ""
    due_at: datetime | None = None  # of a step that may begin
    is_open: bool = False
    done: bool = False


def known(after: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
    """Only steps that there are; nothing waits for itself."""
    return {order: sorted({one for one in given if one in after and one != order}) for order, given in after.items()}


def circle(after: Mapping[int, Sequence[int]]) -> list[int]:
    """Steps that wait for one another, the first one at the end again; empty where there are none."""
    try:
        TopologicalSorter(known(after)).prepare()
    except CycleError as error:
        return [int(order) for order in reversed(error.args[1])]
    return []


def ready(waiting: Mapping[int, Sequence[int]], done: Collection[int]) -> list[int]:
    """Those that wait for nothing any more."""
    return sorted(order for order, after in waiting.items() if set(after) <= set(done))


def all_done_by(pieces: Sequence[Piece], counts: Counts, *, now: datetime) -> datetime | None:
    """When the last step should be done, if each begins when those before it are due. None: no step that is left names a time."""
    by_order = {piece.order: piece for piece in pieces}
    ends: dict[int, datetime] = {}
    timed = False
    for order in TopologicalSorter(known({piece.order: piece.after for piece in pieces})).static_order():
        piece = by_order[order]
        due = None if piece.done else piece.due_at
        starts = max([now, *(ends[one] for one in piece.after if one in ends)])
        if not piece.done and not piece.is_open and piece.terms:
            due = counts(piece.terms, starts)
        timed = timed or due is not None
        ends[order] = max(now, due) if due else starts
    return max(ends[piece.order] for piece in pieces if not piece.done) if timed else None
