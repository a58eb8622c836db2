"""The bytes of an envelope, however many: into the database and out of it a piece at a time.

A mail with a file of 25 MB has 36 MB. A driver would hold it three to eight times over while a statement that carries it is built.
So what is more than `CARRIED` is put together on the server, as a large object that lives no longer than the transaction.
"""

import io
from collections.abc import Iterator
from typing import IO, Any
from uuid import UUID

import psycopg
from django.db import connection

from districts import prepared
from districts.scope import require_district_id
from intake.models import Envelope

CARRIED = 256 * 1024  # bytes that a statement may well carry
PIECE = 1024 * 1024
Raw = bytes | IO[bytes]


def pieces(raw: Raw, size: int = PIECE) -> Iterator[bytes]:
    """All of it from the beginning, in order."""
    file = io.BytesIO(raw) if isinstance(raw, bytes) else raw
    file.seek(0)
    while piece := file.read(size):
        yield piece


def fits(raw: Raw) -> bool:
    """Few enough to be carried along."""
    return len(raw) <= CARRIED if isinstance(raw, bytes) else raw.seek(0, io.SEEK_END) <= CARRIED


def bound(statement: str, values: list[Any]) -> int:
    """Run a statement whose values travel beside it, bytes as they are; returns the number of rows it changed.

    Django's cursors write values into the statement: bytes in twice as many hexadecimal digits, which the server parses.
    """
    return prepared.run(statement, values, binary=True).rowcount


def _run(statement: str, values: list[Any]) -> psycopg.Cursor[Any]:
    with connection.wrap_database_errors:
        return psycopg.Cursor(connection.connection).execute(statement.encode(), values, binary=True)


def put_together(raw: Raw) -> int:
    """A large object on the server, in the caller's transaction, whose end it must not see: `take_apart` it."""
    oid, at = 0, 0
    for piece in pieces(raw):
        if oid:
            _run("SELECT lo_put(%s::oid, %s::bigint, %b)", [oid, at, piece])
        else:
            row = _run("SELECT lo_from_bytea(0, %b)", [piece]).fetchone()
            oid = int(row[0]) if row else 0
        at += len(piece)
    return oid


def take_apart(oid: int) -> None:
    _run("SELECT lo_unlink(%s::oid)", [oid])


def bytes_of(envelope_id: UUID, *, attempts: int, size: int) -> bytes:
    """All bytes of an envelope of the district in scope. Raises Envelope.DoesNotExist where it is at another attempt."""
    statement = f"SELECT substr(raw, %s, %s) FROM {Envelope._meta.db_table} WHERE district_id = %s AND id = %s AND attempts = %s"
    whole = io.BytesIO()
    while whole.tell() < size:
        values = [whole.tell() + 1, PIECE, require_district_id(), envelope_id, attempts]
        row = _run(statement, values).fetchone()
        if row is None or not row[0]:
            raise Envelope.DoesNotExist
        whole.write(row[0])
    return whole.getvalue()
