"""Also told: which districts have tickets that were not yet compared with each other, and arrivals that were not yet counted."""

from importlib import import_module

from django.db import migrations

work = import_module("config.migrations.0001_work")
calendars = import_module("config.migrations.0006_calendars")
DUE = {
    **calendars.DUE,
    "hunches": "tickets_ticket r WHERE r.district_id = d.id AND r.opened_at > now() - interval '90 minutes' AND r.opened_at >"
    " coalesce((SELECT w.compared_to FROM public.incidents_watch w WHERE w.district_id = d.id), '-infinity')",
    "arrivals": "tickets_ticket r WHERE r.district_id = d.id AND r.opened_at > now() - interval '2 hours'"
    " AND NOT EXISTS (SELECT 1 FROM public.incidents_watch w WHERE w.district_id = d.id AND w.check_at > now())",
}
WITH_SIGNALS = work.work_function(create="CREATE OR REPLACE FUNCTION", order=" ORDER BY random()", volatility="VOLATILE", due=DUE)


class Migration(migrations.Migration):
    dependencies = [("config", "0006_calendars"), ("incidents", "0004_signals")]
    operations = [migrations.RunSQL(WITH_SIGNALS, migrations.RunSQL.noop)]
