"""The desk in a real Chromium: words survive a session that ends, a telephone shows the ticket first, and mail is shown in a frame."""

import re
import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from config.demo.loading import DEMO_PASSWORD
from tests.browser.conftest import SMALL
from tests.browser.test_pages import judge
from tests.product import CEDAR, Product, until

AGENT = "Agent, Transportation"


@pytest.fixture
def ticket(product: Product) -> str:
    """The address of an open ticket of Transportation that is nobody's secret."""
    found = product.value(
        "SELECT t.id FROM tickets_ticket t JOIN districts_team m ON m.district_id = t.district_id AND m.id = t.team_id"
        " WHERE t.district_id = %s AND m.slug = 'transportation' AND t.status IN ('new', 'open') AND NOT t.sensitive LIMIT 1",
        product.district(CEDAR),
    )
    return f"/desk/{found}/"


@pytest.fixture
def mail(product: Product) -> str:
    """The address of a ticket that came by a long mail with HTML."""
    mark = uuid4().hex[:8]
    sent = EmailMessage()
    sent["From"], sent["To"] = "Rosa Fuentes <rosa@family.example>", f"transportation@{CEDAR}"
    sent["Subject"], sent["Message-ID"] = f"Our mornings {mark}", f"<{mark}@family.example>"
    sent.set_content(
        "\n\n".join(f"Paragraph {n}. The bus did not come to Maple and 5th, and we waited in the rain." for n in range(500))
    )
    sent.add_alternative('<h2>Bus twelve</h2><p>It did <b>not</b> come.</p><img src="https://elsewhere.example/a.gif">', subtype="html")
    with smtplib.SMTP("127.0.0.1", product.smtp_port, timeout=20) as door:
        door.send_message(sent)
    asked = "SELECT id FROM tickets_ticket WHERE district_id = %s AND subject LIKE %s AND placed_at IS NOT NULL"
    rows = until(lambda: product.rows(asked, product.district(CEDAR), f"%{mark}%"), what="the mail's ticket")
    return f"/desk/{rows[0]['id']}/"


def sign_in_there(page: Page, product: Product) -> None:
    page.locator("input[name=login]").fill(product.email_of(AGENT))
    page.locator("input[name=password]").fill(DEMO_PASSWORD)
    page.locator("input[name=password]").press("Enter")


def test_a_reply_outlives_the_session(
    page: Page, product: Product, at: Callable[..., str], sign_in: Callable[..., None], accessible: Callable[[Page], None], ticket: str
) -> None:
    words = f"These words must not be lost: {uuid4()}"
    sign_in(page, AGENT)
    page.goto(at(ticket))
    page.locator("#reply-text").fill(words)
    page.context.clear_cookies(name="sessionid")
    page.locator("#reply").get_by_role("button", name="Send", exact=True).click()
    said = page.locator("#trouble")
    expect(said).to_contain_text("You are signed out. What you typed is still here")
    expect(page.locator("#reply-text")).to_have_value(words)
    accessible(page)
    with page.context.expect_page() as opened:
        said.get_by_role("link", name="Sign in in a new tab").click()
    sign_in_there(opened.value, product)
    opened.value.wait_for_url(f"**{ticket}")
    opened.value.close()
    page.locator("#reply").get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("article.reply", has_text=words)).to_be_visible()
    expect(said).to_be_hidden()
    expect(page.locator("#reply-text")).to_have_value("")


def test_a_draft_outlives_a_reload_and_ends_when_sent_and_with_the_sign_out(
    page: Page, at: Callable[..., str], sign_in: Callable[..., None], complaints: list[str], ticket: str
) -> None:
    drafts = "Object.keys(sessionStorage).filter(key => key.startsWith('draft.')).length"
    sign_in(page, AGENT)
    page.goto(at(ticket))
    page.locator("#reply-text").fill("Half a reply")
    page.get_by_role("link", name="Note", exact=True).click()
    page.locator("#note-text").fill("A note")
    page.locator("#note").get_by_role("button", name="Keep the note").click()
    expect(page.locator("article.note", has_text="A note").last).to_be_visible()
    expect(page.locator("#reply-text")).to_have_value("Half a reply")
    page.reload()
    expect(page.locator("#reply-text")).to_have_value("Half a reply")
    expect(page.locator("#note-text")).to_have_value("")
    assert page.evaluate(drafts) == 1
    page.locator(".desk-tools details.menu > summary").last.click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_load_state()
    assert page.evaluate(drafts) == 0
    assert complaints == []


