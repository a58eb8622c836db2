"""The whole product, started as a person starts it: with databases, ports and files of its own, and ended by whoever began it.

For `manage.py storm`, and for the journeys and browser tests, which look at it as the outside world does.
"""

import contextlib
import hashlib
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import psycopg
from django.conf import settings
from psycopg.rows import dict_row

from config import embedded
from config.storm.outside import MailServer, Twilio

ROOT = Path(settings.ROOT)
CEDAR, OAK = "cedar-valley.localhost", "oak-hollow.localhost"
FORGOTTEN = ("DATABASE_URL", "DATABASE_APP_URL", "REDIS_URL", "EMBEDDED", "PLAIN_STATIC", "EMBEDDED_HOME", "EMBEDDED_PG_OPTIONS")
# Written through to the kernel, so that kill -9 loses nothing; not to the disk, which nobody pulls out.
SURVIVES_KILL = "fsync=off full_page_writes=off"
TWILIO_ACCOUNT, TWILIO_TOKEN = "AC" + "0" * 32, "made-up-auth-token"
HOOK_SECRET = "hook:made-up-secret"  # from which follows each district's login for its provider of mail
START = 300.0  # seconds for a first start on a busy machine
MARKS = {"gunicorn": "web", "worker": "worker", "beat": "beat", "smtp_door": "smtp", "sweeper": "sweeper", "imap_door": "imap"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until[T](true: Callable[[], T | bool], *, seconds: float = 30, what: str = "it") -> T:
    """What `true` returns once it is true; raises AssertionError with `what` when that never happens."""
    end = time.monotonic() + seconds
    while True:
        found = true()
        if found:
            return cast(T, found)
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.1)


class Running:
    def __init__(self, name: str, *, mail: MailServer, twilio: Twilio, **env: str) -> None:
        base = ROOT / "var" / f"embedded-{name}"
        self.port, self.smtp_port, self.mail, self.twilio = free_port(), free_port(), mail, twilio
        self.env = {k: v for k, v in os.environ.items() if k not in FORGOTTEN} | {
            "EMBEDDED_HOME": str(base), "EMBEDDED_PG_OPTIONS": SURVIVES_KILL, "EMBEDDED_IDLE": "1",
            "PORT": str(self.port), "SMTP_DOOR_PORT": str(self.smtp_port), "PUBLIC_PORT": f":{self.port}",
            "SECRET_KEY": f"{name}-" + "x" * 50, "DEMO": "1", "DELIVERY_KEEP": "0", "RATE_LIMITS_OFF": "1",
            "MEDIA_ROOT": str(ROOT / "var" / f"media-{name}"),
            "EMAIL_URL": f"smtp://127.0.0.1:{mail.port}", "ANYMAIL_WEBHOOK_SECRET": HOOK_SECRET,
            "TWILIO_API": twilio.url, "TWILIO_ACCOUNT_SID": TWILIO_ACCOUNT, "TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
            "HOUSE_NUMBERS": f"{CEDAR}/+13605550144,{OAK}/+17405550118",  # those of the demonstration
            "SMS_FROM": "+12025550100", "MAIL_PRIVATE_HOSTS": "127.0.0.1",
            **env,
        }  # fmt: skip
        with self._as_product():
            self.home = embedded.home()
        self.log = ROOT / "var" / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def _as_product(self) -> Iterator[None]:
        before = os.environ.get("EMBEDDED_HOME")
        os.environ["EMBEDDED_HOME"] = self.env["EMBEDDED_HOME"]
        try:
            yield
        finally:
            os.environ.pop("EMBEDDED_HOME")
            if before is not None:
                os.environ["EMBEDDED_HOME"] = before

    # --- starting and stopping ------------------------------------------------------------------------------------------

    def fresh(self) -> None:
        """Forget everything of an earlier run."""
        state = self.state()
        if state.get("keeper_pid"):
            until(lambda: gone(state["keeper_pid"]), what="the servers of the run before to go")
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.env["MEDIA_ROOT"], ignore_errors=True)

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "run"], cwd=ROOT, env=self.env, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        until(lambda: self.ready() or self._ended(), seconds=START, what=f"the product to start (see {self.log})")
        until(self.mail_door_open, what="the SMTP door")

    def _ended(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise AssertionError(f"`manage.py run` ended:\n{self.log.read_text()[-3000:]}")
        return False

    def ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def mail_door_open(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.smtp_port)) == 0

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(60)

    def state(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self.home / "state.json").read_text())
        except FileNotFoundError:
            return {}
        return found

    def children(self) -> dict[str, int]:
        """Pid by the Procfile's names."""
        if self.process is None:
            return {}
        found: dict[str, int] = {}
        for pid, parent, command in processes():
            if parent == self.process.pid:
                found |= {name: pid for mark, name in MARKS.items() if f"\0{mark}" in command or f"/{mark}\0" in command}
        return found

    def kill(self, name: str) -> None:
        """kill -9; back when another has taken its place (who was killed may leave workers that go on answering for a moment)."""
        before = self.children()[name]
        os.kill(before, signal.SIGKILL)
        until(lambda: self.children().get(name, before) != before, seconds=60, what=f"{name} to be started again")
        until(self.ready, seconds=60, what="the product to be ready again")

    # --- looking inside: only to set the stage, or where the outside cannot see --------------------------------------------

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """As the owner, who sees every district."""
        url = embedded.database_url(self.state())
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            cursor = connection.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def value(self, query: str, *values: Any) -> Any:
        rows = self.rows(query, *values)
        return next(iter(rows[0].values())) if rows else None

    def manage(self, *command: str) -> subprocess.CompletedProcess[str]:
        run = [sys.executable, "manage.py", *command]
        return subprocess.run(run, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False, timeout=300)

    def district(self, host: str) -> UUID:
        found: UUID = self.value("SELECT id FROM districts_district WHERE host = %s", host)
        return found

    def api_key(self, host: str) -> str:
        prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        self.rows(
            "INSERT INTO districts_apikey (district_id, id, name, prefix, digest, role, created_at)"
            " VALUES (%s, %s, 'made for a run', %s, %s, 'agent', now())",
            self.district(host), uuid4(), prefix, hashlib.sha256(secret.encode()).hexdigest(),
        )  # fmt: skip
        return f"fd_{prefix}_{secret}"

    def sms_channel(self, host: str) -> dict[str, Any]:
        return self._number(host, "sms")

    def phone_channel(self, host: str) -> dict[str, Any]:
        return self._number(host, "phone")

    def _number(self, host: str, kind: str) -> dict[str, Any]:
        """The demonstration's number, of the account of whoever runs the product: its id, address and token."""
        query = "SELECT id, address FROM intake_channel WHERE district_id = %s AND kind = %s AND address <> ''"
        return self.rows(query, self.district(host), kind)[0] | {"secret": TWILIO_TOKEN}


def processes() -> Iterator[tuple[int, int, str]]:
    """(pid, parent, command line with \\0 between its words)"""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
            if after_name[0] not in "ZX":
                yield int(folder.name), int(after_name[1]), (folder / "cmdline").read_text()


def gone(pid: int) -> bool:
    return pid not in {number for number, _, _ in processes()}
