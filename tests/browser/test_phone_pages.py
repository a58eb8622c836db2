"""Telephone and texts in a real Chromium: a call logged by keyboard alone, a recording played, parts counted while one types."""

import io
import random
import threading
import time
import wave
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect
from twilio.request_validator import RequestValidator

from delivery import segments
from tests.browser.test_pages import judge
from tests.journeys.asking import text_in
from tests.product import CEDAR, Product, a_number, until

AGENT = "Agent, Transportation"


@pytest.fixture
def agent(page: Page, sign_in: Callable[..., None]) -> Page:
    sign_in(page, AGENT)
    return page


def ticket_of(product: Product, number: str) -> str:
    """The address of the newest ticket of whoever has this number, once triage has placed it."""
    asked = (
        "SELECT t.id FROM tickets_ticket t JOIN districts_contactpoint c ON c.district_id = t.district_id"
        " AND c.person_id = t.requester_id WHERE c.value = %s AND t.placed_at IS NOT NULL ORDER BY t.number DESC"
    )
    return f"/desk/{until(lambda: product.rows(asked, number), what='its ticket')[0]['id']}/"


def test_a_call_is_logged_by_keyboard_alone_in_few_keys(agent: Page, product: Product, at: Callable[..., str]) -> None:
    """Besides what is typed: l, Tab, Enter."""
    number, words = a_number(), f"Bus 12 left early at Maple and 5th {uuid4().hex[:6]}"
    agent.goto(at("/desk/"))
    began = time.monotonic()
    agent.keyboard.press("l")
    agent.wait_for_url("**/desk/log/")
    expect(agent.locator("#what")).to_be_focused()
    agent.keyboard.type(words, delay=20)
    agent.keyboard.press("Tab")
    agent.keyboard.type(number.removeprefix("+1"), delay=20)
    agent.keyboard.press("Enter")
    agent.wait_for_url("**/desk/")
    assert time.monotonic() - began < 20
    expect(agent.get_by_text("Logged as #")).to_be_visible()
    agent.goto(at(ticket_of(product, number)))
    expect(agent.locator("h1")).to_contain_text(words)


def test_a_caller_is_recognised_while_the_number_is_typed(
    agent: Page, product: Product, at: Callable[..., str], complaints: list[str], accessible: Callable[[Page], None]
) -> None:
    number = a_number()
    text_in(product, number, "Where is bus 12? My daughter waits at Maple and 5th.")
    open_already = ticket_of(product, number)
    agent.goto(at("/desk/log/"))
    agent.keyboard.type("It has come now")
    agent.keyboard.press("Tab")
    agent.keyboard.type(number.removeprefix("+1"))
    offer = agent.get_by_role("button", name="Add to #")
    expect(offer).to_be_visible()
    for scheme, width in (("light", 1440), ("dark", 360)):
        agent.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        agent.set_viewport_size({"width": width, "height": 900})
        judge(agent, complaints, accessible)
    agent.locator("#contact").focus()
    for _ in range(3):  # the name, the ticket, the button
        agent.keyboard.press("Tab")
    expect(offer).to_be_focused()
    agent.keyboard.press("Enter")
    agent.wait_for_url(f"**{open_already}")
    expect(agent.locator(".story .words", has_text="It has come now")).to_be_visible()


def test_control_and_enter_save_from_the_big_field(agent: Page, at: Callable[..., str]) -> None:
    agent.goto(at("/desk/log/"))
    agent.keyboard.type("A word in the hallway\nof two lines")
    agent.keyboard.press("Control+Enter")
    agent.wait_for_url("**/desk/")
    expect(agent.get_by_text("Logged as #")).to_be_visible()


# --- texts --------------------------------------------------------------------------------------------------------------

LETTERS = "abc xyz 123 .,?! €[]{}~^|\\ éñü áíóú “”‘’ – — … · 🐳☃ \u00a0\u200b\t\n Ünïcödé"


def test_parts_are_counted_in_the_browser_as_on_the_server(agent: Page, product: Product, at: Callable[..., str]) -> None:
    number = a_number()
    text_in(product, number, "Where is bus 12? My daughter waits at Maple and 5th.")
    agent.goto(at(ticket_of(product, number)))
    field, told = agent.locator("#reply-text"), agent.locator("#reply-parts")
    behind = field.get_attribute("data-texts") or ""
    dice = random.Random(7)
    said = ["Yes.", "x" * 200, "It’s “fixed” – see you…", "á" * 80, "🐳" * 70, "€" * 90]
    said += ["".join(dice.choice(LETTERS) for _ in range(dice.randrange(1, 700))) for _ in range(20)]
    for words in said:
        field.fill(words)
        count = segments.count(segments.smart(words.strip().replace("\r\n", "\n") + behind))
        wanted = "A text message of 1 part" if count == 1 else f"A text message of {count} parts"
        assert (told.text_content() or "").split(" · ")[0] == wanted, repr(words)
    field.fill("It’s on its way – 10 minutes")
    agent.get_by_role("button", name="Send", exact=True).click()
    expect(agent.get_by_text("As a text message: 1 part.")).to_be_visible()


# --- voicemail ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def store() -> Iterator[str]:
    """Where a recording of two seconds lies."""
    out = io.BytesIO()
    with wave.open(out, "wb") as made:  # type: ignore[no-untyped-call]
        made.setnchannels(1)
        made.setsampwidth(1)
        made.setframerate(8000)
        made.writeframes(bytes([100, 156]) * 8000)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(out.getvalue())))
            self.end_headers()
            self.wfile.write(out.getvalue())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/recording"
    server.shutdown()
    server.server_close()


def voicemail_in(product: Product, number: str, **form: str) -> int:
    line = product.phone_channel(CEDAR)
    path = f"/hooks/voicemail/{line['id']}?{urlencode({'caller': number})}"
    signed = RequestValidator(line["secret"]).compute_signature(f"http://{CEDAR}:{product.port}{path}", form)
    return product.visitor().ask("POST", path, data=form, headers={"X-Twilio-Signature": signed}).status_code


def test_a_voicemail_is_played_at_the_desk_by_keyboard(
    agent: Page, product: Product, at: Callable[..., str], complaints: list[str], accessible: Callable[[Page], None], store: str
) -> None:
    number, recording = a_number(), f"RE{uuid4().hex}"
    assert voicemail_in(product, number, RecordingSid=recording, RecordingUrl=store, RecordingDuration="2") == 200
    agent.goto(at(ticket_of(product, number)))
    player = agent.locator("audio")
    expect(player).to_have_attribute("aria-label", "Play voicemail.wav")
    judge(agent, complaints, accessible)
    player.focus()
    agent.keyboard.press("Space")
    agent.wait_for_function("() => { const a = document.querySelector('audio'); return a.currentTime > 0 || a.ended; }", timeout=8000)
    assert abs(float(player.evaluate("a => a.duration")) - 2) < 0.1
    assert complaints == []


# --- set-up -------------------------------------------------------------------------------------------------------------


def test_pages_of_numbers(
    page: Page, sign_in: Callable[..., None], at: Callable[..., str], complaints: list[str], accessible: Callable[[Page], None]
) -> None:
    sign_in(page, "Administrator")
    for path in ("/setup/numbers/", "/setup/numbers/new"):
        for scheme, width in (("light", 1440), ("dark", 360)):
            page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(at(path))
            judge(page, complaints, accessible)
