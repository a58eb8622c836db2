"""Try to get across: two districts and one row in every table, made in a transaction that is rolled back at the end.

In the second district's scope everything of the first must be out of reach: read, insert, update, delete, a row moved over, a
foreign key across the border; and without a district nothing may be seen or written at all.
"""

import secrets
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
from psycopg import errors, sql

from districts.isolation.catalog import Hole, tables
from districts.postgres.roles import Connection

HELD = "held"
TRIALS = ("read", "insert", "update", "delete", "move", "border", "no district")
DENIED = (errors.InsufficientPrivilege,)  # refused by a policy, or by a missing grant
NOWHERE = (errors.InvalidTextRepresentation, errors.UndefinedObject, errors.InsufficientPrivilege)

COLUMNS = """
SELECT a.attname, format_type(a.atttypid, NULL), CASE WHEN a.atttypmod > 4 THEN a.atttypmod - 4 ELSE 40 END,
       a.attnotnull AND NOT a.atthasdef AND a.attgenerated = ''
FROM pg_attribute a WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""

BORDERS = """
SELECT a.attname, k.confrelid::regclass::text, a.attnotnull FROM pg_constraint k
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY(k.conkey) AND a.attname <> 'district_id'
WHERE k.conrelid = %s::regclass AND k.contype = 'f' AND k.conparentid = 0 AND k.confrelid <> 'districts_district'::regclass"""

SAMPLES: dict[str, Callable[[int], Any]] = {
    "uuid": lambda _: uuid.uuid4(),
    "text": lambda _: f"isolation-{uuid.uuid4().hex}",
    "character varying": lambda length: uuid.uuid4().hex[:length],
    "boolean": lambda _: False,
    "smallint": lambda _: secrets.randbelow(30_000),
    "integer": lambda _: secrets.randbelow(30_000),
    "bigint": lambda _: secrets.randbelow(30_000),
    "numeric": lambda _: 1,
    "double precision": lambda _: 1.0,
    "real": lambda _: 1.0,
    "jsonb": lambda _: "{}",
    "bytea": lambda _: b"",
    "date": lambda _: "2026-01-05",
    "time without time zone": lambda _: "08:00",
    "timestamp with time zone": lambda _: "2026-01-05T08:00:00Z",
    "interval": lambda _: "1 hour",
    "inet": lambda _: "127.0.0.1",
    "tsvector": lambda _: "",
}


class Undo(Exception):
    """Ends a trial's savepoint, so that nothing of it stays."""


@dataclass
class Border:
    column: str
    to: str
    required: bool


@dataclass
class Side:
    """One of the two made-up districts, and its row in each table."""

    district: UUID
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)


