import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import redis
import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, close_old_connections
from psycopg_pool import PoolTimeout

from config import ending, environment
from config.celery import app
from config.schedule import SCHEDULE
from districts.postgres import roles
from districts.probes import oldest_pending

BEHIND = 20.0  # seconds of waiting after which a broker that answers is not enough: beat or the workers are gone
SETTLED = 15  # seconds a broker must have been up: a younger one lost what it held, and the workers may not be back on it
ROUND = 2.0  # seconds between rounds while the sweeper works alone
WATCH = 5.0  # seconds between looks at the broker while it answers
log = structlog.get_logger("sweeper")


class Command(BaseCommand):
    help = "Do what is due from the tables, whenever no broker answers or work piles up: a few seconds slower, and complete."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Sweep everything once, broker or not, and end.")

    def handle(self, *args: Any, **options: Any) -> None:
        environment.refuse_examples()
        roles.check_application_role(settings.APP_URL)
        app.loader.import_default_modules()
        if options["once"]:
            self.stdout.write(f"{Sweeps().round()} done")
            return
        sweeps = Sweeps(begun=time.monotonic())
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ending.once(stop))
        alone = False
        while not stop.is_set():
            was, alone = alone, not broker_answers(settings.REDIS_URL) or behind()
            if alone != was:
                log.info("sweeping_alone" if alone else "others_work_again")
            if alone:
                sweeps.round()
            if heartbeat := os.environ.get("HEARTBEAT_FILE"):
                Path(heartbeat).touch()
            stop.wait(ROUND if alone else WATCH)


class Sweeps:
    """Everything of the schedule: what runs every few seconds in each round, the rest in its own time, counted from `begun`."""

    def __init__(self, *, begun: float | None = None) -> None:
        self.last = {} if begun is None else {str(entry["task"]): begun for entry in SCHEDULE.values()}

    def round(self) -> int:
        done = 0
        for entry in SCHEDULE.values():
            name, period = str(entry["task"]), float(str(entry["schedule"]))
            now = time.monotonic()
            if period > ROUND * 5 and name in self.last and now - self.last[name] < period:
                continue
            self.last[name] = now
            done += sweep(name)
        return done


def sweep(name: str) -> int:
    """Run one task here; one that fails does not stop the others, and is tried again in its next round."""
    close_old_connections()
    try:
        return int(app.tasks[name]() or 0)
    except Exception:  # a sweep is the last resort: it must go on
        log.exception("sweep_failed", task=name)
        return 0
    finally:
        structlog.contextvars.clear_contextvars()
        close_old_connections()


def behind() -> bool:
    """Does due work wait too long although the broker answers?"""
    close_old_connections()
    try:
        return max(oldest_pending().values(), default=0.0) > BEHIND
    except (Error, PoolTimeout):
        return False  # the database is away: nobody can work
    finally:
        close_old_connections()


def broker_answers(url: str) -> bool:
    """Is there a broker that has been up long enough to be relied on? One that dies again and again is none."""
    if not url:
        return False
    try:
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=1) as broker:
            try:
                return int(broker.info("server")["uptime_in_seconds"]) >= SETTLED
            except redis.exceptions.NoPermissionError:  # a managed broker may keep INFO to itself
                return bool(broker.ping())
    except (redis.RedisError, OSError):
        return False
