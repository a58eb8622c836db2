"""Load of any size, written by the database itself: one INSERT … SELECT a table, ordered by district.

Believable in its distributions: one district of five holds most, arrivals follow school days and hours, a few teams get most
of the work, answers are log-normal, most promises are kept. Runs as the tables' owner; without superuser rights it is
slower, since foreign keys are then checked row by row.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connections

from config.demo import catalog as catalogs

PREFIX = "load"
HOURS = [{"from": "", "to": "", "days": [0, 1, 2, 3, 4], "windows": [["07:30", "16:30"]]}]
TABLES = (
    "districts_team", "districts_service", "districts_person", "districts_contactpoint", "districts_membership",
    "tickets_ticket", "tickets_ticketwords", "tickets_message", "tickets_event", "sla_clock", "routing_decision", "intake_channel", "tickets_ticketcounter",
)  # fmt: skip

PREPARE = """
CREATE FUNCTION pg_temp.uuid_at(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(m, 1, 3) || '8' || substr(m, 4, 15))::uuid
  FROM (SELECT md5(random()::text || at::text) AS m) r $$;
CREATE FUNCTION pg_temp.normal() RETURNS float8 LANGUAGE sql VOLATILE AS $$  -- Box and Muller; PostgreSQL has its own from 16
  SELECT sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) $$;
CREATE TEMP TABLE plan (n int PRIMARY KEY, district_id uuid, tickets int);
CREATE TEMP TABLE kinds (k int PRIMARY KEY, service text, name text, team text, priority int, sensitive bool);
CREATE TEMP TABLE crews (k int PRIMARY KEY, slug text, name text);
CREATE TEMP TABLE texts (k int PRIMARY KEY, body text);
INSERT INTO kinds SELECT (row_number() OVER ())::int - 1, r->>'slug', r->>'name', r->>'team', (r->>'priority')::int, (r->>'sensitive')::bool
  FROM jsonb_array_elements(%(services)s::jsonb) r;
INSERT INTO crews SELECT (row_number() OVER ())::int - 1, r->>'slug', r->>'name' FROM jsonb_array_elements(%(teams)s::jsonb) r;
INSERT INTO texts SELECT (row_number() OVER ())::int - 1, r #>> '{}' FROM jsonb_array_elements(%(texts)s::jsonb) r;
"""

PLAN = """
INSERT INTO plan
SELECT n, pg_temp.uuid_at(%(now)s), CASE
    WHEN %(districts)s < 3 THEN %(tickets)s / %(districts)s
    WHEN n = 1 THEN %(tickets)s / 5
    WHEN n = 2 THEN %(tickets)s / 10
    ELSE greatest(1, (%(tickets)s - %(tickets)s / 5 - %(tickets)s / 10) / (%(districts)s - 2)) END
FROM generate_series(1, %(districts)s) n;
INSERT INTO districts_district (id, slug, name, host, time_zone, languages, accent, phone, crisis_phone, hours, school_release,
  first_day, last_day, active, created_at)
SELECT district_id, %(prefix)s || '-' || lpad(n::text, 5, '0'), 'Load District ' || n, %(prefix)s || '-' || lpad(n::text, 5, '0')
  || '.localhost', (ARRAY['America/New_York', 'America/Chicago', 'America/Denver', 'America/Los_Angeles'])[1 + n %% 4], '["en", "es"]',
  '#1f5fae', '', '', %(hours)s::jsonb, '{}', NULL, NULL, true, %(now)s FROM plan;
"""

PEOPLE = """
CREATE TEMP TABLE team_of AS SELECT p.district_id, c.k, pg_temp.uuid_at(%(now)s) AS id, c.slug, c.name FROM plan p CROSS JOIN crews c;
CREATE TEMP TABLE service_of AS SELECT p.district_id, k.k, pg_temp.uuid_at(%(now)s) AS id, k.service, k.name, k.priority, k.sensitive,
  t.id AS team_id, t.k AS team_k FROM plan p CROSS JOIN kinds k JOIN team_of t ON t.district_id = p.district_id AND t.slug = k.team;
CREATE TEMP TABLE staff_of AS SELECT t.district_id, t.k, s AS s, pg_temp.uuid_at(%(now)s) AS id, t.id AS team_id, t.slug
  FROM team_of t CROSS JOIN generate_series(0, 3) s;
CREATE TEMP TABLE asker_of AS SELECT p.district_id, a AS k, pg_temp.uuid_at(%(now)s) AS id
  FROM plan p CROSS JOIN LATERAL generate_series(0, p.tickets / 3) a;
