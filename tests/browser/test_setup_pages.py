"""Set-up in a real Chromium: nothing axe finds, and promises are read while one types."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_pages import judge

PAGES = [
    "/setup/",
    "/setup/teams/",
    "/setup/people/",
    "/setup/people/new",
    "/setup/services/",
    "/setup/calendar/",
    "/setup/matrix/",
    "/setup/matrix/new",
    "/setup/matrix/attendance-to-transportation-sync/",
    "/setup/matrix/attendance-to-transportation-sync/feeds/new",
    "/setup/matrix/roles/",
    "/setup/matrix/roles/new",
    "/setup/matrix/files/",
    "/setup/ladders/",
    "/setup/ladders/tickets/",
    "/setup/on-call/new",
    "/setup/calls/",
    "/setup/addresses/new",
    "/setup/models/",
    "/setup/models/calls/",
]


@pytest.fixture
def admin(page: Page, sign_in: Callable[..., None]) -> Page:
    sign_in(page, "Administrator")
    return page


def test_pages_of_set_up(admin: Page, at: Callable[..., str], complaints: list[str], accessible: Callable[[Page], None]) -> None:
    for path in PAGES:
        for scheme, width in (("light", 1440), ("dark", 360)):
            admin.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            admin.set_viewport_size({"width": width, "height": 900})
            admin.goto(at(path))
            judge(admin, complaints, accessible)


def test_a_promise_is_read_while_one_types_and_saved_by_keyboard(
    admin: Page, at: Callable[..., str], complaints: list[str], accessible: Callable[[Page], None]
) -> None:
    admin.goto(at("/setup/services/new"))
    admin.get_by_role("textbox", name="Name", exact=True).fill("Bus stop bench")
    admin.get_by_role("combobox", name="Team").select_option(label="Transportation")
    first = admin.get_by_label("First response")
    first.fill("within 4 buisness hours")
    expect(admin.locator("mark")).to_have_text("buisness hours")
    accessible(admin)
    first.fill("within 4 business hours")
    expect(admin.get_by_text("Within 4 hours of office time.")).to_be_visible()
    first.press("Enter")
    expect(admin.get_by_text("Bus stop bench is saved.")).to_be_visible()
    assert complaints == []


def test_what_is_wrong_is_focused_and_said(admin: Page, at: Callable[..., str], accessible: Callable[[Page], None]) -> None:
    admin.goto(at("/setup/people/new"))
    admin.get_by_label("Email").fill("nobody@")
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_role("alert")).to_be_focused()
    expect(admin.get_by_label("Email")).to_have_attribute("aria-invalid", "true")
    accessible(admin)
