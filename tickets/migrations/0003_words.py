"""Words by which tickets are found, of those there are and those to come."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.contrib.postgres.operations import BtreeGinExtension
from django.db import migrations, models

import districts.models
from tickets.words import vector

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
NEXT = """
SELECT t.district_id, t.id, t.subject, p.name, m.text FROM tickets_ticket t
JOIN districts_person p ON p.district_id = t.district_id AND p.id = t.requester_id
LEFT JOIN LATERAL (SELECT left(text, 4000) AS text FROM tickets_message m WHERE m.district_id = t.district_id AND m.ticket_id = t.id
  AND m.kind = 'request' ORDER BY m.at, m.id LIMIT 1) m ON true
WHERE (t.district_id, t.id) > (%s, %s) ORDER BY t.district_id, t.id LIMIT 2000
"""


def fill(apps, schema_editor):
    """As the tables' owner, in the order of the primary key."""
    nothing = "00000000-0000-0000-0000-000000000000"
    last = (nothing, nothing)
    with schema_editor.connection.cursor() as cursor:
        while True:
            cursor.execute(NEXT, last)
            rows = cursor.fetchall()
            if not rows:
                return
            made = [(ticket, district, vector(subject, name, text or "")) for district, ticket, subject, name, text in rows]
            cursor.executemany("INSERT INTO tickets_ticketwords (id, district_id, words) VALUES (%s, %s, %s)", made)
            last = rows[-1][:2]


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
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]  # fmt: skip
