"""The form in a real Chromium: questions that come up, words that outlive a connection, photos, a telephone's width, the keyboard,
and the same without scripts."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, Route, expect

from tests.browser.test_pages import judge
from tests.product import CEDAR, Product, a_number

BUS = "the bus didn't come to Maple and 5th again"
CHROMEBOOK = "student-device-repair"
PHONE = {"width": 360, "height": 740}


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def phone(request: pytest.FixtureRequest, browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[Page]:
    context = browser.new_context(
        **{**browser_context_args, "viewport": PHONE, "has_touch": True, "java_script_enabled": request.param}
    )
    yield context.new_page()
    context.close()


def ask(page: Page, at: Callable[..., str], text: str = BUS) -> None:
    page.goto(at("/"))
    page.locator("#text").fill(text)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#contact")).to_be_visible()


def send(page: Page) -> None:
    page.get_by_role("button", name="Send", exact=True).click()


def choose(page: Page, service: str) -> None:
    """Another service, and its questions."""
    page.locator("#service").select_option(service)
    look = page.locator("button[name=look]")
    if look.count():
        look.click()


def drafts(page: Page) -> list[str]:
    found: list[str] = page.evaluate("""[localStorage, sessionStorage].flatMap(shelf => Object.keys(shelf))
        .filter(key => key.startsWith('ask.') && !['ask.tab', 'ask.sent'].includes(key))""")
    return found


def answers_of(product: Product, page: Page) -> list[tuple[str, str]]:
    token = page.url.split("/r/")[1].split("?")[0]
    rows = product.rows(
        "SELECT a.label, a.value FROM tickets_answer a JOIN tickets_ticket t ON t.id = a.ticket_id AND t.district_id = a.district_id"
        " WHERE t.token = %s ORDER BY a.position",
        token,
    )
    return [(row["label"], row["value"]) for row in rows]


def tickets_of(product: Product, form_id: str) -> int:
    return int(
        product.value(
            "SELECT count(*) FROM intake_envelope e JOIN tickets_ticket t ON t.id = e.ticket_ref AND t.district_id = e.district_id"
            " WHERE e.external_id = %s AND e.district_id = %s",
            form_id, product.district(CEDAR),
        )
    )  # fmt: skip


# --- questions --------------------------------------------------------------------------------------------------------


def test_questions_come_up_with_the_answers_they_wait_for(phone: Page, at: Callable[..., str], product: Product) -> None:
    ask(phone, at)
    choose(phone, CHROMEBOOK)
    expect(phone.get_by_text("What happened?")).to_be_visible()
    expect(phone.get_by_label("When was it last seen?")).to_be_hidden()  # or not there at all
    phone.get_by_label("It is lost or stolen").check()
    phone.locator("#contact").fill(a_number())
    if phone.locator("button[name=look]").count():  # without scripts they come with the next page
        send(phone)
        expect(phone.get_by_text("2 more questions, then it is sent.")).to_be_visible()
    phone.get_by_label("When was it last seen?").fill("2026-11-20")
    phone.get_by_label("Where was it last seen?").fill("On the bus")
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    send(phone)
    phone.wait_for_url("**/r/**")
    assert answers_of(product, phone) == [
        ("What happened?", "It is lost or stolen"), ("When was it last seen?", "Friday, Nov. 20, 2026"),
        ("Where was it last seen?", "On the bus"),
    ]  # fmt: skip
    expect(phone.get_by_text("Friday, Nov. 20, 2026")).to_be_visible()


def test_an_answer_that_was_taken_back_is_not_sent_and_answers_outlive_a_change_of_service(
    page: Page, at: Callable[..., str], product: Product, complaints: list[str]
) -> None:
    ask(page, at)
    choose(page, CHROMEBOOK)
    page.get_by_label("It is lost or stolen").check()
    page.get_by_label("Where was it last seen?").fill("in the gym")
    choose(page, "bus-late-today")
    expect(page.get_by_label("Which stop?")).to_be_visible()
    choose(page, CHROMEBOOK)
    expect(page.get_by_label("Where was it last seen?")).to_have_value("in the gym")
    page.get_by_label("It does not start").check()
    expect(page.get_by_label("Where was it last seen?")).to_be_hidden()
    page.locator("#contact").fill(a_number())
    send(page)
    page.wait_for_url("**/r/**")
    assert answers_of(product, page) == [("What happened?", "It does not start")]
    assert complaints == []


def test_a_service_chosen_before_the_scripts_are_here_brings_its_questions(page: Page, at: Callable[..., str]) -> None:
    """A slow connection: the page stands, and its scripts are still on the way."""
    page.goto(at("/"))
    page.locator("#text").fill(BUS)
    held: list[Route] = []
    page.route("**/js/ask*.js", lambda route: held.append(route))
    page.get_by_role("button", name="Continue").click()
    choose(page, CHROMEBOOK)
    expect(page.get_by_label("It is lost or stolen")).to_be_hidden()
    assert len(held) == 1
    held[0].continue_()
    expect(page.get_by_label("It is lost or stolen")).to_be_visible()


def test_a_page_that_is_loaded_again_asks_about_the_service_that_was_chosen(page: Page, at: Callable[..., str]) -> None:
    ask(page, at)
    choose(page, CHROMEBOOK)
    page.get_by_label("It is lost or stolen").check()
    page.get_by_label("Where was it last seen?").fill("in the gym")
    page.wait_for_timeout(500)  # a quarter of a second after the last key
    page.reload()
    expect(page.locator("#service")).to_have_value(CHROMEBOOK)
    expect(page.get_by_label("Where was it last seen?")).to_have_value("in the gym")


def test_by_keyboard_alone(page: Page, at: Callable[..., str], product: Product) -> None:
    page.goto(at("/at/MRE/12"))
    page.keyboard.type("the heater is cold")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#contact")).to_be_focused()
    page.keyboard.type(a_number())
    page.locator("#service").focus()
    page.keyboard.type("Heating")
    expect(page.locator("#q-what")).to_be_visible()
    page.locator("#q-what").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Too hot")).to_be_checked()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Degrees Fahrenheit, if you can see it")).to_be_focused()
    page.keyboard.type("61")
    page.keyboard.press("Enter")
    page.wait_for_url("**/r/**")
    assert answers_of(product, page)[:2] == [("What is wrong?", "Too hot"), ("Degrees Fahrenheit, if you can see it", "61")]


def test_the_form_as_it_is_looked_at(
    page: Page, at: Callable[..., str], complaints: list[str], accessible: Callable[[Page], None]
) -> None:
    for scheme, width in (("light", 1440), ("dark", 360)):
        page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        page.set_viewport_size({"width": width, "height": 900})
        ask(page, at)
        choose(page, CHROMEBOOK)
        page.get_by_label("It is lost or stolen").check()
        judge(page, complaints, accessible)
        page.locator("#contact").fill("nobody")
        page.get_by_label("When was it last seen?").fill("2026-11-20")
        send(page)
        expect(page.locator("#errors")).to_be_focused()
        complaints[:] = [said for said in complaints if "422" not in said]
        judge(page, complaints, accessible)


# --- no connection ----------------------------------------------------------------------------------------------------


def test_what_is_sent_without_a_connection_is_sent_once_when_it_is_back(
    page: Page, context: BrowserContext, at: Callable[..., str], product: Product, accessible: Callable[[Page], None]
) -> None:
    ask(page, at, "the gym door does not lock, and the key is gone")
    page.locator("#contact").fill(a_number())
    page.locator("#photos").set_input_files([FilePayload(name="door.jpg", mimeType="image/jpeg", buffer=a_photo())])
    form_id = page.locator("#still [name=form_id]").input_value()
    context.set_offline(True)
    send(page)
    waiting = page.locator("#waiting")
    expect(waiting).to_contain_text("No connection. Your words are kept here; we send as soon as you are back.")
    expect(waiting).to_contain_text("Keep this page open: the photos are only here.")
    accessible(page)
    send(page)  # impatience changes nothing
    assert tickets_of(product, form_id) == 0
    context.set_offline(False)
    page.wait_for_url("**/r/**")
    expect(page.get_by_text("We have your request.")).to_be_visible()
    expect(page.get_by_role("link", name="door.jpg")).to_be_visible()
    assert tickets_of(product, form_id) == 1
    assert drafts(page) == []


LOSE_THE_FIRST = """
  const real = window.fetch; let lost = 0;
  window.fetch = (...given) => real(...given).then(answer => { if (lost++) return answer; throw new TypeError("lost"); });
