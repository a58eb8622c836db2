"""What a filter says, and the shape of every filter."""

from dataclasses import dataclass
from enum import Enum


class Course(Enum):
    OUT = "out"  # the envelope is kept, and no ticket is made
    QUIET = "quiet"  # a ticket is made, and nothing is answered


@dataclass(frozen=True)
class Verdict:
    course: Course
    reason: str  # at most 60 characters, kept on the envelope


def out(reason: str) -> Verdict:
    return Verdict(Course.OUT, reason)


def quiet(reason: str) -> Verdict:
    return Verdict(Course.QUIET, reason)
