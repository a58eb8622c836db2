"""CPU time of a piece of work in the application and in the database, told in hellos.

One hello is the CPU time of a trivial Django view behind the middleware of a new project, served by the same web server in
the same run. Machines differ; hellos hardly do.
"""

import http.client
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import psycopg

from config.bench.server import HELLO_HOST

ROUNDS = 7
HELLOS = 150  # requests of one measure of the trivial view


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Server:
    """The product's web server, as it runs in production, on a free port of loopback."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "config.bench.server:application", "-b", f"127.0.0.1:{self.port}",
             "--workers", "1", "--threads", "2", "--log-level", "warning", "--keep-alive", "7200"],
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        for _ in range(600):
            try:
                Browser(self.port, HELLO_HOST).request("GET", "/")
                return
            except OSError:
                if self.process.poll() is not None:
                    raise RuntimeError("the web server did not start") from None
                time.sleep(0.05)
        raise RuntimeError("the web server did not answer within 30 s")

    def pids(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


class Browser:
    """One kept connection and its cookies; its own cost is not counted."""

    def __init__(self, port: int, host: str) -> None:
        self.host = host
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}

    def request(
        self, method: str, url: str, body: bytes = b"", content_type: str = "", more: Mapping[str, str] | None = None
    ) -> Answer:
        headers = {**(more or {}), "Host": self.host, "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if content_type:
            headers["Content-Type"] = content_type
        self.connection.request(method, url, body, headers)
        response = self.connection.getresponse()
        content = response.read()
        for value in response.headers.get_all("Set-Cookie") or []:
            self.cookies.update({name: morsel.value for name, morsel in SimpleCookie(value).items()})
        return Answer(response.status, dict(response.headers), content)


class Meter:
    """Counts CPU of the web server or of this process, and of the database's client processes (on this machine)."""

    def __init__(self, owner_url: str) -> None:
        self.watcher = psycopg.connect(owner_url, autocommit=True)
        self.server = Server()
        self.visit = self.browser(HELLO_HOST)
        self.hello = self._hello()  # seconds, the median of the last comparison

    def browser(self, host: str) -> Browser:
        return Browser(self.server.port, host)

    def requests(self, work: Callable[[], Any], times: int) -> float:
        """Hellos of one request that `work` sends."""
        return self._compare(work, times, lambda: [*self.server.pids(), *self._database_pids()])

    def here(self, work: Callable[[], Any], times: int, *, before: Callable[[], Any] = lambda: None) -> float:
        """Hellos of one `work` in this process; `before` each round something is made ready that does not count."""
        return self._compare(work, times, lambda: [os.getpid(), *self._database_pids()], before)

    def seconds_here(self, work: Callable[[], Any]) -> float:
        """CPU seconds of one `work` in this process and in the database: for what is compared with its like, right after it."""
        return _cpu_of(work, 1, lambda: [os.getpid(), *self._database_pids()])

    def _compare(
        self, work: Callable[[], Any], times: int, pids: Callable[[], list[int]], before: Callable[[], Any] = lambda: None
    ) -> float:
        """The median over rounds of work against hellos measured right before and after: the machine's speed drifts."""
        ratios, hellos = [], [self._hello()]
        for _ in range(ROUNDS):
            before()
            cost = _cpu_of(work, times, pids)
            hellos.append(self._hello())
            ratios.append(cost * 2 / (hellos[-2] + hellos[-1]))
        self.hello = statistics.median(hellos)
        return statistics.median(ratios)

    def _hello(self) -> float:
        """CPU seconds of one trivial request."""
        return _cpu_of(lambda: self.visit.request("GET", "/"), HELLOS, self.server.pids)

    def close(self) -> None:
        self.server.stop()
        self.watcher.close()

    def _database_pids(self) -> list[int]:
        rows = self.watcher.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        return [int(row[0]) for row in rows]


def _cpu_of(work: Callable[[], Any], times: int, pids: Callable[[], list[int]]) -> float:
    counted = pids()
    before = cpu(counted)
    for _ in range(times):
        work()
    return (cpu(counted) - before) / times


def cpu(pids: list[int]) -> float:
    """CPU seconds that all threads of these processes have used so far; what cannot be seen from here counts nothing."""
    total = 0
    for pid in pids:
        for stat in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            total += int(stat.read_text().split()[0])
    return total / 1e9
