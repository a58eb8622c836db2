"""kill -9, again and again, of processes of the one product that was started here, and of nothing else."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from config.storm.journal import Journal
from config.storm.running import Running

SERVERS = {"postgres": "pg_pid", "redis": "redis_pid"}
CHILDREN = ("web", "worker", "smtp", "sweeper", "beat", "imap")
NAMES = (*SERVERS, *CHILDREN)
LONGEST = 10.0  # seconds to wait for one that is just starting


class Killer:
    """Each name in turn, in an order drawn by lot, one every so many seconds until it is told to stop; each at least once."""

    def __init__(self, product: Running, journal: Journal, names: Sequence[str], *, every: float, seed: int) -> None:
        self.product, self.journal, self.names, self.every = product, journal, list(names), every
        self.lots = random.Random(seed)
        self.killed: Counter[str] = Counter()
        self.last = 0.0  # wall clock of the last kill
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Once each has had its turn."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while self.names:
            turn = self.lots.sample(self.names, len(self.names))
            for name in turn:
                if self._stop.wait(self.every * self.lots.uniform(0.7, 1.3)) and all(self.killed[one] for one in self.names):
                    return
                if not (self._stop.is_set() and self.killed[name]):
                    self.kill(name)

    def kill(self, name: str) -> None:
        pid = self._pid(name)
        if pid is None:
            return
        if name in SERVERS:
            os.kill(pid, signal.SIGKILL)
        else:
            os.killpg(pid, signal.SIGKILL)  # each child of the supervisor leads a group of its own: its pool goes with it
        self.killed[name] += 1
        self.last = time.time()
        self.journal.note("kill", who=name, pid=pid)

    def _pid(self, name: str) -> int | None:
        """Of ours; waits for one that is just starting, None where it does not come."""
        until = time.monotonic() + LONGEST
        while time.monotonic() < until:
            pid = self.product.state().get(SERVERS[name]) if name in SERVERS else self.product.children().get(name)
            if pid and self._is_ours(pid, name):
                return int(pid)
            time.sleep(0.1)
        return None

    def _is_ours(self, pid: int, name: str) -> bool:
        """A server works in the folder of this product; a child leads the group that the supervisor made for it."""
        try:
            if name in SERVERS:
                return Path(os.readlink(f"/proc/{pid}/cwd")).is_relative_to(self.product.home.resolve())
            return os.getpgid(pid) == pid
        except OSError:
            return False
