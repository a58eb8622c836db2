"""The worker's doorway: tasks that name their district, and nudges that may be lost.

The row is the queue. A nudge wakes a worker sooner; without it, the sweep finds the row.
"""

import functools
import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from celery import Task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import connection, transaction
from psycopg_pool import PoolTimeout

from districts.scope import current_district_id, districts_with_work, require_district_id

MAX_ATTEMPTS = 8
LEASE = timedelta(seconds=60)
GAP = 0.1  # seconds
MOST_WOKEN = 10_000
_woken: dict[tuple[str, str], float] = {}  # (task, district) → when this process last woke a worker for it
_due: set[tuple[str, str]] = set()  # for which a timer runs
_lock = threading.Lock()
log = structlog.get_logger(__name__)


def backoff(attempts: int) -> timedelta:
    """Wait before the next try: 5 s doubling to 15 minutes, with a little spread."""
    return timedelta(seconds=min(900, 5 * 2**attempts) * random.uniform(0.8, 1.2))  # noqa: S311


def nudge(task: "Task[Any, Any]") -> None:
    """After commit, wake a worker for the district in scope, once. A broker that is away costs latency, never work."""
    given = (task, str(require_district_id()))
    if any(getattr(queued[1], "args", None) == given for queued in connection.run_on_commit):
        return
    transaction.on_commit(functools.partial(wake, *given))


def wake(task: "Task[Any, Any]", district_id: str) -> None:
    """At once, or, where this process has done so within `GAP`, at the end of it: one nudge for all that came meanwhile."""
    if not settings.REDIS_URL:
        return
    key = (task.name, district_id)
    with _lock:
        if len(_woken) > MOST_WOKEN:
            _woken.clear()
        wait = _woken.get(key, 0.0) + GAP - time.monotonic()
        if key in _due:
            return
        if wait > 0:
            _due.add(key)
        else:
            _woken[key] = time.monotonic()
    if wait > 0:
        timer = threading.Timer(wait, _wake_later, (task, district_id))
        timer.daemon = True  # lost with its process, as any nudge may be
        timer.start()
    else:
        _publish(task, district_id)


def _wake_later(task: "Task[Any, Any]", district_id: str) -> None:
    with _lock:
        _due.discard((task.name, district_id))
        _woken[task.name, district_id] = time.monotonic()
    _publish(task, district_id)


def _forget() -> None:
    """A process that was just forked has none of the timers, nor the thread that held the lock."""
    global _lock
    _due.clear()
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_forget)


def _publish(task: "Task[Any, Any]", district_id: str) -> None:
    try:
        task.apply_async(kwargs={"district_id": district_id}, retry=False, expires=60)
    except Exception as error:  # noqa: BLE001  kombu raises many kinds; none may reach the sender
        log.warning("nudge_lost", task=task.name, error=type(error).__name__)


def each_district(queue: str, drain: Callable[[UUID], int]) -> int:
    """Sweep: `drain` every district that has due rows in `queue`, in any order, so that two sweeps seldom meet."""
    return one_by_one(districts_with_work(queue), drain, failed="sweep_failed", queue=queue)


def one_by_one(district_ids: Iterable[UUID], act: Callable[[UUID], int], *, failed: str, **told: str) -> int:
    """The sum of what `act` returns for each. One that fails, for whatever reason, is logged as `failed` and does not stop the others.

    Raises where nobody's work can go on.
    """
    done = 0
    for district_id in district_ids:
        try:
            done += act(district_id)
        except (SoftTimeLimitExceeded, PoolTimeout):  # this sweep's time is up; no connection to be had
            raise
        except Exception:
            log.exception(failed, district=str(district_id), **told)
    return done


def shuffled(ids: Iterable[UUID]) -> Iterator[UUID]:
    """In any order, so that two sweeps seldom meet."""
    ids = list(ids)
    random.shuffle(ids)
    yield from ids


def lease_until(now: datetime) -> datetime:
    return now + LEASE


def bind(district_id: UUID | str, **ids: object) -> None:
    structlog.contextvars.bind_contextvars(district=str(district_id), **{k: str(v) for k, v in ids.items()})


__all__ = ["MAX_ATTEMPTS", "backoff", "bind", "current_district_id", "each_district", "lease_until", "nudge", "one_by_one", "wake"]
