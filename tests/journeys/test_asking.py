"""Steps 1 to 4: asking by the web, by mail and by text; each is one ticket, placed, promised and acknowledged."""

import re
from uuid import uuid4

from tests.journeys.asking import PNG, letter, placed, send, text_in
from tests.product import CEDAR, Product, a_number, number_of, token_of, until


def test_a_parent_asks_at_the_front_door(product: Product) -> None:
    with product.visitor() as parent:
        phone = a_number()
        page = parent.request("the bus didn't come to Maple and 5th again", f"({phone[2:5]}) {phone[5:8]}-{phone[8:]}")
        assert page.status_code == 200
        token, number = token_of(page), number_of(page)
        assert f"#{number}" in page.text
    page = placed(product, f"/r/{token}")
    assert "<strong>Transportation</strong> has it." in page.text
    assert re.search(r"by (today|tomorrow|\w+day)|answer you", page.text), "the promised time"
    assert "noindex" in page.headers["X-Robots-Tag"]
    told = product.twilio.wait_for(phone, having=f"#{number}")
    assert f"http://{CEDAR}:{product.port}/r/{token}" in told.body
    assert "Transportation" in told.body
    assert "Maple and 5th" not in told.body, "an acknowledgement carries no words of a stranger"


def test_a_teacher_mails_and_a_reply_joins_the_same_ticket(product: Product) -> None:
    sender = f"teacher-{uuid4().hex[:8]}@school.example"
    first = letter(f"Dana Wells <{sender}>", "Projector in room 12", "The projector in room 12 does not turn on any more.")
    first.add_attachment(PNG, maintype="image", subtype="png", filename="projector.png")
    send(product, first, to=f"help@{CEDAR}")
    ack = product.mail.wait_for(sender)
    link = re.search(rf"http://{CEDAR}:{product.port}(/r/\w+)", ack.text)
    assert link, ack.text
    page = placed(product, link[1])
    assert "projector.png" in page.text
    number = number_of(page)
    assert f"#{number}" in str(ack.message["Subject"])

    second = letter(f"Dana Wells <{sender}>", f"Re: {ack.message['Subject']}", "It works again, but the colours are wrong.",
                    In_Reply_To=ack.message["Message-ID"], References=ack.message["Message-ID"])  # fmt: skip
    send(product, second, to=str(ack.message["Reply-To"]))
    with product.visitor() as teacher:
        page = until(lambda: (page := teacher.get(link[1])) and "colours are wrong" in page.text and page, what="the reply on the page")
    assert page.text.count("does not turn on any more") == 1
    tickets = product.rows(
        "SELECT t.number FROM tickets_ticket t JOIN districts_contactpoint c ON c.person_id = t.requester_id WHERE c.value = %s", sender
    )
    assert [row["number"] for row in tickets] == [number]


def test_a_guardian_sends_a_text(product: Product) -> None:
    number, sid = a_number(), f"SM{uuid4().hex}"
    answer = text_in(product, number, "My son lost his student ID card, how can we get a new one?", sid=sid)
    assert answer.status_code == 200
    assert "<Response" in answer.text
    again = text_in(product, number, "My son lost his student ID card, how can we get a new one?", sid=sid)
    assert again.status_code == 200, "a provider that asks twice is not told of an error"
    ack = product.twilio.wait_for(number)
    link = re.search(r"(/r/\w+)", ack.body)
    assert link, ack.body
    page = placed(product, link[1])
    assert "lost his student ID card" in page.text
    assert len(product.twilio.to(number)) == 1, "one ticket, one acknowledgement"
    query = "SELECT count(*) FROM intake_envelope WHERE external_id = %s"
    assert product.value(query, sid) == 1


def test_each_is_placed_with_clocks_on_the_school_calendar(product: Product) -> None:
    with product.visitor() as parent:
        page = parent.request("I forgot my password and cannot sign in to my school account", "locked-out@family.example")
        token = token_of(page)
    placed(product, f"/r/{token}")
    ticket = product.value("SELECT id FROM tickets_ticket WHERE token = %s", token)
    with product.visitor() as machine:
        told = machine.get(f"/api/v1/tickets/{ticket}", headers={"Authorization": f"Bearer {product.api_key(CEDAR)}"}).json()
    assert told["team"]
    assert told["service"]
    assert told["placed_at"]
    assert told["due_at"] > told["opened_at"]
    clocks = product.rows("SELECT kind, state, due_at FROM sla_clock WHERE ticket_id = %s ORDER BY kind", ticket)
    assert [(row["kind"], row["state"]) for row in clocks] == [("first", "running"), ("resolve", "running")]
    decision = product.rows("SELECT engine FROM routing_decision WHERE ticket_id = %s", ticket)
    assert len(decision) == 1
    assert decision[0]["engine"]