def test_without_scripts_the_words_stand_on_the_next_page(
    browser: Browser, product: Product, at: Callable[..., str], ticket: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(at(ticket))
    sign_in_there(page, product)
    page.wait_for_url(f"**{ticket}")
    page.locator("#reply-text").fill("Typed without scripts")
    context.clear_cookies(name="sessionid")
    page.locator("#reply").get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_label("What you wrote")).to_have_value("Typed without scripts")
    with context.expect_page() as opened:
        page.locator("main").get_by_role("link", name="Sign in in a new tab").click()
    sign_in_there(opened.value, product)
    opened.value.wait_for_url(f"**{ticket}")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_telephone_the_conversation_begins_on_the_first_screen(
    page: Page, at: Callable[..., str], sign_in: Callable[..., None], complaints: list[str], accessible: Callable[[Page], None],
    mail: str, scheme: str,
) -> None:  # fmt: skip
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    page.set_viewport_size({"width": SMALL["width"], "height": SMALL["height"]})
    sign_in(page, AGENT)
    page.goto(at(mail))
    tops = {round(box["y"]) for act in page.locator(".acts > *:visible").all() if (box := act.bounding_box())}
    assert len(tops) <= 2, "two rows of acts"
    assert (page.locator("article.request").bounding_box() or {"y": 999})["y"] < 560
    assert page.evaluate("document.documentElement.scrollHeight") < 6000
    judge(page, complaints, accessible)
    page.locator("#act-more").click()
    shown = page.locator(".acts .menu-list").bounding_box()
    assert shown
    assert shown["x"] >= 0
    assert shown["x"] + shown["width"] <= SMALL["width"]
    accessible(page)


def test_a_key_opens_what_stands_under_more(page: Page, at: Callable[..., str], sign_in: Callable[..., None], ticket: str) -> None:
    sign_in(page, AGENT)
    page.goto(at(ticket))
    page.locator("h1").click()
    page.keyboard.press("w")
    expect(page.locator("#act-wait")).to_be_focused()
    shown, pane = page.locator(".acts .menu-list").bounding_box(), page.locator(".conversation").bounding_box()
    assert shown
    assert pane
    assert pane["x"] <= shown["x"]
    assert shown["x"] + shown["width"] <= pane["x"] + pane["width"], "nothing of the menu is cut off"
    page.keyboard.press("Escape")
    expect(page.locator("#act-more")).to_be_focused()


def test_a_long_mail_is_unfolded_by_keyboard_and_shown_as_it_was_sent(
    page: Page, at: Callable[..., str], sign_in: Callable[..., None], complaints: list[str], mail: str
) -> None:
    asked = list[str]()
    page.on("request", lambda request: asked.append(request.url))
    sign_in(page, AGENT)
    page.goto(at(mail))
    page.wait_for_load_state("networkidle")
    assert not any("/mail/" in url for url in asked), "loaded, and recorded as read, only when it is asked for"
    expect(page.get_by_text("Paragraph 499.")).to_be_hidden()
    page.locator(".said .rest > summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Paragraph 499.")).to_be_visible()
    page.keyboard.press("Enter")
    page.locator(".as-sent > summary").click()
    page.locator(".as-sent iframe").scroll_into_view_if_needed()
    expect(page.frame_locator(".as-sent iframe").get_by_role("heading", name="Bus twelve")).to_be_visible()
    assert not any("elsewhere.example" in url for url in asked)
    assert complaints == []


def test_words_are_found(page: Page, at: Callable[..., str], sign_in: Callable[..., None], complaints: list[str]) -> None:
    sign_in(page, AGENT)
    page.goto(at("/desk/"))
    page.keyboard.press("/")
    page.keyboard.type("bus")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(re.compile(r"^([1-9]\d*|More than 50) tickets? found$"))
    assert complaints == []
