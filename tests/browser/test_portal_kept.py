"""What a parent has typed survives Back, another language, and a cookie that is gone, in a real Chromium."""

from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.test_pages import judge
from tests.product import Product, a_number

TEXT = "the gym door does not lock"
LONG_NAMES = [f"a very long name of a program {n}.exe" for n in range(4)]


def ask(page: Page, at: Callable[..., str], text: str = TEXT) -> None:
    page.goto(at("/"))
    page.locator("#text").fill(text)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#contact")).to_be_visible()


def send(page: Page, contact: str) -> None:
    page.locator("#contact").fill(contact)
    page.get_by_role("button", name="Send", exact=True).click()


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def reader(request: pytest.FixtureRequest, browser_context_args: dict[str, object], browser: object) -> object:
    context = browser.new_context(**{**browser_context_args, "java_script_enabled": request.param})  # type: ignore[attr-defined]
    yield context.new_page()
    context.close()


def test_a_cookie_is_gone_and_every_word_is_still_there(reader: Page, at: Callable[..., str]) -> None:
    ask(reader, at)
    reader.context.clear_cookies()
    reader.locator("#name").fill("Pat")
    send(reader, a_number())
    expect(reader.get_by_text("The page was open too long")).to_be_visible()
    expect(reader.locator("#text")).to_have_value(TEXT)
    expect(reader.locator("#name")).to_have_value("Pat")
    reader.get_by_role("button", name="Send", exact=True).click()
    reader.wait_for_url("**/r/**")


def test_back_from_the_request_to_the_form_and_to_the_box(reader: Page, at: Callable[..., str]) -> None:
    ask(reader, at)
    number = a_number()
    send(reader, number)
    reader.wait_for_url("**/r/**")
    reader.go_back()
    expect(reader.locator("#text")).to_have_value(TEXT)
    expect(reader.locator("#contact")).to_have_value(number)
    reader.go_back()
    expect(reader.get_by_role("button", name="Continue")).to_be_visible()
    expect(reader.locator("#text")).to_have_value(TEXT)


def test_back_to_a_form_that_had_a_mistake(reader: Page, at: Callable[..., str]) -> None:
    ask(reader, at)
    send(reader, "nobody")
    expect(reader.locator("#contact")).to_have_attribute("aria-invalid", "true")
    reader.get_by_role("link", name="Help articles").click()
    reader.wait_for_url("**/help/")
    reader.go_back()
    expect(reader.locator("#text")).to_have_value(TEXT)
    expect(reader.locator("#contact")).to_have_value("nobody")


def test_back_from_what_was_too_much(reader: Page, at: Callable[..., str]) -> None:
    """A telephone sends every photo that was tapped."""
    ask(reader, at)
    reader.locator("#name").fill("Pat")
    many: list[FilePayload] = [{"name": f"{n}.txt", "mimeType": "text/plain", "buffer": b"chairs"} for n in range(11)]
    reader.locator("#photos").set_input_files(many)
    send(reader, a_number())
    refused = reader.get_by_role("heading", name="That was too much at once")
    expect(refused.or_(reader.locator("#too-much:visible"))).to_be_visible()  # a script says so before anything is sent
    if refused.is_visible():
        reader.go_back()
    expect(reader.locator("#text")).to_have_value(TEXT)
    expect(reader.locator("#name")).to_have_value("Pat")


def test_change_what_you_wrote(reader: Page, at: Callable[..., str]) -> None:
    ask(reader, at)
    reader.locator("#room").fill("12")
    reader.get_by_role("button", name="Change what you wrote").click()
    expect(reader.locator("#text")).to_have_value(TEXT)
    reader.locator("#text").fill("the gym door locks itself")
    reader.get_by_role("button", name="Continue").click()
    expect(reader.locator("#room")).to_have_value("12")
    expect(reader.locator("#text")).to_have_value("the gym door locks itself")


def test_another_language_after_a_mistake(reader: Page, at: Callable[..., str], complaints: list[str]) -> None:
    ask(reader, at)
    send(reader, "nobody")
    expect(reader.locator("#contact")).to_have_attribute("aria-invalid", "true")
    reader.get_by_role("button", name="Español").click()
    expect(reader.locator("html")).to_have_attribute("lang", "es")
    expect(reader.locator("#text")).to_have_value(TEXT)
    expect(reader.locator("#contact")).to_have_value("nobody")
    reader.locator("#contact").fill(a_number())
    reader.locator("#contact").press("Enter")
    reader.wait_for_url("**/r/**")
    reader.locator("#reply button.btn-primary").click()
    expect(reader.get_by_role("alert")).to_be_visible()
    reader.get_by_role("button", name="English").click()
    expect(reader.locator("html")).to_have_attribute("lang", "en")
    expect(reader.get_by_label("Write a reply")).to_be_visible()
    reader.get_by_label("Write a reply").fill("it is the north door")
    reader.get_by_role("button", name="Español").click()
    expect(reader.locator("#text")).to_have_value("it is the north door")
    expect(reader.locator("html")).to_have_attribute("lang", "es")
    assert complaints == []


def test_a_link_that_was_not_sent_can_be_copied(
    page: Page, at: Callable[..., str], product: Product, complaints: list[str], accessible: Callable[[Page], None]
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, at)
    send(page, "+44 20 7946 0958")
    page.wait_for_url("**/r/**")
    expect(page.get_by_role("heading", name="Keep this link: it was not sent to you")).to_be_visible()
    judge(page, complaints, accessible)
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url.split("?")[0]


def test_forms_as_they_come_again(
    page: Page, at: Callable[..., str], complaints: list[str], accessible: Callable[[Page], None]
) -> None:
    for scheme, width in (("light", 1440), ("dark", 360)):
        page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        page.set_viewport_size({"width": width, "height": 900})
        ask(page, at)
        judge(page, complaints, accessible)
        wrong: list[FilePayload] = [{"name": name, "mimeType": "image/jpeg", "buffer": b"MZ\x90\0" * 50} for name in LONG_NAMES]
        page.locator("#photos").set_input_files(wrong)
        send(page, a_number())
        expect(page.locator("#photos-error li")).to_have_count(4)
        complaints[:] = [said for said in complaints if "422" not in said]
        judge(page, complaints, accessible)
        page.context.clear_cookies()
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_text("The page was open too long")).to_be_visible()
        complaints[:] = [said for said in complaints if "403" not in said]
        judge(page, complaints, accessible)
