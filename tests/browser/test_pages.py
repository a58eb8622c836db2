"""Every page a person opens: no error, nothing the policy refuses, nothing axe finds, no sideways scrolling on a telephone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.product import CEDAR, OAK, Product

OPEN = ["/", "/help/", "/find", "/status/", "/account/login/"]
OF_STAFF = [
    "/desk/",
    "/desk/?view=open",
    "/desk/log/",
    "/today/",
    "/matrix/",
    "/matrix/diagram/",
    "/matrix/roll-out/",
    "/matrix/steps/",
    "/matrix/on-call/",
    "/matrix/ladders/tickets/",
    "/notices/",
    "/outages/",
    "/outages/new",
]


def judge(page: Page, complaints: list[str], accessible: Callable[[Page], None]) -> None:
    expect(page.locator("h1").first).to_be_visible()
    assert complaints == []
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{page.url} scrolls sideways"


@pytest.mark.parametrize("path", OPEN)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_open_pages(
    page: Page, at: Callable[..., str], complaints: list[str], accessible: Callable[[Page], None], path: str, scheme: str
) -> None:
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    page.goto(at(path))
    judge(page, complaints, accessible)
    page.set_viewport_size({"width": 360, "height": 740})
    judge(page, complaints, accessible)


@pytest.fixture
def lead(page: Page, sign_in: Callable[..., None]) -> Page:
    sign_in(page, "Team lead, Transportation")
    return page


def test_pages_of_staff(
    lead: Page, at: Callable[..., str], complaints: list[str], accessible: Callable[[Page], None], product: Product
) -> None:
    ticket = product.value("SELECT id FROM tickets_ticket WHERE district_id = %s AND NOT sensitive LIMIT 1", product.district(CEDAR))
    other = product.value(
        "SELECT id FROM tickets_ticket WHERE district_id = %s AND NOT sensitive AND id <> %s LIMIT 1", product.district(CEDAR), ticket
    )
    merging = (f"/desk/{ticket}/merge/", f"/desk/{ticket}/merge/?q=bus", f"/desk/{ticket}/merge/?into={other}", f"/people/of/{ticket}")
    process = product.value("SELECT slug FROM ownership_process WHERE district_id = %s LIMIT 1", product.district(CEDAR))
    outage = product.value("SELECT id FROM incidents_incident WHERE district_id = %s LIMIT 1", product.district(CEDAR))
    outages = (f"/outages/{outage}/", f"/outages/{outage}/paper/", f"/outages/{outage}/review/", f"/status/{outage}/")
    for path in (*OF_STAFF, f"/desk/{ticket}/", f"/matrix/{process}/", *merging, *outages):
        for scheme, width in (("light", 1440), ("dark", 360)):
            lead.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            lead.set_viewport_size({"width": width, "height": 900})
            lead.goto(at(path))
            judge(lead, complaints, accessible)


def test_a_parent_asks_and_sees_her_request_placed(page: Page, at: Callable[..., str], complaints: list[str]) -> None:
    page.goto(at("/"))
    page.get_by_role("textbox").first.fill("the bus didn't come to Maple and 5th again")
    page.get_by_role("textbox").first.press("Tab")
    page.locator("main form button").first.click()
    page.locator("#contact").fill("(202) 555-0188")
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url("**/r/**")
    expect(page.get_by_text("has it.")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("Transportation").first).to_be_visible()
    assert complaints == []


def test_an_agent_replies(page: Page, at: Callable[..., str], sign_in: Callable[..., None], complaints: list[str]) -> None:
    sign_in(page, "Agent, Transportation")
    page.goto(at("/desk/?view=open"))
    page.locator("a.what").first.click()
    page.locator("#reply-text").fill("Thank you. We are looking into it.")
    page.locator("#reply").get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Thank you. We are looking into it.").first).to_be_visible()
    assert complaints == []


def test_the_other_district_is_another_house(page: Page, at: Callable[..., str], sign_in: Callable[..., None]) -> None:
    sign_in(page, "Agent, Transportation")
    page.goto(at("/desk/", OAK))
    assert "/account/login" in page.url or page.locator("h1").inner_text()
    assert "Cedar Valley" not in page.content()
