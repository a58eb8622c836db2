"""Suggested replies in a real Chromium: put at the caret, taken out again by the browser's own undo, never sent by themselves."""

import re
import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_pages import judge
from tests.product import CEDAR, Product, until

AGENT = "Agent, Transportation"
ASKED = "My daughter lost her rider card on the bus. How much is a new one, and where do I get it?"


@pytest.fixture
def ticket(product: Product) -> str:
    """The address of a ticket that an article answers."""
    mark = uuid4().hex[:8]
    sent = EmailMessage()
    sent["From"], sent["To"] = f"Rosa Fuentes <rosa-{mark}@family.example>", f"transportation@{CEDAR}"
    sent["Subject"], sent["Message-ID"] = f"New rider card {mark}", f"<{mark}@family.example>"
    sent.set_content(ASKED)
    with smtplib.SMTP("127.0.0.1", product.smtp_port, timeout=20) as door:
        door.send_message(sent)
    asked = "SELECT id FROM tickets_ticket WHERE district_id = %s AND subject LIKE %s AND placed_at IS NOT NULL"
    rows = until(lambda: product.rows(asked, product.district(CEDAR), f"%{mark}%"), what="the mail's ticket")
    return f"/desk/{rows[0]['id']}/"


def replies(product: Product, ticket: str) -> int:
    query = "SELECT count(*) FROM tickets_message WHERE ticket_id = %s AND kind = 'reply'"
    return int(product.value(query, ticket.split("/")[2]))


def test_it_is_put_where_the_caret_is_and_taken_out_again(
    page: Page, product: Product, at: Callable[..., str], sign_in: Callable[..., None], accessible: Callable[[Page], None],
    complaints: list[str], ticket: str,
) -> None:  # fmt: skip
    sign_in(page, AGENT)
    page.goto(at(ticket))
    offer = page.locator(".offer").first
    expect(offer).to_contain_text("rider card")
    source = offer.get_by_role("link").first
    assert str(source.get_attribute("href")).startswith("/help/")
    accessible(page)
    box = page.locator("#reply-text")
    box.fill("Hello Rosa,\n\nBest wishes")
    box.evaluate("field => field.setSelectionRange(11, 11)")  # behind the first line
    offer.get_by_role("button", name="Use it").press("Enter")
    words = str(offer.locator("form").get_attribute("data-use")).replace("\r\n", "\n")
    expect(box).to_have_value(re.compile(r"^Hello Rosa,\n\n.*\n\nBest wishes$", re.DOTALL))
    assert words in box.input_value()
    expect(box).to_be_focused()
    expect(page.locator("[data-used]")).to_contain_text("It stands in your reply")
    page.keyboard.press("Control+z")
    expect(box).to_have_value("Hello Rosa,\n\nBest wishes")
    assert replies(product, ticket) == 0
    assert complaints == []


def test_what_is_to_be_filled_in_is_marked_and_stops_the_reply(
    page: Page, product: Product, at: Callable[..., str], sign_in: Callable[..., None], ticket: str
) -> None:
    sign_in(page, AGENT)
    page.goto(at(ticket))
    form = page.locator(".offer form").first
    form.evaluate("form => form.dataset.use = 'Hello [name], it is ready.'")
    form.get_by_role("button").click()
    assert page.evaluate("getSelection().toString() || document.activeElement.value.slice(document.activeElement.selectionStart,"
                         " document.activeElement.selectionEnd)") == "[name]"  # fmt: skip
    page.locator("#reply").get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#work")).to_contain_text("Not sent yet. Fill in, or take out: [name]")
    expect(page.locator("#reply-text")).to_have_value("Hello [name], it is ready.")
    assert replies(product, ticket) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_scripts_and_on_a_telephone(
    small: Page, product: Product, at: Callable[..., str], sign_in: Callable[..., None],
    accessible: Callable[[Page], None], ticket: str, scheme: str,
) -> None:  # fmt: skip
    small.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    sign_in(small, AGENT)
    small.goto(at(ticket))
    expect(small.locator(".offer").first).to_be_visible()
    accessible(small)
    small.goto(at(f"{ticket}suggested/?view=team"))
    judge(small, [], accessible)
    small.get_by_role("button", name="Use it").first.click()
    small.wait_for_url(re.compile(r"\?view=team&use=article\."))
    expect(small.locator("#reply-text")).to_have_value(re.compile("rider card"))
    assert replies(product, ticket) == 0
