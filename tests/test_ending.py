"""A process that is told to end twice at once ends, and does not wait for itself."""

import os
import signal
import subprocess
import sys

PROGRAM = """
import os, signal, threading
from config import ending
stop = threading.Event()
for number in ending.TOLD_TO_END:
    signal.signal(number, ending.once(stop))
print("ready", flush=True)
stop.wait(20)
signals = [os.kill(os.getpid(), number) for number in ending.TOLD_TO_END for _ in range(50)]
print("ended", stop.is_set())
"""


def test_signals_that_come_together_end_it_once() -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            os.kill(process.pid, number)
        said, _none = process.communicate(timeout=30)
    assert (said, process.returncode) == ("ended True\n", 0)
