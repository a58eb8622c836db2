"""/healthz, /readyz and /metrics, and what the sweeper does when nobody else works."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from config.management.commands import sweeper
from config.schedule import SCHEDULE
from districts import probes
from districts.scope import district_scope
from tests.conftest import Cast, a_ticket


@pytest.fixture
def client() -> Client:
    return Client(HTTP_HOST="10.0.0.7:8000")  # what asks is no person, and knows no district's name


def test_healthz_needs_no_database(client: Client) -> None:
    """No `db` fixture: a query would fail."""
    assert client.get("/healthz").json() == {"status": "ok"}


def test_readyz_tells_how_long_the_oldest_row_waits(client: Client, cedar: Cast) -> None:
    with district_scope(cedar.district.id):
        a_ticket(cedar, now=timezone.now() - timedelta(seconds=90))
    told = client.get("/readyz")
    assert told.status_code == 200
    assert told.json()["oldest_pending_seconds"]["placing"] == pytest.approx(90, abs=5)


@pytest.fixture
def _database_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> dict[str, float]:
        raise OperationalError("the server is away")

    monkeypatch.setattr(probes, "oldest_pending", away)


@pytest.mark.usefixtures("_database_away")
def test_readyz_and_metrics_without_a_database(client: Client) -> None:
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    assert "frontdoor_requests_total" in client.get("/metrics").content.decode()


def test_metrics_count_answers_and_carry_no_name(client: Client, cedar: Cast) -> None:
    Client(HTTP_HOST=cedar.district.host).get("/")
    with district_scope(cedar.district.id):
        a_ticket(cedar)
    text = client.get("/metrics").content.decode()
    assert 'frontdoor_requests_total{method="GET",status="200"}' in text
    assert 'frontdoor_oldest_pending_seconds{queue="placing"}' in text
    assert cedar.district.host not in text


def test_a_made_up_method_makes_no_label_of_its_own(client: Client, cedar: Cast) -> None:
    for method in ("BREW", "A" * 50):
        Client(HTTP_HOST=cedar.district.host).generic(method, "/")
    text = client.get("/metrics").content.decode()
    assert 'frontdoor_requests_total{method="other"' in text
    assert "BREW" not in text
    assert "AAAA" not in text


def test_metrics_ask_for_their_token(client: Client, db: Any, settings: Any) -> None:
    settings.METRICS_TOKEN = "secret"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer secret"}).status_code == 200
    assert client.get("/metrics", headers={"Authorization": "Bearer sécret"}).status_code == 401


def test_a_sweep_that_fails_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch, db: Any) -> None:
    called: list[str] = []

    def task(name: str) -> Any:
        def run() -> int:
            called.append(name)
            if name == "intake.sweep":
                raise OperationalError("away")
            return 1

        return run

    names = [str(entry["task"]) for entry in SCHEDULE.values()]
    monkeypatch.setattr(sweeper, "app", type("App", (), {"tasks": {name: task(name) for name in names}}))
    monkeypatch.setattr(sweeper, "close_old_connections", lambda: None)
    sweeps = sweeper.Sweeps()
    assert sweeps.round() == len(names) - 1
    assert called == names
    called.clear()
    sweeps.round()
    assert "routing.retrain" not in called, "what runs by the hour does not run in each round"
    assert "intake.sweep" in called
    called.clear()
    sweeper.Sweeps(begun=time.monotonic()).round()
    assert "routing.retrain" not in called, "nor in the first, where the product was only just started"
    assert "intake.sweep" in called


def test_a_broker_that_is_not_there_does_not_answer() -> None:
    assert not sweeper.broker_answers("")
    assert not sweeper.broker_answers("redis://127.0.0.1:1/0")


@pytest.mark.skipif(not settings.REDIS_URL, reason="no broker here")
def test_a_broker_that_just_came_back_is_not_relied_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "SETTLED", 0)
    assert sweeper.broker_answers(settings.REDIS_URL)
    monkeypatch.setattr(sweeper, "SETTLED", 10**9)
    assert not sweeper.broker_answers(settings.REDIS_URL), "it lost what it held, and may do so again"


def test_the_sweeper_works_too_when_the_broker_answers_and_nobody_else_does(cedar: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "close_old_connections", lambda: None)  # the test's own holds its transaction
    assert not sweeper.behind()
    with district_scope(cedar.district.id):
        a_ticket(cedar, now=timezone.now() - timedelta(seconds=90))  # nobody has placed it
    assert sweeper.behind()
