"""Schema editor that gives every district table its wall, from ordinary migrations.

For a model with a `district` foreign key: PRIMARY KEY (district_id, id), row-level security with one policy, and composite
foreign keys (district_id, x_id) to other district tables. `HASH_PARTITIONS` > 0 partitions the tables by district, which
enforces the same rules that Citus asks for.
"""

from typing import Any

from django.conf import settings
from django.db.backends.ddl_references import Statement
from django.db.backends.postgresql import schema
from django.db.models import Model

POLICY = (
    "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY one_district ON {table} TO PUBLIC"
    " USING (district_id = current_setting('app.district_id')::uuid)"
    " WITH CHECK (district_id = current_setting('app.district_id')::uuid)",
)


def is_district_table(model: type[Model]) -> bool:
    return any(field.name == "district" and field.is_relation for field in model._meta.local_fields)


class DistrictSchemaEditor(schema.DatabaseSchemaEditor):
    sql_create_column_inline_fk = None  # type: ignore[assignment]  # AddField must not write a single-column foreign key inline
    sql_create_district_fk = (
        "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s FOREIGN KEY (district_id, %(column)s) "
        "REFERENCES %(to_table)s (district_id, %(to_column)s) DEFERRABLE INITIALLY IMMEDIATE"
    )

    def table_sql(self, model: type[Model]) -> tuple[str, Any]:
        sql, params = super().table_sql(model)
        if is_district_table(model):
            column = self.quote_name(str(model._meta.pk.column))
            single = f"{column} uuid NOT NULL PRIMARY KEY"
            if single not in sql:
                raise ValueError(f"{model._meta.label}: a district table needs a UUID primary key")
            sql = sql.replace(single, f"{column} uuid NOT NULL", 1).rstrip()
            sql = f"{sql[:-1]}, PRIMARY KEY (district_id, {column}))"
            if settings.HASH_PARTITIONS:
                sql += " PARTITION BY HASH (district_id)"
        return sql, params

    def create_model(self, model: type[Model]) -> None:
        super().create_model(model)
        if not is_district_table(model):
            return
        table = model._meta.db_table
        parts = settings.HASH_PARTITIONS
        for part in range(parts):
            name = self.quote_name(f"{table}_p{part:02d}")
            self.execute(
                f"CREATE TABLE {name} PARTITION OF {self.quote_name(table)} FOR VALUES WITH (MODULUS {parts}, REMAINDER {part})"
            )
        for statement in POLICY:
            self.execute(statement.format(table=self.quote_name(table)), params=None)

    def add_field(self, model: type[Model], field: Any) -> None:
        """A table is walled when it is made. `makemigrations` may split off the district: move it into CreateModel by hand."""
        if field.name == "district" and field.is_relation:
            raise ValueError(f"{model._meta.label}: its district must be in CreateModel, or the table has no wall")
        super().add_field(model, field)

    def _create_fk_sql(self, model: type[Model], field: Any, suffix: str) -> Statement:
        statement: Statement = super()._create_fk_sql(model, field, suffix)  # type: ignore[misc]
        to_model = field.remote_field.model
        if field.name != "district" and is_district_table(model) and is_district_table(to_model):
            return Statement(self.sql_create_district_fk, **statement.parts)
        return statement
