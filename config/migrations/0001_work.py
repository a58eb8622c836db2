"""The only questions asked across districts: which of them have due rows, and how old the oldest is. Ids and ages, no rows.

SECURITY DEFINER and owned by the tables' owner, so they see past row-level security; they are on the list of
`manage.py check_isolation`. One probe a district into an index that starts with the district: cost grows with districts, not rows.
Of more districts than are asked for, any are told: those whose rows cannot be worked off must not hide the others for ever.
"""

from django.db import migrations

DUE = {
    "intake": "intake_envelope r WHERE r.district_id = d.id AND r.state = 'pending'"
    " AND (r.lease_until IS NULL OR r.lease_until <= now())",
    "mailboxes": "intake_mailbox r WHERE r.district_id = d.id AND r.active AND (r.lease_until IS NULL OR r.lease_until <= now())",
    "placing": "tickets_ticket r WHERE r.district_id = d.id AND r.placed_at IS NULL",
    "sending": "delivery_delivery r WHERE r.district_id = d.id AND r.state = 'pending' AND r.not_before <= now()"
    " AND (r.lease_until IS NULL OR r.lease_until <= now())",
    "clocks": "sla_clock r WHERE r.district_id = d.id AND r.check_at <= now()",
    "stale": "tickets_ticket r WHERE r.district_id = d.id AND r.facts_at > r.derived_at",
    "breaches": "sla_breach r WHERE r.district_id = d.id AND r.handled_at IS NULL",
    # a calendar changed so lately that another process may still have counted by the old one
    "calendars": "districts_calendarchange r WHERE r.district_id = d.id"
    " AND r.at > now() - interval '10 minutes' AND r.at <= now() - interval '20 seconds'",
    "feeds": "ownership_feed r WHERE r.district_id = d.id AND r.alert_at <= now()",
    "feed_runs": "ownership_feedrun r WHERE r.district_id = d.id AND r.handled_at IS NULL AND NOT r.outcome = 'ok'",
    "ladders": "ownership_escalation r WHERE r.district_id = d.id AND r.climb_at <= now()",
    "incidents": "incidents_incident r WHERE r.district_id = d.id AND r.check_at <= now()",
    "incident_updates": "incidents_update r WHERE r.district_id = d.id AND r.to_send",
    "incident_letters": "incidents_letter r WHERE r.district_id = d.id AND r.sent_at IS NULL",
    "incident_feeds": "ownership_escalation r WHERE r.district_id = d.id AND r.ended_at IS NULL AND r.feed_run_id IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM public.incidents_offer o WHERE o.district_id = r.district_id AND o.escalation_id = r.id)",
    "alerts": "alerts_alert r WHERE r.district_id = d.id AND r.check_at <= now()",
    "alert_tests": "alerts_alertpolicy r WHERE r.district_id = d.id AND r.check_at <= now()",
    # tickets that were not yet compared with each other, and arrivals that were not yet counted
    "hunches": "tickets_ticket r WHERE r.district_id = d.id AND r.opened_at > now() - interval '90 minutes' AND r.opened_at >"
    " coalesce((SELECT w.compared_to FROM public.incidents_watch w WHERE w.district_id = d.id), '-infinity')",
    "arrivals": "tickets_ticket r WHERE r.district_id = d.id AND r.opened_at > now() - interval '2 hours'"
    " AND NOT EXISTS (SELECT 1 FROM public.incidents_watch w WHERE w.district_id = d.id AND w.check_at > now())",
}

OLDEST = {
    "intake": ("intake_envelope", "received_at", "r.state = 'pending'"),
    "placing": ("tickets_ticket", "opened_at", "r.placed_at IS NULL"),
    "sending": ("delivery_delivery", "not_before", "r.state = 'pending' AND r.not_before <= now()"),
    "clocks": ("sla_clock", "check_at", "r.check_at <= now()"),
    "breaches": ("sla_breach", "noticed_at", "r.handled_at IS NULL"),
    "stale": ("tickets_ticket", "facts_at", "r.facts_at > r.derived_at"),
    "feeds": ("ownership_feed", "alert_at", "r.alert_at <= now()"),
    "ladders": ("ownership_escalation", "climb_at", "r.climb_at <= now()"),
}


def work_function(due: dict[str, str] = DUE) -> str:
    """Created anew, with one more queue, by the migration that brings its table."""
    branches = "\n".join(
        f"{'ELSIF' if n else 'IF'} queue = '{queue}' THEN RETURN QUERY SELECT d.id FROM public.districts_district d"
        f" WHERE EXISTS (SELECT 1 FROM public.{rows}) ORDER BY random() LIMIT most;"
        for n, (queue, rows) in enumerate(due.items())
    )
    return f"""
CREATE OR REPLACE FUNCTION districts_with_work(queue text, most int) RETURNS TABLE (district_id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
{branches}
ELSE RAISE EXCEPTION 'no such queue: %', queue;
END IF;
END $$"""


def oldest_function() -> str:
    rows = " UNION ALL ".join(
        f"SELECT '{queue}'::text, coalesce(extract(epoch FROM now() - min(o.at)), 0)::float8 FROM public.districts_district d,"
        f" LATERAL (SELECT r.{column} AS at FROM public.{table} r WHERE r.district_id = d.id AND {due}"
        f" ORDER BY r.{column} LIMIT 1) o"
        for queue, (table, column, due) in OLDEST.items()
    )
    return f"""
CREATE OR REPLACE FUNCTION districts_oldest_work() RETURNS TABLE (queue text, seconds float8)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$ {rows} $$"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        (app, "0001_initial") for app in ("delivery", "tickets", "sla", "knowledge", "ownership", "incidents", "alerts", "routing", "intake")
    ]
    operations = [
        migrations.RunSQL(work_function(), "DROP FUNCTION districts_with_work(text, int)"),
        migrations.RunSQL(oldest_function(), "DROP FUNCTION districts_oldest_work()"),
    ]
