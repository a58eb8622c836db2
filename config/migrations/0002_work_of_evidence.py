"""More queues: what is held, asked, called, owed and written on the floor of ownership."""

from importlib import import_module

from django.db import migrations

before = import_module("config.migrations.0001_work")

DUE = {
    **before.DUE,
    "feed_runs": "ownership_feedrun r WHERE r.district_id = d.id AND r.handled_at IS NULL",
    "holds": "ownership_hold r WHERE r.district_id = d.id AND r.due_at <= now()",
    "checks": "ownership_feed r WHERE r.district_id = d.id AND r.ask_at <= now()",
    "trigger_calls": "ownership_triggercall r WHERE r.district_id = d.id AND r.state = 'pending' AND r.not_before <= now()"
    " AND (r.lease_until IS NULL OR r.lease_until <= now())",
    "playbooks": "ownership_playbookrun r WHERE r.district_id = d.id AND r.check_at <= now()",
    "changes": "ownership_change r WHERE r.district_id = d.id AND r.check_at <= now()",
    "cut_offs": "ownership_cutoff r WHERE r.district_id = d.id AND r.send_at <= now()",
    "cut_off_answers": "ownership_cutoffnotice r WHERE r.district_id = d.id AND r.check_at <= now()",
    "overrides": "ownership_override r WHERE r.district_id = d.id AND r.review_at <= now()",
    "checkpoints": "ownership_checkpoint r WHERE r.district_id = d.id AND r.write_at <= now()",
    # a district with a matrix whose next checkpoint has no row yet
    "checkpoints_ahead": "ownership_process r WHERE r.district_id = d.id"
    " AND NOT EXISTS (SELECT 1 FROM public.ownership_checkpoint c WHERE c.district_id = d.id AND c.meets_at > now())",
}


class Migration(migrations.Migration):
    dependencies = [("config", "0001_work"), ("ownership", "0003_evidence")]
    operations = [migrations.RunSQL(before.work_function(DUE), before.work_function())]