CREATE INDEX ON service_of (district_id, k); CREATE INDEX ON staff_of (district_id, k, s); CREATE INDEX ON asker_of (district_id, k);
ANALYZE plan; ANALYZE team_of; ANALYZE service_of; ANALYZE staff_of; ANALYZE asker_of;
INSERT INTO districts_team (id, district_id, slug, name, description, email, is_front_office, is_safety)
  SELECT id, district_id, slug, name, '', '', slug = 'front-office', slug = 'safety-security' FROM team_of ORDER BY district_id;
INSERT INTO districts_service (id, district_id, slug, name, team_id, audience, description, example_phrases, priority, sensitive, active)
  SELECT id, district_id, service, name, team_id, '["family", "staff"]', '', '[]', priority, sensitive, true
  FROM service_of ORDER BY district_id;
INSERT INTO districts_person (id, district_id, name, kind, language, created_at)
  SELECT id, district_id, 'Agent ' || slug || ' ' || s, 'staff', 'en', %(now)s FROM staff_of
  UNION ALL SELECT id, district_id, 'Family ' || k, 'family', CASE WHEN k %% 6 = 0 THEN 'es' ELSE 'en' END, %(now)s FROM asker_of;
INSERT INTO districts_membership (id, district_id, person_id, team_id, role)
  SELECT pg_temp.uuid_at(%(now)s), district_id, id, team_id, CASE WHEN s = 0 THEN 'lead' ELSE 'agent' END FROM staff_of;
INSERT INTO districts_contactpoint (id, district_id, person_id, kind, value)
  SELECT pg_temp.uuid_at(%(now)s), district_id, id, 'email', 'family' || k || '@mail.example' FROM asker_of
  UNION ALL SELECT pg_temp.uuid_at(%(now)s), district_id, id, 'email', slug || s || '@staff.example' FROM staff_of;
INSERT INTO intake_channel (id, district_id, kind, address, name, active)
  SELECT pg_temp.uuid_at(%(now)s), p.district_id, c.kind, CASE WHEN c.kind = 'email' THEN 'help@' || d.host ELSE '' END, c.kind, true
  FROM plan p JOIN districts_district d ON d.id = p.district_id CROSS JOIN (VALUES ('web'), ('api'), ('phone'), ('email')) c (kind);
INSERT INTO tickets_ticketcounter (id, district_id, last) SELECT pg_temp.uuid_at(%(now)s), district_id, 1000 + tickets FROM plan;
"""

# Arrivals: a random day of the months, moved off week-ends nine times of ten, and a local hour that peaks in the morning.
TICKETS = """
CREATE TEMP TABLE drawn AS
SELECT p.district_id, 1000 + i AS number, random() < %(live)s AS live, floor(power(random(), 2) * %(services)s)::int AS service_k,
  (random() * (p.tickets / 3))::int AS asker_k, floor(random() * %(texts)s)::int AS text_k, random() AS r1, random() AS r2,
  exp(3.6 + 1.1 * pg_temp.normal()) AS answer_minutes, exp(5.6 + 1.0 * pg_temp.normal()) AS solve_minutes
FROM plan p CROSS JOIN LATERAL generate_series(1, p.tickets) i;
CREATE TEMP TABLE timed AS
SELECT d.*, CASE WHEN live AND %(fresh)s THEN %(now)s - r1 * interval '5 minutes' ELSE least(%(now)s - interval '1 minute', day + CASE WHEN extract(isodow FROM day) > 5 AND r2 < 0.9 THEN interval '2 days' ELSE interval '0' END) END
  AS opened_at FROM (SELECT d.*, date_trunc('day', %(now)s - (CASE WHEN live AND %(fresh)s THEN 0 WHEN live THEN power(r1, 3) * 12 ELSE r1 * 30.4 * %(months)s END) * interval '1 day')
  + (13 + 9 * (r2 + random()) / 2) * interval '1 hour' AS day FROM drawn d) d;
