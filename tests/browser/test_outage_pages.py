"""An outage with too much in it: forty schools, three hundred updates, long names, Arabic words, many sheets; and by keyboard alone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_pages import judge
from tests.product import CEDAR, Product

FILL = """
from datetime import timedelta
from django.utils import timezone
from districts.models import District, Person, Site
from districts.scope import district_scope
from incidents import actions, linking, paper, starting, sweep
from incidents.models import PaperKind, Subscriber
from incidents.starting import New
from ownership.models import System
from tickets.models import Ticket
now, district = timezone.now(), District.objects.get(slug="cedar-valley")
with district_scope(district.id):
    lead = Person.objects.get(name="Uma Diaz")
    sites = list(Site.objects.filter(is_school=True))
    sites += [Site.objects.create(code=f"ZX{n}", name=f"Consolidated Early College and Career Academy of the Upper Valley {n}"[:90])
              for n in range(40 - len(sites))]
    given = New(title="Nobody can sign in " + "anywhere " * 15, began_at=now, systems=list(System.objects.all()[:8]), sites=sites,
                scope="several", shown=True, seen="Pages stay white. " * 30)
    incident = starting.start(given, by=lead, now=now, anew=True).incident
    for n in range(300):
        text = "النظام لا يعمل. نعمل على إصلاحه." if n % 2 else "Unbreakable" * 30
        actions.post(incident, audience="public", text=text, state="confirmed", by=lead, now=now, send=n == 299)
    for site in sites:
        paper.issue(incident, kind=PaperKind.objects.order_by("order").first(), site=site, count=30, by=lead, now=now)
    linking.link(incident, chosen=Ticket.objects.filter(status__in=Ticket.LIVE, sensitive=False)[:40], by=lead, now=now)
    for n in range(40):
        Subscriber.objects.create(channel="email", address=f"family{n}@example.org", asked_at=now, confirmed_at=now)
    actions.answer(incident, text="We know of it.", by=lead, now=now)
sweep.send_letters(district.id, now=now)
sweep.send_updates(district.id, now=now)
print(f"OUTAGE {incident.id}")
"""


@pytest.fixture(scope="module")
def overfull(product: Product) -> str:
    done = product.manage("shell", "-v", "0", "-c", FILL)
    assert done.returncode == 0, done.stderr
    return done.stdout.rsplit("OUTAGE ", 1)[1].strip()


@pytest.fixture
def lead(page: Page, sign_in: Callable[..., None]) -> Page:
    sign_in(page, "Team lead, Transportation")
    return page


def test_too_much_fits(
    lead: Page, at: Callable[..., str], complaints: list[str], accessible: Callable[[Page], None], overfull: str
) -> None:
    pages = [f"/outages/{overfull}/{part}" for part in ("", "paper/", "review/")] + ["/outages/", "/status/", f"/status/{overfull}/"]
    for path in pages:
        for scheme, width in (("light", 1440), ("dark", 360)):
            lead.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            lead.set_viewport_size({"width": width, "height": 900})
            lead.goto(at(path))
            judge(lead, complaints, accessible)
            assert lead.evaluate("document.documentElement.scrollHeight") < 12_000, f"{path} goes on and on"


def test_a_visitors_page_is_small_and_keeps_its_style_when_it_is_asked_for_again(
    page: Page, at: Callable[..., str], complaints: list[str], overfull: str
) -> None:
    for _ in range(3):
        page.goto(at("/status/"))
        assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent')")
    assert complaints == []
    assert len(page.content()) < 60_000
    page.goto(at(f"/status/{overfull}/"))
    arabic = page.locator(".public-updates p", has_text="النظام").first
    assert arabic.evaluate("line => getComputedStyle(line).direction") == "rtl"


def test_a_step_is_done_by_keyboard_alone(lead: Page, at: Callable[..., str], overfull: str, product: Product) -> None:
    lead.goto(at(f"/outages/{overfull}/"))
    lead.locator(".ostep-form > summary").first.focus()
    lead.keyboard.press("Enter")
    lead.keyboard.press("Tab")
    lead.keyboard.type("Asked the offices of two schools")
    lead.keyboard.press("Tab")
    lead.keyboard.press("Enter")
    expect(lead.locator(".ostep-proof").first).to_have_text("Asked the offices of two schools")
    assert product.district(CEDAR)
