"""Promises under faults, small: processes killed in mid-sweep, two of each, other times, a closure. The large one is `make faults`."""

from collections.abc import Iterator

import pytest

from config.storm.faults import Faults, suffer
from tests.outside import MailServer, Twilio
from tests.product import Product, free_port

pytestmark = pytest.mark.slow


@pytest.fixture
def bare() -> Iterator[Product]:
    """A product of its own: the closure of a district would change what other journeys look at."""
    with MailServer(free_port()) as mail, Twilio(free_port()) as twilio:
        running = Product("faults-small", mail=mail, twilio=twilio, DELIVERY_KEEP="1", DEMO="0")
        running.log.unlink(missing_ok=True)
        running.fresh()
        try:
            running.start()
            yield running
        finally:
            running.stop()
            running.fresh()


def test_no_breach_is_missed_or_told_twice_and_a_closure_moves_all(bare: Product) -> None:
    said: list[str] = []
    faults = Faults(promises=60, closed=120, seconds=12, kill=("worker", "redis", "postgres"), kill_every=4, say=said.append)
    verdict = suffer(bare, faults)
    assert verdict.holds, (verdict, said)
    assert set(verdict.kills) == {"worker", "redis", "postgres"}
    assert verdict.breaches == 60
    assert verdict.moved == verdict.closed > 0
