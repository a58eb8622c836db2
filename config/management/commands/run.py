import fcntl
import http.client
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from honcho.environ import parse_procfile

from config import embedded
from config.environment import ROOT
from config.supervisor import Supervisor

BROKERS = ("worker", "beat")  # without a broker the sweeper does their work
LEAVING = 15.0  # seconds a port may stay taken by a start before this one that was killed


class Command(BaseCommand):
    help = "Run the whole product on this machine: web, worker, beat, SMTP door and sweeper. Ctrl-C stops it."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        env = environment()
        self.port, self.announced = port_of(env, "PORT"), False
        self.env = env
        lock = only_one()
        for name in ("PORT", "SMTP_DOOR_PORT"):
            self._wait_for(name, port_of(env, name))
        done = subprocess.run([sys.executable, "manage.py", "prepare"], cwd=ROOT, env=env, check=False)
        if done.returncode:
            raise CommandError("the set-up failed: see above", returncode=done.returncode)
        os.chdir(ROOT)
        Supervisor(commands(bool(env.get("REDIS_URL"))), env, sys.stdout).run(self._every_second)
        lock.close()

    def _wait_for(self, name: str, port: int) -> None:
        until = time.monotonic() + LEAVING
        told = False
        while not free(port):
            if not told:
                self.stdout.write(f"Port {port} is taken. Waiting a moment for whoever has it to leave …")
                self.stdout.flush()
                told = True
            if time.monotonic() > until:
                raise CommandError(
                    f"Port {port} is used by another program. Stop it, or choose another: {name}={port % 65_535 + 1} make run"
                )
            time.sleep(0.2)

    def _every_second(self) -> None:
        if os.environ.get("EMBEDDED"):
            embedded.revive()
        if not self.announced and answers(self.port):
            self.announced = True
            self._announce()

    def _announce(self) -> None:
        lines = ["", f"The front door is open: http://localhost:{self.port}/   (Ctrl-C closes it)"]
        lines.append(f"Mail:  swaks --server 127.0.0.1:{self.env['SMTP_DOOR_PORT']} --to help@cedar-valley.localhost")
        home = f"EMBEDDED_HOME={os.environ['EMBEDDED_HOME']} " if os.environ.get("EMBEDDED_HOME") else ""
        text_in = f"{home}.venv/bin/python manage.py text_in --port {self.port} cedar-valley.localhost"
        lines.append(f"Text:  {text_in} 'the bus did not come'")
        sign_ins = Path(self.env["SIGN_INS_FILE"])
        if self.env["DEMO"] == "1" and sign_ins.exists():
            lines += ["", *sign_ins.read_text().splitlines()]
        if not self.env.get("REDIS_URL"):
            lines.append("No broker here: the sweeper does the work, a few seconds later.")
        self.stdout.write("\n".join([*lines, ""]))
        self.stdout.flush()


def environment() -> dict[str, str]:
    """The environment of every process: this one's, with the demonstration's defaults."""
    env = dict(os.environ)
    env.setdefault("PORT", "8000")
    env.setdefault("SMTP_DOOR_PORT", "2525")
    env.setdefault("PUBLIC_PORT", f":{env['PORT']}")
    env.setdefault("DEMO", "0" if env.get("PRODUCTION") == "1" else "1")
    env["SIGN_INS_FILE"] = str(embedded.home() / "sign-ins.txt")
    env.setdefault("BEAT_SCHEDULE", str(embedded.home() / "beat"))
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', os.defpath)}"
    env["PYTHONUNBUFFERED"] = "1"
    return env


def commands(broker: bool) -> dict[str, str]:
    processes: dict[str, str] = parse_procfile((ROOT / "Procfile").read_text()).processes
    return {name: command for name, command in processes.items() if broker or name not in BROKERS}


def only_one() -> Any:
    """Hold the lock of this checkout's one running product; released by the kernel, however we end."""
    home = embedded.home()
    home.mkdir(parents=True, exist_ok=True)
    lock = open(home / "run", "a")  # noqa: SIM115  held for the life of the process
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise CommandError("It is running already, from this folder. Stop that one first (Ctrl-C).") from None
    return lock


def port_of(env: dict[str, str], name: str) -> int:
    given = env[name]
    if not given.isascii() or not given.isdigit() or not 0 < int(given) < 65_536:
        raise CommandError(f"{name}={given} is no port: give a number from 1 to 65535")
    return int(given)


def free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """/readyz says yes: the web and the database are there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
