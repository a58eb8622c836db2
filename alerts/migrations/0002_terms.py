"""The promise moves from three figures to terms of the grammar.

The figures stay until a later release, with the defaults they had: processes of the release before may still name them.
"""

from django.db import migrations, models

DEFAULTS = (("target", 95), ("reach_minutes", 15), ("validate_minutes", 30))
TERMS = "95 % delivered within 15 minutes, validated within 30 minutes"
MOVE = """
UPDATE {table} SET terms = target || ' % delivered within ' || reach_minutes || CASE reach_minutes WHEN 1 THEN ' minute' ELSE ' minutes' END
    || ', validated within ' || validate_minutes || CASE validate_minutes WHEN 1 THEN ' minute' ELSE ' minutes' END
"""
TABLES = {"alert": "alerts_alert", "alertpolicy": "alerts_alertpolicy"}
HELP = {
    "alert": "Its promise: the district's on the day it was written.",
    "alertpolicy": "In the grammar of promises: a share of people by a time.",
}


def _kept(table: str) -> list[str]:
    return [f"ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {value}" for column, value in DEFAULTS]


class Migration(migrations.Migration):
    dependencies = [("alerts", "0001_initial")]

    operations = [
        *(
            migrations.AddField(model, "terms", models.CharField(max_length=300, default=TERMS, help_text=HELP[model]))
            for model in TABLES
        ),
        *(migrations.RunSQL(MOVE.format(table=table), migrations.RunSQL.noop) for table in TABLES.values()),
        *(
            migrations.SeparateDatabaseAndState(
                database_operations=[migrations.RunSQL(_kept(table), migrations.RunSQL.noop)],
                state_operations=[migrations.RemoveField(model, column) for column, _value in DEFAULTS],
            )
            for model, table in TABLES.items()
        ),
    ]
