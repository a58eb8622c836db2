"""The widget on a page of another site, in a real Chromium: by keyboard alone, on a telephone, in the dark, with a strict policy."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.browser.conftest import AXE
from tests.product import CEDAR, Product, a_number, until

PAGE = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Maple Ridge Elementary</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<script src="{door}/widget.js" async></script></head>
<body><main><h1>Maple Ridge Elementary</h1><p><a href="/lunch">Lunch menu</a></p></main></body></html>"""


@pytest.fixture(scope="module")
def school(product: Product) -> Iterator[str]:
    """A school's site, elsewhere, with as strict a policy as its pages can have."""
    door = f"http://{CEDAR}:{product.port}"

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", f"default-src 'none'; img-src data:; script-src {door}; frame-src {door}")
            self.end_headers()
            self.wfile.write(PAGE.format(lang="es" if "es" in self.path else "en", door=door).encode())

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def allowed(page: Page, at: Callable[..., str], sign_in: Callable[..., None], school: str) -> None:
    """An administrator names the site, as the documentation says."""
    sign_in(page, "Administrator, Cedar Valley")
    page.goto(at("/setup/chat/"))
    box = page.locator("textarea[name=sites]")
    if school not in box.input_value():
        box.fill(f"{box.input_value()}\n{school}")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("The chat is on.")).to_be_visible()
    expect(page.locator("#line")).to_have_text(f'<script src="{at("/widget.js")}" async></script>')


def opened(page: Page, address: str) -> FrameLocator:
    page.goto(address)
    page.locator("district-help button.open").click()
    frame = page.frame_locator("district-help iframe")
    expect(frame.get_by_label("What do you need help with?").first).to_be_visible()
    return frame


def judge(page: Page, frame: FrameLocator) -> None:
    """axe finds nothing in the panel, and it does not scroll sideways."""
    inside = next(one for one in page.frames if "/chat/panel" in one.url)
    inside.evaluate(AXE.read_text())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = inside.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", tags)
    assert [f"{wrong['id']}: {node['html'][:160]}" for wrong in found["violations"] for node in wrong["nodes"]] == []
    assert inside.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_asked_answered_and_handed_over_by_keyboard_alone(page: Page, allowed: None, school: str, complaints: list[str]) -> None:
    page.goto(school)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Lunch menu")).to_be_focused()
    page.keyboard.press("Tab")
    button = page.locator("district-help button.open")
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    frame = page.frame_locator("district-help iframe")
    box = frame.get_by_label("What do you need help with?").first
    expect(box).to_be_focused()
    page.keyboard.type("My son's bus is late, where is it?")
    page.keyboard.press("Enter")
    expect(frame.get_by_text("Did this help?")).to_be_visible()
    judge(page, frame)

    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(page.locator("district-help .panel")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(frame.get_by_label("Write more")).to_be_focused()

    number = a_number()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(frame.locator("#person summary")).to_be_focused()
    page.keyboard.press("Enter")
    expect(frame.get_by_label("Your email or phone number (optional)")).to_be_focused()
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    expect(frame.locator("#chat-state")).to_contain_text("by text message")
    judge(page, frame)
    assert complaints == []


def test_the_page_is_left_as_it_was(page: Page, allowed: None, school: str, complaints: list[str]) -> None:
    page.goto(f"{school}/lunch")
    names = "Object.getOwnPropertyNames(window).length"
    before = page.evaluate(names)
    page.locator("district-help button.open").wait_for()
    assert page.evaluate(names) == before
    assert page.locator("iframe").count() == 0, "nothing of ours is loaded before somebody asks"
    box = page.locator("district-help button.open").bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 44
    assert complaints == []


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "light"), (360, "dark"), (320, "dark")])
def test_every_state_of_the_panel(page: Page, allowed: None, school: str, width: int, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 740})
    frame = opened(page, school)
    judge(page, frame)
    frame.get_by_text("Talk to a person").first.click()
    judge(page, frame)
    frame.get_by_text("Talk to a person").first.click()
    box = frame.locator(".chat-say textarea")
    box.fill("I want to kill myself")
    box.press("Enter")
    expect(frame.get_by_role("link", name="988")).to_be_visible()
    expect(frame.get_by_text("A counselor or the safety team has this now")).to_be_visible()
    judge(page, frame)
    frame.get_by_text("How can we reach you?").click()
    frame.locator("#contact").fill("nobody")
    frame.locator("#contact").press("Enter")
    expect(frame.get_by_role("alert").filter(has_text="We could not read this")).to_be_visible()
    judge(page, frame)
    frame.locator("#contact").fill(a_number())
    frame.locator("#contact").press("Enter")
    expect(frame.get_by_text("You can reach me here")).to_be_visible()
    for n in range(6):
        box.fill(f"{n} averyveryveryverylongwordwithoutanybreakthatgoesonandonandon الحافلة لم تأت")
        box.press("Enter")
        expect(frame.locator(".line.visitor").last).to_contain_text(f"{n} avery")
    judge(page, frame)
    page.get_by_role("button", name="Close").click()
    expect(page.locator("district-help button.open")).to_be_focused()


