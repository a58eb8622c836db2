"""Which column of one list is which of another: by their names, and by the values they share. Pure."""

import re
import zlib
from dataclasses import dataclass
from difflib import SequenceMatcher

from ownership.changes.reconciling import Mapping, Rules, key_part
from ownership.changes.sheets import Sheet

SAMPLE = 4_000  # values of a column that are compared, about
MOST_COMPARED = 60  # columns of each list
NAMES_RECORDS = 0.5  # share of values that stand there once
ALIKE = 0.86  # of two names (difflib's ratio)
ENOUGH = 0.35  # of the shorter column's values stand in the other
KEYS = (
    "studentid", "studentnumber", "studentno", "sisid", "stuid", "pupilid", "personid", "sourcedid", "usersourcedid", "localid",
    "stateid", "ssid", "perm", "permid", "employeeid", "staffid", "schoolid", "id", "key", "number",
)  # fmt: skip
SAME = (
    {"firstname", "first", "givenname", "fname"}, {"lastname", "last", "familyname", "surname", "lname"}, set(KEYS[:9]),
    {"dob", "birthdate", "dateofbirth", "birthday", "birth"}, {"grade", "gradelevel", "grades", "gradelvl"},
    {"school", "schoolname", "building", "site", "orgname"}, {"busstop", "stop", "stopname"}, {"route", "bus", "busroute"},
    {"phone", "telephone", "phonenumber", "homephone"}, {"email", "emailaddress", "mail"}, {"address", "street", "homeaddress"},
    {"zip", "zipcode", "postalcode"}, {"startdate", "entrydate", "enrolldate", "enrollmentdate"}, {"status", "enrollmentstatus"},
)  # fmt: skip
_OTHER = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class _Column:
    at: int
    name: str
    values: frozenset[str]  # a sample, as keys are compared; of a column that may be a key
    distinct: float  # share of its values that stand there once, the empty ones not


def guess(left: Sheet, right: Sheet) -> Mapping:
    """Prefilled, for a person to mend. Without a key where no column looks like one."""
    every = max(len(left.rows), len(right.rows)) // SAMPLE + 1  # of long lists some, by the values themselves: the same in both
    ours, theirs = _columns(left, every), _columns(right, every)
    scored = sorted(((_key_score(a, b), -a.at, -b.at, a, b) for a in ours for b in theirs), key=lambda one: one[:3], reverse=True)
    keys = [(a.at, b.at) for score, _a, _b, a, b in scored[:1] if score >= ENOUGH]
    used_left, used_right = {a for a, _b in keys}, {b for _a, b in keys}
    pairs = list[tuple[int, int]]()
    near = [(_likeness(a, b), -abs(a.at - b.at), a.at, b.at) for a in ours for b in theirs]
    for likeness, _near, a, b in sorted(near, reverse=True):
        if likeness and a not in used_left and b not in used_right:
            pairs.append((a, b))
            used_left.add(a)
            used_right.add(b)
    return Mapping(tuple(keys), tuple(sorted(pairs)), Rules())


def bare(name: str) -> str:
    """ "Student ID" → "studentid"."""
    return _OTHER.sub("", name.casefold())


def _columns(sheet: Sheet, every: int) -> list[_Column]:
    return [_column(at, name, sheet, every) for at, name in enumerate(sheet.columns[:MOST_COMPARED])]


def _column(at: int, name: str, sheet: Sheet, every: int) -> _Column:
    filled = [value for value in sheet.column(at) if value.strip()]
    different = set(filled)
    distinct = len(different) / len(filled) if filled else 0.0
    keys = (key_part(value, Rules()) for value in different) if distinct >= NAMES_RECORDS else ()
    return _Column(at, bare(name), frozenset(key for key in keys if every == 1 or zlib.crc32(key.encode()) % every == 0), distinct)


def _key_score(a: _Column, b: _Column) -> float:
    """How well a pair of columns names the records: what they share, whether it is there once, and what they are called."""
    named = 0.0
    if a.name in KEYS and b.name in KEYS:
        named = 0.5 - 0.01 * (KEYS.index(a.name) + KEYS.index(b.name)) / 2
    elif a.name == b.name:
        named = 0.1
    return (_shared(a, b) + named) * a.distinct**2 * b.distinct**2


def _shared(a: _Column, b: _Column) -> float:
    fewer = min(len(a.values), len(b.values))
    return len(a.values & b.values) / fewer if fewer else 0.0


def _likeness(a: _Column, b: _Column) -> float:
    """0: they are not the same thing."""
    if a.name == b.name:
        return 3.0
    if any(a.name in names and b.name in names for names in SAME):
        return 2.0
    ratio = SequenceMatcher(None, a.name, b.name).ratio() if a.name and b.name else 0.0
    return ratio if ratio >= ALIKE else 0.0
