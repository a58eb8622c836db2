"""A small storm: by every door, while the worker, the broker, the database and the web are killed. The large one is `make storm`."""

from pathlib import Path

import pytest

from config.storm.blow import Storm, blow
from config.storm.plan import KINDS
from tests.product import Product, until

pytestmark = pytest.mark.slow


def test_nothing_is_lost_and_nothing_comes_twice(product: Product, tmp_path: Path) -> None:
    before = set(product.children())
    said: list[str] = []
    storm = Storm(events=60, seed=2026, names=("worker", "redis", "postgres", "web"), rate=20, settle=90, say=said.append)
    outcome = blow(product, storm, tmp_path, hurry=True)
    verdict = outcome.verdict
    assert verdict.holds, verdict.complaints
    assert set(outcome.kills) == {"worker", "redis", "postgres", "web"}
    assert verdict.accepted == verdict.tickets + verdict.messages + verdict.screened + verdict.parked
    assert set(verdict.by_kind) == {f"{kind.door} {kind.name}" for kind in KINDS}, "every kind of every door was sent"
    assert verdict.tries > verdict.sent, "some were sent again"
    until(product.ready, seconds=60, what="the product to be whole again")
    until(lambda: set(product.children()) == before, seconds=60, what="all its processes")
