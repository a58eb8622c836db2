"""How a process that runs on is told to end."""

import signal
from collections.abc import Callable
from threading import Event
from typing import Any

TOLD_TO_END = (signal.SIGTERM, signal.SIGINT)


def once(stop: Event) -> Callable[..., None]:
    """A handler that sets it. A second signal meanwhile is not heard: it would wait for ever for the lock that the first one holds."""

    def end(*_: Any) -> None:
        for number in TOLD_TO_END:
            signal.signal(number, signal.SIG_IGN)
        stop.set()

    return end
