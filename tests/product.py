"""The real product, started as a person starts it, with the outside world (mail server, Twilio) played by the test.

Shared by the journeys and the browser tests. `JOURNEYS_KEEP=1` keeps the databases of the last run, for quick work on one test.
"""

import contextlib
import hashlib
import json
import os
import re
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
from typing import Any, Self, cast
from uuid import UUID, uuid4

import psycopg
import requests
from django.conf import settings
from psycopg.rows import dict_row

from config import embedded
from config.demo.loading import DEMO_PASSWORD
from tests.outside import MailServer, Twilio

ROOT = Path(settings.ROOT)
CEDAR, OAK = "cedar-valley.localhost", "oak-hollow.localhost"
FORGOTTEN = ("DATABASE_URL", "DATABASE_APP_URL", "REDIS_URL", "EMBEDDED", "PLAIN_STATIC", "EMBEDDED_HOME", "EMBEDDED_PG_OPTIONS")
# Written through to the kernel, so that kill -9 loses nothing; not to the disk, which no test pulls out.
SURVIVES_KILL = "fsync=off full_page_writes=off"
TWILIO_TOKEN = "journey-auth-token"
START = 300.0  # seconds for a first start on a busy machine


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until[T](true: Callable[[], T | bool], *, seconds: float = 30, what: str = "it") -> T:
    """What `true` returns once it is true; fails with `what` when that never happens."""
    end = time.monotonic() + seconds
    while True:
        found = true()
        if found:
            return cast(T, found)
        assert time.monotonic() < end, f"waited {seconds:.0f} s in vain for {what}"
        time.sleep(0.1)


