"""One district at a time.

`district_scope` is the only way to touch a district's rows: one transaction, one district. Three walls stand behind it:
the manager of every `DistrictModel` raises without a scope, PostgreSQL's row-level security denies rows of any other
district to the application's role, and composite foreign keys keep rows from pointing across the border.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, cast
from uuid import UUID

from django.db import connection, connections, transaction

_current: ContextVar[UUID | None] = ContextVar("district_id", default=None)


class _Connection(Protocol):
    """What the backend (districts.postgres) adds to Django's, as far as it is used here."""

    connection: Any
    in_atomic_block: bool
    needs_rollback: bool

    def apply_district(self) -> None: ...


class NoDistrict(RuntimeError):
    """District rows were asked for with no district in scope."""


def current_district_id() -> UUID | None:
    return _current.get()


def require_district_id() -> UUID:
    """The district in scope; raises `NoDistrict` where there is none."""
    district_id = _current.get()
    if district_id is None:
        raise NoDistrict("no district in scope: wrap the code in district_scope()")
    return district_id


@contextmanager
def district_scope(district_id: UUID | str, *, using: str = "default") -> Iterator[None]:
    """Open one transaction in one district; nested scopes put the outer one back."""
    wanted = district_id if isinstance(district_id, UUID) else UUID(str(district_id))
    conn = cast("_Connection", connections[using])
    nested = conn.in_atomic_block
    token = _current.set(wanted)
    try:
        with transaction.atomic(using=using):
            if nested:  # BEGIN has passed: the backend's own hook will not fire
                conn.apply_district()
            yield
    finally:
        _current.reset(token)
        if nested and conn.connection is not None and not conn.needs_rollback:
            conn.apply_district()


def districts_with_work(queue: str, *, limit: int = 500) -> list[UUID]:
    """Ids of districts that have due rows in `queue` (ids only: see the `work_<queue>` functions in migrations)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT district_id FROM districts_with_work(%s, %s)", [queue, limit])
        return [row[0] for row in cursor.fetchall()]