class Trials:
    """`results[table][trial]` is "held", "–" where there is nothing to try, or what came through."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.results: dict[str, dict[str, str]] = {}
        self.borders: dict[str, list[Border]] = {}

    def run(self) -> Iterator[Hole]:
        with self.connection.transaction(force_rollback=True):
            self.near, self.far = Side(self._district()), Side(self._district())
            names = tables(self.connection)
            self.borders = {name: self._borders(name) for name in names}
            for side in (self.near, self.far):
                self._enter(side.district)
                yield from self._fill(side, names)
            for name in names:
                self.results[name] = self._try(name) if name in self.near.rows else dict.fromkeys(TRIALS, "not tried")
        for name, found in self.results.items():
            yield from (Hole(name, f"{trial}: {what}") for trial, what in found.items() if what not in (HELD, "–", "not tried"))

    # --- the stage --------------------------------------------------------------------------------------------------

    def _enter(self, district: UUID | None) -> None:
        where = sql.Literal(str(district)) if district else sql.SQL("DEFAULT")
        self.connection.execute(sql.SQL("SET LOCAL app.district_id TO {}").format(where))

    def _district(self) -> UUID:
        row = self._sample("districts_district", {})
        self._insert("districts_district", row)
        district: UUID = row["id"]
        return district

    def _borders(self, name: str) -> list[Border]:
        rows = self.connection.execute(BORDERS, [name]).fetchall()
        return [Border(str(column), str(to), bool(required)) for column, to, required in rows]

    def _fill(self, side: Side, names: list[str]) -> Iterator[Hole]:
        """A row in every table, those first that others need."""
        waiting = list(names)
        while waiting:
            ready = [n for n in waiting if all(b.to in side.rows or not b.required for b in self.borders[n])]
            for name in ready:
                parents = {b.column: side.rows[b.to]["id"] for b in self.borders[name] if b.to in side.rows and b.required}
                row = self._sample(name, {"district_id": side.district, **parents})
                refused = self._attempt(partial(self._insert, name, row), keep=True)
                if refused or "id" not in row:
                    yield Hole(name, f"not tried, its own row was refused: {refused or 'it has no id'}")
                    continue
                side.rows[name] = row
            waiting = [n for n in waiting if n not in ready]
            if not ready:
                yield from (Hole(name, "not tried, a row it needs is missing") for name in waiting)
                return

    def _sample(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        row = dict(given)
        for column, kind, length, needed in self.connection.execute(COLUMNS, [name]).fetchall():
            if needed and column not in row:
                row[str(column)] = SAMPLES[str(kind)](int(str(length))) if str(kind) in SAMPLES else "{}"
        return row

    def _insert(self, name: str, row: dict[str, Any]) -> int:
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join([sql.Placeholder()] * len(row))
        )
        return self.connection.execute(statement, list(row.values())).rowcount

    # --- the trials ---------------------------------------------------------------------------------------------------

    def _try(self, name: str) -> dict[str, str]:
        theirs = self.far.rows.get(name, {}).get("id")
        self._enter(self.far.district)
        if not self._count(name, "id = %s", theirs):
            return {**dict.fromkeys(TRIALS, "not tried"), "read": "its own district cannot see its row"}
        self._enter(self.near.district)
        own, other = self.near.rows[name]["id"], self.far.district
        return {
            "read": self._nothing(lambda: self._count(name, "district_id <> %s OR id = %s LIMIT 9", self.near.district, theirs)),
            "insert": self._denied(lambda: self._insert(name, self._another(name, other))),
            "update": self._nothing(lambda: self._write("UPDATE {} SET district_id = district_id WHERE id = %s", name, theirs)),
            "delete": self._nothing(lambda: self._write("DELETE FROM {} WHERE id = %s", name, theirs)),
            "move": self._denied(lambda: self._write("UPDATE {} SET district_id = %s WHERE id = %s", name, other, own)),
            "border": self._borders_hold(name, own),
            "no district": self._without_district(name),
        }

    def _another(self, name: str, district: UUID, **given: Any) -> dict[str, Any]:
        """A row like this district's own, with an id of its own."""
        like = {b.column: self.near.rows[name][b.column] for b in self.borders[name] if b.required}
        return self._sample(name, {**like, "district_id": district, **given})

    def _count(self, name: str, where: str, *values: Any) -> int:
        statement = sql.SQL("SELECT count(*) FROM (SELECT FROM {} WHERE " + where + ") AS found").format(sql.Identifier(name))  # type: ignore[arg-type]
        row = self.connection.execute(statement, values).fetchone()
        return int(str(row[0])) if row else 0

    def _write(self, statement: str, name: str, *values: Any) -> int:
        return self.connection.execute(sql.SQL(statement).format(sql.Identifier(name)), values).rowcount  # type: ignore[arg-type]

    def _borders_hold(self, name: str, own: UUID) -> str:
        for border in self.borders[name]:
            if border.to not in self.far.rows:
                return "not tried"
            found = self._across(name, border, self.far.rows[border.to]["id"], own)
            if found != HELD:
                return found
        return HELD if self.borders[name] else "–"

    def _across(self, name: str, border: Border, theirs: UUID, own: UUID) -> str:
        """A new row, or where one of a kind is allowed only, the own one, that points at a row across the border."""
        row = self._another(name, self.near.district, **{border.column: theirs})
        refused = self._attempt(lambda: self._insert(name, row))
        if isinstance(refused, errors.UniqueViolation):
            change = sql.SQL("UPDATE {} SET {} = %s WHERE id = %s").format(sql.Identifier(name), sql.Identifier(border.column))
            refused = self._attempt(lambda: self.connection.execute(change, [theirs, own]).rowcount)
        if isinstance(refused, errors.ForeignKeyViolation):
            return HELD
        return f"{border.column} points at a row of another district ({refused or 'accepted'})"

    def _without_district(self, name: str) -> str:
        self._enter(None)
        try:
            for act in (lambda: self._count(name, "true"), lambda: self._insert(name, self._another(name, self.near.district))):
                refused = self._attempt(act)
                if not isinstance(refused, NOWHERE):
                    return str(refused or "was possible")
        finally:
            self._enter(self.near.district)
        return HELD

    def _nothing(self, act: Callable[[], int]) -> str:
        came = 0

        def counted() -> None:
            nonlocal came
            came = act()

        refused = self._attempt(counted)
        if refused is None:
            return HELD if came == 0 else f"{came} rows of another district"
        return HELD if isinstance(refused, DENIED) else str(refused)

    def _denied(self, act: Callable[[], int]) -> str:
        refused = self._attempt(act)
        return HELD if isinstance(refused, DENIED) else str(refused or "was possible")

    def _attempt(self, act: Callable[[], object], *, keep: bool = False) -> psycopg.Error | None:
        """The error the act was refused with, or None. Unless it is to be kept, it is undone."""
        try:
            with self._undone(keep):
                act()
        except psycopg.Error as error:
            return error
        return None

    @contextmanager
    def _undone(self, keep: bool) -> Iterator[None]:
        try:
            with self.connection.transaction():
                yield
                if not keep:
                    raise Undo
        except Undo:
            pass
