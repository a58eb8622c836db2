"""PostgreSQL backend that names the district at the start of every transaction."""

import psycopg
from django.db.backends.postgresql import base
from psycopg.pq import ExecStatus

from districts.postgres.schema import DistrictSchemaEditor
from districts.scope import current_district_id


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = DistrictSchemaEditor

    def _set_autocommit(self, autocommit: bool) -> None:
        """Every outermost transaction.atomic() passes here: BEGIN and the district travel in one message.

        psycopg's own connection stays in autocommit, so it does not send a BEGIN of its own; its commit() and rollback() go by
        the state of the transaction.
        """
        if autocommit:
            super()._set_autocommit(autocommit)  # type: ignore[misc]
            return
        district_id = current_district_id()
        begin = "BEGIN" if district_id is None else f"BEGIN; SET LOCAL app.district_id = '{district_id}'"
        with self.wrap_database_errors:
            result = self.connection.pgconn.exec_(begin.encode())
            if result.status != ExecStatus.COMMAND_OK:
                raise psycopg.errors.error_from_result(result)

    def apply_district(self) -> None:
        """Send `SET LOCAL app.district_id` (a literal: set_config() is not passed on by Citus)."""
        district_id = current_district_id()
        if district_id is None and not self.in_atomic_block:
            return  # nothing is set, so the policy denies everything
        value = str(district_id) if district_id else "NO-DISTRICT-IN-SCOPE"
        with self.wrap_database_errors, self.connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL app.district_id = '{value}'")
