"""A process that is told to end twice at once ends, and does not wait for itself."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PROGRAM = """
import os, signal, threading
from config import ending

class Stop:
    lock, heard = threading.Lock(), 0

    def set(self):
        with self.lock:  # as an Event does; a second signal comes just then
            for number in ending.TOLD_TO_END:
                os.kill(os.getpid(), number)
            self.heard += 1

stop = Stop()
for number in ending.TOLD_TO_END:
    signal.signal(number, ending.once(stop))
os.kill(os.getpid(), signal.SIGTERM)
print("heard", stop.heard)
"""


def test_a_second_signal_does_not_wait_for_the_first() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert (done.stdout, done.returncode) == ("heard 1\n", 0), done.stderr
