"""The database and the application's role: made where they are missing, checked before anything is served.

Two roles. The owner (`DATABASE_URL`) migrates. The application's role serves: it owns nothing, is no superuser, cannot bypass
row-level security and is a member of nothing. Its URL is `DATABASE_APP_URL`, or follows from the owner's and SECRET_KEY.
"""

import base64
import hashlib
import hmac
from urllib.parse import quote, unquote, urlsplit

import psycopg
from psycopg import sql

APP_ROLE = "frontdoor_app"
PREPARING = 7316001  # advisory lock: two starts at once prepare one after the other

GRANTS = f"""
GRANT USAGE ON SCHEMA public TO {APP_ROLE};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE};
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {APP_ROLE};
REVOKE UPDATE, DELETE ON tickets_event FROM {APP_ROLE};
DO $$ DECLARE part record; BEGIN  -- a partition can be reached by its name and has no policy of its own
  FOR part IN SELECT oid::regclass AS name FROM pg_class
    WHERE relispartition AND relkind = 'r' AND relnamespace = 'public'::regnamespace
  LOOP EXECUTE format('REVOKE ALL ON %s FROM {APP_ROLE}', part.name); END LOOP;
END $$;
"""

WEAK = """
SELECT r.rolsuper OR r.rolbypassrls
    OR EXISTS (SELECT 1 FROM pg_auth_members m WHERE m.member = r.oid)
    OR EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid AND c.relnamespace = 'public'::regnamespace)
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


def prepare(owner_url: str, secret_key: str) -> None:
    """Make the database and the application's role. The owner needs CREATEDB and CREATEROLE where they are missing."""
    parts = urlsplit(owner_url)
    name = unquote(parts.path.lstrip("/"))
    try:
        connection = psycopg.connect(owner_url, autocommit=True)
    except psycopg.OperationalError as error:
        if f'"{name}" does not exist' not in str(error):
            raise
        with psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as server:
            server.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
            if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        connection = psycopg.connect(owner_url, autocommit=True)
    with connection:
        _make_app_role(connection, app_password(secret_key))


def _make_app_role(connection: "psycopg.Connection[tuple[object, ...]]", password: str) -> None:
    connection.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
    there = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP_ROLE]).fetchone()
    verb = "ALTER" if there else "CREATE"
    statement = f"{verb} ROLE {{}} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD {{}}"
    connection.execute(sql.SQL(statement).format(sql.Identifier(APP_ROLE), sql.Literal(password)))


def refuse_strong_role(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    """Raise `StrongRole` when the connected role could read across districts."""
    row = connection.execute(WEAK).fetchone()
    if row is None or row[0]:
        raise StrongRole("the application must not connect as owner, superuser or with BYPASSRLS: see DATABASE_APP_URL")
