"""The school calendar in a real Chromium: days are chosen by mouse and by keyboard, and nothing axe finds."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_pages import judge

PAGES = ["/setup/calendar/", "/setup/calendar/close", "/setup/calendar/hours", "/setup/calendar/files", "/setup/calendar/holidays"]


@pytest.fixture
def admin(page: Page, sign_in: Callable[..., None]) -> Page:
    sign_in(page, "Administrator")
    return page


def test_pages_of_the_calendar(admin: Page, at: Callable[..., str], complaints: list[str], accessible: Callable[[Page], None]) -> None:
    for path in PAGES:
        for scheme, width in (("light", 1440), ("dark", 360)):
            admin.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            admin.set_viewport_size({"width": width, "height": 900})
            admin.goto(at(path))
            judge(admin, complaints, accessible)


def test_a_stretch_is_drawn_with_the_mouse(admin: Page, at: Callable[..., str], complaints: list[str]) -> None:
    admin.goto(at("/setup/calendar/"))
    days = admin.locator("[data-day]")
    first, last = days.nth(100), days.nth(104)
    first.scroll_into_view_if_needed()
    first.hover()
    admin.mouse.down()
    last.hover()
    admin.mouse.up()
    expect(admin.locator("#id_first")).to_have_value(first.get_attribute("data-day") or "")
    expect(admin.locator("#id_last")).to_have_value(last.get_attribute("data-day") or "")
    expect(admin.locator(".day-chosen")).to_have_count(5)
    assert complaints == []


def test_days_are_chosen_by_keyboard(admin: Page, at: Callable[..., str], complaints: list[str]) -> None:
    admin.goto(at("/setup/calendar/"))
    assert admin.locator("[data-day][tabindex='0']").count() == 1, "one stop for the Tab key"
    admin.locator("[data-day]").nth(10).focus()
    admin.keyboard.press("Shift+ArrowDown")
    admin.keyboard.press("Enter")
    expect(admin.locator("#id_last")).to_have_value(admin.locator("[data-day]").nth(17).get_attribute("data-day") or "")
    expect(admin.locator("#id_kind")).to_be_focused()
    day = admin.locator("[data-day]").nth(20)
    day.focus()
    admin.keyboard.press("ArrowRight")
    admin.keyboard.press("Enter")
    admin.wait_for_url(f"**first={admin.locator('[data-day]').nth(21).get_attribute('data-day')}**")
    assert complaints == []
