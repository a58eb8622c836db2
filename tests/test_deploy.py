"""What a server runs from: the production example, the Procfile, the image and its services."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import pytest
import yaml
from django.conf import settings
from honcho.environ import parse_procfile

from tests import scratch

ROOT = Path(settings.ROOT)
# Read by the shell lines of the Procfile, or by the embedded servers; not by settings.
ELSEWHERE = {
    "PORT",
    "WEB_BIND",
    "WEB_CONCURRENCY",
    "WEB_THREADS",
    "WORKER_CONCURRENCY",
    "WORKER_TMP_DIR",
    "BEAT_SCHEDULE",
    "HEARTBEAT_FILE",
}
EMBEDDED = {"EMBEDDED_HOME", "EMBEDDED_PG_OPTIONS", "EMBEDDED_IDLE"}
OF_TESTS = {"PLAIN_STATIC", "TEST_DATABASE"}


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


def procfile() -> dict[str, str]:
    found: dict[str, str] = parse_procfile((ROOT / "Procfile").read_text()).processes
    return found


def example(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))


def run(*command: str, **env: str) -> subprocess.CompletedProcess[str]:
    bare = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env={**bare, **env}, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_production_example_passes_djangos_deployment_checks() -> None:
    here = {"DATABASE_URL": settings.OWNER_URL, "DATABASE_APP_URL": settings.APP_URL}  # some checks ask the server's version
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **{**example(".env.production.example"), **here})
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_production_is_https_only() -> None:
    code = (
        "from config import environment; environment.provide(); import django; django.setup()\n"
        "from django.conf import settings as s\n"
        "print(s.DEBUG, s.DEMO, s.DELIVERY_KEEP, s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.PUBLIC_SCHEME,"
        " s.DATABASES['default']['OPTIONS']['sslmode'], s.DATABASES['default']['USER'])"
    )
    done = run("-c", code, **example(".env.production.example"))
    assert done.stdout.split() == ["False", "False", "False", "True", "True", "True", "https", "require", "frontdoor_app"], done.stderr


def test_a_demonstrations_secret_is_refused_in_production() -> None:
    secret = compose()["x-app"]["environment"]["SECRET_KEY"].removeprefix("${SECRET_KEY:-").removesuffix("}")
    done = run("manage.py", "check", **{**example(".env.production.example"), "SECRET_KEY": secret})
    assert done.returncode == 1
    assert "PRODUCTION=1 needs SECRET_KEY" in done.stderr


def test_a_demonstration_is_refused_in_production() -> None:
    done = run("manage.py", "check", **{**example(".env.production.example"), "DEMO": "1"})
    assert done.returncode == 1
    assert "PRODUCTION=1 excludes DEMO=1" in done.stderr


SWEEPER = "import sys, runpy; sys.argv = ['manage.py', 'sweeper']; runpy.run_path('manage.py', run_name='__main__')"
SMTP_DOOR = SWEEPER.replace("sweeper", "smtp_door")
IMAP_DOOR = SWEEPER.replace("sweeper", "imap_door")


@pytest.mark.parametrize("entry", ["import config.wsgi", SWEEPER, SMTP_DOOR, IMAP_DOOR], ids=["web", "sweeper", "smtp", "imap"])
def test_nothing_serves_with_the_examples_secrets(entry: str) -> None:
    here = {"DATABASE_URL": "", "DATABASE_APP_URL": settings.APP_URL}
    done = run("-c", entry, **{**example(".env.production.example"), **here})
    assert done.returncode == 1
    assert "the example's values are still in EMAIL_URL, METRICS_TOKEN, SECRET_KEY, TWILIO_AUTH_TOKEN" in done.stderr


def test_the_deployment_checks_name_a_role_that_is_too_strong() -> None:
    here = {"DATABASE_URL": settings.OWNER_URL, "DATABASE_APP_URL": settings.OWNER_URL}
    done = run("manage.py", "check", "--deploy", **{**example(".env.production.example"), **here})
    assert done.returncode == 1
    assert "frontdoor.E001" in done.stderr
    assert "it is a superuser" in done.stderr


def read_settings() -> set[str]:
    text = (ROOT / "config" / "settings.py").read_text()
    return set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', text))


def test_every_setting_is_documented_and_every_documented_one_is_read() -> None:
    documented = set(re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    wanted = (read_settings() | ELSEWHERE | EMBEDDED) - OF_TESTS
    assert documented - wanted == set(), "documented, and read by nothing"
    assert wanted - documented == set(), "read, and not documented"
    for name in ELSEWHERE:
        places = ("Procfile", "config/celery.py", "config/management/commands/sweeper.py", "config/management/commands/run.py")
        assert any(name in (ROOT / place).read_text() for place in places), name


def test_the_production_example_sets_only_what_is_read() -> None:
    assert set(example(".env.production.example")) - read_settings() == set()


def test_each_process_is_a_service_with_a_health_check() -> None:
    services = compose()["services"]
    for name in procfile():
        assert services[name]["command"] == name
        assert services[name]["healthcheck"]["test"]
    for name in ("db", "broker"):
        assert services[name]["healthcheck"]["test"]
    assert "readyz" in " ".join(services["web"]["healthcheck"]["test"])


def test_services_wait_for_what_they_need() -> None:
    services = compose()["services"]
    for name in procfile():
        waits = services[name]["depends_on"]
        assert waits["migrate"]["condition"] == "service_completed_successfully"
        assert waits["broker"]["condition"] == "service_healthy"
    assert services["migrate"]["depends_on"]["db"]["condition"] == "service_healthy"


def test_only_the_step_that_migrates_has_the_owners_url() -> None:
    services = compose()["services"]
    has = [name for name, service in services.items() if "DATABASE_URL" in service.get("environment", {})]
    assert has == ["migrate"]
    for name in procfile():
        assert "frontdoor_app" in services[name]["environment"]["DATABASE_APP_URL"]


def test_compose_passes_only_what_is_read() -> None:
    passed = set(compose()["x-app"]["environment"])
    assert passed - (read_settings() | ELSEWHERE) == set()


def test_nothing_is_published_to_the_world_unasked() -> None:
    for service in compose()["services"].values():
        for port in service.get("ports", []):
            assert "127.0.0.1" in port, port


def test_the_images_entry_runs_lines_of_the_procfile(tmp_path: Path) -> None:
    """`web` is the Procfile's line, with its variables; anything else runs as it is."""
    (tmp_path / "Procfile").write_text("web: echo bound to ${WEB_BIND:-nothing}:${PORT:-8000}\n")
    script = str(ROOT / "config" / "process.sh")
    told = subprocess.run(
        [script, "web"], cwd=tmp_path, env={**os.environ, "WEB_BIND": "0.0.0.0"}, capture_output=True, text=True, check=True
    )
    assert told.stdout == "bound to 0.0.0.0:8000\n"
    other = subprocess.run([script, "echo", "a b"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert other.stdout == "a b\n"


def test_what_the_image_copies_and_calls_is_there() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert (ROOT / "config" / "process.sh").stat().st_mode & 0o111
    assert 'ENTRYPOINT ["/app/config/process.sh"]' in text
    assert "USER frontdoor" in text
    for source in re.findall(r"^COPY (?!--from)(\S+) ", text, re.MULTILINE):
        assert (ROOT / source).exists(), source
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv", "var", ".env"} <= set(ignored)


def test_static_files_are_built_without_any_server() -> None:
    """As the image does it: nothing is started, and the URL is never called."""
    done = run("manage.py", "build_static", SECRET_KEY="build", DATABASE_APP_URL="postgres://nobody@127.0.0.1/none",
               EMBEDDED_HOME="/nonexistent/never")  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["web", "worker", "beat", "smtp", "imap", "sweeper"])
def test_the_procfile_names_real_programs(name: str) -> None:
    program, *rest = procfile()[name].split()
    assert (Path(sys.executable).parent / program).exists(), program
    if program == "python":
        done = run(rest[0], rest[1], "--help", SECRET_KEY="x", DATABASE_APP_URL="postgres://nobody@127.0.0.1/none")
        assert done.returncode == 0, done.stderr


def test_the_production_urls_are_read_whole() -> None:
    url = example(".env.production.example")["DATABASE_APP_URL"]
    assert environ.Env.db_url_config(url)["OPTIONS"] == {"sslmode": "require"}


@pytest.mark.slow
def test_a_managed_server_where_the_owner_is_no_superuser() -> None:
    """As on a managed PostgreSQL: the owner may make databases and roles, and the rest follows from `prepare`."""
    name = f"managed_{os.environ.get('TEST_DATABASE', 'test_frontdoor')}"
    parts = urlsplit(scratch.owner_url(name))
    owner_url = parts._replace(netloc=f"{name}_owner:pw@{parts.hostname}:{parts.port}").geturl()
    app_url = parts._replace(netloc=f"{name}_app:pw@{parts.hostname}:{parts.port}").geturl()
    serves = {"SECRET_KEY": "x" * 50, "DATABASE_APP_URL": app_url, "REDIS_URL": ""}
    with scratch.as_owner("postgres") as server:
        server.execute(f"CREATE ROLE {name}_owner LOGIN PASSWORD 'pw' CREATEDB CREATEROLE".encode())
        try:
            for _twice in range(2):
                done = run("manage.py", "prepare", "--no-static", DATABASE_URL=owner_url, **serves)
                assert done.returncode == 0, done.stdout + done.stderr
            for command in (["check_isolation"], ["sweeper", "--once"], ["check"]):
                done = run("manage.py", *command, **serves)
                assert done.returncode == 0, done.stdout + done.stderr
            assert run("manage.py", "migrate", "config", "zero", **serves).returncode == 1, "who only serves cannot migrate"
        finally:
            server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            server.execute(f"DROP ROLE IF EXISTS {name}_app, {name}_owner".encode())
