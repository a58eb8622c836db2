"""A database that all migrations have run over, kept by the tests' own servers: made once, copied by each process of a stage."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.db import connections
from django.test.utils import setup_databases, teardown_databases
from psycopg import sql

from tests.scratch import as_owner, hang_up

ROOT = Path(__file__).resolve().parent.parent
PREFIX, TURN = "migrated_", 5_1993  # whose turn it is to make one


def template() -> str:
    """Its name; made if it is not there. Those that older migrations made are dropped."""
    name = f"{PREFIX}{_of_migrations()}"
    with as_owner("postgres") as server:
        server.execute("SELECT pg_advisory_lock(%s)", [TURN])
        there = [row[0] for row in server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])]
        if name in there:
            return name
        for old in there:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(old)))
        _make(half := f"half_{name}")
        server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(half), sql.Identifier(name)))
    return name


def _make(name: str) -> None:
    test = connections["owner"].settings_dict["TEST"]
    own = test["NAME"]
    try:
        test["NAME"] = name
        made = setup_databases(verbosity=0, interactive=False, serialized_aliases=[])
        hang_up()
        teardown_databases(made, verbosity=0, keepdb=True)
    finally:
        test["NAME"] = own


def _of_migrations() -> str:
    """What they are made of: their text, that of our database engine, and the settings that they look at."""
    made_of = hashlib.sha256(f"{settings.HASH_PARTITIONS} {connections['default'].settings_dict['USER']}".encode())
    for path in sorted([*ROOT.glob("*/migrations/*.py"), *ROOT.glob("districts/postgres/*.py"), *ROOT.glob("requirements/*.txt")]):
        made_of.update(path.read_bytes())
    return made_of.hexdigest()[:16]
