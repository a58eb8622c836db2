"""Are two messages of one person? From what is known of each sender: a name, a number, an address, a role; and what the texts say."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from routing.words import fold

MOST = 500  # characters of a text in which a name or a number is looked for at either end
LEAST = 4  # letters of a name that may stand in an address
DIGITS = 7  # of a number, at least
_ASIDE = re.compile(r"[(,].*")
_ROLES = frozenset(
    "anonymous parent parents mom dad mother father guardian grandparent grandmother grandfather madre padre abuela abuelo familia"
    " family student students grader teacher teachers maestro maestra para aide nurse office secretary desk custodian kitchen cafeteria"
    " lead principal librarian coach driver neighbor neighbour vecino community vendor substitute sub staff clerk manager helper"
    " coordinator counselor recess attendance warehouse front reception visitor someone unknown caller bus school".split()
)
_STAFF = frozenset(
    "teacher para aide nurse office secretary custodian kitchen lead principal librarian coach driver substitute staff clerk manager"
    " helper coordinator counselor attendance warehouse".split()
)
_HOME = frozenset("parent mom dad mother father guardian grandparent grandmother grandfather madre padre abuela abuelo family".split())
_CHILD = frozenset({"student", "grader"})
_SMALL = frozenset("the of a de la del y and th st nd rd mr mrs ms dr sr sra".split())


class Who(StrEnum):
    SAME = "same"
    LINKED = "linked"  # a name or a number of one stands with the other: the same person, or of one household
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Sender:
    """What a label like "Ngozi Tranter (parent)", "253-555-0109" or "Linden office" says of who it is."""

    label: str
    names: frozenset[str]
    number: str
    address: str
    side: str  # "staff", "home", "child", or nothing


@lru_cache(maxsize=4096)
def sender(label: str, places: frozenset[str] = frozenset()) -> Sender:
    """`places`: words of the district's own places, which are no names of people."""
    words = fold(label).split()
    bare = _ASIDE.sub("", label)
    address = label.split("@")[0].lower() if "@" in label else ""
    digits = re.sub(r"\D", "", bare)
    named = [] if address else [word for word in fold(bare).split() if not any(c.isdigit() for c in word)]
    of_a_role = bool(_ROLES & set(named)) and "the" not in named  # "Linden office", "Test coordinator": but "Bart the grandfather"
    names = () if of_a_role else (word for word in named if word not in _ROLES | _SMALL | places and len(word) > 1)
    return Sender(fold(label), frozenset(names), digits[-10:] if len(digits) >= DIGITS else "", address, _side(words))


def _side(words: list[str]) -> str:
    for side, roles in (("staff", _STAFF), ("child", _CHILD), ("home", _HOME)):
        if roles & set(words):
            return side
    return ""


def who(one: Sender, other: Sender, text: str, later: str) -> Who:
    """`text` is what the one wrote, `later` the other."""
    if (one.label == other.label and one.label) or (one.number and one.number == other.number):
        return Who.SAME
    if _linked(one, other) or _named_in(later, one) or _named_in(text, other):
        return Who.LINKED
    if (one.number and other.number) or (one.names and other.names and not (one.address or other.address)):
        return Who.OTHER
    return Who.OTHER if one.side and other.side and one.side != other.side else Who.UNKNOWN


def _linked(one: Sender, other: Sender) -> bool:
    if one.names & other.names or _short_for(one.names, other.names) or _short_for(other.names, one.names):
        return True
    return any(
        len(name) >= LEAST and name in address
        for names, address in ((one.names, other.address), (other.names, one.address))
        for name in names
    )


def _short_for(one: frozenset[str], other: frozenset[str]) -> bool:
    """ "Jo" and "Joanna Pike": a first name alone, and one that begins with it."""
    return len(one) == 1 and any(name.startswith(short) for short in one for name in other)


def _named_in(text: str, sender: Sender) -> bool:
    ends = f"{text[:MOST]} {text[-MOST:]}"
    if sender.number and sender.number in re.sub(r"\D", "", ends):
        return True
    return bool(sender.names & frozenset(fold(ends).split()))
