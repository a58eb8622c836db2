"""PostgreSQL backend that names the district at the start of every transaction, and asks the server for as little as it can.

Transactions are begun, saved and ended by libpq's own call, since a message to the server that carries no values needs none
of a cursor's care. psycopg's connection stays in autocommit, so it sends no BEGIN of its own.
"""

import psycopg
from django.db.backends.postgresql import base
from django.db.utils import OperationalError
from psycopg.pq import ConnStatus, ExecStatus

from districts.postgres.schema import DistrictSchemaEditor
from districts.scope import current_district_id

STALE_AT_MOST = 20  # connections of a pool that a restarted server has closed


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = DistrictSchemaEditor

    def _set_autocommit(self, autocommit: bool) -> None:
        """Every outermost transaction.atomic() passes here: BEGIN and the district travel in one message.

        Where the server has gone since the connection was last used, this is where it shows, and nothing was done yet: the
        connection is taken anew. So no health check is needed before each request.
        """
        if autocommit:
            super()._set_autocommit(autocommit)  # type: ignore[misc]
            return
        district_id = current_district_id()
        begin = "BEGIN" if district_id is None else f"BEGIN; SET LOCAL app.district_id = '{district_id}'"
        for _ in range(STALE_AT_MOST):
            try:
                self._say(begin)
                return
            except OperationalError:
                if self.in_atomic_block or self.connection.pgconn.status == ConnStatus.OK:
                    raise
                self.close()
                self.connect()
        self._say(begin)

    def _say(self, statement: str) -> None:
        with self.wrap_database_errors:
            result = self.connection.pgconn.exec_(statement.encode())
            if result.status == ExecStatus.COMMAND_OK:
                return
            if self.connection.pgconn.status != ConnStatus.OK:  # the server is gone, so no error of its own came
                raise psycopg.OperationalError(self.connection.pgconn.get_error_message() or "the connection is lost")
            raise psycopg.errors.error_from_result(result)

    def _savepoint(self, sid: str) -> None:
        self._say(self.ops.savepoint_create_sql(sid))

    def _savepoint_rollback(self, sid: str) -> None:
        self._say(self.ops.savepoint_rollback_sql(sid))

    def _savepoint_commit(self, sid: str) -> None:
        self._say(self.ops.savepoint_commit_sql(sid))

    def apply_district(self) -> None:
        """Send `SET LOCAL app.district_id` (a literal: set_config() is not passed on by Citus)."""
        district_id = current_district_id()
        if district_id is None and not self.in_atomic_block:
            return  # nothing is set, so the policy denies everything
        value = str(district_id) if district_id else "NO-DISTRICT-IN-SCOPE"
        self._say(f"SET LOCAL app.district_id = '{value}'")