def test_an_answer_of_a_person_comes_by_itself_and_the_button_says_so(
    page: Page, allowed: None, school: str, product: Product, browser: Browser, at: Callable[..., str]
) -> None:
    frame = opened(page, school)
    words = f"The gym door {a_number()} does not lock"
    box = frame.locator(".chat-say textarea")
    box.fill(words)
    box.press("Enter")
    frame.get_by_text("Talk to a person").first.click()
    frame.get_by_role("button", name="Send to a person").click()
    expect(frame.locator("#chat-state")).to_contain_text("Keep this private link")
    ticket = until(lambda: product.value("SELECT id FROM tickets_ticket WHERE subject = %s AND placed_at IS NOT NULL", words))
    page.keyboard.press("Escape")
    desk = product.signed_in("Administrator, Cedar Valley")
    path = f"/desk/{ticket}/"
    desk.submit(desk.get(path), f"{path}reply/", text="A locksmith comes at noon.")
    expect(page.locator("district-help button.open.news")).to_have_attribute("aria-label", "Help from Cedar Valley School District: "
                                                                             "There is an answer for you", timeout=40_000)  # fmt: skip
    page.locator("district-help button.open").click()
    expect(frame.get_by_text("A locksmith comes at noon.")).to_be_visible()
    page.reload()
    page.locator("district-help button.open").click()
    expect(frame.get_by_text("A locksmith comes at noon.")).to_be_visible()


def test_what_finds_no_answer_is_kept_and_sent_again(page: Page, allowed: None, school: str) -> None:
    frame = opened(page, school)
    page.route("**/chat/say", lambda route: route.abort())
    box = frame.locator(".chat-say textarea")
    box.fill("Is the office open on Friday?")
    box.press("Enter")
    again = frame.get_by_role("button", name="Send again")
    expect(again).to_be_visible(timeout=15_000)
    page.unroute("**/chat/say")
    again.click()
    expect(frame.locator(".line.product").first).to_be_visible()
    expect(frame.locator(".line.visitor")).to_have_count(1)


def test_it_speaks_the_language_of_the_page(page: Page, allowed: None, school: str) -> None:
    page.goto(f"{school}/es")
    page.locator("district-help button.open").click()
    expect(page.frame_locator("district-help iframe").locator("html")).to_have_attribute("lang", "es")


def test_a_site_that_was_not_named_gets_a_link_and_no_frame(page: Page, allowed: None, school: str) -> None:
    """The browser refuses the frame; the panel says where the chat is."""
    page.goto(school.replace("127.0.0.1", "localhost"))
    page.locator("district-help button.open").click()
    expect(page.get_by_role("link", name="The chat cannot be shown on this page")).to_be_visible(timeout=15_000)


def test_without_scripts_the_page_of_its_own_is_enough(browser: Browser, at: Callable[..., str]) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(at("/chat/"))
    page.get_by_label("What do you need help with?").first.fill("The gym door does not lock")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("Talk to a person").click()
    page.get_by_role("button", name="Send to a person").click()
    expect(page.locator("#chat-state")).to_contain_text("Keep this private link")
    context.close()
