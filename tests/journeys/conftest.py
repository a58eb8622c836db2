"""One product for all journeys; those that break it leave it whole."""

from collections.abc import Iterator

import pytest

from tests.outside import MailServer, Twilio
from tests.product import Product, free_port


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    with MailServer(free_port()) as mail, Twilio(free_port()) as twilio:
        running = Product("journeys", mail=mail, twilio=twilio)
        running.log.unlink(missing_ok=True)
        running.fresh()
        try:
            running.start()
            yield running
        finally:
            running.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "journeys" in item.path.parts:
            item.add_marker(pytest.mark.journey)
