"""Not a moment longer: looking a name up can take half a minute, and nothing of ours can end that."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future


def within[T](until: float, function: Callable[[], T]) -> T:
    """What `function` returns or raises; TimeoutError at `until` (of `time.monotonic`), while it goes on to nobody's use."""
    said: Future[T] = Future()

    def run() -> None:
        try:
            said.set_result(function())
        except BaseException as error:  # noqa: BLE001  told to whoever waits
            said.set_exception(error)

    threading.Thread(target=run, name="bounded", daemon=True).start()
    return said.result(max(0.0, until - time.monotonic()))
