"""An end to work whose time a stranger's bytes decide."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class TookTooLong(BaseException):
    """No Exception: what catches every error of a library must not take this for one."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises TookTooLong in the block where it takes longer. Only in a main thread, where workers and the sweeper work:
    Python hears signals nowhere else. A step of a library in C ends first, but regular expressions look for signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.signal(signal.SIGALRM, _stop)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, handler)


def _stop(*_: Any) -> None:
    raise TookTooLong("it took too long to read")
