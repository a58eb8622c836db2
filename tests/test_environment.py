"""What every entry point refuses, and what it makes up."""

import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from config import environment
from districts.postgres import roles
from tests import scratch

ROLE = f"strong_{os.environ.get('TEST_DATABASE', 'test_frontdoor')}"


def python(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    full = {k: v for k, v in {**os.environ, **env}.items() if v}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=settings.ROOT, env=full, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def server() -> Iterator[psycopg.Connection]:
    with scratch.as_owner("postgres") as connection:
        connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(ROLE)))
        yield connection
        connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(ROLE)))


def role_url(name: str = "postgres") -> str:
    parts = urlsplit(scratch.owner_url(name))
    return str(parts._replace(netloc=f"{ROLE}:pw@{parts.hostname}:{parts.port}").geturl())


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("SUPERUSER", "superuser"),
        ("BYPASSRLS", "BYPASSRLS"),
        ("CREATEROLE", "CREATEROLE"),
        ("REPLICATION", "REPLICATION"),
        ("IN ROLE pg_read_all_data", "member of another role"),
    ],
)
def test_a_role_that_could_see_past_a_district_is_refused(server: psycopg.Connection, options: str, why: str) -> None:
    server.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'pw' " + options).format(sql.Identifier(ROLE)))  # type: ignore[arg-type]
    with pytest.raises(roles.StrongRole, match=why):
        roles.check_application_role(role_url())


def test_the_applications_own_role_is_not_refused() -> None:
    roles.check_application_role(settings.APP_URL)


def test_a_role_that_owns_the_database_is_refused(server: psycopg.Connection) -> None:
    server.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'pw'").format(sql.Identifier(ROLE)))
    with scratch.database(f"{ROLE}_owned") as name:
        server.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(name), sql.Identifier(ROLE)))
        with pytest.raises(roles.StrongRole, match="owns the database"):
            roles.check_application_role(role_url(name))


@pytest.mark.parametrize(
    "entry",
    [
        "import config.wsgi",
        "from config.celery import app; app.worker_main(['worker', '--pool', 'solo'])",
        "import sys, runpy; sys.argv = ['manage.py', 'sweeper', '--once']; runpy.run_path('manage.py', run_name='__main__')",
        "import sys, runpy; sys.argv = ['manage.py', 'smtp_door']; runpy.run_path('manage.py', run_name='__main__')",
    ],
    ids=["web", "worker", "sweeper", "smtp"],
)
def test_nothing_serves_as_the_owner(entry: str) -> None:
    done = python(entry, DATABASE_APP_URL=settings.OWNER_URL, SMTP_DOOR_PORT="0")
    assert done.returncode != 0
    assert "must not connect as this database role: it is a superuser" in done.stderr


@pytest.mark.parametrize("missing", ["SECRET_KEY", "DATABASE_APP_URL"])
def test_production_makes_nothing_up(missing: str) -> None:
    given = {"SECRET_KEY": "x" * 50, "DATABASE_APP_URL": "postgres://a:b@127.0.0.1:1/c", missing: ""}
    done = python("from config import environment; environment.provide()", PRODUCTION="1", DATABASE_URL="", **given)
    assert done.returncode == 1
    assert f"PRODUCTION=1 needs {missing}" in done.stderr


def test_a_process_that_serves_needs_no_owner() -> None:
    """With the application's URL alone nothing is started, and nothing is asked of a server."""
    code = "import os; from config import environment; environment.provide(); print(os.environ.get('DATABASE_URL'))"
    done = python(code, DATABASE_URL="", DATABASE_APP_URL="postgres://a:b@127.0.0.1:1/c", EMBEDDED_HOME="/nonexistent")
    assert done.stdout == "None\n", done.stderr


def test_prepare_makes_database_and_role_and_mends_a_password(server: psycopg.Connection) -> None:
    name = f"{ROLE}_new"
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
    try:
        for password in ("one", "two"):
            url = role_url(name).replace(":pw@", f":{password}@")
            roles.prepare(scratch.owner_url(name), url)
            roles.prepare(scratch.owner_url(name), url)
            roles.check_application_role(url)
    finally:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def test_the_roles_password_follows_from_the_secret_alone() -> None:
    url = roles.app_url("postgres://me:pw@db.example:5433/desk", "secret")
    assert url == f"postgres://frontdoor_app:{roles.app_password('secret')}@db.example:5433/desk"
    assert roles.app_password("secret") != roles.app_password("other")


def test_a_server_that_is_away_is_waited_for_and_a_refusal_is_not() -> None:
    with pytest.raises(psycopg.OperationalError, match="refused"):
        roles.connect("postgres://a:b@127.0.0.1:1/c", patience=0.5)
    wrong = settings.APP_URL.replace(str(urlsplit(settings.APP_URL).password), "wrong")
    with pytest.raises(psycopg.OperationalError, match="password"):
        roles.connect(wrong, patience=600)


def test_the_kept_secret_is_one() -> None:
    assert environment._kept_secret() == environment._kept_secret()
