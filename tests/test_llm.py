"""The gateway to a model: it fills a schema or nothing, in time, at a known cost, and every question is written down."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest
from django.core.cache import cache
from django.db import ProgrammingError, connections, transaction
from pydantic import BaseModel
from pytest_django import Settings

from config.demo.model import Manner, Model
from districts.scope import district_scope
from knowledge import llm
from knowledge.model import breaker, budget
from knowledge.model.endpoint import NotAllowed, endpoint, require_allowed
from knowledge.models import ModelCall, ModelSettings, Purpose
from tests.conftest import NOW, Cast
from tests.model_at_hand import KEY, log, running, switch_on

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

SERVICES = """bus-late: Late or missing bus. The bus did not come, or came late.
password-reset: Password reset. Somebody forgot a password or is locked out of an account."""


class Sorting(BaseModel):
    service: Literal["bus-late", "password-reset"]
    why: str


@pytest.fixture
def model(settings: Settings) -> Iterator[Model]:
    with running(settings) as model:
        yield model


@pytest.fixture
def on(model: Model, cedar: Cast, oak: Cast) -> Cast:
    switch_on(cedar, "triage", "answers")
    return cedar


def sorting(body: str = "I am locked out of my account", **more: Any) -> llm.Question[Sorting]:
    texts = {"services": SERVICES, "body": body}
    return llm.Question(Purpose.TRIAGE, "Choose the service this request is for.", texts, Sorting, **more)


def ask(cast: Cast, body: str = "I am locked out of my account", **more: Any) -> llm.Asked[Sorting]:
    return llm.ask(cast.district.id, sorting(body, **more), now=NOW)


def alone(cast: Cast, body: str) -> str:
    """In a thread of its own, which leaves no connection behind."""
    try:
        return ask(cast, body).outcome
    finally:
        connections["default"].close()


# --- it is asked, or it is not ------------------------------------------------------------------------------------------


def test_it_fills_the_schema_and_is_written_down(on: Cast, model: Model) -> None:
    asked = ask(on)
    assert asked.values is not None
    assert (asked.values.service, asked.outcome) == ("password-reset", "answered")
    (row,) = log(on)
    assert (row.id, row.purpose, row.outcome, row.model, row.attempts) == (asked.call_id, "triage", "answered", "fake", 1)
    assert row.endpoint == f"127.0.0.1:{model.server_port}"
    assert row.tokens_in > 0
    assert row.cost == (Decimal(row.tokens_in) + 4 * Decimal(row.tokens_out)) / 1_000_000
    assert "locked out" in row.sent[1]["content"]
    assert "password-reset" in row.returned


def test_switched_off_nothing_leaves_and_nothing_is_written(model: Model, cedar: Cast) -> None:
    assert ask(cedar) == llm.Asked()
    switch_on(cedar, "answers")
    assert ask(cedar) == llm.Asked(), "on, but not for this"
    assert (model.received, log(cedar)) == ([], [])


def test_no_model_plugged_in(on: Cast, model: Model, settings: Settings) -> None:
    settings.MODEL_NAME = ""
    assert ask(on) == llm.Asked()
    assert model.received == []


def test_it_is_not_asked_inside_a_transaction(on: Cast, model: Model) -> None:
    with pytest.raises(llm.InTransaction), district_scope(on.district.id):
        ask(on)
    with pytest.raises(llm.InTransaction), transaction.atomic():
        ask(on)
    assert model.received == []


def test_no_transaction_is_open_while_it_thinks(on: Cast, model: Model) -> None:
    model.manner, model.seconds = Manner.SLOW, 0.8
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(alone, on, "I am locked out of my account")
        while not model.received:
            time.sleep(0.01)
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%%' AND datname = current_database()"
            )
            assert cursor.fetchone() == (0,)
        assert asked.result() == "answered"


def test_the_log_is_only_added_to(on: Cast) -> None:
    ask(on)
    for act in (lambda: ModelCall.objects.update(outcome="cached"), lambda: ModelCall.objects.all().delete()):
        with pytest.raises(ProgrammingError, match="permission denied"), district_scope(on.district.id):
            act()


# --- everything that can go wrong ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("manner", "outcome", "said"),
    [
        (Manner.BUSY, "error", "HTTP 429"),
        (Manner.BROKEN, "error", "HTTP 500"),
        (Manner.SLOW, "timeout", "in time"),
        (Manner.TRICKLING, "timeout", "in time"),
        (Manner.CUT, "nonsense", "cut off"),
        (Manner.NONSENSE, "nonsense", "not JSON"),
        (Manner.WRONG, "nonsense", "service"),
        (Manner.OBEYING, "nonsense", "service"),
        (Manner.HUGE, "nonsense", "too long"),
        (Manner.DECLINING, "nonsense", "declined"),
        (Manner.FILTERING, "error", "does not take this text"),
        (Manner.MOVED, "error", "HTTP 307"),
        (Manner.KEYLESS, "error", "HTTP 401"),
    ],
)
def test_whatever_it_does_triage_goes_on_within_two_seconds(on: Cast, model: Model, manner: Manner, outcome: str, said: str) -> None:
    model.manner = manner
    asked = ask(on)
    assert asked.milliseconds < 2500, "1.8 seconds, on a machine that has others to serve"
    assert (asked.values, asked.outcome) == (None, outcome)
    (row,) = log(on)
    assert (row.outcome, said in row.detail) == (outcome, True), row.detail
    assert KEY not in str(vars(row))
    with district_scope(on.district.id):
        charged = ModelSettings.objects.get().charged
    assert charged == row.cost, "what was reserved and not spent is given back"


def test_nobody_there_and_no_such_name(on: Cast, settings: Settings) -> None:
    settings.MODEL_URL = "http://127.0.0.1:9/v1"
    assert ask(on).outcome == "error"
    settings.MODEL_URL = "https://no-such-host.invalid/v1"
    assert ask(on).outcome in ("error", "timeout")
    settings.MODEL_URL = "https://user:secret@model.example/v1"
    assert "login" in ask(on).detail
    assert "secret" not in str([vars(row) for row in log(on)])


def test_a_name_that_is_looked_up_for_ever_holds_nobody_up(on: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr("knowledge.llm.require_allowed", lambda _url: over.wait(20))
    asked = ask(on)
    assert (asked.outcome, asked.milliseconds < 2500) == ("timeout", True)
    over.set()


def test_what_passes_is_tried_again_once(on: Cast, model: Model) -> None:
    model.manners = [Manner.BROKEN]
    asked = ask(on)
    assert asked.outcome == "answered"
    assert log(on)[0].attempts == 2


def test_an_answer_in_the_middle_of_talk_is_found(on: Cast, model: Model) -> None:
    model.manner = Manner.TALKING
    assert ask(on).outcome == "answered"


def test_an_endpoint_that_knows_less_is_asked_its_own_way(on: Cast, model: Model) -> None:
    model.manner = Manner.PLAIN
    assert ask(on).outcome == "answered"
    before = len(model.received)
    assert ask(on, "the bus did not come").outcome == "answered"
    assert len(model.received) == before + 1, "it remembers how"


def test_the_caller_checks_against_the_catalog(on: Cast) -> None:
    asked = ask(on, check=lambda said: f"{said.service} is closed")
    assert (asked.values, asked.outcome, asked.detail) == (None, "nonsense", "password-reset is closed")
    assert ask(on).outcome == "answered", "what was of no use is not remembered"


def test_letters_that_nobody_can_write_down(on: Cast) -> None:
    assert ask(on, "locked \0 out \ud83d of \x1b my account").outcome == "answered"
    assert ask(on, "").outcome == "answered"
    assert ask(on, "my account " * 100_000).outcome == "answered"
    assert len(log(on)[-1].sent[1]["content"]) < 20_000


# --- the breaker ---------------------------------------------------------------------------------------------------------


def test_it_is_left_alone_after_failures_and_found_well_again(on: Cast, model: Model) -> None:
    model.manner = Manner.KEYLESS
    for _ in range(breaker.FAILURES):
        assert ask(on).outcome == "error"
    asked_so_far = len(model.received)
    assert ask(on).outcome == "breaker"
    assert len(model.received) == asked_so_far
    place = endpoint()
    assert place is not None
    of = place.fingerprint
    assert breaker.is_open(of)
    cache.delete(f"model:{of}:open")  # the rest is over
    assert ask(on).outcome == "error", "one goes through, and it is still broken"
    assert ask(on).outcome == "breaker"
    assert cache.get(f"model:{of}:tripped") == 2 * breaker.REST, "each time it is left alone for longer"
    cache.delete(f"model:{of}:open")
    model.manner = Manner.WELL
    assert ask(on).outcome == "answered"
    assert ask(on, "the bus did not come").outcome == "answered"


@pytest.mark.parametrize("manner", [Manner.FILTERING, Manner.DECLINING, Manner.WRONG, Manner.CUT])
def test_no_text_can_open_it_for_everybody(on: Cast, model: Model, manner: Manner) -> None:
    """A stranger who writes what a model will not touch, ten times: the others are still answered, and each costs one question."""
    model.manner = manner
    for number in range(2 * breaker.FAILURES):
        ask(on, f"something bad, the {number}th time")
    assert len(model.received) == 2 * breaker.FAILURES
    model.manner = Manner.WELL
    assert ask(on).outcome == "answered"


def test_half_open_one_goes_through_at_a_time(on: Cast) -> None:
    cache.set("model:x:tripped", 30, 60)
    assert [breaker.lets_through("x") for _ in range(3)] == [True, False, False]
    breaker.worked("x")
    assert [breaker.lets_through("x") for _ in range(3)] == [True, True, True]


def test_failures_that_others_come_between_do_not_open_it() -> None:
    for _ in range(3 * breaker.FAILURES):
        breaker.failed("y")
        breaker.worked("y")
    assert breaker.lets_through("y")


def test_triage_of_a_dead_model_costs_seconds_only_until_it_opens(on: Cast, model: Model) -> None:
    model.manner = Manner.SLOW
    waited = [ask(on, f"bus late, the {number}th time").milliseconds for number in range(breaker.FAILURES + 20)]
    assert max(waited) < 2500
    assert max(waited[breaker.FAILURES :]) < 500, "nobody waits once it is left alone"


# --- the budget ----------------------------------------------------------------------------------------------------------


def charged(cast: Cast) -> Decimal:
    with district_scope(cast.district.id):
        row: ModelSettings = ModelSettings.objects.get()
    return row.charged


def test_no_question_is_asked_that_could_cost_more_than_is_left(on: Cast, model: Model) -> None:
    with district_scope(on.district.id):
        ModelSettings.objects.update(budget=Decimal("0.001"))
    assert ask(on).outcome == "refused-budget"
    assert (len(model.received), charged(on)) == (0, Decimal(0))


def test_workers_side_by_side_do_not_overspend(on: Cast, model: Model) -> None:
    """Each may cost 0.6 cents at most: of 24 at once, as many get through as 2 cents are for."""
    model.manner, model.seconds = Manner.SLOW, 0.5
    with district_scope(on.district.id):
        ModelSettings.objects.update(budget=Decimal("0.02"))

    with ThreadPoolExecutor(8) as pool:
        came = list(pool.map(lambda number: alone(on, f"bus {number * 'late '}"), range(24)))
    assert set(came) == {"answered", "refused-budget"}
    assert charged(on) == sum(row.cost for row in log(on))
    assert charged(on) <= Decimal("0.02")


def test_a_new_month_has_its_own_money(on: Cast) -> None:
    with district_scope(on.district.id):
        ModelSettings.objects.update(month="2026-10", charged=Decimal(20))
        assert budget.spent(NOW) == 0
    assert ask(on).outcome == "answered"
    with district_scope(on.district.id):
        row = ModelSettings.objects.get()
        assert (row.month, budget.spent(NOW)) == ("2026-11", row.charged)
        assert 0 < row.charged < 1
        assert budget.month_of(NOW.replace(day=1, hour=6)) == "2026-10", "on the district's clock"


def test_a_model_of_ones_own_costs_nothing(on: Cast, settings: Settings) -> None:
    settings.MODEL_PRICE_IN = settings.MODEL_PRICE_OUT = Decimal(0)
    with district_scope(on.district.id):
        ModelSettings.objects.update(budget=0)
    assert ask(on).outcome == "answered"


# --- the cache -----------------------------------------------------------------------------------------------------------


def test_the_same_question_is_not_paid_for_twice(on: Cast, model: Model) -> None:
    first, second = ask(on), ask(on)
    assert (first.values, first.outcome, second.outcome) == (second.values, "answered", "cached")
    assert len(model.received) == 1
    assert [row.cost > 0 for row in log(on)] == [True, False]


def test_what_differs_in_what_was_taken_out_is_the_same_question(on: Cast, model: Model) -> None:
    assert ask(on, "alice@cedar.localhost is locked out of the account").outcome == "answered"
    asked = ask(on, "bob@cedar.localhost is locked out of the account")
    assert asked.outcome == "cached"


def test_another_district_pays_for_itself(on: Cast, oak: Cast, model: Model) -> None:
    switch_on(oak, "triage")
    assert [ask(on).outcome, ask(oak).outcome, ask(oak).outcome] == ["answered", "answered", "cached"]
    assert (len(log(on)), len(log(oak))) == (1, 2)
    assert charged(on) == charged(oak) > 0


def test_what_is_remembered_is_held_to_the_catalog_of_today(on: Cast, model: Model) -> None:
    ask(on)
    asked = ask(on, check=lambda _said: "closed since")
    assert asked.outcome == "nonsense"
    assert len(model.received) == 2


# --- addresses -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.org/v1", "ftp://127.0.0.1/", "https://", "not an address", "https://10.0.0.5/v1", "http://10.0.0.5/v1",
        "https://169.254.169.254/v1", "https://[::ffff:10.0.0.5]/v1", "https://[fd00::1]/v1", "https://me:pw@127.0.0.1/v1", "http://[",
    ],
)  # fmt: skip
def test_addresses_nothing_is_sent_to(url: str) -> None:
    with pytest.raises(NotAllowed):
        require_allowed(url)


def test_addresses_it_may_be_at(settings: Settings) -> None:
    require_allowed("http://127.0.0.1:11434/v1")
    require_allowed("http://[::1]:8000/v1")
    require_allowed("https://8.8.8.8/v1")
    settings.MODEL_PRIVATE_HOSTS = ["10.0.0.5", "ollama"]
    require_allowed("http://10.0.0.5:8000/v1")
    require_allowed("http://ollama:11434/v1")


# --- a trial -------------------------------------------------------------------------------------------------------------


def test_a_trial_leaves_nothing(model: Model, cedar: Cast) -> None:
    asked = llm.ask(cedar.district.id, sorting(), now=NOW, trial=True)
    assert asked.values is not None
    assert (asked.values.service, asked.call_id) == ("password-reset", None)
    with district_scope(cedar.district.id):
        assert (ModelCall.objects.count(), ModelSettings.objects.count()) == (0, 0)


def test_money_of_a_month_that_ended_is_not_given_to_the_next(on: Cast) -> None:
    with district_scope(on.district.id):
        assert budget.reserve(Decimal(1), now=NOW)
        assert budget.reserve(Decimal(2), now=NOW + timedelta(days=30))
        budget.settle(Decimal(1), Decimal(0), now=NOW)
        assert ModelSettings.objects.get().charged == 2
