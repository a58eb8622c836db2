"""Mail by a provider and by staff: copies are answered, and what is passed on is the request of whoever wrote it."""

import base64
import json
import re
from typing import Any
from uuid import uuid4

from config.storm.running import HOOK_SECRET
from delivery.provider_login import derived
from tests.journeys.asking import letter, placed, send
from tests.product import CEDAR, Product, until

HOP = "mx.cedarvalley.example"


def handed_over(product: Product, raw: bytes, to: str) -> int:
    """What Postmark posts for one mail."""
    event = {
        "FromFull": {"Email": "x@x.example"}, "OriginalRecipient": to, "MessageID": str(uuid4()), "RawEmail": raw.decode(),
        "Headers": [{"Name": "X-Spam-Status", "Value": "No"}],
    }  # fmt: skip
    login = derived(HOOK_SECRET, product.district(CEDAR))
    headers = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode(), "Content-Type": "application/json"}
    with product.visitor() as provider:
        return provider.ask("POST", "/hooks/mail/postmark/inbound/", data=json.dumps(event), headers=headers).status_code


def test_a_mail_by_a_provider_is_one_request_and_whoever_was_copied_in_gets_the_answer(product: Product) -> None:
    who, gran = f"pat-{uuid4().hex[:8]}@family.example", f"gran-{uuid4().hex[:8]}@family.example"
    mail = letter(f"Pat <{who}>", "Bus 12", "The bus of Maple Ridge did not come.", Cc=f"Gran <{gran}>", To=f"help@{CEDAR}")
    mail["Message-ID"] = f"<{uuid4()}@family.example>"
    assert [handed_over(product, mail.as_bytes(), f"help@{CEDAR}") for _twice in range(2)] == [200, 200]
    ack = product.mail.wait_for(who)
    link = re.search(rf"http://{CEDAR}:{product.port}(/r/\w+)", ack.text)
    assert link
    placed(product, link[1])
    ticket = product.value("SELECT id FROM tickets_ticket WHERE token = %s", link[1].removeprefix("/r/"))
    with product.signed_in("Administrator") as agent:
        page = agent.get(f"/desk/{ticket}/")
        assert agent.submit(page, f"/desk/{ticket}/reply/", text="It comes at ten past eight.", then="").status_code == 200
    copy = product.mail.wait_for(gran, having="ten past eight")
    assert "/r/" not in copy.text
    assert "ten past eight" in product.mail.wait_for(who, having="ten past eight").text
    stop = re.search(r"(/following/\S+)", copy.text)
    assert stop
    with product.visitor() as reader:
        page = reader.get(stop[1])
        assert "No more copies" in reader.submit(page, page.url).text
    assert product.value("SELECT count(*) FROM tickets_follower WHERE ticket_id = %s", ticket) == 0


def test_what_an_agent_passes_on_is_the_request_of_whoever_wrote_it(product: Product) -> None:
    believe(product)
    agent, author = product.email_of("Agent"), f"dana-{uuid4().hex[:8]}@family.example"
    proof = f"{HOP}; spf=pass smtp.mailfrom={agent}; dmarc=pass header.from={agent.partition('@')[2]}"
    text = f"""Please see to it.

---------- Forwarded message ---------
From: Dana Doe <{author}>
Date: Tue, Nov 3, 2026 at 9:12 AM
Subject: Lunch box
To: <{agent}>

My son lost his lunch box on bus 12.
"""
    send(product, letter(f"Agent <{agent}>", "Fwd: Lunch box", text, Authentication_Results=proof), to=f"help@{CEDAR}")
    ack = product.mail.wait_for(author)
    link = re.search(rf"http://{CEDAR}:{product.port}(/r/\w+)", ack.text)
    assert link
    with product.visitor() as parent:
        page = parent.get(link[1]).text
    assert "passed on what you wrote" in page
    assert "lost his lunch box" not in page, "where it ends, and what staff wrote begins, nobody can tell"
    assert "see to it" not in page
    send(
        product,
        letter(f"Agent <{agent}>", "Re: x", "He left it at stop 5.", Authentication_Results=proof),
        to=str(ack.message["Reply-To"]),
    )
    noted = until(lambda: notes(product, link[1]), what="the note")
    assert noted == ["Please see to it.", "He left it at stop 5."]


def believe(product: Product) -> None:
    """As an administrator sets up whose word on senders counts."""
    with product.signed_in("Administrator") as admin:
        listed = re.findall(r'href="(/setup/addresses/[0-9a-f-]+/)">([^<]+)<', admin.get("/setup/addresses/").text)
        form = admin.get(next(path for path, name in listed if name == f"help@{CEDAR}"))
        assert "is saved" in admin.submit(form, form.url, name="Help", trusted_hop=HOP).text


def notes(product: Product, link: str) -> Any:
    rows = product.rows(
        "SELECT m.text FROM tickets_message m JOIN tickets_ticket t ON t.id = m.ticket_id WHERE t.token = %s AND m.kind = 'note'"
        " ORDER BY m.at", link.removeprefix("/r/"),
    )  # fmt: skip
    found = [row["text"] for row in rows]
    return found if len(found) == 2 else None
