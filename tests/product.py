"""The real product, started as a person starts it, with the outside world (mail server, Twilio) played by the test.

Shared by the journeys and the browser tests. `JOURNEYS_KEEP=1` keeps the databases of the last run, for quick work on one test.
"""

import os
import re
import secrets
from typing import Any, Self

import requests

from config.demo.loading import DEMO_PASSWORD
from config.storm.running import CEDAR, OAK, Running, free_port, gone, processes, until

__all__ = ["CEDAR", "OAK", "Product", "Visitor", "a_number", "free_port", "gone", "number_of", "processes", "token_of", "until"]


AREAS = ("202", "212", "303", "312", "404", "415", "503", "617", "702", "808")
NUMBERS = iter(secrets.SystemRandom().sample([f"+1{area}55501{n:02}" for area in AREAS for n in range(100)], 1000))


class Product(Running):
    def fresh(self) -> None:
        if not os.environ.get("JOURNEYS_KEEP"):
            super().fresh()

    def time_passes(self, token: str, hours: float) -> None:
        """For one ticket: everything that happened to it happened so much earlier."""
        ticket = self.rows("SELECT district_id, id FROM tickets_ticket WHERE token = %s", token)[0]
        back = f"{hours} hours"
        key = (ticket["district_id"], ticket["id"])
        self.rows("UPDATE tickets_event SET at = at - %s::interval WHERE district_id = %s AND ticket_id = %s", back, *key)
        self.rows("UPDATE tickets_message SET at = at - %s::interval WHERE district_id = %s AND ticket_id = %s", back, *key)
        self.rows(
            "UPDATE tickets_ticket SET opened_at = opened_at - %s::interval, placed_at = placed_at - %s::interval,"
            " due_at = due_at - %s::interval"
            " WHERE district_id = %s AND id = %s", back, back, back, *key,
        )  # fmt: skip
        self.rows(
            "UPDATE sla_clock SET started_at = started_at - %s::interval, due_at = due_at - %s::interval,"
            " check_at = check_at - %s::interval WHERE district_id = %s AND ticket_id = %s", back, back, back, *key,
        )  # fmt: skip

    def visitor(self, host: str = CEDAR) -> "Visitor":
        return Visitor(self, host)

    def email_of(self, role: str, host: str = CEDAR) -> str:
        """Of somebody among the demonstration's sign-ins, by the words that name her there."""
        lines = (self.home / "sign-ins.txt").read_text().splitlines()
        domain = host.split(".")[0].replace("-", "") + ".example"
        return next(line.split()[0] for line in lines if role in line and domain in line)

    def signed_in(self, role: str, host: str = CEDAR) -> "Visitor":
        who = self.visitor(host)
        page = who.get("/account/login/")
        who.submit(page, "/account/login/", login=self.email_of(role, host), password=DEMO_PASSWORD)
        return who


FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
FIELD = re.compile(r"<(?:input|textarea|select|button)\b[^>]*>")
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


class Visitor:
    """A browser without JavaScript: cookies, forms with what is hidden in them, redirects."""

    def __init__(self, product: Product, host: str) -> None:
        self.product, self.host = product, host
        self.session = requests.Session()
        self.session.headers["Host"] = f"{host}:{product.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        path = re.sub(r"^https?://[^/]+", "", path)
        return self.session.request(method, f"http://127.0.0.1:{self.product.port}{path}", timeout=60, **more)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.ask("GET", path, **more)

    def submit(self, page: requests.Response, action: str, *, files: Any = None, **values: Any) -> requests.Response:
        """Fill in the form that goes to this address, and send it."""
        found, hidden = self.form(page, action)
        origin = f"http://{self.host}:{self.product.port}"
        return self.ask("POST", found, data={**hidden, **values}, files=files, headers={"Origin": origin})

    def form(self, page: requests.Response, action: str) -> tuple[str, dict[str, str]]:
        for attributes, inside in FORM.findall(page.text):
            given = dict(ATTRIBUTE.findall(attributes)).get("action", page.url)
            if given.split("?")[0] == action:
                fields = [dict(ATTRIBUTE.findall(field)) for field in FIELD.findall(inside)]
                hidden = {f["name"]: f.get("value", "") for f in fields if f.get("type") == "hidden" and "name" in f}
                return given.replace("&amp;", "&"), hidden
        raise AssertionError(f"no form goes to {action} on {page.url} ({page.status_code}):\n{page.text[:2000]}")

    def request(self, text: str, contact: str, *, files: Any = None, **more: Any) -> requests.Response:
        """Ask at the front door and send; the answer is the requester's own page, or the form again."""
        asked = self.submit(self.get("/"), "/", text=text, step="ask")
        return self.submit_ask(asked, text=text, contact=contact, files=files, **more)

    def submit_ask(self, page: requests.Response, **values: Any) -> requests.Response:
        return self.submit(page, "/", **values)


def a_number() -> str:
    """A telephone number that nobody has (555-0100 to 0199 are kept for stories), and nobody in these journeys yet."""
    return next(NUMBERS)


def token_of(page: requests.Response) -> str:
    found = re.search(r"/r/([a-z0-9]+)", page.url)
    assert found, f"not a requester's page: {page.url} ({page.status_code})\n{page.text[:1500]}"
    return found[1]


def number_of(page: requests.Response) -> int:
    found = re.search(r"#(\d+)", page.text)
    assert found, page.text[:1500]
    return int(found[1])
