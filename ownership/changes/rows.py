"""What a program tells of changes, as JSON or CSV, becomes rows; what is wrong is told with its row. Pure.

JSON: a list of objects, or one under a key; CSV: a first row with the same names. All of it is taken or nothing.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_datetime

from districts.told import Unreadable, is_text, readable, shallow
from ownership.changes.recording import Arrived, Left

MOST_ROWS = 1_000
MOST_BYTES = 1024 * 1024
MOST_TOLD = 50
LONGEST = {"key": 120, "record": 120, "name": 200, "what": 200, "at": 40}
AHEAD = timedelta(hours=1)  # clocks differ; further ahead it is a mistake
LONG_AGO = timedelta(days=400)
Fault = Mapping[str, str]  # field → what is wrong with it


class BadRows(ValueError):
    """Nothing is taken. `faults`: by the number of the row, from 0, what is wrong with each of its fields; 50 rows at most."""

    def __init__(self, faults: Mapping[int, Fault]) -> None:
        super().__init__(f"{len(faults)} rows")
        self.faults = dict(list(faults.items())[:MOST_TOLD])


class TooMany(ValueError):
    """More rows than one call may carry."""


@dataclass(frozen=True)
class Clock:
    """What a time without an offset means, and which times can be true."""

    now: datetime
    zone: ZoneInfo

    def read(self, text: str) -> datetime:
        """Now, where nothing is said. Raises ValueError with a sentence."""
        if not text:
            return self.now
        try:
            found = parse_datetime(text) if ":" in text else None
        except ValueError:
            found = None
        if found is None:
            raise ValueError("A time is needed, as in 2026-11-03T10:15:00-08:00.")
        at = found if found.tzinfo else found.replace(tzinfo=self.zone)
        if not self.now - LONG_AGO <= at <= self.now + AHEAD:
            raise ValueError("This time is more than an hour ahead, or more than 400 days ago.")
        return at


def left_rows(body: bytes, *, csv_body: bool, clock: Clock) -> list[Left]:
    """Raises BadRows, TooMany, Unreadable."""
    return _each(_objects(body, csv_body, "changes"), lambda row: _left(row, clock))


def arrived_rows(body: bytes, *, csv_body: bool, clock: Clock) -> list[Arrived]:
    """Raises BadRows, TooMany, Unreadable."""
    return _each(_objects(body, csv_body, "arrived"), lambda row: _arrived(row, clock))


class _Wrong(ValueError):
    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self.fault = fault


def _each[Row](objects: Sequence[Any], make: Callable[[Any], Row]) -> list[Row]:
    made, faults = list[Row](), dict[int, Fault]()
    for at, one in enumerate(objects):
        try:
            made.append(make(one))
        except _Wrong as error:
            faults[at] = error.fault
    if faults:
        raise BadRows(faults)
    return made


def _left(row: Any, clock: Clock) -> Left:
    given, at = _values(row, ("key", "record", "name", "what"), clock)
    if not given["key"]:
        raise _Wrong({"key": "What the source calls this change is needed: told twice, it counts once."})
    return Left(at=at, **given)


def _arrived(row: Any, clock: Clock) -> Arrived:
    given, at = _values(row, ("key", "record"), clock)
    if not given["key"] and not given["record"]:
        raise _Wrong({"key": "The key of the change is needed, or the number of its record."})
    return Arrived(at=at, **given)


def _values(row: Any, names: Iterable[str], clock: Clock) -> tuple[dict[str, str], datetime]:
    """Texts on one line, and the time. Raises _Wrong with all that is wrong."""
    if not isinstance(row, dict):
        raise _Wrong({"": "A row is an object with fields."})
    fault = dict[str, str]()
    given = {name: _text(row.get(name), name, fault) for name in (*names, "at")}
    at = clock.now
    if "at" not in fault:
        try:
            at = clock.read(given["at"])
        except (ValueError, OverflowError) as error:
            fault["at"] = str(error)
    if fault:
        raise _Wrong(fault)
    del given["at"]
    return given, at


def _text(value: Any, name: str, fault: dict[str, str]) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and name in ("key", "record"):
        value = str(value) if abs(value) < 10 ** LONGEST[name] else None
    if not isinstance(value, str) or not is_text(value):
        fault[name] = "Text is needed."
        return ""
    text = " ".join(value.split())
    if len(text) > LONGEST[name]:
        fault[name] = f"At most {LONGEST[name]} characters."
    return text


def _objects(body: bytes, csv_body: bool, key: str) -> Sequence[Any]:
    found = _from_csv(body) if csv_body else _from_json(body, key)
    if len(found) > MOST_ROWS:
        raise TooMany
    return found


def _from_json(body: bytes, key: str) -> list[Any]:
    try:
        with readable():
            read = shallow(json.loads(body))
    except ValueError as error:
        raise Unreadable("this is no JSON in UTF-8") from error
    rows = read.get(key) if isinstance(read, dict) else read
    if not isinstance(rows, list):
        raise Unreadable(f"send a list of objects, or an object with one under “{key}”")
    return rows


def _from_csv(body: bytes) -> list[dict[str, str]]:
    try:
        lines = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        head = [name.strip().lower() for name in next(lines, [])]
        rows = [dict(zip(head, line, strict=False)) for line in lines if any(cell.strip() for cell in line)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unreadable("this is no CSV in UTF-8") from error
    if not {"key", "record"} & set(head):
        raise Unreadable("the first row must name the columns: key, record, name, what, at")
    return rows
