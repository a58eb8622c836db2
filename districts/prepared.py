"""Statements that every message runs: parsed once by each connection, planned hardly more often, their values sent beside them.

PostgreSQL spends more on the plan of a small statement than on running it. Only what says so is prepared: a driver that prepared
whatever comes often would keep statements whose text differs by a value. Behind a pooler that hands a session's statements to
another (PgBouncer before 1.21), DATABASE_PREPARED=0 sends the same statements unprepared.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection


def run(statement: str, values: Sequence[Any], *, binary: bool = False) -> psycopg.Cursor[Any]:
    """Within a transaction, whose beginning has named the district. `binary`: what comes back is sent as the server has it."""
    with connection.wrap_database_errors:
        return psycopg.Cursor(connection.connection).execute(statement.encode(), values, prepare=True, binary=binary)


def run_numbered(statement: bytes, values: Sequence[Any], *, prepare: bool = True) -> int:
    """The same for a statement whose values are $1, $2 and on, however many; returns the number of rows it changed."""
    with connection.wrap_database_errors:
        return psycopg.RawCursor(connection.connection).execute(statement, values, prepare=prepare).rowcount
