"""What the database declares: each statement returns holes as (where, what), none when the wall is whole."""

from collections.abc import Iterator
from dataclasses import dataclass

from districts.checks import SHARED
from districts.postgres.roles import APPEND_ONLY, STRONG, Connection

POLICY = "(district_id = (current_setting('app.district_id'::text))::uuid)"
# Functions that run as the owner, past row-level security: what each may return.
DEFINERS = {
    "districts_with_work(text,integer)": "TABLE(district_id uuid)",
    "districts_oldest_work()": "TABLE(queue text, seconds double precision)",
    "delivery_texts_elsewhere(text,uuid)": "boolean",
}
BOOKKEEPING = ("django_migrations",)  # read by every start; written by the owner only


@dataclass(frozen=True)
class Hole:
    where: str
    what: str


_DISTRICT = """
WITH district AS (
  SELECT c.oid, c.relname, c.relrowsecurity, a.attnum, a.attnotnull FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'district_id' AND NOT a.attisdropped
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
)
"""
TABLES = _DISTRICT + "SELECT relname FROM district ORDER BY relname"

DISTRICT_TABLES = {
    "security": _DISTRICT + "SELECT relname, 'row-level security is off' FROM district WHERE NOT relrowsecurity",
    "nullable": _DISTRICT + "SELECT relname, 'district_id may be empty' FROM district WHERE NOT attnotnull",
    "no policy": _DISTRICT
    + "SELECT relname, 'no policy' FROM district d WHERE NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = d.oid)",
    "other policy": _DISTRICT
    + """
SELECT d.relname, format('policy %%s lets in more: %%s', p.polname, pg_get_expr(p.polqual, d.oid))
FROM district d JOIN pg_policy p ON p.polrelid = d.oid
WHERE p.polpermissive AND (p.polcmd <> '*' OR pg_get_expr(p.polqual, d.oid) IS DISTINCT FROM %(policy)s
  OR pg_get_expr(p.polwithcheck, d.oid) IS DISTINCT FROM %(policy)s)""",
    "keys": _DISTRICT
    + """
SELECT d.relname, format('%%s %%s does not start with the district', CASE WHEN i.indisunique THEN 'key' ELSE 'index' END,
  i.indexrelid::regclass) FROM district d JOIN pg_index i ON i.indrelid = d.oid WHERE i.indkey[0] <> d.attnum""",
    "no key": _DISTRICT + "SELECT relname, 'no primary key' FROM district d"
    " WHERE NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = d.oid AND i.indisprimary)",
    "foreign keys": _DISTRICT
    + """
SELECT d.relname, format('%%s can point into another district', k.conname) FROM pg_constraint k
JOIN district d ON d.oid = k.conrelid JOIN district t ON t.oid = k.confrelid
WHERE k.contype = 'f' AND k.conparentid = 0
  AND (array_position(k.conkey, d.attnum) IS NULL OR array_position(k.conkey, d.attnum) <> array_position(k.confkey, t.attnum)
       OR NOT k.convalidated)""",
    "no foreign key": _DISTRICT
    + """
SELECT d.relname, 'district_id is no foreign key' FROM district d WHERE NOT EXISTS (
  SELECT 1 FROM pg_constraint k WHERE k.conrelid = d.oid AND k.contype = 'f' AND k.confrelid = 'districts_district'::regclass)""",
    "outward": _DISTRICT
    + """
SELECT k.conrelid::regclass::text, format('%%s joins district rows with %%s', k.conname, k.confrelid::regclass)
FROM pg_constraint k WHERE k.contype = 'f' AND k.conparentid = 0
  AND (k.conrelid IN (SELECT oid FROM district)) <> (k.confrelid IN (SELECT oid FROM district))
  AND k.confrelid <> 'districts_district'::regclass AND NOT k.conrelid::regclass::text = ANY (
    SELECT relid::text FROM (SELECT inhrelid::regclass AS relid FROM pg_inherits) parts)""",
    "numbers": _DISTRICT
    + """
SELECT d.relname, format('%%s counts over all districts', a.attname) FROM district d JOIN pg_attribute a ON a.attrelid = d.oid
LEFT JOIN pg_attrdef f ON f.adrelid = d.oid AND f.adnum = a.attnum
WHERE a.attidentity <> '' OR pg_get_expr(f.adbin, d.oid) LIKE 'nextval(%%'""",
    "rules": _DISTRICT
    + "SELECT d.relname, format('rule %%s runs as its owner', r.rulename) FROM district d JOIN pg_rewrite r ON r.ev_class = d.oid",
    "append only": """
SELECT t, 'the application may change it' FROM unnest(%(append_only)s::text[]) t
WHERE has_any_column_privilege(to_regclass(t), 'UPDATE') OR has_table_privilege(to_regclass(t), 'UPDATE, DELETE')""",
    "privileges": _DISTRICT
    + """
SELECT relname, format('the application has %%s', p) FROM district, unnest('{TRUNCATE,REFERENCES,TRIGGER}'::text[]) p
WHERE has_table_privilege(oid, p)""",
}

