"""Celery only wakes workers: every job can be found again from the tables (see docs/decisions/broker.md)."""

import os
from pathlib import Path
from typing import Any

import structlog
from celery import Celery
from celery.signals import heartbeat_sent, setup_logging, task_prerun, worker_init, worker_process_init
from django.conf import settings
from django.db import connections
from kombu import Exchange, Queue

from config import environment, queues
from config.schedule import SCHEDULE
from districts.postgres import roles

environment.provide()
app = Celery("frontdoor")
app.set_default()  # for every thread: the current app alone is known only to the one that made it
app.conf.update(
    broker_url=settings.REDIS_URL or "memory://",
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": 300,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 1,
        "max_retries": 0,
    },
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_publish_retry=False,
    task_time_limit=300,
    task_soft_time_limit=240,
    task_queues=[Queue(name, Exchange(name), routing_key=name) for name in queues.ALL],  # without: every message in every queue
    task_routes=(queues.ROUTES,),
    task_default_queue=queues.SLOW,
    task_create_missing_queues=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    beat_schedule=SCHEDULE,
    beat_sync_every=1,  # its file then tells a health check that it lives
    beat_schedule_filename=str(environment.ROOT / "var" / "beat"),
    timezone="UTC",
)
app.autodiscover_tasks()


@setup_logging.connect
def _logs_are_djangos(**_kwargs: Any) -> None:
    """Keep the structured logs of `config.logs`."""


@task_prerun.connect
def _name_the_task_in_logs(task_id: str, task: Any, **_kwargs: Any) -> None:
    """And forget the district of the task before."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)


@worker_init.connect
def _refuse_strong_role(**_kwargs: Any) -> None:
    """Celery swallows ordinary exceptions of a signal; SystemExit ends the worker."""
    try:
        environment.refuse_examples()
        roles.check_application_role(settings.APP_URL)
    except roles.StrongRole as error:
        raise SystemExit(str(error)) from error


@heartbeat_sent.connect
def _tell_health_check(**_kwargs: Any) -> None:
    """Every two seconds while the worker is in touch with its broker; the age of the file is its health."""
    if heartbeat := os.environ.get("HEARTBEAT_FILE"):
        Path(heartbeat).touch()


@worker_process_init.connect
def _fresh_connections(**_kwargs: Any) -> None:
    """A forked worker must not share its parent's pool."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
