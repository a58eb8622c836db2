"""`make screenshots`: the pages of the README and of the doors' documentation anew, from a demonstration started for it."""

import os
import re
import sys
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from threading import Thread

from config import environment

os.environ.setdefault("EMBEDDED_HOME", str(environment.ROOT / "var" / "embedded-test"))
environment.provide()

import django

django.setup()

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from config.demo.loading import DEMO_PASSWORD
from tests.browser.chromium import arguments, executable
from tests.journeys.asking import letter, send
from tests.outside import MailServer, Twilio
from tests.product import CEDAR, Product, free_port, until

IMAGES = Path(environment.ROOT) / "docs" / "images"
LARGE, MIDDLE, SMALL = (1440, 900), (1200, 760), (360, 740)
ADMINISTRATOR = "Administrator, Cedar Valley"
TEACHER, PARENT = "dana.whitlock@teachers.example", "rosa.delgado@family.example"
LETTER = """The projector in the library is still dark, and we have the book fair on Friday.

Dana

On Mon, Nov 23, 2026 at 9:12 AM Maple Ridge Office <office@maple-ridge.example> wrote:
> Dear Dana,
> please write to the help desk about it.
"""
# What a demonstration keeps has no receipts: as if providers had taken it, and told of most of it.
PROVIDERS_TELL = """
from datetime import timedelta
from django.utils import timezone
from delivery.models import Delivery, Receipt
from districts.models import District
from districts.scope import district_scope
with district_scope(District.objects.get(slug="cedar-valley").id):
    rows, now = Delivery.objects.filter(about="{alert}").order_by("person_id", "id"), timezone.now()
    for n, one in enumerate(dict.fromkeys(rows.values_list("person_id", flat=True))):
        mine, lost = rows.filter(person_id=one), n % 17 == 3
        mine.update(state="failed" if lost else "sent", sent_at=now, error="Twilio undelivered 30005" if lost else "")
        if not lost and n % 11:
            Receipt.objects.bulk_create(Receipt(delivery=row, kind="delivered", at=now) for row in mine)
"""
# Weeks of questions that no article answers, and of pages read.
IN_VAIN = """
from datetime import timedelta
from django.utils import timezone
from districts.models import District
from districts.scope import district_scope
from knowledge import actions
from knowledge.gaps.reading import read_district
from knowledge.keeping.statistics import count_reading
from knowledge.models import Article
from tests.gap_questions import EN, ES
district, now = District.objects.get(slug="cedar-valley"), timezone.now()
with district_scope(district.id):
    for need, questions in enumerate((*EN, *ES)):
        for n in range(max(2, 23 - 2 * need)):
            at = now - timedelta(days=(n * n * 3 + 5 * need) % 55, hours=need)
            said = {"question": questions[n % len(questions)], "language": "en" if questions in EN else "es"}
            actions.record_gap(**said, best_score=0.2, now=at)
    for row, article in enumerate(Article.objects.order_by("slug")):
        for n in range(40 + row % 7 * 9):
            count_reading(article, audience="public", language="en", day=(now - timedelta(days=n * (row + 3) % 84)).date())
read_district(district.id, now=now)
"""
SCHOOL = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Maple Ridge Elementary</title>
<link rel="icon" href="data:,"><style>body {{ margin: 0; font: 17px/1.6 Georgia, serif; color: #26313d }}
header {{ padding: 20px 48px; background: #7a2230; color: #fff }} main {{ padding: 24px 48px; max-width: 34em }}</style>
<script src="{door}/widget.js" async></script></head><body><header><h1>Maple Ridge Elementary</h1></header>
<main><h2>This week</h2><p>The book fair is open on Friday, from eight to four, in the library.</p>
<p>Picture day is on December 2. Order forms went home on Monday.</p></main></body></html>"""


class Shots:
    """A browser before the product: pages of a size, signed in or not."""

    def __init__(self, product: Product, browser: Browser) -> None:
        self.product, self.browser = product, browser
        self.door = f"http://{CEDAR}:{product.port}"

    def page(self, size: tuple[int, int], role: str = "") -> Page:
        page = self.browser.new_page(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce", locale="en-US")
        if role:
            page.goto(f"{self.door}/account/login/")
            page.locator("input[name=login]").fill(self.product.email_of(role))
            page.locator("input[name=password]").fill(DEMO_PASSWORD)
            page.locator("input[name=password]").press("Enter")
            page.wait_for_url(lambda url: "/account/login" not in url)
        return page

    def shoot(self, page: Page, name: str) -> None:
        """In 256 colours: a third of the bytes, and no difference to see on a page of flat ones."""
        page.wait_for_load_state("networkidle")
        path = IMAGES / f"{name}.png"
        page.screenshot(path=path)
        with Image.open(path) as image:
            image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
        print(f"docs/images/{name}.png, {path.stat().st_size // 1000} kB")


def front(shots: Shots) -> None:
    for size, name in ((LARGE, "portal"), (SMALL, "portal-phone")):
        page = shots.page(size)
        page.goto(f"{shots.door}/")
        shots.shoot(page, name)


def desk(shots: Shots) -> None:
    page = shots.page(LARGE, "Team lead, Transportation")
    page.goto(f"{shots.door}/desk/?view=open")
    shots.shoot(page, "desk")
    page.locator("a.what").first.click()
    shots.shoot(page, "ticket")
    page.goto(f"{shots.door}/matrix/")
    shots.shoot(page, "matrix")
    page.goto(f"{shots.door}/matrix/ladders/new-enrollment-data-flow/?process=new-enrollment-data-flow")
    shots.shoot(page, "ladder")
    page = shots.page(LARGE, "Leader, Cedar Valley")
    page.goto(f"{shots.door}/today/")
    shots.shoot(page, "today")
    page.goto(f"{shots.door}/alerts/")
    shots.shoot(page, "alerts")


def alerts(shots: Shots) -> None:
    """One is written, sent and on its way: most hear of it, whom nothing reaches is called."""
    page = shots.page(LARGE, "Leader, Cedar Valley")
    page.goto(f"{shots.door}/alerts/new/lockdown/")
    for field in page.locator("textarea, input[name$=_subject]").all():
        field.fill(field.input_value().replace("[school]", "Maple Ridge Elementary"))
    page.locator("h1").scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, 0)")
    shots.shoot(page, "alert-compose")
    page.get_by_role("button", name="Look at it").click()
    page.locator("#word").fill(re.sub(r"\D", "", page.locator(".al-to strong").inner_text()))
    page.get_by_role("button", name="Send to").click()
    page.wait_for_url("**/alerts/*/")
    alert = page.url.rstrip("/").rsplit("/", 1)[1]
    kept = "SELECT 1 FROM alerts_alert a WHERE a.id = %s AND a.state = 'sent' AND NOT EXISTS (SELECT FROM delivery_delivery d"
    until(partial(shots.product.value, f"{kept} WHERE d.about = a.id AND d.state = 'pending')", alert), what="the alert to leave")
    done = shots.product.manage("shell", "-c", PROVIDERS_TELL.format(alert=alert))
    assert done.returncode == 0, done.stderr
    until(partial(shots.product.value, "SELECT 1 FROM alerts_phonecall WHERE alert_id = %s LIMIT 1", alert), what="the calls")
    page.reload()
    shots.shoot(page, "alert-running")
    page = shots.page(SMALL, "Leader, Cedar Valley")
    page.goto(f"{shots.door}/alerts/calls/?whose=all")
    shots.shoot(page, "alert-calls-phone")
    page = shots.page(LARGE, "Leader, Cedar Valley")
    page.goto(f"{shots.door}/alerts/contacts/?whose=all")
    shots.shoot(page, "alert-contacts")


def outages(shots: Shots) -> None:
    """The one that runs; and of the one that is over a sheet of paper and the review."""
    page = shots.page(LARGE, "Team lead, Transportation")
    page.goto(f"{shots.door}/outages/")
    over = f"{shots.door}{page.locator('.past-list > li > a').first.get_attribute('href')}"
    page.locator(".outage-card a").first.click()
    shots.shoot(page, "outage")
    page.goto(f"{over}review/")
    shots.shoot(page, "outage-review")
    page.goto(f"{over}paper/")
    page.goto(f"{shots.door}{page.locator('.sheet a.btn').first.get_attribute('href')}")
    page.set_viewport_size({"width": MIDDLE[0], "height": MIDDLE[1]})
    shots.shoot(page, "paper-form")
    page = shots.page(MIDDLE)
    page.goto(f"{shots.door}/status/")
    shots.shoot(page, "status")


def form(shots: Shots) -> None:
    """On a telephone: what is asked of a bus that is late, and one question more after an answer."""
    page = shots.page(SMALL)
    page.goto(f"{shots.door}/at/MRE/Library")
    page.locator("#text").fill("We need a bus stop near Maple Ridge")
    page.get_by_role("button", name="Continue").click()
    page.locator("#contact").fill("360-555-0188")
    page.locator("#name").fill("Rosa Delgado")
    page.locator("#service").select_option(label="Bus late or missed today")
    page.locator("[name='q.stop']").fill("Maple and 5th")
    page.locator("[name='q.when'][value=am]").check()
    page.locator("[name='q.waiting'][value=yes]").check()
    page.locator("[name='q.alone']").first.wait_for()
    page.locator("[data-question=stop]").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('[data-question=\"bus-number\"]').scrollIntoView()")
    shots.shoot(page, "form-questions-phone")
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url("**/r/**")
    shots.shoot(page, "request-phone")


def stickers(shots: Shots) -> None:
    page = shots.page(MIDDLE, ADMINISTRATOR)
    page.goto(f"{shots.door}/setup/sites/")
    page.get_by_role("link", name="Stickers (28 rooms)").first.click()
    page.locator("#sheets").evaluate("heading => heading.scrollIntoView()")
    shots.shoot(page, "stickers")


def calendar(shots: Shots) -> None:
    page = shots.page(LARGE, ADMINISTRATOR)
    page.goto(f"{shots.door}/setup/calendar/")
    shots.shoot(page, "calendar")


def triage(shots: Shots) -> None:
    page = shots.page(LARGE, ADMINISTRATOR)
    page.goto(f"{shots.door}/setup/triage/")
    shots.shoot(page, "triage")


def questions(shots: Shots) -> None:
    page = shots.page(MIDDLE, ADMINISTRATOR)
    page.goto(f"{shots.door}/setup/services/")
    page.get_by_role("link", name="Bus late or missed today").first.click()
    page.goto(f"{page.url}questions/")
    shots.shoot(page, "questions")


def mailbox(shots: Shots) -> None:
    page = shots.page(MIDDLE, ADMINISTRATOR)
    page.goto(f"{shots.door}/setup/mailboxes/new?provider=google")
    page.locator("[name=address]").fill("help@cedarvalley.example")
    page.locator("[name=name]").fill("Help desk")
    shots.shoot(page, "mailbox")


def articles(shots: Shots) -> None:
    """A change that waits for approval, written with its readers' page beside it; and what nobody has written."""
    done = shots.product.manage("shell", "-c", IN_VAIN)
    assert done.returncode == 0, done.stderr
    page = shots.page(LARGE, "Agent, Transportation")
    page.goto(f"{shots.door}/articles/?q=bus-is-late&language=en")
    page.locator(".kept-rows a").first.click()
    page.get_by_role("link", name="Edit", exact=True).click()
    text = page.locator("#id_body")
    text.fill(text.input_value().replace("10 minutes", "12 minutes"))
    page.locator("#seen").get_by_text("12 minutes").first.wait_for()
    shots.shoot(page, "article-editor")
    page.get_by_label("What you changed").fill("BusWatch waits 12 minutes since Monday")
    page.get_by_role("button", name="Save and propose").click()
    page = shots.page(LARGE, "Team lead, Transportation")
    page.goto(f"{shots.door}/articles/?state=proposed")
    page.locator(".kept-rows a").first.click()
    shots.shoot(page, "article-approval")
    page.goto(f"{shots.door}/articles/gaps/")
    shots.shoot(page, "gaps")


def a_photo() -> bytes:
    """A dark projector screen on a wall."""
    wall = Image.new("RGB", (640, 480), "#cfc6b4")
    wall.paste("#f4f2ec", (90, 60, 550, 350))
    wall.paste("#20242b", (104, 74, 536, 336))
    wall.paste("#8a6a48", (0, 420, 640, 480))
    kept = BytesIO()
    wall.save(kept, "PNG")
    return kept.getvalue()


def letters(shots: Shots) -> None:
    """A letter with a quote and a picture, as its ticket; and another, whose writer has called before."""
    product = shots.product
    mail = letter(f"Dana Whitlock <{TEACHER}>", "Projector in the library", LETTER)
    mail.add_attachment(a_photo(), maintype="image", subtype="png", filename="projector.png")
    send(product, mail, to=f"help@{CEDAR}")
    words = "I asked for a bus stop by phone as well: 360-555-0188."
    send(product, letter(f"Rosa Delgado <{PARENT}>", "Our bus stop", words), to=f"help@{CEDAR}")
    found = "SELECT id FROM tickets_ticket WHERE subject = %s AND placed_at IS NOT NULL"
    ticket = until(partial(product.value, found, "Projector in the library"), what="the letter to be placed")
    until(partial(product.value, found, "Our bus stop"), what="the second letter to be placed")
    page = shots.page(MIDDLE, ADMINISTRATOR)
    page.goto(f"{shots.door}/desk/{ticket}/")
    page.locator("details.quoted > summary").first.click()
    shots.shoot(page, "ticket-mail")


def suggested(shots: Shots) -> None:
    """A letter that an article answers, and one like it that was solved before; the suggestion stands in the reply."""
    product = shots.product
    asked = "My son lost his rider card on the bus. How much is a new one, and where do I get it?"
    told = "Hello Rosa, the new card for Mateo is at the school's front office from tomorrow. Show it to the driver until Friday."
    agent = product.signed_in("Team lead, Transportation")
    found = "SELECT id FROM tickets_ticket WHERE subject = %s AND placed_at IS NOT NULL"
    for subject, sender in (("Lost rider card", PARENT), ("New rider card", TEACHER)):
        send(product, letter(sender, subject, asked), to=f"transportation@{CEDAR}")
        ticket = until(partial(product.value, found, subject), what="the letter to be placed")
        if sender == PARENT:
            agent.submit(agent.get(f"/desk/{ticket}/"), f"/desk/{ticket}/reply/", text=told, then="resolve")
    page = shots.page(LARGE, ADMINISTRATOR)
    page.goto(f"{shots.door}/desk/{ticket}/")
    page.locator(".offer").last.get_by_role("button").click()
    page.locator("#suggested").evaluate("part => part.scrollIntoView({block: 'start'})")
    shots.shoot(page, "suggested")


def known_twice(shots: Shots) -> None:
    """What is looked at every five minutes, now."""
    look = "from django.utils import timezone; from intake.people.recognising import recognise_all; recognise_all(now=timezone.now())"
    done = shots.product.manage("shell", "-c", look)
    assert done.returncode == 0, done.stderr
    page = shots.page(MIDDLE, ADMINISTRATOR)
    page.goto(f"{shots.door}/setup/people/merge/")
    page.locator(".same-pair").first.wait_for()
    shots.shoot(page, "known-twice")


def merging(shots: Shots) -> None:
    """What a merge of the letter with what was asked on the form would do."""
    one, other = (
        shots.product.value("SELECT id FROM tickets_ticket WHERE subject = %s", subject)
        for subject in ("Our bus stop", "We need a bus stop near Maple Ridge")
    )
    page = shots.page(MIDDLE, ADMINISTRATOR)
    page.goto(f"{shots.door}/desk/{one}/merge/?into={other}")
    shots.shoot(page, "merging")


def voicemail(shots: Shots) -> None:
    words = "The bus did not come to Maple and 5th, please call me back."
    done = shots.product.manage("voicemail_in", CEDAR, words, "--port", str(shots.product.port))
    assert done.returncode == 0, done.stderr
    found = (
        "SELECT id FROM tickets_ticket WHERE subject LIKE 'The bus did not come to Maple and 5th, please%%' AND placed_at IS NOT NULL"
    )
    ticket = until(partial(shots.product.value, found), what="the call to be placed")
    page = shots.page(MIDDLE, ADMINISTRATOR)
    page.goto(f"{shots.door}/desk/{ticket}/")
    shots.shoot(page, "ticket-voicemail")


def quick_log(shots: Shots) -> None:
    page = shots.page(SMALL, "Team lead, Transportation")
    page.goto(f"{shots.door}/desk/log/")
    page.locator("#what").fill("Asked when bus 12 comes to Maple and 5th. Told her: 7:42.")
    with page.expect_response("**/desk/log/caller/**"):
        page.locator("#contact").press_sequentially("360-555-0188")
    shots.shoot(page, "quick-log-phone")


def widget(shots: Shots) -> None:
    """On a page of a school, after an answer."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(SCHOOL.format(door=shots.door).encode())

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Thread(target=server.serve_forever, daemon=True).start()
    site = f"http://127.0.0.1:{server.server_port}"
    page = shots.page(MIDDLE, ADMINISTRATOR)
    page.goto(f"{shots.door}/setup/chat/")
    page.locator("textarea[name=sites]").fill(site)
    page.get_by_role("button", name="Save").click()
    page = shots.page(MIDDLE)
    page.goto(site)
    page.locator("district-help button.open").click()
    frame = page.frame_locator("district-help iframe")
    frame.get_by_label("What do you need help with?").first.fill("My son's bus is late, where is it?")
    frame.get_by_role("button", name="Send", exact=True).click()
    frame.get_by_text("Did this help?").wait_for()
    shots.shoot(page, "widget")
    server.shutdown()


def api(shots: Shots) -> None:
    page = shots.page(MIDDLE)
    page.goto(f"{shots.door}/api/")
    shots.shoot(page, "api")


ALL: tuple[Callable[[Shots], None], ...] = (
    front, desk, outages, alerts, form, stickers, calendar, questions, triage, articles, mailbox, letters, suggested, known_twice,
    merging, voicemail, quick_log, widget, api,
)  # fmt: skip


def main() -> None:
    """All of them, or those that are named: `python -m tests.browser.screenshots widget api`."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with MailServer(free_port()) as mail, Twilio(free_port()) as twilio, sync_playwright() as playwright:
        product = Product("screenshots", mail=mail, twilio=twilio, DELIVERY_KEEP="1")
        product.fresh()
        try:
            product.start()
            chromium = playwright.chromium
            shots = Shots(product, chromium.launch(executable_path=executable(chromium.executable_path), args=arguments()))
            for shoot in ALL:
                if not sys.argv[1:] or shoot.__name__ in sys.argv[1:]:
                    shoot(shots)
        finally:
            product.stop()


if __name__ == "__main__":
    main()