CREATE TEMP TABLE made AS
SELECT t.district_id, pg_temp.uuid_at(t.opened_at) AS id, t.number, t.live, t.opened_at, t.text_k, s.team_id, s.team_k, s.id AS service_id,
  s.priority, s.sensitive, a.id AS requester_id, t.r1, t.r2,
  (ARRAY['web', 'email', 'email', 'sms', 'phone'])[1 + floor(t.r2 * 5)::int] AS channel,
  (ARRAY[0.5, 2, 6, 14])[s.priority] * interval '1 hour' AS first_in, (ARRAY[6, 30, 90, 168])[s.priority] * interval '1 hour' AS solve_in,
  CASE WHEN NOT t.live OR t.r2 < 0.6 THEN least(%(now)s, t.opened_at + t.answer_minutes * interval '1 minute') END AS answered_at,
  CASE WHEN NOT t.live THEN least(%(now)s, t.opened_at + (t.answer_minutes + t.solve_minutes) * interval '1 minute') END AS resolved_at
FROM timed t JOIN service_of s ON s.district_id = t.district_id AND s.k = t.service_k
JOIN asker_of a ON a.district_id = t.district_id AND a.k = t.asker_k ORDER BY t.district_id, t.opened_at;
CREATE TEMP TABLE held AS
SELECT m.*, f.id AS agent_id, CASE WHEN m.live AND m.answered_at IS NULL THEN m.opened_at + m.first_in
  WHEN m.live THEN m.opened_at + m.solve_in END AS due_at
FROM made m JOIN staff_of f ON f.district_id = m.district_id AND f.k = m.team_k AND f.s = (m.number %% 4) ORDER BY m.district_id, m.opened_at;
INSERT INTO tickets_ticket (id, district_id, number, token, subject, status, priority, channel, language, requester_id, team_id, service_id,
  assignee_id, room, asset_tag, sensitive, crisis, opened_at, placed_at, resolved_at, closed_at, facts_at, derived_at, due_at)
SELECT h.id, h.district_id, h.number, substr(md5(h.id::text), 1, 26), left(x.body, 80),
  CASE WHEN NOT h.live THEN CASE WHEN h.resolved_at < %(now)s - interval '7 days' THEN 'closed' ELSE 'resolved' END
    WHEN h.answered_at IS NULL THEN 'new' WHEN h.r1 < 0.2 THEN 'wait_asker' ELSE 'open' END,
  h.priority, h.channel, 'en', h.requester_id, h.team_id, h.service_id, CASE WHEN h.answered_at IS NOT NULL THEN h.agent_id END, '', '',
  h.sensitive, false, h.opened_at, h.opened_at + interval '3 seconds', h.resolved_at,
  CASE WHEN h.resolved_at < %(now)s - interval '7 days' THEN h.resolved_at + interval '7 days' END, h.opened_at, h.opened_at, h.due_at
FROM held h JOIN texts x ON x.k = h.text_k ORDER BY h.district_id, h.opened_at;
"""

WORDS = """
INSERT INTO tickets_ticketwords (id, district_id, words)
SELECT h.id, h.district_id, strip(to_tsvector('simple', concat_ws(' ', p.name, x.body))) FROM held h JOIN texts x ON x.k = h.text_k
JOIN districts_person p ON p.district_id = h.district_id AND p.id = h.requester_id ORDER BY h.district_id, h.id;
"""

MESSAGES = """
INSERT INTO tickets_message (id, district_id, ticket_id, kind, channel, author_id, text, quoted, html, language, at)
SELECT pg_temp.uuid_at(h.opened_at), h.district_id, h.id, 'request', h.channel, h.requester_id, x.body, '', '', 'en', h.opened_at
FROM held h JOIN texts x ON x.k = h.text_k ORDER BY h.district_id, h.opened_at;
INSERT INTO tickets_message (id, district_id, ticket_id, kind, channel, author_id, text, quoted, html, language, at)
SELECT pg_temp.uuid_at(answered_at), district_id, id, 'reply', 'web', agent_id, 'Thank you for telling us. We are on it.', '', '', 'en',
  answered_at FROM held WHERE answered_at IS NOT NULL ORDER BY district_id, opened_at;
"""

EVENTS = """
INSERT INTO tickets_event (id, district_id, ticket_id, kind, by_id, data, at)
SELECT pg_temp.uuid_at(e.at), h.district_id, h.id, e.kind, e.by, '{}', e.at FROM held h CROSS JOIN LATERAL (VALUES
  ('opened', h.requester_id, h.opened_at), ('placed', NULL, h.opened_at + interval '3 seconds'), ('replied', h.agent_id, h.answered_at),
  ('resolved', h.agent_id, h.resolved_at)) e (kind, by, at) WHERE e.at IS NOT NULL ORDER BY h.district_id, h.opened_at;
