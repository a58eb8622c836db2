"""One thing found, and what is left of several that lie over each other."""

from collections.abc import Iterable
from dataclasses import dataclass

from knowledge.redaction.kinds import Kind


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open. `key`: what it is, so that the same thing gets the same placeholder; empty: as it is written."""

    start: int
    end: int
    kind: Kind
    key: str = ""


def settled(found: Iterable[Span]) -> list[Span]:
    """In order, none over another. Of two that meet the longer one stays, and takes in what the other has beyond it."""
    kept: list[Span] = []
    for span in sorted(found, key=lambda one: (one.start, -one.end)):
        if kept and span.start < kept[-1].end:
            kept[-1] = _joined(kept[-1], span)
        else:
            kept.append(span)
    return kept


def _joined(one: Span, other: Span) -> Span:
    if other.end <= one.end:
        return one
    longer = other if other.end - other.start > one.end - one.start else one
    return Span(one.start, other.end, longer.kind)
