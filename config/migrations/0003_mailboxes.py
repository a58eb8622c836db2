"""Also told: which districts have a mailbox elsewhere that nobody reads just now."""

from importlib import import_module

from django.db import migrations

work = import_module("config.migrations.0001_work")
MAILBOXES = "intake_mailbox r WHERE r.district_id = d.id AND r.active AND (r.lease_until IS NULL OR r.lease_until <= now())"
WITH_MAILBOXES = work.work_function(
    create="CREATE OR REPLACE FUNCTION", order=" ORDER BY random()", volatility="VOLATILE", due={**work.DUE, "mailboxes": MAILBOXES}
)


class Migration(migrations.Migration):
    dependencies = [("config", "0002_any_districts"), ("intake", "0003_mailbox_consent")]
    operations = [migrations.RunSQL(WITH_MAILBOXES, migrations.RunSQL.noop)]
