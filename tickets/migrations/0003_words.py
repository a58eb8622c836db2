"""Words by which tickets are found. `manage.py index_words` writes those of tickets that are older than this."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.contrib.postgres.operations import BtreeGinExtension
from django.db import migrations, models

import districts.models

WITH_TICKET = (
    "ALTER TABLE tickets_ticketwords ADD CONSTRAINT words_of_ticket FOREIGN KEY (district_id, id)"
    " REFERENCES tickets_ticket (district_id, id) ON DELETE CASCADE"
)
# Behind a policy an index serves only operators that cannot tell of a row they are refused. This one is such: it raises nothing,
# whatever it compares. Only a superuser may say so; without, a search reads its district's rows (docs/decisions/search-in-tickets.md).
INDEX_BEHIND_THE_POLICY = """
DO $$ BEGIN
  ALTER FUNCTION pg_catalog.ts_match_vq(tsvector, tsquery) LEAKPROOF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE NOTICE 'ts_match_vq stays as it is: searching words reads the rows of the district';
END $$"""
class Migration(migrations.Migration):
    dependencies = [("districts", "0001_initial"), ("tickets", "0002_danger_promised_closing")]
    operations = [
        BtreeGinExtension(),
        migrations.CreateModel(
            name="TicketWords",
            fields=[
                ("id", models.UUIDField(default=districts.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ("words", django.contrib.postgres.search.SearchVectorField()),
                (
                    "district",
                    models.ForeignKey(
                        db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                        to="districts.district",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [django.contrib.postgres.indexes.GinIndex(fields=["district", "words"], name="ticket_words")],
            },
        ),
        migrations.RunSQL(WITH_TICKET, migrations.RunSQL.noop),
        migrations.RunSQL(INDEX_BEHIND_THE_POLICY, migrations.RunSQL.noop),
    ]  # fmt: skip
