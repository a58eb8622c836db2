"""What a filter says, and how it is kept with its envelope."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Course(Enum):
    OUT = "out"  # the envelope is kept, and no ticket is made
    QUIET = "quiet"  # a ticket is made, and nothing is answered


@dataclass(frozen=True)
class Verdict:
    course: Course
    reason: str  # at most 60 characters, kept on the envelope
    filter: str = ""  # the module that spoke
    final: bool = False  # no words of danger speak against it: nobody wrote them to us, or we wrote them ourselves
    overruled: str = ""  # by what, where it did not count


def out(reason: str, *, final: bool = False) -> Verdict:
    return Verdict(Course.OUT, reason, final=final)


def quiet(reason: str) -> Verdict:
    return Verdict(Course.QUIET, reason)


def overruled(decisions: Sequence[dict[str, Any]] | None, *, by: str, at: str) -> list[dict[str, Any]]:
    """A person let it in, whatever kept it out: who, and when (ISO 8601). What had been overruled before stands as it is."""
    return [
        {**one, "overruled": "person", "by": by, "at": at} if one["course"] == Course.OUT.value and not one.get("overruled") else one
        for one in decisions or ()
    ]


def told(verdict: Verdict) -> dict[str, Any]:
    """As it is kept with an envelope."""
    said = {"filter": verdict.filter, "course": verdict.course.value, "reason": verdict.reason}
    return {**said, "overruled": verdict.overruled} if verdict.overruled else said
