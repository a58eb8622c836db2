"""Also told: which districts have an outage to move on, words of one to send, or a failed feed that may be one."""

from importlib import import_module

from django.db import migrations

work = import_module("config.migrations.0001_work")
mailboxes = import_module("config.migrations.0003_mailboxes")
DUE = {
    **work.DUE,
    "mailboxes": mailboxes.MAILBOXES,
    "incidents": "incidents_incident r WHERE r.district_id = d.id AND r.check_at <= now()",
    "incident_updates": "incidents_update r WHERE r.district_id = d.id AND r.to_send",
    "incident_letters": "incidents_letter r WHERE r.district_id = d.id AND r.sent_at IS NULL",
    "incident_feeds": "ownership_escalation r WHERE r.district_id = d.id AND r.ended_at IS NULL AND r.feed_run_id IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM public.incidents_offer o WHERE o.district_id = r.district_id AND o.escalation_id = r.id)",
}
WITH_INCIDENTS = work.work_function(
    create="CREATE OR REPLACE FUNCTION", order=" ORDER BY random()", volatility="VOLATILE", due=DUE
)


class Migration(migrations.Migration):
    dependencies = [("config", "0003_mailboxes"), ("incidents", "0001_initial")]
    operations = [migrations.RunSQL(WITH_INCIDENTS, migrations.RunSQL.noop)]
