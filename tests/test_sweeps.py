"""Sweeps over districts: one in trouble stops no other, and a crowd in trouble hides nobody."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone
from psycopg_pool import PoolTimeout

from delivery import actions
from districts import jobs
from districts.models import District
from districts.scope import district_scope, districts_with_work
from ownership import tasks as ownership
from sla import tasks as sla
from tests.conftest import Cast


@pytest.fixture
def waiting(db: Any) -> set[UUID]:
    """Five districts, each with a letter that waits."""
    made = [District.objects.create(slug=f"d{n}", host=f"d{n}.localhost", name=f"D{n}") for n in range(5)]
    for district in made:
        with district_scope(district.id):
            now = timezone.now() - timedelta(minutes=1)
            actions.send(channel="email", address="pat@x.example", body="b", dedupe_key="1", purpose="ack", now=now)
    return {district.id for district in made}


@pytest.mark.parametrize("error", [ValueError, KeyError, RuntimeError])
def test_a_district_whose_drain_fails_does_not_stop_the_others(waiting: set[UUID], error: type[Exception]) -> None:
    bad, drained = min(waiting), set()

    def drain(district_id: UUID) -> int:
        if district_id == bad:
            raise error("a slip in the set-up")
        drained.add(district_id)
        return 1

    assert jobs.each_district("sending", drain) == len(waiting) - 1
    assert drained == waiting - {bad}


@pytest.mark.parametrize("error", [SoftTimeLimitExceeded, PoolTimeout])
def test_a_sweep_ends_where_its_time_is_up_or_no_connection_is_to_be_had(waiting: set[UUID], error: type[Exception]) -> None:
    asked = []

    def drain(district_id: UUID) -> int:
        asked.append(district_id)
        raise error

    with pytest.raises(error):
        jobs.each_district("sending", drain)
    assert len(asked) == 1


def test_districts_that_are_never_worked_off_do_not_hide_the_others(waiting: set[UUID]) -> None:
    """As if five hundred were stuck: of two that are told, every district is one sooner or later (else once in 10^12 runs)."""
    seen: set[UUID] = set()
    for _ in range(60):
        told = districts_with_work("sending", limit=2)
        assert len(set(told)) == 2
        seen |= set(told)
    assert seen == waiting


@pytest.fixture
def _trouble(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def trip(_district_id: UUID, *, now: Any) -> int:
        raise ValueError("a time zone nobody knows")

    monkeypatch.setattr(sla, "drain_stale", trip)
    monkeypatch.setattr(ownership, "SWEPT", (("sending", trip), ("sending", lambda _district_id, *, now: 1)))
    with monkeypatch.context() as patch:
        patch.setattr(sla, "drain_clocks", lambda _district_id, *, now: 0)
        yield


@pytest.mark.usefixtures("_trouble")
def test_a_sweep_goes_on_with_its_next_kind_of_work(waiting: set[UUID], here: Cast) -> None:
    assert ownership.sweep() == len(waiting)
    assert sla.sweep() == 0


class Woken:
    """A task that notes for which districts a worker is woken."""

    name = "some.task"

    def __init__(self) -> None:
        self.ids: list[str] = []

    def apply_async(self, *, kwargs: dict[str, str], **_more: Any) -> None:
        self.ids.append(kwargs["district_id"])


def test_many_nudges_at_once_are_one_now_and_one_later(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came after the first is not left to the sweep."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(jobs, "GAP", 0.05)
    task = cast(Any, Woken())
    for _ in range(50):
        jobs.wake(task, "here")
    jobs.wake(task, "there")
    assert task.ids == ["here", "there"], "the first of each district at once"
    time.sleep(0.2)
    assert task.ids == ["here", "there", "here"]
    jobs.wake(task, "here")
    assert task.ids[-1] == "here"
    assert len(task.ids) == 4
