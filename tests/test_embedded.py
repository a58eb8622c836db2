"""The embedded servers come up where they are needed, come back when they are killed, and go when nobody needs them."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import pytest
import redis
from django.conf import settings

from config import embedded

USER = "import json, sys; from config import embedded; print(json.dumps(embedded.ensure()), flush=True); sys.stdin.read()"
SAFE = {"EMBEDDED_PG_OPTIONS": "", "EMBEDDED_IDLE": "1"}  # written through to the disk, as `make run` has it


class User:
    """A process that needs the servers."""

    left: ClassVar[list["User"]] = []

    def __init__(self, home: Path) -> None:
        self.left.append(self)
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER],
            cwd=settings.ROOT, env={**os.environ, **SAFE, "EMBEDDED_HOME": str(home)}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.state: dict[str, Any] = json.loads(self.process.stdout.readline())

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(embedded.database_url(self.state, "postgres"), autocommit=True, connect_timeout=3)

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def home() -> Iterator[Path]:
    """Where the account that runs PostgreSQL may enter: pytest's own folders are closed to it."""
    folder = Path(tempfile.mkdtemp(dir="/var/tmp", prefix="frontdoor-test-"))
    folder.chmod(0o755)
    yield folder / "servers"
    while User.left:
        User.left.pop().kill()
    state = state_of(folder / "servers")
    for pid in (state.get("keeper_pid"), state.get("pg_pid"), state.get("redis_pid")):
        if pid:
            until(partial(gone, pid), 30)
    shutil.rmtree(folder, ignore_errors=True)


def state_of(home: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((home / "state.json").read_text())
    except FileNotFoundError:
        return {}
    return found


def until(true: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


def gone(pid: int) -> bool:
    """Ended, or a zombie that nobody reaps."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.slow
def test_servers_outlive_every_kill_and_go_with_their_last_user(home: Path) -> None:
    first = User(home)
    second = User(home)
    assert first.state == second.state, "one keeper for both"
    with first.connect() as connection:
        connection.execute("CREATE TABLE kept (x int)")
        connection.execute("INSERT INTO kept VALUES (1)")
    assert redis.Redis(port=first.state["redis_port"]).ping()

    first.kill()
    assert listens(second.state["pg_port"]), "somebody still needs it"

    os.kill(second.state["pg_pid"], signal.SIGKILL)
    until(lambda: state_of(home)["pg_pid"] != second.state["pg_pid"] and answers(second))
    assert rows(second) == 1, "what was committed is there after the crash, at the same port"

    os.kill(second.state["redis_pid"], signal.SIGKILL)
    until(lambda: state_of(home)["redis_pid"] != second.state["redis_pid"] and listens(second.state["redis_port"]))

    before = state_of(home)
    os.kill(before["keeper_pid"], signal.SIGKILL)
    third = User(home)
    assert gone(before["pg_pid"]), "no server outlives its keeper"
    assert third.state["pg_port"] == before["pg_port"]
    assert third.state["redis_port"] == before["redis_port"]
    assert rows(third) == 1

    second.kill()
    third.kill()
    until(lambda: gone(third.state["keeper_pid"]) and not listens(third.state["pg_port"]), 30)
    assert not listens(third.state["redis_port"])


def answers(user: User) -> bool:
    try:
        user.connect().close()
    except psycopg.OperationalError:
        return False
    return True


def rows(user: User) -> int:
    with user.connect() as connection:
        found = connection.execute("SELECT count(*) FROM kept").fetchone()
    return int(found[0]) if found else 0


@pytest.mark.slow
def test_a_left_pid_file_that_names_a_stranger_stops_nothing(home: Path) -> None:
    user = User(home)
    user.kill()
    until(lambda: gone(user.state["keeper_pid"]), 30)
    where = Path(os.environ["EMBEDDED_HOME"]) if not home.exists() else home
    (where / "pgdata" / "postmaster.pid").write_text(f"{os.getpid()}\n{where / 'pgdata'}\n1\n{user.state['pg_port']}\n")
    again = User(home)
    assert answers(again)
    again.kill()


def test_without_a_broker_the_address_is_empty() -> None:
    assert embedded.redis_url({"pg_port": 1, "redis_port": None}) == ""
    assert embedded.redis_url({"pg_port": 1, "redis_port": 6}) == "redis://127.0.0.1:6/0"


def test_a_server_that_cannot_start_is_told_of_at_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three keepers give up: the last words of the log are in the error, long before two minutes have gone."""
    env = {**os.environ, "EMBEDDED_HOME": str(home), "EMBEDDED_PG_OPTIONS": "no_such_setting=1"}
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", USER], cwd=settings.ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no_such_setting" in done.stderr
    assert time.monotonic() - began < 60
