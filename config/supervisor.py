"""Keep the processes of a Procfile running, with their output on one screen.

honcho's own manager ends everything when one process ends; here one that ends is started again, after a pause that grows while
it keeps ending. No child outlives this process, however it went (PR_SET_PDEATHSIG).
"""

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO

from honcho.colour import get_colours
from honcho.printer import Message, Printer

from config.embedded import as_child

LONGEST_PAUSE = 15.0  # seconds
STEADY = 30.0  # seconds a process must live for its next end to count as the first
GRACE = 15.0  # seconds to end by itself, before it is ended
Lines = queue.SimpleQueue[Message]


@dataclass
class Child:
    """One line of the Procfile."""

    name: str
    command: str
    env: Mapping[str, str]
    lines: Lines
    colour: str = ""
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.0
    next_start: float = field(default=0.0)

    def say(self, text: str) -> None:
        self.lines.put(Message("line", text, datetime.now().astimezone(), self.name, self.colour))

    def start(self) -> None:
        """In a process group of its own, so that Ctrl-C reaches us alone and we end the others in order."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {self.command}"],
            env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=as_child(None, None, signal.SIGTERM),
        )  # fmt: skip
        assert self.process.stdout is not None
        threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True).start()

    def _read(self, output: IO[bytes]) -> None:
        with output:
            for line in output:
                self.say(line.decode(errors="replace").rstrip("\n"))

    def tend(self) -> None:
        """Start the process where it is due; note its end, and clear what it left running."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.next_start:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        self.kill()
        self.pause = 0.5 if now - self.started > STEADY else min(LONGEST_PAUSE, max(0.5, self.pause * 2))
        self.next_start = now + self.pause
        self.say(f"ended ({_cause(code)}), starts again in {self.pause:.1f} s")
        self.process = None

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the whole process group: pool processes of a worker that was killed, too."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    def __init__(self, commands: Mapping[str, str], env: Mapping[str, str], output: IO[str]) -> None:
        self.lines: Lines = queue.SimpleQueue()
        colours = get_colours()
        self.children = [Child(name, command, env, self.lines, next(colours)) for name, command in commands.items()]
        self.printer = Printer(output, width=max(map(len, commands)))
        self.signals = 0

    def run(self, every_second: Callable[[], None]) -> None:
        """Until SIGINT or SIGTERM; a second one ends everything at once."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)
        beat = 0.0
        while not self.signals:
            for child in self.children:
                child.tend()
            if time.monotonic() - beat > 1:
                every_second()
                beat = time.monotonic()
            self._print(0.2)
        self._stop()

    def _note(self, _number: int, _frame: object) -> None:
        self.signals += 1

    def _print(self, seconds: float) -> None:
        for message in self._messages(seconds):
            self.printer.write(message)

    def _messages(self, seconds: float) -> Iterator[Message]:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                yield self.lines.get(timeout=left)
            except queue.Empty:
                return

    def _stop(self) -> None:
        for child in self.children:
            child.stop()
        until = time.monotonic() + GRACE
        while any(child.running for child in self.children) and time.monotonic() < until and self.signals == 1:
            self._print(0.1)
        for child in self.children:
            child.kill()
        self._print(0.1)


def _cause(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"code {code}"
