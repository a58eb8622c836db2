"""PostgreSQL backend that names the district at the start of every transaction."""

from django.db.backends.postgresql import base

from districts.postgres.schema import DistrictSchemaEditor
from districts.scope import current_district_id


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = DistrictSchemaEditor

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]
        if not autocommit:  # every outermost transaction.atomic() passes here
            self.apply_district()

    def apply_district(self) -> None:
        """Send `SET LOCAL app.district_id` (a literal: set_config() is not passed on by Citus)."""
        district_id = current_district_id()
        if district_id is None and not self.in_atomic_block:
            return  # nothing is set, so the policy denies everything
        value = str(district_id) if district_id else "NO-DISTRICT-IN-SCOPE"
        with self.wrap_database_errors, self.connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL app.district_id = '{value}'")
