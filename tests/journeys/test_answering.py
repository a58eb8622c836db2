"""A question that an article answers, one that it does not, danger, and Spanish: from the front door to whoever answers at the desk."""

import html
import re
from uuid import uuid4

import requests

from tests.journeys.asking import letter, placed, send
from tests.product import CEDAR, Product, Visitor, a_number, number_of, token_of, until

CARD = "My daughter lost her rider card on the bus. How much is a new one, and where do I get it?"
LATE = "el autobús 12 no llegó hoy a la parada de Maple y mi hijo sigue esperando"
OUTCOME = "SELECT outcome, ticket_ref FROM knowledge_answer WHERE id = %s"


def ask(visitor: Visitor, text: str) -> tuple[requests.Response, str]:
    """(the page that follows, the id of the answer on it)"""
    page = visitor.submit(visitor.get("/"), "/", text=text, step="ask")
    found = re.search(r'action="/answers/([0-9a-f-]+)/solved"', page.text)
    return page, found[1] if found else ""


def alone(leader: Visitor) -> tuple[int, int]:
    """(answered without a person, answers shown), as leaders read it."""
    page = leader.get("/today/")
    found = re.search(r"Answered without a person</dt><dd>(\d+) of (\d+) answers", page.text)
    assert found, "the figure stands on the leaders' page"
    return int(found[1]), int(found[2])


def desk_of(product: Product, token: str) -> str:
    return f"/desk/{product.value('SELECT id FROM tickets_ticket WHERE token = %s', token)}/"


def test_an_answer_and_stop(product: Product) -> None:
    with product.signed_in("Leader, Cedar Valley") as leader, product.visitor() as parent:
        solved, shown = alone(leader)
        tickets = product.value("SELECT count(*) FROM tickets_ticket WHERE district_id = %s", product.district(CEDAR))
        page, answer = ask(parent, CARD)
        assert answer, "an article answers it"
        assert "A replacement is $5" in html.unescape(page.text)
        assert 'href="/help/buswatch-rider-cards/"' in page.text, "with its source"
        assert "Good that it helped" in parent.submit(page, f"/answers/{answer}/solved").text
        assert alone(leader) == (solved + 1, shown + 1)
        assert product.value("SELECT count(*) FROM tickets_ticket WHERE district_id = %s", product.district(CEDAR)) == tickets
        assert product.rows(OUTCOME, answer) == [{"outcome": "solved", "ticket_ref": None}]


def test_an_answer_and_on_to_an_agent_who_uses_a_suggestion(product: Product) -> None:
    who = f"rosa-{uuid4().hex[:8]}@family.example"
    with product.visitor() as parent:
        page, answer = ask(parent, CARD)
        page = parent.submit_ask(page, text=CARD, contact=who)
        token, number = token_of(page), number_of(page)
    placed(product, f"/r/{token}")
    desk, agent = desk_of(product, token), product.signed_in("Agent, Transportation")
    ticket = desk.split("/")[2]
    assert [(row["outcome"], str(row["ticket_ref"])) for row in product.rows(OUTCOME, answer)] == [("not_enough", ticket)]
    shown = html.unescape(agent.get(desk).text)
    assert CARD in shown
    assert "The answer they were shown" in shown
    assert "A replacement is $5" in shown

    suggested = agent.get(f"{desk}suggested/")
    assert 'href="/help/buswatch-rider-cards/"' in suggested.text, "with its source"
    page = agent.get(f"{desk}?use=article.buswatch-rider-cards")
    box = re.search(r'<textarea[^>]*id="reply-text"[^>]*>(.*?)</textarea>', page.text, re.DOTALL)
    assert box
    words = html.unescape(box[1]).strip()
    assert "A replacement is $5" in words
    assert f"http://{CEDAR}:{product.port}/help/buswatch-rider-cards/" in words
    assert not product.value("SELECT count(*) FROM tickets_message WHERE ticket_id = %s AND kind = 'reply'", ticket), "not by itself"
    done = agent.submit(page, f"{desk}reply/", text=f"Hello Rosa, {words}", then="resolve")
    assert "the ticket is resolved" in done.text
    mailed = product.mail.wait_for(who, having="A replacement is $5")
    assert f"#{number}" in str(mailed.message["Subject"])
    with product.visitor() as anybody:
        until(lambda: "solved" in anybody.get(f"/r/{token}").text.lower(), what="the requester to see that it is solved")


def test_a_mail_is_answered_with_the_first_letter_and_solved_by_it(product: Product) -> None:
    who = f"rosa-{uuid4().hex[:8]}@family.example"
    with product.signed_in("Leader, Cedar Valley") as leader, product.visitor() as parent:
        solved, shown = alone(leader)
        send(product, letter(f"Rosa Diaz <{who}>", "Rider card", CARD), to=f"help@{CEDAR}")
        ack = product.mail.wait_for(who)
        assert "A replacement is $5" in ack.text
        assert f"http://{CEDAR}:{product.port}/help/buswatch-rider-cards/" in ack.text, "with its source"
        assert CARD not in ack.text, "an acknowledgement carries no words of a stranger"
        link = re.search(r"(/r/\w+)", ack.text)
        assert link
        placed(product, link[1])
        assert alone(leader) == (solved, shown + 1)
        assert "solved" in parent.submit(parent.get(link[1]), f"{link[1]}/solved").text.lower()
        assert alone(leader) == (solved + 1, shown + 1)


