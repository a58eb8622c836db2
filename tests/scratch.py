"""Databases of a test's own, where it may tear down walls and commit for real."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql
from pytest_django import DjangoDbBlocker


def owner_url(name: str) -> str:
    return str(urlsplit(settings.OWNER_URL)._replace(path=f"/{name}").geturl())


def app_url(name: str) -> str:
    return str(urlsplit(settings.APP_URL)._replace(path=f"/{name}").geturl())


def as_owner(name: str) -> psycopg.Connection:
    return psycopg.connect(owner_url(name), autocommit=True)


@contextmanager
def database(name: str, *, template: str = "template1") -> Iterator[str]:
    with as_owner("postgres") as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield name
    finally:
        with as_owner("postgres") as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def hang_up() -> None:
    """Close every connection of this process: a template must be in nobody's use."""
    for connection in connections.all(initialized_only=True):
        connection.close()
    connections["default"].close_pool()  # type: ignore[attr-defined]


@contextmanager
def served_from(name: str, blocker: DjangoDbBlocker) -> Iterator[None]:
    """The application uses database `name`, as its own role, and what it commits stays."""
    before = connections["default"].settings_dict["NAME"]
    with blocker.unblock():
        hang_up()
        connections["default"].settings_dict["NAME"] = name
        try:
            yield
        finally:
            hang_up()
            connections["default"].settings_dict["NAME"] = before
