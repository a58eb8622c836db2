"""A model on this machine and a district that has it switched on, for tests that ask one. They commit: no transaction may be open."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from pytest_django import Settings

from config.demo.model import Model
from districts.scope import district_scope
from knowledge import llm
from knowledge.models import ModelCall, ModelSettings
from knowledge.redaction import people
from tests.conftest import Cast

KEY = "sk-very-secret-0123456789"


@contextmanager
def running(settings: Settings, **more: Any) -> Iterator[Model]:
    """Plugged in; nothing is remembered of it, before or after."""
    with Model(**more) as model:
        settings.MODEL_URL, settings.MODEL_NAME, settings.MODEL_KEY = model.url, "fake", KEY
        settings.MODEL_PRICE_IN, settings.MODEL_PRICE_OUT = Decimal(1), Decimal(4)
        thread = threading.Thread(target=lambda: model.serve_forever(poll_interval=0.02), daemon=True)
        thread.start()
        forget()
        try:
            yield model
        finally:
            model.shutdown()
            thread.join()
            forget()


def forget() -> None:
    cache.clear()
    people.forget()
    llm._way_of.clear()
    for client in llm._clients.values():
        client.close()
    llm._clients.clear()


def switch_on(cast: Cast, *purposes: str, budget: str = "20") -> None:
    with district_scope(cast.district.id):
        ModelSettings.objects.create(on=True, purposes=list(purposes), budget=Decimal(budget))


def log(cast: Cast) -> list[ModelCall]:
    """Newest last."""
    with district_scope(cast.district.id):
        return list(ModelCall.objects.order_by("at", "id"))


def outcomes(cast: Cast) -> list[str]:
    return [row.outcome for row in log(cast)]