def test_what_solved_one_is_suggested_for_the_next_without_the_people_in_it(product: Product) -> None:
    agent = product.signed_in("Agent, Transportation")
    asked = "The BusWatch map shows the wrong stop for my son since the route was changed on Monday"
    told = (
        "Hello Zoraida, sign out of BusWatch, remove Quetzalli from the list and add the child again: the map then shows the new stop."
    )
    desks = []
    for name in ("Zoraida Fuentes", "Dana Wells"):
        who = f"map-{uuid4().hex[:8]}@family.example"
        send(
            product,
            letter(f"{name} <{who}>", "BusWatch shows the wrong stop", f"{asked}. {uuid4().hex[:4]}"),
            to=f"transportation@{CEDAR}",
        )
        link = re.search(r"(/r/\w+)", product.mail.wait_for(who).text)
        assert link
        placed(product, link[1])
        desks.append(desk_of(product, link[1].removeprefix("/r/")))
        if len(desks) == 1:
            page = agent.get(desks[0])
            assert "resolved" in agent.submit(page, f"{desks[0]}reply/", text=told, then="resolve").text
    suggested = html.unescape(agent.get(f"{desks[1]}suggested/").text)
    assert f'href="{desks[0]}"' in suggested, "the ticket it was said in"
    assert "the map then shows the new stop" in suggested
    assert "[name]" in suggested
    for name in ("Zoraida,", "Quetzalli"):
        assert name not in suggested
    page = agent.get(f"{desks[1]}?use=ticket.{desks[0].split('/')[2]}")
    box = re.search(r'<textarea[^>]*id="reply-text"[^>]*>(.*?)</textarea>', page.text, re.DOTALL)
    assert box
    refused = agent.submit(page, f"{desks[1]}reply/", text=html.unescape(box[1]), then="")
    assert refused.status_code == 422
    assert "Fill in, or take out: [name]" in refused.text


def test_danger_gets_no_article_and_the_safety_team_at_once(product: Product) -> None:
    words = "my daughter says she wants to kill herself. where do I get a new rider card"
    phone = product.value("SELECT crisis_phone FROM districts_district WHERE id = %s", product.district(CEDAR))
    answers = "SELECT count(*) FROM knowledge_answer WHERE district_id = %s"
    before = product.value(answers, product.district(CEDAR))
    with product.visitor() as parent:
        page, answer = ask(parent, words)
        assert not answer
        assert "/help/" not in page.text.partition("<main")[2].partition("</main")[0], "no article, not even to read"
        for call in ("tel:911", "tel:988", f"tel:{phone}"):
            assert f'href="{call}"' in page.text
        token = token_of(parent.submit_ask(page, text=words, contact=a_number()))
    ticket = desk_of(product, token).split("/")[2]
    row = until(
        lambda: product.rows(
            "SELECT t.crisis, t.priority, m.is_safety, t.placed_at - t.opened_at AS took FROM tickets_ticket t JOIN districts_team m"
            " ON m.district_id = t.district_id AND m.id = t.team_id WHERE t.id = %s AND t.placed_at IS NOT NULL", ticket,
        ),
        what="the safety team to have it",
    )[0]  # fmt: skip
    assert (row["crisis"], row["priority"], row["is_safety"]) == (True, 1, True)
    assert row["took"].total_seconds() < 10
    told = "SELECT count(DISTINCT channel) FROM delivery_delivery WHERE about = %s AND purpose IN ('notice', 'alarm', 'danger')"
    until(lambda: product.value(told, ticket) >= 2, what="people to be told by more than one way")
    assert product.value(answers, product.district(CEDAR)) == before
    admin = product.signed_in("Administrator")
    if admin.get(f"/desk/{ticket}/").status_code == 200:
        assert "Use it" not in admin.get(f"/desk/{ticket}/suggested/").text


def test_spanish_is_answered_in_spanish_or_goes_to_a_person(product: Product) -> None:
    with product.visitor() as madre:
        madre.session.headers["Accept-Language"] = "es"
        page, answer = ask(madre, "¿cómo aviso que mi hijo no va a ir a la escuela?")
        assert answer, "a Spanish article answers it"
        assert "Su hijo no va a ir hoy" in html.unescape(page.text)
        assert 'href="/help/report-absence-es/"' in page.text
        language = product.value("SELECT language FROM knowledge_answer WHERE id = %s", answer)
        assert language == "es"
        page, answer = ask(madre, LATE)
        who = f"lucia-{uuid4().hex[:8]}@family.example"
        page = madre.submit_ask(page, text=LATE, contact=who)
        token, number = token_of(page), number_of(page)
    until(lambda: product.value("SELECT placed_at FROM tickets_ticket WHERE token = %s", token), what="the ticket to be placed")
    team = product.value(
        "SELECT m.slug FROM tickets_ticket t JOIN districts_team m ON m.district_id = t.district_id AND m.id = t.team_id"
        " WHERE t.token = %s", token,
    )  # fmt: skip
    assert team == "transportation"
    ack = product.mail.wait_for(who, having=f"#{number}")
    assert "Su solicitud" in str(ack.message["Subject"])
    assert "We have your request" not in ack.text
    agent = product.signed_in("Agent, Transportation")
    suggested = html.unescape(agent.get(f"{desk_of(product, token)}suggested/").text)
    sources = re.findall(r'Article: <a href="/help/([\w-]+)/"', suggested)
    assert all(source.endswith("-es") for source in sources), "nothing in another language is offered for the reply"
    assert sources or "Nothing the district knows answers this." in suggested
