"""Articles in a real Chromium: what is written is seen beside it at once, and nothing axe finds."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_pages import judge


@pytest.fixture
def keeper(page: Page, sign_in: Callable[..., None]) -> Page:
    sign_in(page, "Team lead, Transportation")
    return page


def test_pages_of_those_who_keep_articles(
    keeper: Page, at: Callable[..., str], complaints: list[str], accessible: Callable[[Page], None]
) -> None:
    keeper.goto(at("/articles/?team=transportation"))
    article = keeper.locator(".kept-rows a").first.get_attribute("href")
    assert article
    for path in ("/articles/", article, f"{article}edit", f"{article}versions/1/", "/articles/new", "/articles/gaps/"):
        for scheme, width in (("light", 1440), ("dark", 360)):
            keeper.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            keeper.set_viewport_size({"width": width, "height": 900})
            keeper.goto(at(path))
            judge(keeper, complaints, accessible)


def test_what_is_written_is_seen_beside_it_and_enter_saves_no_more_than_a_draft(
    keeper: Page, at: Callable[..., str], complaints: list[str], accessible: Callable[[Page], None]
) -> None:
    keeper.goto(at("/articles/new"))
    expect(keeper.get_by_role("button", name="Preview")).to_have_count(0)
    keeper.locator("#id_title").fill("Snow routes")
    keeper.locator("#id_body").fill("**In snow.** Buses run on snow routes.\n- Look at the map\n<script>window.bad = 1</script>")
    seen = keeper.locator("#seen")
    expect(seen.get_by_text("Snow routes", exact=True)).to_be_visible()
    expect(seen.locator("strong")).to_have_text("In snow.")
    expect(seen.locator("li")).to_have_text("Look at the map")
    assert keeper.evaluate("window.bad") is None
    accessible(keeper)
    keeper.get_by_label("Families", exact=True).check()
    keeper.locator("#id_team").select_option(label="Transportation")
    keeper.locator("#id_title").press("Enter")
    expect(keeper.get_by_text("The draft is saved.")).to_be_visible()
    expect(keeper.get_by_role("heading", name="Draft, version 1")).to_be_visible()
    assert complaints == []


def test_without_scripts_a_button_shows_it(browser: Browser, keeper: Page, at: Callable[..., str]) -> None:
    plain = browser.new_context(java_script_enabled=False, storage_state=keeper.context.storage_state())
    page = plain.new_page()
    page.goto(at("/articles/new"))
    page.locator("#id_title").fill("Snow routes")
    page.locator("#id_body").fill("**In snow.** Buses run on snow routes.")
    page.get_by_label("Families", exact=True).check()
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#seen strong")).to_have_text("In snow.")
    expect(page.locator("#id_body")).to_have_value("**In snow.** Buses run on snow routes.")
    plain.close()
