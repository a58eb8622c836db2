"""Also told: which districts have changed their calendar so lately that another process may still have counted by the old one."""

from importlib import import_module

from django.db import migrations

work = import_module("config.migrations.0001_work")
alerts = import_module("config.migrations.0005_alerts")
DUE = {
    **alerts.DUE,
    "calendars": "districts_calendarchange r WHERE r.district_id = d.id"
    " AND r.at > now() - interval '10 minutes' AND r.at <= now() - interval '20 seconds'",
}
WITH_CALENDARS = work.work_function(create="CREATE OR REPLACE FUNCTION", order=" ORDER BY random()", volatility="VOLATILE", due=DUE)


class Migration(migrations.Migration):
    dependencies = [("config", "0005_alerts"), ("districts", "0004_school_calendar")]
    operations = [migrations.RunSQL(WITH_CALENDARS, migrations.RunSQL.noop)]
