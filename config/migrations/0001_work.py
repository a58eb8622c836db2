"""The only questions asked across districts: which of them have due rows, and how old the oldest is. Ids and ages, no rows.

SECURITY DEFINER and owned by the tables' owner, so they see past row-level security; they are on the list of
`manage.py check_isolation`. One probe a district into an index that starts with the district: cost grows with districts, not rows.
"""

from django.db import migrations

DUE = {
    "intake": "intake_envelope r WHERE r.district_id = d.id AND r.state = 'pending'"
    " AND (r.lease_until IS NULL OR r.lease_until <= now())",
    "placing": "tickets_ticket r WHERE r.district_id = d.id AND r.placed_at IS NULL",
    "sending": "delivery_delivery r WHERE r.district_id = d.id AND r.state = 'pending' AND r.not_before <= now()"
    " AND (r.lease_until IS NULL OR r.lease_until <= now())",
    "clocks": "sla_clock r WHERE r.district_id = d.id AND r.check_at <= now()",
    "stale": "tickets_ticket r WHERE r.district_id = d.id AND r.facts_at > r.derived_at",
    "breaches": "sla_breach r WHERE r.district_id = d.id AND r.handled_at IS NULL",
    "feeds": "ownership_feed r WHERE r.district_id = d.id AND r.alert_at <= now()",
    "feed_runs": "ownership_feedrun r WHERE r.district_id = d.id AND r.handled_at IS NULL AND NOT r.outcome = 'ok'",
    "ladders": "ownership_escalation r WHERE r.district_id = d.id AND r.climb_at <= now()",
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


def work_function(
    *, create: str = "CREATE FUNCTION", order: str = "", volatility: str = "STABLE", due: dict[str, str] = DUE
) -> str:
    branches = "\n".join(
        f"{'ELSIF' if n else 'IF'} queue = '{queue}' THEN RETURN QUERY SELECT d.id FROM public.districts_district d"
        f" WHERE EXISTS (SELECT 1 FROM public.{rows}){order} LIMIT most;"
        for n, (queue, rows) in enumerate(due.items())
    )
    return f"""
{create} districts_with_work(queue text, most int) RETURNS TABLE (district_id uuid)
LANGUAGE plpgsql {volatility} SECURITY DEFINER SET search_path = pg_catalog, public AS $$
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
CREATE FUNCTION districts_oldest_work() RETURNS TABLE (queue text, seconds float8)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$ {rows} $$"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("delivery", "0001_initial"),
        ("intake", "0001_initial"),
        ("ownership", "0001_initial"),
        ("sla", "0001_initial"),
        ("tickets", "0001_initial"),
    ]
    operations = [
        migrations.RunSQL(work_function(), "DROP FUNCTION districts_with_work(text, int)"),
        migrations.RunSQL(oldest_function(), "DROP FUNCTION districts_oldest_work()"),
    ]
