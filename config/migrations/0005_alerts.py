"""Also told: which districts have an alert to send, to count or to watch, and which have a test to send."""

from importlib import import_module

from django.db import migrations

work = import_module("config.migrations.0001_work")
incidents = import_module("config.migrations.0004_incidents")
DUE = {
    **incidents.DUE,
    "alerts": "alerts_alert r WHERE r.district_id = d.id AND r.check_at <= now()",
    "alert_tests": "alerts_alertpolicy r WHERE r.district_id = d.id AND r.check_at <= now()",
}
WITH_ALERTS = work.work_function(create="CREATE OR REPLACE FUNCTION", order=" ORDER BY random()", volatility="VOLATILE", due=DUE)


class Migration(migrations.Migration):
    dependencies = [("config", "0004_incidents"), ("alerts", "0001_initial")]
    operations = [migrations.RunSQL(WITH_ALERTS, migrations.RunSQL.noop)]
