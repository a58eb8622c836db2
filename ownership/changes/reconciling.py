"""Two lists of the same records laid side by side: who is missing on one of them, and what is written differently. Pure.

A record is named by its key. Of a key that stands in a list more than once nobody can say which row is meant: it is told, and not
compared. What differs only in blanks, in capital letters or in how a date is written counts apart, as written differently.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from ownership.changes.sheets import Sheet

MOST_KEPT = 1_000  # differences
LONGEST_SHOWN = 200  # characters of a value
BETWEEN = " / "  # parts of a key
ONLY_LEFT, ONLY_RIGHT, DIFFERENT, TWICE, EMPTY = "left", "right", "different", "twice", "empty"
_DATES = (
    "%Y-%m-%d",
    "%m/%d/%Y",
    "%m/%d/%y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d.%m.%Y",
    "%d/%m/%Y",
)  # fmt: skip  where two could be meant, the first
_MIDNIGHT = re.compile(r"[T ]0?0:00(:00(\.0+)?)?(Z|[+-]00:?00)?\Z")
_HAS_DATE = re.compile(r"\d{1,4}[-/. ]|\d{8}\Z|[A-Za-z]{3,9} \d")


@dataclass(frozen=True)
class Rules:
    """How keys are compared."""

    zeros: bool = True  # "00417" and "417" are one
    case: bool = True  # "ab1" and "AB1" are one


@dataclass(frozen=True)
class Mapping:
    """Positions of columns, left and right: those that name a record, and those that are compared."""

    keys: tuple[tuple[int, int], ...]
    columns: tuple[tuple[int, int], ...]
    rules: Rules = Rules()

    def named(self, left: Sheet, right: Sheet) -> dict[str, Any]:
        """As it is kept: {"keys": [[left, right]], "columns": [[left, right]]} by name."""
        by_name = [[[left.columns[a], right.columns[b]] for a, b in pairs] for pairs in (self.keys, self.columns)]
        return {"keys": by_name[0], "columns": by_name[1], "zeros": self.rules.zeros, "case": self.rules.case}


@dataclass(frozen=True)
class Difference:
    """`values`: (column of the left, left, right) of what is different; `left`, `right`: how many rows have the key."""

    kind: str
    key: str
    label: str = ""  # who it is, where a column says so
    values: tuple[tuple[str, str, str], ...] = ()
    left: int = 0
    right: int = 0

    def kept(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "key": self.key, "label": self.label, "values": [list(one) for one in self.values],
            "left": self.left, "right": self.right,
        }  # fmt: skip


@dataclass(frozen=True)
class Result:
    """`counts`: see `COUNTED`; `differences`: the first of them by key."""

    counts: dict[str, int]
    differences: list[Difference] = field(default_factory=list)


# what is counted: rows of each list; keys in either; keys on both whose values are the same; those on one list only; those with
# another value; those that stand there more than once; rows without a key; cells that differ, and those written differently only
COUNTED = (
    "left_rows", "right_rows", "keys", "same", "only_left", "only_right", "different", "twice", "empty_left", "empty_right", "values",
    "written",
)  # fmt: skip


WRONG = ("only_left", "only_right", "different", "twice", "empty_left", "empty_right")


def differences_in(counts: dict[str, int]) -> int:
    """Records (keys, and rows without one) that are not the same on both lists."""
    return sum(counts.get(name, 0) for name in WRONG)


def difference_percent(counts: dict[str, int]) -> float:
    """Share of records that are not the same on both lists, 0 to 100."""
    return left_percent(counts, seen_to=0)


def left_percent(counts: dict[str, int], *, seen_to: int) -> float:
    """The same without those differences that somebody has seen to; what `tolerance` holds against the rules of feeds."""
    of = sum(counts.get(name, 0) for name in ("keys", "empty_left", "empty_right"))
    return 100 * max(0, differences_in(counts) - seen_to) / of if of else 0.0


def compare(left: Sheet, right: Sheet, mapping: Mapping, *, most: int = MOST_KEPT) -> Result:
    """Raises ValueError without a key."""
    if not mapping.keys:
        raise ValueError("no column names the records")
    ours, empty_left = _by_key(left, [a for a, _b in mapping.keys], mapping.rules)
    theirs, empty_right = _by_key(right, [b for _a, b in mapping.keys], mapping.rules)
    found = _Found(left, right, mapping, most)
    for at in empty_left:
        found.empty("empty_left", at)
    for at in empty_right:
        found.empty("empty_right", at)
    for key in sorted(ours.keys() | theirs.keys(), key=_order):
        found.look_at(key, ours.get(key, ()), theirs.get(key, ()))
    return Result(found.counts, found.differences)


class _Found:
    def __init__(self, left: Sheet, right: Sheet, mapping: Mapping, most: int) -> None:
        self._left, self._right, self._mapping, self._most = left, right, mapping, most
        self._labels = [(sheet, _label_columns(sheet)) for sheet in (left, right)]
        self.differences = list[Difference]()
        self.counts = dict.fromkeys(COUNTED, 0) | {"left_rows": len(left.rows), "right_rows": len(right.rows)}

    def empty(self, counted: str, at: int) -> None:
        """A row without a key: "left#17"; rows are counted as spreadsheets do."""
        if counted == "empty_left":
            self._add(counted, EMPTY, f"{ONLY_LEFT}#{at + 2}", left=[at])
        else:
            self._add(counted, EMPTY, f"{ONLY_RIGHT}#{at + 2}", right=[at])

    def look_at(self, key: str, left: Sequence[int], right: Sequence[int]) -> None:
        self.counts["keys"] += 1
        if len(left) > 1 or len(right) > 1:
            self._add("twice", TWICE, key, left=left, right=right)
        elif not right:
            self._add("only_left", ONLY_LEFT, key, left=left)
        elif not left:
            self._add("only_right", ONLY_RIGHT, key, right=right)
        else:
            self._values(key, left[0], right[0])

    def _values(self, key: str, left: int, right: int) -> None:
        ours, theirs = self._left.rows[left], self._right.rows[right]
        unlike = [(a, b) for a, b in self._mapping.columns if ours[a] != theirs[b]]
        really = [(a, b) for a, b in unlike if plain(ours[a]) != plain(theirs[b])]
        self.counts["written"] += len(unlike) - len(really)
        self.counts["values"] += len(really)
        if not really:
            self.counts["same"] += 1
            return
        values = tuple((self._left.columns[a], _shown(ours[a]), _shown(theirs[b])) for a, b in really)
        self._add("different", DIFFERENT, key, left=[left], right=[right], values=values)

    def _add(
        self, counted: str, kind: str, key: str, *, left: Sequence[int] = (), right: Sequence[int] = (),
        values: tuple[tuple[str, str, str], ...] = (),
    ) -> None:  # fmt: skip
        self.counts[counted] += 1
        if len(self.differences) < self._most:
            self.differences.append(Difference(kind, _shown(key), self._label(left, right), values, len(left), len(right)))

    def _label(self, left: Sequence[int], right: Sequence[int]) -> str:
        """Of the first row that names somebody."""
        for (sheet, columns), rows in zip(self._labels, (left, right), strict=True):
            if rows and (said := " ".join(sheet.rows[rows[0]][at].strip() for at in columns).strip()):
                return _shown(said)
        return ""


def _by_key(sheet: Sheet, columns: Sequence[int], rules: Rules) -> tuple[dict[str, list[int]], list[int]]:
    """(key → its rows, rows without one)."""
    found, empty = dict[str, list[int]](), list[int]()
    for at, row in enumerate(sheet.rows):
        parts = [key_part(row[column], rules) for column in columns]
        if any(parts):
            found.setdefault(BETWEEN.join(parts), []).append(at)
        else:
            empty.append(at)
    return found, empty


def _label_columns(sheet: Sheet) -> list[int]:
    """Columns that name somebody: "First name" and "Last name", "Student name"; not "School name"."""
    names = [name.casefold().replace("_", " ") for name in sheet.columns]
    others = ("school", "user", "site", "course", "parent", "guardian", "org", "file")
    wanted = [at for at, name in enumerate(names) if "name" in name and not any(other in name for other in others)]
    return wanted[:2]


def key_part(value: str, rules: Rules) -> str:
    """As keys are compared: without blanks around it, and, by the rules, without leading zeros and capitals."""
    text = " ".join(value.split())
    if rules.case:
        text = text.casefold()
    if rules.zeros and text.isascii() and text.isdigit():
        text = text.lstrip("0") or "0"
    return text


@lru_cache(maxsize=100_000)
def plain(value: str) -> str:
    """What a value says, whatever blanks, capitals or way of writing a date it has."""
    text = " ".join(unicodedata.normalize("NFKC", value).split())
    found = _date(text)
    return found.isoformat() if found else text.casefold()


def _date(text: str) -> date | None:
    bare = _MIDNIGHT.sub("", text)
    if not 6 <= len(bare) <= 20 or not _HAS_DATE.search(bare):
        return None
    for shape in _DATES:
        try:
            found = datetime.strptime(bare, shape).date()
        except ValueError:
            continue
        return found if 1900 <= found.year <= 2100 else None
    return None


def _order(key: str) -> tuple[int, int, str]:
    """Numbers by their size, before words."""
    return (0, int(key), key) if key.isascii() and key.isdigit() and len(key) < 40 else (1, 0, key)


def _shown(value: str) -> str:
    text = " ".join(value.split())
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
