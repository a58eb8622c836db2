"""`make screenshots`: the pages of the README anew, from a demonstration started for it."""

import os
from pathlib import Path

from config import environment

os.environ.setdefault("EMBEDDED_HOME", str(environment.ROOT / "var" / "embedded-test"))
environment.provide()

import django

django.setup()

from playwright.sync_api import Page, sync_playwright

from config.demo.loading import DEMO_PASSWORD
from tests.browser.chromium import arguments, executable
from tests.outside import MailServer, Twilio
from tests.product import CEDAR, Product, free_port

IMAGES = Path(environment.ROOT) / "docs" / "images"
LARGE, SMALL = {"width": 1440, "height": 900}, {"width": 360, "height": 740}


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with MailServer(free_port()) as mail, Twilio(free_port()) as twilio, sync_playwright() as playwright:
        product = Product("screenshots", mail=mail, twilio=twilio, DELIVERY_KEEP="1")
        product.fresh()
        try:
            product.start()
            chromium = playwright.chromium
            browser = chromium.launch(executable_path=executable(chromium.executable_path), args=arguments())
            visitor(browser.new_page(viewport=LARGE), product)  # type: ignore[arg-type]
            telephone = browser.new_page(viewport=SMALL)  # type: ignore[arg-type]
            telephone.goto(f"http://{CEDAR}:{product.port}/")
            shoot(telephone, "portal-phone")
            staff(browser.new_page(viewport=LARGE), product)  # type: ignore[arg-type]
            browser.close()
        finally:
            product.stop()


def shoot(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.png")
    print(f"docs/images/{name}.png")


def visitor(page: Page, product: Product) -> None:
    page.goto(f"http://{CEDAR}:{product.port}/")
    shoot(page, "portal")


def staff(page: Page, product: Product) -> None:
    def sign_in(role: str) -> None:
        page.context.clear_cookies()
        page.goto(f"http://{CEDAR}:{product.port}/account/login/")
        page.locator("input[name=login]").fill(product.email_of(role))
        page.locator("input[name=password]").fill(DEMO_PASSWORD)
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url(lambda url: "/account/login" not in url)

    sign_in("Team lead, Transportation")
    page.goto(f"http://{CEDAR}:{product.port}/desk/?view=open")
    shoot(page, "desk")
    page.locator("a.what").first.click()
    shoot(page, "ticket")
    page.goto(f"http://{CEDAR}:{product.port}/matrix/")
    shoot(page, "matrix")
    sign_in("Leader, Cedar Valley")
    page.goto(f"http://{CEDAR}:{product.port}/today/")
    shoot(page, "today")


if __name__ == "__main__":
    main()
