"""Set-up → Models: the switch, the money, the test and the log. For administrators alone, and no key anywhere."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import Settings

from config.demo.model import Manner, Model
from districts.scope import district_scope
from knowledge.model.changing import change
from knowledge.models import ModelCall, ModelSettings
from knowledge.templatetags.models import dollars, seconds
from tests.conftest import NOW, Cast, sign_in, visitor
from tests.model_at_hand import KEY, log, running

PAGES = ("/setup/models/", "/setup/models/calls/")


@pytest.fixture
def plugged(settings: Settings) -> None:
    settings.MODEL_URL, settings.MODEL_NAME, settings.MODEL_KEY = "https://api.model.example/v1", "large-1", KEY
    settings.MODEL_PRICE_IN, settings.MODEL_PRICE_OUT = Decimal("0.15"), Decimal("0.6")


def a_call(n: int = 0, **more: Any) -> ModelCall:
    values: dict[str, Any] = {
        "purpose": "triage", "outcome": "answered", "at": NOW + timedelta(minutes=n), "endpoint": "api.model.example",
        "model": "large-1", "sent": [{"role": "system", "content": "Choose."}, {"role": "user", "content": "<<<x body>>> <script>"}],
        "returned": '{"service": "bus-late"}', "redacted": {"PERSON": 2}, "tokens_in": 1200, "tokens_out": 40,
        "cost": Decimal("0.0002"), "milliseconds": 840, "attempts": 1,
    }  # fmt: skip
    return ModelCall.objects.create(**values | more)


def read(cast: Cast, where: str = PAGES[0]) -> str:
    response = sign_in(cast.ada, cast.district).get(where)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.django_db
def test_only_administrators_open_it(here: Cast, oak: Cast) -> None:
    one = a_call()
    for where in (*PAGES, f"/setup/models/calls/{one.id}/"):
        assert visitor(here.district).get(where).status_code == 302
        assert [sign_in(who, here.district).get(where).status_code for who in (here.alice, here.lena, here.lee, here.ada)] == [
            403, 403, 403, 200,
        ]  # fmt: skip
    assert sign_in(here.lee, here.district).post("/setup/models/", {"on": "on", "budget": "5"}).status_code == 403
    assert sign_in(here.lee, here.district).post("/setup/models/test").status_code == 403
    with district_scope(oak.district.id):
        assert sign_in(oak.carla, oak.district).get(f"/setup/models/calls/{one.id}/").status_code == 404
        assert "Choose." not in read_oak(oak)


def read_oak(oak: Cast) -> str:
    return sign_in(oak.carla, oak.district).get("/setup/models/calls/").content.decode()


@pytest.mark.django_db
def test_nothing_plugged_in_is_said(here: Cast) -> None:
    page = read(here)
    assert "No model is plugged in" in page
    assert "Ask it something harmless" not in page
    assert "Nothing yet." in page


@pytest.mark.django_db
def test_the_switch_is_turned_and_the_budget_set(here: Cast, plugged: None) -> None:
    ada = sign_in(here.ada, here.district)
    seen = ada.get("/setup/models/").context["form"].fingerprint
    done = ada.post("/setup/models/", {"seen": seen, "on": "on", "purposes": ["answers"], "budget": "12.50"})
    assert done.status_code == 302
    row = ModelSettings.objects.get()
    assert (row.on, row.purposes, row.budget, row.changed_by) == (True, ["answers"], Decimal("12.50"), here.ada)
    late = ada.post("/setup/models/", {"seen": seen, "purposes": [], "budget": "1"})
    assert late.status_code == 422, "somebody changed it meanwhile"
    assert ModelSettings.objects.get().on


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong", [{"budget": "-1"}, {"budget": "a lot"}, {"budget": "NaN"}, {"budget": "5", "purposes": ["everything"]}, {}]
)
def test_what_nobody_can_mean_is_refused_in_words(here: Cast, plugged: None, wrong: dict[str, Any]) -> None:
    ada = sign_in(here.ada, here.district)
    seen = ada.get("/setup/models/").context["form"].fingerprint
    assert ada.post("/setup/models/", {"seen": seen, "on": "on", **wrong}).status_code == 422
    assert not ModelSettings.objects.exists()


@pytest.mark.django_db
def test_what_a_month_has_cost_stays_when_the_budget_changes(here: Cast) -> None:
    change(on=True, purposes=["triage"], budget=Decimal(10), by=here.ada, now=NOW)
    ModelSettings.objects.update(charged=Decimal(4), month="2026-11")
    change(on=True, purposes=["triage"], budget=Decimal(20), by=here.ada, now=NOW)
    assert ModelSettings.objects.get().charged == 4


@pytest.mark.django_db
def test_money_is_told(here: Cast, plugged: None) -> None:
    change(on=True, purposes=["triage"], budget=Decimal(10), by=here.ada, now=NOW)
    page = read(here)
    assert "of $10.00" in page
    assert "api.model.example" in page
    assert "large-1" in page
    assert KEY not in page


@pytest.mark.django_db
def test_without_a_price_it_is_said_that_no_budget_holds(here: Cast, plugged: None, settings: Settings) -> None:
    settings.MODEL_PRICE_IN = settings.MODEL_PRICE_OUT = Decimal(0)
    assert "nothing counts against the budget" in read(here)


@pytest.mark.django_db
def test_the_log_is_paged_newest_first_and_filtered(here: Cast) -> None:
    for n in range(60):
        a_call(n, outcome="timeout" if n % 3 == 0 else "answered", purpose="answers" if n % 2 else "triage", detail=f"number {n}.")
    page = read(here, "/setup/models/calls/")
    assert page.index("number 59.") < page.index("number 58.")
    assert "number 34." not in page
    assert "number 34." in read(here, "/setup/models/calls/?page=2")
    slow = read(here, "/setup/models/calls/?outcome=timeout&purpose=answers")
    assert "number 57." in slow
    assert "number 58." not in slow
    for nonsense in ("?page=9999", "?page=x", "?outcome=zzz", "?purpose=%00"):
        read(here, f"/setup/models/calls/{nonsense}")
    assert "Nothing of this kind." in read(here, "/setup/models/calls/?outcome=breaker")


@pytest.mark.django_db
def test_a_call_is_shown_word_for_word(here: Cast) -> None:
    page = read(here, f"/setup/models/calls/{a_call().id}/")
    assert "&lt;&lt;&lt;x body&gt;&gt;&gt; &lt;script&gt;" in page
    assert "{&quot;service&quot;: &quot;bus-late&quot;}" in page
    assert "PERSON × 2" in page
    assert "1,200 sent, 40 back" in page
    refused = a_call(1, outcome="refused-budget", attempts=0, returned="", redacted={})
    assert "What would have been sent" in read(here, f"/setup/models/calls/{refused.id}/")
    assert sign_in(here.ada, here.district).get("/setup/models/calls/01890000-0000-7000-8000-000000000000/").status_code == 404


@pytest.mark.parametrize(
    ("amount", "said"),
    [("0", "$0.00"), ("0.000012", "$0.0001"), ("0.0123", "$0.0123"), ("0.05", "$0.05"), ("3.14159", "$3.14"), ("20", "$20.00")],
)
def test_dollars(amount: str, said: str) -> None:
    assert dollars(Decimal(amount)) == said
    assert seconds(840) == "0.8 s"


# --- the test ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def model(settings: Settings) -> Iterator[Model]:
    with running(settings) as model:
        yield model


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_it_is_asked_something_harmless_while_the_switch_is_off(model: Model, cedar: Cast) -> None:
    ada = sign_in(cedar.ada, cedar.district)
    page = ada.post("/setup/models/test", follow=True).content.decode()
    assert "Last test" in page
    assert "Answered" in page
    (row,) = log(cedar)
    assert (row.purpose, row.outcome) == ("test", "answered")
    assert "books" in model.received[0].body.decode()
    model.manner = Manner.KEYLESS
    page = ada.post("/setup/models/test", follow=True).content.decode()
    assert "HTTP 401" in page
    assert KEY not in page
    model.manner = Manner.WRONG
    assert "Answer of no use" in ada.post("/setup/models/test", follow=True).content.decode()


@pytest.mark.django_db
def test_with_nothing_plugged_in_the_test_says_so(here: Cast) -> None:
    page = sign_in(here.ada, here.district).post("/setup/models/test", follow=True).content.decode()
    assert "No model is plugged in." in page
