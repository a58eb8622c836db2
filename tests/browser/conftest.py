"""A real Chromium before the real product. `page` is Playwright's, at 1440 by 900; `small` is a telephone's page."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from config.demo.loading import DEMO_PASSWORD
from tests.browser.chromium import NoBrowser, arguments, executable
from tests.outside import MailServer, Twilio
from tests.product import CEDAR, Product, free_port

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SMALL = {"width": 360, "height": 740}
LARGE = {"width": 1440, "height": 900}


@pytest.fixture(scope="session")
def browser_type_launch_args(playwright: Playwright) -> dict[str, Any]:
    """pytest-playwright's own hook."""
    try:
        found = executable(playwright.chromium.executable_path)
    except NoBrowser as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    return {"executable_path": found, "args": arguments(), "headless": True}


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    """As `make run` has it: what would be sent is kept and shown."""
    with MailServer(free_port()) as mail, Twilio(free_port()) as twilio:
        running = Product(os.environ.get("BROWSER_PRODUCT", "browser"), mail=mail, twilio=twilio, DELIVERY_KEEP="1")
        running.log.unlink(missing_ok=True)
        running.fresh()
        try:
            running.start()
            yield running
        finally:
            running.stop()


@pytest.fixture
def at(product: Product) -> Callable[..., str]:
    """An address of a district: at("/desk/"), at("/", OAK)."""
    return lambda path, host=CEDAR: f"http://{host}:{product.port}{path}"


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": LARGE, "locale": "en-US", "reduced_motion": "reduce"}


@pytest.fixture
def small(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=SMALL, locale="en-US", reduced_motion="reduce", has_touch=True)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


@pytest.fixture
def complaints(context: BrowserContext) -> list[str]:
    """What the browser complains of: errors of scripts, and what the content security policy refused."""
    said: list[str] = []
    context.on("weberror", lambda error: said.append(str(error.error)))
    context.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    return said


@pytest.fixture
def sign_in(product: Product, at: Callable[..., str]) -> Callable[..., None]:
    """sign_in(page, "Agent, Transportation"): by the form, as a person does."""

    def enter(page: Page, role: str, host: str = CEDAR) -> None:
        page.goto(at("/account/login/", host))
        page.locator("input[name=login]").fill(product.email_of(role, host))
        page.locator("input[name=password]").fill(DEMO_PASSWORD)
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url(lambda url: "/account/login" not in url)

    return enter


@pytest.fixture
def accessible() -> Callable[[Page], None]:
    """Fails with what axe finds against WCAG 2.2 A and AA."""

    def check(page: Page) -> None:
        page.evaluate(AXE.read_text())
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", tags)
        told = [
            f"{wrong['id']} ({wrong['impact']}): {wrong['help']}: {node['html'][:160]}"
            for wrong in found["violations"]
            for node in wrong["nodes"]
        ]
        assert told == [], f"{page.url}\n" + "\n".join(told)

    return check


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)