"""

CLOCKS = """
INSERT INTO sla_clock (id, district_id, ticket_id, team_id, kind, state, terms, started_at, due_at, check_at, ended_at, breached_at, derived_at)
SELECT pg_temp.uuid_at(h.opened_at), h.district_id, h.id, h.team_id, c.kind,
  CASE WHEN c.ended IS NULL THEN 'running' WHEN c.ended <= h.opened_at + c.span THEN 'met' ELSE 'missed' END,
  'within ' || (extract(epoch FROM c.span) / 3600)::numeric(6, 1) || ' hours', h.opened_at, h.opened_at + c.span,
  CASE WHEN c.ended IS NULL AND h.opened_at + c.span > %(now)s THEN h.opened_at + c.span END, c.ended,
  CASE WHEN coalesce(c.ended, %(now)s) > h.opened_at + c.span THEN h.opened_at + c.span END, h.opened_at
FROM held h CROSS JOIN LATERAL (VALUES ('first', h.first_in, h.answered_at), ('resolve', h.solve_in, h.resolved_at)) c (kind, span, ended)
ORDER BY h.district_id, h.opened_at;
"""

DECISIONS = """
INSERT INTO routing_decision (id, district_id, ticket_id, engine, service_id, team_id, confidence, automatic, reasons, alternatives, at)
SELECT pg_temp.uuid_at(opened_at), district_id, id, 'classifier', service_id, team_id, 0.5 + r1 / 2, true, '[]', '[]', opened_at
FROM held ORDER BY district_id, opened_at;
"""
LEFT_OUT = ("words to search", "messages", "decisions")


@dataclass(frozen=True)
class Size:
    tickets: int
    districts: int
    months: int = 12
    live: float = 0.03  # share of tickets that are open now
    lean: bool = False  # without messages, decisions and words to search
    fresh: bool = False  # what is open was opened in the last five minutes


def fill(size: Size, *, now: datetime, say: Callable[[str], None] = lambda _line: None, prefix: str = PREFIX) -> None:
    """Write `size` in one transaction, then vacuum and analyse what was written."""
    catalog = catalogs.read("cedar_valley")
    words = _words(catalog)
    values: dict[str, Any] = {**words, "now": now, "prefix": prefix, "hours": json.dumps(HOURS)}
    values |= {"tickets": size.tickets, "districts": size.districts, "months": size.months, "live": size.live, "fresh": size.fresh}
    numbers = {**values, "services": len(catalog.district["services"]), "texts": len(json.loads(words["texts"]))}
    connection = connections["owner"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        skips_checks = bool(cursor.fetchone()[0])
        cursor.execute("BEGIN")
        if skips_checks:
            cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SET LOCAL work_mem = '256MB'; SET LOCAL synchronous_commit = off; SET LOCAL temp_buffers = '64MB'")
        for name, script, given in _scripts(values, numbers):
            if size.lean and name in LEFT_OUT:
                continue
            say(name)
            for statement in script.split(";\n"):
                if statement.strip():
                    cursor.execute(statement, given)
        cursor.execute("COMMIT")
        cursor.execute("DROP TABLE plan, kinds, crews, texts, team_of, service_of, staff_of, asker_of, drawn, timed, made, held")
        cursor.execute("DROP FUNCTION pg_temp.uuid_at, pg_temp.normal")
        say("vacuum and analyse")
        for table in TABLES:
            cursor.execute(f"VACUUM (ANALYZE) {table}")


def _scripts(values: dict[str, Any], numbers: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    yield "words", PREPARE, values
    yield "districts", PLAN, values
    yield "people and services", PEOPLE, values
    yield "tickets", TICKETS, numbers
    yield "words to search", WORDS, values
    yield "messages", MESSAGES, values
    yield "events", EVENTS, values
    yield "clocks", CLOCKS, values
    yield "decisions", DECISIONS, values


def _words(catalog: catalogs.Catalog) -> dict[str, str]:
    services = [
        {"slug": s["slug"], "name": s["name"], "team": s["team"], "sensitive": s["sensitive"],
         "priority": catalogs.PRIORITIES[s["default_priority"]]}
        for s in catalog.district["services"]
    ]  # fmt: skip
    teams = [{"slug": t["slug"], "name": t["name"]} for t in catalog.district["teams"]]
    teams.append({"slug": "front-office", "name": "Front Office"})
    lines = (catalog.folder / "requests.dev.jsonl").read_text().splitlines()
    texts = [row["body"] for row in map(json.loads, lines)]
    return {"services": json.dumps(services), "teams": json.dumps(teams), "texts": json.dumps(texts)}
