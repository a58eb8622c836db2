"""The scripts of widget and chat alone in a real Chromium, the two sites made up: what goes between them and what the keys do."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

STATIC = Path(__file__).resolve().parents[2] / "static"
DOOR, SCHOOL = "https://help.door.example", "https://www.school.example"
WORDS = {"title": "Help", "short": "Help", "close": "Close", "news": "News", "elsewhere": "Open the chat"}
TOLD = {"words": {"en": WORDS}, "light": ["#135", "#fff"], "dark": ["#9cf", "#000"]}
CHAT = """<!doctype html><main data-chat-app data-news="/news" data-own="/c/TOKEN" data-you="You" data-sending="…" data-failed="No"
data-again="Again" data-over="Over"><div class="chat-log"></div><div class="chat-writing"><form class="chat-say" data-chat method="post"
action="/say"><textarea name="text"></textarea><button>Send</button></form></div></main><script src="/chat.js"></script>"""
TALK = "<div class='chat-talk'><ol class='chat-lines'><li class='line' id='l-1'>It is answered</li></ol></div>"
SAID = {"token": "t0ken", "seen": "1", "state": "talking", "talk": TALK, "writing": CHAT}


@pytest.fixture
def asked(page: Page) -> list[str]:
    """Both sites; the tokens that the door was asked with."""
    tokens: list[str] = []

    def door(route: Route) -> None:
        path = route.request.url.removeprefix(DOOR).split("?")[0]
        if path == "/widget.js":
            told = json.dumps({**TOLD, "css": (STATIC / "css/widget.css").read_text()})
            route.fulfill(body=(STATIC / "js/widget.js").read_text().replace('"TOLD"', told, 1), content_type="text/javascript")
        elif path == "/chat.js":
            route.fulfill(path=STATIC / "js/chat.js", content_type="text/javascript")
        elif path in ("/say", "/news"):
            tokens.append(route.request.headers.get("x-chat-token", ""))
            route.fulfill(json=SAID)
        else:
            barred = {"Content-Security-Policy": f"frame-ancestors {SCHOOL}"}
            route.fulfill(body=CHAT, content_type="text/html", headers=barred)

    body = f"<!doctype html><html lang=en><body><h1>School</h1><script src='{DOOR}/widget.js'></script>"
    page.route("**/*", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.route(f"{DOOR}/**", door)
    return tokens


def test_the_conversation_outlives_the_page_in_the_schools_own_storage(page: Page, asked: list[str]) -> None:
    page.goto(SCHOOL)
    page.locator("button.open").click()
    frame = page.frame_locator("iframe")
    frame.locator("textarea").fill("Where is the bus?")
    frame.locator("textarea").press("Enter")
    expect(frame.get_by_text("It is answered")).to_be_visible()
    assert page.evaluate("Object.values(sessionStorage)") == ["t0ken"]
    page.goto(f"{SCHOOL}/lunch")
    page.locator("button.open").click()
    expect(page.frame_locator("iframe").get_by_text("It is answered")).to_be_visible()
    assert asked == ["", "t0ken"]


def test_a_message_of_another_origin_keeps_nothing(page: Page, asked: list[str]) -> None:
    page.goto(SCHOOL)
    page.locator("button.open").click()
    expect(page.frame_locator("iframe").locator("textarea")).to_be_visible()
    page.evaluate("postMessage({districtHelp: 'keep', token: 'evil'}, '*')")
    page.wait_for_timeout(200)
    assert page.evaluate("sessionStorage.length") == 0


def test_where_the_frame_may_not_stand_a_link_stands_soon(page: Page, asked: list[str]) -> None:
    page.goto("https://elsewhere.example")
    page.locator("button.open").click()
    expect(page.get_by_role("link", name="Open the chat")).to_be_visible(timeout=3500)
    expect(page.locator("iframe")).to_be_hidden()


def test_enter_sends_on_the_chats_own_page_too(page: Page, asked: list[str]) -> None:
    page.goto(f"{DOOR}/chat/")
    box = page.locator("textarea")
    box.fill("Where is")
    box.press("Shift+Enter")
    assert asked == []
    box.press("Enter")
    expect(page.get_by_text("It is answered")).to_be_visible()
    assert asked == [""]


def test_the_button_to_be_tried_lies_below_the_form_on_a_telephone(page: Page, asked: list[str]) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(SCHOOL)
    page.add_style_tag(path=STATIC / "css/setup.css")
    page.evaluate("document.querySelector('h1').style.height = '1500px'")
    box, form = page.locator("button.open").bounding_box(), page.locator("h1").bounding_box()
    assert box
    assert form
    assert box["y"] >= form["y"] + form["height"]
    page.locator("button.open").click()
    panel = page.locator(".panel").bounding_box()
    assert panel
    assert panel["height"] == 740