ELSEWHERE = {
    "unknown tables": """
SELECT c.relname, 'neither a district table nor in SHARED' FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition
  AND NOT c.relname = ANY(%(shared)s) AND NOT EXISTS (
    SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'district_id' AND NOT a.attisdropped)""",
    "views": """
SELECT c.oid::regclass::text, 'a view that runs as its owner, past every policy' FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND c.relkind IN ('v', 'm') AND has_table_privilege(c.oid, 'SELECT')
  AND NOT (c.relkind = 'v' AND coalesce(c.reloptions::text[] && '{security_invoker=true,security_invoker=on}', false))
""",
    "functions": """
SELECT p.oid::regprocedure::text, 'a function that runs as its owner, and is not on the list' FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND p.prosecdef AND has_function_privilege(p.oid, 'EXECUTE') AND NOT p.oid::regprocedure::text = ANY(%(definers)s)""",
    "listed functions": """
SELECT p.oid::regprocedure::text, 'may be led astray by search_path, or returns other than ' || r.returns
FROM unnest(%(definers)s::text[], %(returns)s::text[]) AS r(name, returns) JOIN pg_proc p ON p.oid = to_regprocedure(r.name)
WHERE pg_get_function_result(p.oid) <> r.returns OR NOT coalesce(p.proconfig @> '{"search_path=pg_catalog, public"}', false)""",
    "leakproof": """
SELECT p.oid::regprocedure::text, 'marked leakproof: it sees rows before the policy does' FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND p.proleakproof""",
    "partitions": """
SELECT c.relname, 'a partition has no policy, and can be reached by its name' FROM pg_class c
WHERE c.relispartition AND c.relkind IN ('r', 'p') AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')""",
    "other schemas": """
SELECT c.oid::regclass::text, 'a table outside the schema that is checked' FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname NOT LIKE 'pg\\_%%'
  AND n.nspname NOT IN ('public', 'information_schema')
  AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE')""",
    "bookkeeping": """
SELECT t, 'the application may change it' FROM unnest(%(bookkeeping)s::text[]) t
WHERE has_table_privilege(t, 'INSERT, UPDATE, DELETE, TRUNCATE')""",
    "schema": "SELECT 'schema public', 'the application may create things in it' WHERE has_schema_privilege('public', 'CREATE')",
    "settings": """
SELECT 'role settings', s FROM pg_db_role_setting d, unnest(d.setconfig) s
WHERE (d.setrole = 0 OR d.setrole = (SELECT oid FROM pg_roles WHERE rolname = current_user))
  AND (d.setdatabase = 0 OR d.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()))
  AND (s LIKE 'app.district_id=%%' OR s LIKE 'row_security=%%')""",
}

COUNTS = {
    "shared tables": "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    " AND NOT relispartition AND relname = ANY(%(shared)s)",
    "partitions": "SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r'",
    "functions on the list": "SELECT count(to_regprocedure(d)) FROM unnest(%(definers)s::text[]) d",
}

_VALUES = {
    "policy": POLICY,
    "shared": [*sorted(SHARED), *BOOKKEEPING],
    "definers": list(DEFINERS),
    "returns": list(DEFINERS.values()),
    "append_only": list(APPEND_ONLY),
    "bookkeeping": list(BOOKKEEPING),
}


def tables(connection: Connection) -> list[str]:
    return [str(row[0]) for row in connection.execute(TABLES)]


def declared(connection: Connection) -> Iterator[Hole]:
    """Holes in what is declared, tables first."""
    row = connection.execute(STRONG).fetchone()
    if row is None or row[0]:
        yield Hole("role", str(row[0] if row else "not known"))
    for statement in (*DISTRICT_TABLES.values(), *ELSEWHERE.values()):
        for where, what in connection.execute(statement, _VALUES).fetchall():
            yield Hole(str(where), str(what))


def counts(connection: Connection) -> dict[str, int]:
    rows = {name: connection.execute(statement, _VALUES).fetchone() for name, statement in COUNTS.items()}
    return {name: int(str(row[0])) if row else 0 for name, row in rows.items()}