"""


def test_an_answer_that_is_lost_on_the_way_back_makes_no_second_request(
    page: Page, context: BrowserContext, at: Callable[..., str], product: Product
) -> None:
    """The server has it, and the browser does not know: it sends again."""
    context.add_init_script(LOSE_THE_FIRST)
    ask(page, at, "the gym door does not lock, and the light is out")
    page.locator("#contact").fill(a_number())
    form_id, tries = page.locator("#still [name=form_id]").input_value(), []
    page.on("request", lambda request: tries.append(request) if request.method == "POST" else None)
    send(page)
    expect(page.locator("#waiting")).to_be_visible()
    assert tickets_of(product, form_id) == 1
    page.get_by_role("button", name="Try now").click()
    page.wait_for_url("**/r/**")
    assert len(tries) == 2
    assert tickets_of(product, form_id) == 1


def test_a_server_that_is_away_is_waited_for(page: Page, context: BrowserContext, at: Callable[..., str]) -> None:
    ask(page, at, "the gym door does not lock, it is the north one")
    page.locator("#contact").fill(a_number())
    away = [503]

    def once(route: Route) -> None:
        if route.request.method == "POST" and away:
            route.fulfill(status=away.pop(), body="away")
        else:
            route.continue_()

    context.route("**/", once)
    send(page)
    expect(page.locator("#waiting")).to_be_visible()
    page.get_by_role("button", name="Try now").click()
    page.wait_for_url("**/r/**")


# --- what was typed ---------------------------------------------------------------------------------------------------


def test_what_was_typed_is_offered_when_the_page_is_opened_again(
    page: Page, context: BrowserContext, at: Callable[..., str], complaints: list[str], accessible: Callable[[Page], None]
) -> None:
    ask(page, at, "my bus pass is gone")
    page.locator("#contact").fill("pat@family.example")
    page.locator("#name").fill("Pat")
    expect(page.locator("#kept-here")).to_be_visible()
    page.wait_for_timeout(500)  # a quarter of a second after the last key
    page.close()
    again = context.new_page()
    again.goto(at("/"))
    offer = again.locator("#draft")
    expect(offer).to_contain_text("Something was begun on this device and not sent yet.")
    expect(again.locator("#text")).to_have_value("")  # nobody knows who looks now
    judge(again, complaints, accessible)
    again.get_by_role("button", name="Go on with it").click()
    expect(again.locator("#text")).to_have_value("my bus pass is gone")
    again.get_by_role("button", name="Continue").click()
    expect(again.locator("#contact")).to_have_value("")  # a device that many share: who goes on may be somebody else
    expect(again.locator("#name")).to_have_value("")


def test_in_the_same_tab_it_comes_again_by_itself_and_can_be_forgotten(page: Page, at: Callable[..., str]) -> None:
    page.goto(at("/"))
    page.locator("#text").fill("my bus pass is gone")
    expect(page.locator("#kept-here")).to_be_visible()
    page.reload()
    expect(page.locator("#text")).to_have_value("my bus pass is gone")
    page.get_by_role("button", name="Forget", exact=True).click()
    expect(page.locator("#text")).to_have_value("")
    assert drafts(page) == []
    page.reload()
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator("#draft")).to_be_hidden()


def shared(page: Page) -> str:
    """All that any tab of this device can read."""
    found: str = page.evaluate("JSON.stringify(localStorage)")
    return found


def test_other_tabs_see_the_words_alone_and_for_an_hour(page: Page, context: BrowserContext, at: Callable[..., str]) -> None:
    ask(page, at)
    page.locator("#contact").fill("pat@family.example")
    page.locator("#name").fill("Pat Underhill")
    page.locator("#q-stop").fill("Maple, for Sam")
    page.wait_for_timeout(500)
    assert BUS in json.loads(shared(page).replace("\\u0027", "'"))[drafts(page)[0]]
    assert not [word for word in ("pat@family.example", "Underhill", "Maple, for Sam") if word in shared(page)]
    page.reload()  # its own tab has it all
    expect(page.locator("#contact")).to_have_value("pat@family.example")
    expect(page.locator("#q-stop")).to_have_value("Maple, for Sam")
    page.evaluate("""for (const key of Object.keys(localStorage).filter(key => key.startsWith('ask.'))) {
        const one = JSON.parse(localStorage.getItem(key));
        one.at -= 61 * 60 * 1000;
        localStorage.setItem(key, JSON.stringify(one));
    }""")
    again = context.new_page()
    again.goto(at("/"))
    expect(again.locator("#text")).to_be_visible()
    expect(again.locator("#draft")).to_be_hidden()
    assert BUS not in shared(again)


def an_hour_later(page: Page) -> None:
    page.evaluate("""for (const shelf of [localStorage, sessionStorage])
        for (const key of Object.keys(shelf).filter(key => key.startsWith('ask.'))) {
            let one = null;
            try { one = JSON.parse(shelf.getItem(key)); } catch { continue; }
            if (!one || !one.at) continue;
            one.at -= 61 * 60 * 1000;
            shelf.setItem(key, JSON.stringify(one));
        }""")


def test_an_hour_after_the_last_key_nothing_is_left_in_its_own_tab(page: Page, at: Callable[..., str]) -> None:
    """A device at a counter has one tab, and many visitors."""
    ask(page, at)
    page.locator("#contact").fill("pat@family.example")
    page.locator("#name").fill("Pat Underhill")
    page.wait_for_timeout(500)
    page.goto(at("/find"))
    an_hour_later(page)
    page.goto(at("/"))
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator("#draft")).to_be_hidden()
    assert drafts(page) == []
    assert "Underhill" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_an_answer_that_was_enough_ends_the_draft(page: Page, at: Callable[..., str]) -> None:
    ask(page, at, "my bus is late, what do I do?")
    page.locator("#contact").fill("pat@family.example")
    page.wait_for_timeout(500)
    page.get_by_role("button", name="This solved it").click()
    page.wait_for_url("**/solved**")
    page.goto(at("/"))
    expect(page.locator("#text")).to_have_value("")
    assert drafts(page) == []
    assert "pat@family.example" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_forgotten_in_another_tab_it_is_gone_in_its_own(page: Page, context: BrowserContext, at: Callable[..., str]) -> None:
    page.goto(at("/"))
    page.locator("#text").fill("my bus pass is gone")
    expect(page.locator("#kept-here")).to_be_visible()
    page.goto(at("/find"))
    again = context.new_page()
    again.goto(at("/"))
    again.get_by_role("button", name="Forget it").click()
    page.goto(at("/"))
    expect(page.locator("#text")).to_have_value("")
    assert drafts(page) == []


def test_nothing_is_kept_longer_than_an_hour_nor_where_there_is_danger(page: Page, at: Callable[..., str]) -> None:
    page.goto(at("/"))
    old = json.dumps({"at": 1, "fields": {"text": ["long ago"]}})
    page.evaluate("old => { localStorage.setItem('ask.old', old); localStorage.setItem('ask.broken', '{'); }", old)
    page.reload()
    assert drafts(page) == []
    ask(page, at, "I want to kill myself")
    page.locator("#contact").fill(a_number())
    page.locator("#name").fill("Sam")
    page.wait_for_timeout(500)
    assert drafts(page) == []


def test_after_it_was_sent_nothing_is_left_behind(page: Page, context: BrowserContext, at: Callable[..., str]) -> None:
    ask(page, at)
    page.locator("#contact").fill(a_number())
    page.locator("#q-stop").fill("Maple")
    page.get_by_label("Morning, to school").check()
    send(page)
    page.wait_for_url("**/r/**")
    page.go_back()
    expect(page.locator("#text")).to_have_value(BUS)
    again = context.new_page()
    again.goto(at("/"))
    expect(again.locator("#draft")).to_be_hidden()
    assert drafts(again) == []


# --- photos -----------------------------------------------------------------------------------------------------------


def a_photo(size: tuple[int, int] = (1200, 900)) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 30).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def test_too_many_or_too_large_files_are_told_before_they_are_sent(page: Page, at: Callable[..., str]) -> None:
    ask(page, at, "chairs are broken")
    page.locator("#contact").fill(a_number())
    many: list[Any] = [{"name": f"{n}.txt", "mimeType": "text/plain", "buffer": b"chairs %d" % n} for n in range(6)]
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.locator("#photos").set_input_files(many)
    expect(page.locator("#too-much")).to_contain_text("At most 5 files at once.")
    send(page)
    assert sent == []
    page.locator("#photos").set_input_files(many[:2])
    expect(page.locator("#too-much")).to_be_hidden()
    send(page)
    page.wait_for_url("**/r/**")
    expect(page.get_by_role("link", name="1.txt")).to_be_visible()


def test_a_picture_is_shown_by_a_link_that_ends(page: Page, at: Callable[..., str], complaints: list[str]) -> None:
    ask(page, at, "water under the sink")
    page.locator("#contact").fill(a_number())
    page.locator("#photos").set_input_files([FilePayload(name="sink.jpg", mimeType="image/jpeg", buffer=a_photo())])
    send(page)
    page.wait_for_url("**/r/**")
    picture = page.locator(".said-files img")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("naturalWidth", 1200)
    read = "link => fetch(link).then(answer => [answer.url, answer.headers.get('cache-control')])"
    where, kept = page.evaluate(read, page.locator(".said-files a").get_attribute("href"))
    assert "/files/" in where.removeprefix(page.url.split("?")[0])
    assert kept == "private, no-store"
    assert complaints == []


# --- stickers and set-up ----------------------------------------------------------------------------------------------


def test_a_printed_sheet_is_read_by_a_camera(
    page: Page, at: Callable[..., str], sign_in: Callable[..., None], complaints: list[str], accessible: Callable[[Page], None],
    product: Product,
) -> None:  # fmt: skip
    sign_in(page, "Administrator")
    site = product.value("SELECT id FROM districts_site WHERE code = 'MRE' AND district_id = %s", product.district(CEDAR))
    page.goto(at(f"/setup/sites/{site}/stickers/"))
    judge(page, complaints, accessible)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 816, "height": 1056})  # US letter at 96 dots an inch
    seen = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.screenshot())))
    assert sorted(code.text for code in seen) == sorted(at(f"/at/MRE/{room}") for room in ("", *range(1, 10)))
    expect(page.get_by_role("heading", name="Stickers for rooms")).to_be_hidden()


def test_a_question_is_written_and_tried_out(
    page: Page, at: Callable[..., str], sign_in: Callable[..., None], complaints: list[str], accessible: Callable[[Page], None],
    product: Product,
) -> None:  # fmt: skip
    sign_in(page, "Administrator")
    service = product.value(
        "SELECT id FROM districts_service WHERE slug = 'pest-control' AND district_id = %s", product.district(CEDAR)
    )
    where = at(f"/setup/services/{service}/questions/")
    product.rows("DELETE FROM intake_question WHERE service_id = %s RETURNING id", service)
    page.goto(where)
    page.get_by_role("link", name="Add a question").click()
    page.get_by_label("Question (English)").fill("What is it?")
    page.get_by_label("How it is answered").select_option(label="One of several")
    page.get_by_label("Answers to choose from, one a line (English)").fill("Ants\nWasps")
    accessible(page)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Add a question").click()
    page.get_by_label("Question (English)").fill("Was anybody stung?")
    page.get_by_label("How it is answered").select_option(label="Yes or no")
    expect(page.get_by_label("Wasps")).to_be_hidden()
    page.get_by_label("When it is asked").select_option(label="Only after an answer to: What is it?")
    page.get_by_label("Wasps").check()
    page.get_by_role("button", name="Save").click()
    preview = page.locator(".preview")
    expect(preview.get_by_text("Was anybody stung?")).to_be_hidden()
    preview.get_by_label("Wasps").check()
    expect(preview.get_by_text("Was anybody stung?")).to_be_visible()
    for scheme, width in (("light", 1440), ("dark", 360)):
        page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        page.set_viewport_size({"width": width, "height": 900})
        judge(page, complaints, accessible)
