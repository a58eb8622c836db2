"""The database and the application's role: made where they are missing, checked before anything is served.

Two roles. The owner (`DATABASE_URL`) migrates. The application's role serves: it owns nothing, is no superuser, cannot bypass
row-level security and is a member of nothing. Its URL is `DATABASE_APP_URL`, or follows from the owner's and SECRET_KEY.
"""

import base64
import hashlib
import hmac
import sys
import time
from urllib.parse import quote, unquote, urlsplit

import psycopg
from psycopg import sql

APP_ROLE = "frontdoor_app"
APPEND_ONLY = (  # a past that is only added to
    "tickets_event", "incidents_happening", "incidents_decision", "alerts_alertact", "knowledge_modelcall",
)  # fmt: skip
PREPARING = 7316001  # advisory lock: two starts at once prepare one after the other
PASSING = ("starting up", "shutting down", "recovery", "refused", "timeout", "timed out", "closed the connection", "name resolution")
QUIET = 2.0  # seconds of waiting for a server before it is said
Connection = psycopg.Connection[tuple[object, ...]]

GRANTS = """
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role};
DO $$ DECLARE past text; BEGIN  -- a table may not be there yet
  FOREACH past IN ARRAY {append_only} LOOP
    IF to_regclass(past) IS NOT NULL THEN EXECUTE 'REVOKE UPDATE, DELETE ON ' || past || {from_role}; END IF;
  END LOOP;
END $$;
DO $$ DECLARE part record; BEGIN  -- a partition can be reached by its name and has no policy of its own
  FOR part IN SELECT oid::regclass AS name FROM pg_class
    WHERE relispartition AND relkind = 'r' AND relnamespace = 'public'::regnamespace
  LOOP EXECUTE 'REVOKE ALL ON ' || part.name || {from_role}; END LOOP;
END $$;
"""

STRONG = """
SELECT CASE
    WHEN r.rolsuper THEN 'it is a superuser'
    WHEN r.rolbypassrls THEN 'it has BYPASSRLS'
    WHEN r.rolcreaterole THEN 'it has CREATEROLE'
    WHEN r.rolreplication THEN 'it has REPLICATION'
    WHEN EXISTS (SELECT 1 FROM pg_auth_members m WHERE m.member = r.oid) THEN 'it is a member of another role'
    WHEN EXISTS (SELECT 1 FROM pg_database d WHERE d.datdba = r.oid AND d.datname = current_database()) THEN 'it owns the database'
    WHEN EXISTS (SELECT 1 FROM pg_namespace n WHERE n.nspowner = r.oid) THEN 'it owns a schema'
    WHEN EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid AND c.relnamespace = 'public'::regnamespace) THEN 'it owns tables'
END
FROM pg_roles r WHERE r.rolname = current_user
"""


class StrongRole(RuntimeError):
    """The application's role could get around row-level security."""


def app_password(secret_key: str) -> str:
    digest = hmac.new(secret_key.encode(), b"database-app-role", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest)[:32].decode()


def app_url(owner_url: str, secret_key: str) -> str:
    """The application role's URL beside the owner's."""
    parts = urlsplit(owner_url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{APP_ROLE}:{quote(app_password(secret_key))}@{host}").geturl()


def connect(url: str, *, patience: float = 0) -> Connection:
    """Connect, for up to `patience` seconds while the server is starting, restarting or not yet there.

    Raises psycopg.OperationalError when it stays away, or at once when it says no.
    """
    begun, told = time.monotonic(), False
    while True:
        try:
            return psycopg.connect(url, autocommit=True, connect_timeout=5)
        except psycopg.OperationalError as error:
            waited = time.monotonic() - begun
            if waited > patience or not any(word in str(error) for word in PASSING):
                raise
            if waited > QUIET and not told:
                parts = urlsplit(url)
                print(f"waiting for the database at {parts.hostname}:{parts.port or 5432} …", file=sys.stderr, flush=True)  # noqa: T201
                told = True
        time.sleep(0.2)


def prepare(owner_url: str, app_url: str) -> None:
    """Make the database and the application's role. The owner needs CREATEDB and CREATEROLE where they are missing."""
    try:
        with connect(app_url, patience=60):
            return
    except psycopg.OperationalError:
        pass  # no such database, no such role or another password: what follows mends each
    with _owners(owner_url) as connection:
        make_app_role(connection, app_url)


def _owners(owner_url: str) -> Connection:
    """The owner's connection, to a database that is made where it is missing."""
    parts = urlsplit(owner_url)
    name = unquote(parts.path.lstrip("/"))
    try:
        return connect(owner_url, patience=60)
    except psycopg.OperationalError as error:
        if f'"{name}" does not exist' not in str(error):
            raise
    with connect(parts._replace(path="/postgres").geturl()) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return connect(owner_url)


def make_app_role(connection: Connection, app_url: str) -> None:
    """Create the role that `app_url` names, or give it that URL's password; it gets no privilege but to sign in."""
    parts = urlsplit(app_url)
    role, password = unquote(parts.username or ""), unquote(parts.password or "")
    connection.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
    there = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    limits = "" if there else "NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION"
    statement = f"{'ALTER' if there else 'CREATE'} ROLE {{}} LOGIN {limits} PASSWORD {{}}"
    connection.execute(sql.SQL(statement).format(sql.Identifier(role), sql.Literal(password)))


def grants(role: str) -> str:
    """The statements that grant the application's role what it may do, after every migration."""
    name = sql.Identifier(role).as_string()
    from_role, past = sql.Literal(f" FROM {name}").as_string(), sql.Literal(list(APPEND_ONLY)).as_string()
    return GRANTS.format(role=name, from_role=from_role, append_only=f"{past}::text[]")


def refuse_strong_role(connection: Connection) -> None:
    """Raise `StrongRole` when the connected role could read across districts."""
    row = connection.execute(STRONG).fetchone()
    why = row[0] if row else "it is not known to the server"
    if why:
        raise StrongRole(f"the application must not connect as this database role: {why}. See DATABASE_APP_URL in .env.example")


def check_application_role(url: str, *, patience: float = 60) -> None:
    """What every serving process asks at its start: may this role see one district at a time only?"""
    with connect(url, patience=patience) as connection:
        refuse_strong_role(connection)
