"""Alerts in a real Chromium: written, looked at and sent without a mouse; nothing axe finds; every page fits a telephone."""

import re
from collections.abc import Callable
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_pages import judge
from tests.product import Product, until

BUILT = "kind=reach&built=1&percent=97&what=delivered&number=12&back=/setup/alerts/"
PAGES = [
    "/alerts/", "/alerts/new/lockdown/", "/alerts/new/test/", "/alerts/calls/?whose=all", "/alerts/contacts/?whose=all",
    "/alerts/tests/", "/setup/alerts/", "/setup/alerts/lockdown/", f"/setup/promises/build/?{BUILT}",
]  # fmt: skip


@pytest.fixture
def leader(page: Page, sign_in: Callable[..., None]) -> Page:
    sign_in(page, "Leader, Cedar Valley")
    return page


def filled_in(page: Page) -> None:
    for field in page.locator("textarea, input[name$=_subject]").all():
        field.fill(field.input_value().replace("[school]", "Maple Ridge Elementary"))


def test_pages_of_alerts(
    page: Page, sign_in: Callable[..., None], at: Callable[..., str], complaints: list[str], accessible: Callable[[Page], None]
) -> None:
    sign_in(page, "Administrator, Cedar Valley")
    for path in PAGES:
        for scheme, width in (("light", 1440), ("dark", 360)):
            page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(at(path))
            judge(page, complaints, accessible)


def test_the_count_follows_the_choice(leader: Page, at: Callable[..., str]) -> None:
    leader.goto(at("/alerts/new/lockdown/"))
    everybody = leader.locator("#count strong").inner_text()
    leader.get_by_text("Only at some schools").click()
    leader.get_by_label("Maple Ridge Elementary").check()
    expect(leader.locator("#count strong")).not_to_have_text(everybody)


def test_it_is_written_and_sent_by_keyboard_alone(
    leader: Page, at: Callable[..., str], product: Product, complaints: list[str], accessible: Callable[[Page], None]
) -> None:
    leader.goto(at("/alerts/new/lockdown/"))
    filled_in(leader)
    leader.get_by_role("button", name="Look at it").focus()
    leader.keyboard.press("Enter")
    leader.wait_for_url(re.compile(r"/alerts/[0-9a-f-]{36}/$"))
    judge(leader, complaints, accessible)
    leader.locator("#word").focus()
    leader.keyboard.type("1")
    leader.keyboard.press("Enter")
    expect(leader.locator("#word")).to_be_focused()
    expect(leader.locator("#word-error")).to_contain_text("Type how many people it is for")
    complaints.clear()  # the browser tells of the refusal (422) as of an error
    number = re.sub(r"\D", "", leader.locator(".al-to strong").inner_text())
    leader.locator("#word").fill("")
    leader.keyboard.type(number)
    leader.keyboard.press("Tab")
    expect(leader.get_by_role("button", name="Send to")).to_be_focused()
    leader.keyboard.press("Enter")
    expect(leader.locator("#live")).to_be_visible()
    alert = leader.url.rstrip("/").rsplit("/", 1)[1]
    until(partial(product.value, "SELECT 1 FROM alerts_alert WHERE id = %s AND state = 'sent'", alert), what="the alert to leave")
    leader.reload()
    judge(leader, complaints, accessible)