class Product:
    def __init__(self, name: str, *, mail: MailServer, twilio: Twilio, **env: str) -> None:
        base = ROOT / "var" / f"embedded-{name}"
        self.port, self.smtp_port, self.mail, self.twilio = free_port(), free_port(), mail, twilio
        self.env = {k: v for k, v in os.environ.items() if k not in FORGOTTEN} | {
            "EMBEDDED_HOME": str(base), "EMBEDDED_PG_OPTIONS": SURVIVES_KILL, "EMBEDDED_IDLE": "1",
            "PORT": str(self.port), "SMTP_DOOR_PORT": str(self.smtp_port), "PUBLIC_PORT": f":{self.port}",
            "SECRET_KEY": "journeys-" + "x" * 50, "DEMO": "1", "DELIVERY_KEEP": "0", "RATE_LIMITS_OFF": "1",
            "MEDIA_ROOT": str(ROOT / "var" / f"media-{name}"),
            "EMAIL_URL": f"smtp://127.0.0.1:{mail.port}",
            "TWILIO_API": twilio.url, "TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
            "SMS_FROM": "+12025550100",
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
        if os.environ.get("JOURNEYS_KEEP"):
            return
        state = self.state()
        if state.get("keeper_pid"):
            until(lambda: gone(state["keeper_pid"]), what="the servers of the run before to go")
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.env["MEDIA_ROOT"], ignore_errors=True)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "run"], cwd=ROOT, env=self.env, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        until(lambda: self.ready() or self._ended(), seconds=START, what=f"the product to start (see {self.log})")
        until(self._mail_door_open, what="the SMTP door")

    def _ended(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"`manage.py run` ended:\n{self.log.read_text()[-3000:]}"
        return False

    def ready(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def _mail_door_open(self) -> bool:
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
        assert self.process is not None
        marks = {"gunicorn": "web", "worker": "worker", "beat": "beat", "smtp_door": "smtp", "imap_door": "imap", "sweeper": "sweeper"}
        found: dict[str, int] = {}
        for pid, parent, command in processes():
            if parent == self.process.pid:
                found |= {name: pid for mark, name in marks.items() if f"\0{mark}" in command or f"/{mark}\0" in command}
        return found

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
            " VALUES (%s, %s, 'journey', %s, %s, 'agent', now())",
            self.district(host), uuid4(), prefix, hashlib.sha256(secret.encode()).hexdigest(),
        )  # fmt: skip
        return f"fd_{prefix}_{secret}"

    def sms_channel(self, host: str) -> dict[str, Any]:
        query = "SELECT id, address, secret FROM intake_channel WHERE district_id = %s AND kind = 'sms'"
        return self.rows(query, self.district(host))[0]

    def time_passes(self, token: str, hours: float) -> None:
        """For one ticket: everything that happened to it happened so much earlier."""
        ticket = self.rows("SELECT district_id, id FROM tickets_ticket WHERE token = %s", token)[0]
        back = f"{hours} hours"
        key = (ticket["district_id"], ticket["id"])
        self.rows("UPDATE tickets_event SET at = at - %s::interval WHERE district_id = %s AND ticket_id = %s", back, *key)
        self.rows("UPDATE tickets_message SET at = at - %s::interval WHERE district_id = %s AND ticket_id = %s", back, *key)
        self.rows(
            "UPDATE tickets_ticket SET opened_at = opened_at - %s::interval, placed_at = placed_at - %s::interval,"
            " due_at = due_at - %s::interval"
            " WHERE district_id = %s AND id = %s", back, back, back, *key,
        )  # fmt: skip
        self.rows(
            "UPDATE sla_clock SET started_at = started_at - %s::interval, due_at = due_at - %s::interval,"
            " check_at = check_at - %s::interval WHERE district_id = %s AND ticket_id = %s", back, back, back, *key,
        )  # fmt: skip

    def visitor(self, host: str = CEDAR) -> "Visitor":
        return Visitor(self, host)

    def email_of(self, role: str, host: str = CEDAR) -> str:
        """Of somebody among the demonstration's sign-ins, by the words that name her there."""
        lines = (self.home / "sign-ins.txt").read_text().splitlines()
        domain = host.split(".")[0].replace("-", "") + ".example"
        return next(line.split()[0] for line in lines if role in line and domain in line)

    def signed_in(self, role: str, host: str = CEDAR) -> "Visitor":
        who = self.visitor(host)
        page = who.get("/account/login/")
        who.submit(page, "/account/login/", login=self.email_of(role, host), password=DEMO_PASSWORD)
        return who


def processes() -> Iterator[tuple[int, int, str]]:
    """(pid, parent, command line with \\0 between its words)"""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
            if after_name[0] not in "ZX":
                yield int(folder.name), int(after_name[1]), (folder / "cmdline").read_text()


def gone(pid: int) -> bool:
    return pid not in {number for number, _, _ in processes()}


FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
FIELD = re.compile(r"<(?:input|textarea|select|button)\b[^>]*>")
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


class Visitor:
    """A browser without JavaScript: cookies, forms with what is hidden in them, redirects."""

    def __init__(self, product: Product, host: str) -> None:
        self.product, self.host = product, host
        self.session = requests.Session()
        self.session.headers["Host"] = f"{host}:{product.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        path = re.sub(r"^https?://[^/]+", "", path)
        return self.session.request(method, f"http://127.0.0.1:{self.product.port}{path}", timeout=60, **more)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.ask("GET", path, **more)

    def submit(self, page: requests.Response, action: str, *, files: Any = None, **values: Any) -> requests.Response:
        """Fill in the form that goes to this address, and send it."""
        found, hidden = self.form(page, action)
        origin = f"http://{self.host}:{self.product.port}"
        return self.ask("POST", found, data={**hidden, **values}, files=files, headers={"Origin": origin})

    def form(self, page: requests.Response, action: str) -> tuple[str, dict[str, str]]:
        for attributes, inside in FORM.findall(page.text):
            given = dict(ATTRIBUTE.findall(attributes)).get("action", page.url)
            if given.split("?")[0] == action:
                fields = [dict(ATTRIBUTE.findall(field)) for field in FIELD.findall(inside)]
                hidden = {f["name"]: f.get("value", "") for f in fields if f.get("type") == "hidden" and "name" in f}
                return given.replace("&amp;", "&"), hidden
        raise AssertionError(f"no form goes to {action} on {page.url} ({page.status_code}):\n{page.text[:2000]}")

    def request(self, text: str, contact: str, *, files: Any = None, **more: Any) -> requests.Response:
        """Ask at the front door and send; the answer is the requester's own page, or the form again."""
        asked = self.submit(self.get("/"), "/", text=text, step="ask")
        return self.submit_ask(asked, text=text, contact=contact, files=files, **more)

    def submit_ask(self, page: requests.Response, **values: Any) -> requests.Response:
        return self.submit(page, "/", **values)


def a_number() -> str:
    """A telephone number that nobody has (555-0100 to 0199 are kept for stories), and nobody in these journeys yet."""
    area = secrets.choice(("202", "212", "303", "312", "404", "415", "503", "617", "702", "808"))
    return f"+1{area}55501{secrets.randbelow(100):02}"


def token_of(page: requests.Response) -> str:
    found = re.search(r"/r/([a-z0-9]+)", page.url)
    assert found, f"not a requester's page: {page.url} ({page.status_code})\n{page.text[:1500]}"
    return found[1]


def number_of(page: requests.Response) -> int:
    found = re.search(r"#(\d+)", page.text)
    assert found, page.text[:1500]
    return int(found[1])
