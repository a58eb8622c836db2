"""What happened in an outage, or was done about an alert, is added to and never changed: the database refuses it to the application."""

from typing import Any

import pytest
from django.db import ProgrammingError, transaction

from alerts.models import Alert, AlertAct
from alerts.policies import record
from districts.postgres.roles import APPEND_ONLY
from incidents import actions
from incidents.models import Decision, Happening
from knowledge.models import ModelCall
from tests.conftest import NOW, Cast
from tests.test_incidents import begin, make_plan
from tickets.models import Event


@pytest.fixture
def past(here: Cast) -> Cast:
    incident = begin(make_plan(here))
    actions.decide(incident, question="Are families told?", answer="Yes, by 11", by=here.lee, now=NOW)
    record(Alert.objects.create(kind="test", title="Test"), kind="made", now=NOW, by=here.lee)
    return here


@pytest.mark.parametrize("model", [Happening, Decision, AlertAct])
@pytest.mark.parametrize("act", ["update", "delete", "save", "raw"])
def test_the_past_is_only_added_to(past: Cast, model: Any, act: str) -> None:
    row: Any = model.objects.order_by("at", "id")[0]
    acts = {
        "update": lambda: model.objects.update(at=NOW), "delete": lambda: model.objects.filter(id=row.id).delete(),
        "save": row.save, "raw": lambda: model.objects.filter(id=row.id)._raw_delete("default"),
    }  # fmt: skip
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        acts[act]()
    assert model.objects.filter(id=row.id).exists()


def test_every_model_whose_rows_say_so_is_on_the_list() -> None:
    assert set(APPEND_ONLY) == {model._meta.db_table for model in (Event, Happening, Decision, AlertAct, ModelCall)}
