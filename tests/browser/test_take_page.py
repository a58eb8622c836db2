"""The page behind the link of whoever was sent for: one button, pressed by keyboard, by somebody who is not signed in."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_pages import judge
from tests.product import Product

SEND_FOR = """
from django.utils import timezone
from districts.models import District, Membership, Person
from districts.scope import district_scope
from ownership.ladders import summons
from ownership.ladders.climbing import Climber, fallback_ladder
from ownership.models import Escalation, Step, Summons
now, district = timezone.now(), District.objects.get(slug="cedar-valley")
with district_scope(district.id):
    lead = Person.objects.get(name="Uma Diaz")
    for n in range(2):
        one = Escalation(ladder=fallback_ladder("feeds"), began_at=now, level=1)
        one.save(force_insert=True)
        Step.objects.create(escalation=one, level=1, title="Find out why, and do the work by hand meanwhile", owner=lead, due_at=now)
        row = Summons.objects.create(escalation=one, person=lead, notice=f"browser{n}", at=now)
        print(f"TAKE {summons.path_of(row)}")
"""


@pytest.fixture(scope="module")
def links(product: Product) -> list[str]:
    done = product.manage("shell", "-v", "0", "-c", SEND_FOR)
    assert done.returncode == 0, done.stderr
    return [line.removeprefix("TAKE ").strip() for line in done.stdout.splitlines() if line.startswith("TAKE ")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_button_takes_it_by_keyboard(
    page: Page, at: Callable[..., str], complaints: list[str], accessible: Callable[[Page], None], links: list[str], scheme: str
) -> None:
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    page.set_viewport_size({"width": 360, "height": 740})
    link = links.pop()
    page.goto(at(link))
    judge(page, complaints, accessible)
    state = page.locator(".take-state")
    expect(state).to_have_attribute("role", "status")
    expect(state).to_contain_text("Nobody has it yet.")
    button = page.get_by_role("button", name="I have it")
    for _presses in range(20):
        if button.evaluate("one => one === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(button).to_be_focused()
    assert button.evaluate("one => getComputedStyle(one).outlineStyle !== 'none' || getComputedStyle(one).boxShadow !== 'none'")
    page.keyboard.press("Enter")
    expect(state).to_contain_text(re.compile("Uma Diaz.*, you have it"))
    expect(button).to_have_count(0)
    judge(page, complaints, accessible)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(at(link))
    judge(page, complaints, accessible)
    page.goto(at("/matrix/steps/"))
    assert "/account/login" in page.url, "the link signs nobody in"


def test_a_link_that_is_none_says_so(page: Page, at: Callable[..., str], accessible: Callable[[Page], None]) -> None:
    page.goto(at("/matrix/take/AAAA.BBBB"))
    expect(page.locator("h1")).to_have_text("This link is not known here")
    accessible(page)
