"""Rows of several tables written in one statement.

An act that makes many rows (a ticket, its message, its event, its clocks, its letter) would pay a round trip and a plan for each.
`insert` writes whatever it is given in one `WITH … INSERT` statement, prepared where its like comes again; inside `together()` it
waits, so that the acts of several floors become one statement when the block ends. Foreign keys are checked when the statement
ends, so the order of the rows does not matter. Rows that wait cannot be read from the database yet: `waiting` shows them.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import count
from typing import Any

from django.db import connection, models

from districts import prepared
from districts.models import DistrictModel
from districts.scope import require_district_id


@dataclass
class Batch:
    """What waits; after the block `changed` is the number of rows that `last` changed."""

    rows: list[tuple[DistrictModel, bool]] = field(default_factory=list)
    last: tuple[str, Sequence[Any]] | None = None  # a statement and its values: sent with the rows, it saves a round trip
    changed: int = 0


_open: ContextVar[Batch | None] = ContextVar("together", default=None)


@contextmanager
def together() -> Iterator[Batch]:
    """Everything that `insert` is given in this block is written at its end, or not at all when the block fails.

    Within another such block it writes with that one.
    """
    outer = _open.get()
    if outer is not None:
        yield outer
        return
    batch = Batch()
    token = _open.set(batch)
    try:
        yield batch
    finally:
        _open.reset(token)
    batch.changed = _write(batch.rows, batch.last)


def insert(*rows: DistrictModel, once: bool = False) -> None:
    """Insert now, or with the block. `once`: a row that a unique key already has is left out in silence."""
    batch = _open.get()
    if batch is None:
        _write([(row, once) for row in rows])
    else:
        batch.rows += [(row, once) for row in rows]


def insert_now(*rows: DistrictModel) -> None:
    """Insert at once, whatever block is open: for rows whose unique keys must speak up here."""
    _write([(row, False) for row in rows])


def is_open() -> bool:
    """Are we in such a block?"""
    return _open.get() is not None


def waiting[M: DistrictModel](model: type[M]) -> list[M]:
    """Rows of a model that this block has not written yet."""
    batch = _open.get()
    return [row for row, _once in batch.rows if isinstance(row, model)] if batch else []


def _write(rows: Sequence[tuple[DistrictModel, bool]], last: tuple[str, Sequence[Any]] | None = None) -> int:
    """Returns how many rows the last part of the statement touched."""
    if not (rows or last):
        return 0
    if len(rows) > MOST_ROWS:
        _write(rows[:MOST_ROWS])
        return _write(rows[MOST_ROWS:], last)
    district_id = require_district_id()
    groups: dict[tuple[type[DistrictModel], bool], list[DistrictModel]] = {}
    for row, once in rows:
        if row.district_id is None:
            row.district_id = district_id
        groups.setdefault((type(row), once), []).append(row)
    shape = tuple((model, once, len(same)) for (model, once), same in groups.items())
    values = [value for same in groups.values() for row in same for value in _values(row)]
    values += last[1] if last else ()
    again = len(values) <= MOST_PREPARED
    changed = prepared.run_numbered(_statement(shape, last[0] if last else ""), values, prepare=again)
    for row, _once in rows:
        row._state.adding, row._state.db = False, connection.alias
    return changed


MOST_ROWS = 1000  # of a statement: PostgreSQL takes 65,535 values
MOST_PREPARED = 400  # values of a statement that is likely to come again; one with more is of its own kind


@lru_cache(maxsize=500)
def _statement(shape: tuple[tuple[type[DistrictModel], bool, int], ...], last: str) -> bytes:
    """One statement for rows of these tables, its values numbered: $1 and on."""
    parts, number = [], count(1)
    for model, once, rows in shape:
        head, columns = _shape(model)
        lists = ", ".join(f"({', '.join(f'${next(number)}' for _ in columns)})" for _ in range(rows))
        parts.append(f"{head} {lists}{' ON CONFLICT DO NOTHING' if once else ''}")
    parts += ["".join(piece if at == 0 else f"${next(number)}{piece}" for at, piece in enumerate(last.split("%s")))] if last else []
    named = ", ".join(f"w{n} AS ({part})" for n, part in enumerate(parts[:-1]))
    return (f"WITH {named} {parts[-1]}" if named else parts[-1]).encode()


type _Column = tuple[str, Callable[[Any], Any] | None]
AS_THEY_ARE = (models.UUIDField, models.CharField, models.TextField, models.DateTimeField, models.BooleanField, models.ForeignKey)


@cache
def _shape(model: type[models.Model]) -> tuple[str, tuple[_Column, ...]]:
    """("INSERT INTO table (columns) VALUES", columns with what prepares their values) without generated columns."""
    fields = tuple(f for f in model._meta.concrete_fields if not f.generated)
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(f.column)) for f in fields)
    columns = tuple((str(f.attname), None if isinstance(f, AS_THEY_ARE) else _preparing(f)) for f in fields)
    return f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES", columns


def _preparing(field: "models.Field[Any, Any]") -> Callable[[Any], Any]:
    return lambda value: field.get_db_prep_save(value, connection)


def _values(row: models.Model) -> list[Any]:
    _head, columns = _shape(type(row))
    return [getattr(row, name) if prepare is None else prepare(getattr(row, name)) for name, prepare in columns]
