"""Loaded by pytest before Django is set up (`-p tests.servers`): embedded servers where the environment names none."""

import os

from config import environment

os.environ.setdefault("EMBEDDED_HOME", str(environment.ROOT / "var" / "embedded-test"))  # not the one of `make run`
os.environ.setdefault("EMBEDDED_PG_OPTIONS", "fsync=off synchronous_commit=off full_page_writes=off")
os.environ.setdefault("RATE_LIMITS_OFF", "1")
os.environ.setdefault("PLAIN_STATIC", "1")
if worker := os.environ.get("PYTEST_XDIST_WORKER"):  # a database for each process
    os.environ["TEST_DATABASE"] = f"{os.environ.get('TEST_DATABASE', 'test_frontdoor')}_{worker}"
environment.provide()
(environment.ROOT / "var" / "static").mkdir(parents=True, exist_ok=True)
